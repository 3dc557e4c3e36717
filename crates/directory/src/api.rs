//! The generated traits: caller, parse, use case, answer.

mod centre;
mod counsellor;
mod token;
