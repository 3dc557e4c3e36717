//! A callback is moved to another time, or taken back.

use chrono::{DateTime, Utc};
use helpline_domain::callback::CancelReason;
use helpline_domain::id::CallbackId;

use super::{Callback, Moved, MovedRow, moved_columns};
use crate::change::{Change, Command, change, change_query};
use crate::offer::{offer_is_seen, withdraw_open};
use crate::participation::free_holds;
use crate::{Store, StoreError};

const RESCHEDULE: &str = change!(
    event: "callback_rescheduled", resource: "callback_id", about: ("coalesce(work_contact_id, origin_contact_id)", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('callback_id', callback_id, 'due_at', due_at, 'until_at', until_at)",
    with: "changed AS (
        UPDATE helpline.callbacks cb SET due_at = due, next_attempt_at = due,
            until_at = coalesce($9, due + make_interval(secs => $10)), overdue_at = due + make_interval(secs => $11),
            alarmed_at = NULL, revision = cb.revision + 1
        FROM (SELECT greatest($8::timestamptz, helpline.now()) AS due) asked
        WHERE cb.centre_id = $1 AND cb.callback_id = $7 AND cb.state = 'promised' AND cb.called_contact_id IS NULL
          AND ($12::bigint = 0 OR cb.revision = $12)
        RETURNING cb.*)";
    returning: "callback_id",
);

/// Takes a callback back whose work nobody has in hand; its contact ends with it.
const CANCEL: &str = change!(
    event: "callback_cancelled", resource: "callback_id", about: ("coalesce(work_contact_id, origin_contact_id)", "old_holder", "old_offer"),
    detail: "jsonb_build_object('callback_id', callback_id, 'reason', reason)",
    with: "before AS (
        SELECT contact_id AS id, state AS old_state, class AS old_class, medium AS old_medium, holder_id AS old_holder,
            offer_id AS old_offer
        FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $9 AND state IN ('callback_promised', 'waiting', 'offered') FOR UPDATE),
    callback AS MATERIALIZED (
        SELECT cb.callback_id FROM helpline.callbacks cb
        WHERE cb.centre_id = $1 AND cb.callback_id = $7 AND cb.state IN ('promised', 'due')
          AND cb.work_contact_id IS NOT DISTINCT FROM $9::uuid
          AND ($9::uuid IS NULL OR EXISTS (SELECT FROM before WHERE ", offer_is_seen!(), "))
        FOR UPDATE),
    contact AS (
        UPDATE helpline.contacts c SET state = 'unreached', holder_id = NULL, offer_id = NULL, open_offers = '{}', ended_at = helpline.now(),
            revision = c.revision + 1
        FROM before CROSS JOIN callback WHERE c.centre_id = $1 AND c.contact_id = $9
        RETURNING c.contact_id),
    changed AS (
        UPDATE helpline.callbacks cb SET state = 'cancelled', reason = $8, ended_at = helpline.now(), revision = cb.revision + 1
        FROM callback LEFT JOIN before ON true WHERE cb.centre_id = $1 AND cb.callback_id = $7
        RETURNING cb.*, old_state, old_class, old_medium, old_holder, old_offer),
    ", withdraw_open!("contact", "callback_cancelled"), ",
    holds AS (SELECT ended_of AS counsellor_id, old_medium AS medium, false AS worked FROM ended CROSS JOIN before)",
    free_holds!("");
    returning: moved_columns!(),
);

/// Another time for a callback.
#[derive(Clone, Copy, Debug)]
pub struct NewTime {
    /// When.
    pub due_at: DateTime<Utc>,
    /// End of the window; `None` for the usual one.
    pub until_at: Option<DateTime<Utc>>,
    /// The usual window, in seconds.
    pub window_s: u32,
    /// From the due time to the alarm, in seconds.
    pub overdue_after_s: u32,
}

impl Store {
    /// Moves a callback that is not due to another time; `expected_revision` 0 skips the check.
    pub async fn reschedule_callback(
        &self,
        command: &Command,
        callback: CallbackId,
        to: &NewTime,
        expected_revision: i64,
    ) -> Result<Change<CallbackId>, StoreError> {
        let query = change_query::<(uuid::Uuid,)>(RESCHEDULE, command)
            .bind(callback.as_uuid())
            .bind(to.due_at)
            .bind(to.until_at)
            .bind(f64::from(to.window_s))
            .bind(f64::from(to.overdue_after_s))
            .bind(expected_revision);
        Ok(self.change(command, query).await?.map(|(id,)| id.into()))
    }

    /// Takes a callback back. `seen` is the callback as read: refused when its work has come into somebody's hand.
    pub async fn cancel_callback(
        &self,
        command: &Command,
        seen: &Callback,
        reason: CancelReason,
    ) -> Result<Change<Moved>, StoreError> {
        let query = || {
            change_query::<MovedRow>(CANCEL, command)
                .bind(seen.callback_id.as_uuid())
                .bind(reason.key())
                .bind(seen.work_contact_id.map(|contact| contact.as_uuid()))
        };
        self.change_seeing_offers(command, query).await?.try_map(Moved::try_from)
    }
}
