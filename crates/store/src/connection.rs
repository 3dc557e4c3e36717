//! Connections that remember which centre they serve.
//!
//! The centre is set on the session when a connection is taken for another centre than it served last, so a helpline
//! with one centre pays nothing for isolation. A connection whose query was cut short (a deadline, a dropped call) is
//! not used again.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, PoolError, RecycleError, RecycleResult};
use helpline_domain::id::CentreId;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection as _};

use crate::{Store, StoreError};

/// How to reach the database.
#[derive(Clone)]
pub struct PoolOptions {
    /// `postgres://…` as the server's role.
    pub url: String,
    /// Connections at most. About 16 is best on two cores; more buys latency.
    pub size: usize,
    /// How long to wait for a free connection before the store counts as out of reach.
    pub wait: Duration,
}

pub(crate) type Pool = deadpool::managed::Pool<Connections>;

pub(crate) fn pool(options: &PoolOptions) -> Result<Pool, StoreError> {
    let connect = options
        .url
        .parse::<PgConnectOptions>()?
        .application_name("helpline")
        // A change is one large statement: planning it anew each time costs several times its execution. Its plan does
        // not depend on its parameters, which are keys. To start a second process for one costs more than all of them.
        .options([
            ("plan_cache_mode", "force_generic_plan"),
            ("jit", "off"),
            ("enable_seqscan", "off"),
            ("max_parallel_workers_per_gather", "0"),
        ])
        .disable_statement_logging();
    Pool::builder(Connections { connect })
        .max_size(options.size)
        // The connection used last is warm, and most likely serves the centre that is asked for.
        .queue_mode(deadpool::managed::QueueMode::Lifo)
        .wait_timeout(Some(options.wait))
        .create_timeout(Some(options.wait))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|error| StoreError::Other { code: "client".to_owned(), message: error.to_string() })
}

/// Makes and checks connections.
pub(crate) struct Connections {
    connect: PgConnectOptions,
}

/// A session and what is known of it.
pub(crate) struct Session {
    postgres: PgConnection,
    centre: Option<CentreId>,
    /// Set while a statement runs: if it is still set when the session comes back, the statement was cut short.
    busy: bool,
    broken: bool,
}

/// Idle for longer than this, a session is asked whether it still lives before it is used.
const TRUST: Duration = Duration::from_secs(1);

impl Manager for Connections {
    type Type = Session;
    type Error = StoreError;

    async fn create(&self) -> Result<Session, StoreError> {
        let postgres =
            PgConnection::connect_with(&self.connect).await.map_err(|error| {
                match StoreError::from(error) {
                    StoreError::OutcomeUnknown(why) => StoreError::Unavailable(why),
                    other => other,
                }
            })?;
        Ok(Session { postgres, centre: None, busy: false, broken: false })
    }

    async fn recycle(&self, session: &mut Session, metrics: &Metrics) -> RecycleResult<StoreError> {
        if session.busy || session.broken {
            return Err(RecycleError::message("cut short or broken"));
        }
        if metrics.last_used() > TRUST {
            session.postgres.ping().await.map_err(|_| RecycleError::message("gone"))?;
        }
        Ok(())
    }
}

/// A session taken from the pool, bound to a centre.
pub(crate) struct Bound(Object<Connections>);

impl Bound {
    /// The connection for one statement; what it gives must go through [`Bound::settle`].
    pub(crate) fn postgres(&mut self) -> &mut PgConnection {
        self.0.busy = true;
        &mut self.0.postgres
    }

    /// Ends a statement: notes what its outcome says about the connection.
    pub(crate) fn settle<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        self.0.busy = false;
        result.map_err(|error| {
            let error = StoreError::from(error);
            self.0.broken |= error.breaks_connection();
            error
        })
    }
}

impl Store {
    /// A connection for what needs no centre: functions that see no rows, or that open one door for the server. What the
    /// connection served last stays set.
    pub(crate) async fn unbound(&self) -> Result<Bound, StoreError> {
        let session = Box::pin(self.pool.get()).await.map_err(|error| match error {
            PoolError::Backend(StoreError::Unavailable(why)) => StoreError::Unavailable(why),
            PoolError::Backend(error) => error,
            PoolError::Timeout(_) => StoreError::Unavailable("no connection came free in time".to_owned()),
            PoolError::Closed => StoreError::Unavailable("the pool is closed".to_owned()),
            _ => StoreError::Unavailable("the pool gave no connection".to_owned()),
        })?;
        Ok(Bound(session))
    }

    /// A connection that sees the rows of `centre`.
    pub(crate) async fn bound(&self, centre: CentreId) -> Result<Bound, StoreError> {
        let mut bound = self.unbound().await?;
        if bound.0.centre != Some(centre) {
            let setting = centre.to_string();
            let set = sqlx::query("SELECT set_config('helpline.centre', $1, false)")
                .bind(setting)
                .execute(bound.postgres())
                .await;
            bound.settle(set)?;
            bound.0.centre = Some(centre);
        }
        Ok(bound)
    }

    /// The database's clock, `helpline.now()`; also the cheapest proof that it answers.
    pub async fn now(&self) -> Result<chrono::DateTime<chrono::Utc>, StoreError> {
        let mut connection = self.unbound().await?;
        let now = sqlx::query_scalar("SELECT helpline.now()").fetch_one(connection.postgres()).await;
        connection.settle(now)
    }

    /// Every centre's id.
    pub async fn centre_ids(&self) -> Result<Vec<CentreId>, StoreError> {
        let mut connection = self.unbound().await?;
        let ids = sqlx::query_scalar::<_, uuid::Uuid>("SELECT helpline.centre_ids()")
            .fetch_all(connection.postgres())
            .await;
        Ok(connection.settle(ids)?.into_iter().map(CentreId::from).collect())
    }

    /// Closes the pool: what is out finishes, nothing new is given.
    pub fn close(&self) {
        self.pool.close();
    }
}
