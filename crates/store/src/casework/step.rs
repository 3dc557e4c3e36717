//! Everything that happens to a case: one statement, with its timeline, whom it is opened to, and what it is linked with.

use helpline_domain::case::{Approval, SectionKind};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{CaseId, ContactId, CounsellorId, PersonId};
use helpline_vault::Sensitive;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::case::Case;
use super::contact::in_use;
use super::migrant::gate::wants_it_open;
use super::person::Made;
use super::{CASE_TEXT, sees_case};
use crate::change::{Change, Command, change, change_query};
use crate::handover::handed_on;
use crate::{Store, StoreError};

/// What its owner has to do goes with the case: tasks, open escalations and referrals of it. A case that is moved takes no override with it. Parameters after those of the command: 7 and 8 case and revision, 9 event, 10 to 12 status, whether it is closed and why, 13 owner,
/// 14 and 15 the offer, 16 to 18 the approval, 19 version of the settings, 20 detail, 21 and 22 the text and what it is sealed for, 23 to
/// 26 the section, 27 a contact, 28 and 29 who is let in and for how many seconds, 30 what the command is about, 31 the record of the
/// child, 32 whether the contact is linked no more.
const STEP: &str = change!(
    event: "case_' || $9::text || '", resource: "$30", about: ("$27", "$28", "NULL::uuid"),
    detail: "jsonb_strip_nulls(jsonb_build_object('case_id', case_id, 'from', old_status, 'status', status, 'owner_id', owner_id))",
    with: "before AS MATERIALIZED (
        SELECT c.case_id AS id, c.status AS old_status, c.owner_id AS old_owner, c.person_id AS old_child FROM helpline.cases c
        WHERE c.centre_id = $1 AND c.case_id = $7 AND c.revision = $8 AND ", sees_case!("$2", "$3"), "
          AND NOT ($32 AND ", in_use!("c.case_id", "$27", "$3 <> 'supervisor'"), ")
          AND NOT (c.person_id <> $31 AND ", wants_it_open!("$2", "c.person_id"), ")
        FOR NO KEY UPDATE OF c),
    changed AS (
        UPDATE helpline.cases c SET status = $10, closed_at = CASE WHEN $11 THEN coalesce(c.closed_at, helpline.now()) END, close_reason = $12,
            owner_id = $13, transfer_to = $14, transfer_by = $15, approval_for = $16, approval_asked_by = $17, approved_by = $18,
            approved_at = CASE WHEN $18 IS NOT NULL THEN CASE WHEN c.approved_by = $18 THEN c.approved_at ELSE helpline.now() END END,
            person_id = $31, settings_version = $19, event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.case_id = $7
        RETURNING c.*, before.old_status, before.old_owner, before.old_child),
    handed AS (
        UPDATE helpline.tasks t SET owner_id = CASE WHEN t.owner_id = old_owner THEN changed.owner_id ELSE t.owner_id END,
            given_by = CASE WHEN t.given_by = old_owner THEN changed.owner_id ELSE t.given_by END, revision = t.revision + 1
        FROM changed WHERE old_owner <> changed.owner_id AND t.centre_id = $1 AND t.case_id = $7 AND t.ended_at IS NULL
          AND old_owner IN (t.owner_id, t.given_by)),
    dangers AS MATERIALIZED (
        SELECT e.escalation_id FROM helpline.escalations e CROSS JOIN changed
        WHERE old_owner <> changed.owner_id AND e.centre_id = $1 AND e.case_id = $7 AND e.owner_id = old_owner AND e.ended_at IS NULL
        ORDER BY e.escalation_id FOR UPDATE OF e),
    ", handed_on!("escalation", "dangers", "changed.owner_id", "jsonb_build_object('from', changed.old_owner)", ("actor_id, actor_role", "$2, $3")), ",
    asked AS MATERIALIZED (
        SELECT r.referral_id FROM helpline.referrals r CROSS JOIN changed
        WHERE old_owner <> changed.owner_id AND r.centre_id = $1 AND r.case_id = $7 AND r.owner_id = old_owner AND r.ended_at IS NULL
          AND (SELECT count(*) FROM dangers) >= 0
        ORDER BY r.referral_id FOR UPDATE OF r),
    ", handed_on!("referral", "asked", "changed.owner_id", "jsonb_build_object('from', changed.old_owner)", ("actor_id, actor_role", "$2, $3")), ",
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id, text_sealed,
            section_id, section_kind, section_revision, field_class)
        SELECT $1, case_id, event_count, helpline.now(), $9, $2, $3, $20, $21, $22, $23, $24, $25, $26 FROM changed),
    linked AS (
        INSERT INTO helpline.case_contacts (centre_id, case_id, contact_id, linked_by, linked_at)
        SELECT $1, case_id, $27::uuid, $2, helpline.now() FROM changed WHERE $27 IS NOT NULL AND NOT $32 ON CONFLICT DO NOTHING),
    unlinked AS (
        DELETE FROM helpline.case_contacts k USING changed
        WHERE $32 AND k.centre_id = $1 AND k.case_id = $7 AND k.contact_id = $27),
    let_in AS (
        INSERT INTO helpline.case_grants AS g (centre_id, case_id, counsellor_id, kind, granted_by, granted_at, until_at)
        SELECT $1, case_id, $28::uuid, 'granted', $2, helpline.now(),
            helpline.now() + make_interval(secs => $29)
        FROM changed WHERE $28 IS NOT NULL AND $29 IS NOT NULL
        ON CONFLICT (centre_id, case_id, counsellor_id) DO UPDATE SET kind = EXCLUDED.kind, granted_by = EXCLUDED.granted_by,
            granted_at = EXCLUDED.granted_at, until_at = EXCLUDED.until_at, revoked_at = NULL),
    kept_out AS (
        UPDATE helpline.case_grants g SET revoked_at = helpline.now() FROM changed
        WHERE g.centre_id = $1 AND g.case_id = $7 AND g.revoked_at IS NULL
          AND ($29::float8 IS NULL AND g.counsellor_id = $28 OR old_child <> person_id)),
    shut AS (
        UPDATE helpline.consulate_overrides o SET approved = false, answered_by = $2, answered_at = helpline.now(), revision = o.revision + 1
        FROM changed WHERE old_child <> person_id AND o.centre_id = $1 AND o.case_id = $7 AND (o.answered_at IS NULL OR o.approved))";
    returning: "$30 AS id",
);

/// What holds two corrections of the same revision against one another.
pub const EACH_REVISION: &str = "each_revision_once";

/// What is written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Section {
    pub section_id: Uuid,
    pub kind: SectionKind,
    pub revision: i32,
    pub field_class: FieldClass,
}

/// How a case stands after a step, and what else the step does.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happened, a key.
    pub event: &'static str,
    /// Where it stands then, by which version of the settings.
    pub status: (String, i64),
    /// Why it is closed, if it is.
    pub closed: Option<String>,
    /// Its owner.
    pub owner_id: Uuid,
    /// To whom it is offered, by whom.
    pub transfer: Option<(Uuid, Uuid)>,
    /// What somebody has asked for, and who allowed it.
    pub approval: Option<(Approval, Uuid, Option<Uuid>)>,
    /// Keys that explain it.
    pub detail: Option<Value>,
    /// The section that is written.
    pub section: Option<Section>,
    /// The record of the child.
    pub child_id: PersonId,
    /// The contact that is linked, or linked no more.
    pub contact: Option<(ContactId, bool)>,
    /// Who is let in for how many seconds, or no more.
    pub access: Option<(CounsellorId, Option<f64>)>,
}

impl Step {
    /// A step that leaves a case as it is.
    pub fn of(now: &Case, event: &'static str) -> Self {
        Self {
            event,
            status: (now.status.clone(), now.settings_version),
            closed: now.close_reason.clone(),
            owner_id: now.owner_id,
            transfer: now.transfer_to.zip(now.transfer_by),
            approval: now.approval.zip(now.approval_asked_by).map(|(what, by)| (what, by, now.approved_by)),
            detail: None,
            section: None,
            child_id: now.person_id,
            contact: None,
            access: None,
        }
    }
}

/// What is asked of a case, whatever it is.
#[derive(Clone, Debug)]
pub struct Act {
    /// The case.
    pub case_id: CaseId,
    /// A new id: of the entry of the timeline.
    pub entry_id: Uuid,
    /// What is written or remarked with it.
    pub text: Option<Sensitive<String>>,
}

impl Store {
    /// Makes a step that was decided on a revision. Refused when another has been made since, or the caller may not know of the case.
    /// What the command is about is the case, or the entry where that is the answer.
    ///
    /// # Errors
    /// `Constraint` when a case is open again beside another of its kind.
    pub async fn step_case(
        &self,
        command: &Command,
        act: &Act,
        revision: i64,
        step: &Step,
        about: Uuid,
    ) -> Result<Change<Uuid>, StoreError> {
        let section = step.section.as_ref();
        let (case, text) = (act.case_id.as_uuid(), act.text.as_ref());
        let query = change_query::<Made>(STEP, command)
            .bind(case)
            .bind(revision)
            .bind(step.event)
            .bind(step.status.0.clone())
            .bind(step.closed.is_some())
            .bind(step.closed.clone())
            .bind(step.owner_id)
            .bind(step.transfer.map(|(to, _)| to))
            .bind(step.transfer.map(|(_, by)| by))
            .bind(step.approval.map(|(what, ..)| what.key()))
            .bind(step.approval.map(|(_, by, _)| by))
            .bind(step.approval.and_then(|(.., approved)| approved))
            .bind(step.status.1)
            .bind(step.detail.clone().map(Json))
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, command.centre(), act.entry_id, text))
            .bind(section.map(|section| section.section_id))
            .bind(section.map(|section| section.kind.key()))
            .bind(section.map(|section| section.revision))
            .bind(section.map(|section| section.field_class.key()))
            .bind(step.contact.map(|(id, _)| id.as_uuid()))
            .bind(step.access.map(|(who, _)| who.as_uuid()))
            .bind(step.access.and_then(|(_, seconds)| seconds))
            .bind(about)
            .bind(step.child_id.as_uuid())
            .bind(step.contact.is_some_and(|(_, linked)| !linked));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }
}
