//! What is free now of services whose places are counted here, which nobody imports.

use std::collections::HashMap;
use std::sync::Arc;

use helpline_domain::id::{CentreId, ServiceId};
use helpline_domain::service::listing::{Capacity, Listing};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::capacity::CapacityRow;

/// The places of services, as of one moment. Of those that are not counted here it knows nothing.
#[derive(Debug, Default)]
pub(crate) struct Counted(HashMap<ServiceId, Vec<Capacity>>);

impl Counted {
    /// The places of these services, or of every one.
    pub(crate) async fn of(
        ctx: &Ctx,
        centre: CentreId,
        services: Option<&[ServiceId]>,
    ) -> Result<Self, Refusal> {
        let mut counted: HashMap<_, Vec<_>> = HashMap::new();
        for row in ctx.store.counted_places(centre, services).await? {
            counted.entry(row.service_id).or_default().push(capacity(row));
        }
        Ok(Self(counted))
    }

    /// What is known of the places of a service: what is counted, or else what came with it.
    pub(crate) fn places<'a>(&'a self, listing: &'a Listing) -> &'a [Capacity] {
        self.0.get(&listing.service_id).unwrap_or(&listing.capacities)
    }

    /// A service with what is known of its places.
    pub(crate) fn current(&self, listing: &Arc<Listing>) -> Arc<Listing> {
        let mut listing = Arc::clone(listing);
        if let Some(places) = self.0.get(&listing.service_id) {
            Arc::make_mut(&mut listing).capacities.clone_from(places);
        }
        listing
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
