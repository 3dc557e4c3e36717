//! The door in front of a real server: over the network, and in process.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::Stream;
use futures_util::stream;
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{CentreId, CounsellorId, TokenId};
use helpline_proto::intake::v1::message_service_client::MessageServiceClient;
use helpline_proto::intake::v1::message_service_server::{MessageService, MessageServiceServer};
use helpline_proto::intake::v1::{
    SendMessageRequest, SendMessageResponse, WatchMessagesRequest, WatchMessagesResponse,
};
use helpline_service_kit::access::AccessLayer;
use helpline_service_kit::authenticator::{Authenticator, TokenSource};
use helpline_service_kit::caller::{caller_of, counsellor_of};
use helpline_service_kit::clock::SystemClock;
use helpline_service_kit::ids::SystemIds;
use helpline_service_kit::metrics::Metrics;
use helpline_service_kit::streams::{StreamLimits, Streams};
use helpline_store::StoreError;
use helpline_vault::{BearerToken, SystemRandom};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;
use tower::Layer as _;
use uuid::Uuid;

/// Sends a checkpoint at once and nothing more; takes very long to store the text `slow`.
struct Messages;

type Watched = Pin<Box<dyn Stream<Item = Result<WatchMessagesResponse, Status>> + Send>>;

#[tonic::async_trait]
impl MessageService for Messages {
    async fn send_message(
        &self,
        request: Request<SendMessageRequest>,
    ) -> Result<Response<SendMessageResponse>, Status> {
        counsellor_of(&caller_of(&request)?)?;
        if request.get_ref().text == "slow" {
            std::future::pending::<()>().await;
        }
        Ok(Response::new(SendMessageResponse::default()))
    }

    type WatchMessagesStream = Watched;

    async fn watch_messages(&self, _: Request<WatchMessagesRequest>) -> Result<Response<Watched>, Status> {
        let checkpoint = stream::iter([Ok(WatchMessagesResponse { message: None, sequence: 1 })]);
        Ok(Response::new(Box::pin(stream::StreamExt::chain(checkpoint, stream::pending()))))
    }
}

type Known = Option<([u8; 32], Caller)>;

#[derive(Clone)]
struct OneToken(Arc<Mutex<Known>>);

impl TokenSource for OneToken {
    async fn bearer(&self, hash: [u8; 32]) -> Result<Option<Caller>, StoreError> {
        let known = self.0.lock().map_err(|_| StoreError::Retry)?;
        Ok(known.filter(|(known, _)| *known == hash).map(|(_, caller)| caller))
    }
}

struct Bench {
    authenticator: Authenticator,
    layer: AccessLayer,
    token: BearerToken,
    caller: Caller,
}

fn bench() -> Bench {
    let token = BearerToken::generate(&SystemRandom);
    let caller = Caller {
        token_id: TokenId::from(Uuid::from_u128(1)),
        centre_id: CentreId::from(Uuid::from_u128(2)),
        role: Role::Counsellor,
        counsellor_id: Some(CounsellorId::from(Uuid::from_u128(3))),
        agency_id: None,
        only: None,
    };
    let source = OneToken(Arc::new(Mutex::new(Some((token.hash(), caller)))));
    let streams = Streams::new(StreamLimits { total: 10, per_token: 10 });
    let authenticator = Authenticator::new(source, Arc::new(SystemClock), streams);
    let layer = AccessLayer::new(
        authenticator.clone(),
        Metrics::new(),
        Arc::new(SystemIds),
        CancellationToken::new(),
    );
    Bench { authenticator, layer, token, caller }
}

#[expect(clippy::unwrap_used, reason = "a test's own helper")]
async fn serve(layer: AccessLayer) -> MessageServiceClient<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().layer(layer).add_service(MessageServiceServer::new(Messages));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    MessageServiceClient::connect(format!("http://{address}")).await.unwrap()
}

#[expect(clippy::unwrap_used, reason = "a test's own helper")]
fn with_token<T>(token: &BearerToken, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {}", token.expose()).parse().unwrap());
    request
}

fn text(text: &str) -> SendMessageRequest {
    SendMessageRequest { text: text.to_owned(), ..SendMessageRequest::default() }
}

#[tokio::test]
async fn a_call_over_the_network_needs_a_token() {
    let bench = bench();
    let mut client = serve(bench.layer).await;
    let refused = client.send_message(Request::new(text("hello"))).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(refused.get_details_error_info().unwrap().reason, "TOKEN_REFUSED");
    let answer = client.send_message(with_token(&bench.token, text("hello"))).await.unwrap();
    assert!(answer.metadata().contains_key("x-request-id"));
}

#[tokio::test]
async fn a_deadline_over_the_network_is_answered_as_such_and_not_as_cancelled() {
    let bench = bench();
    let mut client = serve(bench.layer).await;
    let started = Instant::now();
    // The header alone, so that the client's own timer does not answer instead of the server.
    let mut request = with_token(&bench.token, text("slow"));
    request.metadata_mut().insert("grpc-timeout", "300m".parse().unwrap());
    let refused = client.send_message(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::DeadlineExceeded, "{refused:?}");
    assert_eq!(refused.get_details_error_info().unwrap().reason, "DEADLINE_EXCEEDED");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn an_open_stream_over_the_network_ends_when_its_token_is_revoked() {
    let bench = bench();
    let mut client = serve(bench.layer).await;
    let request = with_token(&bench.token, WatchMessagesRequest::default());
    let mut stream = client.watch_messages(request).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().sequence, 1);
    bench.authenticator.invalidate(bench.caller.token_id);
    let ended = tokio::time::timeout(Duration::from_secs(1), stream.message()).await.unwrap().unwrap_err();
    assert_eq!(ended.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn the_door_stands_in_process_too() {
    let bench = bench();
    let routes = Routes::new(MessageServiceServer::new(Messages)).prepare();
    let mut client = MessageServiceClient::new(bench.layer.layer(routes));
    let mut forged = Request::new(text("hello"));
    forged.extensions_mut().insert(bench.caller);
    assert_eq!(client.send_message(forged).await.unwrap_err().code(), Code::Unauthenticated);
    client.send_message(with_token(&bench.token, text("hello"))).await.unwrap();
    let mut slow = with_token(&bench.token, text("slow"));
    slow.set_timeout(Duration::from_millis(100));
    assert_eq!(client.send_message(slow).await.unwrap_err().code(), Code::DeadlineExceeded);
}
