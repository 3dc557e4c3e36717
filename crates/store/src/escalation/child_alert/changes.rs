//! What becomes of messages. The escalation is locked first, as everywhere; the message that is replaced or cancelled is
//! compared as it stands then, so that of two who replace the same one the second finds that it was.

use std::collections::BTreeSet;

use helpline_domain::child_alert::{CancelReason, Scope};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, ChildAlertId, EscalationId};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use super::Content;
use crate::change::{Change, Command, change, change_query};
use crate::disclosure::{in_force, let_through, not_feared};
use crate::escalation::{sees, settled_is_noted};
use crate::sealing::CHILD_ALERT;
use crate::{Store, StoreError};

/// A message to be asked for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewChildAlert {
    pub alert_id: ChildAlertId,
    pub about: About,
    pub field_classes: BTreeSet<FieldClass>,
    pub scope: Scope,
    pub agency_ids: BTreeSet<AgencyId>,
    pub lifetime_s: u32,
    pub content: Sensitive<Content>,
}

/// What a message is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// An escalation: it begins a series.
    Escalation(EscalationId),
    /// An earlier message, which it replaces.
    Message(ChildAlertId),
}

#[derive(FromRow)]
struct ChangedRow {
    alert_id: Uuid,
}

/// Entry of the timeline, and `changed`.
macro_rules! noted {
    ($event:literal) => {
        settled_is_noted!(
            $event,
            "NULL::uuid",
            "jsonb_build_object('child_alert', alert_id, 'kind', kind, 'field_classes', field_classes, 'reason', cancel_reason)"
        )
    };
}

/// The escalation of message $7, locked first, if the caller may see it.
macro_rules! locked_escalation {
    ($message:literal) => {
        concat!(
            "before AS MATERIALIZED (
                SELECT e.escalation_id AS id, e.reach_due_at FROM helpline.escalations e
                WHERE e.centre_id = $1 AND e.escalation_id = (
                    SELECT escalation_id FROM helpline.child_alerts WHERE centre_id = $1 AND alert_id = ",
            $message,
            ") AND ",
            sees!("$2", "$3", "NULL"),
            "
                FOR UPDATE OF e),"
        )
    };
}

/// The agencies in `told` learn of the message in `settled` by every endpoint of theirs, but for the mission of a country that the child is
/// afraid of and that no override lets hear all of it; of an exercise nobody does.
macro_rules! agencies_are_told {
    () => {
        concat!(", delivered AS (
            INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, child_alert_id, event, kind, agency_id, endpoint_id, state,
                next_attempt_at, made_at, ended_at)
            SELECT $1, md5(settled.alert_id::text || p.endpoint_id::text)::uuid, settled.escalation_id, settled.alert_id,
                CASE settled.kind WHEN 'alert' THEN 'child_alert.issued' WHEN 'update' THEN 'child_alert.updated' ELSE 'child_alert.cancelled' END,
                p.kind, p.agency_id, p.endpoint_id, CASE WHEN exercise THEN 'held_back' ELSE 'pending' END,
                CASE WHEN NOT exercise THEN helpline.now() END, helpline.now(), CASE WHEN exercise THEN helpline.now() END
            FROM settled CROSS JOIN told
            JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = told.agency_id AND a.disabled_at IS NULL
            JOIN helpline.endpoints p ON p.centre_id = $1 AND p.agency_id = told.agency_id AND p.disabled_at IS NULL
            WHERE ", not_feared!("told.agency_id", "settled.escalation_id", "NULL", "NULL"), "
              AND coalesce(settled.field_classes <@ helpline.gate_of($1, told.agency_id, settled.escalation_id, NULL, NULL), true))")
    };
}

/// Every agency must be there, may be told so much at most, and is no mission of a country that the child is afraid of. An update is addressed to whom the message before it was, too.
const ASK: &str = change!(
    event: "child_alert_asked", resource: "alert_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('child_alert', alert_id, 'escalation', escalation_id, 'kind', kind, 'field_classes', field_classes)",
    with: "before AS MATERIALIZED (
        SELECT e.escalation_id AS id, e.exercise FROM helpline.escalations e
        WHERE e.centre_id = $1 AND e.escalation_id = coalesce($8, (
                SELECT escalation_id FROM helpline.child_alerts WHERE centre_id = $1 AND alert_id = $9))
          AND e.danger = 'missing' AND e.reach_due_at IS NOT NULL AND ", sees!("$2", "$3", "NULL"), "
        FOR UPDATE OF e),
    target AS MATERIALIZED (
        SELECT t.alert_id, t.series_id, t.position FROM helpline.child_alerts t JOIN before ON before.id = t.escalation_id
        WHERE t.centre_id = $1 AND t.alert_id = $9 AND t.state = 'issued' AND t.kind <> 'cancel'
        FOR UPDATE OF t),
    wished AS MATERIALIZED (
        SELECT a.agency_id FROM helpline.agencies a
        WHERE a.centre_id = $1 AND a.agency_id = ANY ($13) AND a.disabled_at IS NULL AND $11 <@ a.field_classes
          AND ", not_feared!("a.agency_id", "(SELECT id FROM before)", "NULL", "NULL"), "),
    settled AS (
        INSERT INTO helpline.child_alerts (centre_id, alert_id, escalation_id, series_id, replaces_id, position, kind, state, exercise,
            field_classes, scope, content_sealed, lifetime_s, asked_by, asked_at)
        SELECT $1, $7, before.id, coalesce(target.series_id, $7), target.alert_id, coalesce(target.position, 0) + 1,
            CASE WHEN target.alert_id IS NULL THEN 'alert' ELSE 'update' END, 'asked', before.exercise, $11, $12, $10, $14, $2, helpline.now()
        FROM before LEFT JOIN target ON true
        WHERE ($9::uuid IS NULL) = (target.alert_id IS NULL) AND (SELECT count(*) FROM wished) = cardinality($13)
        RETURNING *),
    addressed AS (
        INSERT INTO helpline.child_alert_recipients (centre_id, alert_id, agency_id)
        SELECT $1, settled.alert_id, wished.agency_id FROM settled CROSS JOIN wished
        UNION
        SELECT $1, settled.alert_id, r.agency_id FROM settled
        JOIN helpline.child_alert_recipients r ON r.centre_id = $1 AND r.alert_id = settled.replaces_id
        JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = r.agency_id AND a.disabled_at IS NULL
        WHERE ", not_feared!("r.agency_id", "settled.escalation_id", "NULL", "NULL"), "),",
    noted!("child_alert_asked");
    returning: "alert_id",
);

/// Whether an agency is no mission of such a country, or an override lets all through to it that a message `a` says.
macro_rules! let_hear {
    ($agency:literal) => {
        concat!(
            "coalesce(a.field_classes <@ helpline.gate_of($1, ",
            $agency,
            ", a.escalation_id, NULL, NULL), true)"
        )
    };
}

/// Recipients of a message `a` who may not know at this moment all that it says. Who is disabled is told nothing anyway, nor is the mission
/// of a country that the child is afraid of: it keeps nobody else from searching. Alone it does, for nobody would search.
macro_rules! uninformed {
    () => {
        concat!(
            "SELECT r.agency_id FROM helpline.child_alert_recipients r
             JOIN helpline.agencies g ON g.centre_id = $1 AND g.agency_id = r.agency_id AND g.disabled_at IS NULL
             WHERE r.centre_id = $1 AND r.alert_id = a.alert_id AND NOT a.field_classes <@ ARRAY(
                SELECT class.key FROM helpline.disclosures x CROSS JOIN LATERAL unnest(x.field_classes) AS class (key)
                WHERE x.centre_id = $1 AND x.escalation_id = a.escalation_id AND x.agency_id = r.agency_id
                  AND class.key = ANY (g.field_classes) AND ",
            in_force!(),
            " AND ",
            let_through!(),
            ") AND (",
            let_hear!("r.agency_id"),
            " OR NOT EXISTS (
                SELECT FROM helpline.child_alert_recipients o
                JOIN helpline.agencies h ON h.centre_id = $1 AND h.agency_id = o.agency_id AND h.disabled_at IS NULL
                WHERE o.centre_id = $1 AND o.alert_id = a.alert_id AND ",
            let_hear!("o.agency_id"),
            "))"
        )
    };
}

/// Nobody approves their own. Times of documents have no fractions.
const APPROVE: &str = change!(
    event: "child_alert_issued", resource: "alert_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('child_alert', alert_id, 'escalation', escalation_id, 'kind', kind, 'asked_by', asked_by)",
    with: locked_escalation!("$7"), "
    asked AS MATERIALIZED (
        SELECT a.alert_id, a.replaces_id FROM helpline.child_alerts a JOIN before ON before.id = a.escalation_id
        WHERE a.centre_id = $1 AND a.alert_id = $7 AND a.state = 'asked' AND a.asked_by <> $2 AND before.reach_due_at IS NOT NULL
          AND $8::text IS NOT NULL AND NOT EXISTS (", uninformed!(), ")
        FOR UPDATE OF a),
    superseded AS (
        UPDATE helpline.child_alerts t SET state = 'superseded', revision = t.revision + 1
        FROM asked WHERE t.centre_id = $1 AND t.alert_id = asked.replaces_id AND t.state = 'issued'
        RETURNING t.alert_id),
    settled AS (
        UPDATE helpline.child_alerts a SET state = 'issued', decided_by = $2, decided_at = helpline.now(), sender = $8,
            sent_at = date_trunc('second', helpline.now()),
            expires_at = date_trunc('second', helpline.now()) + make_interval(secs => a.lifetime_s), revision = a.revision + 1
        FROM asked WHERE a.centre_id = $1 AND a.alert_id = asked.alert_id AND a.state = 'asked'
          AND (asked.replaces_id IS NULL OR EXISTS (SELECT FROM superseded))
        RETURNING a.*),
    told AS (
        SELECT r.agency_id FROM settled
        JOIN helpline.child_alert_recipients r ON r.centre_id = $1 AND r.alert_id = settled.alert_id),",
    noted!("child_alert_issued"), agencies_are_told!();
    returning: "alert_id",
);

/// A supervisor declines any; a counsellor takes back their own.
const DECLINE: &str = change!(
    event: "child_alert_declined", resource: "alert_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('child_alert', alert_id, 'escalation', escalation_id, 'kind', kind)",
    with: locked_escalation!("$7"), "
    settled AS (
        UPDATE helpline.child_alerts a SET state = 'declined', decided_by = $2, decided_at = helpline.now(), revision = a.revision + 1
        FROM before WHERE a.centre_id = $1 AND a.alert_id = $7 AND a.state = 'asked' AND ($3 = 'supervisor' OR a.asked_by = $2)
        RETURNING a.*),",
    noted!("child_alert_declined");
    returning: "alert_id",
);

/// What was asked for in the same series is not needed any more. Whoever was told of any message of the series is told.
const CANCEL: &str = change!(
    event: "child_alert_cancelled", resource: "alert_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('child_alert', alert_id, 'escalation', escalation_id, 'cancels', replaces_id, 'reason', cancel_reason)",
    with: locked_escalation!("$8"), "
    target AS MATERIALIZED (
        SELECT t.* FROM helpline.child_alerts t JOIN before ON before.id = t.escalation_id
        WHERE t.centre_id = $1 AND t.alert_id = $8 AND t.state = 'issued' AND t.kind <> 'cancel'
        FOR UPDATE OF t),
    ended AS (
        UPDATE helpline.child_alerts t SET state = CASE t.state WHEN 'issued' THEN 'cancelled' ELSE 'declined' END,
            decided_by = coalesce(t.decided_by, $2), decided_at = coalesce(t.decided_at, helpline.now()), revision = t.revision + 1
        FROM target WHERE t.centre_id = $1 AND t.series_id = target.series_id AND (t.alert_id = target.alert_id OR t.state = 'asked')),
    settled AS (
        INSERT INTO helpline.child_alerts (centre_id, alert_id, escalation_id, series_id, replaces_id, position, kind, state, exercise,
            field_classes, scope, cancel_reason, lifetime_s, asked_by, asked_at, decided_by, decided_at, sender, sent_at)
        SELECT $1, $7, escalation_id, series_id, alert_id, position + 1, 'cancel', 'issued', exercise, '{}', scope, $9, lifetime_s, $2,
            helpline.now(), $2, helpline.now(), sender, date_trunc('second', helpline.now())
        FROM target RETURNING *),
    told AS (
        INSERT INTO helpline.child_alert_recipients (centre_id, alert_id, agency_id)
        SELECT DISTINCT $1, settled.alert_id, r.agency_id FROM settled
        JOIN helpline.child_alerts m ON m.centre_id = $1 AND m.series_id = settled.series_id AND m.sent_at IS NOT NULL
        JOIN helpline.child_alert_recipients r ON r.centre_id = $1 AND r.alert_id = m.alert_id
        RETURNING agency_id),",
    noted!("child_alert_cancelled"), agencies_are_told!();
    returning: "alert_id",
);

impl Store {
    /// Asks for a message. Refused when the caller may not see the escalation, when it is about another danger or its child was
    /// reached, when what it would replace is not in force, and when an agency is not there or would be told more than it may
    /// ever be.
    pub async fn ask_child_alert(
        &self,
        command: &Command,
        new: &NewChildAlert,
    ) -> Result<Change<ChildAlertId>, StoreError> {
        let row = new.alert_id.as_uuid();
        let (escalation, replaces) = match new.about {
            About::Escalation(id) => (Some(id.as_uuid()), None),
            About::Message(id) => (None, Some(id.as_uuid())),
        };
        let text = serde_json::to_string(new.content.expose()).map_err(|_| super::wrong("content"))?;
        let classes: Vec<String> = new.field_classes.iter().map(|class| class.key().to_owned()).collect();
        let agencies: Vec<Uuid> = new.agency_ids.iter().map(AgencyId::as_uuid).collect();
        let query = change_query::<ChangedRow>(ASK, command)
            .bind(row)
            .bind(escalation)
            .bind(replaces)
            .bind(self.seal(CHILD_ALERT, command.centre(), row, &text))
            .bind(classes)
            .bind(new.scope.key())
            .bind(agencies)
            .bind(i32::try_from(new.lifetime_s).unwrap_or(i32::MAX));
        Ok(self.change(command, query).await?.map(|row| row.alert_id.into()))
    }

    /// Issues, as this sender, what another has asked for. Refused when it is not asked for any more or the caller's own, when
    /// its child was reached, what it replaces is not in force, there is no sender, or [`Store::uninformed_of`] has somebody.
    pub async fn approve_child_alert(
        &self,
        command: &Command,
        alert: ChildAlertId,
        sender: Option<&str>,
    ) -> Result<Change<ChildAlertId>, StoreError> {
        let query = change_query::<ChangedRow>(APPROVE, command)
            .bind(alert.as_uuid())
            .bind(sender.map(str::to_owned));
        Ok(self.change(command, query).await?.map(|row| row.alert_id.into()))
    }

    /// Declines what was asked for. Refused when it is not any more, or is not the caller's to decline.
    pub async fn decline_child_alert(
        &self,
        command: &Command,
        alert: ChildAlertId,
    ) -> Result<Change<ChildAlertId>, StoreError> {
        let query = change_query::<ChangedRow>(DECLINE, command).bind(alert.as_uuid());
        Ok(self.change(command, query).await?.map(|row| row.alert_id.into()))
    }

    /// Cancels the message in force by one with a new id. Refused when it is not in force.
    pub async fn cancel_child_alert(
        &self,
        command: &Command,
        new: ChildAlertId,
        alert: ChildAlertId,
        reason: CancelReason,
    ) -> Result<Change<ChildAlertId>, StoreError> {
        let query = change_query::<ChangedRow>(CANCEL, command)
            .bind(new.as_uuid())
            .bind(alert.as_uuid())
            .bind(reason.key());
        Ok(self.change(command, query).await?.map(|row| row.alert_id.into()))
    }

    /// The first agency that a message is addressed to and that may not know at this moment all that it says.
    pub async fn uninformed_of(
        &self,
        command: &Command,
        alert: ChildAlertId,
    ) -> Result<Option<AgencyId>, StoreError> {
        let mut connection = self.bound(command.centre()).await?;
        let found = sqlx::query_scalar::<_, Uuid>(concat!(
            "SELECT one.agency_id FROM helpline.child_alerts a CROSS JOIN LATERAL (",
            uninformed!(),
            ") one WHERE a.centre_id = $1 AND a.alert_id = $2 ORDER BY one.agency_id LIMIT 1"
        ))
        .bind(command.centre().as_uuid())
        .bind(alert.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(found)?.map(AgencyId::from))
    }
}
