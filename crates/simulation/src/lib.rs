//! A shift of a helpline, played in seconds: contacts come, wait, are offered, answered or leave, event by event.
//!
//! The play is driven by [`helpline_domain::policy`], the code that the server runs, and by the policies of others beside
//! it ([`policy::Policy`]), over the same contacts, the same patience and the same counsellors. It says how long each
//! class waits, how many leave, how many counsellors a shift needs, and what one more would change.
//!
//! Invariants kept here:
//! - every contact that came ends as answered or as left, and no counsellor holds more than their capacity;
//! - a contact's patience, its length and the ways of those who are offered it depend on the seed and on its number
//!   alone, so policies are compared over the same fate;
//! - the same scenario and seed give the same figures on every machine, whatever the number of threads;
//! - no I/O and no clock: scenarios are read from strings, pictures are written into strings.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "milliseconds of a few weeks and counts of contacts, far below where a conversion loses anything"
)]

pub mod compare;
mod draws;
pub mod erlang;
mod floor;
pub mod measure;
pub mod picture;
pub mod policy;
pub mod rehearsal;
mod run;
pub mod scenario;
pub mod staffing;
pub mod statistics;
mod trace;
pub mod what_if;
