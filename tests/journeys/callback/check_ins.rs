//! A check-in that fails is never silence.

use helpline_domain::settings::reintegration::Reintegration;
use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::{AlertKind, AttemptOutcome, CallbackState, PromiseCallbackRequest};
use helpline_proto::terms::v1::{PriorityClass, Risk};
use helpline_tests::Abilities;

use super::{check_in, promise, record, talking};
use crate::stage::{Stage, call, until};

#[tokio::test]
async fn a_check_in_that_reaches_nobody_is_critical_work_at_the_same_instant() {
    let stage = Stage::set().await;
    stage.world.change_settings(|settings| settings.callbacks.as_mut().unwrap().most_attempts = 1).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let talk = talking(&stage, &amina).await;
    stage.assess(&talk, Risk::Medium).await;
    let callback = promise(&amina.actor, check_in(&talk)).await.unwrap();
    super::over(&amina, &talk).await;
    let work = amina.take().await;
    assert_eq!(work.priority_class(), PriorityClass::Medium);
    let failed = record(&amina, &callback.callback_id, AttemptOutcome::NoAnswer).await.unwrap();
    assert_eq!(failed.state(), CallbackState::Failed);
    assert_eq!(stage.happened("check_in_failed"), 1);
    let alarming = stage.alarming().await;
    assert_eq!(alarming.len(), 1);
    assert_eq!(alarming[0].callback_id, callback.callback_id);
    // Back in line before everybody else, and still the same work.
    let again = amina.take().await;
    assert_eq!((&again.contact_id, again.priority_class()), (&work.contact_id, PriorityClass::Critical));
    super::over(&amina, &again).await;
    assert!(stage.alarming().await.is_empty(), "somebody has seen to it");
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_check_in_whose_window_passed_while_nobody_could_look_is_critical_work_too() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let talk = talking(&stage, &amina).await;
    let asked = PromiseCallbackRequest {
        due_time: stage.in_seconds(600),
        until_time: stage.in_seconds(1200),
        ..check_in(&talk)
    };
    let callback = promise(&amina.actor, asked).await.unwrap();
    super::over(&amina, &talk).await;
    amina.not_ready().await;
    // An outage: the due time and the end of the window pass at once.
    stage.world.advance(3000.0);
    let failed = stage.until_callback(&callback, CallbackState::Failed).await;
    assert_eq!(failed.reason, "window_over");
    assert_eq!(stage.happened("check_in_failed"), 1);
    let alert = until("supervisors are alerted", async || {
        let open = crate::alerts::listed(&stage.supervisor, true).await;
        open.into_iter().find(|alert| alert.kind() == AlertKind::CheckInFailed)
    })
    .await;
    assert_eq!((alert.contact_id.as_str(), alert.grave), (failed.work_contact_id.as_str(), true));
    stage.sql(
        "UPDATE helpline.callbacks SET ended_at = ended_at - interval '2 hours' WHERE ended_at IS NOT NULL",
    );
    let ctx = stage.world.servers[0].ctx();
    let due = ctx.store.due_alerts(stage.world.centre.id, &Reintegration::default()).await.unwrap();
    assert_eq!(due.len(), 1, "until somebody has seen to it");
    let other = stage.receive(call("ar")).await;
    amina.ready().await;
    let work = amina.take().await;
    assert_eq!(
        (work.contact_id.as_str(), work.priority_class()),
        (failed.work_contact_id.as_str(), PriorityClass::Critical)
    );
    assert_ne!(work.contact_id, other.contact_id);
    super::over(&amina, &work).await;
    assert_eq!(ctx.store.due_alerts(stage.world.centre.id, &Reintegration::default()).await.unwrap(), []);
}

#[tokio::test]
async fn a_check_in_stands_when_the_child_calls_about_something_else() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let talk = talking(&stage, &amina).await;
    let asked = PromiseCallbackRequest { due_time: stage.in_seconds(1800), ..check_in(&talk) };
    let callback = promise(&amina.actor, asked).await.unwrap();
    super::over(&amina, &talk).await;
    let second = talking(&stage, &amina).await;
    super::over(&amina, &second).await;
    stage.world.advance(1801.0);
    let work = amina.take().await;
    assert_eq!(work.callback_id, callback.callback_id);
    until("it is with somebody who calls", async || {
        (stage.callback(&callback.callback_id).await.state() == CallbackState::Attempting).then_some(())
    })
    .await;
    assert_eq!(stage.contact(&work.contact_id).await.state(), ContactState::InProgress);
}

#[tokio::test]
async fn a_check_in_whose_window_ends_while_it_rings_goes_on_to_the_one_who_is_free() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    let talk = talking(&stage, &amina).await;
    let asked = PromiseCallbackRequest {
        due_time: stage.in_seconds(600),
        until_time: stage.in_seconds(615),
        ..check_in(&talk)
    };
    let callback = promise(&amina.actor, asked).await.unwrap();
    super::over(&amina, &talk).await;
    amina.not_ready().await;
    // Somebody else could take it if they were not in a call.
    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    stage.receive(call("ar")).await;
    basma.take().await;
    amina.ready().await;
    amina.watch.forget().await;
    stage.world.advance(601.0);
    let ringing = amina.next_offer().await;
    stage.world.advance(14.5);
    let failed = stage.until_callback(&callback, CallbackState::Failed).await;
    assert_eq!(ringing.contact_id, failed.work_contact_id);
    let end = amina.next_end().await;
    assert_eq!((end.offer_id.as_str(), end.end_reason.as_str()), (ringing.offer_id.as_str(), "window_over"));
    let again = amina.next_offer().await;
    assert_eq!(
        (again.contact_id, again.priority_class),
        (ringing.contact_id, PriorityClass::Critical.into())
    );
}
