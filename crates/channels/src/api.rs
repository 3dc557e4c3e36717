//! The generated traits: caller, parse, use case, answer.

mod delivery;
mod endpoint;
mod link;

use helpline_service_kit::Ctx;

use crate::address::Targets;

/// The services. A clone is the same.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
    pub(crate) targets: Targets,
}
