//! The helpline as one program: reads the configuration, builds the services, serves, stops.
//!
//! [`Server`] is the running program without a command line, so that tests run it in process; [`cli`] is the command
//! line. `serve` runs every service in one process or, with `--services`, some of them; any number of processes may run
//! any of them over one database.
//!
//! Invariants:
//! - nothing is served before the schema is the one this build knows and the database role is one that row-level
//!   security holds; a database that is away at the start is waited for, a Redis that is away is done without;
//! - what stops does so in this order: not ready, not accepting, streams ended, calls and workers finished, pool closed;
//! - the configuration is read before anything runs, and a bad one ends the program with status 64.
//!
//! Inputs: command line, configuration, signals. Emits no events of its own.

pub mod cli;
pub mod doctor;
pub mod server;

pub use server::{Server, Services, StartError};
