//! A block in the same instant as a contact, a danger, or another block.

use helpline_proto::intake::v1::{BlockSenderRequest, ContactState, ReceiveContactRequest};
use helpline_proto::terms::v1::Risk;

use super::danger::try_write;
use super::number;
use crate::risk_rules;
use crate::stage::{Stage, call, chat, from};

/// Races of each kind, one after the other.
const RACES: usize = 12;

fn sender(number: usize) -> String {
    format!("+9745555{number:04}")
}

fn block(of: usize) -> BlockSenderRequest {
    BlockSenderRequest { sender: sender(of), ..number() }
}

fn caller(of: usize) -> ReceiveContactRequest {
    from(&sender(of), call("eo"))
}

#[tokio::test]
async fn whoever_wins_nobody_whose_risk_rises_is_kept_out() {
    let stage = Stage::set().await;
    for race in 0..RACES {
        let contact = stage.receive(caller(race)).await;
        let (blocked, _) = tokio::join!(stage.try_block(block(race)), stage.assess(&contact, Risk::High));
        let refused = stage.try_block(block(race)).await;
        assert!(refused.is_err(), "once it is known, nobody can block them");
        assert_eq!(stage.comes(caller(race)).await, ContactState::Waiting, "blocked: {}", blocked.is_ok());
        assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Waiting);
    }
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_contact_that_comes_with_the_block_waits_or_is_blocked_and_is_one() {
    let stage = Stage::set().await;
    for race in 0..RACES {
        let (blocked, received) = tokio::join!(stage.try_block(block(race)), stage.received(caller(race)));
        let blocked = blocked.expect("nobody is at high risk");
        let contact = received.contact.unwrap();
        let kept_out = contact.state() == ContactState::Blocked;
        assert!(kept_out || contact.state() == ContactState::Waiting, "{:?}", contact.state());
        assert_eq!(stage.contact(&contact.contact_id).await.state(), contact.state());
        let sql = format!(
            "SELECT count(*) FROM helpline.contacts WHERE block_id = '{}' AND state = 'blocked'",
            blocked.block_id
        );
        assert_eq!(stage.value(&sql), u8::from(kept_out).to_string());
        assert_eq!(stage.comes(caller(race)).await, ContactState::Blocked);
    }
    assert_eq!(stage.value("SELECT count(*) FROM helpline.contacts"), (2 * RACES).to_string());
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn two_supervisors_at_once_make_one_block() {
    let stage = Stage::set().await;
    for race in 0..RACES {
        let (one, two) = tokio::join!(stage.block(block(race)), stage.block(block(race)));
        assert_eq!(one.block_id, two.block_id);
    }
    assert_eq!(stage.blocks(true).await.len(), RACES);
}

#[tokio::test]
async fn who_writes_of_danger_twice_at_once_is_let_in_once_with_both() {
    let stage = risk_rules::stage().await;
    for race in 0..RACES {
        stage.block(block(race)).await;
        let contact = stage.receive(from(&sender(race), chat("eo"))).await;
        assert_eq!(contact.state(), ContactState::Blocked);
        let write = || try_write(&stage, &contact, "he has a knife");
        let (one, two, three) = tokio::join!(write(), write(), write());
        assert!(one.is_ok() && two.is_ok() && three.is_ok(), "{one:?} {two:?} {three:?}");
        let events = stage.journal(&contact);
        let raised = events.iter().filter(|(event, _)| event == "risk_changed").count();
        assert_eq!((events.len(), raised), (5, 1), "{events:?}");
    }
    stage.agrees_with_the_view().await;
}
