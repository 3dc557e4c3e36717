//! The door of every service: who calls, may they, for how long.
//!
//! Around every method, over the network and in process alike: the bearer token becomes a [`Caller`], the method table
//! of the protos says whether their role may call, the deadline is kept, streams are counted and ended, that something is not there is
//! told at a time that tells no more, and the call is traced and measured.
//!
//! Default-closed: only health and reflection pass without a token, and a path that is not in the method table is
//! answered here.

mod body;
mod deadline;
mod pace;
mod unreadable;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use helpline_domain::caller::{Caller, Role};
use helpline_proto::Method;
use helpline_vault::BearerToken;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, field};
use uuid::Uuid;

use crate::authenticator::Authenticator;
use crate::error::Refusal;
use crate::ids::Ids;
use crate::metrics::Metrics;
use crate::request;
use crate::streams::Place;

/// The metadata key of the id by which a call is known in logs: taken from the caller when it is a UUID, else new, and
/// part of every answer.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// Puts the door around services. A clone is the same door.
#[derive(Clone, Debug)]
pub struct AccessLayer(Arc<Door>);

#[derive(Debug)]
struct Door {
    authenticator: Authenticator,
    metrics: Metrics,
    ids: Arc<dyn Ids>,
    closing: CancellationToken,
}

impl AccessLayer {
    /// A door that asks `authenticator`. When `closing` is cancelled, open streams end and new ones are refused with
    /// STORE_UNAVAILABLE, so that clients watch again elsewhere; unary calls go on.
    pub fn new(
        authenticator: Authenticator,
        metrics: Metrics,
        ids: Arc<dyn Ids>,
        closing: CancellationToken,
    ) -> Self {
        Self(Arc::new(Door { authenticator, metrics, ids, closing }))
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = Access<S>;

    fn layer(&self, inner: S) -> Access<S> {
        Access { door: Arc::clone(&self.0), inner }
    }
}

/// A service behind the door.
#[derive(Clone, Debug)]
pub struct Access<S> {
    door: Arc<Door>,
    inner: S,
}

impl<S> Service<Request<Body>> for Access<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The one that is ready serves this call; its clone takes its place.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        // In process, extensions travel from one service to the next: whoever put a caller there is not believed.
        request.extensions_mut().remove::<Caller>();

        let path = request.uri().path();
        if is_open(path) {
            return Box::pin(inner.call(request));
        }
        let Some(method) = helpline_proto::method(path) else {
            self.door.metrics.call_ended("unknown", "Unimplemented");
            return Box::pin(std::future::ready(Ok(
                Status::unimplemented("there is no such method").into_http()
            )));
        };
        let door = Arc::clone(&self.door);
        Box::pin(async move { door.serve(method, inner, request).await })
    }
}

/// Health and reflection tell nothing about anybody, and probes have no token.
fn is_open(path: &str) -> bool {
    path.starts_with("/grpc.health.") || path.starts_with("/grpc.reflection.")
}

impl Door {
    async fn serve<S>(
        self: Arc<Self>,
        method: &'static Method,
        inner: S,
        request: Request<Body>,
    ) -> Result<Response<Body>, S::Error>
    where
        S: Service<Request<Body>, Response = Response<Body>>,
    {
        let started = Instant::now();
        let id = request_id(request.headers()).unwrap_or_else(|| self.ids.v4());
        let span = tracing::info_span!("call", method = method.path, request_id = %id, code = field::Empty);
        let answer = self.answer(method, inner, request, id, &span);
        let mut response = request::scope(id, answer.instrument(span.clone())).await?;
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert(REQUEST_ID_HEADER, value);
        }
        if !method.streaming {
            self.metrics.call_took(method.path, started.elapsed());
        }
        Ok(response)
    }

    async fn answer<S>(
        &self,
        method: &'static Method,
        inner: S,
        mut request: Request<Body>,
        id: Uuid,
        span: &Span,
    ) -> Result<Response<Body>, S::Error>
    where
        S: Service<Request<Body>, Response = Response<Body>>,
    {
        let started = Instant::now();
        let wished = deadline::of_client(request.headers());
        let limit = match (method.streaming, wished) {
            (true, wished) => wished,
            (false, None) => Some(method.max_deadline),
            (false, Some(wished)) => Some(wished.min(method.max_deadline)),
        };
        let work = async {
            let (caller, place) = match self.admit(method, request.headers_mut()).await {
                Ok(admitted) => admitted,
                Err(refusal) => return Ok((refuse(refusal), None)),
            };
            request.extensions_mut().insert(caller);
            let (came, mut inner) = (pace::Came::default(), inner);
            let request = request.map(|body| came.watch(body));
            match AssertUnwindSafe(inner.call(request)).catch_unwind().await {
                Ok(response) => {
                    let response = response?;
                    pace::keep(came.at().unwrap_or(started), response.headers()).await;
                    Ok((response, place))
                }
                Err(_) => Ok((refuse(Refusal::bug("the method panicked")), None)),
            }
        };
        let (response, place) = match limit {
            None => work.await?,
            Some(limit) => match tokio::time::timeout_at(started + limit, work).await {
                Ok(done) => done?,
                Err(_) => (refuse(Refusal::deadline_exceeded()), None),
            },
        };

        let failed = Status::from_header_map(response.headers());
        let (response, failed) = match failed.as_ref().and_then(unreadable::explain) {
            Some(refusal) => {
                let code = refusal.code();
                (refuse(refusal), Some(code))
            }
            None => (response, failed.map(|status| status.code())),
        };
        match (place, failed) {
            (Some(place), None) => {
                let ends = limit.map(|limit| started + limit);
                let watched = body::Watched {
                    method: method.path,
                    metrics: self.metrics.clone(),
                    place,
                    closing: self.closing.clone(),
                    id,
                    span: span.clone(),
                };
                Ok(response.map(|body| Body::new(body::StreamBody::new(body, watched, ends))))
            }
            (_, failed) => {
                let code = code_name(failed.unwrap_or(Code::Ok));
                span.record("code", code);
                self.metrics.call_ended(method.path, code);
                Ok(response)
            }
        }
    }

    /// Lets the caller in, or says why not. A stream gets a place.
    async fn admit(
        &self,
        method: &'static Method,
        headers: &mut HeaderMap,
    ) -> Result<(Caller, Option<Place>), Refusal> {
        // Taken out, so that nothing behind the door can log or forward the secret.
        let hash = bearer(headers);
        headers.remove(header::AUTHORIZATION);
        let hash = hash.ok_or_else(Refusal::token_refused)?;
        let caller = self.authenticator.authenticate(hash).await?;
        if !method.roles.iter().any(|role| admits(*role, &caller)) {
            return Err(Refusal::role_refused(caller.role));
        }
        if !method.streaming {
            return Ok((caller, None));
        }
        if self.closing.is_cancelled() {
            return Err(Refusal::unavailable());
        }
        let place = self.authenticator.streams().open(caller, hash)?;
        // A token revoked between the look-up and the place would leave a stream that nobody ends. Revocation forgets
        // the token first and ends streams second, so either this asks the store again or the place is already ended.
        self.authenticator.authenticate(hash).await?;
        Ok((caller, Some(place)))
    }
}

/// The hash of the one well-formed bearer token in the metadata.
fn bearer(headers: &HeaderMap) -> Option<[u8; 32]> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    BearerToken::parse(token).ok().map(|token| token.hash())
}

fn request_id(headers: &HeaderMap) -> Option<Uuid> {
    let value = headers.get(REQUEST_ID_HEADER)?.to_str().ok()?;
    Uuid::parse_str(value).ok().filter(|id| !id.is_nil())
}

/// Whether a caller is what a method allows. Whoever came by a link is less than a responder with a token of their own, and
/// may call only what says so.
fn admits(allowed: helpline_proto::Role, caller: &Caller) -> bool {
    use helpline_proto::Role as Allowed;
    match caller.role {
        Role::ChannelAdapter => allowed == Allowed::ChannelAdapter,
        Role::Counsellor => allowed == Allowed::Counsellor,
        Role::Supervisor => allowed == Allowed::Supervisor,
        Role::Administrator => allowed == Allowed::Administrator,
        Role::AgencyResponder if caller.is_visitor() => allowed == Allowed::AgencyVisitor,
        Role::AgencyResponder => allowed == Allowed::AgencyResponder,
        Role::AgencyLink => allowed == Allowed::AgencyLink,
    }
}

fn refuse(refusal: Refusal) -> Response<Body> {
    Status::from(refusal).into_http()
}

/// A code as a label.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "Ok",
        Code::Cancelled => "Cancelled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}

/// The longest that a deadline of a client can be: beyond it, arithmetic with times could overflow.
const LONGEST: Duration = Duration::from_hours(366 * 24);

#[cfg(test)]
mod tests;
