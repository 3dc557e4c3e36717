//! A counsellor's client is lost in the middle of a conversation.

use helpline_proto::intake::v1::{Contact, ContactState, SendMessageRequest, WatchMessagesRequest};
use helpline_proto::queueing::v1::{GetPresenceRequest, NotReadyReason, Offer, PresenceState};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::Code;

use crate::desk::{Desk, Watch};
use crate::stage::{Stage, at, by, call, chat, until};

/// Seconds of silence after which a client is lost.
const TTL: u32 = 1;

/// A stage on which clients are lost soon, and conversations go back to the line so many seconds later.
async fn stage(resume_after_s: u32) -> Stage {
    let stage = Stage::set_with_presence_ttl(TTL).await;
    stage.settle(&format!(r#"{{"resumption": {{"resume_after_s": {resume_after_s}}}}}"#));
    stage
}

/// A counsellor with a conversation, who then loses their client.
async fn lost_with(stage: &Stage, contact: &Contact, desk: Desk) -> Actor {
    let offer = desk.offered(contact).await;
    desk.accept(&offer).await;
    let Desk { actor, watch } = desk;
    drop(watch);
    until("the counsellor is lost", async || {
        let lost = stage.journal(contact).iter().any(|(event, _)| event == "counsellor_lost");
        lost.then_some(())
    })
    .await;
    actor
}

/// Says something; what was said is read with [`said`].
async fn say(actor: &Actor, contact: &Contact, text: &str) {
    let request = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id: request_id(),
        text: text.to_owned(),
    };
    actor.messages().send_message(request).await.unwrap();
}

async fn said(actor: &Actor, contact: &Contact, count: usize) -> Vec<String> {
    let request =
        WatchMessagesRequest { contact_id: contact.contact_id.clone(), ..WatchMessagesRequest::default() };
    let mut stream = actor.messages().watch_messages(request).await.unwrap().into_inner();
    let mut texts = Vec::new();
    while texts.len() < count {
        let next = stream.message().await.unwrap().unwrap();
        texts.extend(next.message.map(|message| message.text));
    }
    texts
}

#[tokio::test]
async fn the_chat_of_a_lost_counsellor_goes_to_somebody_else_ahead_of_its_class() {
    let stage = stage(1).await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 1, 0)).await;
    let contact = stage.receive(chat("ar")).await;
    let offer = amina.offered(&contact).await;
    let answered = amina.accept(&offer).await;
    say(&stage.adapter, &contact, "Hello?").await;
    say(&amina.actor, &contact, "I am here.").await;
    // These came later, but should be answered earlier.
    let high = stage.receive(at(Risk::High, chat("ar"))).await;
    let critical = stage.receive(at(Risk::HarmNow, chat("ar"))).await;
    let Desk { actor, watch } = amina;
    drop(watch);

    let now = stage.until_state(&contact, ContactState::Waiting).await;
    assert!(now.resumed);
    assert_eq!((now.receive_time, now.deadline_time), (contact.receive_time, contact.deadline_time));
    assert_eq!((now.answer_time, now.epoch), (answered.answer_time, answered.epoch + 1));
    assert_eq!(now.counsellor_id, "");
    assert_eq!(stage.explain(&contact).await.ahead, 1, "only who is in danger comes first");
    assert_eq!(stage.explain(&high).await.ahead, 2);
    // Who was lost has it no more.
    let presence = actor.presence().get_presence(GetPresenceRequest {}).await.unwrap().into_inner();
    let presence = presence.presence.unwrap();
    assert_eq!((presence.state(), presence.reason()), (PresenceState::NotReady, NotReadyReason::ClientLost));
    assert_eq!(presence.held.unwrap().chats, 0);

    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(0, 3, 0)).await;
    for next in [&critical, &contact, &high] {
        basma.offered(next).await;
    }
    let offer = stage.contact(&contact.contact_id).await;
    assert!(offer.resumed, "until somebody accepts it");
    basma.watch.forget().await;
    let offer_id = stage.value(&format!(
        "SELECT offer_id FROM helpline.contacts WHERE contact_id = '{}'",
        contact.contact_id
    ));
    let offer = Offer { offer_id, ..Offer::default() };
    let taken = basma.accept(&offer).await;
    assert_eq!((taken.resumed, taken.answer_time), (false, answered.answer_time));
    assert_eq!(said(&basma.actor, &contact, 2).await, ["Hello?", "I am here."]);
    say(&basma.actor, &contact, "We go on.").await;
    let events: Vec<String> = stage.journal(&contact).into_iter().map(|(event, _)| event).collect();
    let story = [
        "contact_received",
        "contact_offered",
        "offer_accepted",
        "message_sent",
        "message_sent",
        "counsellor_lost",
        "contact_resumed",
        "contact_offered",
        "offer_accepted",
        "message_sent",
    ];
    assert_eq!(events, story);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn messages_are_given_back_and_a_call_never_is() {
    let stage = stage(1).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let spoken = stage.receive(call("ar")).await;
    let offer = amina.offered(&spoken).await;
    amina.accept(&offer).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let written = stage.receive(by(Channel::Sms, "ar")).await;
    let offer = basma.offered(&written).await;
    basma.accept(&offer).await;
    drop(amina);
    drop(basma);
    let now = stage.until_state(&written, ContactState::Waiting).await;
    assert!(now.resumed);
    let call = stage.contact(&spoken.contact_id).await;
    assert_eq!(call.state(), ContactState::InProgress);
    assert!(!stage.journal(&spoken).iter().any(|(event, _)| event == "counsellor_lost"));
    stage.agrees().await;
}

#[tokio::test]
async fn who_comes_back_in_time_keeps_the_conversation() {
    let stage = stage(3).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let kept = stage.receive(chat("ar")).await;
    let amina = lost_with(&stage, &kept, amina).await;
    let _back = Watch::open(&amina, "").await.unwrap();
    // Somebody who is lost after that does not come back.
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let given_back = stage.receive(chat("ar")).await;
    lost_with(&stage, &given_back, basma).await;
    stage.until_state(&given_back, ContactState::Waiting).await;
    let now = stage.contact(&kept.contact_id).await;
    assert_eq!((now.state(), now.resumed), (ContactState::InProgress, false));
    assert_eq!(now.counsellor_id, amina.counsellor_id);
    say(&amina, &kept, "I am back.").await;
    stage.agrees().await;
}

#[tokio::test]
async fn who_comes_back_later_is_offered_the_conversation_before_others() {
    let stage = stage(1).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(chat("ar")).await;
    let amina = lost_with(&stage, &contact, amina).await;
    stage.until_state(&contact, ContactState::Waiting).await;
    let amina = Desk::open(amina).await;
    let gone = amina.sees(&contact).await;
    assert_eq!(gone.unwrap_err().code(), Code::NotFound, "it is in line");
    // Idle for longer, so without the preference the first to be asked.
    let basma = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    stage.sql(&format!(
        "UPDATE helpline.presences SET state = 'ready', reason = NULL, last_seen_at = helpline.now(),
            idle_since = helpline.now() - CASE counsellor_id WHEN '{}' THEN interval '1 hour' ELSE interval '0' END, revision = revision + 1",
        basma.id()
    ));
    amina.offered(&contact).await;
    assert!(!basma.watch.has_offer().await);
}

#[tokio::test]
async fn whoever_is_quicker_the_client_that_comes_back_or_the_line_there_is_one_outcome() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 9, 0)).await;
    let (centre, counsellor) = (stage.world.centre.id, amina.id().parse().unwrap());
    let store = &stage.world.servers[0].ctx().store;
    let mut outcomes = [0, 0];
    for round in 0..24 {
        let contact = stage.receive(chat("ar")).await;
        let offer = amina.offered(&contact).await;
        amina.accept(&offer).await;
        amina.next_end().await;
        // Nothing more for now, and lost a while ago.
        stage.sql(
            "UPDATE helpline.presences SET state = 'not_ready', reason = 'client_lost', last_seen_at = helpline.now() - interval '60 s'",
        );
        stage.sql("UPDATE helpline.contacts SET lost_at = helpline.now() - interval '40 s' WHERE state = 'in_progress'");
        let back = async || {
            if round % 2 == 0 {
                tokio::task::yield_now().await;
            }
            store.touch_presences(centre, &[counsellor]).await.unwrap();
        };
        // Two servers look at once, and the client comes back.
        let (first, (), second) =
            tokio::join!(store.resume_one(centre, 30, 60), back(), store.resume_one(centre, 30, 60));
        let resumed = [first.unwrap(), second.unwrap()].into_iter().flatten().count();
        assert!(resumed <= 1, "given back twice");
        outcomes[resumed] += 1;
        let now = stage.contact(&contact.contact_id).await;
        if resumed == 1 {
            assert_eq!((now.state(), now.resumed), (ContactState::Waiting, true));
            stage.leave(&contact).await;
        } else {
            assert_eq!((now.state(), now.resumed), (ContactState::InProgress, false));
            amina.complete(&contact).await;
        }
        stage.agrees().await;
        amina.ready().await;
    }
    println!("kept {}, given back {}", outcomes[0], outcomes[1]);
    assert_eq!(amina.held().await, (0, 0, 0));
}

#[tokio::test]
async fn a_conversation_that_ends_while_it_is_given_back_ends_or_waits_and_never_both() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 9, 0)).await;
    let centre = stage.world.centre.id;
    let store = &stage.world.servers[0].ctx().store;
    for _ in 0..12 {
        let contact = stage.receive(chat("ar")).await;
        let offer = amina.offered(&contact).await;
        amina.accept(&offer).await;
        stage.sql(
            "UPDATE helpline.presences SET state = 'not_ready', reason = 'client_lost', last_seen_at = helpline.now() - interval '60 s'",
        );
        stage.sql("UPDATE helpline.contacts SET lost_at = helpline.now() - interval '40 s' WHERE state = 'in_progress'");
        let (resumed, left) =
            tokio::join!(store.resume_one(centre, 30, 60), stage.try_leave(&contact.contact_id));
        let resumed = resumed.unwrap();
        left.unwrap();
        let now = stage.contact(&contact.contact_id).await;
        if resumed.is_some() {
            assert_eq!(now.state(), ContactState::Abandoned, "it waited, and then the person left");
        } else {
            assert_eq!(now.state(), ContactState::WrapUp);
            amina.complete(&contact).await;
        }
        stage.agrees().await;
        amina.ready().await;
    }
}

#[tokio::test]
async fn a_view_that_is_filled_again_keeps_who_was_cut_off_in_front() {
    let stage = stage(1).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(chat("ar")).await;
    lost_with(&stage, &contact, amina).await;
    stage.until_state(&contact, ContactState::Waiting).await;
    // More than are read of a line, all of whom should be answered earlier.
    let mut others = Vec::new();
    for _ in 0..20 {
        others.push(stage.receive(at(Risk::High, chat("ar"))).await);
    }
    let ctx = stage.world.servers[0].ctx();
    let centre = stage.world.centre.id;
    let seen = ctx.store.generation(centre).await.unwrap();
    ctx.store.raise_generation(centre, seen).await.unwrap();
    // Somebody's change finds the old generation gone, and the keeper fills a new one.
    let key = format!("helpline:{{{centre}}}:generation");
    stage.world.stack.redis.command(&["DEL", &key]).unwrap();
    until("the view is filled again", async || {
        let view = ctx.mirror.live().line(centre, ctx.store.generation(centre).await.unwrap());
        let all = view.all().await.ok()?;
        (view.in_force().await.ok()? && all.len() == 21).then_some(())
    })
    .await;
    let view = ctx.mirror.live().line(centre, ctx.store.generation(centre).await.unwrap());
    let resumed: Vec<_> = view.all().await.unwrap().into_iter().filter(|waiter| waiter.resumed).collect();
    assert_eq!(resumed.len(), 1);
    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(0, 1, 0)).await;
    basma.offered(&contact).await;
}
