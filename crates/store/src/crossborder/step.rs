//! Everything that happens to a hand-over: one statement, with its offers, its timeline, what is told because of it, and the escalation
//! that is raised when the child does not arrive.

use chrono::{DateTime, Utc};
use helpline_domain::crossborder::rule::Decision;
use helpline_domain::crossborder::{CrossBorderOfferState, CrossBorderState};
use helpline_domain::id::{CentreId, CrossBorderId, EscalationId};
use helpline_vault::Sensitive;
use serde_json::Value;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::types::Json;
use uuid::Uuid;

use super::read::Travel;
use super::{CONDITIONS, Made, REMARK, TRAVEL, sees_crossborder};
use crate::casework::migrant::keep;
use crate::change::{Change, Command, change, change_query};
use crate::disclosure::not_feared;
use crate::escalation::agency_of;
use crate::referral::Particulars;
use crate::sealing::{ESCALATION_CONTACT, ESCALATION_HEALTH, ESCALATION_IDENTITY, PLACE};
use crate::{Store, StoreError};

/// A step as SQL. Parameters after those of the command: 7 and 8 hand-over and revision, 9 the caller's agency, 10 event, 11 state, 12 and
/// 13 the deadline and whether it stays, 14 detail, 15 and 16 the entry and its remark, 17 whether it is shared, 18 and 19 why and whether
/// it is over, 20 and 21 what becomes of the offer that is open and why, 22 who is asked, 23 what is told to who was asked, 24 and 25 the
/// decision and whether it allows, 26 to 30 the travel, 31 conditions, 32 the certificate, 33 until when it is reported, 34 when the child
/// arrived, 35 what the command is about, 36 and 37 the key and the signature of who receives the child. `escalation` is the id of what is raised.
macro_rules! step {
    ($who:expr, $lock:literal, $escalation:literal) => {
        concat!(
            "before AS MATERIALIZED (
                SELECT h.crossborder_id AS id, h.state AS old_state FROM helpline.crossborder_handovers h
                WHERE h.centre_id = $1 AND h.crossborder_id = $7 AND h.revision = $8 AND ", $who, "
                  AND ($22::uuid IS NULL OR ", not_feared!("$22", "NULL", "NULL", "$7"), ")
                FOR UPDATE OF h", $lock, "),
            concerned AS MATERIALIZED (
                SELECT o.agency_id FROM before JOIN helpline.crossborder_offers o ON o.centre_id = $1 AND o.crossborder_id = id
                WHERE o.state IN ('offered', 'assessing', 'accepted')),
            answered AS (
                UPDATE helpline.crossborder_offers o SET state = $20::text, reason = $21, answered_at = helpline.now()
                FROM before WHERE o.centre_id = $1 AND o.crossborder_id = $7 AND o.state IN ('offered', 'assessing', 'accepted')
                  AND $20 IS NOT NULL
                RETURNING o.agency_id),
            changed AS (
                UPDATE helpline.crossborder_handovers h SET state = $11::text, due_at = CASE WHEN $13 THEN h.due_at ELSE $12::timestamptz END,
                    alarms = CASE WHEN $10::text = 'overdue' THEN h.alarms + 1 WHEN $13 THEN h.alarms ELSE 0 END,
                    decision = coalesce($24, h.decision), allowed = coalesce($25, h.allowed),
                    agency_id = CASE WHEN $10 = 'accepted' THEN $9 WHEN $11 <> 'offered' THEN h.agency_id END,
                    accepted_at = CASE WHEN $10 = 'accepted' THEN helpline.now() WHEN $11 <> 'offered' THEN h.accepted_at END,
                    departs_at = coalesce($26, h.departs_at), arrives_at = coalesce($27, h.arrives_at), escort = coalesce($28, h.escort),
                    route = coalesce($29, h.route), travel_sealed = CASE WHEN $26 IS NULL THEN h.travel_sealed ELSE $30 END,
                    conditions_sealed = CASE WHEN $11 <> 'offered' THEN coalesce($31, h.conditions_sealed) END,
                    departed_at = CASE WHEN $11 = 'departed' THEN coalesce(h.departed_at, helpline.now()) ELSE h.departed_at END,
                    arrived_at = coalesce($34, h.arrived_at), certificate = coalesce($32::text, h.certificate),
                    certificate_sha256 = coalesce(encode(sha256(convert_to($32, 'UTF8')), 'hex'), h.certificate_sha256),
                    sending_signed_by = CASE WHEN $10 = 'signed_by_sending' THEN $2 ELSE h.sending_signed_by END,
                    sending_signed_at = CASE WHEN $10 = 'signed_by_sending' THEN helpline.now() ELSE h.sending_signed_at END,
                    receiving_signed_by = CASE WHEN $10 = 'signed_by_receiving' THEN $2 ELSE h.receiving_signed_by END,
                    receiving_signed_at = CASE WHEN $10 = 'signed_by_receiving' THEN helpline.now() ELSE h.receiving_signed_at END,
                    receiving_key = CASE WHEN $10 = 'accepted' THEN $36::text WHEN $11 <> 'offered' THEN h.receiving_key END,
                    receiving_signature = coalesce($37::text, h.receiving_signature),
                    first_visit_at = CASE WHEN $10 = 'first_visit_done' THEN helpline.now() ELSE h.first_visit_at END,
                    reports = h.reports + ($10 = 'monitoring_reported')::int, monitor_until = coalesce($33, h.monitor_until),
                    escalation_id = coalesce(", $escalation, ", h.escalation_id),
                    ended_at = CASE WHEN $19 THEN helpline.now() END, reason = CASE WHEN $19 THEN $18::text END,
                    event_count = h.event_count + 1, changed_at = helpline.now(), revision = h.revision + 1
                FROM before WHERE h.centre_id = $1 AND h.crossborder_id = $7
                RETURNING h.*, before.old_state),
            noticed AS MATERIALIZED (
                SELECT c.case_id, changed.country FROM changed JOIN helpline.cases c ON c.centre_id = $1 AND c.case_id = changed.case_id
                WHERE $10 = 'checked' AND $14::jsonb -> 'fear_said' = 'true'::jsonb FOR NO KEY UPDATE OF c),
            feared AS (
                INSERT INTO helpline.protections (centre_id, protection_id, case_id, kind, country, recorded_by, recorded_at)
                SELECT $1, $15, case_id, 'fear', country, $2, helpline.now() FROM noticed
                ON CONFLICT DO NOTHING RETURNING protection_id, case_id),
            ", keep!("noticed", "noticed.case_id", "noticed.country", "true"), ",
            worried AS (
                UPDATE helpline.cases c SET event_count = c.event_count + n.many, changed_at = helpline.now(), revision = c.revision + 1
                FROM noticed CROSS JOIN (SELECT count(*)::int AS many FROM said) AS n
                WHERE c.centre_id = $1 AND c.case_id = noticed.case_id AND n.many > 0 RETURNING c.event_count),
            fear_noted AS (
                INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id)
                SELECT $1, said.case_id, event_count - said.after, helpline.now(), said.event, $2, $3,
                    jsonb_build_object('protection_id', protection_id), md5(protection_id::text || ($15::uuid)::text)::uuid
                FROM worried CROSS JOIN said),
            offered AS (
                INSERT INTO helpline.crossborder_offers (centre_id, crossborder_id, position, agency_id, state, offered_at)
                SELECT $1, crossborder_id, 1 + (
                    SELECT count(*) FROM helpline.crossborder_offers o WHERE o.centre_id = $1 AND o.crossborder_id = $7), $22::uuid, 'offered',
                    helpline.now()
                FROM changed WHERE $22 IS NOT NULL AND (SELECT count(*) FROM answered) >= 0),
            noted AS (
                INSERT INTO helpline.crossborder_events
                    (centre_id, crossborder_id, sequence, at, event, actor_id, actor_role, agency_id, detail, entry_id, remark_sealed, shared)
                SELECT $1, crossborder_id, event_count, helpline.now(), $10, $2, $3, $9,
                    jsonb_strip_nulls(jsonb_build_object('state', state, 'reason', coalesce($21, $18), 'decision', $24::jsonb)
                        || coalesce($14, '{}')), $15, $16, $17
                FROM changed),
            over_for AS (
                UPDATE helpline.deliveries d SET state = 'withdrawn', next_attempt_at = NULL, claimed_until = NULL, ended_at = helpline.now(),
                    revision = d.revision + 1
                FROM changed WHERE d.centre_id = $1 AND d.crossborder_id = $7 AND d.state = 'pending'
                  AND d.event <> 'crossborder.withdrawn'
                  AND (changed.ended_at IS NOT NULL OR d.agency_id IN (SELECT agency_id FROM answered) AND $20 NOT IN ('assessing', 'accepted'))),
            told AS (
                INSERT INTO helpline.deliveries (centre_id, delivery_id, crossborder_id, event, kind, agency_id, endpoint_id, state,
                    next_attempt_at, made_at)
                SELECT DISTINCT ON (p.endpoint_id) $1, md5(($7::uuid)::text || changed.event_count::text || p.endpoint_id::text)::uuid,
                    changed.crossborder_id, who.event, p.kind, p.agency_id, p.endpoint_id, 'pending', helpline.now(), helpline.now()
                FROM changed CROSS JOIN (
                    SELECT $22::uuid AS agency_id, 'crossborder.offered' AS event WHERE $22 IS NOT NULL
                    UNION ALL
                    SELECT o.agency_id, $23::text FROM concerned o WHERE $23 IS NOT NULL AND o.agency_id IS DISTINCT FROM $9) who
                JOIN helpline.endpoints p ON p.centre_id = $1 AND p.agency_id = who.agency_id AND p.disabled_at IS NULL
                ORDER BY p.endpoint_id, who.event)"
        )
    };
}

const STEP: &str = change!(
    // What happened is a parameter: one statement makes every step.
    event: "crossborder_' || $10::text || '", resource: "$35", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('crossborder_id', crossborder_id, 'from', old_state, 'state', state)",
    with: step!(sees_crossborder!("$2", "$3", "$9"), "", "NULL::uuid");
    returning: "$35 AS id",
);

/// The same without a command: what a clock does. Another replica that is at it is not waited for. Of a missing child an escalation is
/// raised, which the ladder takes up as any other. Parameters from 38: its id, version of the plan, policy, seconds until the child must
/// be reached, what responders may need to know, and from 45 the ids and texts of where the child may be and since when.
const BY_ITSELF: &str = concat!(
    "WITH ",
    step!(
        "$2::uuid IS NULL AND $3::text IS NULL AND $4::text IS NULL AND $5::uuid IS NULL AND $6::bytea IS NULL",
        " SKIP LOCKED",
        "$38::uuid"
    ),
    ", journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'crossborder_' || $10, revision,
            jsonb_build_object('crossborder_id', crossborder_id, 'from', old_state, 'state', state) FROM changed),
    parent AS (
        UPDATE helpline.cases c SET revision = c.revision + 1
        FROM changed WHERE $38 IS NOT NULL AND c.centre_id = $1 AND c.case_id = changed.case_id RETURNING c.case_id, c.owner_id),
    raised AS (
        INSERT INTO helpline.escalations (centre_id, escalation_id, kind, risk, danger, region, exercise, plan_version, policy, state, due_at,
            reach_due_at, owner_id, raised_by, raised_at, identity_sealed, contact_sealed, health_sealed, location_count, event_count,
            changed_at, case_id)
        SELECT $1, $38, 'emergency', 4, 'missing', NULL, false, $39, $40, 'raised', helpline.now(),
            helpline.now() + make_interval(secs => $41), parent.owner_id, parent.owner_id, helpline.now(), $42, $43, $44,
            cardinality($45::uuid[]), 1, helpline.now(), parent.case_id
        FROM parent RETURNING *),
    located AS (
        INSERT INTO helpline.escalation_locations
            (centre_id, escalation_id, sequence, location_id, source, place_sealed, observed_at, reported_by, reported_at)
        SELECT $1, escalation_id, place.sequence, place.id, 'concluded', place.sealed, $47, owner_id, helpline.now()
        FROM raised CROSS JOIN unnest($45::uuid[], $46::bytea[]) WITH ORDINALITY AS place (id, sealed, sequence)),
    raised_noted AS (
        INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, detail, shared)
        SELECT $1, escalation_id, 1, helpline.now(), 'raised',
            jsonb_build_object('risk', risk, 'danger', danger, 'policy', policy, 'plan_version', plan_version), true
        FROM raised),
    raised_journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'escalation_raised', revision,
            jsonb_build_object('escalation_id', escalation_id, 'kind', kind, 'risk', risk, 'exercise', exercise) FROM raised)
    SELECT $35 AS id FROM changed"
);

/// What becomes of a deadline.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Due {
    /// It stays.
    Keep,
    /// There is none any more.
    None,
    /// At a time.
    At(DateTime<Utc>),
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happened, a key.
    pub event: &'static str,
    /// Where it stands then.
    pub state: CrossBorderState,
    /// What becomes of its deadline.
    pub due: Due,
    /// Keys and numbers that explain it.
    pub detail: Option<Value>,
    /// Whether the focal point that is asked or has accepted may read the entry.
    pub shared: bool,
    /// Why it is over, if it is.
    pub ended: Option<&'static str>,
    /// What becomes of the offer that is open, and why it was declined.
    pub answer: Option<(CrossBorderOfferState, Option<&'static str>)>,
    /// Who is asked.
    pub offer_to: Option<Uuid>,
    /// What is told to the endpoints of who was asked, or has accepted.
    pub tells: Option<&'static str>,
    /// The decision by the rules of the country.
    pub decision: Option<Decision>,
    /// When and how the child travels.
    pub travel: Option<Travel>,
    /// On which conditions the child is received.
    pub conditions: Option<Sensitive<String>>,
    /// What both sides are to sign, and when the child arrived.
    pub certificate: Option<(String, DateTime<Utc>)>,
    /// Until when it is reported how the child is.
    pub monitor_until: Option<DateTime<Utc>>,
    /// The public key of who receives the child.
    pub key: Option<String>,
    /// The signature of the certificate with it.
    pub signature: Option<String>,
}

impl Step {
    /// A step that both sides may read and that does nothing else.
    pub const fn to(event: &'static str, state: CrossBorderState, due: Due) -> Self {
        Self {
            event,
            state,
            due,
            detail: None,
            shared: true,
            ended: None,
            answer: None,
            offer_to: None,
            tells: None,
            decision: None,
            travel: None,
            conditions: None,
            certificate: None,
            monitor_until: None,
            key: None,
            signature: None,
        }
    }
}

/// What is asked of a hand-over, whatever it is.
#[derive(Clone, Debug)]
pub struct Act {
    /// The hand-over.
    pub crossborder_id: CrossBorderId,
    /// The revision that it answers; `None` for whichever there is.
    pub expected: Option<i64>,
    /// A new id: of the entry of the timeline.
    pub entry_id: Uuid,
    /// What is remarked with it.
    pub remark: Option<Sensitive<String>>,
}

/// The escalation about a child who has not arrived.
#[derive(Clone, Debug)]
pub struct Missing {
    /// A new id.
    pub escalation_id: EscalationId,
    /// The version of the plan for emergencies, the policy that it follows, and the seconds until the child must be reached.
    pub plan: (i64, String, u32),
    /// What responders may need to know.
    pub particulars: Particulars,
    /// Where the child may be, under new ids.
    pub places: Vec<(Uuid, Sensitive<String>)>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

type StepQuery = QueryAs<'static, sqlx::Postgres, Made, PgArguments>;

impl Store {
    /// Makes a step that was decided on a revision. Refused when another has been made since, or the caller may not know of it.
    pub async fn step_crossborder(
        &self,
        command: &Command,
        act: &Act,
        revision: i64,
        step: &Step,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(STEP, command);
        let agency = agency_of(&command.caller);
        let query = self.bind_crossborder(query, command.centre(), (act, agency), revision, step);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Makes a step because time has passed, and raises an escalation with it; whether it was still the same.
    pub async fn step_crossborder_by_itself(
        &self,
        centre: CentreId,
        (act, revision): (&Act, i64),
        step: &Step,
        missing: Option<&Missing>,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query_as::<_, Made>(BY_ITSELF)
            .bind(centre.as_uuid())
            .bind(None::<Uuid>)
            .bind(None::<String>)
            .bind(None::<String>)
            .bind(None::<Uuid>)
            .bind(None::<Vec<u8>>);
        let id = missing.map(|one| one.escalation_id.as_uuid());
        let seal = |column, text: fn(&Particulars) -> Option<&Sensitive<String>>| {
            let text = missing.and_then(|one| text(&one.particulars));
            id.and_then(|id| self.seal_some(column, centre, id, text))
        };
        let query = self
            .bind_crossborder(query, centre, (act, None), revision, step)
            .bind(id)
            .bind(missing.map(|one| one.plan.0))
            .bind(missing.map(|one| one.plan.1.clone()))
            .bind(missing.map(|one| f64::from(one.plan.2)))
            .bind(seal(ESCALATION_IDENTITY, |known| known.identity.as_ref()))
            .bind(seal(ESCALATION_CONTACT, |known| known.contact.as_ref()))
            .bind(seal(ESCALATION_HEALTH, |known| known.health.as_ref()));
        let places = missing.map_or(&[][..], |one| &one.places);
        let query = query
            .bind(places.iter().map(|(id, _)| *id).collect::<Vec<_>>())
            .bind(
                places
                    .iter()
                    .map(|(id, text)| self.seal(PLACE, centre, *id, text.expose()))
                    .collect::<Vec<_>>(),
            )
            .bind(missing.and_then(|one| one.since));
        let mut connection = self.bound(centre).await?;
        let row = query.fetch_optional(connection.postgres()).await;
        Ok(connection.settle(row)?.is_some())
    }

    /// Binds parameters 7 to 37 of a step.
    fn bind_crossborder(
        &self,
        query: StepQuery,
        centre: CentreId,
        (act, agency): (&Act, Option<Uuid>),
        revision: i64,
        step: &Step,
    ) -> StepQuery {
        let id = act.crossborder_id.as_uuid();
        let travel = step.travel.as_ref();
        let details = travel.and_then(|travel| travel.details.as_ref());
        query
            .bind(id)
            .bind(revision)
            .bind(agency)
            .bind(step.event)
            .bind(step.state.key())
            .bind(if let Due::At(at) = step.due { Some(at) } else { None })
            .bind(step.due == Due::Keep)
            .bind(step.detail.clone().map(Json))
            .bind(act.entry_id)
            .bind(self.seal_some(REMARK, centre, act.entry_id, act.remark.as_ref()))
            .bind(step.shared)
            .bind(step.ended)
            .bind(step.ended.is_some())
            .bind(step.answer.map(|(state, _)| state.key()))
            .bind(step.answer.and_then(|(_, reason)| reason))
            .bind(step.offer_to)
            .bind(step.tells)
            .bind(step.decision.clone().map(Json))
            .bind(step.decision.as_ref().map(Decision::allows))
            .bind(travel.map(|travel| travel.departs_at))
            .bind(travel.map(|travel| travel.arrives_at))
            .bind(travel.map(|travel| travel.escort.key()))
            .bind(travel.map(|travel| travel.route.key()))
            .bind(self.seal_some(TRAVEL, centre, id, details))
            .bind(self.seal_some(CONDITIONS, centre, id, step.conditions.as_ref()))
            .bind(step.certificate.as_ref().map(|(document, _)| document.clone()))
            .bind(step.monitor_until)
            .bind(step.certificate.as_ref().map(|(_, at)| *at))
            .bind(id)
            .bind(step.key.clone())
            .bind(step.signature.clone())
    }
}
