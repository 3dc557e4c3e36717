//! What the databases counted, and how long a single-row commit takes under the load of the moment.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use helpline_devstack::StackHandle;
use helpline_simulator::house::DATABASE;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::level::{Cost, Latencies};
use crate::processor;

/// How often a commit is timed.
const PROBE: Duration = Duration::from_millis(10);
/// Postgres tells its statistics with a delay of up to a second.
const STATISTICS_DELAY: Duration = Duration::from_millis(1200);

/// The meters at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    statements: f64,
    redis_commands: f64,
    wal_bytes: f64,
    /// Of the server, PostgreSQL, Redis, ourselves.
    cpu_ms: [f64; 4],
}

impl Reading {
    /// Reads them, with the delay it takes them to be true.
    pub(crate) async fn take(stack: &StackHandle, server: Option<u32>) -> Result<Self> {
        tokio::time::sleep(STATISTICS_DELAY).await;
        let stack = stack.clone();
        tokio::task::spawn_blocking(move || Self::read(&stack, server))
            .await
            .context("reading the meters was cut short")?
    }

    fn read(stack: &StackHandle, server: Option<u32>) -> Result<Self> {
        let rows = stack.postgres.query(
            DATABASE,
            "SELECT xact_commit + xact_rollback, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')
             FROM pg_stat_database WHERE datname = current_database()",
        )?;
        let row = rows.first().context("statistics of Postgres")?;
        let number =
            |text: Option<&str>| text.and_then(|text| text.parse().ok()).context("statistics of Postgres");
        let script = "local sum = 0
            for line in string.gmatch(redis.call('INFO', 'commandstats'), '[^\\r\\n]+') do
                if string.find(line, 'cmdstat_evalsha') or string.find(line, 'cmdstat_eval:') then
                    sum = sum + tonumber(string.match(line, 'calls=(%d+)'))
                end
            end
            return tostring(sum)";
        let commands = stack.redis.command(&["EVAL", script, "0"])?;
        Ok(Self {
            statements: number(row.first().and_then(Option::as_deref))?,
            wal_bytes: number(row.get(1).and_then(Option::as_deref))?,
            redis_commands: commands.trim().parse().context("statistics of Redis")?,
            cpu_ms: [
                server.map_or(0.0, processor::of),
                stack.postgres_pid().map_or(0.0, processor::of_family),
                stack.redis_pid().map_or(0.0, processor::of),
                processor::of(std::process::id()),
            ],
        })
    }

    /// What `contacts` cost since an earlier reading, without the timed commits.
    pub(crate) fn cost_since(&self, before: &Self, contacts: u64, commits: u64) -> Cost {
        let whole = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let contacts = whole(contacts).max(1.0);
        Cost {
            statements: (self.statements - before.statements - whole(commits)) / contacts,
            redis_commands: (self.redis_commands - before.redis_commands) / contacts,
            wal_bytes: (self.wal_bytes - before.wal_bytes) / contacts,
            cpu_ms: std::array::from_fn(|place| (self.cpu_ms[place] - before.cpu_ms[place]) / contacts),
        }
    }
}

/// Times single-row durable commits until it is stopped.
#[derive(Debug)]
pub(crate) struct Probe {
    stop: CancellationToken,
    task: JoinHandle<Result<Latencies>>,
}

impl Probe {
    /// Creates the table it writes to.
    pub(crate) fn prepare(stack: &StackHandle) -> Result<()> {
        let create = "CREATE SCHEMA bench; CREATE TABLE bench.commits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
             at timestamptz NOT NULL, note text NOT NULL)";
        stack.postgres.query(DATABASE, create)?;
        Ok(())
    }

    /// Begins.
    pub(crate) fn start(stack: &StackHandle) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(probe(stack.postgres_url(DATABASE), stop.clone()));
        Self { stop, task }
    }

    /// Ends and says what was seen.
    pub(crate) async fn finish(self) -> Result<Latencies> {
        self.stop.cancel();
        self.task.await.context("timing commits was cut short")?
    }
}

async fn probe(url: String, stop: CancellationToken) -> Result<Latencies> {
    let mut connection = PgConnection::connect(&url).await?;
    let mut latencies = Latencies::new()?;
    let mut tick = tokio::time::interval(PROBE);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = tick.tick() => {}
        }
        let begun = Instant::now();
        sqlx::query("INSERT INTO bench.commits (at, note) VALUES (now(), $1)")
            .bind("one row, one commit")
            .execute(&mut connection)
            .await?;
        latencies.add(begun.elapsed());
    }
    connection.close().await?;
    Ok(latencies)
}
