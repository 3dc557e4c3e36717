//! What a stack is started with.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::BoxError;
use crate::handle::PostgresHandle;
use crate::tools::ToolSettings;

/// A callback that fills a fresh server: migrations, roles.
///
/// It runs on a thread of its own, so it may build an async runtime even when the caller is inside one.
pub type Prepare = Arc<dyn Fn(&PostgresHandle) -> Result<(), BoxError> + Send + Sync>;

/// What a server's data directory holds when it starts.
#[derive(Clone)]
pub struct Template {
    /// What the content depends on beside the server's version, for instance a hash of all migrations.
    pub key: String,
    /// Run once against the fresh server, before its data directory is cached under `key`. It must close its
    /// connections, and must not start another stack.
    pub prepare: Prepare,
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Template").field("key", &self.key).finish_non_exhaustive()
    }
}

/// How a stack is started. The default is right for tests.
#[derive(Clone, Debug, Default)]
pub struct StackOptions {
    /// `fsync` and full-page writes on, 1 GB of shared buffers: for benchmarks. Off, a commit survives the death of
    /// the server but not a power cut, and everything lies in memory where there is enough and `TMPDIR` is not set.
    pub durable: bool,
    /// What Postgres holds at the start. None: an empty server.
    pub template: Option<Template>,
    /// Redis keeps an append-only file, synced each second.
    pub redis_append_only: bool,
    /// Where `postgres.log` and `redis.log` go. None: into the stack's directory, so they vanish with it.
    pub log_dir: Option<PathBuf>,
    /// More settings for Postgres, as (name, value); they win over the built-in ones.
    pub postgres_settings: Vec<(String, String)>,
    /// Which binaries to use, when not those of [`ToolSettings::from_environment`].
    pub tools: Option<ToolSettings>,
}

/// With which data a stopped Redis starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedisStart {
    /// With nothing: dump and append-only file are deleted first.
    Empty,
    /// With the dump or append-only file it left.
    KeepData,
}
