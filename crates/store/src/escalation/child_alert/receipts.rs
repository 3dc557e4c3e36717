//! What agencies do with messages: they take the document, and acknowledge it.

use helpline_domain::caller::Caller;
use helpline_domain::id::ChildAlertId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::escalation::{agency_of, settled_is_noted};
use crate::{Store, StoreError};

#[derive(FromRow)]
struct ReceiptRow {
    alert_id: Uuid,
}

/// The escalation of a message that was issued in earnest, locked first.
macro_rules! locked_escalation {
    ($message:literal) => {
        concat!(
            "before AS MATERIALIZED (
                SELECT e.escalation_id AS id FROM helpline.escalations e
                WHERE e.centre_id = $1 AND e.escalation_id = (
                    SELECT escalation_id FROM helpline.child_alerts WHERE centre_id = $1 AND alert_id = ",
            $message,
            "
                      AND sent_at IS NOT NULL AND NOT exercise)
                FOR UPDATE OF e),"
        )
    };
}

/// Only the first look of an agency is news.
const FETCH: &str = concat!(
    "WITH ",
    locked_escalation!("$4"),
    "settled AS (
        UPDATE helpline.child_alert_recipients r SET fetched_at = helpline.now(), fetched_by = $2
        FROM before WHERE r.centre_id = $1 AND r.alert_id = $4 AND r.agency_id = $5 AND r.fetched_at IS NULL
        RETURNING r.alert_id, r.agency_id, before.id AS escalation_id),",
    settled_is_noted!("child_alert_fetched", "agency_id", "jsonb_build_object('child_alert', alert_id)"),
    ",
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'child_alert_fetched', $2, $3, contact_id, 0,
            jsonb_build_object('child_alert', alert_id, 'escalation', escalation_id, 'agency', agency_id)
        FROM changed)
    SELECT alert_id FROM changed"
);

/// Nobody acknowledges what they have not taken.
const ACKNOWLEDGE: &str = change!(
    event: "child_alert_acknowledged", resource: "alert_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('child_alert', alert_id, 'escalation', escalation_id, 'agency', agency_id)",
    with: locked_escalation!("$7"), "
    settled AS (
        UPDATE helpline.child_alert_recipients r SET acknowledged_at = helpline.now(), acknowledged_by = $2, receipt_id = $9
        FROM before WHERE r.centre_id = $1 AND r.alert_id = $7 AND r.agency_id = $8 AND r.fetched_at IS NOT NULL AND r.acknowledged_at IS NULL
        RETURNING r.alert_id, r.agency_id, before.id AS escalation_id, 0::int8 AS revision),",
    settled_is_noted!("child_alert_acknowledged", "agency_id", "jsonb_build_object('child_alert', alert_id)");
    returning: "alert_id",
);

impl Store {
    /// Notes that the caller's agency has taken the document of a message; whether it is the first time.
    pub async fn child_alert_fetched(
        &self,
        caller: &Caller,
        alert: ChildAlertId,
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let found = sqlx::query_scalar::<_, Uuid>(FETCH)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(alert.as_uuid())
            .bind(agency_of(caller))
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(found)?.is_some())
    }

    /// Acknowledges a message for the caller's agency, under the identifier of its receipt. Refused when its document was not
    /// taken, or it was acknowledged before.
    pub async fn acknowledge_child_alert(
        &self,
        command: &Command,
        alert: ChildAlertId,
        receipt: Uuid,
    ) -> Result<Change<ChildAlertId>, StoreError> {
        let query = change_query::<ReceiptRow>(ACKNOWLEDGE, command)
            .bind(alert.as_uuid())
            .bind(agency_of(&command.caller))
            .bind(receipt);
        Ok(self.change(command, query).await?.map(|row| row.alert_id.into()))
    }
}
