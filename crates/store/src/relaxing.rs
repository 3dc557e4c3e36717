//! Contacts that ask for less the longer they wait: which are due, and the step itself.

use std::collections::BTreeMap;

use helpline_domain::id::CentreId;
use helpline_domain::requirement::Requirement;
use sqlx::types::Json;

use crate::contact::{Contact, ContactRow, contact_columns};
use crate::{Store, StoreError};

/// Read off the index of times, so the cost does not grow with how many wait.
const DUE: &str = concat!(
    "SELECT ",
    contact_columns!(),
    " FROM helpline.contacts WHERE centre_id = $1 AND state = 'waiting' AND relax_at <= (SELECT helpline.now())
     ORDER BY relax_at LIMIT $2"
);

/// One step of one contact as it was read. What it asked for at first is kept beside what it asks for now. Without a
/// step to come it is due no more.
const RELAX: &str = concat!(
    "WITH before AS (
        SELECT contact_id AS id FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $2 AND state = 'waiting' AND revision = $3 AND relaxation_step = $6 - 1
        FOR UPDATE SKIP LOCKED),
    changed AS (
        UPDATE helpline.contacts c SET asked_skills = coalesce(c.asked_skills, c.skills), skills = $4, signature = $5,
            relaxation_step = $6, relax_at = c.relax_at + make_interval(secs => $7), revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $2
        RETURNING c.*),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'requirement_relaxed', contact_id, revision, jsonb_build_object('step', relaxation_step)
        FROM changed)
    SELECT ",
    contact_columns!(),
    " FROM changed"
);

/// Its queue has no such step any more.
const STOP: &str = "
    UPDATE helpline.contacts SET relax_at = NULL
    WHERE centre_id = $1 AND contact_id = $2 AND revision = $3";

impl Store {
    /// Waiting contacts whose next step is due, the longest due first.
    pub async fn due_relaxations(&self, centre: CentreId, most: u32) -> Result<Vec<Contact>, StoreError> {
        let query = sqlx::query_as::<_, ContactRow>(DUE).bind(centre.as_uuid()).bind(i64::from(most));
        self.contacts_found(centre, query).await
    }

    /// Takes the next step of a contact as it was `seen`: from now on it asks for these skills, and the step after that
    /// is due `next_s` later than this one was. `None` when it has changed since, or somebody is changing it.
    pub async fn relax(
        &self,
        centre: CentreId,
        seen: &Contact,
        skills: &BTreeMap<String, u8>,
        next_s: Option<u32>,
    ) -> Result<Option<Contact>, StoreError> {
        let requirement = Requirement { skills: skills.clone(), ..seen.requirement() };
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, ContactRow>(RELAX)
            .bind(centre.as_uuid())
            .bind(seen.contact_id.as_uuid())
            .bind(seen.revision)
            .bind(Json(skills.clone()))
            .bind(self.line_signature(centre, &requirement, seen.directed_to))
            .bind(seen.relaxation_step + 1)
            .bind(next_s.map(f64::from))
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.contact_from(centre, row)).transpose()
    }

    /// Notes that no further step is due for a contact as it was `seen`.
    pub async fn stop_relaxing(&self, centre: CentreId, seen: &Contact) -> Result<(), StoreError> {
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(STOP)
            .bind(centre.as_uuid())
            .bind(seen.contact_id.as_uuid())
            .bind(seen.revision)
            .execute(connection.postgres())
            .await;
        connection.settle(done).map(drop)
    }
}
