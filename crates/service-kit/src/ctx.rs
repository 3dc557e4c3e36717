//! What every use case receives beside its caller and its command. Nothing else is ambient.

use std::sync::Arc;

use helpline_store::Store;
use helpline_vault::Vault;

use crate::clock::Clock;
use crate::diversions::DiversionCache;
use crate::hours::OpeningCache;
use crate::ids::Ids;
use crate::metrics::Metrics;
use crate::mirror::Mirror;
use crate::overload::OverloadBoard;
use crate::roster::RosterCache;
use crate::settings::SettingsCache;

/// The means of a use case. A clone is the same means.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The truth.
    pub store: Store,
    /// Time for pacing; what decides about a contact uses the database's.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// What is counted.
    pub metrics: Metrics,
    /// Tells the line's view and the waiters of this process what changed.
    pub mirror: Mirror,
    /// How each centre works now.
    pub settings: SettingsCache,
    /// Who is on shift.
    pub roster: RosterCache,
    /// Which queues are open.
    pub openings: OpeningCache,
    /// Which queues are diverted.
    pub diversions: DiversionCache,
    /// How far the overload valve is open.
    pub overload: OverloadBoard,
}

impl Ctx {
    /// The means of a process; the caches are those of this `Ctx` and its clones.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        metrics: Metrics,
        mirror: Mirror,
    ) -> Self {
        let settings = SettingsCache::new(store.clone(), Arc::clone(&clock), mirror.hub().clone());
        let roster = RosterCache::new(store.clone());
        let openings = OpeningCache::default();
        let diversions = DiversionCache::new(store.clone(), Arc::clone(&clock), mirror.hub().clone());
        let overload = OverloadBoard::new(Arc::clone(&clock));
        Self { store, clock, ids, metrics, mirror, settings, roster, openings, diversions, overload }
    }

    /// The vault, for digests and page tokens.
    pub fn vault(&self) -> &Vault {
        self.store.vault()
    }
}
