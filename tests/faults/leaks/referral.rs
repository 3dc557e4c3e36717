//! A referral with a marker in each of its personal fields.

use helpline_domain::caller::Role;
use helpline_proto::referral::v1::{
    AcceptReferralRequest, AddReferralRemarkRequest, DraftReferralRequest, GetReferralRequest,
    ReferralParticulars, RejectReason, RejectReferralRequest,
};
use helpline_tests::process::Fleet;
use helpline_tests::referral::{consent, draft};
use helpline_tests::request_id;
use tonic::Status;

use super::scan::Markers;

/// Drafted, agreed to, sent, taken on with a number, remarked on; and what is refused meanwhile.
pub(super) async fn play(
    fleet: &Fleet,
    markers: &Markers,
    contact_id: &str,
    statuses: &mut Vec<(&'static str, Status)>,
) {
    let supervisor = fleet.bearer(Role::Supervisor, None);
    let (agency, service, responder) = fleet.partner();
    let marker = |field: &str| markers.of(field).to_owned();
    let new = DraftReferralRequest {
        particulars: Some(ReferralParticulars {
            identity: marker("referral_identity"),
            contact: marker("referral_contact"),
            location: marker("referral_location"),
            narrative: marker("referral_narrative"),
            health: marker("referral_health"),
            legal: marker("referral_legal"),
            perpetrator: marker("referral_perpetrator"),
        }),
        ..draft(contact_id, &[&service])
    };
    let referral = supervisor.draft_referral(new.clone()).await.expect("a draft");
    let need = DraftReferralRequest { need: marker("referral_narrative"), ..new.clone() };
    statuses.push(("a narrative as a need", supervisor.draft_referral(need).await.expect_err("no key")));
    let mut long = DraftReferralRequest { request_id: request_id(), ..new };
    let known = long.particulars.get_or_insert_default();
    known.identity = known.identity.repeat(100);
    statuses.push(("a long identity", supervisor.draft_referral(long).await.expect_err("too long")));
    let early = supervisor.send_referral(&referral).await;
    statuses.push(("a referral without consent", early.expect_err("no consent")));
    supervisor.consents().record_consent(consent(&referral, agency)).await.expect("consent");
    supervisor.send_referral(&referral).await.expect("the referral is sent");

    let mut client = responder.referrals();
    let get = GetReferralRequest { referral_id: referral.referral_id.clone() };
    let read = client.get_referral(get).await.expect("the referral").into_inner();
    let known = read.referral.and_then(|one| one.particulars).expect("what they may read");
    assert_eq!(known.legal, marker("referral_legal"));
    let accept = AcceptReferralRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        their_reference: marker("their_reference"),
        remark: marker("referral_remark"),
        service_id: String::new(),
        expected_revision: 0,
    };
    client.accept_referral(accept.clone()).await.expect("somebody takes it on");
    let number = accept.their_reference.repeat(20);
    let wrong = AcceptReferralRequest { request_id: request_id(), their_reference: number, ..accept };
    statuses.push(("a long number", client.accept_referral(wrong).await.expect_err("too long")));
    let late = RejectReferralRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        reason: RejectReason::Other.into(),
        remark: marker("referral_remark"),
        service_id: String::new(),
        expected_revision: 0,
    };
    statuses.push(("a late no", client.reject_referral(late).await.expect_err("they have it")));
    let remark = AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: marker("referral_identity"),
        remark: marker("referral_remark"),
        question: false,
        shared: true,
    };
    statuses.push(("a name as an id", client.add_referral_remark(remark).await.expect_err("no id")));
}
