//! The generated traits: who calls, what is asked, the use case, the answer.

mod block;
mod contact;
mod message;
mod survey;

pub use block::BlockApi;
pub use contact::ContactApi;
pub use message::MessageApi;
pub use survey::SurveyApi;
