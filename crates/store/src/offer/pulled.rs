//! A supervisor takes a contact out of its offers, or away from the counsellor who has it.

use chrono::{DateTime, Utc};
use helpline_domain::id::{CentreId, ContactId, CounsellorId};

use super::named::{Moved, MovedRow};
use super::{OfferRow, OfferView, ended_column, offer_columns, offer_is_seen, withdraw_open};
use crate::change::{Change, Command, change, change_query};
use crate::contact::contact_columns;
use crate::participation::{free_holds, part_all, participations_are_seen, rooms_column};
use crate::{Store, StoreError};

/// Custody changes only where somebody had it: cut off, it comes ahead of its class. Who talked is remembered by an offer row that says so, which keeps the
/// contact from coming straight back and tells their client.
const PULL: &str = change!(
    event: "contact_pulled", resource: "contact_id", about: ("contact_id", "old_owner", "NULL::uuid"),
    detail: "jsonb_build_object('from', old_state, 'reason', $8::text)",
    with: "before AS (
        SELECT contact_id AS id, state AS old_state, offer_id AS old_offer, holder_id AS old_holder,
            CASE state WHEN 'in_progress' THEN counsellor_id END AS old_owner,
            participations AS old_participations FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND state IN ('offered', 'in_progress') FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET state = 'waiting', counsellor_id = NULL, holder_id = NULL, offer_id = NULL, open_offers = '{}', participations = '{}',
            resumed = c.resumed OR old_state = 'in_progress', put_aside_at = NULL, lost_at = NULL,
            epoch = c.epoch + (old_state = 'in_progress')::int, revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", offer_is_seen!(), " AND ", participations_are_seen!(), "
        RETURNING c.*, old_state, old_holder, old_owner, old_participations),
    ", withdraw_open!("changed", "pulled"),
    part_all!("contact_pulled"), ",
    holds AS (
        SELECT counsellor_id, medium, joined_at IS NOT NULL AS worked FROM parted
        UNION ALL SELECT ended_of, medium, false FROM ended CROSS JOIN changed
        UNION ALL SELECT old_holder, medium, true FROM changed)",
    free_holds!(""), ",
    cooled AS (
        INSERT INTO helpline.offers (centre_id, offer_id, contact_id, counsellor_id, group_id, state, reason, offered_at, expires_at, ended_at, explanation)
        SELECT $1, $5, contact_id, old_owner, $5, 'withdrawn', 'pulled', helpline.now(), helpline.now(), helpline.now(), '{}'
        FROM changed WHERE old_owner IS NOT NULL)";
    returning: contact_columns!(), ", old_owner AS old_holder, ", ended_column!(), ", ", rooms_column!(),
);

impl Store {
    /// Puts a contact that is offered or in progress back in line, with the arrival and deadline it had; `reason` is a key.
    pub async fn pull_contact(
        &self,
        command: &Command,
        contact: ContactId,
        reason: &'static str,
    ) -> Result<Change<Moved>, StoreError> {
        let query = || change_query::<MovedRow>(PULL, command).bind(contact.as_uuid()).bind(reason);
        let change = self.change_seeing_offers(command, query).await?;
        change.try_map(|row| self.moved_on(command.centre(), row))
    }

    /// Contacts that were taken from a counsellor since a time, as the offers that remember it.
    pub async fn taken_since(
        &self,
        centre: CentreId,
        counsellor: CounsellorId,
        since: DateTime<Utc>,
    ) -> Result<Vec<OfferView>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, OfferRow>(concat!(
            "SELECT ",
            offer_columns!(),
            " FROM helpline.offers o JOIN helpline.contacts c USING (centre_id, contact_id)
             WHERE o.centre_id = $1 AND o.counsellor_id = $2 AND o.reason = 'pulled' AND o.ended_at >= $3
               AND o.offered_at = o.ended_at ORDER BY o.ended_at"
        ))
        .bind(centre.as_uuid())
        .bind(counsellor.as_uuid())
        .bind(since)
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(OfferView::try_from).collect()
    }
}
