//! When somebody is told that something is not there.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::{Code, Status};

/// NOT_FOUND is answered at whole steps since the whole request came. To find that something is there but not for the caller takes a
/// millisecond longer than to find nothing; a step is several times what a look takes, so both leave at the same one.
const STEP: Duration = Duration::from_millis(25);

/// When the whole request of a call had come. Until then who calls chooses how long it takes, and so where in a step the look would end.
#[derive(Clone, Debug, Default)]
pub(super) struct Came(Arc<OnceLock<Instant>>);

impl Came {
    /// The same body, whose end is noted.
    pub(super) fn watch(&self, inner: Body) -> Body {
        Body::new(Watched { inner, came: self.clone() })
    }

    /// When it had come, if anybody has read it to its end.
    pub(super) fn at(&self) -> Option<Instant> {
        self.0.get().copied()
    }
}

struct Watched {
    inner: Body,
    came: Came,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || frame.is_ready() && self.inner.is_end_stream() {
            self.came.0.get_or_init(Instant::now);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Holds an answer back until its time, if it says NOT_FOUND.
pub(super) async fn keep(begun: Instant, answer: &HeaderMap) {
    let not_found = |status: Status| status.code() == Code::NotFound;
    if Status::from_header_map(answer).is_some_and(not_found) {
        tokio::time::sleep_until(next(begun, begun.elapsed())).await;
    }
}

fn next(begun: Instant, took: Duration) -> Instant {
    let steps = took.as_nanos().div_ceil(STEP.as_nanos());
    begun + STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told_after(took: u64, status: Status) -> u128 {
        let begun = Instant::now();
        tokio::time::sleep(Duration::from_millis(took)).await;
        keep(begun, status.into_http::<()>().headers()).await;
        begun.elapsed().as_millis()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_there_is_told_at_whole_steps_however_long_the_look_took() {
        for (took, told) in [(0, 0), (1, 25), (9, 25), (24, 25), (25, 25), (26, 50), (240, 250)] {
            assert_eq!(told_after(took, Status::not_found("case")).await, told, "{took} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_else_waits() {
        for status in
            [Status::permission_denied(""), Status::failed_precondition(""), Status::invalid_argument("")]
        {
            assert_eq!(told_after(3, status).await, 3);
        }
        let begun = Instant::now();
        keep(begun, &HeaderMap::new()).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
