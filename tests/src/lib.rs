//! A helpline for one test: a database of its own, a server in this process, and people who call it.
//!
//! ```text
//! let world = World::start().await;
//! let counsellor = world.counsellor(Abilities::speaking(&["ar"])).await;
//! let adapter = world.adapter().await;
//! adapter.contacts().receive_contact(…).await
//! ```
//!
//! Everything panics with a reason when it cannot be had: a test without its world has failed.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "helpers of tests: this is how they fail"
)]

mod actor;
pub mod assessments;
pub mod casework;
pub mod child_alert;
pub mod crossborder;
mod link;
mod listing;
mod mail;
pub mod migrant;
mod pages;
mod partner;
pub mod plan;
pub mod process;
pub mod referral;
mod refusal;
pub mod reintegration;
pub mod school;
pub mod shelter;
pub mod timing;
mod waiting;
mod world;

pub use actor::{Actor, Bearer};
pub use link::Linked;
pub use mail::MailServer;
pub use pages::pages;
pub use partner::{Answer, Heard, Partner};
pub use refusal::{Refused, refused};
pub use waiting::{PATIENCE, until};
pub use world::{Abilities, Centre, World, WorldOptions};

use uuid::Uuid;

/// A new id for a command.
#[expect(clippy::disallowed_methods, reason = "tests need ids that nobody else uses")]
pub fn request_id() -> String {
    Uuid::new_v4().to_string()
}
