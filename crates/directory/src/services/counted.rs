//! What is free now of services whose places are counted here, which nobody imports.

use std::collections::HashMap;
use std::sync::Arc;

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::ServiceId;
use helpline_domain::service::listing::{Capacity, Listing};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::capacity::CapacityRow;

/// The places of services, as of one moment. Of those that are not counted here it knows nothing.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    places: HashMap<ServiceId, Vec<Capacity>>,
    /// Whether also those of protected services are told: how many are free says whether somebody lives there.
    tells_all: bool,
}

impl Counted {
    /// The places of these services, or of every one, as the caller may know of them.
    pub(crate) async fn of(
        ctx: &Ctx,
        caller: &Caller,
        services: Option<&[ServiceId]>,
    ) -> Result<Self, Refusal> {
        let mut places: HashMap<_, Vec<_>> = HashMap::new();
        for row in ctx.store.counted_places(caller.centre_id, services).await? {
            places.entry(row.service_id).or_default().push(capacity(row));
        }
        Ok(Self { places, tells_all: caller.role == Role::Supervisor })
    }

    /// What is known of the places of a service: what is counted, or else what came with it.
    pub(crate) fn places<'a>(&'a self, listing: &'a Listing) -> &'a [Capacity] {
        match self.places.get(&listing.service_id) {
            _ if self.withholds(listing) => &[],
            counted => counted.unwrap_or(&listing.capacities),
        }
    }

    /// A service with what is known of its places.
    pub(crate) fn current(&self, listing: &Arc<Listing>) -> Arc<Listing> {
        let mut listing = Arc::clone(listing);
        if self.withholds(&listing) || self.places.contains_key(&listing.service_id) {
            Arc::make_mut(&mut listing).capacities = self.places(&listing).to_vec();
        }
        listing
    }

    const fn withholds(&self, listing: &Listing) -> bool {
        listing.rules.protected_address && !self.tells_all
    }
}

fn capacity(row: CapacityRow) -> Capacity {
    let count = |count: i32| u32::try_from(count).unwrap_or_default();
    Capacity {
        unit: row.unit,
        available: count(row.available),
        maximum: Some(count(row.maximum)),
        description: String::new(),
        // The instant of a change would tell when somebody came or left.
        updated_at: None,
    }
}
