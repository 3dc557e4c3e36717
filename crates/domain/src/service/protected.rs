//! Where a service is that must not be found: one wall for whatever tells of places.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::kind::Kind;
use super::listing::Listing;
use super::package::{Package, Record, id};
use super::rules::Rules;

/// Locations of which nothing may be told: a service with a protected address is given there, whoever else is.
#[derive(Clone, Debug, Default)]
pub struct Protected(BTreeSet<Uuid>);

impl Protected {
    /// Those of a directory as it is searched.
    pub fn of_listings<'a>(listings: impl Iterator<Item = &'a Listing>) -> Self {
        let protecting = listings.filter(|listing| listing.rules.protected_address);
        Self(
            protecting.flat_map(|listing| &listing.places).map(|place| place.location_id.as_uuid()).collect(),
        )
    }

    /// Those of a directory as it is exported.
    pub fn of_package(package: &Package) -> Self {
        let at = package.of(Kind::ServiceAtLocation).filter(|(_, record)| is_of_protected(package, record));
        Self(at.filter_map(|(_, record)| id(record, "location_id")).collect())
    }

    /// Whether nothing may be told of a location.
    pub fn holds(&self, location: Uuid) -> bool {
        self.0.contains(&location)
    }
}

/// Whether a record is of a service with a protected address.
pub fn is_of_protected(package: &Package, record: &Record) -> bool {
    let rules = id(record, "service_id").and_then(|service| package.get(Kind::ServiceRule, service));
    rules.map(Rules::of).is_some_and(|rules| rules.protected_address)
}
