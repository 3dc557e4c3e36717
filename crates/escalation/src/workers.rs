//! What happens by itself. Any number of processes may run them, because the store lets each step be taken once.

mod climb;

pub(crate) use climb::Climb;
