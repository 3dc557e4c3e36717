//! A child is in danger: somebody must reach them, and nobody rests before.

mod agencies;
mod climbing;
mod contacts;
mod desks;
mod endings;
mod forbidden;
mod room;
