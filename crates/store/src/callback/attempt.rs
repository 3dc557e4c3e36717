//! What an attempt came to.

use helpline_domain::callback::{AttemptOutcome, CallbackState};
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CallbackId, ContactId};
use helpline_domain::risk::Class;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Moved, inconsistent};
use crate::change::{Change, Command, change, change_query};
use crate::participation::{free_holds, part_all, participations_are_seen, rooms_column};
use crate::presence::{Room, RoomRow, rooms};
use crate::{Store, StoreError};

/// Reached: the contact goes on. Else the callback waits for its next attempt and its contact with it, or it has failed:
/// then a check-in's contact is critical work in line at the same instant, and any other's ends.
const RECORD: &str = change!(
    event: "callback_attempted", resource: "callback_id", about: ("work_contact_id", "$2", "NULL::uuid"),
    detail: "jsonb_build_object('callback_id', callback_id, 'outcome', $8::text, 'attempts', attempts, 'to', state)",
    with: "before AS (
        SELECT contact_id AS id, state AS old_state, class AS old_class, medium AS old_medium, holder_id AS old_holder,
            participations AS old_participations
        FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $12 AND counsellor_id = $2 AND state IN ('in_progress', 'wrap_up') FOR UPDATE),
    callback AS MATERIALIZED (
        SELECT cb.kind, CASE WHEN $8 = 'reached' THEN 'reached'
            WHEN cb.attempts + 1 >= cb.most_attempts OR helpline.now() + make_interval(secs => $9) >= cb.until_at THEN 'failed'
            ELSE 'promised' END AS next
        FROM helpline.callbacks cb
        WHERE cb.centre_id = $1 AND cb.callback_id = $7 AND cb.work_contact_id = $12 AND cb.state = 'due'
          AND EXISTS (SELECT FROM before WHERE ", participations_are_seen!(), ")
        FOR UPDATE),
    contact AS (
        UPDATE helpline.contacts c SET
            state = CASE WHEN next = 'reached' THEN c.state WHEN next = 'promised' THEN 'callback_promised'
                WHEN kind = 'check_in' THEN 'waiting' ELSE 'unreached' END,
            class = CASE WHEN next = 'failed' AND kind = 'check_in' THEN 1 ELSE c.class END,
            deadline_at = CASE WHEN next = 'failed' AND kind = 'check_in'
                THEN least(c.deadline_at, helpline.now() + make_interval(secs => $11)) ELSE c.deadline_at END,
            counsellor_id = CASE WHEN next = 'reached' OR (next = 'failed' AND kind = 'callback') THEN c.counsellor_id END,
            holder_id = CASE WHEN next = 'reached' THEN c.holder_id END,
            put_aside_at = CASE WHEN next = 'reached' THEN c.put_aside_at END,
            ended_at = CASE WHEN next = 'failed' AND kind = 'callback' THEN helpline.now() END,
            participations = CASE WHEN next = 'reached' THEN c.participations ELSE '{}' END,
            epoch = c.epoch + (next <> 'reached')::int, revision = c.revision + 1
        FROM before CROSS JOIN callback WHERE c.centre_id = $1 AND c.contact_id = $12
        RETURNING old_state, old_class, old_medium, old_holder, next,
            CASE WHEN next = 'reached' THEN '{}'::uuid[] ELSE before.old_participations END AS leaving),
    changed AS (
        UPDATE helpline.callbacks cb SET state = next, reason = $8, attempts = cb.attempts + 1,
            next_attempt_at = CASE WHEN next = 'promised' THEN helpline.now() + make_interval(secs => $9) ELSE cb.next_attempt_at END,
            overdue_at = CASE WHEN next = 'promised' THEN helpline.now() + make_interval(secs => $9 + $10) ELSE cb.overdue_at END,
            alarmed_at = CASE WHEN next <> 'promised' THEN cb.alarmed_at END,
            ended_at = CASE WHEN next <> 'promised' THEN helpline.now() END, revision = cb.revision + 1
        FROM contact WHERE cb.centre_id = $1 AND cb.callback_id = $7
        RETURNING cb.*, old_state, old_class, old_medium, old_holder, leaving AS old_participations)",
    part_all!("callback_attempted"), ",
    holds AS (
        SELECT counsellor_id, medium, joined_at IS NOT NULL AS worked FROM parted
        UNION ALL SELECT old_holder, old_medium, true FROM changed WHERE state <> 'reached')",
    free_holds!(""), ",
    alarmed AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), kind || '_failed', work_contact_id, revision,
            jsonb_build_object('callback_id', callback_id, 'reason', reason, 'attempts', attempts, 'risk', risk, 'class', class)
        FROM changed WHERE state = 'failed')";
    returning: "callback_id, work_contact_id, old_state, old_class, state AS now, ", rooms_column!(),
);

/// What is asked of an attempt beside its outcome.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The callback.
    pub callback_id: CallbackId,
    /// The contact that is its work.
    pub contact_id: ContactId,
    /// What it came to.
    pub outcome: AttemptOutcome,
    /// From now to the next attempt, in seconds.
    pub retry_after_s: u32,
    /// From then to the alarm, in seconds.
    pub overdue_after_s: u32,
    /// Wait intended for critical work, in seconds.
    pub critical_target_s: u32,
}

/// An attempt as recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What it did to the contact.
    pub moved: Moved,
    /// Where the callback stands now.
    pub now: CallbackState,
    /// How much room each of those has now whom it freed.
    pub rooms: Vec<Room>,
}

#[derive(FromRow)]
struct RecordedRow {
    callback_id: Uuid,
    work_contact_id: Option<Uuid>,
    old_state: String,
    old_class: i16,
    now: String,
    rooms: Json<Vec<RoomRow>>,
}

impl Store {
    /// Records what an attempt came to, as the counsellor who has its work in hand; also where the callback stands now.
    pub async fn record_attempt(
        &self,
        command: &Command,
        attempt: &Attempt,
    ) -> Result<Change<Recorded>, StoreError> {
        let query = || {
            change_query::<RecordedRow>(RECORD, command)
                .bind(attempt.callback_id.as_uuid())
                .bind(attempt.outcome.key())
                .bind(f64::from(attempt.retry_after_s))
                .bind(f64::from(attempt.overdue_after_s))
                .bind(f64::from(attempt.critical_target_s))
                .bind(attempt.contact_id.as_uuid())
        };
        self.change_seeing_offers(command, query).await?.try_map(|row| {
            let moved = Moved {
                callback_id: row.callback_id.into(),
                contact_id: row.work_contact_id.map(ContactId::from),
                state_before: ContactState::from_key(&row.old_state),
                class_before: Class::from_number(row.old_class),
                ended: Vec::new(),
                rooms: Vec::new(),
            };
            let now = CallbackState::from_key(&row.now).ok_or(inconsistent("state"))?;
            Ok(Recorded { moved, now, rooms: rooms(row.rooms)? })
        })
    }
}
