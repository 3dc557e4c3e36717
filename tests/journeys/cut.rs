//! The connection is cut, and the person comes back.

use helpline_proto::intake::v1::{
    Contact, ContactState, DepartureCause, ReceiveContactRequest, RecordDepartureRequest,
};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::{Abilities, request_id};

use crate::desk::Desk;
use crate::stage::{Stage, at, by, call, chat, from};

/// The number of a school.
const SCHOOL: &str = "+974 5555 0110";

async fn cut(stage: &Stage, contact: &Contact) -> Contact {
    let request = RecordDepartureRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        cause: DepartureCause::Cut.into(),
    };
    stage.adapter.contacts().record_departure(request).await.unwrap().into_inner().contact.unwrap()
}

fn school(language: &str) -> ReceiveContactRequest {
    from(SCHOOL, call(language))
}

/// Makes somebody the one who has been idle longest: the first to be asked, did nothing else decide.
async fn idle_longest(stage: &Stage, desk: &Desk) {
    stage.sql(&format!(
        "UPDATE helpline.presences SET idle_since = helpline.now() - interval '1 hour' WHERE counsellor_id = '{}'",
        desk.id()
    ));
    desk.not_ready().await;
    desk.ready().await;
    stage.sql(&format!(
        "UPDATE helpline.presences SET idle_since = helpline.now() - interval '1 hour' WHERE counsellor_id = '{}'",
        desk.id()
    ));
}

#[tokio::test]
async fn who_is_cut_off_from_a_counsellor_comes_back_to_them_ahead_of_others() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    let first = stage.receive(at(Risk::Medium, school("ar"))).await;
    let offer = amina.offered(&first).await;
    amina.accept(&offer).await;
    let waiting = stage.receive(at(Risk::High, call("ar"))).await;
    stage.world.advance(30.0);
    assert_eq!(cut(&stage, &first).await.state(), ContactState::WrapUp);
    assert_eq!(amina.held().await.0, 1, "the wrap-up");
    stage.world.advance(30.0);

    let back = stage.received(school("ar")).await;
    assert!(!back.existing);
    let back = back.contact.unwrap();
    assert_ne!(back.contact_id, first.contact_id);
    assert_eq!(back.returned_from_contact_id, first.contact_id);
    assert!(back.resumed);
    assert_eq!((back.receive_time, back.deadline_time), (first.receive_time, first.deadline_time));
    assert_eq!((back.risk, back.priority_class), (first.risk, first.priority_class), "it is as it was");
    // Amina is asked first, in the middle of the wrap-up, and before whoever waits for longer than the return.
    let offer = amina.offered(&back).await;
    amina.accept(&offer).await;
    assert_eq!(stage.contact(&waiting.contact_id).await.state(), ContactState::Waiting);
    // Both records are hers to sign off.
    assert_eq!(amina.sees(&first).await.unwrap().state(), ContactState::WrapUp);
    amina.complete(&first).await;
    amina.complete(&back).await;
    amina.offered(&waiting).await;
    let events: Vec<_> = stage.journal(&first).into_iter().map(|(event, _)| event).collect();
    assert_eq!(events[3..], ["person_left", "wrap_up_finished", "contact_completed"]);
    let events: Vec<_> = stage.journal(&back).into_iter().map(|(event, _)| event).collect();
    assert_eq!(events[..2], ["contact_received", "contact_returned"]);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn the_counsellor_who_had_the_call_is_asked_before_one_who_has_been_idle_for_longer() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    let first = stage.receive(school("ar")).await;
    let offer = amina.offered(&first).await;
    amina.accept(&offer).await;
    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    idle_longest(&stage, &basma).await;
    cut(&stage, &first).await;
    let back = stage.receive(school("ar")).await;
    let offered = tokio::select! {
        offer = amina.next_offer() => offer,
        offer = basma.next_offer() => offer,
    };
    assert_eq!((offered.contact_id, offered.counsellor_id), (back.contact_id, amina.id().to_owned()));
}

#[tokio::test]
async fn who_is_cut_off_while_waiting_keeps_the_place() {
    let stage = Stage::set().await;
    let first = stage.receive(school("ar")).await;
    stage.world.advance(20.0);
    let second = stage.receive(call("ar")).await;
    assert_eq!(cut(&stage, &first).await.state(), ContactState::Abandoned);
    stage.world.advance(60.0);
    let back = stage.receive(school("ar")).await;
    assert_eq!((back.receive_time, back.deadline_time), (first.receive_time, first.deadline_time));
    assert_eq!(back.returned_from_contact_id, first.contact_id);
    assert!(!back.resumed, "nobody has answered yet");
    assert_eq!(stage.explain(&back).await.ahead, 0);
    assert_eq!(stage.explain(&second).await.ahead, 1);
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.offered(&back).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn of_two_who_call_from_one_number_one_cut_brings_one_to_the_front() {
    let mut stage = Stage::set().await;
    let elsewhere = stage.adapter.over(stage.world.another_server().await);
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    for _ in 0..4 {
        let first = stage.receive(school("ar")).await;
        let offer = amina.offered(&first).await;
        amina.accept(&offer).await;
        // So that everybody stays in line.
        amina.not_ready().await;
        let sister = stage.receive(school("ar")).await;
        cut(&stage, &first).await;
        // Both are from the same school; which of them was cut off nobody can know. Two servers take them in at once.
        let (one, two) = tokio::join!(stage.receive(school("ar")), async {
            let answer = elsewhere.contacts().receive_contact(school("ar")).await.unwrap();
            answer.into_inner().contact.unwrap()
        });
        let returned: Vec<_> = [&one, &two].into_iter().filter(|contact| contact.resumed).collect();
        assert_eq!(returned.len(), 1, "one cut, one return");
        assert_eq!(returned[0].returned_from_contact_id, first.contact_id);
        assert_eq!(stage.explain(returned[0]).await.ahead, 0);
        assert_eq!(stage.explain(&sister).await.ahead, 1);
        let third = stage.receive(school("ar")).await;
        assert!(!third.resumed && third.returned_from_contact_id.is_empty());
        assert!(!stage.contact(&sister.contact_id).await.resumed, "who was not cut off is where they were");
        assert_eq!(amina.held().await, (0, 0, 0), "freed from the wrap-up");
        amina.complete(&first).await;
        for gone in [&sister, &one, &two, &third] {
            stage.leave(gone).await;
        }
        amina.ready().await;
        stage.agrees_with_the_view().await;
    }
}

#[tokio::test]
async fn who_hangs_up_comes_back_to_the_end_of_the_line_and_to_who_knows_them() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    let basma = stage.desk_off_shift(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    let first = stage.receive(school("ar")).await;
    let offer = amina.offered(&first).await;
    amina.accept(&offer).await;
    stage.leave(&first).await;
    amina.complete(&first).await;
    basma.ready().await;
    idle_longest(&stage, &basma).await;
    stage.world.advance(5.0);
    let again = stage.receive(school("ar")).await;
    assert!(!again.resumed && again.returned_from_contact_id.is_empty());
    assert_ne!(again.receive_time, first.receive_time);
    amina.offered(&again).await;
    assert!(!basma.watch.has_offer().await);
    // A day later nobody knows them any more.
    stage.leave(&again).await;
    stage.world.advance(25.0 * 3600.0);
    let preferred =
        stage.value("SELECT count(*) FROM helpline.contacts WHERE preferred_counsellor_id IS NOT NULL");
    assert_eq!(preferred, "1");
}

#[tokio::test]
async fn who_comes_back_late_or_to_a_record_that_is_signed_off_is_somebody_new() {
    let stage = Stage::set().await;
    let late = stage.receive(from("late", by(Channel::Telegram, "ar"))).await;
    cut(&stage, &late).await;
    stage.world.advance(301.0);
    let back = stage.receive(from("late", by(Channel::Telegram, "ar"))).await;
    assert_eq!((back.returned_from_contact_id.as_str(), back.resumed), ("", false));
    let amina = stage.desk(Abilities::speaking(&["fr"])).await;
    let signed_off = stage.receive(from("laila", chat("fr"))).await;
    let offer = amina.offered(&signed_off).await;
    amina.accept(&offer).await;
    cut(&stage, &signed_off).await;
    amina.complete(&signed_off).await;
    let back = stage.receive(from("laila", chat("fr"))).await;
    assert_eq!((back.returned_from_contact_id.as_str(), back.resumed), ("", false));
}

#[tokio::test]
async fn the_channels_own_reference_knows_who_has_no_number() {
    let stage = Stage::set().await;
    let anonymous = |leg: &str, continues: &str| ReceiveContactRequest {
        external_id: leg.to_owned(),
        continues_external_id: continues.to_owned(),
        ..call("ar")
    };
    let first = stage.receive(anonymous("leg-1", "")).await;
    let other = stage.receive(anonymous("leg-2", "")).await;
    cut(&stage, &other).await;
    cut(&stage, &first).await;
    let back = stage.receive(anonymous("leg-3", "leg-1")).await;
    assert_eq!(back.returned_from_contact_id, first.contact_id);
    let repeated = stage.received(anonymous("leg-3", "leg-1")).await;
    assert!(repeated.existing);
    assert_eq!(repeated.contact.unwrap().revision, back.revision);
    let stranger = stage.receive(anonymous("leg-4", "leg-1")).await;
    assert_eq!(stranger.returned_from_contact_id, "", "a cut is used once");
}
