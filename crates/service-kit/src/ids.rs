//! New identifiers as a parameter, so that tests can foresee them.

use std::fmt;

use uuid::Uuid;

/// Where new identifiers come from.
pub trait Ids: Send + Sync + fmt::Debug {
    /// An id that sorts by time: for rows.
    fn v7(&self) -> Uuid;
    /// An id that tells nothing: for what must not be guessed or repeat.
    fn v4(&self) -> Uuid;
}

/// Ids from the machine's clock and randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is where ids enter")]
    fn v7(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[expect(clippy::disallowed_methods, reason = "this is where ids enter")]
    fn v4(&self) -> Uuid {
        Uuid::new_v4()
    }
}

/// Ids that count: 1, 2, 3 …
#[cfg(any(test, feature = "testing"))]
#[derive(Debug, Default)]
pub struct TestIds(std::sync::atomic::AtomicU64);

#[cfg(any(test, feature = "testing"))]
impl Ids for TestIds {
    fn v7(&self) -> Uuid {
        self.v4()
    }

    fn v4(&self) -> Uuid {
        Uuid::from_u64_pair(0, 1 + self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}
