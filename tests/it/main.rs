//! Stories of the whole system: a real database, a real Redis, a real server, and callers who use nothing but the API.
#![expect(clippy::unwrap_used, reason = "helpers of tests: this is how they fail")]

mod demo;
mod directory;
mod emergencies;
mod outside;
mod scenarios;
mod server;
