//! The generated traits: one short method each.

mod callback;
mod handling;
mod handover;
mod line;
mod offer;
mod overflow;
mod participation;
mod presence;
mod supervision;
mod switchboard;

use helpline_service_kit::Ctx;

use crate::callback::measures::CallbackMeasures;
use crate::sessions::Sessions;
use crate::watch_queue_status::StatusBoard;

/// Implements the services of queueing.
#[derive(Clone, Debug)]
pub struct Api {
    ctx: Ctx,
    board: StatusBoard,
    sessions: Sessions,
    callbacks: CallbackMeasures,
}

impl Api {
    /// An implementation over the means of the process.
    pub fn new(ctx: Ctx, board: StatusBoard, sessions: Sessions, callbacks: CallbackMeasures) -> Self {
        Self { ctx, board, sessions, callbacks }
    }
}
