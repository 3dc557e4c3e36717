//! Waiting for what must come, and asking again when nobody answered.

use std::future::Future;
use std::time::{Duration, Instant};

use tonic::{Code, Response, Status};

use crate::Refused;

/// From one look to the next.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until `ready` gives something; how long that took.
///
/// # Panics
/// When it gives nothing within `patience`: then `what` is missing.
pub async fn until<T, F>(what: &str, patience: Duration, mut ready: impl FnMut() -> F) -> (T, Duration)
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(found) = ready().await {
            return (found, begun.elapsed());
        }
        assert!(begun.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether an answer only says that nobody could answer now: the connection broke, the server is away, or the server says
/// that its database is. Then the same command with the same `request_id` is to be sent again.
pub fn is_transient(status: &Status) -> bool {
    match Refused::from(status).reason.as_str() {
        "STORE_UNAVAILABLE" | "DEADLINE_EXCEEDED" => true,
        // Without a reason it does not come from the helpline but from the way there.
        "" => matches!(
            status.code(),
            Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded | Code::Internal
        ),
        _ => false,
    }
}

/// Sends the same command until it is answered for good.
///
/// # Errors
/// The refusal, when that is the answer.
///
/// # Panics
/// When nobody answers within `patience`.
pub async fn retry<T, F>(
    what: &str,
    patience: Duration,
    mut call: impl FnMut() -> F,
) -> Result<T, Box<Status>>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let begun = Instant::now();
    loop {
        match call().await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if is_transient(&status) => {
                assert!(begun.elapsed() < patience, "not within {patience:?}: {what}: {status}");
                tokio::time::sleep(PAUSE).await;
            }
            Err(status) => return Err(Box::new(status)),
        }
    }
}
