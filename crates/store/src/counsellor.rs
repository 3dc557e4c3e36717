//! Counsellors: who answers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::id::{CentreId, CounsellorId};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A counsellor.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Counsellor {
    pub counsellor_id: CounsellorId,
    pub display_name: String,
    pub abilities: Abilities,
    pub disabled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}

#[derive(FromRow)]
struct CounsellorRow {
    counsellor_id: Uuid,
    display_name: String,
    languages: Vec<String>,
    skills: Json<BTreeMap<String, u8>>,
    max_voice: i16,
    max_chat: i16,
    max_message: i16,
    disabled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    revision: i64,
}

impl TryFrom<CounsellorRow> for Counsellor {
    type Error = StoreError;

    fn try_from(row: CounsellorRow) -> Result<Self, StoreError> {
        let small = |number: i16| {
            u8::try_from(number).map_err(|_| StoreError::Inconsistent { table: "presences", column: "max" })
        };
        Ok(Self {
            counsellor_id: row.counsellor_id.into(),
            display_name: row.display_name,
            abilities: Abilities {
                languages: row.languages,
                interpreted: Vec::new(),
                skills: row.skills.0,
                capacity: Capacity {
                    voice: small(row.max_voice)?,
                    chat: small(row.max_chat)?,
                    message: small(row.max_message)?,
                },
            },
            disabled_at: row.disabled_at,
            created_at: row.created_at,
            revision: row.revision,
        })
    }
}

/// Keeps the roster's version growing with every change of who can do what.
macro_rules! with_roster {
    () => {
        ", roster AS (UPDATE helpline.centres c SET roster_version = c.roster_version + 1 FROM changed WHERE c.centre_id = $1)"
    };
}

macro_rules! changed_columns {
    () => {
        "counsellor_id, display_name, languages, skills, max_voice, max_chat, max_message, disabled_at, created_at, revision"
    };
}

const CREATE: &str = change!(
    event: "counsellor_created", resource: "counsellor_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "changed AS (
        INSERT INTO helpline.counsellors (centre_id, counsellor_id, display_name, languages, skills)
        VALUES ($1, $7, $8, $9, $10)
        RETURNING *, $11::smallint AS max_voice, $12::smallint AS max_chat, $13::smallint AS max_message),
    presence AS (
        INSERT INTO helpline.presences (centre_id, counsellor_id, max_voice, max_chat, max_message)
        SELECT $1, counsellor_id, max_voice, max_chat, max_message FROM changed)", with_roster!();
    returning: changed_columns!(),
);

/// The presence is changed before the centre, as when somebody comes on shift: in the other order the two could wait for
/// each other.
const UPDATE: &str = change!(
    event: "counsellor_updated", resource: "counsellor_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "updated AS (
        UPDATE helpline.counsellors SET display_name = $8, languages = $9, skills = $10, revision = revision + 1
        WHERE centre_id = $1 AND counsellor_id = $7 AND disabled_at IS NULL AND ($14::bigint = 0 OR revision = $14)
        RETURNING *),
    presence AS (
        UPDATE helpline.presences p SET max_voice = $11, max_chat = $12, max_message = $13, revision = p.revision + 1
        FROM updated WHERE p.centre_id = $1 AND p.counsellor_id = updated.counsellor_id
        RETURNING p.max_voice, p.max_chat, p.max_message),
    changed AS (SELECT * FROM updated CROSS JOIN presence)", with_roster!();
    returning: changed_columns!(),
);

const DISABLE: &str = change!(
    event: "counsellor_disabled", resource: "counsellor_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "disabled AS (
        UPDATE helpline.counsellors SET disabled_at = helpline.now(), revision = revision + 1
        WHERE centre_id = $1 AND counsellor_id = $7 AND disabled_at IS NULL
        RETURNING *),
    presence AS (
        UPDATE helpline.presences p SET state = 'offline', reason = NULL, since_at = helpline.now(), revision = p.revision + 1
        FROM disabled WHERE p.centre_id = $1 AND p.counsellor_id = disabled.counsellor_id
        RETURNING p.max_voice, p.max_chat, p.max_message),
    revoked AS (
        UPDATE helpline.tokens t SET revoked_at = helpline.now()
        FROM disabled WHERE t.centre_id = $1 AND t.counsellor_id = disabled.counsellor_id AND t.revoked_at IS NULL),
    changed AS (SELECT * FROM disabled CROSS JOIN presence)", with_roster!();
    returning: changed_columns!(),
);

macro_rules! select_counsellor {
    () => {
        "SELECT c.counsellor_id, c.display_name, c.languages, c.skills, p.max_voice, p.max_chat, p.max_message, c.disabled_at, \
         c.created_at, c.revision FROM helpline.counsellors c JOIN helpline.presences p USING (centre_id, counsellor_id) \
         WHERE c.centre_id = $1 "
    };
}

impl Store {
    /// Adds a counsellor, off shift.
    pub async fn create_counsellor(
        &self,
        command: &Command,
        id: CounsellorId,
        display_name: &str,
        abilities: &Abilities,
    ) -> Result<Change<Counsellor>, StoreError> {
        let query =
            bind_counsellor(change_query::<CounsellorRow>(CREATE, command), id, display_name, abilities);
        self.change(command, query).await?.try_map(Counsellor::try_from)
    }

    /// Replaces what a counsellor is.
    pub async fn update_counsellor(
        &self,
        command: &Command,
        id: CounsellorId,
        display_name: &str,
        abilities: &Abilities,
        expected_revision: i64,
    ) -> Result<Change<Counsellor>, StoreError> {
        let query =
            bind_counsellor(change_query::<CounsellorRow>(UPDATE, command), id, display_name, abilities)
                .bind(expected_revision);
        self.change(command, query).await?.try_map(Counsellor::try_from)
    }

    /// Marks a counsellor as left: off shift, tokens revoked. Open offers are for the caller to withdraw.
    pub async fn disable_counsellor(
        &self,
        command: &Command,
        id: CounsellorId,
    ) -> Result<Change<Counsellor>, StoreError> {
        let query = change_query::<CounsellorRow>(DISABLE, command).bind(id.as_uuid());
        self.change(command, query).await?.try_map(Counsellor::try_from)
    }

    /// One counsellor.
    pub async fn counsellor(
        &self,
        centre: CentreId,
        id: CounsellorId,
    ) -> Result<Option<Counsellor>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row =
            sqlx::query_as::<_, CounsellorRow>(concat!(select_counsellor!(), "AND c.counsellor_id = $2"))
                .bind(centre.as_uuid())
                .bind(id.as_uuid())
                .fetch_optional(connection.postgres())
                .await;
        connection.settle(row)?.map(Counsellor::try_from).transpose()
    }

    /// A page of counsellors by time of creation: those behind `after`.
    pub async fn counsellors(
        &self,
        centre: CentreId,
        include_disabled: bool,
        after: Option<CounsellorId>,
        size: u32,
    ) -> Result<Vec<Counsellor>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, CounsellorRow>(concat!(
            select_counsellor!(),
            "AND ($2 OR c.disabled_at IS NULL) AND ($3::uuid IS NULL OR c.counsellor_id > $3) ORDER BY c.counsellor_id LIMIT $4"
        ))
        .bind(centre.as_uuid())
        .bind(include_disabled)
        .bind(after.map(|id| id.as_uuid()))
        .bind(i64::from(size))
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(Counsellor::try_from).collect()
    }
}

fn bind_counsellor(
    query: crate::change::ChangeQuery<CounsellorRow>,
    id: CounsellorId,
    display_name: &str,
    abilities: &Abilities,
) -> crate::change::ChangeQuery<CounsellorRow> {
    query
        .bind(id.as_uuid())
        .bind(display_name.to_owned())
        .bind(abilities.languages.clone())
        .bind(Json(abilities.skills.clone()))
        .bind(i16::from(abilities.capacity.voice))
        .bind(i16::from(abilities.capacity.chat))
        .bind(i16::from(abilities.capacity.message))
}
