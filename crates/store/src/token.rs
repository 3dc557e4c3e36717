//! Bearer tokens: only their hashes are known here.

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{AgencyId, CentreId, CounsellorId, TokenId};
use sqlx::{Connection as _, FromRow};
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A token as the centre knows it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Token {
    pub token_id: TokenId,
    pub role: Role,
    pub label: String,
    pub counsellor_id: Option<CounsellorId>,
    pub agency_id: Option<AgencyId>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A token about to be created.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its id.
    pub token_id: TokenId,
    /// SHA-256 of its secret.
    pub hash: [u8; 32],
    /// What its bearer may be.
    pub role: Role,
    /// What it is for.
    pub label: String,
    /// Who bears it; exactly for the role counsellor.
    pub counsellor_id: Option<CounsellorId>,
    /// Whose responder bears it; exactly for the role agency responder.
    pub agency_id: Option<AgencyId>,
    /// How long it lasts, in seconds.
    pub lifetime_s: u32,
}

#[derive(FromRow)]
struct TokenRow {
    token_id: Uuid,
    role: String,
    label: String,
    counsellor_id: Option<Uuid>,
    agency_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

const fn wrong_role() -> StoreError {
    StoreError::Inconsistent { table: "tokens", column: "role" }
}

impl TryFrom<TokenRow> for Token {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        Ok(Self {
            token_id: row.token_id.into(),
            role: Role::from_key(&row.role).ok_or(wrong_role())?,
            label: row.label,
            counsellor_id: row.counsellor_id.map(CounsellorId::from),
            agency_id: row.agency_id.map(AgencyId::from),
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        })
    }
}

const CREATE: &str = change!(
    event: "token_created", resource: "token_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('token', token_id, 'role', role)",
    with: "changed AS (
        INSERT INTO helpline.tokens (centre_id, token_id, hash, role, label, counsellor_id, agency_id, expires_at)
        SELECT $1, $7, $8, $9, $10, $11, $12, helpline.now() + make_interval(secs => $13)
        WHERE ($11::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.counsellors c WHERE c.centre_id = $1 AND c.counsellor_id = $11 AND c.disabled_at IS NULL))
          AND ($12::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.agencies a WHERE a.centre_id = $1 AND a.agency_id = $12 AND a.disabled_at IS NULL))
        RETURNING *, 1::bigint AS revision)";
    returning: "token_id, role, label, counsellor_id, agency_id, created_at, expires_at, revoked_at",
);

const REVOKE: &str = change!(
    event: "token_revoked", resource: "token_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('token', token_id)",
    with: "changed AS (
        UPDATE helpline.tokens SET revoked_at = coalesce(revoked_at, helpline.now())
        WHERE centre_id = $1 AND token_id = $7
        RETURNING *, 1::bigint AS revision)";
    returning: "token_id, role, label, counsellor_id, agency_id, created_at, expires_at, revoked_at",
);

impl Store {
    /// The caller who shows a token with this hash; `None` if it is unknown, expired or revoked, or its bearer has left.
    pub async fn authenticate(&self, hash: &[u8; 32]) -> Result<Option<(Caller, DateTime<Utc>)>, StoreError> {
        let mut connection = self.unbound().await?;
        let row = sqlx::query_as::<_, (Uuid, Uuid, String, Option<Uuid>, Option<Uuid>, DateTime<Utc>)>(
            "SELECT token_id, centre_id, role, counsellor_id, agency_id, expires_at FROM helpline.authenticate($1)",
        )
        .bind(hash.to_vec())
        .fetch_optional(connection.postgres())
        .await;
        let Some((token_id, centre_id, role, counsellor_id, agency_id, expires_at)) =
            connection.settle(row)?
        else {
            return Ok(None);
        };
        let caller = Caller {
            token_id: token_id.into(),
            centre_id: centre_id.into(),
            role: Role::from_key(&role).ok_or(wrong_role())?,
            counsellor_id: counsellor_id.map(CounsellorId::from),
            agency_id: agency_id.map(AgencyId::from),
            only: None,
        };
        Ok(Some((caller, expires_at)))
    }

    /// Which of many hashes belong to good tokens, and to whom, in one question.
    pub async fn authenticate_all(&self, hashes: &[[u8; 32]]) -> Result<Vec<([u8; 32], Caller)>, StoreError> {
        let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
        let mut connection = self.unbound().await?;
        let rows = sqlx::query_as::<_, (Vec<u8>, Uuid, Uuid, String, Option<Uuid>, Option<Uuid>)>(
            "SELECT hash, token_id, centre_id, role, counsellor_id, agency_id FROM helpline.authenticate_all($1)",
        )
        .bind(hashes)
        .fetch_all(connection.postgres())
        .await;
        connection
            .settle(rows)?
            .into_iter()
            .map(|(hash, token_id, centre_id, role, counsellor_id, agency_id)| {
                let hash = hash
                    .try_into()
                    .map_err(|_| StoreError::Inconsistent { table: "tokens", column: "hash" })?;
                let caller = Caller {
                    token_id: token_id.into(),
                    centre_id: centre_id.into(),
                    role: Role::from_key(&role).ok_or(wrong_role())?,
                    counsellor_id: counsellor_id.map(CounsellorId::from),
                    agency_id: agency_id.map(AgencyId::from),
                    only: None,
                };
                Ok((hash, caller))
            })
            .collect()
    }

    /// Creates a token. Refused when its bearer is not a counsellor of the centre, or has left.
    pub async fn create_token(&self, command: &Command, new: &NewToken) -> Result<Change<Token>, StoreError> {
        let query = change_query::<TokenRow>(CREATE, command)
            .bind(new.token_id.as_uuid())
            .bind(new.hash.to_vec())
            .bind(new.role.key())
            .bind(new.label.clone())
            .bind(new.counsellor_id.map(|id| id.as_uuid()))
            .bind(new.agency_id.map(|id| id.as_uuid()))
            .bind(f64::from(new.lifetime_s));
        self.change(command, query).await?.try_map(Token::try_from)
    }

    /// Revokes a token; revoking twice changes nothing more.
    pub async fn revoke_token(&self, command: &Command, token: TokenId) -> Result<Change<Token>, StoreError> {
        let query = change_query::<TokenRow>(REVOKE, command).bind(token.as_uuid());
        self.change(command, query).await?.try_map(Token::try_from)
    }

    /// One token.
    pub async fn token(&self, centre: CentreId, token: TokenId) -> Result<Option<Token>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, TokenRow>(
            "SELECT token_id, role, label, counsellor_id, agency_id, created_at, expires_at, revoked_at FROM helpline.tokens
             WHERE centre_id = $1 AND token_id = $2",
        )
        .bind(centre.as_uuid())
        .bind(token.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Token::try_from).transpose()
    }

    /// A page of tokens by time of creation: those behind `after`.
    pub async fn tokens(
        &self,
        centre: CentreId,
        after: Option<TokenId>,
        size: u32,
    ) -> Result<Vec<Token>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, TokenRow>(
            "SELECT token_id, role, label, counsellor_id, agency_id, created_at, expires_at, revoked_at FROM helpline.tokens
             WHERE centre_id = $1 AND ($2::uuid IS NULL OR token_id > $2) ORDER BY token_id LIMIT $3",
        )
        .bind(centre.as_uuid())
        .bind(after.map(|id| id.as_uuid()))
        .bind(i64::from(size))
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(Token::try_from).collect()
    }
}

/// Creates a token as the owner of the schema: the first administrator's, on the command line.
///
/// # Errors
/// `Constraint` when the centre or the counsellor does not exist.
pub async fn create_token_as_owner(
    owner_url: &str,
    centre: CentreId,
    new: &NewToken,
) -> Result<(), StoreError> {
    let mut connection = sqlx::PgConnection::connect(owner_url).await?;
    sqlx::query(
        "WITH created AS (
             INSERT INTO helpline.tokens (centre_id, token_id, hash, role, label, counsellor_id, agency_id, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, helpline.now() + make_interval(secs => $8)))
         INSERT INTO helpline.journal (centre_id, at, event, counsellor_id, detail)
         VALUES ($1, helpline.now(), 'token_created', $6, jsonb_build_object('token', $2::uuid, 'role', $4, 'by', 'engineer'))",
    )
    .bind(centre.as_uuid())
    .bind(new.token_id.as_uuid())
    .bind(new.hash.to_vec())
    .bind(new.role.key())
    .bind(new.label.clone())
    .bind(new.counsellor_id.map(|id| id.as_uuid()))
    .bind(new.agency_id.map(|id| id.as_uuid()))
    .bind(f64::from(new.lifetime_s))
    .execute(&mut connection)
    .await?;
    connection.close().await?;
    Ok(())
}

/// Revokes a token as the owner of the schema; returns whether it was there and not yet revoked.
///
/// # Errors
/// `Unavailable` when the database cannot be reached.
pub async fn revoke_token_as_owner(owner_url: &str, token: TokenId) -> Result<bool, StoreError> {
    let mut connection = sqlx::PgConnection::connect(owner_url).await?;
    let done = sqlx::query(
        "WITH revoked AS (
             UPDATE helpline.tokens SET revoked_at = helpline.now() WHERE token_id = $1 AND revoked_at IS NULL
             RETURNING centre_id, token_id, counsellor_id)
         INSERT INTO helpline.journal (centre_id, at, event, counsellor_id, detail)
         SELECT centre_id, helpline.now(), 'token_revoked', counsellor_id, jsonb_build_object('token', token_id, 'by', 'engineer')
         FROM revoked",
    )
    .bind(token.as_uuid())
    .execute(&mut connection)
    .await?;
    connection.close().await?;
    Ok(done.rows_affected() > 0)
}
