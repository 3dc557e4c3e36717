//! A critical contact interrupts paperwork and conversations that nobody sits and waits in, and nothing else.

use helpline_domain::channel;
use helpline_proto::intake::v1::{Contact, ContactState};
use helpline_proto::queueing::v1::{DeclineReason, Offer, ParticipationKind, WaitingCause};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::{Abilities, Actor};

use crate::by_hand::pull;
use crate::desk::Desk;
use crate::floor::Wallboard;
use crate::guests::invitation;
use crate::stage::{Stage, at, by, call, chat, until};

/// A call from a child in danger.
async fn critical(stage: &Stage) -> Contact {
    stage.receive(at(Risk::HarmNow, call("ar"))).await
}

/// Amina with an e-mail in hand, and room for another.
async fn with_mail(stage: &Stage) -> (Desk, Contact) {
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 1, 2)).await;
    stage.receive(by(Channel::Email, "ar")).await;
    let mail = amina.take().await;
    (amina, mail)
}

/// The same after a critical call has interrupted it, with the offer.
async fn interrupted(stage: &Stage) -> (Desk, Contact, Offer) {
    let (amina, mail) = with_mail(stage).await;
    let call = critical(stage).await;
    let offer = amina.offered(&call).await;
    (amina, mail, offer)
}

fn notes(offer: &Offer) -> Vec<String> {
    offer.explanation.clone().unwrap().notes
}

async fn is_put_aside(stage: &Stage, contact: &Contact) -> bool {
    stage.contact(&contact.contact_id).await.put_aside_time.is_some()
}

async fn until_taken_up(stage: &Stage, desk: &Desk, contact: &Contact) {
    until("it is taken up again", async || (!is_put_aside(stage, contact).await).then_some(())).await;
    let now = stage.contact(&contact.contact_id).await;
    assert_eq!((now.state(), now.counsellor_id.as_str()), (ContactState::InProgress, desk.id()));
    assert_eq!(desk.held().await, (0, 0, 1));
    stage.agrees().await;
}

#[tokio::test]
async fn a_critical_call_interrupts_the_paperwork_of_a_talk_and_its_sign_off_stays_due() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(at(Risk::High, call("ar"))).await;
    let talk = amina.take().await;
    amina.release(&talk).await;
    let high = stage.receive(at(Risk::High, call("ar"))).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await, "only what is critical interrupts anybody");
    assert_eq!(stage.explain(&high).await.cause(), WaitingCause::AllBusy);

    let child = critical(&stage).await;
    let offer = amina.offered(&child).await;
    assert_eq!(notes(&offer), ["work_put_aside"]);
    assert_eq!((amina.held().await, amina.presence().await.severe_in_a_row), ((1, 0, 0), 1));
    stage.agrees_with_the_view().await;
    amina.accept(&offer).await;
    let left = stage.contact(&talk.contact_id).await;
    assert_eq!((left.state(), left.counsellor_id.as_str()), (ContactState::WrapUp, amina.id()));
    amina.complete(&talk).await;
    assert_eq!(amina.held().await, (1, 0, 0), "the paperwork took no room any more");
    amina.complete(&child).await;
    amina.offered(&high).await;
    stage.agrees().await;
}

#[tokio::test]
async fn an_e_mail_is_put_aside_and_taken_up_again_and_its_counsellor_is_told_both() {
    let stage = Stage::set().await;
    let (amina, mail, offer) = interrupted(&stage).await;
    let told = amina.watch.next_aside().await;
    assert_eq!((told.contact_id, told.put_aside_time.is_some()), (mail.contact_id.clone(), true));
    let child = amina.accept(&offer).await;
    assert_eq!(amina.held().await, (1, 0, 0));
    let aside = stage.contact(&mail.contact_id).await;
    assert_eq!((aside.state(), aside.counsellor_id.as_str()), (ContactState::InProgress, amina.id()));
    assert!(aside.put_aside_time.is_some());
    let mut board = Wallboard::watch(&stage.supervisor, "").await;
    board
        .until("the floor shows what was put aside", |board| {
            board.people[amina.id()].aside.iter().any(|one| one.contact_id == mail.contact_id)
        })
        .await;
    stage.agrees().await;

    amina.complete(&child).await;
    until_taken_up(&stage, &amina, &mail).await;
    let told = amina.watch.next_aside().await;
    assert_eq!((told.contact_id, told.put_aside_time), (mail.contact_id.clone(), None));
    board.until("the floor shows it no more", |board| board.people[amina.id()].aside.is_empty()).await;
    let events: Vec<String> = stage.journal(&mail).into_iter().map(|(event, _)| event).collect();
    assert_eq!(events[events.len() - 2..], ["contact_put_aside", "contact_taken_up"]);
    amina.complete(&mail).await;
    assert_eq!(amina.held().await, (0, 0, 0));
}

#[tokio::test]
async fn nobody_is_interrupted_while_somebody_is_free_or_for_what_they_have_room_for() {
    let stage = Stage::set().await;
    let (amina, mail) = with_mail(&stage).await;
    let written = stage.receive(at(Risk::HarmNow, chat("ar"))).await;
    let offer = amina.offered(&written).await;
    assert_eq!((notes(&offer), amina.held().await), (Vec::new(), (0, 1, 1)));
    let basma = stage.desk(Abilities::speaking(&["ar", "ru", "kk"])).await;
    let child = critical(&stage).await;
    assert_eq!(notes(&basma.offered(&child).await), Vec::<String>::new());
    assert!(!is_put_aside(&stage, &mail).await);
    stage.agrees().await;
}

#[tokio::test]
async fn a_live_chat_is_never_interrupted_nor_is_an_e_mail_beside_it() {
    let stage = Stage::set().await;
    let (amina, mail) = with_mail(&stage).await;
    stage.receive(chat("ar")).await;
    let written = amina.take().await;
    let child = critical(&stage).await;
    stage.until_cause(&child, WaitingCause::AllBusy).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    // When the talk has ended, both can be put aside.
    amina.release(&written).await;
    amina.offered(&child).await;
    assert_eq!(amina.held().await, (1, 0, 0));
    assert!(is_put_aside(&stage, &mail).await);
    stage.agrees().await;
}

#[tokio::test]
async fn whom_the_next_severe_contact_sends_into_a_pause_is_not_interrupted() {
    let stage = Stage::set().await;
    stage.settle(r#"{"care": {"severe_limit": 2}}"#);
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(at(Risk::High, call("ar"))).await;
    let first = amina.take().await;
    amina.complete(&first).await;
    stage.receive(call("ar")).await;
    let talk = amina.take().await;
    amina.release(&talk).await;
    let child = critical(&stage).await;
    stage.until_cause(&child, WaitingCause::AllBusy).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
}

#[tokio::test]
async fn a_centre_that_wants_nobody_interrupted_has_nobody_interrupted() {
    let stage = Stage::set().await;
    stage.settle(r#"{"interrupt_for_critical": false}"#);
    let (amina, _mail) = with_mail(&stage).await;
    let child = critical(&stage).await;
    stage.until_cause(&child, WaitingCause::AllBusy).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
}

#[tokio::test]
async fn an_e_mail_is_taken_up_again_when_the_offer_is_declined_or_rings_out() {
    let stage = Stage::set().await;
    // Who could take it too is on the telephone: nobody's cool-down is void.
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(call("ar")).await;
    basma.take().await;
    let (amina, mail, offer) = interrupted(&stage).await;
    assert!(is_put_aside(&stage, &mail).await);
    amina.decline(&offer, DeclineReason::NotAble).await;
    until_taken_up(&stage, &amina, &mail).await;
    let told = [amina.watch.next_aside().await, amina.watch.next_aside().await];
    assert_eq!(told.map(|one| one.put_aside_time.is_some()), [true, false]);
    stage.leave(&stage.contact(&offer.contact_id).await).await;
    let child = critical(&stage).await;
    amina.offered(&child).await;
    stage.world.advance(11.0);
    until_taken_up(&stage, &amina, &mail).await;
}

#[tokio::test]
async fn the_end_of_what_is_put_aside_frees_nothing_twice() {
    let stage = Stage::set().await;
    let leaves = async |stage: &Stage, _: &Desk, mail: &Contact| stage.leave(mail).await.state();
    let completed = async |_: &Stage, desk: &Desk, mail: &Contact| desk.complete(mail).await.state();
    let released = async |_: &Stage, desk: &Desk, mail: &Contact| desk.release(mail).await.state();
    let transferred = async |_: &Stage, desk: &Desk, mail: &Contact| desk.transfer(mail).await.state();
    for (number, then) in
        [ContactState::WrapUp, ContactState::Closed, ContactState::WrapUp, ContactState::Waiting]
            .into_iter()
            .enumerate()
    {
        let (amina, mail, offer) = interrupted(&stage).await;
        let child = amina.accept(&offer).await;
        let state = match number {
            0 => leaves(&stage, &amina, &mail).await,
            1 => completed(&stage, &amina, &mail).await,
            2 => released(&stage, &amina, &mail).await,
            _ => transferred(&stage, &amina, &mail).await,
        };
        assert_eq!(state, then);
        assert_eq!(amina.held().await, (1, 0, 0), "{then:?}");
        assert!(!is_put_aside(&stage, &mail).await);
        stage.agrees().await;
        if then == ContactState::WrapUp {
            amina.complete(&mail).await;
        }
        amina.complete(&child).await;
        assert_eq!(amina.held().await, (0, 0, 0), "{then:?}");
        stage.agrees().await;
        amina.offline().await;
    }
}

#[tokio::test]
async fn what_is_put_aside_can_be_pulled_or_handed_to_a_colleague() {
    let stage = Stage::set().await;
    let (amina, mail, offer) = interrupted(&stage).await;
    amina.accept(&offer).await;
    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(0, 0, 1)).await;
    let part =
        amina.try_invite(invitation(&mail, ParticipationKind::WarmTransfer, Some(&basma))).await.unwrap();
    basma.try_join(&part).await.unwrap();
    basma.try_take_over(&part).await.unwrap();
    assert_eq!((amina.held().await, basma.held().await), ((1, 0, 0), (0, 0, 1)));
    assert!(!is_put_aside(&stage, &mail).await);
    stage.agrees().await;
    basma.complete(&mail).await;
    basma.offline().await;

    let (dina, mail, offer) = interrupted(&stage).await;
    dina.accept(&offer).await;
    let pulled = pull(&stage, &mail).await.unwrap();
    assert_eq!((pulled.state(), dina.held().await), (ContactState::Waiting, (1, 0, 0)));
    let mut end = dina.next_end().await;
    while end.end_reason.is_empty() {
        end = dina.next_end().await;
    }
    assert_eq!((end.contact_id, end.end_reason.as_str()), (mail.contact_id.clone(), "pulled"));
    stage.agrees().await;
}

#[tokio::test]
async fn what_becomes_critical_while_it_is_put_aside_goes_to_the_line() {
    let stage = Stage::set().await;
    let (amina, mail, offer) = interrupted(&stage).await;
    let child = amina.accept(&offer).await;
    stage.assess(&mail, Risk::HarmNow).await;
    let now = stage.until_state(&mail, ContactState::Waiting).await;
    assert!(now.resumed);
    assert_eq!((now.receive_time, now.put_aside_time, now.epoch), (mail.receive_time, None, mail.epoch + 1));
    assert_eq!(amina.held().await, (1, 0, 0));
    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(0, 0, 1)).await;
    basma.offered(&mail).await;
    amina.complete(&child).await;
    stage.agrees().await;
}

#[tokio::test]
async fn what_a_lost_counsellor_had_put_aside_goes_to_the_line() {
    let stage = Stage::set_with_presence_ttl(1).await;
    stage.settle(r#"{"resumption": {"resume_after_s": 1}}"#);
    let (amina, mail, offer) = interrupted(&stage).await;
    let child = amina.accept(&offer).await;
    let Desk { actor, watch } = amina;
    drop(watch);
    assert!(stage.until_state(&mail, ContactState::Waiting).await.resumed);
    let held = |actor: &Actor| {
        stage.value(&format!(
            "SELECT held_voice FROM helpline.presences WHERE counsellor_id = '{}'",
            actor.counsellor_id
        ))
    };
    assert_eq!(held(&actor), "1", "a call is not given back for a lost screen");
    assert_eq!(stage.contact(&child.contact_id).await.state(), ContactState::InProgress);
    stage.agrees().await;
}

#[tokio::test]
async fn whoever_finishes_in_the_instant_they_are_interrupted_is_offered_it_once() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    for _ in 0..8 {
        stage.receive(call("ar")).await;
        let talk = amina.take().await;
        amina.release(&talk).await;
        let (child, _) = tokio::join!(critical(&stage), amina.try_finish(&talk));
        let offer = amina.offered(&child).await;
        assert_eq!(amina.held().await, (1, 0, 0));
        amina.accept(&offer).await;
        stage.assess(&child, Risk::Low).await;
        amina.complete(&child).await;
        amina.complete(&talk).await;
        assert_eq!(amina.held().await, (0, 0, 0));
        stage.agrees().await;
    }
}

#[tokio::test]
async fn the_database_lets_nothing_be_put_aside_that_somebody_sits_and_waits_in() {
    let stage = Stage::set().await;
    let rule = stage.value(
        "SELECT substring(prosrc FROM 'WHEN NOT \\(put_aside_at[^\n]*put_aside_is_asynchronous')
         FROM pg_proc WHERE oid = 'helpline.contact_is_sound'::regproc",
    );
    for channel in channel::Channel::ALL {
        assert_eq!(rule.contains(&format!("'{}'", channel.key())), channel.is_asynchronous(), "{channel:?}");
    }
}
