//! Senders who are blocked for a time, and the danger that no block keeps out.

mod danger;
mod races;

use helpline_proto::intake::v1::{
    Block, BlockReason, BlockSenderRequest, ContactFilter, ContactState, LiftBlockRequest, ListBlocksRequest,
    ListContactsRequest, Outlook, ReceiveContactRequest,
};
use helpline_proto::queueing::v1::{QueueStatus, WatchQueueStatusRequest};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, request_id};
use prost_types::Duration;
use tonic::{Code, Status};

use crate::stage::{Stage, at, call, chat, from, seconds, until, why};

/// A number that is misused, as supervisors write it.
const NUMBER: &str = "+974 5555-0123";
const DAY: i64 = 24 * 60;

/// Asks to block the number for a day, as nobody says how long.
fn number() -> BlockSenderRequest {
    BlockSenderRequest {
        request_id: request_id(),
        sender: NUMBER.to_owned(),
        reason: BlockReason::Nuisance.into(),
        ..BlockSenderRequest::default()
    }
}

/// The same for so many minutes.
fn minutes(minutes: i64) -> BlockSenderRequest {
    BlockSenderRequest { lifetime: Some(Duration { seconds: minutes * 60, nanos: 0 }), ..number() }
}

/// A call from the number, as the telephone system delivers it.
fn caller() -> ReceiveContactRequest {
    from("+97455550123", call("ar"))
}

impl Stage {
    async fn try_block(&self, request: BlockSenderRequest) -> Result<Block, Status> {
        Ok(self.supervisor.blocks().block_sender(request).await?.into_inner().block.unwrap())
    }

    async fn block(&self, request: BlockSenderRequest) -> Block {
        self.try_block(request).await.unwrap()
    }

    async fn lift(&self, block: &Block) -> Block {
        let request = LiftBlockRequest { request_id: request_id(), block_id: block.block_id.clone() };
        self.supervisor.blocks().lift_block(request).await.unwrap().into_inner().block.unwrap()
    }

    async fn blocks(&self, in_force: bool) -> Vec<Block> {
        let request = ListBlocksRequest { in_force, ..ListBlocksRequest::default() };
        self.supervisor.blocks().list_blocks(request).await.unwrap().into_inner().blocks
    }

    /// Takes a contact in; where it stands then.
    async fn comes(&self, request: ReceiveContactRequest) -> ContactState {
        self.receive(request).await.state()
    }

    /// The figures of the floor, when they hold.
    async fn until_figures(&self, holds: impl Fn(&QueueStatus) -> bool) -> QueueStatus {
        until("the figures of the floor", async || {
            let request = WatchQueueStatusRequest::default();
            let mut stream = self.supervisor.line().watch_queue_status(request).await.unwrap().into_inner();
            let status = stream.message().await.unwrap()?.status?;
            holds(&status).then_some(status)
        })
        .await
    }
}

#[tokio::test]
async fn who_is_blocked_is_counted_and_offered_to_nobody_until_the_block_is_lifted() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 2, 0)).await;
    let block = stage.block(number()).await;
    assert_eq!((block.sender.as_str(), block.reason()), (NUMBER, BlockReason::Nuisance));
    assert!((seconds(block.expire_time) - seconds(block.create_time) - 86_400.0).abs() < 0.001);

    let named = ReceiveContactRequest { external_id: "call-1".to_owned(), ..caller() };
    let received = stage.received(named.clone()).await;
    let contact = received.contact.clone().unwrap();
    assert_eq!((contact.state(), received.outlook()), (ContactState::Blocked, Outlook::Blocked));
    assert!(contact.end_time.is_some() && !received.existing && received.arrangement.is_none());
    assert!(received.hint.contains("الطوارئ") && !received.hint.contains(NUMBER), "{}", received.hint);
    // The same call, asked for again with the same request and with another.
    for again in [named.clone(), ReceiveContactRequest { request_id: request_id(), ..named }] {
        let again = stage.received(again).await;
        assert!(again.existing);
        assert_eq!((again.contact.as_ref(), again.outlook()), (Some(&contact), Outlook::Blocked));
        assert_eq!(again.hint, received.hint);
    }
    assert_eq!(
        stage.comes(ReceiveContactRequest { language: "ru".to_owned(), ..caller() }).await,
        ContactState::Blocked
    );

    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    assert_eq!(stage.journal(&contact), [("contact_received".to_owned(), "channel_adapter".to_owned())]);
    let filter =
        Some(ContactFilter { states: vec![ContactState::Blocked.into()], ..ContactFilter::default() });
    let list = ListContactsRequest { filter, ..ListContactsRequest::default() };
    let listed = stage.supervisor.contacts().list_contacts(list).await.unwrap().into_inner().contacts;
    assert_eq!(listed.len(), 2);
    // The contact of the pass was received and left; these two are counted apart.
    let figures = stage.until_figures(|figures| figures.blocked == 2).await;
    assert_eq!((figures.received, figures.abandoned + figures.short_abandoned), (1, 1));
    assert_eq!(stage.blocks(true).await[0].blocked_contacts, 2);
    let served = stage.received(from("+97455550124", call("ar"))).await;
    assert_eq!((served.outlook(), served.hint.as_str()), (Outlook::Served, ""), "another number");
    let other = amina.take().await;
    amina.complete(&other).await;

    let lifted = stage.lift(&block).await;
    assert!(lifted.lift_time.is_some());
    assert_eq!(stage.lift(&block).await, lifted, "lifting twice is lifting once");
    assert_eq!(stage.value("SELECT count(*) FROM helpline.journal WHERE event = 'block_lifted'"), "1");
    assert!(stage.blocks(true).await.is_empty());
    assert_eq!(stage.blocks(false).await, [lifted]);
    let back = stage.receive(caller()).await;
    amina.offered(&back).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_block_ends_by_itself_by_the_databases_clock() {
    let stage = Stage::set().await;
    stage.block(minutes(30)).await;
    stage.world.advance(1790.0);
    assert_eq!(stage.comes(caller()).await, ContactState::Blocked);
    stage.world.advance(11.0);
    assert_eq!(stage.comes(caller()).await, ContactState::Waiting);
    assert!(stage.blocks(true).await.is_empty());
}

#[tokio::test]
async fn blocking_again_extends_the_block_and_never_shortens_it() {
    let stage = Stage::set().await;
    let first = stage.block(minutes(10)).await;
    let arabic = BlockSenderRequest { sender: "\u{200e}+٩٧٤٥٥٥٥٠١٢٣".to_owned(), ..minutes(1) };
    let again = stage.block(BlockSenderRequest { reason: BlockReason::Abusive.into(), ..arabic }).await;
    assert_eq!((&again.block_id, again.expire_time), (&first.block_id, first.expire_time));
    assert_eq!((again.reason(), again.sender.as_str()), (BlockReason::Abusive, NUMBER));
    let longer = stage.block(minutes(20)).await;
    assert!((seconds(longer.expire_time) - seconds(first.expire_time) - 600.0).abs() < 60.0);
    // One that ended by itself is taken up again; after a lifted one there is a new one.
    stage.world.advance(1500.0);
    assert_eq!(stage.block(number()).await.block_id, first.block_id);
    assert_eq!(stage.comes(caller()).await, ContactState::Blocked);
    stage.lift(&first).await;
    assert_ne!(stage.block(number()).await.block_id, first.block_id);
    let longest = stage.block(minutes(90 * DAY)).await;
    assert!(seconds(longest.expire_time) > seconds(longer.expire_time));
    let too_long = why(stage.try_block(minutes(90 * DAY + 1)).await);
    assert_eq!((too_long.code, too_long.fields), (Code::InvalidArgument, vec!["lifetime".to_owned()]));
}

#[tokio::test]
async fn a_sender_is_blocked_by_a_contact_of_theirs_too() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(caller()).await;
    let contact = amina.take().await;
    let of = |contact_id: &str| BlockSenderRequest {
        sender: String::new(),
        contact_id: contact_id.to_owned(),
        ..number()
    };
    let block = stage.block(of(&contact.contact_id)).await;
    assert_eq!(block.sender, "+97455550123");
    assert_eq!(
        stage.contact(&contact.contact_id).await.state(),
        ContactState::InProgress,
        "the talk goes on"
    );
    amina.complete(&contact).await;
    assert_eq!(stage.comes(caller()).await, ContactState::Blocked);

    let anonymous = stage.receive(call("en")).await;
    for (request, field) in [
        (of(&anonymous.contact_id), "contact_id"),
        (of(""), "contact_id"),
        (BlockSenderRequest { sender: " \u{200f} ".to_owned(), ..number() }, "sender"),
        (BlockSenderRequest { contact_id: contact.contact_id.clone(), ..number() }, "sender"),
        (BlockSenderRequest { reason: 0, ..number() }, "reason"),
    ] {
        let refused = why(stage.try_block(request).await);
        assert_eq!((refused.reason.as_str(), refused.fields), ("INVALID_FIELD", vec![field.to_owned()]));
    }
}

#[tokio::test]
async fn a_conversation_that_is_open_goes_on_and_the_next_one_does_not_begin() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 1, 0)).await;
    let writer = || from(NUMBER, chat("ar"));
    stage.receive(writer()).await;
    let talk = amina.take().await;
    stage.block(number()).await;
    let same = stage.received(writer()).await;
    assert!(same.existing);
    assert_eq!(same.contact.unwrap().contact_id, talk.contact_id);
    danger::try_write(&stage, &talk, "hello").await.unwrap();
    amina.complete(&talk).await;
    assert_eq!(stage.comes(writer()).await, ContactState::Blocked);
}

#[tokio::test]
async fn the_blocks_of_a_centre_come_in_pages_to_who_asked() {
    let stage = Stage::set().await;
    let mut made = Vec::new();
    for number in 0..3 {
        made.push(
            stage.block(BlockSenderRequest { sender: format!("user{number}"), ..self::number() }).await,
        );
    }
    stage.lift(&made[1]).await;
    let page = async |in_force, page_token: &str| {
        let request = ListBlocksRequest { page_size: 1, page_token: page_token.to_owned(), in_force };
        let answer = stage.supervisor.blocks().list_blocks(request).await?.into_inner();
        Ok::<_, Status>((answer.blocks[0].block_id.clone(), answer.next_page_token))
    };
    let (first, token) = page(true, "").await.unwrap();
    let (second, end) = page(true, &token).await.unwrap();
    assert_eq!([&first, &second], [&made[2].block_id, &made[0].block_id]);
    assert_eq!(end, "");
    assert_eq!(why(page(false, &token).await).reason, "INVALID_PAGE_TOKEN", "another question");
    let colleague = stage.world.supervisor().await;
    let request = ListBlocksRequest { page_size: 1, page_token: token, in_force: true };
    assert_eq!(why(colleague.blocks().list_blocks(request).await).reason, "INVALID_PAGE_TOKEN");
}

#[tokio::test]
async fn a_block_pushes_nobody_beyond_the_bounds_of_a_flood() {
    let stage = Stage::set().await;
    let flood = helpline_proto::directory::v1::Flood { most_received: 2, ..Default::default() };
    stage.world.change_settings(|settings| settings.flood = Some(flood)).await;
    stage.block(number()).await;
    let trunk = |request| ReceiveContactRequest { source: "trunk 4".to_owned(), ..request };
    for _ in 0..3 {
        assert_eq!(stage.comes(trunk(caller())).await, ContactState::Blocked);
    }
    assert!(!stage.receive(trunk(call("ar"))).await.limited);
    assert_eq!(stage.comes(at(Risk::Low, caller())).await, ContactState::Blocked);
}
