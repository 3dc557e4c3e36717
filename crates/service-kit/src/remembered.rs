//! What is asked of the store for a centre and remembered for a second, or until this process hears of a change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use helpline_domain::id::CentreId;

use crate::clock::Clock;
use crate::error::Refusal;
use crate::hub::{Hub, Subscription, Topic};

/// How long an answer is remembered: what another process changed holds here after this time at the latest.
const REMEMBER: Duration = Duration::from_secs(1);

/// Answers by centre, forgotten after a second or when the centre's people or rules change.
pub(crate) struct Remembered<T> {
    clock: Arc<dyn Clock>,
    hub: Hub,
    known: Mutex<HashMap<CentreId, Known<T>>>,
}

struct Known<T> {
    answer: Arc<T>,
    since: Instant,
    /// Begun before the store was asked, so that no change falls between.
    changes: Subscription,
}

impl<T> Remembered<T> {
    /// Nothing is known yet.
    pub(crate) fn new(clock: Arc<dyn Clock>, hub: Hub) -> Self {
        Self { clock, hub, known: Mutex::default() }
    }

    /// The answer for a centre, at most a second old; `ask` asks for a new one.
    pub(crate) async fn of(
        &self,
        centre: CentreId,
        ask: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<Arc<T>, Refusal> {
        let asked = self.clock.instant();
        if let Some(known) = self.known().get(&centre)
            && asked.saturating_duration_since(known.since) < REMEMBER
            && !known.changes.pending()
        {
            return Ok(Arc::clone(&known.answer));
        }
        let changes = self.hub.subscribe(Topic::Roster(centre));
        let answer = Arc::new(ask.await?);
        let known = Known { answer: Arc::clone(&answer), since: asked, changes };
        self.known().insert(centre, known);
        Ok(answer)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<CentreId, Known<T>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
