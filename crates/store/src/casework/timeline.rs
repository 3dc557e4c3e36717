//! The one timeline of a case.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::case::SectionKind;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::CaseId;
use helpline_vault::Sensitive;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::step::Section;
use super::{CASE_TEXT, inconsistent, sees_case};
use crate::{Store, StoreError};

/// An entry of the timeline of a case.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct CaseEntry {
    pub sequence: i32,
    pub at: DateTime<Utc>,
    pub event: String,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
    pub detail: Option<Value>,
    pub text: Option<Sensitive<String>>,
    pub section: Option<Section>,
}

/// Entries of a case, if the caller may read it at this moment. Which body has done something to a task, and what it has remarked, is for
/// supervisors and the owner of the case: whoever else reads it would learn to whom the child was referred.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT v.sequence, v.at, v.event, CASE WHEN body.known THEN v.actor_id END AS actor_id,
                CASE WHEN body.known THEN v.actor_role END AS actor_role, CASE WHEN body.known THEN v.detail ELSE v.detail - 'agency_id' END AS detail,
                v.entry_id, CASE WHEN body.known THEN v.text_sealed END AS text_sealed, v.section_id, v.section_kind, v.section_revision,
                v.field_class
             FROM helpline.case_events v JOIN helpline.cases c ON c.centre_id = $1 AND c.case_id = v.case_id
             CROSS JOIN LATERAL (SELECT v.event NOT LIKE 'task\\_%' OR NOT coalesce(v.detail ? 'agency_id', false) OR v.actor_id = $2
                OR $3 = 'supervisor' OR c.owner_id = $2 AS known) body
             WHERE v.centre_id = $1 AND v.case_id = $4 AND ",
            sees_case!("$2", "$3"),
            $rest
        )
    };
}

const ENTRY: &str = entries!(" AND v.entry_id = $5");

/// The journal says what was read.
const READ: &str = concat!(
    "WITH page AS MATERIALIZED (",
    entries!(" AND v.sequence > $5 ORDER BY v.sequence LIMIT $6"),
    "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'case_read', $2, $3,
            jsonb_build_object('case_id', $4::uuid, 'from', min(sequence), 'to', max(sequence)) FROM page
        HAVING count(*) > 0)
    SELECT * FROM page ORDER BY sequence"
);

const LAST: &str = "SELECT section_kind, section_revision FROM helpline.case_events
     WHERE centre_id = $1 AND case_id = $2 AND section_id = $3 ORDER BY section_revision DESC LIMIT 1";

#[derive(FromRow)]
struct EntryRow {
    sequence: i32,
    at: DateTime<Utc>,
    event: String,
    actor_id: Option<Uuid>,
    actor_role: Option<String>,
    detail: Option<Json<Value>>,
    entry_id: Uuid,
    text_sealed: Option<Vec<u8>>,
    section_id: Option<Uuid>,
    section_kind: Option<String>,
    section_revision: Option<i32>,
    field_class: Option<String>,
}

impl Store {
    fn case_entry_from(&self, caller: &Caller, row: EntryRow) -> Result<CaseEntry, StoreError> {
        let kind = row.section_kind.as_deref().and_then(SectionKind::from_key);
        let class = row.field_class.as_deref().and_then(FieldClass::from_key);
        let section = match row.section_id {
            Some(section_id) => match (kind, class, row.section_revision) {
                (Some(kind), Some(field_class), Some(revision)) => {
                    Some(Section { section_id, kind, revision, field_class })
                }
                _ => return Err(inconsistent("case_events", "section_kind")),
            },
            None => None,
        };
        Ok(CaseEntry {
            sequence: row.sequence,
            at: row.at,
            event: row.event,
            actor_id: row.actor_id,
            actor_role: row.actor_role,
            detail: row.detail.map(|Json(detail)| detail),
            text: self.open_some(CASE_TEXT, caller.centre_id, row.entry_id, row.text_sealed.as_deref())?,
            section,
        })
    }

    /// A page of the entries of a case that the caller may read, oldest first; the journal says that they were read.
    pub async fn case_entries(
        &self,
        caller: &Caller,
        case: CaseId,
        (size, after): (u32, i32),
    ) -> Result<Vec<CaseEntry>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, EntryRow>(READ)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(case.as_uuid())
            .bind(after)
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.case_entry_from(caller, row)).collect()
    }

    /// One entry of a case that the caller may read.
    pub async fn case_entry(
        &self,
        caller: &Caller,
        case: CaseId,
        entry: Uuid,
    ) -> Result<Option<CaseEntry>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, EntryRow>(ENTRY)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(case.as_uuid())
            .bind(entry)
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.case_entry_from(caller, row)).transpose()
    }

    /// What a section is and its last revision, if the case has it.
    pub async fn last_revision(
        &self,
        caller: &Caller,
        case: CaseId,
        section: Uuid,
    ) -> Result<Option<(SectionKind, i32)>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, (String, i32)>(LAST)
            .bind(caller.centre_id.as_uuid())
            .bind(case.as_uuid())
            .bind(section)
            .fetch_optional(connection.postgres())
            .await;
        let bad = || inconsistent("case_events", "section_kind");
        let read =
            |(kind, revision): (String, i32)| Ok((SectionKind::from_key(&kind).ok_or_else(bad)?, revision));
        connection.settle(row)?.map(read).transpose()
    }
}
