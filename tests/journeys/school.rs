//! Abuse at a school is reported, and somebody says afterwards how it was.

mod linked;
mod outside;
mod room;
mod sight;
mod silent;
mod surveys;
mod whole;
