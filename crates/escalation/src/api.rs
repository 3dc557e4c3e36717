//! The generated traits: one short method each.

mod child_alert;
mod consult;
mod disclosure;
mod escalation;
mod plan;

use helpline_service_kit::Ctx;

use crate::board::Boards;
use crate::climb::Ladder;

/// Implements the services of escalation.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
    pub(crate) ladder: Ladder,
    pub(crate) boards: Boards,
}
