//! What alerts need to know of the floor.

use super::{AlertKind, Subject};
use crate::channel::Channel;
use crate::id::{ContactId, CounsellorId};
use crate::risk::Class;

/// A contact in line, offered or not. Times are milliseconds of the database's clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The contact.
    pub contact_id: ContactId,
    /// Its queue.
    pub queue: String,
    /// Its class.
    pub class: Class,
    /// When it arrived.
    pub received_ms: i64,
    /// When it should be answered.
    pub deadline_ms: i64,
    /// Whether anybody on shift could take it if they were free.
    pub served: bool,
}

/// A contact with a counsellor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Live {
    /// The contact.
    pub contact_id: ContactId,
    /// How the child reached the helpline.
    pub channel: Channel,
    /// Its class.
    pub class: Class,
    /// When it was answered.
    pub since_ms: i64,
    /// Whether the counsellor's client was lost.
    pub lost: bool,
}

/// The floor at one moment, as far as alerts need to know it. Of each line the first contacts are enough.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    /// The moment.
    pub now_ms: i64,
    /// Who waits longest, of each line.
    pub waiting: Vec<Waiting>,
    /// Contacts with counsellors.
    pub live: Vec<Live>,
    /// Counsellors on shift, with how many severe contacts they have had in a row.
    pub counsellors: Vec<(CounsellorId, u32)>,
    /// Whether the line works without its fast view.
    pub degraded: bool,
    /// What others know to be due: callbacks, check-ins, second opinions, somebody on call, escalations.
    pub due: Vec<(AlertKind, Subject)>,
}
