//! How each centre works now: asked of the store, remembered for a second, asked again at once when this process hears
//! that it changed.

use std::fmt;
use std::sync::Arc;

use helpline_domain::id::CentreId;
use helpline_store::Store;
use helpline_store::settings::VersionedSettings;

use crate::clock::Clock;
use crate::error::Refusal;
use crate::hub::Hub;
use crate::remembered::Remembered;

/// The settings in force, per centre. A clone is the same cache.
#[derive(Clone)]
pub struct SettingsCache {
    store: Store,
    known: Arc<Remembered<VersionedSettings>>,
}

impl SettingsCache {
    /// A cache that has asked nothing yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, hub: Hub) -> Self {
        Self { store, known: Arc::new(Remembered::new(clock, hub)) }
    }

    /// The settings in force in a centre, at most a second old. Errors: STORE_UNAVAILABLE, INTERNAL.
    pub async fn current(&self, centre: CentreId) -> Result<Arc<VersionedSettings>, Refusal> {
        let ask = async {
            let settings = self.store.settings(centre, 0).await?;
            settings.ok_or_else(|| Refusal::bug("a centre has no settings"))
        };
        self.known.of(centre, ask).await
    }
}

impl fmt::Debug for SettingsCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsCache").finish_non_exhaustive()
    }
}
