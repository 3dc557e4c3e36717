//! The directory of services that children are referred to, in the shape of HSDS 3 (Human Services Data Specification).
//!
//! A directory is a set of records: [`kind`] says which there are and what a field may hold, [`package`] holds them,
//! [`check`] reads what somebody else has written, [`nest`] turns documents into records and back. A [`listing`] is one
//! service with all that belongs to it; [`fit`] says which of a child's needs it meets, and [`fold`] makes words
//! comparable across scripts.
//!
//! Invariants:
//! - a package that passed its check refers to nothing that is not there, and no term is above itself;
//! - of a place where a protected service is, nobody who need not learns where it is, whatever else is there: [`protected`];
//! - what a listing does not say is never read as a no, nor as a yes: it is `NotStated`, and shown as that.

pub mod check;
pub mod fit;
pub mod fold;
pub mod hours;
pub mod kind;
pub mod language;
pub mod listing;
pub mod nest;
pub mod package;
pub mod protected;
pub mod rules;
