//! A child has a case: who they are, what is known and planned, whose it is, and what is to be done.

mod cases;
mod mended;
mod persons;
mod sight;
mod tasks;
mod watched;
