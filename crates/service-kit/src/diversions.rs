//! Which queues are diverted now: asked of the store, remembered for a second, asked again at once when this process
//! hears of a change. Whoever is placed by a diversion that ended in that second is given back by the switchboard's
//! worker.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use helpline_domain::id::CentreId;
use helpline_store::Store;
use helpline_store::diversion::Diversion;

use crate::clock::Clock;
use crate::error::Refusal;
use crate::hub::{Hub, Subscription, Topic};

/// How long diversions are remembered.
const REMEMBER: Duration = Duration::from_secs(1);

/// The diversions that hold, per centre. A clone is the same cache.
#[derive(Clone)]
pub struct DiversionCache(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    hub: Hub,
    known: Mutex<HashMap<CentreId, Known>>,
}

struct Known {
    open: Arc<Vec<Diversion>>,
    since: Instant,
    /// Begun before the diversions were read, so that no change falls between.
    changes: Subscription,
}

impl DiversionCache {
    /// A cache that has asked nothing yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, hub: Hub) -> Self {
        Self(Arc::new(Inner { store, clock, hub, known: Mutex::default() }))
    }

    /// The diversion of a queue, if it is diverted. Errors: STORE_UNAVAILABLE, INTERNAL.
    pub async fn of(&self, centre: CentreId, queue: &str) -> Result<Option<Diversion>, Refusal> {
        Ok(self.open(centre).await?.iter().find(|diversion| diversion.queue == queue).cloned())
    }

    async fn open(&self, centre: CentreId) -> Result<Arc<Vec<Diversion>>, Refusal> {
        let asked = self.0.clock.instant();
        if let Some(known) = self.known().get(&centre)
            && asked.saturating_duration_since(known.since) < REMEMBER
            && !known.changes.pending()
        {
            return Ok(Arc::clone(&known.open));
        }
        let changes = self.0.hub.subscribe(Topic::Roster(centre));
        let open = Arc::new(self.0.store.open_diversions(centre).await?);
        let known = Known { open: Arc::clone(&open), since: asked, changes };
        self.known().insert(centre, known);
        Ok(open)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<CentreId, Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DiversionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiversionCache").finish_non_exhaustive()
    }
}
