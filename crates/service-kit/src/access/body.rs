//! The body of a stream's answer, which ends when the token, the time or the server does.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Frame, SizeHint};
use prometheus_client::metrics::gauge::Gauge;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::{Code, Status};
use tracing::Span;
use uuid::Uuid;

use super::code_name;
use crate::error::Refusal;
use crate::metrics::Metrics;
use crate::request;
use crate::streams::Place;

/// What a stream's body needs to know of its call.
pub(super) struct Watched {
    pub(super) method: &'static str,
    pub(super) metrics: Metrics,
    pub(super) place: Place,
    pub(super) closing: CancellationToken,
    pub(super) id: Uuid,
    pub(super) span: Span,
}

/// A stream's body that counts itself as open, and ends with a status when its token is revoked, its deadline comes or
/// the server closes.
pub(super) struct StreamBody {
    inner: Body,
    watched: Watched,
    open: Gauge,
    revoked: Pin<Box<WaitForCancellationFutureOwned>>,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    deadline: Option<Pin<Box<Sleep>>>,
    /// The code it ended with; none while it runs.
    ended: Option<Code>,
}

impl StreamBody {
    pub(super) fn new(inner: Body, watched: Watched, ends: Option<Instant>) -> Self {
        let open = watched.metrics.streams(watched.method);
        open.inc();
        Self {
            inner,
            open,
            revoked: Box::pin(watched.place.ended.clone().cancelled_owned()),
            closing: Box::pin(watched.closing.clone().cancelled_owned()),
            deadline: ends.map(|ends| Box::pin(tokio::time::sleep_until(ends))),
            watched,
            ended: None,
        }
    }

    /// Why the stream must end now, if it must.
    fn interruption(&mut self, context: &mut Context<'_>) -> Option<Refusal> {
        if self.revoked.as_mut().poll(context).is_ready() {
            return Some(Refusal::token_refused());
        }
        if self.closing.as_mut().poll(context).is_ready() {
            return Some(Refusal::unavailable());
        }
        let deadline = self.deadline.as_mut()?;
        deadline.as_mut().poll(context).is_ready().then(Refusal::deadline_exceeded)
    }

    fn end(&mut self, code: Code) {
        self.ended = Some(code);
        // Lets go of what the stream held without waiting for the transport to drop it.
        self.inner = Body::empty();
    }
}

impl http_body::Body for StreamBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.ended.is_some() {
            return Poll::Ready(None);
        }
        if let Some(refusal) = this.interruption(context) {
            this.end(refusal.code());
            let mut trailers = HeaderMap::new();
            return Poll::Ready(Some(
                Status::from(refusal).add_header(&mut trailers).map(|()| Frame::trailers(trailers)),
            ));
        }
        let span = this.watched.span.clone();
        let _entered = span.enter();
        let polled = request::sync_scope(this.watched.id, || Pin::new(&mut this.inner).poll_frame(context));
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    this.end(Status::from_header_map(trailers).map_or(Code::Ok, |status| status.code()));
                }
            }
            Poll::Ready(Some(Err(status))) => this.end(status.code()),
            Poll::Ready(None) => this.end(Code::Ok),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended.is_some()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Drop for StreamBody {
    fn drop(&mut self) {
        self.open.dec();
        // Dropped before its end: the client went away.
        let code = code_name(self.ended.unwrap_or(Code::Cancelled));
        self.watched.span.record("code", code);
        self.watched.metrics.call_ended(self.watched.method, code);
    }
}
