//! How a process ends: asked softly, then told.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The two stops of a process and its tasks. A clone is the same.
///
/// The soft stop asks: take nothing new, end streams, finish what is under way. The hard stop follows when the grace is
/// over or a second signal comes; whoever still works then is dropped.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// A process that runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process should finish.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when the process must end now.
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Asks the process to finish.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Starts a task that is waited for at the end, and dropped at the hard stop.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hard = self.hard.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = hard.cancelled() => {}
                () = task => {}
            }
        })
    }

    /// Listens for SIGTERM and SIGINT: the first is the soft stop, the second the hard one. Error: the system refuses
    /// signal handlers.
    pub fn listen_for_signals(&self) -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (soft, hard) = (self.soft.clone(), self.hard.clone());
        // Not among the waited-for tasks: it has no end of its own.
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if soft.is_cancelled() {
                    tracing::warn!("second signal: ending now");
                    hard.cancel();
                } else {
                    tracing::info!("signal: finishing");
                    soft.cancel();
                }
            }
        });
        Ok(())
    }

    /// Waits for the soft stop, gives the tasks `grace` to finish, then stops hard. Whether all finished by themselves.
    pub async fn finished(&self, grace: Duration) -> bool {
        self.soft.cancelled().await;
        self.tasks.close();
        tokio::select! {
            biased;
            () = self.tasks.wait() => return !self.hard.is_cancelled(),
            () = self.hard.cancelled() => {}
            () = tokio::time::sleep(grace) => self.hard.cancel(),
        }
        self.tasks.wait().await;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tasks_that_finish_in_time_are_waited_for() {
        let lifecycle = Lifecycle::new();
        let soft = lifecycle.soft();
        lifecycle.spawn(async move {
            soft.cancelled().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        });
        lifecycle.stop();
        assert!(lifecycle.finished(Duration::from_secs(10)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn tasks_that_do_not_finish_are_dropped_after_the_grace() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn(std::future::pending());
        lifecycle.stop();
        assert!(!lifecycle.finished(Duration::from_secs(10)).await);
        assert!(lifecycle.hard().is_cancelled());
    }
}
