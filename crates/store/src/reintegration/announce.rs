//! Children are announced: many at once, all of them or none.

use chrono::{DateTime, Utc};
use helpline_domain::id::{CentreId, CohortId, PersonId, ReturneeId};
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::{LIST_KEY, LISTED, Made, sees_cohort};
use crate::casework::PROFILE;
use crate::casework::person::Profile;
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A child to announce.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewReturnee {
    pub returnee_id: ReturneeId,
    pub person_id: PersonId,
    /// When the record says that it was made: not when all were, or whoever reads two records would know that they came together. The
    /// journal says when.
    pub recorded_at: DateTime<Utc>,
    pub list_key: Sensitive<String>,
    pub profile: Profile,
    pub expected_at: Option<DateTime<Utc>>,
}

/// Two brothers or sisters.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column")]
pub struct Siblings {
    pub link_id: Uuid,
    pub person_id: PersonId,
    pub relative_id: PersonId,
    /// When the link says that it was made, for the same reason.
    pub from_at: DateTime<Utc>,
}

/// The cohort is locked first: who announces the same children at the same instant waits, and breaks [`ONCE`].
const ANNOUNCE: &str = change!(
    event: "returnees_announced", resource: "cohort_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('cohort_id', cohort_id, 'returnee_ids', to_jsonb($9::uuid[]), 'person_ids', to_jsonb($8::uuid[]))",
    with: "changed AS (
        UPDATE helpline.cohorts x SET announced = x.announced + cardinality($8::uuid[]), revision = x.revision + 1
        WHERE x.centre_id = $1 AND x.cohort_id = $7 AND ", sees_cohort!("$2", "$3"), " AND NOT EXISTS (
            SELECT FROM helpline.returnees t WHERE t.centre_id = $1 AND t.cohort_id = $7 AND t.list_key_index = ANY ($13::bytea[]))
        RETURNING x.*),
    wish AS (
        SELECT w.* FROM changed CROSS JOIN unnest($8, $9, $10::bytea[], $11::timestamptz[], $12::bytea[], $13, $14::timestamptz[])
            AS w (person_id, returnee_id, profile, recorded_at, list_key, list_key_index, expected_at)),
    recorded AS (
        INSERT INTO helpline.persons (centre_id, person_id, profile_sealed, recorded_by, recorded_at)
        SELECT $1, person_id, profile, $2, recorded_at FROM wish),
    found_by AS (
        INSERT INTO helpline.person_identifiers (centre_id, identifier_index, person_id)
        SELECT DISTINCT $1, w.hash, w.person_id FROM changed CROSS JOIN unnest($15::bytea[], $16::uuid[]) AS w (hash, person_id)),
    linked AS (
        INSERT INTO helpline.person_links (centre_id, link_id, person_id, relative_id, relation, from_at, linked_by)
        SELECT $1, w.link_id, w.one, w.other, 'sibling', w.from_at, $2
        FROM changed CROSS JOIN unnest($17::uuid[], $18::uuid[], $19::uuid[], $20::timestamptz[]) AS w (link_id, one, other, from_at)),
    announced AS (
        INSERT INTO helpline.returnees (centre_id, returnee_id, cohort_id, person_id, list_key_sealed, list_key_index, state, expected_at,
            announced_by, announced_at)
        SELECT $1, wish.returnee_id, changed.cohort_id, wish.person_id, wish.list_key, wish.list_key_index, 'announced',
            coalesce(wish.expected_at, changed.expected_at), $2, helpline.now()
        FROM changed CROSS JOIN wish)";
    returning: "cohort_id AS id",
);

/// What holds two children of one key of a list against one another.
const ONCE: &str = "announced_once";

impl Store {
    /// Announces children. Refused when the cohort is not there for the caller, or a key of the list is known in it.
    pub async fn announce_returnees(
        &self,
        command: &Command,
        cohort: CohortId,
        (children, siblings): (&[NewReturnee], &[Siblings]),
    ) -> Result<Change<Uuid>, StoreError> {
        let centre = command.centre();
        let each = |of: fn(&NewReturnee) -> Uuid| children.iter().map(of).collect::<Vec<_>>();
        let sealed = |one: &NewReturnee| {
            self.seal(PROFILE, centre, one.person_id.as_uuid(), one.profile.document.expose())
        };
        let listed =
            |one: &NewReturnee| self.seal(LIST_KEY, centre, one.returnee_id.as_uuid(), one.list_key.expose());
        let (mut hashes, mut whose) = (Vec::new(), Vec::new());
        for one in children {
            for hash in self.person_hashes(centre, &one.profile) {
                hashes.push(hash);
                whose.push(one.person_id.as_uuid());
            }
        }
        let query = change_query::<Made>(ANNOUNCE, command)
            .bind(cohort.as_uuid())
            .bind(each(|one| one.person_id.as_uuid()))
            .bind(each(|one| one.returnee_id.as_uuid()))
            .bind(children.iter().map(sealed).collect::<Vec<_>>())
            .bind(children.iter().map(|one| one.recorded_at).collect::<Vec<_>>())
            .bind(children.iter().map(listed).collect::<Vec<_>>())
            .bind(self.listed(centre, children))
            .bind(children.iter().map(|one| one.expected_at).collect::<Vec<_>>())
            .bind(hashes)
            .bind(whose)
            .bind(siblings.iter().map(|two| two.link_id).collect::<Vec<_>>())
            .bind(siblings.iter().map(|two| two.person_id.as_uuid()).collect::<Vec<_>>())
            .bind(siblings.iter().map(|two| two.relative_id.as_uuid()).collect::<Vec<_>>())
            .bind(siblings.iter().map(|two| two.from_at).collect::<Vec<_>>());
        match self.change(command, query).await {
            Err(error) if error.constraint() == Some(ONCE) => self.recall_change(command).await,
            other => Ok(other?.map(|made| made.id)),
        }
    }

    /// Keys of a list are compared to the letter.
    pub(super) fn list_key_index(&self, centre: CentreId, key: &Sensitive<String>) -> Vec<u8> {
        self.vault().blind_index(centre.as_uuid(), LISTED, key.expose()).to_vec()
    }

    fn listed(&self, centre: CentreId, children: &[NewReturnee]) -> Vec<Vec<u8>> {
        children.iter().map(|one| self.list_key_index(centre, &one.list_key)).collect()
    }

    /// The places of those children whose key is known in the cohort.
    pub async fn announced_before(
        &self,
        centre: CentreId,
        cohort: CohortId,
        children: &[NewReturnee],
    ) -> Result<Vec<usize>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, i64>(
            "SELECT w.place FROM unnest($3::bytea[]) WITH ORDINALITY AS w (list_key_index, place)
             JOIN helpline.returnees t ON t.centre_id = $1 AND t.cohort_id = $2 AND t.list_key_index = w.list_key_index ORDER BY 1",
        )
        .bind(centre.as_uuid())
        .bind(cohort.as_uuid())
        .bind(self.listed(centre, children))
        .fetch_all(connection.postgres())
        .await;
        let found = connection.settle(found)?;
        Ok(found.into_iter().filter_map(|place| usize::try_from(place).ok()?.checked_sub(1)).collect())
    }
}
