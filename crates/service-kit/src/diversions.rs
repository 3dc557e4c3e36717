//! Which queues are diverted now: asked of the store, remembered for a second, asked again at once when this process
//! hears of a change. Whoever is placed by a diversion that ended in that second is given back by the switchboard's
//! worker.

use std::fmt;
use std::sync::Arc;

use helpline_domain::id::CentreId;
use helpline_store::Store;
use helpline_store::diversion::Diversion;

use crate::clock::Clock;
use crate::error::Refusal;
use crate::hub::Hub;
use crate::remembered::Remembered;

/// The diversions that hold, per centre. A clone is the same cache.
#[derive(Clone)]
pub struct DiversionCache {
    store: Store,
    known: Arc<Remembered<Vec<Diversion>>>,
}

impl DiversionCache {
    /// A cache that has asked nothing yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, hub: Hub) -> Self {
        Self { store, known: Arc::new(Remembered::new(clock, hub)) }
    }

    /// The diversion of a queue, if it is diverted. Errors: STORE_UNAVAILABLE, INTERNAL.
    pub async fn of(&self, centre: CentreId, queue: &str) -> Result<Option<Diversion>, Refusal> {
        let ask = async { Ok(self.store.open_diversions(centre).await?) };
        let open = self.known.of(centre, ask).await?;
        Ok(open.iter().find(|diversion| diversion.queue == queue).cloned())
    }
}

impl fmt::Debug for DiversionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiversionCache").finish_non_exhaustive()
    }
}
