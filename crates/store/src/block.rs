//! Senders who are blocked for a time.

use chrono::{DateTime, Utc};
use helpline_domain::blocking::BlockReason;
use helpline_domain::id::{BlockId, CentreId};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::sealing::BLOCKED_SENDER;
use crate::{Store, StoreError};

/// A block.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Block {
    pub block_id: BlockId,
    pub sender: Sensitive<String>,
    pub reason: BlockReason,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub lifted_at: Option<DateTime<Utc>>,
    pub blocked_contacts: i64,
}

/// The columns of [`BlockRow`], from a table or CTE of this name.
macro_rules! block_columns {
    ($of:literal) => {
        concat!(
            "block_id, sender_sealed, reason, created_at, expires_at, lifted_at, (SELECT count(*) FROM helpline.contacts c
             WHERE c.centre_id = $1 AND c.block_id = ", $of, ".block_id AND c.state = 'blocked') AS blocked_contacts"
        )
    };
}

#[derive(FromRow)]
struct BlockRow {
    block_id: Uuid,
    sender_sealed: Vec<u8>,
    reason: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    lifted_at: Option<DateTime<Utc>>,
    blocked_contacts: i64,
}

/// The block that keeps a contact of risk `$10` from sender `$21` on channel `$8` out of the line, as a CTE `block`. None
/// does when danger is known, here or from the same sender since they were blocked; when they were promised a call; and
/// when they write in a conversation that is open.
macro_rules! block_in_force {
    () => {
        "block AS MATERIALIZED (
            SELECT b.block_id AS id FROM helpline.blocks b
            WHERE b.centre_id = $1 AND b.sender_index = $21 AND b.lifted_at IS NULL AND b.expires_at > (SELECT helpline.now())
              AND $10 < 3
              AND NOT EXISTS (
                SELECT FROM helpline.contacts d WHERE d.centre_id = $1 AND d.sender_index = $21 AND d.risk >= 3
                  AND (d.ended_at IS NULL OR d.ended_at > b.created_at))
              AND NOT EXISTS (
                SELECT FROM helpline.callbacks cb
                WHERE cb.centre_id = $1 AND cb.number_index = $21 AND cb.state IN ('promised', 'due'))
              AND NOT EXISTS (
                SELECT FROM helpline.contacts o WHERE o.centre_id = $1 AND o.channel = $8 AND o.sender_index = $21
                  AND o.state IN ('received', 'waiting', 'offered', 'in_progress')
                  AND o.channel IN ('web_chat', 'sms', 'whatsapp', 'telegram', 'email')))"
    };
}
pub(crate) use block_in_force;

/// A sender who is blocked already stays so for the longer of both times. Nothing is locked against a risk that rises in the
/// same instant: a block touches no contact that is there, and from that instant on it keeps nothing out ([`block_in_force`]).
const BLOCK: &str = change!(
    event: "sender_blocked", resource: "block_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('block_id', block_id, 'reason', reason, 'expires_at', expires_at)",
    with: "changed AS (
        INSERT INTO helpline.blocks AS b (centre_id, block_id, sender_index, sender_sealed, reason, created_at, created_by, expires_at)
        SELECT $1, $7, $8, $9, $10, helpline.now(), $2, helpline.now() + make_interval(secs => $11)
        WHERE NOT EXISTS (
                SELECT FROM helpline.contacts c
                WHERE c.centre_id = $1 AND c.sender_index = $8 AND c.risk >= 3 AND c.ended_at IS NULL)
          AND NOT EXISTS (
                SELECT FROM helpline.callbacks cb
                WHERE cb.centre_id = $1 AND cb.number_index = $8 AND cb.state IN ('promised', 'due') AND cb.risk >= 3)
        ON CONFLICT (centre_id, sender_index) WHERE lifted_at IS NULL DO UPDATE SET reason = excluded.reason,
            created_at = greatest(b.created_at, excluded.created_at), created_by = excluded.created_by,
            expires_at = greatest(b.expires_at, excluded.expires_at), revision = b.revision + 1
        RETURNING *)";
    returning: block_columns!("changed"),
);

const LIFT: &str = change!(
    event: "block_lifted", resource: "block_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('block_id', block_id)",
    with: "changed AS (
        UPDATE helpline.blocks SET lifted_at = helpline.now(), revision = revision + 1
        WHERE centre_id = $1 AND block_id = $7 AND lifted_at IS NULL
        RETURNING *)";
    returning: block_columns!("changed"),
);

impl Store {
    /// Blocks a sender for a time; refused while an open contact of theirs, or a promise to them, is at high risk.
    pub async fn block_sender(
        &self,
        command: &Command,
        block: BlockId,
        sender: &Sensitive<String>,
        reason: BlockReason,
        lifetime_s: u32,
    ) -> Result<Change<Block>, StoreError> {
        let centre = command.centre();
        let query = change_query::<BlockRow>(BLOCK, command)
            .bind(block.as_uuid())
            .bind(self.index_some(centre, "sender", Some(sender)))
            .bind(self.seal(BLOCKED_SENDER, centre, block.as_uuid(), sender.expose()))
            .bind(reason.key())
            .bind(f64::from(lifetime_s));
        self.change(command, query).await?.try_map(|row| self.block_from(centre, &row))
    }

    /// Lifts a block; refused when it is lifted already or not there.
    pub async fn lift_block(&self, command: &Command, block: BlockId) -> Result<Change<Block>, StoreError> {
        let query = change_query::<BlockRow>(LIFT, command).bind(block.as_uuid());
        self.change(command, query).await?.try_map(|row| self.block_from(command.centre(), &row))
    }

    /// One block.
    pub async fn block(&self, centre: CentreId, block: BlockId) -> Result<Option<Block>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, BlockRow>(concat!(
            "SELECT ",
            block_columns!("b"),
            " FROM helpline.blocks b WHERE centre_id = $1 AND block_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(block.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(|row| self.block_from(centre, &row)).transpose()
    }

    /// A page of blocks, newest first: ids sort by time. With `in_force`, only those that have not ended.
    pub async fn blocks(
        &self,
        centre: CentreId,
        before: Option<BlockId>,
        in_force: bool,
        most: u32,
    ) -> Result<Vec<Block>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, BlockRow>(concat!(
            "SELECT ",
            block_columns!("b"),
            " FROM helpline.blocks b WHERE centre_id = $1 AND ($2::uuid IS NULL OR block_id < $2)
              AND (NOT $3 OR (lifted_at IS NULL AND expires_at > (SELECT helpline.now())))
             ORDER BY block_id DESC LIMIT $4"
        ))
        .bind(centre.as_uuid())
        .bind(before.map(|before| before.as_uuid()))
        .bind(in_force)
        .bind(i64::from(most))
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(|row| self.block_from(centre, &row)).collect()
    }

    fn block_from(&self, centre: CentreId, row: &BlockRow) -> Result<Block, StoreError> {
        Ok(Block {
            block_id: row.block_id.into(),
            sender: self.open(BLOCKED_SENDER, centre, row.block_id, &row.sender_sealed)?,
            reason: BlockReason::from_key(&row.reason)
                .ok_or(StoreError::Inconsistent { table: "blocks", column: "reason" })?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            lifted_at: row.lifted_at,
            blocked_contacts: row.blocked_contacts,
        })
    }
}
