//! The generated traits: who calls, what is asked, the use case, the answer.

mod block;
mod contact;
mod message;

pub use block::BlockApi;
pub use contact::ContactApi;
pub use message::MessageApi;
