//! A child on the move with a marker in each text: what they fear, a conference about them, that they are held.

use helpline_domain::caller::Role;
use helpline_proto::casework::v1::{
    AskRedirectRequest, LinkCaseContactRequest, RecordDetentionRequest, RecordProtectionRequest,
    RedirectState,
};
use helpline_proto::referral::v1::{DraftReferralRequest, RevokeReferralRequest};
use helpline_tests::migrant::{answer_conference, conference, depart, fear, held, lift};
use helpline_tests::process::Fleet;
use helpline_tests::referral::draft;
use helpline_tests::{request_id, until};
use prost_types::Timestamp;
use tonic::Status;

use super::scan::Markers;

/// Recorded and lifted, handed on in vain, advised and answered, held; and what is refused meanwhile.
pub(super) async fn play(
    fleet: &Fleet,
    markers: &Markers,
    contact_id: &str,
    statuses: &mut Vec<(&'static str, Status)>,
) {
    let by = fleet.bearer(Role::Supervisor, None);
    let (_, service, _) = fleet.partner();
    let marker = |field: &str| markers.of(field).to_owned();
    let case_id = by.case_of_child().await.case_id;
    let afraid = RecordProtectionRequest { remark: marker("fear_remark"), ..fear(&case_id, "JO") };
    let name = RecordProtectionRequest { country: marker("fear_remark"), ..afraid.clone() };
    statuses.push(("a text as a country", by.protect(name).await.expect_err("no country")));
    let recorded = by.protect(afraid.clone()).await.expect("it is recorded");
    let again = RecordProtectionRequest { request_id: request_id(), ..afraid };
    statuses.push(("the same fear", by.protect(again).await.expect_err("it stands")));
    let mut lifted = lift(&recorded.protection_id);
    lifted.reason = marker("lift_reason");
    by.lift_protection(lifted.clone()).await.expect("it is asked");
    lifted.request_id = request_id();
    let another = fleet.bearer(Role::Supervisor, None);
    another.lift_protection(lifted).await.expect("it is lifted");

    let link = LinkCaseContactRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        contact_id: contact_id.to_owned(),
    };
    by.cases().link_case_contact(link).await.expect("the contact");
    let redirect_id = by.begin_redirect(&case_id).await.expect("a redirect").redirect_id;
    let new = DraftReferralRequest { case_id: case_id.clone(), ..draft(contact_id, &[&service]) };
    let referral_id = by.refer(new).await.referral_id;
    let ask = AskRedirectRequest {
        request_id: request_id(),
        redirect_id: redirect_id.clone(),
        referral_id: referral_id.clone(),
    };
    by.redirects().ask_redirect(ask).await.expect("it is asked");
    let early = by.record_conference(conference(&redirect_id)).await;
    statuses.push(("an early conference", early.expect_err("nobody has declined")));
    let revoke = RevokeReferralRequest {
        request_id: request_id(),
        referral_id,
        reason: "no_longer_needed".to_owned(),
        ..RevokeReferralRequest::default()
    };
    by.referrals().revoke_referral(revoke).await.expect("it is taken back");
    until("note is taken of the referral", async || {
        let now = by.redirect_of(&case_id).await.expect("it").state();
        (now == RedirectState::SocialAssessment).then_some(())
    })
    .await;
    let mut advised = conference(&redirect_id);
    (advised.members, advised.advice) = (marker("conference_members"), marker("conference_advice"));
    by.record_conference(advised).await.expect("it is noted");
    let mut departs = depart(&redirect_id);
    departs.reason = marker("departure_reason");
    by.depart_from_advice(departs).await.expect("they depart");
    let mut answered = answer_conference(&redirect_id);
    answered.answer = marker("conference_answer");
    by.answer_conference(answered).await.expect("it is answered");
    let known = by.redirect_of(&case_id).await.expect("the redirect");
    assert_eq!(known.advice, marker("conference_advice"));

    let since = Timestamp { seconds: helpline_tests::crossborder::ahead(-3600).seconds, nanos: 0 };
    let held = RecordDetentionRequest { remark: marker("held_remark"), ..held(&case_id, since) };
    by.detain(held).await.expect("it is noted");
}
