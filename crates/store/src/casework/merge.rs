//! Two records are read as one person. Neither is changed but for the name of the one that goes on for it, so that taking it back
//! restores both, in whatever order merges were made.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, MergeId, PersonId};
use helpline_domain::person::MergeState;
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use super::migrant::gate::wants_it_open;
use super::person::Made;
use super::{MERGE_REASON, UNDO_REASON, inconsistent, sees_person};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A merge.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Merge {
    pub merge_id: MergeId,
    pub survivor_id: PersonId,
    pub absorbed_id: PersonId,
    pub reason: Option<Sensitive<String>>,
    pub state: MergeState,
    pub asked_by: Uuid,
    pub asked_at: DateTime<Utc>,
    pub answered_by: Option<Uuid>,
    pub answered_at: Option<DateTime<Utc>>,
    pub undone_by: Option<Uuid>,
    pub undone_at: Option<DateTime<Utc>>,
    pub undo_reason: Option<Sensitive<String>>,
    pub case_ids: Vec<Uuid>,
    pub revision: i64,
}

const ASK: &str = change!(
    event: "person_merge_asked", resource: "merge_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('merge_id', merge_id, 'survivor_id', survivor_id, 'absorbed_id', absorbed_id)",
    with: "changed AS (
        INSERT INTO helpline.person_merges (centre_id, merge_id, survivor_id, absorbed_id, reason_sealed, state, asked_by, asked_at)
        SELECT $1, $7, p.person_id, o.person_id, $10, 'asked', $2, helpline.now()
        FROM helpline.persons p JOIN helpline.persons o ON o.centre_id = $1 AND o.person_id = $9
        WHERE p.centre_id = $1 AND p.person_id = $8 AND p.merged_into IS NULL AND o.merged_into IS NULL AND ",
    sees_person!("$2", "$3"),
    " RETURNING *)";
    returning: "merge_id AS id",
);

/// Both records are locked in the order of their ids, and each must still go on for itself: so no two merges make a ring.
const ANSWER: &str = change!(
    event: "person_merge_answered", resource: "merge_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('merge_id', merge_id, 'survivor_id', survivor_id, 'absorbed_id', absorbed_id, 'state', state)",
    with: "asked AS MATERIALIZED (
        SELECT m.merge_id, m.survivor_id, m.absorbed_id FROM helpline.person_merges m
        WHERE m.centre_id = $1 AND m.merge_id = $7 AND m.state = 'asked' AND m.asked_by <> $2 FOR UPDATE),
    roots AS MATERIALIZED (
        SELECT p.person_id FROM helpline.persons p
        WHERE p.centre_id = $1 AND p.merged_into IS NULL
          AND p.person_id IN (SELECT survivor_id FROM asked UNION ALL SELECT absorbed_id FROM asked)
        ORDER BY p.person_id FOR NO KEY UPDATE),
    joined AS (
        UPDATE helpline.persons p SET merged_into = asked.survivor_id FROM asked
        WHERE $8 AND p.centre_id = $1 AND p.person_id = asked.absorbed_id AND (SELECT count(*) FROM roots) = 2
        RETURNING p.person_id),
    changed AS (
        UPDATE helpline.person_merges m SET state = CASE WHEN $8 THEN 'merged' ELSE 'refused' END, answered_by = $2,
            answered_at = helpline.now(), revision = m.revision + 1
        FROM asked WHERE m.centre_id = $1 AND m.merge_id = asked.merge_id AND (NOT $8 OR EXISTS (SELECT FROM joined))
        RETURNING m.*)";
    returning: "merge_id AS id",
);

/// Whoever has asked that a mission learns something of the child does not part the records that keep it out. Whoever stays somewhere may have
/// been seen to have a guardian who is another child's: it is looked at again.
const UNDO: &str = change!(
    event: "person_merge_undone", resource: "merge_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('merge_id', merge_id, 'survivor_id', survivor_id, 'absorbed_id', absorbed_id)",
    with: "changed AS (
        UPDATE helpline.person_merges m SET state = 'undone', undone_by = $2, undone_at = helpline.now(), undo_reason_sealed = $8,
            revision = m.revision + 1
        WHERE m.centre_id = $1 AND m.merge_id = $7 AND m.state = 'merged' AND NOT ", wants_it_open!("$2", "m.survivor_id"), "
        RETURNING m.*),
    parted AS (
        UPDATE helpline.persons p SET merged_into = NULL FROM changed
        WHERE p.centre_id = $1 AND p.person_id = changed.absorbed_id),
    looked_at AS (
        UPDATE helpline.stay_limits l SET guardian_at = coalesce(l.guardian_at, helpline.now()), revision = l.revision + (l.guardian_at IS NULL)::int
        FROM changed CROSS JOIN LATERAL helpline.records_of($1, changed.survivor_id) AS own (id)
        JOIN helpline.cases c ON c.centre_id = $1 AND c.person_id = own.id
        JOIN helpline.referrals r ON r.centre_id = $1 AND r.case_id = c.case_id
        JOIN helpline.admissions a ON a.centre_id = $1 AND a.referral_id = r.referral_id AND a.state IN ('admitted', 'exit_planned')
        WHERE l.centre_id = $1 AND l.admission_id = a.admission_id)";
    returning: "merge_id AS id",
);

/// Columns of [`MergeRow`]; reasons are read if parameter 2 says so.
macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT m.merge_id, m.survivor_id, m.absorbed_id, m.state, m.asked_by, m.asked_at, m.answered_by, m.answered_at, m.undone_by,
                m.undone_at, m.revision, CASE WHEN $2 THEN m.reason_sealed END AS reason_sealed,
                CASE WHEN $2 THEN m.undo_reason_sealed END AS undo_reason_sealed,
                ARRAY(
                    SELECT c.case_id FROM helpline.cases c
                    WHERE $2 AND m.state IN ('merged', 'undone') AND c.centre_id = $1
                      AND c.person_id = ANY (ARRAY(
                        SELECT helpline.records_of($1, m.survivor_id) UNION SELECT helpline.records_of($1, m.absorbed_id)))
                      AND EXISTS (
                        SELECT FROM helpline.case_events e
                        WHERE e.centre_id = $1 AND e.case_id = c.case_id AND e.at >= m.answered_at AND (m.undone_at IS NULL OR e.at <= m.undone_at))
                    ORDER BY c.case_id) AS case_ids
             FROM helpline.person_merges m WHERE m.centre_id = $1 AND ", $rest
        )
    };
}

const GET: &str = select!("m.merge_id = $3");

/// One statement for each way to narrow the list, so that each has its index; whatever else is asked for narrows it further.
macro_rules! list {
    ($narrowed:literal) => {
        select!(concat!(
            "(NOT $3 OR m.state = 'asked') AND ($4::uuid IS NULL OR $4 IN (m.survivor_id, m.absorbed_id))
             AND ($5::uuid IS NULL OR m.merge_id < $5)",
            $narrowed,
            " ORDER BY m.merge_id DESC LIMIT $6"
        ))
    };
}

const LIST_ALL: &str = list!("");
const LIST_ASKED: &str = list!(" AND m.state = 'asked'");
const LIST_OF_PERSON: &str = list!(
    " AND m.merge_id IN (
        SELECT n.merge_id FROM helpline.person_merges n WHERE n.centre_id = $1 AND n.survivor_id = $4
        UNION SELECT n.merge_id FROM helpline.person_merges n WHERE n.centre_id = $1 AND n.absorbed_id = $4)"
);

#[derive(FromRow)]
struct MergeRow {
    merge_id: Uuid,
    survivor_id: Uuid,
    absorbed_id: Uuid,
    state: String,
    asked_by: Uuid,
    asked_at: DateTime<Utc>,
    answered_by: Option<Uuid>,
    answered_at: Option<DateTime<Utc>>,
    undone_by: Option<Uuid>,
    undone_at: Option<DateTime<Utc>>,
    revision: i64,
    reason_sealed: Option<Vec<u8>>,
    undo_reason_sealed: Option<Vec<u8>>,
    case_ids: Vec<Uuid>,
}

impl Store {
    fn merge_from(&self, centre: CentreId, row: &MergeRow) -> Result<Merge, StoreError> {
        Ok(Merge {
            merge_id: row.merge_id.into(),
            survivor_id: row.survivor_id.into(),
            absorbed_id: row.absorbed_id.into(),
            reason: self.open_some(MERGE_REASON, centre, row.merge_id, row.reason_sealed.as_deref())?,
            state: MergeState::from_key(&row.state).ok_or(inconsistent("person_merges", "state"))?,
            asked_by: row.asked_by,
            asked_at: row.asked_at,
            answered_by: row.answered_by,
            answered_at: row.answered_at,
            undone_by: row.undone_by,
            undone_at: row.undone_at,
            undo_reason: self.open_some(
                UNDO_REASON,
                centre,
                row.merge_id,
                row.undo_reason_sealed.as_deref(),
            )?,
            case_ids: row.case_ids.clone(),
            revision: row.revision,
        })
    }

    /// Asks to read two records as one. Refused when one is not there, or does not go on for itself.
    pub async fn ask_merge(
        &self,
        command: &Command,
        id: MergeId,
        (survivor, absorbed): (PersonId, PersonId),
        reason: &Sensitive<String>,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(ASK, command)
            .bind(id.as_uuid())
            .bind(survivor.as_uuid())
            .bind(absorbed.as_uuid())
            .bind(self.seal(MERGE_REASON, command.centre(), id.as_uuid(), reason.expose()));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Agrees, or does not. Refused for who asked, when it was answered, or a record does not go on for itself any more.
    pub async fn answer_merge(
        &self,
        command: &Command,
        id: MergeId,
        agree: bool,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(ANSWER, command).bind(id.as_uuid()).bind(agree);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Takes a merge back. Refused when it is none.
    pub async fn undo_merge(
        &self,
        command: &Command,
        id: MergeId,
        reason: &Sensitive<String>,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(UNDO, command).bind(id.as_uuid()).bind(self.seal(
            UNDO_REASON,
            command.centre(),
            id.as_uuid(),
            reason.expose(),
        ));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// A merge.
    pub async fn merge(&self, centre: CentreId, id: MergeId) -> Result<Option<Merge>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, MergeRow>(GET)
            .bind(centre.as_uuid())
            .bind(true)
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.merge_from(centre, &row)).transpose()
    }

    /// A page of merges, newest first, without their reasons.
    pub async fn merges(
        &self,
        caller: &Caller,
        (asked, person): (bool, Option<PersonId>),
        (size, before): (u32, Option<MergeId>),
    ) -> Result<Vec<Merge>, StoreError> {
        let sql = match (asked, person) {
            (_, Some(_)) => LIST_OF_PERSON,
            (true, None) => LIST_ASKED,
            (false, None) => LIST_ALL,
        };
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, MergeRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(false)
            .bind(asked)
            .bind(person.map(|id| id.as_uuid()))
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.iter().map(|row| self.merge_from(caller.centre_id, row)).collect()
    }
}
