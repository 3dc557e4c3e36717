//! What happens when things break: real processes, a real Postgres and a real Redis are killed, emptied and restarted under
//! load, and afterwards every child who was let in has been served once.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests: this is how they fail, and say how long things took"
)]

mod afterwards;
mod casework;
mod client_lost;
mod crossborder;
mod emergency;
mod fail_points;
mod leaks;
mod links;
mod load;
mod matcher;
mod overflow;
mod pairing;
mod postgres;
mod redis;
mod referring;
mod reintegration;
mod school;
mod sending;
mod shelter;
mod story;
