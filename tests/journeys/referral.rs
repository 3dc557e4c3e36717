//! An agency is asked for a service, and the loop closes only with an outcome.

mod closed_loop;
mod consent;
pub(crate) mod drafts;
mod forbidden;
mod found;
mod from_case;
pub(crate) mod holds;
mod lists;
mod meeting;
mod need_to_know;
mod next_choice;
mod passed_on;
mod presence;
mod races;
pub(crate) mod room;
pub(crate) mod stay;
mod stay_steps;
