//! Contacts come in, are assessed, written with, recorded and signed off.
//!
//! | Use case | File |
//! |---|---|
//! | a contact is taken in and put in line | [`receive_contact()`] |
//! | one is looked at, many are listed | [`get_contact()`], [`list_contacts()`] |
//! | its risk is assessed again | [`change_risk()`] |
//! | answers on the way in are recorded and weighed | [`record_answers()`] |
//! | the person left | [`record_departure()`] |
//! | the record is signed off | [`complete_contact()`] |
//! | something is recorded after the fact | [`record_past_contact()`] |
//! | a sender is blocked for a time, and let in again | [`block_sender()`], [`lift_block()`], [`list_blocks()`] |
//! | child and counsellor write to each other | [`send_message()`], [`watch_messages()`] |
//! | somebody says afterwards how it was | `survey` |
//!
//! Invariants:
//! - whoever reaches the helpline gets a contact, and a repeat of the same call gets the same one: by `request_id`, by
//!   the channel's own id, and for conversations by the sender;
//! - a contact is in line before its caller hears of it; when nobody on shift could ever take it, the answer says so;
//! - an adapter knows of the contacts it brought, a counsellor of those they have or had last, a supervisor of all;
//!   everything else is `NOT_FOUND`, whether it exists or not;
//! - only the counsellor of a contact signs it off, once, and with everything that must be known;
//! - the messages of a contact are numbered from 1 without gaps, and each is stored once.
//!
//! Inputs: the API of `helpline.intake.v1`. Events written: `contact_received`, `risk_changed`, `answers_recorded`,
//! `person_left`, `contact_completed`, `past_contact_recorded`, `message_sent`, `survey_recorded`,
//! `survey_reviewed`, `survey_read`. Events heard: changes of a contact, which wake those
//! who watch its messages.

mod access;
mod api;
mod blocking;
mod change_risk;
mod complete_contact;
mod get_contact;
mod list_contacts;
mod placing;
mod raise;
mod receive_contact;
mod record_answers;
mod record_departure;
mod record_past_contact;
mod returning;
mod send_message;
mod survey;
mod watch_messages;
pub mod wire;

use helpline_proto::intake::v1::block_service_server::BlockServiceServer;
use helpline_proto::intake::v1::contact_service_server::ContactServiceServer;
use helpline_proto::intake::v1::message_service_server::MessageServiceServer;
use helpline_proto::intake::v1::survey_service_server::SurveyServiceServer;
use helpline_service_kit::Ctx;

pub use api::{BlockApi, ContactApi, MessageApi, SurveyApi};
pub use blocking::{
    BlockPage, BlockSender, Blocked, LiftBlock, ListBlocks, block_sender, lift_block, list_blocks,
};
pub use change_risk::{ChangeRisk, change_risk};
pub use complete_contact::{ClosingRecord, CompleteContact, complete_contact};
pub use get_contact::{Seen, get_contact, guests};
pub use list_contacts::{ListContacts, Listed, list_contacts};
pub use receive_contact::{ReceiveContact, Received, receive_contact};
pub use record_answers::{Answers, RecordAnswers, record_answers};
pub use record_departure::{RecordDeparture, record_departure};
pub use record_past_contact::{RecordPastContact, record_past_contact};
pub use send_message::{SendMessage, send_message};
pub use watch_messages::{MessageStream, WatchMessages, Watched, watch_messages};

/// What serves the API of this crate.
pub type Routes = (
    BlockServiceServer<BlockApi>,
    ContactServiceServer<ContactApi>,
    MessageServiceServer<MessageApi>,
    SurveyServiceServer<SurveyApi>,
);

/// The services of this crate. They belong behind the access layer, which knows who calls.
pub fn routes(ctx: &Ctx) -> Routes {
    (
        BlockServiceServer::new(BlockApi::new(ctx.clone())),
        ContactServiceServer::new(ContactApi::new(ctx.clone())),
        MessageServiceServer::new(MessageApi::new(ctx.clone())),
        SurveyServiceServer::new(SurveyApi::new(ctx.clone())),
    )
}
