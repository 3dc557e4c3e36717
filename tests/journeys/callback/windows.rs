//! When somebody is called, how often, and what happens when nobody is.

use helpline_proto::intake::v1::{ContactState, Direction};
use helpline_proto::queueing::v1::{
    AttemptOutcome, CallbackFilter, CallbackState, PromiseCallbackRequest, RescheduleCallbackRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use super::{cancel, child, get, list, promise, record, request, talking};
use crate::stage::{Stage, about, at, call, seconds, why};

#[tokio::test]
async fn what_a_counsellor_promises_is_new_work_when_it_is_due() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let talk = talking(&stage, &amina).await;
    let due = stage.in_seconds(1800);
    let asked = PromiseCallbackRequest {
        due_time: due,
        number: "+974 5555 0199".to_owned(),
        safe_words: "Hang up if a man answers".to_owned(),
        ..request(&talk)
    };
    let callback = promise(&amina.actor, asked).await.unwrap();
    assert_eq!((callback.due_time, callback.promised_by.as_str()), (due, amina.id()));
    super::over(&amina, &talk).await;
    amina.not_ready().await;
    let stranger = stage.desk(Abilities::speaking(&["ar"])).await;
    assert_eq!(list(&amina.actor, CallbackFilter::default()).await.len(), 1);
    assert!(list(&stranger.actor, CallbackFilter::default()).await.is_empty());
    assert_eq!(why(get(&stranger.actor, &callback.callback_id).await).code, Code::NotFound);
    let by_reference = CallbackFilter { reference: callback.reference.clone(), ..CallbackFilter::default() };
    assert_eq!(list(&stage.supervisor, by_reference).await[0].callback_id, callback.callback_id);
    stage.a_pass().await;
    assert!(!stranger.watch.has_offer().await, "not before its time");

    stage.world.advance(1801.0);
    let offer = stranger.next_offer().await;
    let work = stranger.accept(&offer).await;
    assert_ne!(work.contact_id, talk.contact_id);
    assert_eq!((work.direction(), &work.callback_id), (Direction::Outbound, &callback.callback_id));
    assert_eq!(work.receive_time, due);
    assert!(about(seconds(work.deadline_time), seconds(due) + 60.0), "an unassessed call waits as high");
    let shown = get(&stranger.actor, &callback.callback_id).await.unwrap();
    assert_eq!(
        (shown.number.as_str(), shown.safe_words.as_str()),
        ("+974 5555 0199", "Hang up if a man answers")
    );
    let own = get(&amina.actor, &callback.callback_id).await.unwrap();
    assert_eq!(own.number, "", "who promised it does not have it in hand");
    record(&stranger, &callback.callback_id, AttemptOutcome::Reached).await.unwrap();
    super::over(&stranger, &work).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn who_is_not_reached_is_called_again_after_a_while_and_not_for_ever() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(child()).await;
    let callback = stage.promised_now(&contact).await;
    for (attempt, outcome) in
        [(1, AttemptOutcome::NoAnswer), (2, AttemptOutcome::NotSafeNow), (3, AttemptOutcome::Busy)]
    {
        // The offer from before the promise may still be told.
        let offer = loop {
            let offer = amina.next_offer().await;
            if amina.try_accept(&offer).await.is_ok() {
                break offer;
            }
        };
        assert_eq!(offer.contact_id, contact.contact_id);
        let after = record(&amina, &callback.callback_id, outcome).await.unwrap();
        assert_eq!((after.attempts, amina.held().await), (attempt, (0, 0, 0)), "the counsellor is free");
        if attempt < 3 {
            assert_eq!(after.state(), CallbackState::Promised);
            let wait = seconds(after.next_attempt_time) - seconds(stage.in_seconds(0));
            assert!(about(wait, 900.0), "{wait}");
            let waits = stage.contact(&contact.contact_id).await;
            assert_eq!(
                (waits.state(), waits.deadline_time),
                (ContactState::CallbackPromised, contact.deadline_time)
            );
            stage.a_pass().await;
            assert!(!amina.watch.has_offer().await, "not at once");
            stage.world.advance(901.0);
        } else {
            assert_eq!((after.state(), after.reason.as_str()), (CallbackState::Failed, "busy"));
        }
    }
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Unreached);
    assert_eq!((stage.happened("callback_attempted"), stage.happened("callback_failed")), (3, 1));
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn what_nobody_begins_in_time_alarms_once_and_nobody_is_called_after_the_window() {
    let stage = Stage::set().await;
    let contact = stage.receive(child()).await;
    let asked = PromiseCallbackRequest { until_time: stage.in_seconds(1800), ..request(&contact) };
    let callback = promise(&stage.adapter, asked).await.unwrap();
    stage.until_state(&contact, ContactState::Waiting).await;
    assert!(stage.alarming().await.is_empty());
    stage.world.advance(601.0);
    let alarmed = crate::stage::until("the alarm", async || stage.alarming().await.pop()).await;
    assert_eq!((&alarmed.callback_id, alarmed.overdue), (&callback.callback_id, true));
    assert_eq!(stage.happened("callback_overdue"), 1);
    stage.world.advance(1300.0);
    let failed = stage.until_callback(&callback, CallbackState::Failed).await;
    assert_eq!(failed.reason, "window_over");
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Unreached);
    assert_eq!((stage.happened("callback_overdue"), stage.happened("callback_failed")), (1, 1));
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn whoever_leaves_unanswered_at_high_risk_is_called_back_at_once() {
    let stage = Stage::set().await;
    let calm = stage.receive(from_another(at(Risk::Medium, call("ar")))).await;
    stage.leave(&calm).await;
    let nameless = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    stage.leave(&nameless).await;
    assert_eq!(stage.happened("callback_promised"), 0);
    let contact = stage.receive(at(Risk::High, child())).await;
    assert_eq!(stage.leave(&contact).await.state(), ContactState::ShortAbandoned);
    assert_eq!(stage.happened("callback_promised"), 1);
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let work = amina.take().await;
    assert_eq!((work.direction(), work.risk()), (Direction::Outbound, Risk::High));
    let shown = get(&amina.actor, &work.callback_id).await.unwrap();
    assert_eq!((shown.origin_contact_id, shown.number.as_str()), (contact.contact_id, super::NUMBER));
    record(&amina, &work.callback_id, AttemptOutcome::Reached).await.unwrap();
    super::over(&amina, &work).await;
}

#[tokio::test]
async fn whoever_was_lost_by_a_fault_of_the_channel_is_called_back_whatever_the_risk() {
    let stage = Stage::set().await;
    let contact = stage.receive(child()).await;
    let lost = helpline_proto::intake::v1::RecordDepartureRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        cause: helpline_proto::intake::v1::DepartureCause::Lost.into(),
    };
    let ended = stage.adapter.contacts().record_departure(lost).await.unwrap().into_inner().contact.unwrap();
    assert_eq!(ended.state(), ContactState::Lost);
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let work = amina.take().await;
    let shown = get(&amina.actor, &work.callback_id).await.unwrap();
    assert_eq!((shown.origin_contact_id, shown.number.as_str()), (contact.contact_id, super::NUMBER));
    record(&amina, &work.callback_id, AttemptOutcome::Reached).await.unwrap();
    super::over(&amina, &work).await;
}

fn from_another(
    request: helpline_proto::intake::v1::ReceiveContactRequest,
) -> helpline_proto::intake::v1::ReceiveContactRequest {
    crate::stage::from("+974 5555 0111", request)
}

#[tokio::test]
async fn a_promise_can_be_moved_and_taken_back_but_not_under_the_hands_of_who_calls() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(child()).await;
    let held = amina.accept(&amina.offered(&contact).await).await;
    let asked = PromiseCallbackRequest { due_time: stage.in_seconds(1800), ..request(&held) };
    let callback = promise(&amina.actor, asked).await.unwrap();
    super::over(&amina, &held).await;
    let move_to = |due| RescheduleCallbackRequest {
        request_id: request_id(),
        callback_id: callback.callback_id.clone(),
        due_time: due,
        until_time: None,
        expected_revision: callback.revision,
    };
    let moved = amina.actor.callbacks().reschedule_callback(move_to(stage.in_seconds(60))).await.unwrap();
    assert!(moved.into_inner().callback.unwrap().revision > callback.revision);
    let stale = why(amina.actor.callbacks().reschedule_callback(move_to(stage.in_seconds(60))).await);
    assert_eq!(stale.reason, "REVISION_STALE");
    stage.world.advance(61.0);
    let work = amina.take().await;
    assert_eq!(work.callback_id, callback.callback_id);
    let busy = why(cancel(&stage.supervisor, &callback).await);
    assert_eq!((busy.reason.as_str(), busy.metadata("state")), ("STATE_REFUSED", "attempting"));
    amina.transfer(&work).await;
    let cancelled = cancel(&stage.supervisor, &callback).await.unwrap();
    assert_eq!((cancelled.state(), cancelled.reason.as_str()), (CallbackState::Cancelled, "child_asked"));
    assert_eq!(stage.contact(&work.contact_id).await.state(), ContactState::Unreached);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn who_hangs_up_in_danger_is_called_now_although_something_was_promised_for_later() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let talk = talking(&stage, &amina).await;
    let later = || PromiseCallbackRequest { due_time: stage.in_seconds(3600), ..request(&talk) };
    promise(&amina.actor, later()).await.unwrap();
    promise(&amina.actor, PromiseCallbackRequest { due_time: later().due_time, ..super::check_in(&talk) })
        .await
        .unwrap();
    super::over(&amina, &talk).await;
    amina.not_ready().await;
    assert_eq!(stage.happened("callback_promised"), 2);
    let contact = stage.receive(at(Risk::Imminent, child())).await;
    stage.leave(&contact).await;
    assert_eq!(stage.happened("callback_promised"), 3, "what is due in an hour calls nobody now");
    let again = stage.receive(at(Risk::Imminent, child())).await;
    stage.leave(&again).await;
    assert_eq!(stage.happened("callback_promised"), 3, "they are being called already");
    amina.ready().await;
    let work = amina.take().await;
    let shown = get(&amina.actor, &work.callback_id).await.unwrap();
    assert_eq!(shown.origin_contact_id, contact.contact_id);
}

#[tokio::test]
async fn a_child_in_danger_whose_talk_is_lost_by_a_fault_is_called_back() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let lost = async |contact: &helpline_proto::intake::v1::Contact| {
        let request = helpline_proto::intake::v1::RecordDepartureRequest {
            request_id: request_id(),
            contact_id: contact.contact_id.clone(),
            cause: helpline_proto::intake::v1::DepartureCause::Lost.into(),
        };
        stage.adapter.contacts().record_departure(request).await.unwrap().into_inner().contact.unwrap()
    };
    let calm = talking(&stage, &amina).await;
    stage.assess(&calm, Risk::Low).await;
    assert_eq!(lost(&calm).await.state(), ContactState::WrapUp);
    super::over(&amina, &calm).await;
    assert_eq!(stage.happened("callback_promised"), 0, "the counsellor judges what is to be done");
    let talk = talking(&stage, &amina).await;
    stage.assess(&talk, Risk::High).await;
    assert_eq!(lost(&talk).await.state(), ContactState::WrapUp);
    super::over(&amina, &talk).await;
    let work = amina.take().await;
    let shown = get(&amina.actor, &work.callback_id).await.unwrap();
    assert_eq!((shown.origin_contact_id, work.direction()), (talk.contact_id, Direction::Outbound));
}
