//! The generated traits: one short method each.

mod assessment;
mod case;
mod case_access;
mod migrants;
mod person;
mod task;

use helpline_service_kit::Ctx;

/// Implements the services of casework.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
}
