//! Help to return with a marker in each of its personal fields.

use helpline_domain::caller::Role;
use helpline_proto::shelter::v1::{
    AskReturnOverrideRequest, RecordReturnConsentRequest, ReturnSubject, StartReturnAssistanceRequest,
};
use helpline_tests::process::Fleet;
use helpline_tests::shelter::{asks, cancels, consents, departs, start};
use tonic::Status;

use super::scan::Markers;

/// Begun, agreed to with fear, asked to be overridden; and what is refused meanwhile.
pub(super) async fn play(fleet: &Fleet, markers: &Markers, statuses: &mut Vec<(&'static str, Status)>) {
    let by = fleet.bearer(Role::Supervisor, None);
    let marker = |field: &str| markers.of(field).to_owned();
    let case = by.case_of_child().await.case_id;
    let new =
        || StartReturnAssistanceRequest { note: marker("return_note"), ..start(&case, ReturnSubject::Adult) };
    let wrong = StartReturnAssistanceRequest { country: marker("return_note"), ..new() };
    statuses.push(("a note as a country", by.start_return(wrong).await.expect_err("no country")));
    let id = by.start_return(new()).await.expect("it begins").return_id;
    let afraid =
        RecordReturnConsentRequest { fear_recorded: true, remark: marker("return_remark"), ..consents(&id) };
    by.agree_to_return(afraid).await.expect("consent");
    let reason = AskReturnOverrideRequest { reason: marker("return_override_reason"), ..asks(&id) };
    let asked = by.ask_return_override(reason).await.expect("it is asked for");
    assert_eq!(asked.return_override.expect("the override").reason, marker("return_override_reason"));
    statuses.push(("leaving unready", by.departs_home(departs(&id)).await.expect_err("nothing is ready")));
    by.cancel_return(cancels(&id)).await.expect("she stays");
}
