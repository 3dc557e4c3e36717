//! A child is in danger: somebody must reach them, and nobody rests before.

mod agencies;
mod calls;
mod child_alerts;
mod climbing;
mod closing;
mod contacts;
mod desks;
mod documents;
mod endings;
mod forbidden;
mod interleaving;
mod outage;
mod reports;
pub(crate) mod room;
mod sight;
pub(crate) mod undelivered;
