//! Somebody lets themselves into cases of a child, and a supervisor looks at that.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CaseId, CounsellorId, PersonId};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use super::person::Made;
use super::step::Act;
use super::{CASE_TEXT, sees_case};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// For how long who breaks the glass is let in, in seconds.
const GLASS_S: f64 = 3600.0;

/// What is behind the glass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behind {
    /// One case.
    Case(CaseId),
    /// Every case of a child, whatever record it is under: who is shut out cannot know their ids.
    Child(PersonId),
}

impl Behind {
    /// Its id.
    pub const fn as_uuid(self) -> Uuid {
        match self {
            Self::Case(id) => id.as_uuid(),
            Self::Child(id) => id.as_uuid(),
        }
    }
}

/// A case behind the glass.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromRow)]
pub struct Hidden {
    /// The case.
    pub case_id: Uuid,
    /// As it was read.
    pub revision: i64,
    /// Whether it is open.
    pub open: bool,
    /// Whether who asks may read it already.
    pub sees: bool,
}

const HIDDEN: &str = concat!(
    "SELECT c.case_id, c.revision, c.closed_at IS NULL AS open, (",
    sees_case!("$2", "$3"),
    ") IS TRUE AS sees FROM helpline.cases c
     WHERE c.centre_id = $1 AND c.case_id IN (
        SELECT $4::uuid UNION ALL
        SELECT o.case_id FROM helpline.cases o WHERE o.centre_id = $1 AND o.person_id IN (SELECT helpline.records_of($1, $5)))
     ORDER BY c.case_id"
);

/// All of them or none, each on the revision that was read.
const BREAK: &str = change!(
    event: "case_glass_broken", resource: "about", about: ("NULL::uuid", "$2", "NULL::uuid"),
    detail: "jsonb_build_object('case_ids', case_ids)",
    with: "wish AS (SELECT * FROM unnest($8::uuid[], $9::int8[], $10::uuid[], $11::bytea[]) AS w (id, revision, entry_id, text)),
    before AS MATERIALIZED (
        SELECT wish.* FROM helpline.cases c JOIN wish ON wish.id = c.case_id AND wish.revision = c.revision
        WHERE c.centre_id = $1 ORDER BY c.case_id FOR NO KEY UPDATE OF c),
    broken AS (
        UPDATE helpline.cases c SET event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.case_id = before.id AND (SELECT count(*) FROM before) = cardinality($8)
        RETURNING c.case_id, c.revision, c.event_count, before.entry_id, before.text),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, entry_id, text_sealed)
        SELECT $1, case_id, event_count, helpline.now(), 'glass_broken', $2, $3, entry_id, text FROM broken),
    let_in AS (
        INSERT INTO helpline.case_grants AS g (centre_id, case_id, counsellor_id, kind, granted_by, granted_at, until_at)
        SELECT $1, case_id, $2, 'broken_glass', $2, helpline.now(), helpline.now() + make_interval(secs => $12) FROM broken
        ON CONFLICT (centre_id, case_id, counsellor_id) DO UPDATE SET kind = EXCLUDED.kind, granted_by = EXCLUDED.granted_by,
            granted_at = EXCLUDED.granted_at, until_at = EXCLUDED.until_at, revoked_at = NULL),
    watched AS (
        INSERT INTO helpline.glass_breaks (centre_id, entry_id, case_id, counsellor_id, broken_at)
        SELECT $1, entry_id, case_id, $2, helpline.now() FROM broken),
    changed AS (
        SELECT $7::uuid AS about, max(revision) AS revision, jsonb_agg(case_id) AS case_ids FROM broken HAVING count(*) > 0)";
    returning: "about AS id",
);

/// Whoever was let in for no good reason is let in no more.
const REVIEW: &str = change!(
    event: "case_glass_reviewed", resource: "case_id", about: ("NULL::uuid", "$8", "NULL::uuid"),
    detail: "jsonb_build_object('case_id', case_id, 'justified', $9::bool)",
    with: "looked AS (
        UPDATE helpline.glass_breaks g SET reviewed_by = $2, reviewed_at = helpline.now(), justified = $9
        WHERE g.centre_id = $1 AND g.case_id = $7 AND g.counsellor_id = $8 AND g.reviewed_at IS NULL RETURNING g.entry_id),
    ended AS (
        UPDATE helpline.case_grants g SET revoked_at = helpline.now()
        WHERE NOT $9 AND g.centre_id = $1 AND g.case_id = $7 AND g.counsellor_id = $8 AND g.kind = 'broken_glass' AND g.revoked_at IS NULL
          AND EXISTS (SELECT FROM looked)),
    changed AS (
        UPDATE helpline.cases c SET event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1
        WHERE c.centre_id = $1 AND c.case_id = $7 AND EXISTS (SELECT FROM looked) RETURNING c.*),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id, text_sealed)
        SELECT $1, case_id, event_count, helpline.now(), 'glass_reviewed', $2, $3,
            jsonb_build_object('counsellor_id', $8::uuid, 'justified', $9::bool), $10, $11 FROM changed)";
    returning: "case_id AS id",
);

impl Store {
    /// What is behind the glass, whoever asks.
    pub async fn behind_glass(&self, caller: &Caller, behind: Behind) -> Result<Vec<Hidden>, StoreError> {
        let (case, child) = match behind {
            Behind::Case(id) => (Some(id.as_uuid()), None),
            Behind::Child(id) => (None, Some(id.as_uuid())),
        };
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, Hidden>(HIDDEN)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(case)
            .bind(child)
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)
    }

    /// Lets the caller into these cases, each with an id of the entry of its timeline. Refused when one has changed.
    pub async fn break_glass(
        &self,
        command: &Command,
        behind: Behind,
        hidden: &[(Hidden, Uuid)],
        reason: &Sensitive<String>,
    ) -> Result<Change<Uuid>, StoreError> {
        let seal =
            |(_, entry): &(Hidden, Uuid)| self.seal(CASE_TEXT, command.centre(), *entry, reason.expose());
        let query = change_query::<Made>(BREAK, command)
            .bind(behind.as_uuid())
            .bind(hidden.iter().map(|(one, _)| one.case_id).collect::<Vec<_>>())
            .bind(hidden.iter().map(|(one, _)| one.revision).collect::<Vec<_>>())
            .bind(hidden.iter().map(|(_, entry)| *entry).collect::<Vec<_>>())
            .bind(hidden.iter().map(seal).collect::<Vec<_>>())
            .bind(GLASS_S);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Says what a supervisor thinks of all that a counsellor has broken of a case and nobody has looked at. Refused when there is nothing.
    pub async fn review_glass(
        &self,
        command: &Command,
        act: &Act,
        (whose, justified): (CounsellorId, bool),
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(REVIEW, command)
            .bind(act.case_id.as_uuid())
            .bind(whose.as_uuid())
            .bind(justified)
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, command.centre(), act.entry_id, act.text.as_ref()));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }
}
