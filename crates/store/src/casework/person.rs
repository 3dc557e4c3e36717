//! Records of persons, and who belongs to whom.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, PersonId};
use helpline_domain::person::{IdentifierKind, Relation};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use super::{PROFILE, inconsistent, sees_person};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// What is known of who somebody is: a document, and by what they are found.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Names, birth date, identifiers: the caller's own document.
    pub document: Sensitive<String>,
    /// By what they can be found.
    pub identifiers: Vec<(IdentifierKind, Sensitive<String>)>,
}

/// A record of a person.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Person {
    pub person_id: PersonId,
    pub number: i64,
    pub document: Sensitive<String>,
    pub survivor_id: PersonId,
    pub recorded_by: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub revision: i64,
}

/// Who somebody is to a person.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Link {
    pub link_id: Uuid,
    pub person_id: PersonId,
    pub relative_id: PersonId,
    pub relation: Relation,
    pub from_at: DateTime<Utc>,
    pub until_at: Option<DateTime<Utc>>,
    pub linked_by: Uuid,
    pub revision: i64,
}

/// Who somebody is to a person, to be said.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewLink {
    pub link_id: Uuid,
    pub person_id: PersonId,
    pub relative_id: PersonId,
    pub relation: Relation,
    pub from_at: Option<DateTime<Utc>>,
}

const RECORD: &str = change!(
    event: "person_recorded", resource: "person_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('person_id', person_id)",
    with: "changed AS (
        INSERT INTO helpline.persons (centre_id, person_id, profile_sealed, recorded_by, recorded_at)
        VALUES ($1, $7, $8, $2, helpline.now()) RETURNING person_id, revision),
    found_by AS (
        INSERT INTO helpline.person_identifiers (centre_id, identifier_index, person_id)
        SELECT DISTINCT $1, w.hash, person_id FROM changed CROSS JOIN unnest($9::bytea[]) AS w (hash))";
    returning: "person_id AS id",
);

/// The profile as it was is kept. Always of a revision: who waited for another's does not see the hashes that it has written. Hashes that
/// stay are left alone: the same statement cannot take a row away and put it back.
const REVISE: &str = change!(
    event: "person_revised", resource: "person_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('person_id', person_id)",
    with: "kept AS (
        INSERT INTO helpline.person_revisions (centre_id, person_id, revision, profile_sealed, revised_by, revised_at)
        SELECT $1, p.person_id, p.revision, p.profile_sealed, $2, helpline.now() FROM helpline.persons p
        WHERE p.centre_id = $1 AND p.person_id = $7 AND p.revision = $10 AND ", sees_person!("$2", "$3"), "
        ON CONFLICT DO NOTHING RETURNING person_id),
    changed AS (
        UPDATE helpline.persons p SET profile_sealed = $8, revision = p.revision + 1
        WHERE p.centre_id = $1 AND p.person_id = $7 AND p.revision = $10 AND ",
    sees_person!("$2", "$3"),
    " RETURNING p.person_id, p.revision),
    gone AS (
        DELETE FROM helpline.person_identifiers i USING changed
        WHERE i.centre_id = $1 AND i.person_id = changed.person_id AND i.identifier_index <> ALL ($9::bytea[])),
    found_by AS (
        INSERT INTO helpline.person_identifiers (centre_id, identifier_index, person_id)
        SELECT DISTINCT $1, w.hash, person_id FROM changed CROSS JOIN unnest($9::bytea[]) AS w (hash)
        ON CONFLICT DO NOTHING)";
    returning: "person_id AS id",
);

const LINK: &str = change!(
    event: "person_linked", resource: "link_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('link_id', link_id, 'person_id', person_id, 'relative_id', relative_id, 'relation', relation)",
    with: "changed AS (
        INSERT INTO helpline.person_links (centre_id, link_id, person_id, relative_id, relation, from_at, linked_by)
        SELECT $1, $7, p.person_id, o.person_id, $10, least($11, helpline.now()), $2
        FROM helpline.persons p JOIN helpline.persons o ON o.centre_id = $1 AND o.person_id = $9
        WHERE p.centre_id = $1 AND p.person_id = $8 AND ",
    sees_person!("$2", "$3"),
    " AND EXISTS (SELECT FROM helpline.persons p WHERE p.centre_id = $1 AND p.person_id = $9 AND ",
    sees_person!("$2", "$3"),
    ") AND coalesce($11 <= helpline.now() + interval '1 minute', true)
        ON CONFLICT (centre_id, person_id, relative_id, relation) WHERE until_at IS NULL DO NOTHING RETURNING *)";
    returning: "link_id AS id",
);

const END_LINK: &str = change!(
    event: "person_link_ended", resource: "link_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('link_id', link_id, 'person_id', person_id, 'relative_id', relative_id, 'relation', relation)",
    with: "changed AS (
        UPDATE helpline.person_links l SET from_at = least(l.from_at, helpline.now()), until_at = least($8, helpline.now()), ended_by = $2, revision = l.revision + 1
        FROM helpline.persons p
        WHERE l.centre_id = $1 AND l.link_id = $7 AND l.until_at IS NULL AND p.centre_id = $1 AND p.person_id = l.person_id
          AND coalesce($8 BETWEEN least(l.from_at, helpline.now()) AND helpline.now() + interval '1 minute', true) AND ",
    sees_person!("$2", "$3"),
    " RETURNING l.*)";
    returning: "link_id AS id",
);

/// A record as its row is read.
macro_rules! person_columns {
    () => {
        "p.person_id, p.number, p.profile_sealed, helpline.survivor_of($1, p.person_id) AS survivor_id, p.recorded_by, p.recorded_at, p.revision"
    };
}

const GET: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM helpline.persons p WHERE p.centre_id = $1 AND p.person_id = $4 AND ",
    sees_person!("$2", "$3")
);

/// The same, for who looks at it: the journal says so.
const READ: &str = concat!(
    "WITH found AS MATERIALIZED (
        SELECT ", person_columns!(), " FROM helpline.persons p WHERE p.centre_id = $1 AND p.person_id = $4 AND ",
    sees_person!("$2", "$3"), "),
     journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'person_read', $2, $3, jsonb_build_object('person_id', person_id) FROM found)
     SELECT * FROM found"
);

/// Whoever knows the identifier may learn who has it, and more of whom they may see; the journal says who asked and who was found, also
/// when nobody was: whoever tries numbers leaves a trace.
const FIND: &str = concat!(
    "WITH found AS MATERIALIZED (
        SELECT ", person_columns!(), ", (", sees_person!("$2", "$3"), ") AS sees FROM helpline.person_identifiers i
        JOIN helpline.persons p ON p.centre_id = $1 AND p.person_id = i.person_id
        WHERE i.centre_id = $1 AND i.identifier_index = $4 AND ($5::uuid IS NULL OR p.person_id < $5)
        ORDER BY p.person_id DESC LIMIT $6),
     journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'person_found', $2, $3, jsonb_build_object('person_ids', coalesce(jsonb_agg(person_id), '[]')) FROM found)
     SELECT * FROM found ORDER BY person_id DESC"
);

/// Who looks after somebody is shown to who may know of them; every other link to who may know of both: a grandmother tells nobody which
/// other grandchildren are known.
const LINKS: &str = concat!(
    "SELECT l.link_id, l.person_id, l.relative_id, l.relation, l.from_at, l.until_at, l.linked_by, l.revision
     FROM helpline.person_links l
     WHERE l.centre_id = $1 AND (l.link_id = $3 OR l.person_id = ANY ($2) AND l.relation <> 'sibling'
        OR (l.person_id = ANY ($2) OR l.relative_id = ANY ($2)) AND EXISTS (
        SELECT FROM helpline.persons p
        WHERE p.centre_id = $1 AND p.person_id = CASE WHEN l.person_id = ANY ($2) THEN l.relative_id ELSE l.person_id END AND ",
    sees_person!("$4", "$5"),
    ")) ORDER BY l.link_id"
);

#[derive(FromRow)]
pub(super) struct Made {
    pub(super) id: Uuid,
}

#[derive(FromRow)]
struct PersonRow {
    person_id: Uuid,
    number: i64,
    profile_sealed: Vec<u8>,
    survivor_id: Uuid,
    recorded_by: Uuid,
    recorded_at: DateTime<Utc>,
    revision: i64,
}

#[derive(FromRow)]
struct FoundRow {
    #[sqlx(flatten)]
    person: PersonRow,
    sees: bool,
}

#[derive(FromRow)]
struct LinkRow {
    link_id: Uuid,
    person_id: Uuid,
    relative_id: Uuid,
    relation: String,
    from_at: DateTime<Utc>,
    until_at: Option<DateTime<Utc>>,
    linked_by: Uuid,
    revision: i64,
}

/// The domain of the keyed hash: the same digits as a telephone and in a register are two identifiers.
const fn domain(kind: IdentifierKind) -> &'static str {
    match kind {
        IdentifierKind::Telephone => "person telephone",
        IdentifierKind::Email => "person email",
        IdentifierKind::Handle => "person handle",
        IdentifierKind::Document => "person document",
        IdentifierKind::Register => "person register",
    }
}

impl Store {
    pub(crate) fn person_hashes(&self, centre: CentreId, profile: &Profile) -> Vec<Vec<u8>> {
        let hash = |(kind, value): &(IdentifierKind, Sensitive<String>)| {
            self.index_some(centre, domain(*kind), Some(value))
        };
        profile.identifiers.iter().filter_map(hash).collect()
    }

    fn person_from(&self, centre: CentreId, row: &PersonRow) -> Result<Person, StoreError> {
        Ok(Person {
            person_id: row.person_id.into(),
            number: row.number,
            document: self.open(PROFILE, centre, row.person_id, &row.profile_sealed)?,
            survivor_id: row.survivor_id.into(),
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at,
            revision: row.revision,
        })
    }

    /// Records a person.
    pub async fn record_person(
        &self,
        command: &Command,
        id: PersonId,
        profile: &Profile,
    ) -> Result<Change<Uuid>, StoreError> {
        let centre = command.centre();
        let query = change_query::<Made>(RECORD, command)
            .bind(id.as_uuid())
            .bind(self.seal(PROFILE, centre, id.as_uuid(), profile.document.expose()))
            .bind(self.person_hashes(centre, profile));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Writes a record anew. Refused when it is not there for the caller, or has changed.
    pub async fn revise_person(
        &self,
        command: &Command,
        id: PersonId,
        profile: &Profile,
        revision: i64,
    ) -> Result<Change<Uuid>, StoreError> {
        let centre = command.centre();
        let query = change_query::<Made>(REVISE, command)
            .bind(id.as_uuid())
            .bind(self.seal(PROFILE, centre, id.as_uuid(), profile.document.expose()))
            .bind(self.person_hashes(centre, profile))
            .bind(revision);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Says who somebody is to a person. Refused when one of them is not there, it is said already, or it begins later by a minute.
    pub async fn link_persons(&self, command: &Command, new: &NewLink) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(LINK, command)
            .bind(new.link_id)
            .bind(new.person_id.as_uuid())
            .bind(new.relative_id.as_uuid())
            .bind(new.relation.key())
            .bind(new.from_at);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Ends a link. Refused when it is not there for the caller, has ended, begins later, or is to end later.
    pub async fn end_person_link(
        &self,
        command: &Command,
        link: Uuid,
        until: Option<DateTime<Utc>>,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(END_LINK, command).bind(link).bind(until);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// A record, if the caller may see it.
    pub async fn person(&self, caller: &Caller, id: PersonId) -> Result<Option<Person>, StoreError> {
        self.one_person(GET, caller, id).await
    }

    /// The same, for who looks at it: the journal says so.
    pub async fn read_person(&self, caller: &Caller, id: PersonId) -> Result<Option<Person>, StoreError> {
        self.one_person(READ, caller, id).await
    }

    async fn one_person(
        &self,
        sql: &'static str,
        caller: &Caller,
        id: PersonId,
    ) -> Result<Option<Person>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, PersonRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.person_from(caller.centre_id, &row)).transpose()
    }

    /// Whether there is such a record in the centre, whoever may see it.
    pub async fn person_exists(&self, centre: CentreId, id: PersonId) -> Result<bool, StoreError> {
        Ok(!self.records_of(centre, id).await?.is_empty())
    }

    /// Every record of the same person, the one under which they go on first.
    pub async fn records_of(&self, centre: CentreId, id: PersonId) -> Result<Vec<PersonId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let ids = sqlx::query_scalar::<_, Uuid>("SELECT helpline.records_of($1, $2)")
            .bind(centre.as_uuid())
            .bind(id.as_uuid())
            .fetch_all(connection.postgres())
            .await;
        Ok(connection.settle(ids)?.into_iter().map(PersonId::from).collect())
    }

    /// A page of those who have an identifier, newest first, and whether the caller may see each.
    pub async fn find_persons(
        &self,
        caller: &Caller,
        (kind, value): (IdentifierKind, &Sensitive<String>),
        (size, before): (u32, Option<PersonId>),
    ) -> Result<Vec<(Person, bool)>, StoreError> {
        let centre = caller.centre_id;
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, FoundRow>(FIND)
            .bind(centre.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(self.index_some(centre, domain(kind), Some(value)))
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.iter().map(|row| Ok((self.person_from(centre, &row.person)?, row.sees))).collect()
    }

    /// Who looks after the persons of these records, whom else of them the caller may know of, and the link with this id.
    pub async fn person_links(
        &self,
        caller: &Caller,
        of: &[PersonId],
        id: Option<Uuid>,
    ) -> Result<Vec<Link>, StoreError> {
        let of: Vec<Uuid> = of.iter().map(PersonId::as_uuid).collect();
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, LinkRow>(LINKS)
            .bind(caller.centre_id.as_uuid())
            .bind(of)
            .bind(id)
            .bind(caller.principal())
            .bind(caller.role.key())
            .fetch_all(connection.postgres())
            .await;
        let link = |row: LinkRow| {
            Ok(Link {
                link_id: row.link_id,
                person_id: row.person_id.into(),
                relative_id: row.relative_id.into(),
                relation: Relation::from_key(&row.relation)
                    .ok_or(inconsistent("person_links", "relation"))?,
                from_at: row.from_at,
                until_at: row.until_at,
                linked_by: row.linked_by,
                revision: row.revision,
            })
        };
        connection.settle(rows)?.into_iter().map(link).collect()
    }
}
