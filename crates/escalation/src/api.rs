//! The generated traits: one short method each.

mod consult;
mod disclosure;
mod plan;

use helpline_service_kit::Ctx;

/// Implements the services of escalation.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
}
