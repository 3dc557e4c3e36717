//! A running server: the services, what they stand on, and how they start and stop.

mod background;
mod services;
mod startup;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use helpline_console::Console;
use helpline_live::{Live, LiveError};
use helpline_service_kit::Ctx;
use helpline_service_kit::access::AccessLayer;
use helpline_service_kit::authenticator::Authenticator;
use helpline_service_kit::clock::{Clock, SystemClock};
use helpline_service_kit::config::{Config, ConfigError};
use helpline_service_kit::hub::Hub;
use helpline_service_kit::ids::{Ids, SystemIds};
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::metrics::{Metrics, serve_metrics};
use helpline_service_kit::mirror::Mirror;
use helpline_service_kit::streams::{StreamLimits, Streams};
use helpline_store::{PoolOptions, Store, StoreError};
use helpline_vault::{SystemRandom, Vault};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;

pub use services::{Service, Services, VIEW};

/// A silent connection is asked whether somebody is there after this share of a presence's time to live, and must answer
/// within as long: a client that died without a word must not count as alive for longer than one whose stream broke.
const KEEP_ALIVE: u32 = 3;
/// How long streams go on after a connection reached its age: their clients are told to reconnect first.
const AGE_GRACE: Duration = Duration::from_secs(30);
/// How long a stopping server still accepts, so that whoever asks its health stops sending first; never more than a
/// tenth of the grace.
const NOTICE: Duration = Duration::from_secs(1);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// The Redis URL cannot be used.
    #[error("redis.url: {0}")]
    Redis(#[from] LiveError),
    /// The database cannot be used, or was away for too long.
    #[error("the database cannot be used: {0}; `helpline doctor` says more")]
    Database(#[from] StoreError),
    /// The schema is not the one this build knows.
    #[error("the schema is at version {}, this build needs {known}: {}", .found.map_or("none".to_owned(), |found| found.to_string()), schema_advice(*.found, *.known))]
    Schema {
        /// The version of the database; `None` for an empty one.
        found: Option<i64>,
        /// The version this build knows.
        known: i64,
    },
    /// The database role would see every centre.
    #[error(
        "database.url connects as a role that passes row-level security: use helpline_server, which `helpline migrate` created"
    )]
    PassesIsolation,
    /// An address cannot be listened on.
    #[error("cannot listen on {address} ({setting}): {source}")]
    Listen {
        /// The setting that names the address.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Channels to the outside cannot be opened.
    #[error("channels: {0}")]
    Channels(#[from] helpline_channels::ChannelsError),
    /// The pages cannot be served.
    #[error(transparent)]
    Console(#[from] helpline_console::ConsoleError),
    /// The descriptors of the API cannot be served.
    #[error("reflection cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

fn schema_advice(found: Option<i64>, known: i64) -> &'static str {
    if found.is_some_and(|found| found > known) {
        "install a newer version"
    } else {
        "run `helpline migrate`"
    }
}

/// A server that runs. Dropping it does not stop it; [`Server::shutdown`] does.
#[derive(Debug)]
pub struct Server {
    grpc_addr: SocketAddr,
    metrics_addr: SocketAddr,
    ctx: Ctx,
    authenticator: Authenticator,
    lifecycle: Lifecycle,
    grace: Duration,
}

impl Server {
    /// Starts every service. Port 0 takes any free port; see [`Server::grpc_addr`].
    ///
    /// # Errors
    /// Every [`StartError`]; a database that is away is waited for, for a minute.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        Self::start_with(config, &Services::all(), Lifecycle::new()).await
    }

    /// Starts some services; `lifecycle` stops them.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_with(
        config: &Config,
        services: &Services,
        lifecycle: Lifecycle,
    ) -> Result<Self, StartError> {
        config.check()?;
        let vault = vault(config)?;
        let options = PoolOptions {
            url: config.database.url.expose().to_owned(),
            size: config.database.pool_size,
            wait: config.database.wait(),
        };
        let store = Store::new(&options, vault)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(SystemIds);
        let redis = (!config.redis.url.is_empty()).then(|| config.redis.url.expose());
        let live = Live::new(redis, ids.v4())?;
        startup::wait_for_database(&store, clock.as_ref()).await?;
        startup::know_protected(&store).await?;

        // Taken before anything runs, so that a port in use leaves nothing behind.
        let grpc = listen("listen.grpc", config.listen.grpc).await?;
        let metrics_listener = listen("listen.metrics", config.listen.metrics).await?;
        let grpc_addr = address(&grpc, "listen.grpc", config.listen.grpc)?;
        let metrics_addr = address(&metrics_listener, "listen.metrics", config.listen.metrics)?;

        let metrics = Metrics::new();
        let console = Console::new(&config.console, grpc_addr, Arc::clone(&ids), &metrics)?;
        let pages = match console.filter(|_| services.has(Service::Console)) {
            Some(console) => Some((console, listen("console.listen", config.console.listen).await?)),
            None => None,
        };
        let mirror = Mirror::new(Hub::default(), live, store.clone());
        let ctx = Ctx::new(store.clone(), Arc::clone(&clock), Arc::clone(&ids), metrics.clone(), mirror);
        let limits =
            StreamLimits { total: config.limits.streams, per_token: config.limits.streams_per_token };
        let authenticator = Authenticator::new(store, clock, Streams::new(limits));
        let closing = CancellationToken::new();
        let access = AccessLayer::new(authenticator.clone(), metrics.clone(), ids, closing.clone());

        let assembled = services::assemble(config, services, &ctx, &authenticator, &lifecycle).await?;
        background::spawn(&ctx, &authenticator, &assembled.health, &lifecycle);

        let server = tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(config.timing.presence_ttl() / KEEP_ALIVE))
            .http2_keepalive_timeout(Some(config.timing.presence_ttl() / KEEP_ALIVE))
            .max_connection_age(config.timing.connection_age())
            .max_connection_age_grace(AGE_GRACE)
            .layer(access)
            .add_routes(assembled.routes);
        let not_accepting = CancellationToken::new();
        let stop = not_accepting.clone().cancelled_owned();
        lifecycle.spawn(async move {
            let incoming = TcpIncoming::from(grpc).with_nodelay(Some(true));
            if let Err(error) = server.serve_with_incoming_shutdown(incoming, stop).await {
                tracing::error!(%error, "the gRPC server ended");
            }
        });
        if let Some((console, listener)) = pages {
            console.spawn(listener, &lifecycle);
        }
        let (ready, is_ready) = watch::channel(true);
        let stop = lifecycle.soft();
        lifecycle.spawn(async move {
            if let Err(error) = serve_metrics(metrics_listener, metrics, is_ready, stop).await {
                tracing::error!(%error, "the metrics server ended");
            }
        });

        let grace = config.timing.shutdown_grace();
        let health = assembled.health;
        let stop = lifecycle.soft();
        lifecycle.spawn(async move {
            stop.cancelled().await;
            health.not_serving().await;
            ready.send_replace(false);
            tokio::time::sleep(NOTICE.min(grace / 10)).await;
            not_accepting.cancel();
            closing.cancel();
        });

        tracing::info!(grpc = %grpc_addr, metrics = %metrics_addr, services = %services, "listening on {grpc_addr}");
        Ok(Self { grpc_addr, metrics_addr, ctx, authenticator, lifecycle, grace })
    }

    /// Where the gRPC API listens.
    pub const fn grpc_addr(&self) -> SocketAddr {
        self.grpc_addr
    }

    /// Where metrics and probes listen.
    pub const fn metrics_addr(&self) -> SocketAddr {
        self.metrics_addr
    }

    /// The means of the services, for tests that look inside.
    pub const fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// The authenticator of the access layer.
    pub const fn authenticator(&self) -> &Authenticator {
        &self.authenticator
    }

    /// Waits until the server is told to stop and has finished; whether it finished all that was under way.
    pub async fn finished(self) -> bool {
        let finished = self.lifecycle.finished(self.grace).await;
        self.ctx.store.close();
        finished
    }

    /// Stops the server; whether it finished all that was under way.
    pub async fn shutdown(self) -> bool {
        self.lifecycle.stop();
        self.finished().await
    }

    /// Ends the server as a crash would: nothing is finished, nobody is told.
    pub async fn crash(self) {
        self.lifecycle.hard().cancel();
        self.lifecycle.stop();
        self.finished().await;
    }
}

/// The vault that seals what is personal.
pub(crate) fn vault(config: &Config) -> Result<Vault, ConfigError> {
    let ring = config.keys.ring()?;
    #[cfg(feature = "testing")]
    if config.testing.plain {
        tracing::warn!("personal data is stored UNSEALED, as only a test may");
        return Ok(Vault::plain_for_tests(ring));
    }
    Ok(Vault::new(ring, Arc::new(SystemRandom)))
}

async fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { setting, address, source })
}

fn address(
    listener: &TcpListener,
    setting: &'static str,
    address: SocketAddr,
) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { setting, address, source })
}
