//! The generated traits: one short method each.

mod handling;
mod line;
mod offer;
mod presence;

use helpline_service_kit::Ctx;

use crate::watch_queue_status::StatusBoard;

/// Implements the four services of queueing.
#[derive(Clone, Debug)]
pub struct Api {
    ctx: Ctx,
    board: StatusBoard,
}

impl Api {
    /// An implementation over the means of the process.
    pub fn new(ctx: Ctx, board: StatusBoard) -> Self {
        Self { ctx, board }
    }
}
