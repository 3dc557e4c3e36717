//! A child has a case: who they are, what is known and planned, whose it is, what is to be done, and what was
//! found out about their situation.

mod assessments;
mod board;
mod cases;
mod judged;
mod mended;
mod persons;
mod restored;
mod sight;
mod tasks;
mod watched;
