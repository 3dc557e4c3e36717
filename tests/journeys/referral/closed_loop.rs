//! From the draft to the outcome: both sides see every step, and nobody but the addressee takes those that are theirs.

use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{
    AddReferralRemarkRequest, AppointmentState, ChoiceState, DraftReferralRequest, ListReferralsRequest,
    MarkReferralEnteredInErrorRequest, ReferralOutcome, ReferralSide, ReferralState, RejectReason,
};
use helpline_tests::referral::draft;
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use super::room::{
    Partner, Watcher, answer_cancel, ask_to_cancel, choices, get, inbox, record_appointment, record_outcome,
    reject, report, revoke, schedule, sent, timeline, to,
};
use crate::alerts::listed;
use crate::stage::{Stage, call, until, why};

#[tokio::test]
async fn a_referral_is_answered_served_and_over_with_an_outcome_and_the_sender_sees_every_step() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    amina.take().await;
    let mut sender = Watcher::open(&amina.actor).await;
    let mut addressee = Watcher::open(&partner.responder).await;

    let referral = amina.actor.refer(draft(&contact.contact_id, &[&partner.service])).await;
    assert_eq!((referral.state(), referral.number > 0), (ReferralState::Requested, true));
    let seen =
        addressee.until("it is addressed to them", |one| one.state() == ReferralState::Requested).await;
    assert_eq!(seen.particulars.clone().unwrap().identity, "Samir, eleven");
    assert!(seen.contact_id.is_empty() && seen.owner_id.is_empty(), "the centre's own affair");

    let accepted = partner.responder.accept_referral(&referral).await.unwrap();
    assert_eq!((accepted.state(), accepted.their_reference.as_str()), (ReferralState::Accepted, "B-17"));
    let known = sender.until("accepted", |one| one.state() == ReferralState::Accepted).await;
    assert_eq!(known.their_reference, "B-17", "both sides' numbers");

    schedule(&stage, &partner.responder, &referral).await.unwrap();
    record_appointment(&partner.responder, &referral, AppointmentState::Unattended).await.unwrap();
    let known = sender.until("the child has not come", |one| one.no_shows == 1).await;
    assert_eq!(known.appointment_state(), AppointmentState::Unattended);
    let refused = why(record_appointment(&amina.actor, &referral, AppointmentState::Attended).await);
    assert_eq!(refused.metadata("state"), "unattended", "it has ended once");
    schedule(&stage, &amina.actor, &referral).await.unwrap();
    schedule(&stage, &partner.responder, &referral).await.unwrap();
    record_appointment(&amina.actor, &referral, AppointmentState::Attended).await.unwrap();

    report(&partner.responder, &referral, ReferralState::InProgress).await.unwrap();
    let paused = report(&partner.responder, &referral, ReferralState::OnHold).await.unwrap();
    assert_eq!(paused.reason, "waiting_list");
    report(&partner.responder, &referral, ReferralState::InProgress).await.unwrap();
    let over = record_outcome(&partner.responder, &referral, true).await.unwrap();
    assert!(over.particulars.is_none(), "what is over is read no more");
    let known = sender.until("completed", |one| one.state() == ReferralState::Completed).await;
    assert_eq!((known.outcome(), known.unmet), (ReferralOutcome::Served, false));
    assert!(inbox(&partner.responder).await.is_empty());
    assert_eq!(
        timeline(&amina.actor, &referral).await,
        [
            "drafted",
            "consented",
            "sent",
            "accepted",
            "appointment_scheduled",
            "unattended",
            "appointment_scheduled",
            "appointment_rescheduled",
            "attended",
            "in_progress",
            "on_hold",
            "in_progress",
            "completed",
        ]
    );
    assert_eq!(
        timeline(&partner.responder, &referral).await,
        [
            "sent",
            "accepted",
            "appointment_scheduled",
            "unattended",
            "appointment_scheduled",
            "appointment_rescheduled",
            "attended",
            "in_progress",
            "on_hold",
            "in_progress",
            "completed",
        ],
        "not how it was drafted, nor what the child agreed to"
    );
}

#[tokio::test]
async fn both_sides_ask_and_remark_and_what_is_not_shared_stays_inside() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = sent(&stage, &[&partner]).await;
    let say = |remark: &str, question, shared| AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        remark: remark.to_owned(),
        question,
        shared,
    };
    partner
        .responder
        .referrals()
        .add_referral_remark(say("Does he speak Arabic?", true, false))
        .await
        .unwrap();
    stage.supervisor.referrals().add_referral_remark(say("He does.", false, true)).await.unwrap();
    stage.supervisor.referrals().add_referral_remark(say("They are slow.", false, false)).await.unwrap();
    assert_eq!(timeline(&partner.responder, &referral).await, ["sent", "asked", "remarked"]);
    assert_eq!(timeline(&stage.supervisor, &referral).await[3..], ["asked", "remarked", "remarked"]);
}

#[tokio::test]
async fn cancelling_is_a_handshake_and_nobody_shakes_their_own_hand() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = sent(&stage, &[&partner]).await;
    let early = why(ask_to_cancel(&stage.supervisor, &referral).await);
    assert_eq!(early.metadata("state"), "requested", "what nobody has is taken back, not cancelled");
    partner.responder.accept_referral(&referral).await.unwrap();
    report(&partner.responder, &referral, ReferralState::InProgress).await.unwrap();

    let asked = ask_to_cancel(&stage.supervisor, &referral).await.unwrap();
    assert_eq!(
        (asked.state(), asked.cancel_asked_by()),
        (ReferralState::CancelRequested, ReferralSide::Centre)
    );
    let own = why(answer_cancel(&stage.supervisor, &referral, true).await);
    assert_eq!((own.reason.as_str(), own.metadata("state")), ("STATE_REFUSED", "own"));
    assert!(
        why(report(&partner.responder, &referral, ReferralState::OnHold).await).code
            == Code::FailedPrecondition
    );
    let back = answer_cancel(&partner.responder, &referral, false).await.unwrap();
    assert_eq!(
        (back.state(), back.cancel_asked_by()),
        (ReferralState::InProgress, ReferralSide::Unspecified)
    );

    ask_to_cancel(&partner.responder, &referral).await.unwrap();
    assert_eq!(why(answer_cancel(&partner.responder, &referral, true).await).metadata("state"), "own");
    let over = answer_cancel(&stage.supervisor, &referral, true).await.unwrap();
    assert_eq!(over.state(), ReferralState::Cancelled);
    assert_eq!(why(revoke(&stage.supervisor, &referral).await).metadata("state"), "cancelled");
}

#[tokio::test]
async fn what_is_taken_back_is_gone_at_once_also_from_an_open_stream() {
    let stage = Stage::set().await;
    let (partner, other) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let referral = sent(&stage, &[&partner, &other]).await;
    partner.responder.accept_referral(&referral).await.unwrap();
    let mut desk = Watcher::open(&partner.responder).await;
    let revoked = revoke(&stage.supervisor, &referral).await.unwrap();
    assert_eq!(choices(&revoked), [ChoiceState::Withdrawn, ChoiceState::Withdrawn]);
    assert_eq!(why(get(&partner.responder, &referral).await).code, Code::NotFound);
    assert_eq!(
        why(report(&partner.responder, &referral, ReferralState::InProgress).await).code,
        Code::NotFound
    );
    desk.until_withdrawn(&referral).await;
    assert!(inbox(&other.responder).await.is_empty(), "who was never asked never knew");
    assert_eq!(why(get(&other.responder, &referral).await).code, Code::NotFound);
}

#[tokio::test]
async fn what_never_should_have_been_is_marked_so_even_when_it_is_over() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = sent(&stage, &[&partner]).await;
    reject(&partner.responder, &referral, RejectReason::Duplicate).await.unwrap();
    let mark = || MarkReferralEnteredInErrorRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        remark: String::new(),
    };
    stage.supervisor.referrals().mark_referral_entered_in_error(mark()).await.unwrap();
    assert_eq!(why(get(&partner.responder, &referral).await).code, Code::NotFound);
    let twice = why(stage.supervisor.referrals().mark_referral_entered_in_error(mark()).await);
    assert_eq!(twice.metadata("state"), "entered_in_error");
}

#[tokio::test]
async fn nobody_but_the_addressee_answers_and_nobody_refers_from_a_contact_that_is_not_theirs() {
    let stage = Stage::set().await;
    let (partner, stranger) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let referral = sent(&stage, &[&partner]).await;
    assert_eq!(why(stage.supervisor.accept_referral(&referral).await).code, Code::PermissionDenied);
    for refused in [
        why(stranger.responder.accept_referral(&referral).await),
        why(reject(&stranger.responder, &referral, RejectReason::Other).await),
        why(get(&stranger.responder, &referral).await),
    ] {
        assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "referral"));
    }
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let refused = why(amina.actor.draft_referral(to(&stage, &[&partner]).await).await);
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "contact"));
    assert_eq!(why(get(&amina.actor, &referral).await).code, Code::NotFound);
    assert!(inbox(&amina.actor).await.is_empty());
}

#[tokio::test]
async fn work_is_split_among_agencies_and_each_part_is_followed_by_itself() {
    let stage = Stage::set().await;
    let (law, health) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let whole = sent(&stage, &[&law]).await;
    let part = DraftReferralRequest {
        part_of_id: whole.referral_id.clone(),
        ..draft(&whole.contact_id, &[&health.service])
    };
    let part = stage.supervisor.refer(part).await;
    assert_eq!(part.part_of_id, whole.referral_id);
    let seen = get(&health.responder, &part).await.unwrap();
    assert!(seen.part_of_id.is_empty(), "who serves a part learns nothing of the others");
    assert_eq!(why(get(&law.responder, &part).await).code, Code::NotFound);
    revoke(&stage.supervisor, &whole).await.unwrap();
    let late = DraftReferralRequest {
        part_of_id: whole.referral_id.clone(),
        ..draft(&whole.contact_id, &[&health.service])
    };
    assert_eq!(why(stage.supervisor.draft_referral(late).await).metadata("state"), "revoked");
    let of_contact =
        ListReferralsRequest { contact_id: whole.contact_id.clone(), ..ListReferralsRequest::default() };
    let listed =
        stage.supervisor.referrals().list_referrals(of_contact).await.unwrap().into_inner().referrals;
    assert_eq!(listed.len(), 2);
    assert!(listed[0].particulars.is_none(), "lists tell nothing of the child");
}

#[tokio::test]
async fn an_overdue_step_alarms_until_it_is_taken() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = sent(&stage, &[&partner]).await;
    partner.responder.accept_referral(&referral).await.unwrap();
    stage.sql("UPDATE helpline.referrals SET due_at = helpline.now()");
    let overdue = async || {
        let open = listed(&stage.supervisor, true).await;
        open.into_iter().find(|alert| alert.kind() == AlertKind::ReferralOverdue)
    };
    let alert = until("the overdue step alarms", overdue).await;
    assert_eq!(alert.referral_id, referral.referral_id);
    assert_eq!(get(&stage.supervisor, &referral).await.unwrap().state(), ReferralState::Accepted);
    report(&partner.responder, &referral, ReferralState::InProgress).await.unwrap();
    until("the alarm is over", async || overdue().await.is_none().then_some(())).await;
    let steps = timeline(&partner.responder, &referral).await;
    assert_eq!(steps, ["sent", "accepted", "in_progress"], "whose alarm it is, is the centre's affair");
}
