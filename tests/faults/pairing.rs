//! Children and free counsellors in equal numbers, over two servers at once, in any order of arrival.

use std::sync::Arc;
use std::time::{Duration, Instant};

use helpline_devstack::{Stack, StackOptions};
use helpline_domain::caller::Role;
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{AcceptOfferRequest, GoReadyRequest, WatchOffersRequest};
use helpline_proto::terms::v1::Channel;
use helpline_tests::process::{Fleet, FleetOptions, private_stack, retry};
use helpline_tests::{Actor, request_id};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::afterwards::{everything_agrees, nothing_was_doubled};

/// Children, and counsellors.
const SIDE: usize = 200;
/// From the last arrival until everybody has somebody. A debug build on two busy cores is twenty times slower than it
/// should be.
const BOUND: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn as_many_children_as_counsellors_pair_off_each_exactly_once() {
    let stack = private_stack(StackOptions::default());
    for seed in [1, 2, 3] {
        pair_off(&stack, seed).await;
    }
}

/// Who comes.
enum Arrival {
    Child(Actor),
    Counsellor(Actor),
}

async fn pair_off(stack: &Arc<Stack>, seed: u64) {
    let options = FleetOptions {
        processes: 2,
        settings: r#"{"reserve": 0, "offer_timeout_s": 120}"#.to_owned(),
        ..FleetOptions::default()
    };
    let fleet = Fleet::start_on(Arc::clone(stack), options).await;
    let mut arrivals: Vec<Arrival> = Vec::new();
    arrivals.extend(fleet.bearers(Role::ChannelAdapter, &vec![None; SIDE]).into_iter().map(Arrival::Child));
    arrivals.extend(fleet.counsellors(SIDE, (1, 2, 5)).into_iter().map(Arrival::Counsellor));
    let mut draws = Draws(seed);
    for last in (1..arrivals.len()).rev() {
        arrivals.swap(last, draws.below(last + 1));
    }

    let (accepted, mut pairs) = mpsc::unbounded_channel();
    let mut people = JoinSet::new();
    for arrival in arrivals {
        match arrival {
            Arrival::Child(adapter) => people.spawn(call(adapter)),
            Arrival::Counsellor(counsellor) => people.spawn(answer(counsellor, accepted.clone())),
        };
        // Some come together, some apart.
        if draws.below(3) == 0 {
            tokio::time::sleep(Duration::from_micros(draws.below(4000) as u64)).await;
        }
    }
    let begun = Instant::now();
    let mut contacts = std::collections::HashSet::new();
    while contacts.len() < SIDE {
        let left = BOUND.saturating_sub(begun.elapsed());
        let Ok(Some((counsellor, contact))) = tokio::time::timeout(left, pairs.recv()).await else {
            let waiting = waiting(&fleet);
            panic!("seed {seed}: {} of {SIDE} pairs after {BOUND:?}; {waiting} wait", contacts.len());
        };
        assert!(contacts.insert(contact), "seed {seed}: a contact was accepted twice, by {counsellor} too");
    }
    println!("seed {seed}: all pairs {:.1?} after the last arrival", begun.elapsed());
    people.abort_all();

    let centre = fleet.centre;
    let paired = format!(
        "SELECT count(*) FROM (SELECT counsellor_id FROM helpline.contacts
             WHERE centre_id = '{centre}' AND state = 'in_progress' GROUP BY counsellor_id HAVING count(*) = 1) paired"
    );
    assert_eq!(fleet.count(&paired), 200, "seed {seed}: counsellors with exactly one child");
    assert_eq!(waiting(&fleet), 0, "seed {seed}: children left over");
    let once = format!("SELECT max(offer_count) FROM helpline.contacts WHERE centre_id = '{centre}'");
    assert_eq!(fleet.count(&once), 1, "seed {seed}: offers of a child");
    nothing_was_doubled(&fleet);
    everything_agrees(&fleet).await;
}

fn waiting(fleet: &Fleet) -> i64 {
    let centre = fleet.centre;
    fleet.count(&format!(
        "SELECT count(*) FROM helpline.contacts WHERE centre_id = '{centre}' AND state IN ('waiting', 'offered')"
    ))
}

async fn call(adapter: Actor) {
    let request = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Voice.into(),
        external_id: request_id(),
        ..ReceiveContactRequest::default()
    };
    let received = retry("receive", BOUND, || {
        let (mut client, request) = (adapter.contacts(), request.clone());
        async move { client.receive_contact(request).await }
    });
    received.await.expect("a contact");
}

/// Comes on shift and accepts whatever is offered.
async fn answer(counsellor: Actor, accepted: mpsc::UnboundedSender<(String, String)>) {
    let request = GoReadyRequest { request_id: request_id() };
    let ready = retry("go ready", BOUND, || {
        let (mut client, request) = (counsellor.presence(), request.clone());
        async move { client.go_ready(request).await }
    });
    ready.await.expect("ready");
    loop {
        // On a machine that is slow enough, the server lets go of a stream for which it has no time.
        let watching = retry("watch offers", BOUND, || {
            let mut client = counsellor.offers();
            async move { client.watch_offers(WatchOffersRequest::default()).await }
        });
        let mut stream = watching.await.expect("offers");
        while let Ok(Some(message)) = stream.message().await {
            let Some(Event::Opened(offer)) = message.event else { continue };
            let request = AcceptOfferRequest { request_id: request_id(), offer_id: offer.offer_id };
            let acceptance = retry("accept", BOUND, || {
                let (mut client, request) = (counsellor.offers(), request.clone());
                async move { client.accept_offer(request).await }
            });
            let contact = acceptance.await.expect("an acceptance").contact.expect("the contact");
            let _ = accepted.send((counsellor.counsellor_id.clone(), contact.contact_id));
        }
    }
}

/// The draws of a seed: SplitMix64.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("below the bound")
    }
}
