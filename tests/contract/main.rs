//! The contract of the API: what every client may rely on, whoever calls and whatever they send.
//!
//! Much of it walks the descriptors: a new method, field or enum is held to the same rules without a new test, and a
//! method that these tests do not know how to call fails them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: this is how they fail"
)]

mod access;
mod bytes;
mod cast;
mod deadlines;
mod fields;
mod isolation;
mod offers;
mod pages;
mod privacy;
mod python;
mod raw;
mod replay;
mod requests;
mod schema;
mod stage;
mod strangers;
mod streams;
mod text;
mod untold;
mod visits;
