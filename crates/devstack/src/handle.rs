//! Where a running stack is found. A handle owns nothing and can be handed to other processes as JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::files;
use crate::wire::{self, PostgresConnection};

const SUPERUSER: &str = "postgres";

/// A running Postgres.
#[derive(Clone, Serialize, Deserialize)]
pub struct PostgresHandle {
    port: u16,
    password: String,
    directory: PathBuf,
    program_dir: PathBuf,
}

/// A running Redis.
#[derive(Clone, Serialize, Deserialize)]
pub struct RedisHandle {
    port: u16,
    password: String,
    directory: PathBuf,
}

/// A running stack: Postgres and Redis.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StackHandle {
    /// The private Postgres.
    pub postgres: PostgresHandle,
    /// The private Redis.
    pub redis: RedisHandle,
    /// Where `postgres.log` and `redis.log` are.
    pub log_dir: PathBuf,
}

impl StackHandle {
    /// The handle as one line of JSON, for `HELPLINE_TEST_STACK`. It contains the passwords.
    ///
    /// # Errors
    /// When a path is not UTF-8.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::Handle(error.to_string()))
    }

    /// Reads a handle written by [`StackHandle::to_json`].
    ///
    /// # Errors
    /// When the text is something else.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::Handle(error.to_string()))
    }

    /// A URL for the superuser, through TCP with password.
    pub fn postgres_url(&self, database: &str) -> String {
        self.postgres.url(database)
    }

    /// The URL of Redis, through TCP with password.
    pub fn redis_url(&self) -> String {
        self.redis.url()
    }

    /// Process id of the Postgres server, while it runs.
    pub fn postgres_pid(&self) -> Option<u32> {
        first_number(&self.postgres.data_dir().join("postmaster.pid"))
    }

    /// Process id of the Redis server, while it runs.
    pub fn redis_pid(&self) -> Option<u32> {
        first_number(&self.redis.directory.join("redis.pid"))
    }
}

impl PostgresHandle {
    pub(crate) fn new(directory: PathBuf, port: u16, program_dir: PathBuf) -> Result<Self, Error> {
        Ok(Self { port, password: files::random_hex(16)?, directory, program_dir })
    }

    /// A URL for the superuser, through TCP with password.
    pub fn url(&self, database: &str) -> String {
        self.url_for(SUPERUSER, &self.password, database)
    }

    /// A URL for another role, through TCP. Name, password and database must need no escaping.
    pub fn url_for(&self, role: &str, password: &str, database: &str) -> String {
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// A URL for the superuser through the Unix socket, without password, as `sqlx` and `libpq` understand it.
    pub fn socket_url(&self, database: &str) -> String {
        let directory = self.socket_dir().to_string_lossy().replace('/', "%2F");
        format!("postgres://{SUPERUSER}@{directory}:{}/{database}", self.port)
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of the Unix socket. Connections through it need no password; it is closed to other users.
    pub fn socket_dir(&self) -> &Path {
        &self.directory
    }

    /// The data directory, with `base` and `pg_wal` in it.
    pub fn data_dir(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// The directory of `postgres`, and where the installation has them of `psql` and `pgbench`.
    pub fn program_dir(&self) -> &Path {
        &self.program_dir
    }

    /// Runs SQL as superuser and returns all rows as text (`None` is NULL). Several statements may be parted by `;`.
    ///
    /// # Errors
    /// [`Error::Sql`] when the server refuses, [`Error::Connection`] when it cannot be reached or is silent for a minute.
    pub fn query(&self, database: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        self.connect(database, Duration::from_mins(1))?.query(sql)
    }

    pub(crate) fn connect(&self, database: &str, timeout: Duration) -> Result<PostgresConnection, Error> {
        let socket = self.socket_dir().join(format!(".s.PGSQL.{}", self.port));
        PostgresConnection::open(&socket, SUPERUSER, database, timeout)
    }

    pub(crate) fn set_password(&self) -> Result<(), Error> {
        self.query("postgres", &format!("ALTER ROLE {SUPERUSER} PASSWORD '{}'", self.password)).map(drop)
    }

    pub(crate) fn set_port(&mut self, port: u16) {
        self.port = port;
    }

    /// A file for locking between the processes that share this server.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.directory.with_extension("lock")
    }
}

impl std::fmt::Debug for PostgresHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PostgresHandle")
            .field("port", &self.port)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl RedisHandle {
    pub(crate) fn new(directory: PathBuf, port: u16) -> Result<Self, Error> {
        Ok(Self { port, password: files::random_hex(16)?, directory })
    }

    /// The URL, through TCP with password.
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/", self.password, self.port)
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the dump and the append-only file go.
    pub fn data_dir(&self) -> &Path {
        &self.directory
    }

    /// The file a dump is written to.
    pub fn dump_file(&self) -> PathBuf {
        self.directory.join("dump.rdb")
    }

    /// The directory of the append-only file.
    pub fn append_only_dir(&self) -> PathBuf {
        self.directory.join("appendonlydir")
    }

    /// Sends one command and returns the first line of a plain answer.
    ///
    /// # Errors
    /// [`Error::Connection`] when Redis cannot be reached, or answers with an error or a nested value.
    pub fn command(&self, words: &[&str]) -> Result<String, Error> {
        wire::redis_command(self.port, &self.password, words, Duration::from_secs(30))
    }

    /// Writes all data into [`RedisHandle::dump_file`] and returns its path.
    ///
    /// # Errors
    /// As [`RedisHandle::command`].
    pub fn dump(&self) -> Result<PathBuf, Error> {
        self.command(&["SAVE"])?;
        Ok(self.dump_file())
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    pub(crate) fn set_port(&mut self, port: u16) {
        self.port = port;
    }
}

impl std::fmt::Debug for RedisHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RedisHandle")
            .field("port", &self.port)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

fn first_number(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.lines().next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_survives_its_json_and_does_not_print_its_passwords() {
        let postgres = PostgresHandle::new("/tmp/x/pg".into(), 20_001, "/usr/bin".into()).unwrap();
        let redis = RedisHandle::new("/tmp/x/redis".into(), 20_002).unwrap();
        let handle = StackHandle { postgres, redis, log_dir: "/tmp/x".into() };
        let copy = StackHandle::from_json(&handle.to_json().unwrap()).unwrap();
        assert_eq!(copy.postgres_url("a"), handle.postgres_url("a"));
        assert_eq!(copy.redis_url(), handle.redis_url());
        assert!(!format!("{handle:?}").contains(&handle.redis.password));
        assert!(!format!("{handle:?}").contains(&handle.postgres.password));
    }
}
