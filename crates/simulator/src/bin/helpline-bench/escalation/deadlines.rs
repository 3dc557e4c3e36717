//! The deadlines of the open escalations: how they are set, and what became of them, both by the database's clock.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use helpline_devstack::StackHandle;
use helpline_simulator::house::DATABASE;
use sqlx::{Connection as _, PgConnection};

/// Seconds of the plan from a step to the next.
const WAIT: &str = "CASE risk WHEN 5 THEN 30 WHEN 4 THEN 60 ELSE 300 END";
/// The least that taking a step could be: finding what is due, and moving its deadline.
const CLAIM: &str = "
    WITH due AS MATERIALIZED (
        SELECT centre_id, escalation_id FROM helpline.escalations WHERE look_at <= (SELECT helpline.now())
        ORDER BY look_at LIMIT $1 FOR UPDATE SKIP LOCKED),
    claimed AS (
        UPDATE helpline.escalations e SET rung = e.rung + 1, revision = e.revision + 1,
            due_at = helpline.now() + make_interval(secs => CASE e.risk WHEN 5 THEN 30 WHEN 4 THEN 60 ELSE 300 END)
        FROM due WHERE e.centre_id = due.centre_id AND e.escalation_id = due.escalation_id
        RETURNING e.escalation_id)
    SELECT count(*) FROM claimed";
/// After an outage this long everything is overdue, in seconds.
const OUTAGE_S: u32 = 600;
/// How long the steps of a storm may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// The escalations whose deadlines are measured: those that were open when this was made.
#[derive(Clone)]
pub(crate) struct Deadlines {
    stack: StackHandle,
}

/// How late steps were taken, from the deadline to the commit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lateness {
    /// How many steps were due.
    pub(crate) steps: f64,
    /// Per second.
    pub(crate) per_second: f64,
    /// In milliseconds: the median, the 95th and 99th percentile, the longest.
    pub(crate) ms: [f64; 4],
    /// Due and not taken three seconds afterwards.
    pub(crate) missed: f64,
}

/// How everything that was overdue was worked off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Storm {
    /// How many steps.
    pub(crate) steps: f64,
    /// From the moment at which it could begin until the last was committed, in seconds.
    pub(crate) seconds: f64,
    /// The same for R5, R4 and R3.
    pub(crate) by_risk: [f64; 3],
}

impl Storm {
    /// Steps per second.
    pub(crate) fn per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.steps / self.seconds } else { 0.0 }
    }
}

impl Deadlines {
    /// Of everything that is open now.
    pub(crate) fn of_open(stack: &StackHandle) -> Result<Self> {
        let deadlines = Self { stack: stack.clone() };
        deadlines.query(
            "CREATE TABLE bench.ladders AS
             SELECT escalation_id, risk, row_number() OVER (ORDER BY escalation_id)::int AS n, due_at, event_count
             FROM helpline.escalations",
        )?;
        deadlines.query("ALTER TABLE bench.ladders ADD PRIMARY KEY (escalation_id)")?;
        deadlines.query("VACUUM ANALYZE")?;
        Ok(deadlines)
    }

    fn query(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        Ok(self.stack.postgres.query(DATABASE, sql)?)
    }

    /// The numbers of the one row that a query gives.
    fn numbers<const N: usize>(&self, sql: &str) -> Result<[f64; N]> {
        let rows = self.query(sql)?;
        let row = rows.first().context("one row")?;
        let mut numbers = [0.0; N];
        for (place, number) in numbers.iter_mut().enumerate() {
            // Of nothing there are no percentiles.
            let text = row.get(place).with_context(|| format!("column {place}"))?;
            *number = text.as_deref().map_or(Ok(0.0), str::parse)?;
        }
        Ok(numbers)
    }

    /// Sets state, steps taken and deadlines of all, and notes them. Locked in the order in which the server does.
    fn set(&self, state: &str, rung: &str, due: &str, reach: &str) -> Result<()> {
        self.query(&format!(
            "WITH locked AS MATERIALIZED (
                SELECT e.escalation_id FROM helpline.escalations e JOIN bench.ladders USING (escalation_id)
                ORDER BY e.escalation_id FOR UPDATE OF e),
             now AS MATERIALIZED (SELECT helpline.now() AS at FROM (SELECT count(*) FROM locked) all_of_them),
             changed AS (
                UPDATE helpline.escalations e SET state = {state}, rung = {rung}, due_at = at + make_interval(secs => {due}),
                    reach_due_at = at + make_interval(secs => {reach}), revision = e.revision + 1
                FROM bench.ladders l CROSS JOIN now WHERE l.escalation_id = e.escalation_id
                RETURNING e.escalation_id, e.due_at, e.event_count)
             UPDATE bench.ladders l SET due_at = changed.due_at, event_count = changed.event_count
             FROM changed WHERE changed.escalation_id = l.escalation_id"
        ))?;
        Ok(())
    }

    /// Nothing is due for a day.
    pub(crate) fn hold(&self) -> Result<()> {
        self.set("'notifying'", "1", "86400", "86400")
    }

    /// As it is in the middle of things: everything is somewhere between two steps, every seventh was seen and not taken on,
    /// and of each the time runs in which the child must be reached.
    pub(crate) fn spread(&self) -> Result<()> {
        self.set(
            "CASE WHEN n % 7 = 0 THEN 'acknowledged' ELSE 'notifying' END",
            "1 + n % 7",
            &format!("random() * CASE WHEN n % 7 = 0 THEN 120 ELSE ({}) END", WAIT.replace("risk", "e.risk")),
            "random() * 1800",
        )
    }

    /// Everything is overdue, as after an outage.
    pub(crate) fn overdue(&self) -> Result<()> {
        self.set("'notifying'", "1", &format!("-random() * {OUTAGE_S}"), "86400")
    }

    /// Until nothing is overdue any more.
    fn wait(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let [left] = self.numbers(
                "SELECT count(*) FROM bench.ladders l JOIN helpline.escalations e USING (escalation_id)
                 WHERE e.due_at = l.due_at AND e.due_at <= helpline.now()",
            )?;
            if left < 1.0 {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "{left} steps were not taken within {} s",
                PATIENCE.as_secs()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Makes everything overdue and waits until all steps are taken.
    pub(crate) fn storm(&self) -> Result<Storm> {
        self.overdue()?;
        self.wait()?;
        let [steps, seconds, gravest, grave, rest] = self.numbers(
            "WITH taken AS (
                SELECT l.risk, extract(epoch FROM min(pg_xact_commit_timestamp(v.xmin) - pg_xact_commit_timestamp(l.xmin))) AS after
                FROM bench.ladders l JOIN helpline.escalation_events v ON v.escalation_id = l.escalation_id
                WHERE v.sequence > l.event_count AND v.event IN ('step_taken', 'nobody_to_tell', 'fallback_rung')
                GROUP BY l.escalation_id)
             SELECT count(*), max(after), max(after) FILTER (WHERE risk = 5), max(after) FILTER (WHERE risk = 4),
                max(after) FILTER (WHERE risk < 4)
             FROM taken",
        )?;
        Ok(Storm { steps, seconds, by_risk: [gravest, grave, rest] })
    }

    /// Spreads the deadlines, lets them run and says how late what was due in this time was.
    pub(crate) fn run(&self, length: Duration) -> Result<Lateness> {
        self.spread()?;
        std::thread::sleep(Duration::from_secs(2));
        let [from] = self.numbers("SELECT extract(epoch FROM helpline.now())")?;
        std::thread::sleep(length + Duration::from_secs(3));
        let seconds = length.as_secs_f64();
        let window = format!("to_timestamp({from}) AND to_timestamp({from} + {seconds})");
        let [steps, p50, p95, p99, longest] = self.numbers(&format!(
            "WITH taken AS (
                SELECT pg_xact_commit_timestamp(v.xmin) AS at, coalesce(
                    lag(v.at) OVER ladder + make_interval(secs => CASE lag(v.event) OVER ladder
                        WHEN 'step_taken' THEN {WAIT} WHEN 'fallback_rung' THEN 300 ELSE 0 END), l.due_at) AS due
                FROM bench.ladders l JOIN helpline.escalation_events v ON v.escalation_id = l.escalation_id
                WHERE v.sequence > l.event_count AND v.event IN ('step_taken', 'nobody_to_tell', 'fallback_rung')
                WINDOW ladder AS (PARTITION BY v.escalation_id ORDER BY v.sequence)),
             late AS (SELECT 1000 * extract(epoch FROM at - due) AS ms FROM taken WHERE due BETWEEN {window})
             SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY ms), percentile_disc(0.95) WITHIN GROUP (ORDER BY ms),
                percentile_disc(0.99) WITHIN GROUP (ORDER BY ms), max(ms)
             FROM late"
        ))?;
        let [missed] = self.numbers(&format!(
            "SELECT count(*) FROM bench.ladders l JOIN helpline.escalations e USING (escalation_id) WHERE e.due_at BETWEEN {window}"
        ))?;
        Ok(Lateness { steps, per_second: steps / seconds, ms: [p50, p95, p99, longest], missed })
    }

    /// Makes everything overdue and claims it with nothing but SQL: how many rows per second. No server may run.
    pub(crate) async fn floor(&self, batch: i32) -> Result<f64> {
        self.overdue()?;
        let mut connection = PgConnection::connect(&self.stack.postgres_url(DATABASE)).await?;
        let (begun, mut claimed) = (Instant::now(), 0);
        loop {
            let some: i64 = sqlx::query_scalar(CLAIM).bind(batch).fetch_one(&mut connection).await?;
            claimed += some;
            if some == 0 {
                break;
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        connection.close().await?;
        Ok(f64::from(u32::try_from(claimed).unwrap_or(u32::MAX)) / seconds)
    }
}
