//! Time as a parameter, so that time-outs can be tested without waiting.

use std::fmt;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

/// Where time comes from. What decides about a contact uses the database's clock instead; this one paces workers,
/// caches and streams.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock, for labels and logs.
    fn now_utc(&self) -> DateTime<Utc>;
    /// The monotonic clock, for measuring.
    fn instant(&self) -> Instant;
    /// Ends after `duration` of the monotonic clock.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the machine's time enters")]
    fn now_utc(&self) -> DateTime<Utc> {
        std::time::SystemTime::now().into()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[cfg(any(test, feature = "testing"))]
pub use by_hand::TestClock;

#[cfg(any(test, feature = "testing"))]
mod by_hand {
    use super::{BoxFuture, Clock, DateTime, Duration, Instant, Utc};
    use tokio::sync::watch;

    /// A clock that moves only when told to. A clone is the same clock.
    #[derive(Clone, Debug)]
    pub struct TestClock {
        start: DateTime<Utc>,
        origin: Instant,
        elapsed: watch::Sender<Duration>,
    }

    impl TestClock {
        /// A clock that stands at `start`.
        pub fn at(start: DateTime<Utc>) -> Self {
            Self { start, origin: Instant::now(), elapsed: watch::Sender::new(Duration::ZERO) }
        }

        /// Moves the clock and ends the sleeps that are over by then.
        pub fn advance(&self, duration: Duration) {
            self.elapsed.send_modify(|elapsed| *elapsed += duration);
        }
    }

    impl Default for TestClock {
        fn default() -> Self {
            Self::at(DateTime::UNIX_EPOCH)
        }
    }

    impl Clock for TestClock {
        fn now_utc(&self) -> DateTime<Utc> {
            self.start + *self.elapsed.borrow()
        }

        fn instant(&self) -> Instant {
            self.origin + *self.elapsed.borrow()
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            let until = *self.elapsed.borrow() + duration;
            let mut elapsed = self.elapsed.subscribe();
            Box::pin(async move {
                if elapsed.wait_for(|elapsed| *elapsed >= until).await.is_err() {
                    // The clock is gone and will never move again.
                    std::future::pending::<()>().await;
                }
            })
        }
    }
}
