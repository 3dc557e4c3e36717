use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use helpline_domain::caller::Subject;
use helpline_domain::id::{CentreId, TokenId};
use helpline_store::StoreError;
use helpline_vault::SystemRandom;
use http_body::{Body as _, Frame};
use tonic::codegen::Bytes;
use tonic_types::StatusExt as _;
use tower::{ServiceExt as _, service_fn};

use super::*;
use crate::authenticator::TokenSource;
use crate::clock::TestClock;
use crate::ids::TestIds;
use crate::streams::{StreamLimits, Streams};

const RECEIVE: &str = "/helpline.intake.v1.ContactService/ReceiveContact";
const WATCH: &str = "/helpline.intake.v1.MessageService/WatchMessages";

#[derive(Clone, Default)]
struct Tokens(Arc<TokensInner>);

#[derive(Default)]
struct TokensInner {
    bearers: Mutex<HashMap<[u8; 32], Caller>>,
    asked: AtomicU32,
    down: AtomicBool,
    slow: AtomicBool,
}

impl TokenSource for Tokens {
    async fn bearer(&self, hash: [u8; 32]) -> Result<Option<Caller>, StoreError> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        if self.0.slow.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.0.down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("down".to_owned()));
        }
        Ok(self.0.bearers.lock().unwrap().get(&hash).copied())
    }
}

struct Bench {
    tokens: Tokens,
    clock: TestClock,
    authenticator: Authenticator,
    layer: AccessLayer,
    metrics: Metrics,
    closing: CancellationToken,
}

impl Bench {
    fn new() -> Self {
        let (tokens, clock, metrics) = (Tokens::default(), TestClock::default(), Metrics::new());
        let streams = Streams::new(StreamLimits { total: 3, per_token: 2 });
        let authenticator = Authenticator::new(tokens.clone(), Arc::new(clock.clone()), streams);
        let closing = CancellationToken::new();
        let layer = AccessLayer::new(
            authenticator.clone(),
            metrics.clone(),
            Arc::new(TestIds::default()),
            closing.clone(),
        );
        Self { tokens, clock, authenticator, layer, metrics, closing }
    }

    fn token(&self, role: Role) -> (String, Caller) {
        self.token_for(role, None)
    }

    fn token_for(&self, role: Role, only: Option<Subject>) -> (String, Caller) {
        let token = BearerToken::generate(&SystemRandom);
        let caller = Caller {
            token_id: TokenId::from(id_for(&token)),
            centre_id: CentreId::from(Uuid::from_u128(9)),
            role,
            counsellor_id: None,
            agency_id: None,
            only,
        };
        self.tokens.0.bearers.lock().unwrap().insert(token.hash(), caller);
        (format!("Bearer {}", token.expose()), caller)
    }

    /// Calls a service that says whom it saw in the header `seen`.
    async fn call(&self, request: http::request::Builder) -> Response<Body> {
        let seeing = service_fn(|request: Request<Body>| async move {
            assert!(!request.headers().contains_key(header::AUTHORIZATION), "the secret stays at the door");
            let seen = request.extensions().get::<Caller>().map(|caller| caller.token_id.to_string());
            let response = Response::builder().header("seen", seen.unwrap_or_else(|| "nobody".to_owned()));
            Ok::<_, Infallible>(response.body(Body::empty()).unwrap())
        });
        self.layer.layer(seeing).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// Opens a stream that never ends by itself.
    async fn watch(&self, authorization: &str) -> Response<Body> {
        let endless =
            service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::new(Endless))) });
        let request = get(WATCH).header("authorization", authorization);
        self.layer.layer(endless).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }
}

/// A token id made from the token, so that every token has its own.
fn id_for(token: &BearerToken) -> Uuid {
    Uuid::from_slice(&token.hash()[..16]).unwrap_or_default()
}

struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Pending
    }
}

fn get(path: &str) -> http::request::Builder {
    Request::builder().method("POST").uri(path)
}

fn reason(response: &Response<Body>) -> String {
    let status = Status::from_header_map(response.headers()).expect("the call was refused");
    status.get_details_error_info().expect("every refusal has a reason").reason
}

async fn end_of(response: Response<Body>) -> Status {
    let mut body = std::pin::pin!(response.into_body());
    let frame = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await.unwrap().unwrap();
    let status = Status::from_header_map(frame.trailers_ref().unwrap()).unwrap();
    assert!(body.is_end_stream());
    status
}

#[tokio::test]
async fn a_caller_with_the_role_is_let_in_as_who_they_are() {
    let bench = Bench::new();
    let (authorization, caller) = bench.token(Role::ChannelAdapter);
    let request = get(RECEIVE).header("authorization", authorization);
    let response = bench.call(request).await;
    assert_eq!(response.headers()["seen"], caller.token_id.to_string());
    assert!(response.headers().contains_key(REQUEST_ID_HEADER));
    assert!(
        bench
            .metrics
            .encode()
            .contains(&format!("helpline_calls_total{{method=\"{RECEIVE}\",code=\"Ok\"}} 1"))
    );
}

#[tokio::test]
async fn nobody_comes_in_without_exactly_one_good_token() {
    let bench = Bench::new();
    let (good, _) = bench.token(Role::ChannelAdapter);
    let unknown = format!("Bearer {}", BearerToken::generate(&SystemRandom).expose());
    for wrong in ["", "Bearer", "Bearer x", "Basic YTpi", &good[7..], &unknown] {
        assert_eq!(reason(&bench.call(get(RECEIVE).header("authorization", wrong)).await), "TOKEN_REFUSED");
    }
    assert_eq!(reason(&bench.call(get(RECEIVE)).await), "TOKEN_REFUSED");
    let twice = get(RECEIVE).header("authorization", &good).header("authorization", &unknown);
    assert_eq!(reason(&bench.call(twice).await), "TOKEN_REFUSED");
}

#[tokio::test]
async fn a_caller_that_travelled_in_extensions_is_not_believed() {
    let bench = Bench::new();
    let (_, caller) = bench.token(Role::ChannelAdapter);
    assert_eq!(reason(&bench.call(get(RECEIVE).extension(caller)).await), "TOKEN_REFUSED");
    let health = bench.call(get("/grpc.health.v1.Health/Check").extension(caller)).await;
    assert_eq!(health.headers()["seen"], "nobody");
}

/// What somebody may have come by a link to.
fn subjects() -> [Subject; 2] {
    let id = Uuid::from_u128(7);
    [Subject::Escalation(id.into()), Subject::Referral(id.into())]
}

#[tokio::test]
async fn every_method_is_open_to_exactly_the_roles_of_the_table() {
    let bench = Bench::new();
    let visitors = subjects().map(|only| (Role::AgencyResponder, Some(only)));
    for (role, only) in Role::ALL.map(|role| (role, None)).into_iter().chain(visitors) {
        let (authorization, caller) = bench.token_for(role, only);
        for method in helpline_proto::METHODS {
            let response = bench.call(get(method.path).header("authorization", &authorization)).await;
            let allowed = method.roles.iter().any(|allowed| admits(*allowed, &caller));
            if allowed {
                assert!(response.headers().contains_key("seen"), "{} for {caller:?}", method.path);
            } else {
                assert_eq!(reason(&response), "ROLE_REFUSED", "{} for {caller:?}", method.path);
            }
        }
    }
}

#[tokio::test]
async fn whoever_came_by_a_link_may_do_less_than_a_responder_with_a_token() {
    let bench = Bench::new();
    let (responder, _) = bench.token(Role::AgencyResponder);
    let seen = async |method: &str, authorization: &str| {
        let call = get(&format!("/helpline.{method}")).header("authorization", authorization);
        bench.call(call).await.headers().contains_key("seen")
    };
    for only in subjects() {
        let (visitor, _) = bench.token_for(Role::AgencyResponder, Some(only));
        for method in
            ["escalation.v1.EscalationService/GetEscalation", "referral.v1.ReferralService/GetReferral"]
        {
            assert!(seen(method, &visitor).await && seen(method, &responder).await, "{method}");
        }
        for method in [
            "escalation.v1.EscalationService/ListEscalations",
            "escalation.v1.EscalationService/WatchEscalations",
            "referral.v1.ReferralService/ListReferrals",
            "referral.v1.ReferralService/WatchReferrals",
        ] {
            assert!(!seen(method, &visitor).await && seen(method, &responder).await, "{method}");
        }
    }
}

#[tokio::test]
async fn a_path_outside_the_table_is_answered_at_the_door() {
    let bench = Bench::new();
    let (authorization, _) = bench.token(Role::Administrator);
    let response = bench
        .call(get("/helpline.intake.v1.ContactService/Nonsense").header("authorization", authorization))
        .await;
    assert!(!response.headers().contains_key("seen"));
    assert_eq!(Status::from_header_map(response.headers()).unwrap().code(), Code::Unimplemented);
}

#[tokio::test]
async fn nobody_new_comes_in_while_the_store_is_down() {
    let bench = Bench::new();
    let (authorization, _) = bench.token(Role::ChannelAdapter);
    bench.tokens.0.down.store(true, Ordering::SeqCst);
    let response = bench.call(get(RECEIVE).header("authorization", authorization)).await;
    assert_eq!(reason(&response), "STORE_UNAVAILABLE");
    let status = Status::from_header_map(response.headers()).unwrap();
    assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(1)));
}

#[tokio::test]
async fn a_revoked_token_is_refused_after_a_second_and_at_once_where_it_is_known() {
    let bench = Bench::new();
    let (authorization, caller) = bench.token(Role::ChannelAdapter);
    let call = || bench.call(get(RECEIVE).header("authorization", &authorization));
    call().await;
    call().await;
    assert_eq!(bench.tokens.0.asked.load(Ordering::SeqCst), 1, "remembered");
    bench.tokens.0.bearers.lock().unwrap().clear();
    assert!(call().await.headers().contains_key("seen"));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&call().await), "TOKEN_REFUSED");

    let (authorization, _) = bench.token(Role::ChannelAdapter);
    let call = || bench.call(get(RECEIVE).header("authorization", &authorization));
    call().await;
    let revoked = bench.tokens.0.bearers.lock().unwrap().drain().next().unwrap().1;
    assert_ne!(revoked, caller);
    bench.authenticator.invalidate(revoked.token_id);
    assert_eq!(reason(&call().await), "TOKEN_REFUSED");
}

#[tokio::test(start_paused = true)]
async fn the_shorter_of_the_clients_and_the_methods_time_holds_for_the_look_up_too() {
    let bench = Bench::new();
    let (authorization, _) = bench.token(Role::ChannelAdapter);
    bench.tokens.0.slow.store(true, Ordering::SeqCst);
    for (wish, bound) in [("200m", 200), ("1H", 5000), ("nonsense", 5000)] {
        let started = Instant::now();
        let request = get(RECEIVE).header("authorization", &authorization).header("grpc-timeout", wish);
        assert_eq!(reason(&bench.call(request).await), "DEADLINE_EXCEEDED");
        let took = started.elapsed().as_millis();
        assert!((bound - 21..=bound + 1).contains(&took), "{wish}: {took} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_nowhere_and_what_is_not_for_the_caller_are_told_at_the_same_time() {
    let bench = Bench::new();
    let (authorization, _) = bench.token(Role::ChannelAdapter);
    for look in [2, 7, 19] {
        let started = Instant::now();
        let looking = service_fn(move |_: Request<Body>| async move {
            tokio::time::sleep(Duration::from_millis(look)).await;
            Ok::<_, Infallible>(refuse(Refusal::not_found("contact")))
        });
        let request = get(RECEIVE).header("authorization", &authorization).body(Body::empty()).unwrap();
        assert_eq!(reason(&bench.layer.layer(looking).oneshot(request).await.unwrap()), "NOT_FOUND");
        assert_eq!(started.elapsed().as_millis(), 25, "a look of {look} ms");
    }
}

/// A body that takes its time.
struct Late(std::pin::Pin<Box<tokio::time::Sleep>>);

impl http_body::Body for Late {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.0.as_mut().poll(context).map(|()| None)
    }
}

#[tokio::test(start_paused = true)]
async fn who_sends_slowly_chooses_nothing_by_it() {
    let bench = Bench::new();
    let (authorization, _) = bench.token(Role::ChannelAdapter);
    for late in [1, 22, 24, 40] {
        let looking = service_fn(|request: Request<Body>| async move {
            let mut body = request.into_body();
            while std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context))
                .await
                .is_some()
            {}
            tokio::time::sleep(Duration::from_millis(3)).await;
            Ok::<_, Infallible>(refuse(Refusal::not_found("contact")))
        });
        let started = Instant::now();
        let body = Body::new(Late(Box::pin(tokio::time::sleep(Duration::from_millis(late)))));
        let request = get(RECEIVE).header("authorization", &authorization).body(body).unwrap();
        assert_eq!(reason(&bench.layer.layer(looking).oneshot(request).await.unwrap()), "NOT_FOUND");
        assert_eq!(started.elapsed().as_millis(), u128::from(late) + 25, "{late} ms late");
    }
}

#[tokio::test]
async fn a_panic_behind_the_door_is_an_internal_error_with_the_calls_id() {
    let bench = Bench::new();
    let (authorization, _) = bench.token(Role::ChannelAdapter);
    let panicking = service_fn(|_: Request<Body>| async {
        assert!(request::current_id().is_none(), "a bug");
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    let id = "018f6b1e-0000-7000-8000-000000000001";
    let request = get(RECEIVE).header("authorization", authorization).header(REQUEST_ID_HEADER, id);
    let response = bench.layer.layer(panicking).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = Status::from_header_map(response.headers()).unwrap();
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.metadata["trace"].as_str()), ("INTERNAL", id));
    assert_eq!(response.headers()[REQUEST_ID_HEADER], id);
}

#[tokio::test]
async fn streams_are_limited_per_token_and_in_all() {
    let bench = Bench::new();
    let (first, _) = bench.token(Role::Counsellor);
    let (second, _) = bench.token(Role::Counsellor);
    let mut open = vec![bench.watch(&first).await, bench.watch(&first).await];
    assert_eq!(reason(&bench.watch(&first).await), "TOO_MANY");
    open.push(bench.watch(&second).await);
    let refused = bench.watch(&second).await;
    assert_eq!(reason(&refused), "TOO_MANY");
    let status = Status::from_header_map(refused.headers()).unwrap();
    assert!(status.get_details_retry_info().is_some());
    assert_eq!(bench.authenticator.streams().count(), 3);
    assert!(bench.metrics.encode().contains(&format!("helpline_open_streams{{method=\"{WATCH}\"}} 3")));

    open.remove(0);
    open.push(bench.watch(&second).await);
    assert_eq!(bench.authenticator.streams().count(), 3);
    drop(open);
    assert_eq!(bench.authenticator.streams().count(), 0);
    let text = bench.metrics.encode();
    assert!(text.contains(&format!("helpline_open_streams{{method=\"{WATCH}\"}} 0")), "{text}");
    assert!(
        text.contains(&format!("helpline_calls_total{{method=\"{WATCH}\",code=\"Cancelled\"}} 4")),
        "{text}"
    );
}

#[tokio::test]
async fn the_streams_of_a_revoked_token_end() {
    let bench = Bench::new();
    let (revoked, caller) = bench.token(Role::Counsellor);
    let (other, _) = bench.token(Role::Counsellor);
    let (ends, stays) = (bench.watch(&revoked).await, bench.watch(&other).await);
    bench.authenticator.invalidate(caller.token_id);
    assert_eq!(end_of(ends).await.code(), Code::Unauthenticated);
    assert_eq!(bench.authenticator.streams().count(), 1);
    drop(stays);
}

#[tokio::test]
async fn a_token_found_expired_by_the_recheck_loses_its_streams() {
    let bench = Bench::new();
    let (authorization, _) = bench.token(Role::Counsellor);
    let stream = bench.watch(&authorization).await;
    bench.authenticator.recheck_streams().await.unwrap();
    bench.tokens.0.down.store(true, Ordering::SeqCst);
    assert!(bench.authenticator.recheck_streams().await.is_err());
    assert_eq!(bench.authenticator.streams().count(), 1, "stays open while nobody knows");
    bench.tokens.0.down.store(false, Ordering::SeqCst);
    bench.tokens.0.bearers.lock().unwrap().clear();
    bench.authenticator.recheck_streams().await.unwrap();
    assert_eq!(end_of(stream).await.code(), Code::Unauthenticated);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_clients_deadline_and_when_the_server_closes() {
    let bench = Bench::new();
    let (authorization, _) = bench.token(Role::Counsellor);
    let endless =
        service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::new(Endless))) });
    let request = get(WATCH).header("authorization", &authorization).header("grpc-timeout", "2S");
    let timed = bench.layer.layer(endless).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(end_of(timed).await.code(), Code::DeadlineExceeded);

    let open = bench.watch(&authorization).await;
    bench.closing.cancel();
    assert_eq!(end_of(open).await.code(), Code::Unavailable);
    assert_eq!(reason(&bench.watch(&authorization).await), "STORE_UNAVAILABLE");
}
