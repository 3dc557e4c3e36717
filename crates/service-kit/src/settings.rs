//! How each centre works now: asked of the store, remembered for a second, asked again at once when this process hears
//! that it changed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use helpline_domain::id::CentreId;
use helpline_store::Store;
use helpline_store::settings::VersionedSettings;

use crate::clock::Clock;
use crate::error::Refusal;
use crate::hub::{Hub, Subscription, Topic};

/// How long settings are remembered: what another process published holds here after this time at the latest.
const REMEMBER: Duration = Duration::from_secs(1);

/// The settings in force, per centre. A clone is the same cache.
#[derive(Clone)]
pub struct SettingsCache(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    hub: Hub,
    known: Mutex<HashMap<CentreId, Known>>,
}

struct Known {
    settings: Arc<VersionedSettings>,
    since: Instant,
    /// Begun before the settings were read, so that no change falls between.
    changes: Subscription,
}

impl SettingsCache {
    /// A cache that has asked nothing yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, hub: Hub) -> Self {
        Self(Arc::new(Inner { store, clock, hub, known: Mutex::default() }))
    }

    /// The settings in force in a centre, at most a second old. Errors: STORE_UNAVAILABLE, INTERNAL.
    pub async fn current(&self, centre: CentreId) -> Result<Arc<VersionedSettings>, Refusal> {
        let asked = self.0.clock.instant();
        if let Some(known) = self.known().get(&centre)
            && asked.saturating_duration_since(known.since) < REMEMBER
            && !known.changes.pending()
        {
            return Ok(Arc::clone(&known.settings));
        }
        let changes = self.0.hub.subscribe(Topic::Roster(centre));
        let settings = self.0.store.settings(centre, 0).await?;
        let settings = Arc::new(settings.ok_or_else(|| Refusal::bug("a centre has no settings"))?);
        let known = Known { settings: Arc::clone(&settings), since: asked, changes };
        self.known().insert(centre, known);
        Ok(settings)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<CentreId, Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SettingsCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsCache").finish_non_exhaustive()
    }
}
