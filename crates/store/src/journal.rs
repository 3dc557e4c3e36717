//! Reading the journal: what happened since, for the wake-ups of every replica.

use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Store, StoreError};

/// Something happened; ids only.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column")]
pub struct Event {
    pub centre_id: CentreId,
    pub entry_id: i64,
    pub event: String,
    pub contact_id: Option<ContactId>,
    pub counsellor_id: Option<CounsellorId>,
    pub offer_id: Option<OfferId>,
}

#[derive(FromRow)]
struct EventRow {
    centre_id: Uuid,
    xid: String,
    entry_id: i64,
    event: String,
    contact_id: Option<Uuid>,
    counsellor_id: Option<Uuid>,
    offer_id: Option<Uuid>,
}

/// Where a tail stands: below this transaction everything was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TailPosition(pub u64);

/// Entries since a position. Entries of transactions that were still running may come again: a reader drops those it
/// has seen by `entry_id`.
#[derive(Clone, Debug)]
pub struct Tail {
    /// What happened.
    pub events: Vec<Event>,
    /// From where to read next.
    pub next: TailPosition,
}

impl Store {
    /// The oldest transaction still running: where a reader that needs no history begins.
    pub async fn tail_start(&self) -> Result<TailPosition, StoreError> {
        let mut connection = self.unbound().await?;
        let xmin = sqlx::query_scalar::<_, String>("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
            .fetch_one(connection.postgres())
            .await;
        position(&connection.settle(xmin)?)
    }

    /// Up to `most` entries per centre that were written at or after a position, over all centres.
    pub async fn tail(&self, from: TailPosition, most: i32) -> Result<Tail, StoreError> {
        // The position to resume from is taken before the entries are read, so that nothing can commit between.
        let start = self.tail_start().await?;
        let mut connection = self.unbound().await?;
        let rows = sqlx::query_as::<_, EventRow>(
            "SELECT centre_id, xid::text, entry_id, event, contact_id, counsellor_id, offer_id FROM helpline.tail($1::text::xid8, $2)",
        )
        .bind(from.0.to_string())
        .bind(most)
        .fetch_all(connection.postgres())
        .await;
        let rows = connection.settle(rows)?;
        // Where a long transaction holds the start back and entries pile up behind it, the reader goes on from the last
        // it got: what that transaction writes is then found by the waiters' own looks, not by the tail.
        let mut counts = std::collections::HashMap::<Uuid, (i32, u64)>::new();
        for row in &rows {
            let entry = counts.entry(row.centre_id).or_default();
            *entry = (entry.0 + 1, position(&row.xid)?.0);
        }
        let cut = counts
            .into_values()
            .filter(|(count, _)| *count >= most)
            .map(|(_, last)| TailPosition(last))
            .min();
        let next = cut.unwrap_or(start);
        let events = rows
            .into_iter()
            .map(|row| Event {
                centre_id: row.centre_id.into(),
                entry_id: row.entry_id,
                event: row.event,
                contact_id: row.contact_id.map(ContactId::from),
                counsellor_id: row.counsellor_id.map(CounsellorId::from),
                offer_id: row.offer_id.map(OfferId::from),
            })
            .collect();
        Ok(Tail { events, next: next.max(from) })
    }
}

fn position(xid: &str) -> Result<TailPosition, StoreError> {
    xid.parse().map(TailPosition).map_err(|_| StoreError::Inconsistent { table: "journal", column: "xid" })
}
