//! What contacts and counsellors live through, told through the public API alone: SQL only looks.
//!
//! Nothing here sleeps for a time: every wait is for a condition, with a deadline. Time passes by moving the database's
//! clock, by which every deadline is set and compared.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: this is how they fail"
)]

mod answered;
mod capacity;
mod decline;
mod desk;
mod eligibility;
mod leaving;
mod missed;
mod order;
mod presence;
mod races;
mod returning;
mod risk;
mod stage;
mod transfer;
