//! A counsellor's client dies while an offer is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use helpline_domain::caller::Role;
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{GoReadyRequest, Offer, WatchOffersRequest, WatchOffersResponse};
use helpline_proto::terms::v1::Channel;
use helpline_tests::process::{Fleet, FleetOptions};
use helpline_tests::{Actor, request_id};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::Streaming;
use tonic::transport::Endpoint;

/// Seconds without a sign of life.
const TTL: u32 = 2;

async fn fleet() -> Fleet {
    let settings = r#"{"offer_timeout_s": 120}"#.to_owned();
    Fleet::start(FleetOptions { presence_ttl_s: TTL, settings, ..FleetOptions::default() }).await
}

/// Comes on shift with an open stream of offers.
async fn on_shift(counsellor: &Actor) -> Streaming<WatchOffersResponse> {
    let stream = counsellor.offers().watch_offers(WatchOffersRequest::default()).await;
    let request = GoReadyRequest { request_id: request_id() };
    counsellor.presence().go_ready(request).await.expect("ready");
    stream.expect("offers").into_inner()
}

/// The next offer, if it comes in time.
async fn offer(stream: &mut Streaming<WatchOffersResponse>, patience: Duration) -> Offer {
    let opened = tokio::time::timeout(patience, async {
        loop {
            if let Some(Event::Opened(offer)) = stream.message().await.expect("a stream").expect("more").event
            {
                return offer;
            }
        }
    });
    opened.await.unwrap_or_else(|_| panic!("no offer within {patience:?}"))
}

async fn a_call(fleet: &Fleet) {
    let request = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Voice.into(),
        ..ReceiveContactRequest::default()
    };
    let adapter = fleet.bearer(Role::ChannelAdapter, None);
    adapter.contacts().receive_contact(request).await.expect("a contact");
}

/// What must be so after `lost` has lost their client: the offer went to `other`, who is still there.
fn assert_lost(fleet: &Fleet, lost: &Actor, other: &Actor) {
    let presence = |actor: &Actor| {
        fleet.sql(&format!(
            "SELECT state, reason FROM helpline.presences WHERE counsellor_id = '{}'",
            actor.counsellor_id
        ))
    };
    assert_eq!(presence(lost), [["not_ready", "client_lost"]]);
    assert_eq!(presence(other), [["ready", ""]]);
    let offers =
        format!("SELECT state, reason FROM helpline.offers WHERE counsellor_id = '{}'", lost.counsellor_id);
    assert_eq!(fleet.sql(&offers), [["withdrawn", "client_lost"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_counsellors_client_dies_the_open_offer_goes_to_somebody_else() {
    let fleet = fleet().await;
    let mut people = fleet.counsellors(2, (1, 2, 5));
    let (second, first) = (people.remove(1), people.remove(0));
    let mut stream = on_shift(&first).await;
    a_call(&fleet).await;
    let seen = offer(&mut stream, Duration::from_secs(5)).await;
    let mut other = on_shift(&second).await;
    let died = Instant::now();
    drop(stream);
    // One time to live, the worker's pace, the sweep, and a busy machine.
    let again = offer(&mut other, Duration::from_secs(u64::from(TTL) + 3)).await;
    println!("offered again {:.1?} after the client died", died.elapsed());
    assert_eq!(again.contact_id, seen.contact_id);
    assert_lost(&fleet, &first, &second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counsellor_whose_network_falls_silent_is_lost_as_one_who_hangs_up() {
    let mut fleet = fleet().await;
    let mut people = fleet.counsellors(2, (1, 2, 5));
    let silent = Arc::new(AtomicBool::new(false));
    let address = silent_proxy(fleet.server(0).grpc(), Arc::clone(&silent)).await;
    let channel = Endpoint::from_shared(format!("http://{address}")).expect("an address").connect_lazy();
    let (second, first) = (people.remove(1), people.remove(0).over(channel));
    let mut stream = on_shift(&first).await;
    a_call(&fleet).await;
    let seen = offer(&mut stream, Duration::from_secs(5)).await;
    let mut other = on_shift(&second).await;
    silent.store(true, Ordering::SeqCst);
    let died = Instant::now();
    // Until the silence is noticed, two times to live at the most.
    let again = offer(&mut other, Duration::from_secs(2 * u64::from(TTL) + 4)).await;
    println!("offered again {:.1?} after the network fell silent", died.elapsed());
    assert_eq!(again.contact_id, seen.contact_id);
    assert_lost(&fleet, &first, &second);
    drop(stream);
}

/// Passes bytes on in both directions until it falls silent: then it keeps the connections and moves nothing.
async fn silent_proxy(to: std::net::SocketAddr, silent: Arc<AtomicBool>) -> std::net::SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(to).await.expect("the server");
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            for (mut from, mut to) in [(from_client, to_server), (from_server, to_client)] {
                let silent = Arc::clone(&silent);
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(count @ 1..) = from.read(&mut bytes).await {
                        if silent.load(Ordering::SeqCst) {
                            std::future::pending::<()>().await;
                        }
                        if to.write_all(&bytes[..count]).await.is_err() {
                            return;
                        }
                    }
                });
            }
        }
    });
    address
}
