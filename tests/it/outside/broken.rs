//! At the other end of a webhook may stand anything: nothing, something that hangs up, something that is no web server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use helpline_proto::channels::v1::DeliveryState;
use helpline_tests::{Answer, Partner};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::scene::{NOW, Scene, until};

/// What answers a connection: these bytes, then perhaps others for ever.
#[derive(Clone, Copy)]
struct Script {
    first: &'static [u8],
    for_ever: &'static [u8],
}

/// A server that follows a script, waits for `go` before it answers if it is told to, and counts its connections.
struct Broken {
    url: String,
    connections: Arc<AtomicUsize>,
    go: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Broken {
    async fn following(script: Script, waits: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (connections, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (counted, released) = (Arc::clone(&connections), Arc::clone(&go));
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let released = Arc::clone(&released);
                tokio::spawn(async move {
                    let mut asked = [0; 4096];
                    let _ = stream.read(&mut asked).await;
                    if waits {
                        released.notified().await;
                    }
                    if stream.write_all(script.first).await.is_ok() && !script.for_ever.is_empty() {
                        while stream.write_all(script.for_ever).await.is_ok() {}
                    }
                });
            }
        });
        Self { url, connections, go, task }
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn whatever_hangs_up_or_is_no_web_server_is_tried_again_and_holds_up_nobody() {
    let scene = Scene::set().await;
    let script = |first, for_ever| Script { first, for_ever };
    let partner = Partner::answering([Answer::Status(200)]).await;
    let well = scene.hook(&partner.url).await;
    for (what, script) in [
        ("hangs up", script(b"", b"")),
        ("breaks off", script(b"HTTP/1.1 200 OK\r\nContent-", b"")),
        ("speaks another language", script(b"220 mail.agency.example ESMTP\r\n", b"")),
        (
            "never ends its headers",
            script(b"HTTP/1.1 200 OK\r\n", b"x-more: and more, and more, and more\r\n"),
        ),
        ("is no status", script(b"HTTP/1.1 999999 OK\r\n\r\n", b"")),
    ] {
        let broken = Broken::following(script, false).await;
        let escalation = scene.escalation(NOW);
        let ids = scene.due_all(&escalation, &[&scene.hook(&broken.url).await, &well]);
        let (mut failed, mut arrived) = (0, 0);
        for id in &ids {
            let tried = scene.tried(&escalation, id, 1).await;
            match (tried.state(), tried.last_result.as_str()) {
                (DeliveryState::Pending, "broken_off") => failed += 1,
                (DeliveryState::Delivered, "http_200") => arrived += 1,
                other => panic!("{what}: {other:?}"),
            }
        }
        assert_eq!((failed, arrived, broken.connections.load(Ordering::SeqCst)), (1, 1, 1), "{what}");
    }
}

#[tokio::test]
async fn where_nothing_listens_it_is_tried_until_something_does() {
    let scene = Scene::set().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &scene.hook(&format!("http://{address}/hook")).await);
    let refused = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((refused.state(), refused.last_result.as_str()), (DeliveryState::Pending, "not_connected"));
    let partner = Partner::answering_at(address, [503, 500, 200].map(Answer::Status)).await;
    for (tries, seconds, result) in [(2, 6.0, "http_503"), (3, 17.0, "http_500"), (4, 34.0, "http_200")] {
        scene.world.advance(seconds);
        assert_eq!(scene.tried(&escalation, &delivery, tries).await.last_result, result, "it comes and goes");
    }
    assert_eq!(partner.heard().len(), 3);
    assert_eq!(scene.timeline(&escalation), ["delivered"]);
}

#[tokio::test]
async fn an_agency_that_takes_its_time_is_waited_for_and_told_once() {
    let scene = Scene::set().await;
    let script = Script { first: b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", for_ever: b"" };
    let slow = Broken::following(script, true).await;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &scene.hook(&slow.url).await);
    until("it is asked", async || (slow.connections.load(Ordering::SeqCst) == 1).then_some(())).await;
    // Nobody else sends it meanwhile: it is claimed for as long as the agency may take.
    scene.world.advance(9.0);
    slow.go.notify_one();
    let told = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((told.state(), told.last_result.as_str()), (DeliveryState::Delivered, "http_202"));
    assert_eq!(slow.connections.load(Ordering::SeqCst), 1);
}
