//! An escalation is raised, and what else is reported of the same child joins it.

use helpline_domain::escalation::{Danger, EscalationKind};
use helpline_domain::id::{CaseId, ContactId, EscalationId};
use helpline_domain::risk::Risk;
use helpline_vault::Sensitive;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::notes::NewLocation;
use super::{Act, ChangedRow, act};
use crate::change::{Change, ChangeQuery, Command, change, change_query};
use crate::sealing::{
    Column, ESCALATION_CONTACT, ESCALATION_HEALTH, ESCALATION_IDENTITY, ESCALATION_NARRATIVE,
    ESCALATION_PERPETRATOR, PLACE,
};
use crate::{Store, StoreError};

/// How often a report is written that meets another of the same contact at the same instant.
const TRIES: usize = 3;

/// The contact is locked first and counts its escalations: whoever signs it off waits, and must see them all. A case is of another
/// revision from then on: whoever closes it decides again. A contact that has one open of another case already is one of its contacts, and
/// not the one it was raised from, of which there is one.
const RAISE: &str = change!(
    event: "escalation_raised", resource: "escalation_id", about: ("$8::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('escalation_id', escalation_id, 'kind', kind, 'risk', risk, 'exercise', exercise)",
    with: "counted AS (
        UPDATE helpline.contacts c SET escalation_count = c.escalation_count + 1
        WHERE c.centre_id = $1 AND c.contact_id = $8 RETURNING c.contact_id AS id),
    changed AS (
        INSERT INTO helpline.escalations (centre_id, escalation_id, kind, contact_id, risk, danger, region, exercise, plan_version, policy,
            state, due_at, reach_due_at, owner_id, raised_by, raised_at, report, identity_sealed, contact_sealed, narrative_sealed,
            health_sealed, perpetrator_sealed, location_count, event_count, changed_at, case_id)
        SELECT $1, $7, $9, CASE WHEN NOT EXISTS (
                SELECT FROM helpline.escalations o
                WHERE o.centre_id = $1 AND o.contact_id = $8 AND o.kind = $9 AND o.ended_at IS NULL AND o.case_id <> $27
                  AND o.report ->> 'legal_basis' IS NOT DISTINCT FROM $17::jsonb ->> 'legal_basis') THEN $8::uuid END,
            $10, $11, $12, $13, $14, $15, 'raised', helpline.now(), helpline.now() + make_interval(secs => $16), $2, $2,
            helpline.now(), $17, $18, $19, $20, $21, $22, ($25::bytea IS NOT NULL)::int, 1, helpline.now(), $27
        WHERE $8::uuid IS NULL OR EXISTS (SELECT FROM counted)
        RETURNING *),
    linked AS (
        INSERT INTO helpline.escalation_contacts (centre_id, escalation_id, contact_id, joined_by, joined_at)
        SELECT $1, escalation_id, $8, $2, helpline.now() FROM changed WHERE $8::uuid IS NOT NULL),
    located AS (
        INSERT INTO helpline.escalation_locations
            (centre_id, escalation_id, sequence, location_id, source, place_sealed, observed_at, reported_by, reported_at)
        SELECT $1, escalation_id, 1, $23, $24, $25, $26, $2, helpline.now() FROM changed WHERE $25::bytea IS NOT NULL),
    noted AS (
        INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, actor_id, actor_role, detail, shared)
        SELECT $1, escalation_id, 1, helpline.now(), 'raised', $2, $3,
            jsonb_build_object('risk', risk, 'danger', danger, 'policy', policy, 'plan_version', plan_version), true
        FROM changed),
    of_case AS (
        UPDATE helpline.cases c SET revision = c.revision + 1 FROM changed WHERE c.centre_id = $1 AND c.case_id = changed.case_id)";
    returning: "escalation_id AS resource_id",
);

/// What was not known is filled in, what is said besides is a remark, and who learns that it is graver climbs at once. Of
/// two deadlines of one report the earlier holds, and is reminded of at once. What is reported in the course of a case makes it one of that
/// case by the same statement, so that whom the child is afraid of reads none of it, and what was approved before is asked anew; it never joins
/// one of another case.
const JOIN: &str = act!(
    event: "escalation_joined",
    when: "e.ended_at IS NULL AND ($21::uuid IS NULL OR e.case_id IS NULL OR e.case_id = $21)
        AND EXISTS (SELECT FROM helpline.contacts c WHERE c.centre_id = $1 AND c.contact_id = $11)
        AND (SELECT count(*) FROM (SELECT FROM helpline.contacts c WHERE c.centre_id = $1 AND c.contact_id = $11 FOR UPDATE) locked) = 1",
    set: "risk = greatest(e.risk, $12::int2), identity_sealed = coalesce(e.identity_sealed, $13), contact_sealed = coalesce(e.contact_sealed, $14),
        health_sealed = coalesce(e.health_sealed, $15), perpetrator_sealed = coalesce(e.perpetrator_sealed, $16),
        location_count = e.location_count + ($18::bytea IS NOT NULL)::int, case_id = coalesce(e.case_id, $21),
        due_at = CASE WHEN $12::int2 > e.risk AND e.state IN ('raised', 'notifying') THEN helpline.now() ELSE e.due_at END,
        report = CASE WHEN to_timestamp($20::int8) < e.deadline_at THEN e.report || jsonb_build_object('deadline_s', $20::int8) ELSE e.report END,
        reach_due_at = CASE WHEN to_timestamp($20::int8) < e.deadline_at AND e.reach_due_at IS NOT NULL THEN helpline.now()
            ELSE e.reach_due_at END",
    note: ("'joined'", "NULL::uuid", "NULL::uuid", "jsonb_build_object('contact_id', $11::uuid, 'risk', risk)", "false"),
    beside: ", counted AS (
        UPDATE helpline.contacts c SET escalation_count = c.escalation_count + 1
        FROM changed WHERE c.centre_id = $1 AND c.contact_id = $11 AND NOT EXISTS (
            SELECT FROM helpline.escalation_contacts x WHERE x.centre_id = $1 AND x.contact_id = $11 AND x.escalation_id = $7)),
    linked AS (
        INSERT INTO helpline.escalation_contacts (centre_id, escalation_id, contact_id, joined_by, joined_at)
        SELECT $1, escalation_id, $11, $2, helpline.now() FROM changed WHERE NOT EXISTS (
            SELECT FROM helpline.escalation_contacts x WHERE x.centre_id = $1 AND x.contact_id = $11 AND x.escalation_id = $7)),
    located AS (
        INSERT INTO helpline.escalation_locations
            (centre_id, escalation_id, sequence, location_id, source, place_sealed, observed_at, reported_by, reported_at)
        SELECT $1, escalation_id, location_count, $9, $17, $18, $19, $2, helpline.now() FROM changed WHERE $18::bytea IS NOT NULL),
    of_case AS (
        UPDATE helpline.cases c SET revision = c.revision + 1,
            approval_for = CASE WHEN c.approved_at IS NULL THEN c.approval_for END,
            approval_asked_by = CASE WHEN c.approved_at IS NULL THEN c.approval_asked_by END, approved_by = NULL, approved_at = NULL
        FROM helpline.escalations was JOIN changed ON changed.escalation_id = was.escalation_id
        WHERE was.centre_id = $1 AND was.escalation_id = $7 AND was.case_id IS NULL AND c.centre_id = $1 AND c.case_id = $21)"
);

/// What responders may need to know, each class of field on its own.
#[derive(Clone, Debug, Default)]
pub struct Particulars {
    /// Name, age, looks.
    pub identity: Option<Sensitive<String>>,
    /// How somebody can be reached.
    pub contact: Option<Sensitive<String>>,
    /// What is happening.
    pub narrative: Option<Sensitive<String>>,
    /// Injuries, illnesses, medicines.
    pub health: Option<Sensitive<String>>,
    /// Who does the harm.
    pub perpetrator: Option<Sensitive<String>>,
}

/// An escalation about to be raised.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewEscalation {
    pub escalation_id: EscalationId,
    pub kind: EscalationKind,
    pub contact_id: Option<ContactId>,
    pub risk: Risk,
    pub danger: Danger,
    pub region: Option<String>,
    pub exercise: bool,
    pub plan_version: i64,
    pub policy: String,
    /// From now until the child must be reached, or a report is reminded of, in seconds.
    pub reach_s: u32,
    pub particulars: Particulars,
    pub location: Option<NewLocation>,
    /// Of a mandatory report: keys, numbers and times alone.
    pub report: Option<Value>,
    pub case_id: Option<CaseId>,
}

/// What another report of the same child adds.
#[derive(Clone, Debug)]
pub struct Joining {
    /// The contact it comes from.
    pub contact_id: ContactId,
    /// How grave it is by this report.
    pub risk: Risk,
    /// What it says; the narrative becomes the remark.
    pub particulars: Particulars,
    /// Where the child may be. Its id is that of the act's entry.
    pub location: Option<NewLocation>,
    /// Of a mandatory report: when it must have been made, in seconds since 1970.
    pub deadline_s: Option<i64>,
    /// The case in whose course it is reported.
    pub case_id: Option<CaseId>,
}

impl Store {
    /// Raises an escalation. Refused when its contact is not there; the constraint
    /// `escalations_one_open_per_contact` when the contact has one of its kind that is open.
    pub async fn raise_escalation(
        &self,
        command: &Command,
        new: &NewEscalation,
    ) -> Result<Change<EscalationId>, StoreError> {
        let (centre, row) = (command.centre(), new.escalation_id.as_uuid());
        let seal = |column: Column, text: &Option<Sensitive<String>>| {
            self.seal_some(column, centre, row, text.as_ref())
        };
        let known = &new.particulars;
        let place = new.location.as_ref();
        let query: ChangeQuery<ChangedRow> = change_query(RAISE, command)
            .bind(row)
            .bind(new.contact_id.map(|id| id.as_uuid()))
            .bind(new.kind.key())
            .bind(new.risk.number())
            .bind(new.danger.key())
            .bind(new.region.clone())
            .bind(new.exercise)
            .bind(new.plan_version)
            .bind(new.policy.clone())
            .bind(f64::from(new.reach_s))
            .bind(new.report.clone().map(Json))
            .bind(seal(ESCALATION_IDENTITY, &known.identity))
            .bind(seal(ESCALATION_CONTACT, &known.contact))
            .bind(seal(ESCALATION_NARRATIVE, &known.narrative))
            .bind(seal(ESCALATION_HEALTH, &known.health))
            .bind(seal(ESCALATION_PERPETRATOR, &known.perpetrator))
            .bind(place.map(|place| place.location_id))
            .bind(place.map(|place| place.source.key()))
            .bind(place.map(|place| self.seal(PLACE, centre, place.location_id, place.place.expose())))
            .bind(place.and_then(|place| place.observed_at))
            .bind(new.case_id.map(|id| id.as_uuid()));
        self.act(command, query).await
    }

    /// Adds a contact, and what it reports, to an escalation that is open. Refused when that is of another case.
    pub async fn join_escalation(
        &self,
        command: &Command,
        act: &Act,
        joining: &Joining,
    ) -> Result<Change<EscalationId>, StoreError> {
        let mut tries = TRIES;
        loop {
            let joined = self.act(command, self.join_query(command, act, joining)).await;
            tries -= 1;
            match joined {
                // The same contact has joined between: seen by the next try.
                Err(error) if error.constraint() == Some("escalation_contacts_pkey") && tries > 0 => {}
                other => return other,
            }
        }
    }

    fn join_query(&self, command: &Command, act: &Act, joining: &Joining) -> ChangeQuery<ChangedRow> {
        let (centre, row) = (command.centre(), act.escalation_id.as_uuid());
        let seal = |column: Column, text: &Option<Sensitive<String>>| {
            self.seal_some(column, centre, row, text.as_ref())
        };
        let (known, place) = (&joining.particulars, joining.location.as_ref());
        self.act_query(JOIN, command, act)
            .bind(joining.contact_id.as_uuid())
            .bind(joining.risk.number())
            .bind(seal(ESCALATION_IDENTITY, &known.identity))
            .bind(seal(ESCALATION_CONTACT, &known.contact))
            .bind(seal(ESCALATION_HEALTH, &known.health))
            .bind(seal(ESCALATION_PERPETRATOR, &known.perpetrator))
            .bind(place.map(|place| place.source.key()))
            .bind(place.map(|place| self.seal(PLACE, centre, act.remark_id, place.place.expose())))
            .bind(place.and_then(|place| place.observed_at))
            .bind(joining.deadline_s)
            .bind(joining.case_id.map(|id| id.as_uuid()))
    }

    /// The open escalation of a kind that a contact has part in; of reports the one of this legal basis. Who reports in the course of a
    /// case finds the one of that case, or one of none.
    pub async fn open_escalation_of(
        &self,
        command: &Command,
        contact: ContactId,
        (kind, legal_basis): (EscalationKind, Option<&str>),
        case: Option<CaseId>,
    ) -> Result<Option<EscalationId>, StoreError> {
        let mut connection = self.bound(command.centre()).await?;
        let found = sqlx::query_scalar::<_, Uuid>(
            "SELECT e.escalation_id FROM helpline.escalation_contacts x
             JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = x.escalation_id
             WHERE x.centre_id = $1 AND x.contact_id = $2 AND e.kind = $3 AND e.ended_at IS NULL
               AND e.report ->> 'legal_basis' IS NOT DISTINCT FROM $4
               AND ($5::uuid IS NULL OR e.case_id IS NULL OR e.case_id = $5)
             ORDER BY e.case_id = $5 DESC NULLS LAST, e.raised_at LIMIT 1",
        )
        .bind(command.centre().as_uuid())
        .bind(contact.as_uuid())
        .bind(kind.key())
        .bind(legal_basis)
        .bind(case.map(|id| id.as_uuid()))
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(found)?.map(EscalationId::from))
    }

    /// Other open escalations of which a contact came from the same number or handle as this contact.
    pub async fn perhaps_same_escalations(
        &self,
        command: &Command,
        contact: ContactId,
        escalation: EscalationId,
    ) -> Result<Vec<EscalationId>, StoreError> {
        let mut connection = self.bound(command.centre()).await?;
        let found = sqlx::query_scalar::<_, Uuid>(
            "SELECT DISTINCT e.escalation_id FROM helpline.contacts own
             JOIN helpline.escalations e ON e.centre_id = $1 AND e.ended_at IS NULL AND e.escalation_id <> $3
             JOIN helpline.escalation_contacts x ON x.centre_id = $1 AND x.escalation_id = e.escalation_id
             JOIN helpline.contacts c ON c.centre_id = $1 AND c.contact_id = x.contact_id AND c.sender_index = own.sender_index
             WHERE own.centre_id = $1 AND own.contact_id = $2 AND NOT e.exercise
             ORDER BY e.escalation_id LIMIT 20",
        )
        .bind(command.centre().as_uuid())
        .bind(contact.as_uuid())
        .bind(escalation.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(found)?.into_iter().map(EscalationId::from).collect())
    }
}
