//! What the clocks do: steps of the ladder, and alarms that the child is not reached. One statement takes those of many
//! escalations; each compares the revision it was decided on, so that each is taken once, however many servers run.

use std::collections::BTreeSet;

use helpline_domain::escalation::plan::Call;
use helpline_domain::escalation::{EscalationKind, EscalationState};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CentreId, CounsellorId, DeliveryId, EscalationId};
use helpline_domain::risk::Risk;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{gravity, inconsistent};
use crate::disclosure::not_feared;
use crate::{Store, StoreError};

/// How long what the plan discloses in an emergency may be known, in hours.
const DISCLOSED_HOURS: i32 = 72;

/// What is due now, the gravest first; also a step of whose ways none is left. The conditions say of which escalations `e`,
/// and of which failed deliveries `f`. A mission of a country that the child is afraid of is not waited for. The lower end of the
/// time is named because without it a third of everything open is expected to be due, and all of it is read.
macro_rules! due {
    ($escalations:literal, $failed:literal) => {
        concat!("
    SELECT escalation_id, revision, kind, state, rung, risk, plan_version, policy, steps, late FROM (
        SELECT e.escalation_id, e.revision, e.kind, e.state, e.rung, e.risk, e.plan_version, e.policy, e.look_at,
            coalesce(e.due_at <= (SELECT helpline.now()), false) OR e.forced_at IS NOT NULL AS steps,
            coalesce(e.reach_due_at <= (SELECT helpline.now()), false) AS late
        FROM helpline.escalations e
        WHERE e.centre_id = $1 AND e.look_at BETWEEN '-infinity' AND (SELECT helpline.now())", $escalations, "
        UNION ALL
        SELECT e.escalation_id, e.revision, e.kind, e.state, e.rung, e.risk, e.plan_version, e.policy, e.look_at, true, false
        FROM helpline.escalations e
        WHERE e.centre_id = $1 AND e.state = 'notifying' AND e.look_at > (SELECT helpline.now()) AND e.escalation_id IN (
            SELECT f.escalation_id FROM helpline.deliveries f
            WHERE f.centre_id = $1 AND f.state = 'failed' AND f.ended_at > (SELECT helpline.now()) - interval '1 minute'", $failed, ")
          AND EXISTS (
            SELECT FROM helpline.deliveries d WHERE d.centre_id = $1 AND d.escalation_id = e.escalation_id AND d.rung = e.rung)
          AND NOT EXISTS (
            SELECT FROM helpline.deliveries d
            WHERE d.centre_id = $1 AND d.escalation_id = e.escalation_id AND d.rung = e.rung
              AND (d.state = 'delivered' OR d.state = 'pending' AND (d.kind <> 'desk' OR NOT EXISTS (
                SELECT FROM helpline.deliveries w
                WHERE w.centre_id = $1 AND w.escalation_id = e.escalation_id AND w.rung = e.rung AND w.agency_id = d.agency_id
                  AND w.endpoint_id IS NOT NULL)))
              AND ", not_feared!("d.agency_id", "e.escalation_id", "NULL", "NULL"), ")) e
    ORDER BY ", gravity!(), " DESC, look_at LIMIT $2")
    };
}

const DUE: &str = due!("", "");

/// The same of one: who waits for an answer does not wait for everything else that is due.
const DUE_OF: &str = due!(" AND e.escalation_id = $3", " AND f.escalation_id = $3");

/// Something that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// The escalation.
    pub escalation_id: EscalationId,
    /// As it was read.
    pub revision: i64,
    /// What is demanded.
    pub kind: EscalationKind,
    /// Where it stands.
    pub state: EscalationState,
    /// Steps taken so far.
    pub rung: u32,
    /// How grave it is.
    pub risk: Risk,
    /// The plan it follows.
    pub plan_version: i64,
    /// The policy it follows.
    pub policy: String,
    /// Whether the ladder climbs.
    pub steps: bool,
    /// Whether the child should have been reached, or a report is to be reminded of or was due.
    pub late: bool,
}

#[derive(FromRow)]
struct DueRow {
    escalation_id: Uuid,
    revision: i64,
    kind: String,
    state: String,
    rung: i32,
    risk: i16,
    plan_version: i64,
    policy: String,
    steps: bool,
    late: bool,
}

/// Whoever cannot be told is left out, and a mission of a country that the child is afraid of; where nobody is left, the next
/// step is due at once. What the fallback still has to tell it does not tell twice; a call to such a mission is nothing of that
/// kind: nobody makes it. What is told outside the building in an exercise is held back. The plan discloses because life is in
/// danger, and so nothing of a report. What is written hangs on the locked rows in `before`: joined with each other, the steps of
/// a batch would be compared one with every other.
const TAKE: &str = concat!("
    WITH wish AS (
        SELECT * FROM unnest($2::uuid[], $3::int8[], $4::int4[], $5::float8[], $6::bool[]) AS w (id, revision, rung, wait_s, fallback)),
    before AS MATERIALIZED (
        SELECT wish.*, e.state AS old_state, e.exercise, e.kind AS demanded, e.acknowledged_by AS seen_by,
            e.forced_at IS NULL AND e.state = 'acknowledged' AS lapsed
        FROM helpline.escalations e JOIN wish ON wish.id = e.escalation_id AND wish.revision = e.revision
        WHERE e.centre_id = $1 AND e.escalation_id = ANY ($2) AND e.look_at IS NOT NULL
        ORDER BY e.escalation_id FOR UPDATE OF e SKIP LOCKED),
    told AS MATERIALIZED (
        SELECT t.*, before.rung, before.exercise, before.demanded
        FROM before JOIN unnest($7::uuid[], $8::uuid[], $9::text[], $10::uuid[], $11::uuid[], $12::jsonb[], $13::text[])
            AS t (id, delivery_id, kind, counsellor_id, agency_id, call, discloses) ON t.id = before.id
        WHERE CASE t.kind
            WHEN 'person' THEN EXISTS (
                SELECT FROM helpline.counsellors c WHERE c.centre_id = $1 AND c.counsellor_id = t.counsellor_id AND c.disabled_at IS NULL)
            WHEN 'supervisors' THEN EXISTS (
                SELECT FROM helpline.tokens k
                WHERE k.centre_id = $1 AND k.role = 'supervisor' AND k.revoked_at IS NULL AND k.expires_at > helpline.now())
            WHEN 'desk' THEN EXISTS (
                SELECT FROM helpline.agencies a WHERE a.centre_id = $1 AND a.agency_id = t.agency_id AND a.disabled_at IS NULL)
            ELSE true END
          AND ", not_feared!("t.agency_id", "before.id", "NULL", "NULL"), "
          AND NOT (before.fallback AND EXISTS (
            SELECT FROM helpline.deliveries d
            WHERE d.centre_id = $1 AND d.escalation_id = before.id AND d.kind = t.kind AND d.state = 'pending'
              AND ", not_feared!("d.agency_id", "before.id", "NULL", "NULL"), "))),
    every AS MATERIALIZED (SELECT coalesce(array_agg(id), '{}') AS ids FROM told),
    changed AS (
        UPDATE helpline.escalations e SET
            state = CASE WHEN e.state IN ('accepted', 'responding', 'on_scene') THEN e.state WHEN fallback THEN 'unanswered' ELSE 'notifying' END,
            rung = step.rung, forced_at = NULL,
            due_at = CASE WHEN e.state IN ('accepted', 'responding', 'on_scene') THEN NULL
                WHEN fallback OR told > 0 THEN helpline.now() + make_interval(secs => wait_s) ELSE helpline.now() END,
            event_count = e.event_count + 1 + lapsed::int, changed_at = helpline.now(), revision = e.revision + 1
        FROM (SELECT before.*, cardinality(array_positions((SELECT ids FROM every), id)) AS told FROM before) step
        WHERE e.centre_id = $1 AND e.escalation_id = ANY ($2) AND e.escalation_id = step.id
        RETURNING e.escalation_id, e.contact_id, e.revision, e.event_count, e.state, e.rung, fallback, lapsed, seen_by, old_state, told),
    delivered AS (
        INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, rung, event, kind, counsellor_id, agency_id, endpoint_id, call,
            state, next_attempt_at, made_at, ended_at)
        SELECT $1, way.delivery_id, way.id, way.rung, 'escalation.notified', way.kind, way.counsellor_id, way.agency_id,
            way.endpoint_id, way.call, CASE WHEN held THEN 'held_back' ELSE 'pending' END,
            CASE WHEN NOT held AND way.endpoint_id IS NOT NULL THEN helpline.now() END, helpline.now(), CASE WHEN held THEN helpline.now() END
        FROM (
            SELECT id, rung, exercise, delivery_id, kind, counsellor_id, agency_id, NULL::uuid AS endpoint_id, call FROM told
            UNION ALL
            SELECT id, rung, exercise, md5(told.delivery_id::text || p.endpoint_id::text)::uuid, p.kind, NULL, told.agency_id, p.endpoint_id, NULL
            FROM told JOIN helpline.endpoints p ON p.centre_id = $1 AND p.agency_id = told.agency_id AND p.disabled_at IS NULL
            WHERE told.kind = 'desk') way
        CROSS JOIN LATERAL (SELECT way.exercise AND way.kind NOT IN ('person', 'supervisors') AS held) held),
    disclosed AS (
        INSERT INTO helpline.disclosures (centre_id, disclosure_id, escalation_id, agency_id, purpose, field_classes, basis, ground, made_at, expires_at)
        SELECT DISTINCT ON (id, told.agency_id) $1, md5(told.delivery_id::text || 'disclosed')::uuid, id,
            told.agency_id, demanded, string_to_array(told.discloses, ','), 'plan', 'life_in_danger', helpline.now(),
            helpline.now() + make_interval(hours => $14)
        FROM told
        WHERE told.kind = 'desk' AND told.discloses <> '' AND demanded = 'emergency' AND NOT exercise AND NOT EXISTS (
            -- Once: what was revoked since is not opened again by the next round.
            SELECT FROM helpline.disclosures x
            WHERE x.centre_id = $1 AND x.escalation_id = told.id AND x.agency_id = told.agency_id AND x.basis = 'plan')
        ORDER BY id, told.agency_id, told.delivery_id),
    noted AS (
        INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, actor_id, detail)
        SELECT $1, escalation_id, event_count - 1, helpline.now(), 'acknowledgement_lapsed', NULL::uuid, jsonb_build_object('by', seen_by)
        FROM changed WHERE lapsed
        UNION ALL
        SELECT $1, escalation_id, event_count, helpline.now(),
            CASE WHEN fallback THEN 'fallback_rung' WHEN told > 0 THEN 'step_taken' ELSE 'nobody_to_tell' END,
            NULL, jsonb_build_object('rung', rung, 'told', told)
        FROM changed),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), CASE WHEN fallback THEN 'escalation_unanswered' ELSE 'escalation_step_taken' END, contact_id, revision,
            jsonb_build_object('escalation_id', escalation_id, 'from', old_state, 'state', state, 'rung', rung)
        FROM changed)
    SELECT escalation_id FROM changed");

/// Of a report the first is a reminder before its deadline, the next comes with the deadline.
const ALARM: &str = "
    WITH wish AS (SELECT * FROM unnest($2::uuid[], $3::int8[], $4::float8[], $5::uuid[]) AS w (id, revision, every_s, delivery_id)),
    before AS MATERIALIZED (
        SELECT wish.*, e.deadline_at AS deadline, coalesce(e.deadline_at > helpline.now(), false) AS ahead,
            CASE WHEN e.kind = 'emergency' THEN 'child_not_reached' WHEN e.deadline_at > helpline.now() THEN 'report_due' ELSE 'report_overdue' END
                AS what
        FROM helpline.escalations e JOIN wish ON wish.id = e.escalation_id AND wish.revision = e.revision
        WHERE e.centre_id = $1 AND e.escalation_id = ANY ($2) AND e.reach_due_at <= helpline.now()
        ORDER BY e.escalation_id FOR UPDATE OF e SKIP LOCKED),
    changed AS (
        UPDATE helpline.escalations e SET reach_alarms = e.reach_alarms + (NOT ahead)::int,
            reach_due_at = CASE WHEN ahead THEN deadline ELSE helpline.now() + make_interval(secs => every_s) END,
            event_count = e.event_count + 1, changed_at = helpline.now(), revision = e.revision + 1
        FROM before WHERE e.centre_id = $1 AND e.escalation_id = ANY ($2) AND e.escalation_id = before.id
        RETURNING e.escalation_id, e.contact_id, e.revision, e.event_count, e.reach_alarms, e.state, delivery_id, what),
    told AS (
        INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, event, kind, state, made_at)
        SELECT $1, delivery_id, escalation_id, 'escalation.' || what, 'supervisors', 'pending', helpline.now()
        FROM changed WHERE NOT EXISTS (
            SELECT FROM helpline.deliveries d
            WHERE d.centre_id = $1 AND d.escalation_id = changed.escalation_id AND d.kind = 'supervisors' AND d.state = 'pending')),
    noted AS (
        INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, detail, shared)
        SELECT $1, escalation_id, event_count, helpline.now(), what, jsonb_build_object('alarm', reach_alarms), true FROM changed),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'escalation_' || what, contact_id, revision,
            jsonb_build_object('escalation_id', escalation_id, 'state', state, 'alarm', reach_alarms)
        FROM changed)
    SELECT what FROM changed";

/// A step about to be taken.
#[derive(Clone, Debug)]
pub struct StepDraft {
    /// The escalation.
    pub escalation_id: EscalationId,
    /// The revision it was decided on.
    pub revision: i64,
    /// Steps taken when this one is.
    pub rung: u32,
    /// Seconds until the next.
    pub wait_s: u32,
    /// Whether every step was taken and the fallback is rung.
    pub fallback: bool,
    /// Who is told.
    pub tell: Vec<Tell>,
}

/// Somebody to tell.
#[derive(Clone, Debug)]
pub struct Tell {
    /// Id of the delivery.
    pub delivery_id: DeliveryId,
    /// Whom.
    pub whom: Whom,
}

/// Who is told.
#[derive(Clone, Debug)]
pub enum Whom {
    /// A counsellor on their stream.
    Person(CounsellorId),
    /// Every supervisor on their stream.
    Supervisors,
    /// Somebody on shift is to ring a number.
    Call(Call),
    /// An agency on its stream and by every endpoint, and what it may know.
    Desk(AgencyId, BTreeSet<FieldClass>),
}

impl Whom {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Supervisors => "supervisors",
            Self::Call(_) => "call",
            Self::Desk(..) => "desk",
        }
    }
}

/// An alarm about to be raised.
#[derive(Clone, Debug)]
pub struct AlarmDraft {
    /// The escalation.
    pub escalation_id: EscalationId,
    /// The revision it was decided on.
    pub revision: i64,
    /// Seconds until the next alarm.
    pub every_s: u32,
    /// Id of what supervisors are told by.
    pub delivery_id: DeliveryId,
}

impl Store {
    /// What is due, at most so many, the gravest first; of one escalation if it is named.
    pub async fn due_escalations(
        &self,
        centre: CentreId,
        most: i64,
        only: Option<EscalationId>,
    ) -> Result<Vec<Due>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let query = sqlx::query_as::<_, DueRow>(if only.is_some() { DUE_OF } else { DUE });
        let query = query.bind(centre.as_uuid()).bind(most);
        let query = match only {
            Some(id) => query.bind(id.as_uuid()),
            None => query,
        };
        let rows = query.fetch_all(connection.postgres()).await;
        let due = |row: DueRow| {
            Ok(Due {
                escalation_id: row.escalation_id.into(),
                revision: row.revision,
                kind: EscalationKind::from_key(&row.kind).ok_or(inconsistent("kind"))?,
                state: EscalationState::from_key(&row.state).ok_or(inconsistent("state"))?,
                rung: u32::try_from(row.rung).map_err(|_| inconsistent("rung"))?,
                risk: Risk::from_number(row.risk).ok_or(inconsistent("risk"))?,
                plan_version: row.plan_version,
                policy: row.policy,
                steps: row.steps,
                late: row.late,
            })
        };
        connection.settle(rows)?.into_iter().map(due).collect()
    }

    /// Takes these steps, each if its escalation is still at the revision it was decided on; gives those that were taken.
    pub async fn take_steps(
        &self,
        centre: CentreId,
        steps: &[StepDraft],
    ) -> Result<Vec<EscalationId>, StoreError> {
        let ids: Vec<Uuid> = steps.iter().map(|step| step.escalation_id.as_uuid()).collect();
        let revisions: Vec<i64> = steps.iter().map(|step| step.revision).collect();
        let rungs: Vec<i32> = steps.iter().map(|step| i32::try_from(step.rung).unwrap_or(i32::MAX)).collect();
        let waits: Vec<f64> = steps.iter().map(|step| f64::from(step.wait_s)).collect();
        let fallbacks: Vec<bool> = steps.iter().map(|step| step.fallback).collect();
        let all = || steps.iter().flat_map(|step| step.tell.iter().map(move |tell| (step, tell)));
        let about: Vec<Uuid> = all().map(|(step, _)| step.escalation_id.as_uuid()).collect();
        let deliveries: Vec<Uuid> = all().map(|(_, tell)| tell.delivery_id.as_uuid()).collect();
        let kinds: Vec<&str> = all().map(|(_, tell)| tell.whom.kind()).collect();
        let people: Vec<Option<Uuid>> = all()
            .map(|(_, tell)| match &tell.whom {
                Whom::Person(person) => Some(person.as_uuid()),
                _ => None,
            })
            .collect();
        let agencies: Vec<Option<Uuid>> = all()
            .map(|(_, tell)| match &tell.whom {
                Whom::Desk(agency, _) => Some(agency.as_uuid()),
                Whom::Call(call) => call.agency_id.map(|id| id.as_uuid()),
                _ => None,
            })
            .collect();
        let calls: Vec<Option<Json<Call>>> = all()
            .map(|(_, tell)| match &tell.whom {
                Whom::Call(call) => Some(Json(call.clone())),
                _ => None,
            })
            .collect();
        let discloses: Vec<String> = all()
            .map(|(_, tell)| match &tell.whom {
                Whom::Desk(_, classes) => {
                    classes.iter().map(|class| class.key()).collect::<Vec<_>>().join(",")
                }
                _ => String::new(),
            })
            .collect();
        let mut connection = self.bound(centre).await?;
        let taken = sqlx::query_scalar::<_, Uuid>(TAKE)
            .bind(centre.as_uuid())
            .bind(ids)
            .bind(revisions)
            .bind(rungs)
            .bind(waits)
            .bind(fallbacks)
            .bind(about)
            .bind(deliveries)
            .bind(kinds)
            .bind(people)
            .bind(agencies)
            .bind(calls)
            .bind(discloses)
            .bind(DISCLOSED_HOURS)
            .fetch_all(connection.postgres())
            .await;
        Ok(connection.settle(taken)?.into_iter().map(EscalationId::from).collect())
    }

    /// Raises these alarms, each once; gives what each said: `child_not_reached`, `report_due`, `report_overdue`.
    pub async fn alarm_unreached(
        &self,
        centre: CentreId,
        alarms: &[AlarmDraft],
    ) -> Result<Vec<String>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let raised = sqlx::query_scalar::<_, String>(ALARM)
            .bind(centre.as_uuid())
            .bind(alarms.iter().map(|alarm| alarm.escalation_id.as_uuid()).collect::<Vec<_>>())
            .bind(alarms.iter().map(|alarm| alarm.revision).collect::<Vec<_>>())
            .bind(alarms.iter().map(|alarm| f64::from(alarm.every_s)).collect::<Vec<_>>())
            .bind(alarms.iter().map(|alarm| alarm.delivery_id.as_uuid()).collect::<Vec<_>>())
            .fetch_all(connection.postgres())
            .await;
        connection.settle(raised)
    }
}
