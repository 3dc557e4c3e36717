//! Everything that happens to a referral: one statement, with its choices, its timeline, what is told because of it, and the places
//! that were held for it where it does not go any more, with the stays that they were for.

use chrono::{DateTime, Utc};
use helpline_domain::id::{CentreId, ReferralId};
use helpline_domain::referral::choices::Moves;
use helpline_domain::referral::{AppointmentState, ReferralState, Side, Urgency};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use uuid::Uuid;

use super::{REMARK, THEIR_REFERENCE, sees_referral};
use crate::change::{Change, Command, change, change_query};
use crate::escalation::agency_of;
use crate::{Store, StoreError};

/// A step as SQL. Parameters after those of the command: 7 and 8 referral and revision, 9 the caller's agency, 10 and 11 the
/// remark and what it is sealed for, 12 event, 13 state, 14 and 15 what becomes of the deadline, 16 and 17 moves of choices, 18 reason,
/// 19 whether it is shared, 20 whether nobody is left, 21 who asks to cancel, 22 and 23 the appointment, 24 the agency's number, 25 what
/// those are told who were asked or have it, 26 outcome, 27 what the command is about, 28 whether it is over.
macro_rules! step {
    ($who:expr, $lock:literal) => {
        concat!(
            "before AS MATERIALIZED (
                SELECT r.referral_id AS id, r.state AS old_state FROM helpline.referrals r
                WHERE r.centre_id = $1 AND r.referral_id = $7 AND r.revision = $8 AND ", $who, " FOR UPDATE OF r", $lock, "),
            concerned AS MATERIALIZED (
                SELECT DISTINCT c.agency_id FROM before
                JOIN helpline.referral_choices c ON c.centre_id = $1 AND c.referral_id = id AND c.state IN ('offered', 'accepted')),
            chosen AS (
                UPDATE helpline.referral_choices c SET state = w.next, reason = CASE WHEN w.next = 'rejected' THEN $18::text END,
                    offered_at = CASE WHEN w.next = 'offered' THEN helpline.now() ELSE c.offered_at END,
                    answered_at = CASE WHEN c.offered_at IS NOT NULL THEN coalesce(c.answered_at, helpline.now()) END
                FROM before CROSS JOIN unnest($16::int4[], $17::text[]) AS w (place, next)
                WHERE c.centre_id = $1 AND c.referral_id = $7 AND c.position = w.place
                RETURNING c.agency_id, c.service_id, c.state),
            changed AS (
                UPDATE helpline.referrals r SET state = $13::text,
                    state_before = CASE WHEN $13 = 'cancel_requested' THEN coalesce(r.state_before, before.old_state) END,
                    cancel_asked_by = CASE WHEN $13 = 'cancel_requested' THEN coalesce($21::text, r.cancel_asked_by) END,
                    due_at = CASE $14::text WHEN 'keep' THEN r.due_at WHEN 'in' THEN least(helpline.now() + make_interval(secs => $15),
                        CASE WHEN $12 <> 'overdue' AND coalesce($22, r.appointment_state) = 'scheduled'
                            THEN coalesce($23, r.appointment_at) + interval '1 day' END) END,
                    alarms = CASE WHEN $12::text = 'overdue' THEN r.alarms + 1 WHEN $14 = 'keep' THEN r.alarms ELSE 0 END,
                    sent_at = CASE WHEN $13 = 'requested' THEN coalesce(r.sent_at, helpline.now()) ELSE r.sent_at END,
                    agency_id = coalesce((SELECT c.agency_id FROM chosen c WHERE c.state = 'accepted'), r.agency_id),
                    accepted_at = CASE WHEN $12 = 'accepted' THEN helpline.now() ELSE r.accepted_at END,
                    ended_at = CASE WHEN $28 THEN coalesce(r.ended_at, helpline.now()) END, outcome = coalesce($26::text, r.outcome),
                    reason = CASE WHEN $12 = 'rejected' THEN r.reason ELSE coalesce($18, r.reason) END,
                    appointment_at = coalesce($23::timestamptz, r.appointment_at), appointment_state = coalesce($22::text, r.appointment_state),
                    no_shows = r.no_shows + coalesce($22 = 'unattended', false)::int, unmet = r.unmet OR $20,
                    their_reference_sealed = coalesce($24, r.their_reference_sealed),
                    event_count = r.event_count + 1, changed_at = helpline.now(), revision = r.revision + 1
                FROM before WHERE r.centre_id = $1 AND r.referral_id = $7
                RETURNING r.*, before.old_state),
            noted AS (
                INSERT INTO helpline.referral_events
                    (centre_id, referral_id, sequence, at, event, actor_id, actor_role, agency_id, detail, remark_id, remark_sealed, shared)
                SELECT $1, referral_id, event_count, helpline.now(), $12, $2, $3, $9, jsonb_strip_nulls(jsonb_build_object('state', state,
                    'reason', $18, 'outcome', $26, 'appointment_time', $23, 'unmet', nullif($20, false))), $10, $11, $19 FROM changed),
            gone AS (
                UPDATE helpline.admissions a SET state = 'exited', outcome = 'referral_ended', exited_at = helpline.now(), revision = a.revision + 1
                FROM changed WHERE a.centre_id = $1 AND a.referral_id = $7 AND a.state IN ('requested', 'screened', 'held')
                  AND ($28 OR a.service_id IN (SELECT c.service_id FROM chosen c WHERE c.state NOT IN ('offered', 'accepted')))
                RETURNING a.*),
            freed AS (
                UPDATE helpline.holds h SET state = CASE h.state WHEN 'held' THEN 'released' ELSE 'vacated' END, ended_at = helpline.now(),
                    revision = h.revision + 1
                FROM changed WHERE h.centre_id = $1 AND h.referral_id = $7 AND CASE
                    WHEN h.admission_id IS NOT NULL THEN h.state = 'held' AND h.hold_id IN (SELECT g.hold_id FROM gone g)
                    WHEN $28 THEN h.state = 'held' OR h.state = 'confirmed' AND $13 <> 'completed'
                    ELSE h.state IN ('held', 'confirmed')
                        AND h.service_id IN (SELECT c.service_id FROM chosen c WHERE c.state NOT IN ('offered', 'accepted')) END
                RETURNING h.hold_id, h.service_id, h.unit, h.count, h.state, h.revision),
            given_back AS (
                UPDATE helpline.capacities k SET held = k.held - f.held, occupied = k.occupied - f.occupied, updated_at = helpline.now(),
                    revision = k.revision + 1
                FROM (
                    SELECT service_id, unit, coalesce(sum(count) FILTER (WHERE state = 'released'), 0)::int AS held,
                        coalesce(sum(count) FILTER (WHERE state = 'vacated'), 0)::int AS occupied
                    FROM freed GROUP BY service_id, unit) f
                WHERE k.centre_id = $1 AND k.service_id = f.service_id AND k.unit = f.unit),
            told_of_places AS (
                INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, revision, detail)
                SELECT $1, helpline.now(), 'capacity_' || state, $2, $3, revision,
                    jsonb_build_object('hold_id', hold_id, 'service_id', service_id, 'unit', unit, 'count', count) FROM freed
                UNION ALL
                SELECT $1, helpline.now(), 'admission_exited', $2, $3, revision, jsonb_build_object('admission_id', admission_id,
                    'referral_id', referral_id, 'service_id', service_id, 'state', state) FROM gone),
            withdrawn AS (
                UPDATE helpline.deliveries d SET state = 'withdrawn', next_attempt_at = NULL, claimed_until = NULL, ended_at = helpline.now(),
                    revision = d.revision + 1
                FROM changed WHERE d.centre_id = $1 AND d.referral_id = $7 AND d.state = 'pending' AND d.event <> 'referral.withdrawn'
                  AND (changed.ended_at IS NOT NULL OR d.event = 'referral.requested'
                    AND d.agency_id IN (SELECT c.agency_id FROM chosen c WHERE c.state <> 'offered'))),
            told AS (
                INSERT INTO helpline.deliveries (centre_id, delivery_id, referral_id, event, kind, agency_id, endpoint_id, state, next_attempt_at,
                    made_at)
                SELECT DISTINCT ON (p.endpoint_id) $1, md5(($7::uuid)::text || changed.event_count::text || p.endpoint_id::text)::uuid,
                    changed.referral_id, who.event, p.kind, p.agency_id, p.endpoint_id, 'pending', helpline.now(), helpline.now()
                FROM changed CROSS JOIN (
                    SELECT c.agency_id, 'referral.requested' AS event FROM chosen c WHERE c.state = 'offered'
                    UNION ALL
                    SELECT o.agency_id, $25::text FROM concerned o WHERE $25 IS NOT NULL AND o.agency_id IS DISTINCT FROM $9
                      AND ($25 <> 'referral.withdrawn'
                        OR o.agency_id IN (SELECT c.agency_id FROM chosen c WHERE c.state NOT IN ('offered', 'accepted')))) who
                JOIN helpline.endpoints p ON p.centre_id = $1 AND p.agency_id = who.agency_id AND p.disabled_at IS NULL
                ORDER BY p.endpoint_id, who.event)"
        )
    };
}

const STEP: &str = change!(
    // What happened is a parameter: one statement makes every step.
    event: "referral_' || $12::text || '", resource: "$27", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('referral_id', referral_id, 'from', old_state, 'state', state)",
    with: step!(sees_referral!("$2", "$3", "$9"), "");
    returning: "$27 AS resource_id",
);

/// The same without a command: what a clock does. Another replica that is at it is not waited for.
const BY_ITSELF: &str = concat!(
    "WITH ",
    step!("$2::uuid IS NULL AND $4::text IS NULL AND $5::uuid IS NULL AND $6::bytea IS NULL", " SKIP LOCKED"),
    ", journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'referral_' || $12, contact_id, revision,
            jsonb_build_object('referral_id', referral_id, 'from', old_state, 'state', state) FROM changed)
    SELECT $27 AS resource_id FROM changed"
);

/// What becomes of a deadline.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Due {
    /// It stays.
    Keep,
    /// There is none any more.
    None,
    /// So many seconds from now.
    In(f64),
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happened, a key.
    pub event: &'static str,
    /// Where it stands then.
    pub state: ReferralState,
    /// What becomes of its deadline.
    pub due: Due,
    /// What becomes of choices.
    pub moves: Moves,
    /// Why, a key.
    pub reason: Option<&'static str>,
    /// Whether the agency that is asked or has it may read the entry.
    pub shared: bool,
    /// Whether nobody is left who could be asked.
    pub unmet: bool,
    /// Who asks to cancel it.
    pub cancel_asked_by: Option<Side>,
    /// What becomes of the appointment, and when the next is.
    pub appointment: Option<(AppointmentState, Option<DateTime<Utc>>)>,
    /// Under which number the agency keeps it.
    pub their_reference: Option<Sensitive<String>>,
    /// What came of it, a key.
    pub outcome: Option<&'static str>,
    /// What is told to the endpoints of those who were asked or have it, beside who does it.
    pub tells: Option<&'static str>,
}

impl Step {
    /// A step to a state with its usual deadline, and nothing else.
    pub fn to(event: &'static str, state: ReferralState, urgency: Urgency) -> Self {
        Self {
            event,
            state,
            due: state.due_s(urgency).map_or(Due::None, |seconds| Due::In(f64::from(seconds))),
            moves: Moves::new(),
            reason: None,
            shared: true,
            unmet: false,
            cancel_asked_by: None,
            appointment: None,
            their_reference: None,
            outcome: None,
            tells: None,
        }
    }
}

/// What is asked of a referral, whatever it is.
#[derive(Clone, Debug)]
pub struct Act {
    /// The referral.
    pub referral_id: ReferralId,
    /// The revision that it answers; `None` for whichever there is.
    pub expected: Option<i64>,
    /// A new id: of the entry of the timeline.
    pub remark_id: Uuid,
    /// What is remarked with it.
    pub remark: Option<Sensitive<String>>,
}

#[derive(FromRow)]
struct Stepped {
    resource_id: Uuid,
}

type StepQuery = QueryAs<'static, sqlx::Postgres, Stepped, PgArguments>;

impl Store {
    /// Makes a step that was decided on a revision. Refused when another has been made since, or the caller may not know of it.
    /// What the command is about is the referral, or the entry where that is the answer.
    pub async fn step_referral(
        &self,
        command: &Command,
        act: &Act,
        revision: i64,
        step: &Step,
        about: Uuid,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Stepped>(STEP, command);
        let agency = agency_of(&command.caller);
        let query = self.bind_step(query, command.centre(), (act, agency), revision, step).bind(about);
        let change = self.change(command, query.bind(step.state.is_over())).await?;
        Ok(change.map(|row| row.resource_id))
    }

    /// Makes a step because time has passed; whether it was still the same.
    pub async fn step_referral_by_itself(
        &self,
        centre: CentreId,
        id: ReferralId,
        revision: i64,
        step: &Step,
    ) -> Result<bool, StoreError> {
        let act = Act { referral_id: id, expected: None, remark_id: Uuid::nil(), remark: None };
        let query = sqlx::query_as::<_, Stepped>(BY_ITSELF)
            .bind(centre.as_uuid())
            .bind(None::<Uuid>)
            .bind(None::<String>)
            .bind(None::<String>)
            .bind(None::<Uuid>)
            .bind(None::<Vec<u8>>);
        let query = self.bind_step(query, centre, (&act, None), revision, step);
        let query = query.bind(id.as_uuid()).bind(step.state.is_over());
        let mut connection = self.bound(centre).await?;
        let row = query.fetch_optional(connection.postgres()).await;
        Ok(connection.settle(row)?.is_some())
    }

    /// Binds parameters 7 to 26 of a step.
    fn bind_step(
        &self,
        query: StepQuery,
        centre: CentreId,
        (act, agency): (&Act, Option<Uuid>),
        revision: i64,
        step: &Step,
    ) -> StepQuery {
        let id = act.referral_id.as_uuid();
        let (due, due_s) = match step.due {
            Due::Keep => ("keep", None),
            Due::None => ("none", None),
            Due::In(seconds) => ("in", Some(seconds)),
        };
        let places: Vec<i32> = step.moves.iter().map(|(place, _)| *place).collect();
        let states: Vec<String> = step.moves.iter().map(|(_, next)| next.key().to_owned()).collect();
        query
            .bind(id)
            .bind(revision)
            .bind(agency)
            .bind(Some(act.remark_id).filter(|id| !id.is_nil()))
            .bind(self.seal_some(REMARK, centre, act.remark_id, act.remark.as_ref()))
            .bind(step.event)
            .bind(step.state.key())
            .bind(due)
            .bind(due_s)
            .bind(places)
            .bind(states)
            .bind(step.reason)
            .bind(step.shared)
            .bind(step.unmet)
            .bind(step.cancel_asked_by.map(Side::key))
            .bind(step.appointment.map(|(state, _)| state.key()))
            .bind(step.appointment.and_then(|(_, at)| at))
            .bind(self.seal_some(THEIR_REFERENCE, centre, id, step.their_reference.as_ref()))
            .bind(step.tells)
            .bind(step.outcome)
    }
}
