//! Cases: opened and read.

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::case::{Approval, OpenWork};
use helpline_domain::id::{CaseId, ContactId, PersonId};
use sqlx::FromRow;
use uuid::Uuid;

use super::person::Made;
use super::task::reads_task;
use super::{inconsistent, sees_case, sees_person};
use crate::change::{Change, Command, change, change_query};
use crate::referral::sees_referral;
use crate::{Store, StoreError};

/// A case.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Case {
    pub case_id: CaseId,
    pub number: i64,
    pub person_id: PersonId,
    pub kind: String,
    pub status: String,
    pub settings_version: i64,
    pub additional: bool,
    pub owner_id: Uuid,
    pub opened_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub close_reason: Option<String>,
    pub transfer_to: Option<Uuid>,
    pub transfer_by: Option<Uuid>,
    pub approval: Option<Approval>,
    pub approval_asked_by: Option<Uuid>,
    pub approved_by: Option<Uuid>,
    /// Whether something was begun since it was allowed.
    pub grown: bool,
    pub contact_ids: Vec<Uuid>,
    pub granted_ids: Vec<Uuid>,
    pub open: OpenWork,
    /// Whether an organisation has taken it on as a whole, and then whether the referral by which it has is open.
    pub taken_on: Option<bool>,
    /// How many entries its timeline has.
    pub entries: i32,
    /// Also of what is not seen by everybody who reads it: told to nobody.
    pub revision: i64,
}

/// What holds two cases of a kind against one another.
pub const ONE_OPEN: &str = "one_open_case_of_a_kind";

/// A case to open.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewCase {
    pub case_id: CaseId,
    pub child_id: PersonId,
    pub kind: String,
    pub contact_id: Option<ContactId>,
    pub additional: bool,
    /// A new id: of the first entry of the timeline.
    pub entry_id: Uuid,
}

/// Which cases; what is false or `None` does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaseFilter {
    /// Only those that are open.
    pub open: bool,
    /// Only those that the caller owns or is offered.
    pub own: bool,
    /// Those of any record of this child.
    pub child_id: Option<PersonId>,
}

/// One open case of a kind for a child, whatever record it is under; a trigger holds it against two at the same instant. Only who may see
/// the child, or has a contact of theirs in hand, makes themselves the owner of what is known; and nobody beside a case that they may not
/// see, of whatever kind: the kind tells of the child.
const OPEN: &str = change!(
    event: "case_opened", resource: "case_id", about: ("$13", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('case_id', case_id, 'kind', kind)",
    with: "changed AS (
        INSERT INTO helpline.cases (centre_id, case_id, person_id, kind, status, settings_version, additional, owner_id, opened_by, opened_at,
            event_count, changed_at)
        SELECT $1, $7, p.person_id, $9, $10, $11, $12, $2, $2, helpline.now(), 1, helpline.now()
        FROM helpline.persons p
        WHERE p.centre_id = $1 AND p.person_id = $8
          AND ($13::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.contacts k WHERE k.centre_id = $1 AND k.contact_id = $13 AND ($3 = 'supervisor' OR k.counsellor_id = $2)))
          AND (", sees_person!("$2", "$3"), " OR EXISTS (
            SELECT FROM helpline.contacts k
            WHERE k.centre_id = $1 AND k.contact_id = $13 AND k.counsellor_id = $2 AND k.state IN ('in_progress', 'wrap_up')))
          AND ($3 = 'supervisor' OR NOT EXISTS (
            SELECT FROM helpline.cases c
            WHERE c.centre_id = $1 AND c.closed_at IS NULL AND c.person_id IN (SELECT helpline.records_of($1, $8))
              AND (", sees_case!("$2", "$3"), ") IS NOT TRUE))
          AND ($12 OR NOT EXISTS (
            SELECT FROM helpline.cases o
            WHERE o.centre_id = $1 AND o.kind = $9 AND o.closed_at IS NULL AND o.person_id IN (SELECT helpline.records_of($1, $8))))
        RETURNING *),
    linked AS (
        INSERT INTO helpline.case_contacts (centre_id, case_id, contact_id, linked_by, linked_at)
        SELECT $1, case_id, $13, $2, helpline.now() FROM changed WHERE $13 IS NOT NULL),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id)
        SELECT $1, case_id, 1, helpline.now(), 'opened', $2, $3, jsonb_build_object('kind', kind, 'status', status), $14 FROM changed)";
    returning: "case_id AS id",
);

/// Open escalations of a case `c`, and of its contacts if they are of no other case, each once, and since when.
macro_rules! escalations {
    () => {
        "SELECT w.escalation_id, w.raised_at AS since FROM helpline.escalations w
         WHERE w.centre_id = $1 AND w.case_id = c.case_id AND w.ended_at IS NULL AND NOT w.exercise
         UNION
         SELECT w.escalation_id, greatest(w.raised_at, k.linked_at, x.joined_at) FROM helpline.case_contacts k
         JOIN helpline.escalation_contacts x ON x.centre_id = $1 AND x.contact_id = k.contact_id
         JOIN helpline.escalations w ON w.centre_id = $1 AND w.escalation_id = x.escalation_id
         WHERE k.centre_id = $1 AND k.case_id = c.case_id AND w.case_id IS NULL AND w.ended_at IS NULL AND NOT w.exercise"
    };
}

/// Open referrals of a case `c`, and of its contacts if they are of no other case, each once, and since when: supervisors and its owner
/// answer for all of them, whoever else reads the case is told of those that they may know of.
macro_rules! referrals {
    () => {
        concat!(
            "SELECT r.referral_id, coalesce(r.sent_at, r.drafted_at) AS since FROM helpline.referrals r
             WHERE r.centre_id = $1 AND r.case_id = c.case_id AND r.ended_at IS NULL AND (c.owner_id = $2 OR ",
            sees_referral!("$2", "$3", "NULL"),
            ")
             UNION
             SELECT r.referral_id, greatest(r.sent_at, r.drafted_at, k.linked_at) FROM helpline.case_contacts k
             JOIN helpline.referrals r ON r.centre_id = $1 AND r.contact_id = k.contact_id
             WHERE k.centre_id = $1 AND k.case_id = c.case_id AND r.case_id IS NULL AND r.ended_at IS NULL AND (c.owner_id = $2 OR ",
            sees_referral!("$2", "$3", "NULL"),
            ")"
        )
    };
}

/// Columns of [`CaseRow`].
macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT c.case_id, c.number, c.person_id, c.kind, c.status, c.settings_version, c.additional, c.owner_id, c.opened_at, c.closed_at,
                c.close_reason, c.transfer_to, c.transfer_by, c.approval_for, c.approval_asked_by, c.approved_by, c.event_count, c.revision,
                ARRAY(SELECT k.contact_id FROM helpline.case_contacts k
                      WHERE k.centre_id = $1 AND k.case_id = c.case_id ORDER BY k.linked_at, k.contact_id) AS contact_ids,
                ARRAY(SELECT g.counsellor_id FROM helpline.case_grants g
                      WHERE g.centre_id = $1 AND g.case_id = c.case_id AND g.revoked_at IS NULL AND g.until_at > (SELECT helpline.now())
                      ORDER BY 1) AS granted_ids,
                (SELECT count(DISTINCT w.escalation_id) FROM (", escalations!(), ") w) AS open_escalations,
                (SELECT count(DISTINCT w.referral_id) FROM (", referrals!(), ") w) AS open_referrals,
                (SELECT count(*) FROM helpline.tasks t
                 WHERE t.centre_id = $1 AND t.case_id = c.case_id AND t.ended_at IS NULL AND ", reads_task!("$2", "$3"), ") AS open_tasks,
                (SELECT count(*) FROM helpline.crossborder_handovers h
                 WHERE h.centre_id = $1 AND h.case_id = c.case_id AND h.ended_at IS NULL) AS open_cross_border,
                (SELECT count(*) FROM helpline.return_assistances h
                 WHERE h.centre_id = $1 AND h.case_id = c.case_id AND h.ended_at IS NULL) AS open_returns,
                (SELECT count(*) FROM helpline.detentions d
                 WHERE d.centre_id = $1 AND d.case_id = c.case_id AND d.ended_at IS NULL) AS open_detentions,
                (SELECT count(*) FROM helpline.redirects d
                 WHERE d.centre_id = $1 AND d.case_id = c.case_id AND d.ended_at IS NULL) AS open_redirects,
                (SELECT f.ended_at IS NULL FROM helpline.redirects d
                 JOIN helpline.referrals f ON f.centre_id = $1 AND f.referral_id = d.referral_id
                 WHERE d.centre_id = $1 AND d.case_id = c.case_id AND d.state = 'accepted') AS taken_on,
                c.approved_at IS NOT NULL AND (
                    EXISTS (SELECT FROM (", escalations!(), ") w WHERE w.since > c.approved_at)
                    OR EXISTS (SELECT FROM (", referrals!(), ") w WHERE w.since > c.approved_at)
                    OR EXISTS (
                        SELECT FROM helpline.tasks t
                        WHERE t.centre_id = $1 AND t.case_id = c.case_id AND t.ended_at IS NULL AND t.made_at > c.approved_at
                          AND ", reads_task!("$2", "$3"), ")
                    OR EXISTS (
                        SELECT FROM helpline.crossborder_handovers h
                        WHERE h.centre_id = $1 AND h.case_id = c.case_id AND h.ended_at IS NULL AND h.prepared_at > c.approved_at)
                    OR EXISTS (
                        SELECT FROM helpline.return_assistances h
                        WHERE h.centre_id = $1 AND h.case_id = c.case_id AND h.ended_at IS NULL AND h.started_at > c.approved_at)
                    OR EXISTS (
                        SELECT FROM helpline.detentions d
                        WHERE d.centre_id = $1 AND d.case_id = c.case_id AND d.ended_at IS NULL AND d.recorded_at > c.approved_at)
                    OR EXISTS (
                        SELECT FROM helpline.redirects d
                        WHERE d.centre_id = $1 AND d.case_id = c.case_id AND d.ended_at IS NULL AND d.begun_at > c.approved_at)) AS grown
             FROM helpline.cases c WHERE c.centre_id = $1 AND ",
            $rest
        )
    };
}

const GET: &str = select!(concat!("c.case_id = $4 AND ", sees_case!("$2", "$3")));

/// The same, for who looks at it: the journal says so.
const READ: &str = concat!(
    "WITH found AS MATERIALIZED (",
    select!(concat!("c.case_id = $4 AND ", sees_case!("$2", "$3"))),
    "), journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'case_seen', $2, $3, jsonb_build_object('case_id', case_id) FROM found)
     SELECT * FROM found"
);

/// One statement for each way to narrow the list, so that each has its index; whatever else is asked for narrows it further.
macro_rules! list {
    ($narrowed:literal) => {
        select!(concat!(
            sees_case!("$2", "$3"),
            " AND (NOT $4 OR c.closed_at IS NULL) AND (NOT $5 OR $2 IN (c.owner_id, c.transfer_to))
              AND ($6::uuid IS NULL OR c.person_id IN (SELECT helpline.records_of($1, $6)))
              AND ($7::uuid IS NULL OR c.case_id < $7)",
            $narrowed,
            " ORDER BY c.case_id DESC LIMIT $8"
        ))
    };
}

const LIST_ALL: &str = list!("");
const LIST_OPEN: &str = list!(" AND c.closed_at IS NULL");
const LIST_OF_CHILD: &str = list!(" AND c.person_id = ANY (ARRAY(SELECT helpline.records_of($1, $6)))");
const LIST_OWN: &str = list!(
    " AND c.case_id IN (
        SELECT n.case_id FROM helpline.cases n WHERE n.centre_id = $1 AND n.owner_id = $2
        UNION SELECT n.case_id FROM helpline.cases n WHERE n.centre_id = $1 AND n.transfer_to = $2)"
);
/// Of a counsellor: what they own, are offered, or were let into.
const LIST_SEEN: &str = list!(
    " AND c.case_id IN (
        SELECT n.case_id FROM helpline.cases n WHERE n.centre_id = $1 AND n.owner_id = $2
        UNION SELECT n.case_id FROM helpline.cases n WHERE n.centre_id = $1 AND n.transfer_to = $2
        UNION SELECT g.case_id FROM helpline.case_grants g WHERE g.centre_id = $1 AND g.counsellor_id = $2)"
);

#[derive(FromRow)]
struct CaseRow {
    case_id: Uuid,
    number: i64,
    person_id: Uuid,
    kind: String,
    status: String,
    settings_version: i64,
    additional: bool,
    owner_id: Uuid,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    close_reason: Option<String>,
    transfer_to: Option<Uuid>,
    transfer_by: Option<Uuid>,
    approval_for: Option<String>,
    approval_asked_by: Option<Uuid>,
    approved_by: Option<Uuid>,
    event_count: i32,
    revision: i64,
    contact_ids: Vec<Uuid>,
    granted_ids: Vec<Uuid>,
    open_escalations: i64,
    open_referrals: i64,
    open_tasks: i64,
    open_cross_border: i64,
    open_returns: i64,
    open_detentions: i64,
    open_redirects: i64,
    taken_on: Option<bool>,
    grown: bool,
}

impl TryFrom<CaseRow> for Case {
    type Error = StoreError;

    fn try_from(row: CaseRow) -> Result<Self, StoreError> {
        let approval =
            row.approval_for.map(|key| Approval::from_key(&key).ok_or(inconsistent("cases", "approval_for")));
        Ok(Self {
            case_id: row.case_id.into(),
            number: row.number,
            person_id: row.person_id.into(),
            kind: row.kind,
            status: row.status,
            settings_version: row.settings_version,
            additional: row.additional,
            owner_id: row.owner_id,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            close_reason: row.close_reason,
            transfer_to: row.transfer_to,
            transfer_by: row.transfer_by,
            approval: approval.transpose()?,
            approval_asked_by: row.approval_asked_by,
            approved_by: row.approved_by,
            grown: row.grown,
            contact_ids: row.contact_ids,
            granted_ids: row.granted_ids,
            open: OpenWork {
                escalations: row.open_escalations,
                referrals: row.open_referrals,
                tasks: row.open_tasks,
                cross_border: row.open_cross_border,
                returns: row.open_returns,
                detentions: row.open_detentions,
                redirects: row.open_redirects,
            },
            taken_on: row.taken_on,
            entries: row.event_count,
            revision: row.revision,
        })
    }
}

impl Store {
    /// Opens a case in a status. Refused when the child or the contact is not there for the caller, or such a case is open.
    pub async fn open_case(
        &self,
        command: &Command,
        new: &NewCase,
        (status, version): (&str, i64),
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(OPEN, command)
            .bind(new.case_id.as_uuid())
            .bind(new.child_id.as_uuid())
            .bind(new.kind.clone())
            .bind(status.to_owned())
            .bind(version)
            .bind(new.additional)
            .bind(new.contact_id.map(|id| id.as_uuid()))
            .bind(new.entry_id);
        match self.change(command, query).await {
            Err(error) if error.constraint() == Some(ONE_OPEN) => self.recall(command).await,
            other => Ok(other?.map(|made| made.id)),
        }
    }

    /// A case, if the caller may read it.
    pub async fn case(&self, caller: &Caller, id: CaseId) -> Result<Option<Case>, StoreError> {
        self.one_case(GET, caller, id).await
    }

    /// The same, for who looks at it: the journal says so.
    pub async fn read_case(&self, caller: &Caller, id: CaseId) -> Result<Option<Case>, StoreError> {
        self.one_case(READ, caller, id).await
    }

    async fn one_case(
        &self,
        sql: &'static str,
        caller: &Caller,
        id: CaseId,
    ) -> Result<Option<Case>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, CaseRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(row)?.map(Case::try_from).transpose()
    }

    /// A page of cases that the caller may read, newest first.
    pub async fn cases(
        &self,
        caller: &Caller,
        filter: CaseFilter,
        (size, before): (u32, Option<CaseId>),
    ) -> Result<Vec<Case>, StoreError> {
        let sql = match filter {
            CaseFilter { child_id: Some(_), .. } => LIST_OF_CHILD,
            CaseFilter { own: true, .. } => LIST_OWN,
            _ if caller.role == Role::Counsellor => LIST_SEEN,
            CaseFilter { open: true, .. } => LIST_OPEN,
            CaseFilter { .. } => LIST_ALL,
        };
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, CaseRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(filter.open)
            .bind(filter.own)
            .bind(filter.child_id.map(|id| id.as_uuid()))
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)?.into_iter().map(Case::try_from).collect()
    }
}
