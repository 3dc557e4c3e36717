//! What a counsellor can hold at once.

use helpline_proto::directory::v1::{Capacity, Counsellor, GetCounsellorRequest, UpdateCounsellorRequest};
use helpline_proto::intake::v1::Contact;
use helpline_proto::queueing::v1::WaitingCause;
use helpline_proto::terms::v1::Channel;
use helpline_tests::{Abilities, request_id};

use crate::desk::Desk;
use crate::stage::{Stage, by, call, chat, until};

async fn give(stage: &Stage, desk: &Desk, capacity: Capacity) {
    let administrator = stage.world.administrator();
    let request = GetCounsellorRequest { counsellor_id: desk.id().to_owned() };
    let counsellor =
        administrator.counsellors().get_counsellor(request).await.unwrap().into_inner().counsellor;
    let counsellor = Counsellor { capacity: Some(capacity), ..counsellor.unwrap() };
    let request = UpdateCounsellorRequest {
        request_id: request_id(),
        counsellor: Some(counsellor),
        expected_revision: 0,
    };
    administrator.counsellors().update_counsellor(request).await.unwrap();
}

#[tokio::test]
async fn a_counsellor_gets_as_many_chats_as_they_can_hold_and_the_next_when_one_is_signed_off() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 3, 5)).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(stage.receive(chat("ar")).await);
    }
    for contact in &waiting[..3] {
        let offer = amina.offered(contact).await;
        amina.accept(&offer).await;
    }
    assert_eq!(amina.held().await, (0, 3, 0));
    stage.until_cause(&waiting[3], WaitingCause::AllBusy).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    amina.complete(&waiting[1]).await;
    amina.offered(&waiting[3]).await;
    assert_eq!(amina.held().await, (0, 3, 0));
    let released = amina.release(&waiting[0]).await;
    amina.finish(&released).await;
    amina.offered(&waiting[4]).await;
    stage.agrees().await;
}

#[tokio::test]
async fn who_speaks_is_offered_nothing_else() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 3, 5)).await;
    let talk = stage.receive(call("ar")).await;
    let offer = amina.offered(&talk).await;
    // From the offer on.
    let mut waiting: Vec<Contact> = Vec::new();
    for channel in [Channel::WebChat, Channel::Sms] {
        waiting.push(stage.receive(by(channel, "ar")).await);
    }
    stage.until_cause(&waiting[0], WaitingCause::AllBusy).await;
    let talk = amina.accept(&offer).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    amina.complete(&talk).await;
    for contact in &waiting {
        amina.offered(contact).await;
    }
    assert_eq!(amina.held().await, (0, 1, 1));
}

#[tokio::test]
async fn a_call_is_not_offered_to_somebody_with_a_chat() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 3, 5)).await;
    stage.receive(chat("ar")).await;
    let chatting = amina.take().await;
    let talk = stage.receive(call("ar")).await;
    stage.until_cause(&talk, WaitingCause::AllBusy).await;
    // Another chat passes by the call, which nobody could have taken.
    let second = stage.receive(chat("ar")).await;
    let offer = amina.offered(&second).await;
    let second = amina.accept(&offer).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    amina.complete(&chatting).await;
    amina.complete(&second).await;
    amina.offered(&talk).await;
}

#[tokio::test]
async fn a_capacity_lowered_while_more_is_held_takes_nothing_away_and_gives_nothing_more() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 3, 0)).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        stage.receive(chat("ar")).await;
        held.push(amina.take().await);
    }
    give(&stage, &amina, Capacity { voice: 0, chats: 1, messages: 0 }).await;
    let presence = amina.presence().await;
    assert_eq!((presence.held.unwrap().chats, presence.capacity.unwrap().chats), (3, 1));
    let waiting = stage.receive(chat("ar")).await;
    for contact in &held[..2] {
        amina.complete(contact).await;
        stage.until_cause(&waiting, WaitingCause::AllBusy).await;
    }
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await, "still holds as much as they can");
    amina.complete(&held[2]).await;
    amina.offered(&waiting).await;
    stage.agrees().await;
}

#[tokio::test]
async fn a_capacity_raised_is_used_at_once() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 1, 0)).await;
    stage.receive(chat("ar")).await;
    amina.take().await;
    let waiting = stage.receive(chat("ar")).await;
    stage.until_cause(&waiting, WaitingCause::AllBusy).await;
    give(&stage, &amina, Capacity { voice: 0, chats: 2, messages: 0 }).await;
    amina.offered(&waiting).await;
    until("both are held", async || (amina.held().await == (0, 2, 0)).then_some(())).await;
}

#[tokio::test]
async fn a_counsellor_can_be_changed_in_the_instant_in_which_they_come_or_go() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    for turn in 1..=40 {
        let capacity = Capacity { voice: 1, chats: 1 + turn % 5, messages: 0 };
        tokio::join!(give(&stage, &amina, capacity), async {
            amina.ready().await;
            amina.offline().await;
        });
        assert_eq!(amina.presence().await.capacity, Some(capacity));
    }
}
