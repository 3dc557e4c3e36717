//! Nobody waits while somebody is free who may take them.

use std::sync::Mutex;

use helpline_proto::intake::v1::{Contact, ReceiveContactRequest};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::Abilities;

use crate::chance::Chance;
use crate::desk::Desk;
use crate::stage::{Stage, at, by, until};

/// Waiting contacts and ready counsellors with room for them who have not been offered them a moment ago.
const IDLE_WHILE_SOMEBODY_WAITS: &str = "
    SELECT c.contact_id::text, p.counsellor_id::text
    FROM helpline.contacts c
    JOIN helpline.presences p ON p.state = 'ready' AND p.held_voice = 0 AND CASE c.medium
        WHEN 'voice' THEN p.max_voice = 1 AND p.held_chat = 0 AND p.held_message = 0
        WHEN 'chat' THEN p.held_chat < p.max_chat
        ELSE p.held_message < p.max_message END
    JOIN helpline.counsellors k ON k.counsellor_id = p.counsellor_id
    WHERE c.state = 'waiting' AND (c.language IS NULL OR c.language = ANY (k.languages))";

fn somebody(chance: &mut Chance) -> ReceiveContactRequest {
    let channel = chance.one(&[Channel::Voice, Channel::Voice, Channel::WebChat, Channel::Sms]);
    let language = chance.one(&["ar", "ar", "ru", "en", ""]);
    let risk = chance.one(&[Risk::Unspecified, Risk::None, Risk::Low, Risk::High, Risk::Imminent]);
    at(risk, by(channel, language))
}

fn abilities(chance: &mut Chance) -> Abilities {
    let languages: &[&str] = chance.one(&[&["ar"][..], &["ru"], &["en"], &["ar", "en"], &["ru", "en"]]);
    let (voice, chats, messages) = chance.one(&[(1, 2, 3), (1, 0, 0), (0, 3, 5), (1, 1, 1)]);
    Abilities::speaking(languages).taking(voice, chats, messages)
}

/// Accepts everything that is offered for as long as it is polled.
async fn work(desk: &Desk, held: &Mutex<Vec<(usize, Contact)>>, place: usize) {
    loop {
        let offer = desk.watch.some_offer().await;
        if let Ok(answer) = desk.try_accept(&offer).await {
            held.lock().unwrap().push((place, answer.into_inner().contact.unwrap()));
        }
    }
}

#[tokio::test]
async fn fifty_children_and_twenty_counsellors_never_wait_for_each_other() {
    let stage = Stage::set().await;
    stage.world.change_settings(|settings| settings.reserve_from = 100_000).await;
    let mut chance = Chance::new(20_260_807);
    let mut desks = Vec::new();
    for _ in 0..20 {
        let abilities = abilities(&mut chance);
        desks.push(stage.desk_off_shift(abilities).await);
    }
    let held = Mutex::new(Vec::new());
    let working = async {
        let mut people: Vec<_> =
            desks.iter().enumerate().map(|(place, desk)| Box::pin(work(desk, &held, place))).collect();
        std::future::poll_fn(|context| {
            for person in &mut people {
                let _ = person.as_mut().poll(context);
            }
            std::task::Poll::<()>::Pending
        })
        .await;
    };
    let day = async {
        let mut off_shift: Vec<&Desk> = desks.iter().collect();
        for come in 0..50 {
            stage.receive(somebody(&mut chance)).await;
            // Counsellors come on shift in between, and conversations end.
            if come % 2 == 0
                && let Some(desk) = off_shift.pop()
            {
                desk.ready().await;
            }
            if chance.below(3) == 0 {
                let ended = held.lock().unwrap().pop();
                if let Some((place, contact)) = ended {
                    desks[place].complete(&contact).await;
                }
            }
            if come % 10 == 9 {
                nobody_is_idle(&stage).await;
            }
        }
        // From here on it only gets emptier.
        loop {
            nobody_is_idle(&stage).await;
            let ended = held.lock().unwrap().pop();
            match ended {
                Some((place, contact)) => drop(desks[place].complete(&contact).await),
                None if open(&stage) == 0 => return,
                None => {}
            }
        }
    };
    tokio::select! {
        () = day => {}
        () = working => {}
    }
    assert_eq!(stage.value("SELECT count(*) FROM helpline.contacts WHERE state = 'closed'"), "50");
    stage.agrees_with_the_view().await;
}

async fn nobody_is_idle(stage: &Stage) {
    until("nobody who could help is idle", async || {
        stage.sql(IDLE_WHILE_SOMEBODY_WAITS).is_empty().then_some(())
    })
    .await;
}

fn open(stage: &Stage) -> i64 {
    stage.value("SELECT count(*) FROM helpline.contacts WHERE ended_at IS NULL").parse().unwrap()
}
