//! Requests become commands, with every field that cannot be used found at once; the domain becomes answers.

mod block;
mod contact;
mod message;
mod survey;
#[cfg(test)]
mod tests;

pub use block::{block, blocks, read_block, read_blocks, read_lift};
pub use contact::{
    list_tokens, listed, read_change_risk, read_complete, read_departure, read_get, read_list, read_past,
    read_receive, read_record_answers, received, seen, seen_with,
};
pub use message::{message, read_send, read_watch, watched};
pub use survey::{read_review, read_survey, read_surveyed, survey};
