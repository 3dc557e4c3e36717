//! Plays children, counsellors and responders of agencies, so that the line can be seen, shown and measured.
//!
//! The players reach the server through the public gRPC API alone, with tokens like anybody's: what they can do, a
//! centre's own client can do. Two programs stand on this crate: `helpline-demo` shows a helpline at work,
//! `helpline-bench` measures it. Both start servers as real processes on private PostgreSQL and Redis ([`house`]).
//!
//! # Invariants
//!
//! - **Nobody is real.** People, texts and times are drawn from a seed; every text says that it is made up.
//! - **The same seed makes the same plans.** Who comes when, asks what and waits how long does not depend on the
//!   server; only the order in which answers arrive does.
//! - **A retry is the same command.** What could not be answered is sent again under its `request_id` ([`client`]).
//! - **No process stays behind**, not even after `kill -9` of the program that started it.
//!
//! # Inputs
//!
//! Command lines; arrival profiles as CSV ([`arrivals`]); the environment variable `HELPLINE_BIN_DIR`, the directory
//! of the `helpline` program (by default that of the running one).

pub mod arrivals;
pub mod child;
pub mod client;
mod conversation;
pub mod counsellor;
pub mod draws;
pub mod emergency;
pub mod figures;
pub mod house;
pub mod people;
pub mod referral;
pub mod scenario;
pub mod scene;
pub mod screen;
pub mod server;
pub mod speed;
pub mod staff;
mod texts;
