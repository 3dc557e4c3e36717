//! Two changes are in flight at once, held at the same row, and it is known which comes first.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::stage::{Stage, until};

/// A row that somebody else keeps locked, so that others meet there.
pub(crate) struct Gate<'a> {
    stage: &'a Stage,
    other: PgConnection,
}

impl<'a> Gate<'a> {
    /// At the rows of a table in which a column is this id.
    pub(crate) async fn at(stage: &'a Stage, (table, column): (&str, &str), id: &str) -> Gate<'a> {
        let mut other = PgConnection::connect(&stage.world.database.url()).await.unwrap();
        let lock = format!("BEGIN; SELECT FROM helpline.{table} WHERE {column} = '{id}' FOR UPDATE");
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut other).await.unwrap();
        Self { stage, other }
    }

    /// Waits until so many stand before a lock.
    pub(crate) async fn until_waiting(&self, count: usize) {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        until("they have met", async || {
            (self.stage.value(waiting).parse::<usize>().unwrap() >= count).then_some(())
        })
        .await;
    }

    /// Lets everybody through.
    pub(crate) async fn open(mut self) {
        sqlx::raw_sql("ROLLBACK").execute(&mut self.other).await.unwrap();
    }
}

/// Runs both, the second when the first stands before the gate, and opens it when both do.
pub(crate) async fn meet<A, B>(
    gate: Gate<'_>,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let second = async {
        gate.until_waiting(1).await;
        let both = async {
            gate.until_waiting(2).await;
            gate.open().await;
        };
        tokio::join!(second, both).0
    };
    tokio::join!(first, second)
}
