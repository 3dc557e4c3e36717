//! What every service stands on.
//!
//! | Want | Use |
//! |---|---|
//! | let callers in, by role, within a time | [`access`], over [`authenticator`] and [`streams`] |
//! | know who calls | [`caller`] |
//! | refuse | [`error`] |
//! | read a request | [`fields`] |
//! | change something once, however often it is asked | [`command`] |
//! | know how the centre works, when it is open, what is diverted | [`settings`], [`hours`], [`diversions`] |
//! | answer with pages | [`page`] |
//! | time and new ids | [`clock`], [`ids`], in [`ctx`] with the store |
//! | work in the background | [`workers`] |
//! | start and stop | [`config`], [`telemetry`], [`lifecycle`] |
//! | wake those who wait for a change | [`mirror`] and [`wake`], over [`hub`] |
//! | speak the shared words of the API | [`wire`] |
//! | tell whether anybody on shift could take a contact | [`roster`] |
//! | do something for a contact that nobody can take | [`arranging`] |
//! | measure | [`measures`], [`metrics`] |
//! | prove that nothing is left half done | [`fail_point`] |
//!
//! Invariants:
//! - nobody passes the access layer without a good token of a role that the protos name, except to health and
//!   reflection; a method without an entry in the method table cannot be reached;
//! - the caller comes from the metadata of this very call, never from extensions that travelled along;
//! - when the store does not answer, nobody new comes in;
//! - every refusal has a documented reason, and none repeats what a request said;
//! - no time, randomness or environment is read except in [`clock`], [`ids`] and [`config`].
//!
//! Inputs: HTTP requests, the store's tokens, the configuration, signals. Emits logs, spans and metrics, no events.

pub mod access;
pub mod arranging;
pub mod authenticator;
pub mod caller;
pub mod clock;
pub mod command;
pub mod config;
pub mod consulate;
pub mod ctx;
pub mod diversions;
pub mod error;
pub mod fail_point;
pub mod fields;
pub mod hours;
pub mod hub;
pub mod ids;
pub mod lifecycle;
pub mod measures;
pub mod metrics;
pub mod mirror;
pub mod overload;
pub mod page;
pub mod partners;
mod remembered;
pub mod request;
pub mod roster;
pub mod settings;
pub mod streams;
pub mod telemetry;
pub mod wake;
pub mod wire;
pub mod workers;

pub use ctx::Ctx;
pub use error::Refusal;
