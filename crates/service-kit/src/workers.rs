//! Background work: something done again and again, alone and in the open.

use std::error::Error;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::metrics::Metrics;

/// The first pause after an error; it doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause after errors lies between these, and is the worker's interval if that does: when the database is
/// back, nobody's heart-beat comes later than it would have come anyway.
const LONGEST_PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// An error of a worker's run. Its text is logged, so it holds nothing personal.
pub type WorkerError = Box<dyn Error + Send + Sync>;

/// What a run of a worker found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Nothing is left to do until the next interval or wake-up.
    Done,
    /// There is more to do at once.
    More,
}

/// Something to be done again and again.
pub trait Worker: Send + Sync + 'static {
    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;

    /// From one run's start to the next, when nothing wakes it earlier.
    fn interval(&self) -> Duration;

    /// Does what there is to do now. It is never cut short by a stop: keep it brief, and answer [`Progress::More`]
    /// rather than going on.
    fn run_once(&self) -> impl Future<Output = Result<Progress, WorkerError>> + Send;
}

/// Runs a worker until `stop`, finishing the run that is under way. A wake-up runs it at once, unless its last run
/// failed: then it waits, from 0.1 s on, longer with every failure, for its interval at most (1 s if that is shorter, 5 s if
/// longer). A panic counts as a failure.
pub async fn run<W: Worker>(
    worker: W,
    clock: &dyn Clock,
    metrics: &Metrics,
    wake: &Notify,
    stop: &CancellationToken,
) {
    let name = worker.name();
    let span = tracing::info_span!("worker", name);
    let work = async {
        let mut failures = 0_u32;
        let mut due = clock.instant();
        while !stop.is_cancelled() {
            let outcome = AssertUnwindSafe(worker.run_once()).catch_unwind().await;
            let now = clock.instant();
            let pause = match outcome {
                Ok(Ok(progress)) => {
                    failures = 0;
                    metrics.worker_ran(name, "ok");
                    if progress == Progress::More {
                        tokio::task::yield_now().await;
                        continue;
                    }
                    // Keeps to the schedule; what was missed is not made up for.
                    due = (due + worker.interval()).max(now);
                    due - now
                }
                Ok(Err(error)) => {
                    failures += 1;
                    metrics.worker_ran(name, "error");
                    tracing::warn!(error = %error, failures, "a run failed");
                    back_off(failures, worker.interval())
                }
                Err(_) => {
                    failures += 1;
                    metrics.worker_ran(name, "panic");
                    tracing::error!(failures, "a run panicked");
                    back_off(failures, worker.interval())
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = clock.sleep(pause) => {}
                () = wake.notified(), if failures == 0 => due = clock.instant(),
            }
        }
    };
    work.instrument(span).await;
}

fn back_off(failures: u32, interval: Duration) -> Duration {
    let (least, most) = LONGEST_PAUSE;
    FIRST_PAUSE
        .saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX))
        .min(interval.clamp(least, most))
}

#[cfg(test)]
mod tests;
