//! Help to return: begun, and everything that happens to it, one statement each.

use chrono::{DateTime, Utc};
use helpline_domain::assessment::Subject;
use helpline_domain::id::{AdmissionId, CaseId, PersonId, ReturnId};
use helpline_domain::shelter::{ReturnCancelReason, ReturnItem, ReturnState};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::read::{ReturnAssistance, held_for_child, obstacles};
use super::{Calls, NOTE, OVERRIDE_REASON, are_called, calls};
use crate::admission::sees_stay;
use crate::casework::migrant::keep;
use crate::casework::task::told;
use crate::casework::{CASE_TEXT, sees_case};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// Help to begin.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewReturn {
    pub return_id: ReturnId,
    pub case_id: CaseId,
    pub admission_id: Option<AdmissionId>,
    pub country: String,
    pub subject: Subject,
    pub grace_ends_at: Option<DateTime<Utc>>,
    pub note: Option<Sensitive<String>>,
    /// A new id: of the entry of the timeline of the case.
    pub entry_id: Uuid,
}

/// What is asked of help to return, whatever it is.
#[derive(Clone, Debug)]
pub struct ReturnAct {
    /// The help.
    pub return_id: ReturnId,
    /// The revision that it answers; `None` for whichever there is.
    pub expected: Option<i64>,
    /// A new id: of the entry of the timeline of the case.
    pub entry_id: Uuid,
    /// What is remarked with it.
    pub remark: Option<Sensitive<String>>,
}

/// How it stands after a step.
#[derive(Clone, Debug)]
pub struct ReturnStep {
    /// What happened, a key.
    pub event: &'static str,
    /// Where it stands then.
    pub state: ReturnState,
    /// What is needed to go.
    pub items: Vec<ReturnItem>,
    /// Until when they may leave without a fine.
    pub grace_ends_at: Option<DateTime<Utc>>,
    /// Whether they are afraid.
    pub fear_recorded: bool,
    /// Whether that is said with this step: then it is recorded for the case, too.
    pub says_fear: bool,
    /// Whether who goes consents.
    pub consented: bool,
    /// The guardian who consents.
    pub guardian_id: Option<PersonId>,
    /// What is to be overridden, who asks, and who has approved it.
    pub asked: Option<(Vec<String>, Uuid, Option<Uuid>)>,
    /// Why, when it is asked for now.
    pub reason: Option<Sensitive<String>>,
    /// Why it is cancelled.
    pub cancelled: Option<ReturnCancelReason>,
}

impl ReturnStep {
    /// A step that leaves everything but the state as it is.
    pub fn of(now: &ReturnAssistance, event: &'static str, state: ReturnState) -> Self {
        let asked = now.asked.as_ref();
        Self {
            event,
            state,
            items: now.items.clone(),
            grace_ends_at: now.grace_ends_at,
            fear_recorded: now.fear_said,
            says_fear: false,
            consented: now.consented_at.is_some(),
            guardian_id: now.guardian.map(|(id, _)| id),
            asked: asked.map(|one| (one.lifts.clone(), one.asked_by, one.approved_by)),
            reason: None,
            cancelled: None,
        }
    }
}

#[derive(FromRow)]
struct Made {
    id: Uuid,
}

const ONE_OPEN: &str = "one_open_return_of_a_case";

/// The case is of another revision from then on: whoever closes it decides again. A stay is named by who may know of it alone.
const START: &str = change!(
    event: "return_started", resource: "return_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('return_id', return_id, 'case_id', case_id)",
    with: "parent AS (
        UPDATE helpline.cases c SET event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1
        WHERE c.centre_id = $1 AND c.case_id = $8 AND c.closed_at IS NULL AND ($9::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.admissions a JOIN helpline.referrals f ON f.centre_id = $1 AND f.referral_id = a.referral_id
            WHERE a.centre_id = $1 AND a.admission_id = $9 AND f.case_id = $8 AND a.admitted_at IS NOT NULL AND ",
    sees_stay!("$2", "$3", "NULL"), ")) AND ($12::text <> 'adult' OR NOT ", held_for_child!("$2", "$3", "c.case_id"), ") AND ",
    sees_case!("$2", "$3"), "
        RETURNING c.case_id AS of_case, c.event_count),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id)
        SELECT $1, of_case, event_count, helpline.now(), 'return_started', $2, $3, jsonb_build_object('return_id', $7::uuid), $10 FROM parent),
    changed AS (
        INSERT INTO helpline.return_assistances (centre_id, return_id, case_id, admission_id, country, subject, state, items, grace_ends_at,
            warn_at, note_sealed, started_by, started_at, changed_at)
        SELECT $1, $7, of_case, $9, $11, $12, 'preparing', $13, $14, $14::timestamptz - make_interval(secs => $15), $16, $2, helpline.now(),
            helpline.now()
        FROM parent RETURNING *)";
    returning: "return_id AS id",
);

/// The case is locked before its help to return. Parameters after those of the command: 7 and 8 the help and its revision, 9 the revision of
/// the case, 10 event, 11 state, 12 items, 13 and 14 the grace period and how long before its end it is told, 15 fear, 16 and 17 consent, 18
/// to 21 the override, 22 why it is cancelled, 23 and 24 the entry and its text, 25 to 28 calls to give, 29 whether fear is said now: the
/// missions of that country learn nothing more from then on. Nobody leaves while something is in
/// the way. Whether they arrived is asked for until it is known: what is cancelled without saying where they are leaves the question open,
/// and so does help by which nobody left, or by which they left later.
const STEP: &str = change!(
    event: "return_' || $10::text || '", resource: "return_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('return_id', return_id, 'case_id', case_id, 'state', state)",
    with: "before AS MATERIALIZED (
        SELECT b.case_id AS of_case, b.country AS of_country, b.state AS old_state,
            b.departed_at AS left_at FROM helpline.cases c
        JOIN helpline.return_assistances b ON b.centre_id = $1 AND b.case_id = c.case_id
        WHERE c.centre_id = $1 AND b.return_id = $7 AND b.revision = $8 AND c.revision = $9 AND ", sees_case!("$2", "$3"), "
          AND ($10::text <> 'departed' OR ", obstacles!("b"), " = '{}')
        FOR NO KEY UPDATE OF c, b),
    feared AS (
        INSERT INTO helpline.protections (centre_id, protection_id, case_id, kind, country, recorded_by, recorded_at)
        SELECT $1, $23, of_case, 'fear', of_country, $2, helpline.now() FROM before WHERE $29
        ON CONFLICT DO NOTHING RETURNING protection_id, case_id),
    ", keep!("before", "of_case", "of_country", "$29"), ",
    parent AS (
        UPDATE helpline.cases k SET event_count = k.event_count + 1 + (SELECT count(*) FROM said), changed_at = helpline.now(), revision = k.revision + 1
        FROM before WHERE k.centre_id = $1 AND k.case_id = of_case RETURNING k.case_id, k.owner_id, k.event_count),
    changed AS (
        UPDATE helpline.return_assistances b SET state = $11::text, items = $12, grace_ends_at = $13,
            warn_at = CASE WHEN $13 = b.grace_ends_at THEN b.warn_at ELSE $13::timestamptz - make_interval(secs => $14) END, fear_recorded = $15,
            consented_at = CASE WHEN $16 THEN coalesce(b.consented_at, helpline.now()) END, guardian_id = $17::uuid,
            guardian_consented_at = CASE WHEN $17 = b.guardian_id THEN b.guardian_consented_at WHEN $17 IS NOT NULL THEN helpline.now() END,
            override_lifts = $18::text[], override_reason_sealed = CASE WHEN $18 IS NOT NULL THEN coalesce($19, b.override_reason_sealed) END,
            override_asked_at = CASE WHEN $18 IS NULL THEN NULL WHEN $19 IS NOT NULL THEN helpline.now() ELSE b.override_asked_at END,
            override_asked_by = $20, override_approved_by = $21,
            departed_at = CASE WHEN $11 = 'departed' THEN coalesce(b.departed_at, helpline.now()) ELSE b.departed_at END,
            arrived_at = CASE WHEN $11 = 'arrived' THEN helpline.now() END,
            ended_at = CASE WHEN $11 IN ('arrived', 'cancelled') THEN helpline.now() END, reason = $22, changed_at = helpline.now(),
            revision = b.revision + 1
        FROM parent WHERE b.centre_id = $1 AND b.return_id = $7 RETURNING b.*),
    called_for AS (
        SELECT c.case_id, c.owner_id, ",
    are_called!("coalesce((
            SELECT max(b.arrived_at) FROM helpline.return_assistances b WHERE b.centre_id = $1 AND b.case_id = c.case_id), '-infinity')",
        "NOT t.confidential"),
    " AS called FROM parent c WHERE $10 = 'departed'),
    ", calls!("false", "$25", "$26", "$27", "$28"), ",
    answered AS (
        UPDATE helpline.tasks t SET state = CASE $11 WHEN 'arrived' THEN 'completed' ELSE 'cancelled' END, ended_at = helpline.now(),
            look_at = NULL, revision = t.revision + 1
        FROM before
        WHERE t.centre_id = $1 AND t.case_id = of_case AND t.ended_at IS NULL AND CASE
            WHEN $10 = 'departed' THEN t.plan = 'after_stay' AND EXISTS (SELECT FROM called_for WHERE NOT called)
            ELSE t.plan = 'after_shelter' AND t.task = 'confirm_arrival'
              AND ($11 = 'arrived' OR $11 = 'cancelled' AND $22 IN ('turned_back', 'entered_in_error')
                AND old_state = 'departed' AND t.made_at >= left_at) END
        RETURNING t.task_id, t.case_id, t.agency_id, t.referral_id, t.state, t.revision), ",
    told!("agencies_told", "answered", "task_cancelled", "true"), ",
    answered_told AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'task_' || state, revision, jsonb_build_object('task_id', task_id, 'case_id', case_id) FROM answered),
    fear_noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id)
        SELECT $1, parent.case_id, event_count - 1 - said.after, helpline.now(), said.event, $2, $3,
            jsonb_build_object('protection_id', protection_id), md5(protection_id::text || ($23::uuid)::text)::uuid
        FROM parent CROSS JOIN said),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id, text_sealed)
        SELECT $1, parent.case_id, event_count, helpline.now(), 'return_' || $10, $2, $3, jsonb_strip_nulls(jsonb_build_object(
            'return_id', $7::uuid, 'state', $11, 'reason', $22::text, 'task_ids', (SELECT jsonb_agg(task_id) FROM calls))), $23, $24
        FROM parent)";
    returning: "return_id AS id",
);

impl Store {
    /// Begins help to return; it is told so many seconds before a grace period ends. Refused when the case or the stay is not there for the
    /// caller, the case is closed, or it has one that is open, and of an adult whom the caller cannot say to be one.
    pub async fn start_return(
        &self,
        command: &Command,
        new: &NewReturn,
        (items, warn_s): (Vec<ReturnItem>, u32),
    ) -> Result<Change<Uuid>, StoreError> {
        let id = new.return_id.as_uuid();
        let query = change_query::<Made>(START, command)
            .bind(id)
            .bind(new.case_id.as_uuid())
            .bind(new.admission_id.map(|id| id.as_uuid()))
            .bind(new.entry_id)
            .bind(new.country.clone())
            .bind(new.subject.key())
            .bind(Json(items))
            .bind(new.grace_ends_at)
            .bind(f64::from(warn_s))
            .bind(self.seal_some(NOTE, command.centre(), id, new.note.as_ref()));
        match self.change(command, query).await {
            Err(error) if error.constraint() == Some(ONE_OPEN) => self.recall_change(command).await,
            change => Ok(change?.map(|made| made.id)),
        }
    }

    /// Makes a step that was decided on a revision of it and of its case. Refused when either has changed since, when the caller may not know
    /// of it, and when something is in the way of who leaves.
    pub async fn step_return(
        &self,
        command: &Command,
        act: &ReturnAct,
        (revision, case_revision): (i64, i64),
        (step, warn_s, calls): (&ReturnStep, u32, &Calls),
    ) -> Result<Change<Uuid>, StoreError> {
        let (id, centre) = (act.return_id.as_uuid(), command.centre());
        let asked = step.asked.as_ref();
        let query = change_query::<Made>(STEP, command)
            .bind(id)
            .bind(revision)
            .bind(case_revision)
            .bind(step.event)
            .bind(step.state.key())
            .bind(Json(step.items.clone()))
            .bind(step.grace_ends_at)
            .bind(f64::from(warn_s))
            .bind(step.fear_recorded)
            .bind(step.consented)
            .bind(step.guardian_id.map(|id| id.as_uuid()))
            .bind(asked.map(|(lifts, ..)| lifts.clone()))
            .bind(self.seal_some(OVERRIDE_REASON, centre, id, step.reason.as_ref()))
            .bind(asked.map(|(_, by, _)| *by))
            .bind(asked.and_then(|(.., by)| *by))
            .bind(step.cancelled.map(ReturnCancelReason::key))
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, centre, act.entry_id, act.remark.as_ref()))
            .bind(calls.ids.clone())
            .bind(calls.tasks.clone())
            .bind(calls.within_s.clone())
            .bind(calls.due_soon_s)
            .bind(step.says_fear);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }
}
