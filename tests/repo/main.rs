//! The rules of the house, checked against the house itself. Needs no database and takes seconds.
//!
//! One rule is one test, named as the rule is said. Where a rule could go blind without anybody noticing, a small bad
//! sample beside it proves that it can fail. Exceptions are named where the rule stands, each with its reason; one that
//! nobody needs any more fails as well.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod arrows;
mod commands;
mod deploy;
mod documented;
mod links;
mod points;
mod protos;
mod shell;
mod sizes;
mod source;
mod sql;
mod tree;
mod words;
