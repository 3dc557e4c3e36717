//! Children come back together, and each of them finds a home; nobody else knows that they came.

mod announced;
mod hidden;
mod kept;
mod merged;
pub(crate) mod room;
mod school;
mod timing;
mod unseen;
mod whole;
