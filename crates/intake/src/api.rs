//! The generated traits: who calls, what is asked, the use case, the answer.

mod contact;
mod message;

pub use contact::ContactApi;
pub use message::MessageApi;
