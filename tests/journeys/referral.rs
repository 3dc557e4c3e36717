//! An agency is asked for a service, and the loop closes only with an outcome.

mod closed_loop;
mod consent;
mod forbidden;
mod holds;
mod lists;
mod need_to_know;
mod next_choice;
mod races;
pub(crate) mod room;
mod stay;
