//! A partner agency's web server, which answers as a test says and remembers what it was told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How a request is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With a status.
    Status(u16),
    /// With a status and a header.
    With(u16, &'static str, String),
    /// Not at all, until [`Partner::let_go`].
    Hang,
    /// With 200 and a body that never ends.
    Endless,
}

/// What was told.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The headers.
    pub headers: HeaderMap,
    /// The exact bytes.
    pub body: Vec<u8>,
}

impl Heard {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Desk {
    heard: Mutex<Vec<Heard>>,
    answers: Mutex<VecDeque<Answer>>,
    go: Notify,
}

/// The server. Dropping it closes it.
#[derive(Debug)]
pub struct Partner {
    /// Its URL.
    pub url: String,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

impl Partner {
    /// A server that gives these answers one after another; the last one stays.
    pub async fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::answering_at(SocketAddr::from(([127, 0, 0, 1], 0)), answers).await
    }

    /// The same at an address of its own.
    pub async fn answering_at(address: SocketAddr, answers: impl IntoIterator<Item = Answer>) -> Self {
        let desk = Arc::new(Desk { answers: Mutex::new(answers.into_iter().collect()), ..Desk::default() });
        let router = Router::new().fallback(any(hear)).with_state(Arc::clone(&desk));
        let listener = TcpListener::bind(address).await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("its address"));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { url, desk, task }
    }

    /// What it was told so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.desk.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Breaks off what hangs.
    pub fn let_go(&self) {
        self.desk.go.notify_waiters();
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hear(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let answer = {
        let mut answers = desk.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        answer.unwrap_or(Answer::Status(204))
    };
    let go = desk.go.notified();
    desk.heard.lock().unwrap_or_else(PoisonError::into_inner).push(Heard { headers, body: body.to_vec() });
    let respond = |status: u16| Response::builder().status(status);
    let response = match answer {
        Answer::Status(status) => respond(status).body(Body::empty()),
        Answer::With(status, name, value) => respond(status).header(name, value).body(Body::empty()),
        Answer::Hang => {
            go.await;
            respond(500).body(Body::empty())
        }
        Answer::Endless => {
            let chunk = || Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096]));
            respond(200).body(Body::from_stream(tokio_stream::iter(std::iter::repeat_with(chunk))))
        }
    };
    response.expect("a response")
}
