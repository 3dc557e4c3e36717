//! Children who live in a shelter with somebody.

use helpline_domain::caller::Caller;
use helpline_domain::id::AdmissionId;
use uuid::Uuid;

use super::sees_stay;
use crate::change::{Change, Command, change, change_query};
use crate::escalation::agency_of;
use crate::{Store, StoreError};

/// Whether the caller may know with whom a child lives there, if with anybody: who may not cannot say otherwise.
macro_rules! company {
    ($stay:literal, $agency:literal) => {
        concat!(
            "(", $stay, " IS NULL OR EXISTS (
                SELECT FROM (SELECT ", $stay, " AS id) with_whom JOIN LATERAL (
                    SELECT FROM helpline.admissions a WHERE a.centre_id = $1 AND a.admission_id = with_whom.id AND ",
            sees_stay!("$2", "$3", $agency), ") known ON true))"
        )
    };
}

/// Both stays are locked in the order of their ids, and count as changed: nobody lives there with who lives there with somebody.
const ACCOMPANY: &str = change!(
    event: "admission_accompanied", resource: "admission_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_strip_nulls(jsonb_build_object('admission_id', admission_id, 'accompanies_id', accompanies_id))",
    with: "seen AS MATERIALIZED (
        SELECT a.admission_id AS id, a.revision AS was FROM helpline.admissions a
        WHERE a.centre_id = $1 AND a.admission_id IN ($7, $9) AND a.state <> 'exited'
          AND (a.admission_id = $7 OR a.accompanies_id IS NULL)
          AND (a.admission_id <> $7 OR ", company!("a.accompanies_id", "$8"), ")
          AND ($9::uuid IS NULL OR a.admission_id = $9 OR NOT EXISTS (
            SELECT FROM helpline.admissions k WHERE k.centre_id = $1 AND k.accompanies_id = $7 AND k.state <> 'exited'))
          AND ", sees_stay!("$2", "$3", "$8"), "),
    locked AS MATERIALIZED (
        SELECT a.admission_id AS id FROM helpline.admissions a JOIN seen ON seen.id = a.admission_id
        WHERE a.centre_id = $1 AND a.revision = seen.was ORDER BY a.admission_id FOR NO KEY UPDATE OF a),
    touched AS (
        UPDATE helpline.admissions a SET revision = a.revision + 1
        WHERE a.centre_id = $1 AND a.admission_id = $9 AND $9 <> $7 AND (SELECT count(*) FROM locked) = 2),
    changed AS (
        UPDATE helpline.admissions a SET accompanies_id = $9, revision = a.revision + 1
        WHERE a.centre_id = $1 AND a.admission_id = $7 AND $9 IS DISTINCT FROM $7
          AND (SELECT count(*) FROM locked) = CASE WHEN $9::uuid IS NULL THEN 1 ELSE 2 END
        RETURNING a.*)";
    returning: "admission_id AS id",
);

const WHY_NOT: &str = concat!(
    "SELECT EXISTS (
        SELECT FROM helpline.admissions a WHERE a.centre_id = $1 AND a.admission_id IN ($5, $6::uuid) AND NOT ",
    company!("a.accompanies_id", "$4"),
    "), EXISTS (
        SELECT FROM helpline.admissions a WHERE a.centre_id = $1 AND a.admission_id = $6 AND a.accompanies_id IS NOT NULL), EXISTS (
        SELECT FROM helpline.admissions a WHERE a.centre_id = $1 AND a.accompanies_id = $5 AND a.state <> 'exited' AND $6 IS NOT NULL AND ",
    sees_stay!("$2", "$3", "$4"),
    "), EXISTS (
        SELECT FROM helpline.admissions a
        WHERE a.centre_id = $1 AND a.accompanies_id = $5 AND a.state <> 'exited' AND $6 IS NOT NULL)"
);

impl Store {
    /// Says with whom a child lives there, or with nobody. Refused when one of the stays is not there for the caller or over, when who is
    /// named lives there with somebody, or somebody with the child.
    pub async fn accompany_stay(
        &self,
        command: &Command,
        (id, accompanies): (AdmissionId, Option<AdmissionId>),
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<(Uuid,)>(ACCOMPANY, command)
            .bind(id.as_uuid())
            .bind(agency_of(&command.caller))
            .bind(accompanies.map(|id| id.as_uuid()));
        Ok(self.change(command, query).await?.map(|(id,)| id))
    }

    /// Why a child cannot live there with somebody, although both are there: `accompanies` of who is named lives there with somebody,
    /// `accompanied` when somebody does with the child; `hidden` when it is for a stay of which the caller may not know.
    pub async fn refused_company(
        &self,
        caller: &Caller,
        (id, accompanies): (AdmissionId, Option<AdmissionId>),
    ) -> Result<Option<&'static str>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let found = sqlx::query_as::<_, (bool, bool, bool, bool)>(WHY_NOT)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(id.as_uuid())
            .bind(accompanies.map(|id| id.as_uuid()))
            .fetch_one(connection.postgres())
            .await;
        Ok(match connection.settle(found)? {
            (true, ..) => Some("hidden"),
            (_, true, ..) => Some("accompanies"),
            (.., true, _) => Some("accompanied"),
            (.., true) => Some("hidden"),
            _ => None,
        })
    }
}
