//! A hand-over across a border with a marker in each of its personal fields.

use helpline_domain::caller::Role;
use helpline_proto::crossborder::v1::{
    AcceptCrossBorderHandoverRequest, CrossBorderParticulars, PlanCrossBorderTravelRequest,
    PrepareCrossBorderHandoverRequest, StartReceivingAssessmentRequest,
};
use helpline_proto::directory::v1::{GetSettingsRequest, PublishSettingsRequest};
use helpline_tests::crossborder::{
    accept, ahead, assess, check, consent, depart, journey, lets_hand_over, offer, plan, prepare,
};
use helpline_tests::process::Fleet;
use helpline_tests::{request_id, until};
use tonic::Status;

use super::scan::Markers;

/// Prepared, agreed to, offered, accepted, begun; and what is refused meanwhile.
pub(super) async fn play(fleet: &Fleet, markers: &Markers, statuses: &mut Vec<(&'static str, Status)>) {
    let (agency, _, there) = fleet.partner();
    let (by, administrator) = (fleet.bearer(Role::Supervisor, None), fleet.bearer(Role::Administrator, None));
    let marker = |field: &str| markers.of(field).to_owned();
    let answer = administrator.centre().get_settings(GetSettingsRequest::default()).await.expect("settings");
    let mut settings = answer.into_inner().settings;
    lets_hand_over(settings.as_mut().expect("the settings"), "JO", &[agency]);
    let publish = PublishSettingsRequest { request_id: request_id(), settings, expected_version: 0 };
    administrator.centre().publish_settings(publish).await.expect("settings");

    let case = by.case_of_child().await;
    let particulars = Some(CrossBorderParticulars {
        identity: marker("border_identity"),
        contact: marker("border_contact"),
        location: marker("border_location"),
        narrative: marker("border_narrative"),
        health: marker("border_health"),
        legal: marker("border_legal"),
        perpetrator: marker("border_perpetrator"),
    });
    let new =
        || PrepareCrossBorderHandoverRequest { particulars: particulars.clone(), ..prepare(&case.case_id) };
    let long = PrepareCrossBorderHandoverRequest { country: marker("border_identity"), ..new() };
    statuses.push(("a name as a country", by.prepare_handover(long).await.expect_err("no country")));
    // Settings are known to a server for a moment after they have changed.
    let prepared = async || by.prepare_handover(new()).await.ok();
    let id = until("it is prepared by the new settings", prepared).await.crossborder_id;
    by.agree_abroad(consent(&id, agency)).await.expect("consent");
    by.check_handover(check(&id, false)).await.expect("a decision");
    by.offer_abroad(offer(&id)).await.expect("an offer");
    let remark = StartReceivingAssessmentRequest { remark: marker("border_remark"), ..assess(&id) };
    there.assess_handover(remark).await.expect("an assessment");
    let conditions =
        AcceptCrossBorderHandoverRequest { conditions: marker("border_conditions"), ..accept(&id) };
    let accepted = there.accept_child(conditions).await.expect("they receive her");
    assert_eq!(accepted.particulars.expect("who she is").identity, marker("border_identity"));
    let mut travel = journey(ahead(3600), ahead(7200));
    travel.details = marker("border_travel");
    let planned = PlanCrossBorderTravelRequest { travel: Some(travel), ..plan(&id) };
    by.plan_travel(planned).await.expect("a plan");
    by.child_departs(depart(&id)).await.expect("she leaves");
    statuses.push(("leaving again", by.child_departs(depart(&id)).await.expect_err("she has left")));
}
