//! Databases of single tests, cloned from a template database.

use std::fs::File;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::error::{BoxError, Error};
use crate::files;
use crate::handle::PostgresHandle;

/// SQLSTATE "object in use": the template has a connection at the moment.
const IN_USE: &str = "55006";

/// A database of one test's own; dropping it drops the database, with whoever is connected.
#[derive(Debug)]
pub struct Database {
    server: PostgresHandle,
    name: String,
}

impl Database {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A URL for the superuser, through TCP with password.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// A URL for another role, through TCP.
    pub fn url_for(&self, role: &str, password: &str) -> String {
        self.server.url_for(role, password, &self.name)
    }

    /// Runs SQL in this database as superuser, see [`PostgresHandle::query`].
    ///
    /// # Errors
    /// As [`PostgresHandle::query`].
    pub fn query(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        self.server.query(&self.name, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // When the server is gone already, so is the database.
        let _ = self.remove();
    }
}

impl Database {
    /// Ends whoever is connected and waits for them: a server that finds somebody left as it drops a database looks again a tenth of a
    /// second later.
    fn remove(&self) -> Result<(), Error> {
        let mut connection = self.server.connect("postgres", Duration::from_mins(1))?;
        let end =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        let begun = Instant::now();
        while !connection.query(&end)?.is_empty() && begun.elapsed() < LEAVING {
            std::thread::sleep(Duration::from_millis(3));
        }
        connection.query(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).map(drop)
    }
}

/// How long whoever is connected to a database that goes is waited for.
const LEAVING: Duration = Duration::from_millis(100);

impl PostgresHandle {
    /// Creates a database with a fresh name as a copy of `template` (about 40 ms for a small one).
    ///
    /// # Errors
    /// [`Error::Sql`] when there is no such template, or somebody stays connected to it for 30 s.
    pub fn create_database(&self, template: &str) -> Result<Database, Error> {
        let name = format!("test_{}", files::random_hex(8)?);
        let begun = Instant::now();
        loop {
            match self.query("postgres", &format!("CREATE DATABASE {name} TEMPLATE \"{template}\"")) {
                Ok(_) => return Ok(Database { server: self.clone(), name }),
                Err(error)
                    if error.sql_state() == Some(IN_USE) && begun.elapsed() < Duration::from_secs(30) =>
                {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The name of the template database for `key`; the first caller creates it and fills it with `prepare`, which gets
    /// a superuser URL. All processes that share the server wait for the first one.
    ///
    /// `prepare` runs on a thread of its own, so it may build an async runtime. Roles belong to the whole server, not to
    /// one database: it must bear that they exist already.
    ///
    /// # Errors
    /// [`Error::Prepare`] when `prepare` fails; the next caller tries again.
    pub fn template_database<F>(&self, key: &str, prepare: F) -> Result<String, Error>
    where
        F: FnOnce(&str) -> Result<(), BoxError> + Send,
    {
        let name = format!("template_{}", files::hex(&Sha256::digest(key.as_bytes())[..8]));
        let path = self.lock_file();
        let lock = File::create(&path).map_err(Error::io("create", &path))?;
        lock.lock().map_err(Error::io("lock", &path))?;
        let found = format!("SELECT 1 FROM pg_database WHERE datname = '{name}' AND datistemplate");
        if !self.query("postgres", &found)?.is_empty() {
            return Ok(name);
        }
        self.query("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        self.query("postgres", &format!("CREATE DATABASE {name}"))?;
        let url = self.url(&name);
        on_own_thread(|| prepare(&url))?;
        // Nobody can connect from here on, so nobody can stand in the way of copies.
        self.query(
            "postgres",
            &format!("ALTER DATABASE {name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"),
        )?;
        let leave = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname =";
        self.query("postgres", &format!("{leave} '{name}'"))?;
        Ok(name)
    }
}

/// Runs a caller's preparation where it may block and build runtimes.
pub(crate) fn on_own_thread(prepare: impl FnOnce() -> Result<(), BoxError> + Send) -> Result<(), Error> {
    std::thread::scope(|scope| scope.spawn(prepare).join())
        .unwrap_or_else(|_| Err("it panicked".into()))
        .map_err(Error::Prepare)
}
