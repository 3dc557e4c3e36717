//! Pages for a browser: somebody of an agency that has no client opens the link of an e-mail, reads what was shared of one
//! escalation or one referral, and answers.
//!
//! It asks nothing but the public API (`desk`), as any client could. `words` is what the pages say in English, Arabic and
//! Russian, `pages` how they look, `routes` what can be asked for, `guard` what is refused before it is looked at and what
//! every answer carries.
//!
//! Invariants:
//! - looking at a link spends nothing and tells nothing: mail scanners do it. A button exchanges it, once;
//! - what opened a link opens what it led to alone, and is asked for anew with each page: nothing is kept here;
//! - nothing personal and no token is in a header but the cookie, in a log or in a metric; the link's own path is the one
//!   URL that holds a secret, good once;
//! - everything works without scripts, and no page has any.
//!
//! Emits and hears nothing.

mod desk;
mod guard;
mod pages;
mod routes;
mod words;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use helpline_service_kit::config;
use helpline_service_kit::ids::Ids;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::metrics::Metrics;
use tokio::net::TcpListener;
use tonic::transport::Endpoint;

use crate::desk::Desk;
use crate::guard::Measures;

/// Why the pages cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The address of the API is none.
    #[error("console.api is not where the API can be: {0}")]
    Api(#[from] tonic::transport::Error),
}

/// The pages of a process. A clone is the same.
#[derive(Clone, Debug)]
pub struct Console(Arc<House>);

/// What every page needs.
#[derive(Debug)]
struct House {
    desk: Desk,
    /// Scheme, host and port as browsers know them.
    base: String,
    ids: Arc<dyn Ids>,
    measures: Measures,
}

impl House {
    /// Whether what browsers send is sealed on its way.
    fn is_sealed(&self) -> bool {
        self.base.starts_with("https://")
    }
}

impl Console {
    /// The pages, if the configuration says where browsers find them; they ask the API that it names, else the one of this
    /// process. The API need not answer yet. Error: its address cannot be used.
    pub fn new(
        config: &config::Console,
        own_api: SocketAddr,
        ids: Arc<dyn Ids>,
        metrics: &Metrics,
    ) -> Result<Option<Self>, ConsoleError> {
        let Some(base) = config.base() else { return Ok(None) };
        let api =
            if config.api.is_empty() { format!("http://{}", reachable(own_api)) } else { config.api.clone() };
        let desk = Desk::new(Endpoint::from_shared(api)?);
        Ok(Some(Self(Arc::new(House { desk, base: base.to_owned(), ids, measures: Measures::new(metrics) }))))
    }

    /// Serves the pages until the process stops.
    pub fn spawn(&self, listener: TcpListener, lifecycle: &Lifecycle) {
        let router = routes::router(Arc::clone(&self.0));
        let stop = lifecycle.soft();
        lifecycle.spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "the server of the pages ended");
            }
        });
    }
}

/// An address to connect to what listens on this one.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
