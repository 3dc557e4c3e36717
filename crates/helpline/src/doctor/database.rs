//! The database, as the server's role sees it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use helpline_service_kit::clock::{Clock as _, SystemClock};
use helpline_service_kit::config::Config;
use helpline_store::migrate::{Facts, known_version};
use helpline_store::{PoolOptions, Store, StoreError};
use helpline_vault::{SystemRandom, Vault};

use super::Finding;

/// The oldest Postgres that Helpline is tested with.
const OLDEST: i32 = 150_000;
/// How far machine and database may be apart, in milliseconds.
const APART_MS: i64 = 2000;

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    if config.database.url.is_empty() {
        return Vec::new();
    }
    let store = match store(config) {
        Ok(Some(store)) => store,
        Ok(None) => return vec![Finding::warn("the database was not looked at", "correct the keys first")],
        Err(error) => {
            return vec![Finding::fail(
                format!("database.url: {error}"),
                "write postgres://role@host/database",
            )];
        }
    };
    let before = SystemClock.now_utc();
    match store.facts().await {
        Ok(facts) => judge(&facts, before, SystemClock.now_utc()),
        Err(error) => vec![Finding::fail(format!("the database cannot be used: {error}"), advice(&error))],
    }
}

/// A store of one connection; `None` without keys, which it cannot be made without.
pub(super) fn store(config: &Config) -> Result<Option<Store>, StoreError> {
    let Ok(ring) = config.keys.ring() else { return Ok(None) };
    let options =
        PoolOptions { url: config.database.url.expose().to_owned(), size: 1, wait: config.database.wait() };
    Store::new(&options, Vault::new(ring, Arc::new(SystemRandom))).map(Some)
}

/// By SQLSTATE, where that tells.
fn advice(error: &StoreError) -> &'static str {
    match error {
        StoreError::Other { code, .. } => match code.as_str() {
            "28P01" | "28000" => "check role and password in database.url, and pg_hba.conf",
            "3D000" => "create the database, then run `helpline migrate`",
            "42501" => "run `helpline migrate`, and connect as helpline_server",
            _ => "look into the log of Postgres",
        },
        _ => "is Postgres running, and is the host in database.url right?",
    }
}

fn judge(facts: &Facts, before: DateTime<Utc>, after: DateTime<Utc>) -> Vec<Finding> {
    vec![
        version(facts.server_version),
        schema(facts.schema_version),
        if facts.passes_isolation {
            Finding::fail(
                "database.url connects as a role that sees every centre",
                "use the role helpline_server, which `helpline migrate` created",
            )
        } else {
            Finding::ok("the database keeps centres apart")
        },
        if facts.durable {
            Finding::ok("what is committed is on disk")
        } else {
            Finding::fail(
                "commits do not wait for the disk: a power cut loses contacts",
                "set fsync, full_page_writes and synchronous_commit to on",
            )
        },
        if facts.synchronous_standbys > 0 {
            Finding::ok("a second database confirms every commit")
        } else {
            Finding::warn(
                "no second database confirms commits: losing this one loses what is newer than its backup",
                "add a standby and name it in synchronous_standby_names",
            )
        },
        clocks(facts.now, before, after),
        if facts.clock_moved_s == 0.0 {
            Finding::ok("the database's clock was not moved by tests")
        } else {
            Finding::fail(
                format!("tests moved the database's clock by {} s", facts.clock_moved_s),
                "this is a test's database; for real use: UPDATE helpline.clock SET moved = '0'",
            )
        },
    ]
}

fn version(number: i32) -> Finding {
    let what = format!("Postgres {}.{}", number / 10_000, number % 10_000);
    if number < OLDEST { Finding::fail(what, "use Postgres 15 or newer") } else { Finding::ok(what) }
}

fn schema(found: Option<i64>) -> Finding {
    let known = known_version();
    match found {
        Some(found) if found == known => Finding::ok(format!("the schema is at version {known}")),
        Some(found) if found > known => Finding::fail(
            format!("the schema is at version {found}, newer than this program"),
            "install the newer one",
        ),
        Some(found) => Finding::fail(
            format!("the schema is at version {found}, this program needs {known}"),
            "run `helpline migrate`",
        ),
        None => Finding::fail("the database is empty", "run `helpline migrate`"),
    }
}

/// The database answered between `before` and `after` of the machine.
fn clocks(database: DateTime<Utc>, before: DateTime<Utc>, after: DateTime<Utc>) -> Finding {
    let early = (before - database).num_milliseconds();
    let late = (database - after).num_milliseconds();
    let apart = early.max(late).max(0);
    if apart < APART_MS {
        Finding::ok("machine and database agree on the time")
    } else {
        Finding::fail(
            format!("machine and database are {} s apart", apart / 1000),
            "let both keep time by NTP",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn clocks_agree_when_the_answer_came_while_it_was_waited_for() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        assert_eq!(clocks(at(5), at(1), at(9)).level, Level::Ok);
        assert_eq!(clocks(at(10), at(1), at(9)).level, Level::Ok);
        assert_eq!(clocks(at(11), at(1), at(9)).level, Level::Fail);
        assert_eq!(clocks(at(-2), at(1), at(9)).level, Level::Fail);
    }

    #[test]
    fn an_old_or_empty_schema_asks_for_the_migration() {
        assert_eq!(schema(Some(known_version())).level, Level::Ok);
        assert!(schema(None).advice.contains("helpline migrate"));
        assert!(schema(Some(0)).advice.contains("helpline migrate"));
        assert!(schema(Some(known_version() + 1)).advice.contains("newer"));
    }
}
