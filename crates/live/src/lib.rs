//! The line's fast view. Everything Helpline says to Redis stands in this crate, and nowhere else.
//!
//! Redis holds a copy of what Postgres knows: who waits in which line ([`line`]), which counsellors have room, which pairs
//! are being committed; and it carries wake-ups between processes ([`hint`]). It may be empty, rolled back or gone at any
//! time: what is read here is a proposal that Postgres confirms or refuses, and the view is filled again from rows.
//!
//! Invariants:
//! - every key of a centre carries the centre as hash tag and, but for one, the generation in its name; every script
//!   compares the generation first, so a writer with an old one changes nothing ([`LiveError::Stale`]);
//! - ids, numbers and keyed hashes stand here, nothing that was said and nothing that names a person;
//! - when Redis is away a call fails at once: the next try to reach it is a quarter of a second off, and nobody waits
//!   for it twice.

pub mod connection;
pub mod hint;
pub mod keys;
pub mod line;

pub use connection::{Live, LiveError};
