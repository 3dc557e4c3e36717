//! A collector of spans that keeps whatever it is sent, as bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::Server;

/// A collector; it serves until the test ends.
pub(super) struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let keeping = Arc::clone(&received);
        let keep = move |request: Request| {
            let keeping = Arc::clone(&keeping);
            async move {
                if let Ok(body) = request.into_body().collect().await {
                    let bytes = body.to_bytes();
                    keeping.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes);
                }
                // An empty message of any kind.
                let answer = Response::builder().header("content-type", "application/grpc");
                answer.header("grpc-status", "0").body(Body::from(vec![0; 5])).expect("an answer")
            }
        };
        let routes = Routes::from(axum::Router::new().fallback(keep));
        let incoming = TcpListenerStream::new(listener);
        tokio::spawn(Server::builder().add_routes(routes).serve_with_incoming(incoming));
        Self { address, received }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything received so far.
    pub(super) fn received(&self) -> Vec<u8> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
