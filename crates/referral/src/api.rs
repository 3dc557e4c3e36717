//! The generated traits: one short method each.

mod admission;
mod capacity;
mod consent;
mod referral;

use helpline_service_kit::Ctx;

/// Implements the services of referral.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
}
