//! Rejected or not answered in time, the next choice is asked at once; when none is left, a need that nobody met is on record.

use helpline_domain::id::AgencyId;
use helpline_proto::directory::v1::DisableAgencyRequest;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{
    ChoiceState, DraftReferralRequest, ListReferralsRequest, Referral, ReferralChoice, ReferralState,
    RejectReason,
};
use helpline_tests::referral::consent;
use helpline_tests::request_id;

use super::room::{Partner, Watcher, choices, get, inbox, reject, sent, timeline, to};
use crate::alerts::listed;
use crate::stage::{Stage, until, why};

async fn unmet(stage: &Stage) -> Vec<String> {
    let request = ListReferralsRequest { unmet: true, ..ListReferralsRequest::default() };
    let answer = stage.supervisor.referrals().list_referrals(request).await.unwrap().into_inner();
    answer.referrals.into_iter().map(|one| one.referral_id).collect()
}

/// Whether an alert says that nobody has met the need of a referral.
async fn told(stage: &Stage, of: &Referral) -> bool {
    let open = listed(&stage.supervisor, true).await;
    open.iter().any(|alert| alert.kind() == AlertKind::ReferralUnmet && alert.referral_id == of.referral_id)
}

async fn three(stage: &Stage) -> [Partner; 3] {
    [Partner::new(stage).await, Partner::new(stage).await, Partner::new(stage).await]
}

#[tokio::test]
async fn a_rejection_asks_the_next_at_once_and_the_last_one_leaves_an_unmet_need() {
    let stage = Stage::set().await;
    let [first, second, third] = three(&stage).await;
    let referral = sent(&stage, &[&first, &second, &third]).await;
    assert!(inbox(&second.responder).await.is_empty());
    let mut waits = Watcher::open(&second.responder).await;
    reject(&first.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    waits.until("the next is asked", |one| one.referral_id == referral.referral_id).await;
    let gone = get(&first.responder, &referral).await.unwrap();
    assert_eq!(gone.state(), ReferralState::Rejected, "for who has rejected it");
    assert!(gone.particulars.is_none() && gone.agency_id.is_empty() && gone.choices.len() == 1);
    assert!(why(first.responder.accept_referral(&referral).await).metadata("state") == "rejected");

    reject(&second.responder, &referral, RejectReason::NotEligibleAge).await.unwrap();
    assert!(unmet(&stage).await.is_empty());
    reject(&third.responder, &referral, RejectReason::OutOfArea).await.unwrap();
    let over = get(&stage.supervisor, &referral).await.unwrap();
    assert_eq!((over.state(), over.unmet), (ReferralState::Rejected, true));
    let reasons: Vec<RejectReason> = over.choices.iter().map(ReferralChoice::reject_reason).collect();
    assert_eq!(reasons, [RejectReason::AtCapacity, RejectReason::NotEligibleAge, RejectReason::OutOfArea]);
    assert_eq!(unmet(&stage).await, std::slice::from_ref(&referral.referral_id));
    until("supervisors are told", async || told(&stage, &referral).await.then_some(())).await;
    let anew = helpline_tests::referral::draft(&referral.contact_id, &[&first.service]);
    stage.supervisor.refer(anew).await;
    until("the child is referred anew", async || (!told(&stage, &referral).await).then_some(())).await;
    assert!(!get(&third.responder, &referral).await.unwrap().unmet, "the centre's own affair");
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_passed_over_until_nobody_is_left() {
    let stage = Stage::set().await;
    let [first, second, _] = three(&stage).await;
    let hasty = DraftReferralRequest {
        answer_within: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        ..to(&stage, &[&first, &second]).await
    };
    let referral = stage.supervisor.refer(hasty).await;
    let reached = async |wanted: [ChoiceState; 2]| {
        until("the choices stand so", async || {
            let now = get(&stage.supervisor, &referral).await.unwrap();
            (choices(&now) == wanted).then_some(now)
        })
        .await
    };
    stage.world.advance(61.0);
    let now = reached([ChoiceState::Expired, ChoiceState::Offered]).await;
    assert_eq!(now.state(), ReferralState::Requested);
    assert_eq!(why(first.responder.accept_referral(&referral).await).metadata("state"), "expired");
    assert!(get(&first.responder, &referral).await.unwrap().particulars.is_none());
    stage.world.advance(61.0);
    let over = reached([ChoiceState::Expired, ChoiceState::Expired]).await;
    assert_eq!((over.state(), over.unmet), (ReferralState::Expired, true));
    assert_eq!(
        timeline(&stage.supervisor, &referral).await,
        ["drafted", "consented", "consented", "sent", "expired", "expired"]
    );
}

#[tokio::test]
async fn of_several_who_are_asked_at_once_the_first_has_it_and_the_others_learn_no_more() {
    let stage = Stage::set().await;
    let [first, second, third] = three(&stage).await;
    let open = DraftReferralRequest { open_offer: true, ..to(&stage, &[&first, &second, &third]).await };
    let referral = stage.supervisor.refer(open).await;
    assert_eq!(choices(&referral), [ChoiceState::Offered; 3]);
    reject(&second.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    let mut desk = Watcher::open(&first.responder).await;
    third.responder.accept_referral(&referral).await.unwrap();
    let lost = desk.until("it is no longer theirs", |one| one.state() == ReferralState::Cancelled).await;
    assert!(lost.agency_id.is_empty() && lost.choices.len() == 1 && lost.particulars.is_none());
    assert_eq!(why(first.responder.accept_referral(&referral).await).metadata("state"), "cancelled");
    let now = get(&stage.supervisor, &referral).await.unwrap();
    assert_eq!(choices(&now), [ChoiceState::Withdrawn, ChoiceState::Rejected, ChoiceState::Accepted]);
    assert_eq!(now.agency_id, third.agency.to_string());
}

/// A draft with consent for all of these.
async fn agreed(stage: &Stage, partners: &[&Partner]) -> Referral {
    let referral = stage.supervisor.draft_referral(to(stage, partners).await).await.unwrap();
    for partner in partners {
        stage.supervisor.consents().record_consent(consent(&referral, partner.agency)).await.unwrap();
    }
    referral
}

async fn disable(stage: &Stage, agency: AgencyId) {
    let request = DisableAgencyRequest { request_id: request_id(), agency_id: agency.to_string() };
    stage.world.administrator().agencies().disable_agency(request).await.unwrap();
}

#[tokio::test]
async fn who_cannot_be_asked_is_passed_over_and_nothing_is_sent_to_nobody() {
    let stage = Stage::set().await;
    let [first, second, third] = three(&stage).await;
    let referral = agreed(&stage, &[&first, &second, &third]).await;
    stage.sql(&format!(
        "UPDATE helpline.services SET suspended = true WHERE service_id = '{}'",
        second.service
    ));
    let referral = stage.supervisor.send_referral(&referral).await.unwrap();
    disable(&stage, third.agency).await;
    reject(&first.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    let over = get(&stage.supervisor, &referral).await.unwrap();
    assert_eq!(choices(&over), [ChoiceState::Rejected, ChoiceState::Skipped, ChoiceState::Skipped]);
    assert_eq!((over.state(), over.unmet), (ReferralState::Rejected, true));

    let rests = agreed(&stage, &[&second]).await;
    assert_eq!(why(stage.supervisor.send_referral(&rests).await).reason, "NOBODY_FITS");
    assert_eq!(get(&stage.supervisor, &rests).await.unwrap().state(), ReferralState::Draft);
}
