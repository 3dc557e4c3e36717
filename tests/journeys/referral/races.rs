//! Several do something to one referral at the same instant: one has done it, the others are told how it stands.

use helpline_proto::referral::v1::{
    AcceptReferralRequest, AddReferralRemarkRequest, ChoiceState, DraftReferralRequest, Referral,
    ReferralState, RejectReason,
};
use helpline_tests::request_id;
use tonic::Status;

use super::room::{Partner, choices, get, reject, revoke, sent, to};
use crate::stage::{Stage, why};

async fn open(stage: &Stage, partners: &[Partner]) -> Referral {
    let all: Vec<&Partner> = partners.iter().collect();
    stage.supervisor.refer(DraftReferralRequest { open_offer: true, ..to(stage, &all).await }).await
}

async fn several(stage: &Stage, count: usize) -> Vec<Partner> {
    let mut partners = Vec::new();
    for _ in 0..count {
        partners.push(Partner::new(stage).await);
    }
    partners
}

#[tokio::test]
async fn of_ten_who_accept_at_once_one_has_it() {
    let stage = Stage::set().await;
    let partners = several(&stage, 10).await;
    let referral = open(&stage, &partners).await;
    let accept = partners.iter().map(|partner| partner.responder.accept_referral(&referral));
    let answers: Vec<Result<Referral, Status>> = futures_util::future::join_all(accept).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.is_ok()).collect();
    assert_eq!(won.len(), 1);
    for lost in answers.into_iter().filter(Result::is_err) {
        let lost = why(lost);
        assert_eq!((lost.reason.as_str(), lost.metadata("state")), ("STATE_REFUSED", "cancelled"));
    }
    let now = get(&stage.supervisor, &referral).await.unwrap();
    let have = choices(&now).into_iter().filter(|state| *state == ChoiceState::Accepted).count();
    assert_eq!((now.state(), have), (ReferralState::Accepted, 1));
}

#[tokio::test]
async fn when_the_last_reject_at_once_the_need_is_unmet_and_nobody_is_waited_for() {
    let stage = Stage::set().await;
    let partners = several(&stage, 6).await;
    let referral = open(&stage, &partners).await;
    let refuse =
        partners.iter().map(|partner| reject(&partner.responder, &referral, RejectReason::AtCapacity));
    for answer in futures_util::future::join_all(refuse).await {
        assert_eq!(answer.unwrap().state(), ReferralState::Rejected);
    }
    let over = get(&stage.supervisor, &referral).await.unwrap();
    assert_eq!((over.state(), over.unmet), (ReferralState::Rejected, true));
}

#[tokio::test]
async fn what_is_taken_back_and_accepted_at_once_is_taken_back_in_the_end() {
    let stage = Stage::set().await;
    for _ in 0..10 {
        let partners = several(&stage, 1).await;
        let referral = open(&stage, &partners).await;
        let (revoked, _) = tokio::join!(
            revoke(&stage.supervisor, &referral),
            partners[0].responder.accept_referral(&referral)
        );
        revoked.unwrap();
        let now = get(&stage.supervisor, &referral).await.unwrap();
        assert_eq!((now.state(), choices(&now)), (ReferralState::Revoked, vec![ChoiceState::Withdrawn]));
        assert!(get(&partners[0].responder, &referral).await.is_err());
    }
}

#[tokio::test]
async fn an_answer_at_the_instant_its_time_is_over_has_one_outcome() {
    let stage = Stage::set().await;
    for _ in 0..5 {
        let partners = several(&stage, 2).await;
        let hasty = DraftReferralRequest {
            answer_within: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
            ..to(&stage, &[&partners[0], &partners[1]]).await
        };
        let referral = stage.supervisor.refer(hasty).await;
        stage.world.advance(60.0);
        let accepted = partners[0].responder.accept_referral(&referral).await;
        let now = get(&stage.supervisor, &referral).await.unwrap();
        match accepted {
            Ok(_) => assert_eq!(choices(&now), [ChoiceState::Accepted, ChoiceState::Withdrawn]),
            Err(_) => assert_eq!(choices(&now)[0], ChoiceState::Expired),
        }
    }
}

#[tokio::test]
async fn whoever_of_an_agency_answers_second_learns_what_the_first_has_answered() {
    let stage = Stage::set().await;
    let partners = several(&stage, 1).await;
    let (one, other) = (&partners[0].responder, stage.world.responder(partners[0].agency).await);
    for _ in 0..25 {
        let referral = sent(&stage, &[&partners[0]]).await;
        let (accepted, rejected) =
            tokio::join!(one.accept_referral(&referral), reject(&other, &referral, RejectReason::AtCapacity));
        let (lost, state) = match (accepted, rejected) {
            (Ok(_), lost) => (why(lost), "accepted"),
            (lost, _) => (why(lost), "rejected"),
        };
        assert_eq!((lost.reason.as_str(), lost.metadata("state")), ("STATE_REFUSED", state));
    }
}

#[tokio::test]
async fn an_answer_to_what_has_changed_since_it_was_seen_is_refused() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = sent(&stage, &[&partner]).await;
    let seen = get(&partner.responder, &referral).await.unwrap().revision;
    let remark = AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        remark: "He can only come in the morning.".to_owned(),
        shared: true,
        ..AddReferralRemarkRequest::default()
    };
    stage.supervisor.referrals().add_referral_remark(remark).await.unwrap();
    let accept = |expected_revision| AcceptReferralRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        expected_revision,
        ..AcceptReferralRequest::default()
    };
    let stale = why(partner.responder.referrals().accept_referral(accept(seen)).await);
    assert_eq!(
        (stale.reason.as_str(), stale.metadata("revision")),
        ("REVISION_STALE", (seen + 1).to_string().as_str())
    );
    let request = accept(seen + 1);
    partner.responder.referrals().accept_referral(request.clone()).await.unwrap();
    partner.responder.referrals().accept_referral(request).await.unwrap();
}
