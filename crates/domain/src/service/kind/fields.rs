//! How fields are written down, and those that several kinds share.

use super::{Field, Kind, Shape};

pub(super) const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false }
}

pub(super) const fn need(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true }
}

pub(super) const fn text(name: &'static str) -> Field {
    field(name, Shape::Text)
}

pub(super) const fn to(name: &'static str, kind: Kind) -> Field {
    field(name, Shape::Reference(kind))
}

pub(super) const ID: Field = need("id", Shape::Id);
pub(super) const NAME: Field = need("name", Shape::Text);
pub(super) const OF_SERVICE: Field = to("service_id", Kind::Service);
pub(super) const OF_ORGANIZATION: Field = to("organization_id", Kind::Organization);
pub(super) const OF_LOCATION: Field = to("location_id", Kind::Location);
pub(super) const OF_SERVICE_AT_LOCATION: Field = to("service_at_location_id", Kind::ServiceAtLocation);
pub(super) const ATTRIBUTES: (&str, Kind) = ("attributes", Kind::Attribute);
pub(super) const DAYS: Shape = Shape::Choice(&["MO", "TU", "WE", "TH", "FR", "SA", "SU"]);
pub(super) const PLACE_KINDS: Shape = Shape::Choice(&["physical", "postal", "virtual"]);
pub(super) const AGE: Shape = Shape::Number(0.0, 200.0);
pub(super) const ANY: f64 = 1e9;
