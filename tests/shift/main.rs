//! A shift that the simulation plays in an instant is played by the server in real time, twenty times as fast as life.
//!
//! The same contacts come, with the same patience and the same length, and counsellors take as long to accept. What the server
//! then does is its own: its line, its matcher, its clock. These tests have the machine to themselves.
#![expect(clippy::unwrap_used, reason = "helpers of tests: this is how they fail")]

mod agrees;
mod player;
mod surge;
