//! What a child is afraid of, and what the missions of that country may learn all the same. What is shut because of it is asked of these
//! rows each time, by `helpline.gate`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::disclosure::Ground;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CaseId, ConsulateOverrideId, ProtectionId};
use helpline_domain::migrant::{LIFT_WAITS_S, ProtectionKind};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::{noted, parent, parent_of};
use crate::casework::person::Made;
use crate::casework::step::Act;
use crate::casework::{CASE_TEXT, inconsistent, sees_case};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// What a child is protected from.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Protection {
    pub protection_id: ProtectionId,
    pub case_id: CaseId,
    pub kind: ProtectionKind,
    pub country: Option<String>,
    pub recorded_by: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub lift_asked_by: Option<Uuid>,
    pub lift_asked_at: Option<DateTime<Utc>>,
    pub lifted_by: Option<Uuid>,
    pub lifted_at: Option<DateTime<Utc>>,
    pub revision: i64,
}

/// What a mission may learn all the same.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct ConsulateOverride {
    pub override_id: ConsulateOverrideId,
    pub case_id: CaseId,
    pub agency_id: AgencyId,
    pub field_classes: BTreeSet<FieldClass>,
    pub ground: Ground,
    pub asked_by: Uuid,
    pub asked_at: DateTime<Utc>,
    pub answered_by: Option<Uuid>,
    pub answered_at: Option<DateTime<Utc>>,
    pub approved: bool,
    pub expires_at: Option<DateTime<Utc>>,
    pub in_force: bool,
    pub revision: i64,
}

/// An override to ask for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewOverride {
    pub override_id: ConsulateOverrideId,
    pub agency_id: AgencyId,
    pub field_classes: BTreeSet<FieldClass>,
    pub ground: Ground,
    pub lifetime_s: i32,
}

/// Protections and overrides of one case.
#[derive(Clone, Debug, Default)]
pub struct Protections {
    /// What stands, and what was lifted, newest first.
    pub protections: Vec<Protection>,
    /// What missions may learn all the same, newest first.
    pub overrides: Vec<ConsulateOverride>,
}

/// What stands is kept when it is said again after somebody has asked that it be lifted.
const RECORD: &str = change!(
    event: "protection_' || CASE WHEN protection_id = $7 THEN 'recorded' ELSE 'kept' END || '", resource: "protection_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('protection_id', protection_id, 'case_id', case_id)",
    with: parent!("", "c.case_id = $8 AND NOT EXISTS (
        SELECT FROM helpline.protections p
        WHERE p.centre_id = $1 AND p.case_id = $8 AND p.kind = $9 AND p.country IS NOT DISTINCT FROM $10 AND p.lifted_at IS NULL
          AND p.lift_asked_by IS NULL) AND ",
    sees_case!("$2", "$3")), ",
    kept AS (
        UPDATE helpline.protections p SET lift_asked_by = NULL, lift_asked_at = NULL, revision = p.revision + 1
        FROM parent WHERE p.centre_id = $1 AND p.case_id = parent.case_id AND p.kind = $9 AND p.country IS NOT DISTINCT FROM $10
          AND p.lifted_at IS NULL
        RETURNING p.*),
    made AS (
        INSERT INTO helpline.protections (centre_id, protection_id, case_id, kind, country, recorded_by, recorded_at)
        SELECT $1, $7, case_id, $9, $10, $2, helpline.now() FROM parent WHERE NOT EXISTS (SELECT FROM kept) RETURNING *),
    changed AS (SELECT * FROM kept UNION ALL SELECT * FROM made), ",
    noted!("'protection_' || CASE WHEN changed.protection_id = $7 THEN 'recorded' ELSE 'kept' END", "$2, $3",
        "jsonb_build_object('protection_id', changed.protection_id)", "$11", "$12");
    returning: "protection_id AS id",
);

/// Whether somebody else has asked in time that it be lifted, who wants it open in no other way.
macro_rules! agreed {
    () => {
        "p.lift_asked_by <> $2 AND p.lift_asked_at > helpline.now() - make_interval(secs => $10) AND NOT EXISTS (
            SELECT FROM helpline.consulate_overrides o
            WHERE o.centre_id = $1 AND o.asked_by = p.lift_asked_by AND p.protection_id = ANY (o.covers))"
    };
}

/// Two say so: the first asks, for a time in seconds in parameter 10, and another lifts it. Who has asked for an override of it does neither.
const LIFT: &str = change!(
    event: "protection_' || CASE WHEN lifted_at IS NULL THEN 'lift_asked' ELSE 'lifted' END || '", resource: "protection_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('protection_id', protection_id, 'case_id', case_id)",
    with: parent_of!("helpline.protections", "protection_id", "x.lifted_at IS NULL AND NOT EXISTS (
        SELECT FROM helpline.consulate_overrides o
        WHERE o.centre_id = $1 AND o.asked_by = $2 AND x.protection_id = ANY (o.covers))
        AND (x.lift_asked_by = $2 AND x.lift_asked_at > helpline.now() - make_interval(secs => $10)) IS NOT TRUE",
    sees_case!("$2", "$3")), ",
    changed AS (
        UPDATE helpline.protections p SET
            lift_asked_by = CASE WHEN ", agreed!(), " THEN p.lift_asked_by ELSE $2 END,
            lift_asked_at = CASE WHEN ", agreed!(), " THEN p.lift_asked_at ELSE helpline.now() END,
            lifted_by = CASE WHEN ", agreed!(), " THEN $2 END, lifted_at = CASE WHEN ", agreed!(), " THEN helpline.now() END,
            revision = p.revision + 1
        FROM parent WHERE p.centre_id = $1 AND p.protection_id = $7 AND p.lifted_at IS NULL RETURNING p.*), ",
    noted!("'protection_' || CASE WHEN changed.lifted_at IS NULL THEN 'lift_asked' ELSE 'lifted' END", "$2, $3", "jsonb_build_object('protection_id', $7::uuid)", "$8", "$9");
    returning: "protection_id AS id",
);

/// It knows of what stands when it is asked for, and of nothing that is recorded later.
const ASK: &str = change!(
    event: "consulate_override_asked", resource: "override_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('override_id', override_id, 'case_id', case_id, 'agency', agency_id, 'field_classes', field_classes,
        'ground', ground)",
    with: parent!("", "c.case_id = $8 AND helpline.is_feared($1, ARRAY[$8], NULL) AND EXISTS (
        SELECT FROM helpline.agencies a
        WHERE a.centre_id = $1 AND a.agency_id = $9 AND a.kind = 'embassy' AND a.disabled_at IS NULL AND $10 <@ a.field_classes) AND ",
    sees_case!("$2", "$3")), ",
    changed AS (
        INSERT INTO helpline.consulate_overrides (centre_id, override_id, case_id, agency_id, field_classes, ground, covers, lifetime_s,
            asked_by, asked_at)
        SELECT $1, $7, case_id, $9, $10, $11, ARRAY(
                SELECT p.protection_id FROM helpline.protections p
                WHERE p.centre_id = $1 AND p.case_id = ANY (helpline.cases_of_child($1, ARRAY[$8])) AND p.lifted_at IS NULL),
            $12, $2, helpline.now()
        FROM parent RETURNING *), ",
    noted!("'consulate_override_asked'", "$2, $3", "jsonb_build_object('override_id', $7::uuid, 'agency_id', $9)", "$13", "$14");
    returning: "override_id AS id",
);

/// Nobody approves their own. What was approved can be taken back, and is not approved again.
const ANSWER: &str = change!(
    event: "consulate_override_' || CASE WHEN $8 THEN 'approved' ELSE 'refused' END || '", resource: "override_id",
    about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('override_id', override_id, 'case_id', case_id, 'agency', agency_id, 'asked_by', asked_by)",
    with: parent_of!("helpline.consulate_overrides", "override_id",
        "CASE WHEN $8 THEN x.answered_at IS NULL AND x.asked_by <> $2 ELSE x.answered_at IS NULL OR x.approved END",
    sees_case!("$2", "$3")), ",
    changed AS (
        UPDATE helpline.consulate_overrides o SET approved = $8, answered_by = $2, answered_at = helpline.now(),
            expires_at = CASE WHEN $8 THEN helpline.now() + make_interval(secs => o.lifetime_s) END, revision = o.revision + 1
        FROM parent WHERE o.centre_id = $1 AND o.override_id = $7 RETURNING o.*), ",
    noted!("'consulate_override_' || CASE WHEN $8 THEN 'approved' ELSE 'refused' END", "$2, $3",
        "jsonb_build_object('override_id', $7::uuid)", "$9", "$10");
    returning: "override_id AS id",
);

/// Protections and overrides of a case `c` that a condition finds.
macro_rules! select {
    ($($when:expr),+) => {
        concat!(
            "SELECT c.case_id, ARRAY(
                SELECT to_jsonb(p) FROM helpline.protections p WHERE p.centre_id = $1 AND p.case_id = c.case_id
                  AND ($5::uuid IS NULL OR p.protection_id = $5) ORDER BY p.protection_id DESC LIMIT 100) AS protections, ARRAY(
                SELECT to_jsonb(o) || jsonb_build_object('in_force', (o.approved AND o.expires_at > (SELECT helpline.now()) AND NOT EXISTS (
                    SELECT FROM helpline.protections p
                    WHERE p.centre_id = $1 AND p.case_id = ANY (helpline.cases_of_child($1, ARRAY[c.case_id])) AND p.lifted_at IS NULL
                      AND p.protection_id <> ALL (o.covers))) IS TRUE)
                FROM helpline.consulate_overrides o WHERE o.centre_id = $1 AND o.case_id = c.case_id
                  AND ($5::uuid IS NULL OR o.override_id = $5) ORDER BY o.override_id DESC LIMIT 100) AS overrides
             FROM helpline.cases c WHERE c.centre_id = $1 AND ",
            $($when,)+
            " AND ",
            sees_case!("$2", "$3")
        )
    };
}

const ONE: &str = select!(
    "c.case_id = coalesce(
        (SELECT p.case_id FROM helpline.protections p WHERE p.centre_id = $1 AND p.protection_id = $4),
        (SELECT o.case_id FROM helpline.consulate_overrides o WHERE o.centre_id = $1 AND o.override_id = $4))"
);

/// The journal says that somebody looked.
const OF_CASE: &str = concat!(
    "WITH found AS MATERIALIZED (",
    select!("c.case_id = $4"),
    "), journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'protections_read', $2, $3, jsonb_build_object('case_id', case_id) FROM found)
     SELECT * FROM found"
);

#[derive(Deserialize)]
struct ProtectionRow {
    protection_id: Uuid,
    case_id: Uuid,
    kind: String,
    country: Option<String>,
    recorded_by: Uuid,
    recorded_at: DateTime<Utc>,
    lift_asked_by: Option<Uuid>,
    lift_asked_at: Option<DateTime<Utc>>,
    lifted_by: Option<Uuid>,
    lifted_at: Option<DateTime<Utc>>,
    revision: i64,
}

#[derive(Deserialize)]
struct OverrideRow {
    override_id: Uuid,
    case_id: Uuid,
    agency_id: Uuid,
    field_classes: Vec<String>,
    ground: String,
    asked_by: Uuid,
    asked_at: DateTime<Utc>,
    answered_by: Option<Uuid>,
    answered_at: Option<DateTime<Utc>>,
    approved: bool,
    expires_at: Option<DateTime<Utc>>,
    in_force: bool,
    revision: i64,
}

type Row = (Uuid, Vec<Json<ProtectionRow>>, Vec<Json<OverrideRow>>);

fn protection(Json(row): Json<ProtectionRow>) -> Result<Protection, StoreError> {
    Ok(Protection {
        protection_id: row.protection_id.into(),
        case_id: row.case_id.into(),
        kind: ProtectionKind::from_key(&row.kind).ok_or(inconsistent("protections", "kind"))?,
        country: row.country,
        recorded_by: row.recorded_by,
        recorded_at: row.recorded_at,
        lift_asked_by: row.lift_asked_by,
        lift_asked_at: row.lift_asked_at,
        lifted_by: row.lifted_by,
        lifted_at: row.lifted_at,
        revision: row.revision,
    })
}

fn overriding(Json(row): Json<OverrideRow>) -> Result<ConsulateOverride, StoreError> {
    let wrong = |column| inconsistent("consulate_overrides", column);
    let classes = row.field_classes.iter().map(|key| FieldClass::from_key(key));
    Ok(ConsulateOverride {
        override_id: row.override_id.into(),
        case_id: row.case_id.into(),
        agency_id: row.agency_id.into(),
        field_classes: classes.collect::<Option<_>>().ok_or(wrong("field_classes"))?,
        ground: Ground::from_key(&row.ground).ok_or(wrong("ground"))?,
        asked_by: row.asked_by,
        asked_at: row.asked_at,
        answered_by: row.answered_by,
        answered_at: row.answered_at,
        approved: row.approved,
        expires_at: row.expires_at,
        in_force: row.in_force,
        revision: row.revision,
    })
}

/// What holds two of the same at the same instant against one another.
const ONCE: &str = "protected_once";

impl Store {
    /// Records a protection, or keeps the same that somebody has asked to be lifted. Refused when the case is not there for the caller, or the
    /// same stands and nobody has.
    pub async fn record_protection(
        &self,
        command: &Command,
        act: &Act,
        (id, kind, country): (ProtectionId, ProtectionKind, Option<&str>),
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(RECORD, command)
            .bind(id.as_uuid())
            .bind(act.case_id.as_uuid())
            .bind(kind.key())
            .bind(country.map(str::to_owned))
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, command.centre(), act.entry_id, act.text.as_ref()));
        match self.change(command, query).await {
            Err(error) if error.constraint() == Some(ONCE) => self.recall(command).await,
            other => Ok(other?.map(|made| made.id)),
        }
    }

    /// Asks that one be lifted, or lifts it when another has asked. Refused when it is not there for the caller, or lifted, or they have
    /// asked for that, or for an override of it.
    pub async fn lift_protection(
        &self,
        command: &Command,
        (id, act): (ProtectionId, &Act),
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(LIFT, command)
            .bind(id.as_uuid())
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, command.centre(), act.entry_id, act.text.as_ref()))
            .bind(f64::from(LIFT_WAITS_S));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Asks for an override. Refused when the case is not there for the caller, nothing stands, or the agency is no mission that may be told
    /// so much.
    pub async fn ask_consulate_override(
        &self,
        command: &Command,
        act: &Act,
        new: &NewOverride,
    ) -> Result<Change<Uuid>, StoreError> {
        let classes: Vec<String> = new.field_classes.iter().map(|class| class.key().to_owned()).collect();
        let query = change_query::<Made>(ASK, command)
            .bind(new.override_id.as_uuid())
            .bind(act.case_id.as_uuid())
            .bind(new.agency_id.as_uuid())
            .bind(classes)
            .bind(new.ground.key())
            .bind(new.lifetime_s)
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, command.centre(), act.entry_id, act.text.as_ref()));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Approves one, or does not, or takes it back. Refused when it is not there for the caller, answered so, or to be approved by who asked.
    pub async fn answer_consulate_override(
        &self,
        command: &Command,
        (id, act): (ConsulateOverrideId, &Act),
        approve: bool,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(ANSWER, command)
            .bind(id.as_uuid())
            .bind(approve)
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, command.centre(), act.entry_id, act.text.as_ref()));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// What a case of the caller's has, for who looks at it; that they did is journalled.
    pub async fn protections(
        &self,
        caller: &Caller,
        case: CaseId,
    ) -> Result<Option<Protections>, StoreError> {
        self.read_protections(OF_CASE, caller, case.as_uuid(), None).await
    }

    /// One protection or override alone, if the caller may read its case.
    pub async fn one_protection(&self, caller: &Caller, id: Uuid) -> Result<Protections, StoreError> {
        Ok(self.read_protections(ONE, caller, id, Some(id)).await?.unwrap_or_default())
    }

    async fn read_protections(
        &self,
        sql: &'static str,
        caller: &Caller,
        of: Uuid,
        alone: Option<Uuid>,
    ) -> Result<Option<Protections>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, Row>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(of)
            .bind(alone)
            .fetch_optional(connection.postgres())
            .await;
        let Some((_, protections, overrides)) = connection.settle(row)? else { return Ok(None) };
        Ok(Some(Protections {
            protections: protections.into_iter().map(protection).collect::<Result<_, _>>()?,
            overrides: overrides.into_iter().map(overriding).collect::<Result<_, _>>()?,
        }))
    }
}
