//! The generated traits: caller, parse, use case, answer.

mod agency;
mod centre;
mod counsellor;
mod service;
mod token;
