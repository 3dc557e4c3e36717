//! One connection shared by all, that fails fast while Redis is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, ScriptInvocation};
use tokio::sync::Mutex;
use uuid::Uuid;

/// How long a command may take before Redis counts as away.
const RESPONSE: Duration = Duration::from_millis(500);
/// How long after a failure the next connection is tried.
const PAUSE: Duration = Duration::from_millis(250);

/// What can go wrong with the view. Never more than a loss of time.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// Redis is away, or none is configured: work from Postgres.
    #[error("Redis is away")]
    Away,
    /// The view has another generation than the caller thinks, or none: ask Postgres which is in force.
    #[error("the view has another generation")]
    Stale,
    /// Redis refused a command: a version or a configuration that does not fit.
    #[error("Redis refused: {0}")]
    Refused(String),
}

/// The view in Redis. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

struct Inner {
    client: Option<Client>,
    origin: Uuid,
    away: AtomicBool,
    link: Mutex<Link>,
}

#[derive(Default)]
struct Link {
    connection: Option<MultiplexedConnection>,
    not_before: Option<Instant>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("away", &self.is_away()).finish_non_exhaustive()
    }
}

impl Live {
    /// A view at `url` (`redis://…`); without one, a view that is always away. Connects lazily. `origin` names this
    /// process in the hints it sends, so that it need not listen to itself.
    ///
    /// # Errors
    /// `Refused` when the URL cannot be read.
    pub fn new(url: Option<&str>, origin: Uuid) -> Result<Self, LiveError> {
        let client = url
            .map(|url| Client::open(url).map_err(|_| LiveError::Refused("the URL cannot be read".to_owned())))
            .transpose()?;
        let away = AtomicBool::new(client.is_none());
        Ok(Self { inner: Arc::new(Inner { client, origin, away, link: Mutex::default() }) })
    }

    /// This process in the hints it sends.
    pub fn origin(&self) -> Uuid {
        self.inner.origin
    }

    /// Whether a Redis is configured at all.
    pub fn is_configured(&self) -> bool {
        self.inner.client.is_some()
    }

    /// Whether the last try failed.
    pub fn is_away(&self) -> bool {
        self.inner.away.load(Ordering::Relaxed)
    }

    pub(crate) fn client(&self) -> Result<&Client, LiveError> {
        self.inner.client.as_ref().ok_or(LiveError::Away)
    }

    /// The shared connection, made anew if need be.
    pub(crate) async fn connection(&self) -> Result<MultiplexedConnection, LiveError> {
        let client = self.client()?;
        let mut link = self.inner.link.lock().await;
        if let Some(connection) = &link.connection {
            return Ok(connection.clone());
        }
        if link.not_before.is_some_and(|time| Instant::now() < time) {
            return Err(LiveError::Away);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(RESPONSE))
            .set_response_timeout(Some(RESPONSE));
        match client.get_multiplexed_async_connection_with_config(&config).await {
            Ok(connection) => {
                link.connection = Some(connection.clone());
                self.inner.away.store(false, Ordering::Relaxed);
                Ok(connection)
            }
            Err(error) => {
                link.not_before = Some(Instant::now() + PAUSE);
                self.note_away(&error);
                Err(LiveError::Away)
            }
        }
    }

    /// Turns a failed command into what it means, and lets go of a connection that broke.
    pub(crate) async fn failed(&self, error: redis::RedisError) -> LiveError {
        if error.code() == Some("STALE") {
            return LiveError::Stale;
        }
        let broken = error.is_io_error() || error.is_connection_dropped() || error.is_timeout();
        // A Redis that loads its data or has become a replica will be right again by itself.
        let passing = matches!(error.code(), Some("LOADING" | "READONLY" | "MASTERDOWN" | "BUSY"));
        if broken || passing {
            let mut link = self.inner.link.lock().await;
            link.connection = None;
            link.not_before = Some(Instant::now() + PAUSE);
            drop(link);
            self.note_away(&error);
            return LiveError::Away;
        }
        LiveError::Refused(format!("{:?} {}", error.kind(), error.code().unwrap_or_default()))
    }

    fn note_away(&self, error: &redis::RedisError) {
        if !self.inner.away.swap(true, Ordering::Relaxed) {
            tracing::warn!(kind = ?error.kind(), "Redis is away: the line works from Postgres, slower");
        }
    }

    pub(crate) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, LiveError> {
        let mut connection = self.connection().await?;
        match script.invoke_async(&mut connection).await {
            Ok(value) => Ok(value),
            Err(error) => Err(self.failed(error).await),
        }
    }

    pub(crate) async fn command<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, LiveError> {
        let mut connection = self.connection().await?;
        match command.query_async(&mut connection).await {
            Ok(value) => Ok(value),
            Err(error) => Err(self.failed(error).await),
        }
    }

    /// What the doctor asks: version, and what happens when memory is full.
    pub async fn facts(&self) -> Result<Facts, LiveError> {
        let info: String = self.command(redis::cmd("INFO").arg("server").arg("memory")).await?;
        let field = |name: &str| {
            info.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        Ok(Facts {
            version: field("redis_version"),
            run_id: field("run_id"),
            eviction: field("maxmemory_policy"),
        })
    }

    /// Which life of Redis this is: changes when it restarts or another takes over.
    pub async fn run_id(&self) -> Result<String, LiveError> {
        Ok(self.facts().await?.run_id)
    }
}

/// What the doctor asks of Redis.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `redis_version`, or what a compatible server calls itself.
    pub version: String,
    /// Changes with every start.
    pub run_id: String,
    /// `maxmemory_policy`; anything but `noeviction` may drop parts of the view.
    pub eviction: String,
}
