//! A running Postgres and Redis, and who owns them.

use std::fs;
use std::net::TcpStream;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::base::Base;
use crate::environment;
use crate::error::Error;
use crate::handle::{PostgresHandle, RedisHandle, StackHandle};
use crate::options::{RedisStart, StackOptions};
use crate::postgres::{self, PostgresLaunch};
use crate::redis_server::{self, RedisLaunch};
use crate::tools::{ToolSettings, Tools};
use crate::{files, process, template};

/// The environment variable in which `cargo xtask test` hands its running stack to the tests, as JSON.
pub const STACK_VARIABLE: &str = "HELPLINE_TEST_STACK";

/// A running stack and its owner: when this value goes, or the process dies, the servers and their files go.
///
/// Everything about where things are is on [`StackHandle`], to which this dereferences.
#[derive(Debug)]
pub struct Stack {
    handle: StackHandle,
    postgres: PostgresLaunch,
    redis: RedisLaunch,
    /// Declared before `base`: the servers are stopped before their directory is removed.
    servers: Servers,
    _base: Base,
}

#[derive(Debug, Default)]
struct Servers {
    postgres: Mutex<Option<Child>>,
    redis: Mutex<Option<Child>>,
}

impl Stack {
    /// Starts both servers and waits until they answer: about 0.1 s from a cached template, a second or more else.
    /// Blocks the calling thread.
    ///
    /// # Errors
    /// [`Error::Missing`] when the programs are not on this machine (see [`Tools::ensure`]), [`Error::NotReady`] when a
    /// server does not come up, [`Error::Prepare`] when the template's preparation fails.
    pub fn start(options: &StackOptions) -> Result<Self, Error> {
        let settings = options.tools.clone().unwrap_or_else(ToolSettings::from_environment);
        let tools = Tools::find(&settings)?;
        let account = Account::for_servers()?;
        let base = Base::create(account, options.durable)?;
        let log_dir = options.log_dir.clone().unwrap_or_else(|| base.path().join("log"));
        fs::create_dir_all(&log_dir).map_err(Error::io("create", &log_dir))?;
        let directory = |name: &str| -> Result<PathBuf, Error> {
            let path = base.path().join(name);
            files::create_dir(&path, 0o700)?;
            account.own(&path)?;
            Ok(path)
        };
        let mut handle = StackHandle {
            postgres: PostgresHandle::new(
                directory("pg")?,
                process::free_port()?,
                tools.postgres_program_dir().to_owned(),
            )?,
            redis: RedisHandle::new(directory("redis")?, process::free_port()?)?,
            log_dir: log_dir.clone(),
        };
        let redis = RedisLaunch {
            program: tools.redis_program().to_owned(),
            home: base.path().to_owned(),
            log: log_dir.join("redis.log"),
            account,
            append_only: options.redis_append_only,
        };
        let postgres =
            PostgresLaunch::new(&tools, account, base.path(), log_dir.join("postgres.log"), options);
        let servers = Servers::default();
        *lock(&servers.redis) = Some(redis.start_anywhere(&mut handle.redis)?);
        template::provide(&tools, account, &postgres, &mut handle.postgres, options)?;
        *lock(&servers.postgres) = Some(postgres.start_anywhere(&mut handle.postgres)?);
        Ok(Self { handle, postgres, redis, servers, _base: base })
    }

    /// The stack of `HELPLINE_TEST_STACK` when that is set, else one that this process starts once and keeps to its
    /// end. Tests that stop or restart servers start their own with [`Stack::start`].
    ///
    /// # Errors
    /// [`Error::Handle`] when the variable describes no living stack; else as [`Stack::start`].
    pub fn shared_or_start(options: &StackOptions) -> Result<&'static StackHandle, Error> {
        static SHARED: Mutex<Option<&'static StackHandle>> = Mutex::new(None);
        let mut shared = lock(&SHARED);
        if let Some(handle) = *shared {
            return Ok(handle);
        }
        let handle: &'static StackHandle = match environment::text(STACK_VARIABLE) {
            Some(json) => Box::leak(Box::new(living(StackHandle::from_json(&json)?)?)),
            // For the rest of the process: nothing drops it, so the watchdog stops the servers.
            None => Box::leak(Box::new(Self::start(options)?)),
        };
        *shared = Some(handle);
        Ok(handle)
    }

    /// Where the servers are, to be handed to other processes.
    pub fn handle(&self) -> &StackHandle {
        &self.handle
    }

    /// Kills Redis. Does nothing when it is stopped already.
    pub fn stop_redis(&self) {
        if let Some(mut child) = lock(&self.servers.redis).take() {
            redis_server::stop(&mut child);
            let _ = fs::remove_file(self.handle.redis.data_dir().join("redis.pid"));
        }
    }

    /// Starts a stopped Redis on the same port and directory. Does nothing when it runs.
    ///
    /// # Errors
    /// [`Error::NotReady`] when it does not come up.
    pub fn start_redis(&self, with: RedisStart) -> Result<(), Error> {
        let mut server = lock(&self.servers.redis);
        if server.is_none() {
            *server = Some(self.redis.start(&self.handle.redis, with)?);
        }
        Ok(())
    }

    /// Stops Postgres in its immediate mode: all connections break, the next start recovers from the log. Does nothing
    /// when it is stopped already.
    pub fn stop_postgres(&self) {
        if let Some(mut child) = lock(&self.servers.postgres).take() {
            postgres::stop(&mut child, Signal::SIGQUIT);
        }
    }

    /// Starts a stopped Postgres on the same port and directory. Does nothing when it runs.
    ///
    /// # Errors
    /// [`Error::NotReady`] when it does not come up.
    pub fn start_postgres(&self) -> Result<(), Error> {
        let mut server = lock(&self.servers.postgres);
        if server.is_none() {
            *server = Some(self.postgres.start(&self.handle.postgres)?);
        }
        Ok(())
    }

    /// [`Stack::stop_postgres`], then [`Stack::start_postgres`].
    ///
    /// # Errors
    /// [`Error::NotReady`] when it does not come up.
    pub fn restart_postgres(&self) -> Result<(), Error> {
        self.stop_postgres();
        self.start_postgres()
    }

    /// Stops both servers and removes their directory. Dropping the stack does the same.
    pub fn stop(self) {
        drop(self);
    }
}

impl Deref for Stack {
    type Target = StackHandle;

    fn deref(&self) -> &StackHandle {
        &self.handle
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if let Some(mut child) = lock(&self.redis).take() {
            redis_server::stop(&mut child);
        }
        if let Some(mut child) = lock(&self.postgres).take() {
            postgres::stop(&mut child, Signal::SIGQUIT);
        }
    }
}

/// A test that panicked while holding the lock has left no half-changed value behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn living(handle: StackHandle) -> Result<StackHandle, Error> {
    for port in [handle.postgres.port(), handle.redis.port()] {
        TcpStream::connect(("127.0.0.1", port)).map_err(|error| {
            Error::Handle(format!("nothing answers on port {port} ({error}); unset {STACK_VARIABLE}"))
        })?;
    }
    Ok(handle)
}
