//! The form of every change: compare, change, journal, remember the request. One statement, one commit.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, RequestId};
use sqlx::FromRow;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use uuid::Uuid;

use crate::{Store, StoreError};

/// Builds the SQL of a change. The first CTEs compare and change and end in one named `changed`, one row per change, with
/// a column `revision`; the journal entry and the request row hang on it, so a change that finds nothing to change
/// writes nothing. `about` says which contact, counsellor and offer it is about, as expressions over `changed`.
/// Parameters 1 to 6 are those of [`Command`], bound by [`change_query`]; a change counts its own from 7.
macro_rules! change {
    (event: $event:literal, resource: $resource:literal, about: $about:tt, detail: $detail:literal,
     with: $($core:expr),+ ; returning: $($returning:expr),+ $(,)?) => {
        $crate::change::change!(event: $event, resource: $resource, about: $about, detail: $detail,
            with: $($core),+ ; returning: $($returning),+ ; from: "changed")
    };
    (event: $event:literal, resource: $resource:literal, about: ($contact:literal, $counsellor:literal, $offer:literal),
     detail: $detail:literal, with: $($core:expr),+ ; returning: $($returning:expr),+ ; from: $from:literal) => {
        concat!(
            "WITH ", $($core),+,
            ", journalled AS (INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, counsellor_id, offer_id, revision, detail)",
            " SELECT $1, helpline.now(), '", $event, "', $2, $3, ", $contact, ", ", $counsellor, ", ", $offer, ", revision, ", $detail, " FROM changed)",
            ", remembered AS (INSERT INTO helpline.requests (centre_id, caller_id, method, request_id, command_hash, resource_id, revision, at)",
            " SELECT $1, $2, $4, $5, $6, ", $resource, ", revision, helpline.now() FROM changed)",
            " SELECT ", $($returning),+, " FROM ", $from
        )
    };
}
pub(crate) use change;

/// A command: who asks for which change, and how a repeat is told from something new.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Who asks.
    pub caller: Caller,
    /// The method, for example `AcceptOffer`.
    pub method: &'static str,
    /// The caller's id of the command.
    pub request_id: RequestId,
    /// Keyed hash of what is asked.
    pub hash: [u8; 32],
}

impl Command {
    /// The centre it happens in.
    pub const fn centre(&self) -> CentreId {
        self.caller.centre_id
    }
}

/// What became of a change.
#[derive(Debug)]
pub enum Change<T> {
    /// It happened now.
    Done(T),
    /// It happened before under the same request id: this is what it made or changed.
    Replayed {
        /// Id of the resource.
        resource_id: Uuid,
    },
    /// The request id was used for another command.
    Reused,
    /// What it compares does not hold. Nothing happened.
    Refused,
}

impl<T> Change<T> {
    /// The same with what happened now turned into something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Done(value) => Change::Done(f(value)),
            Self::Replayed { resource_id } => Change::Replayed { resource_id },
            Self::Reused => Change::Reused,
            Self::Refused => Change::Refused,
        }
    }

    /// The same with what happened now turned into something else, if that can be done.
    pub(crate) fn try_map<U>(
        self,
        f: impl FnOnce(T) -> Result<U, StoreError>,
    ) -> Result<Change<U>, StoreError> {
        Ok(match self {
            Self::Done(value) => Change::Done(f(value)?),
            Self::Replayed { resource_id } => Change::Replayed { resource_id },
            Self::Reused => Change::Reused,
            Self::Refused => Change::Refused,
        })
    }
}

/// A query that binds a change's own parameters after the six of the command.
pub(crate) type ChangeQuery<R> = QueryAs<'static, sqlx::Postgres, R, PgArguments>;

/// Begins the query of a change with the six parameters of its command.
pub(crate) fn change_query<R>(sql: &'static str, command: &Command) -> ChangeQuery<R>
where
    R: for<'r> FromRow<'r, PgRow>,
{
    sqlx::query_as(sql)
        .bind(command.centre().as_uuid())
        .bind(command.caller.principal())
        .bind(command.caller.role.key())
        .bind(command.method)
        .bind(command.request_id.as_uuid())
        .bind(command.hash.to_vec())
}

impl Store {
    /// Runs a change. When it changed nothing, or its request id is taken, tells which.
    pub(crate) async fn change<R>(
        &self,
        command: &Command,
        query: ChangeQuery<R>,
    ) -> Result<Change<R>, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut connection = self.bound(command.centre()).await?;
        let result = query.fetch_optional(connection.postgres()).await;
        let result = connection.settle(result);
        drop(connection);
        match result {
            Ok(Some(row)) => Ok(Change::Done(row)),
            Ok(None) => self.recall(command).await,
            Err(error) if error.constraint() == Some("requests_unique") => self.recall(command).await,
            Err(error) => Err(error),
        }
    }

    /// What is remembered of a command that cannot be carried out as things stand: a repeat, a reuse, or nothing.
    pub async fn recall_change<T>(&self, command: &Command) -> Result<Change<T>, StoreError> {
        self.recall(command).await
    }

    /// What is remembered of the command's request id.
    pub(crate) async fn recall<R>(&self, command: &Command) -> Result<Change<R>, StoreError> {
        let mut connection = self.bound(command.centre()).await?;
        let found = sqlx::query_as::<_, (Vec<u8>, Uuid)>(
            "SELECT command_hash, resource_id FROM helpline.requests
             WHERE centre_id = $1 AND caller_id = $2 AND method = $3 AND request_id = $4",
        )
        .bind(command.centre().as_uuid())
        .bind(command.caller.principal())
        .bind(command.method)
        .bind(command.request_id.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        Ok(match connection.settle(found)? {
            Some((hash, resource_id)) if hash == command.hash => Change::Replayed { resource_id },
            Some(_) => Change::Reused,
            None => Change::Refused,
        })
    }

    /// Remembers a command that found what it asked for already there, so that a late repeat gets the same.
    pub(crate) async fn remember(
        &self,
        command: &Command,
        resource_id: Uuid,
        revision: i64,
    ) -> Result<(), StoreError> {
        let mut connection = self.bound(command.centre()).await?;
        let done = sqlx::query(
            "INSERT INTO helpline.requests (centre_id, caller_id, method, request_id, command_hash, resource_id, revision, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, helpline.now()) ON CONFLICT DO NOTHING",
        )
        .bind(command.centre().as_uuid())
        .bind(command.caller.principal())
        .bind(command.method)
        .bind(command.request_id.as_uuid())
        .bind(command.hash.to_vec())
        .bind(resource_id)
        .bind(revision)
        .execute(connection.postgres())
        .await;
        connection.settle(done).map(drop)
    }

    /// Forgets requests older than 24 hours, at most `most` of them; returns how many.
    ///
    /// Rows are deleted rather than dropped as partitions: a partition per day would let the same request id in twice
    /// around midnight.
    pub async fn forget_requests(&self, centre: CentreId, most: i64) -> Result<u64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(
            "DELETE FROM helpline.requests WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM helpline.requests
                 WHERE centre_id = $1 AND at < helpline.now() - interval '24 hours' LIMIT $2))",
        )
        .bind(centre.as_uuid())
        .bind(most)
        .execute(connection.postgres())
        .await;
        Ok(connection.settle(done)?.rows_affected())
    }
}
