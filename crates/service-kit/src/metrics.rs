//! What the server counts, and the small HTTP server that shows it. Labels are names of methods, codes and workers:
//! nothing here comes from a request's content.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::measures::Measures;

/// Bounds of the histograms, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct CallLabels {
    method: &'static str,
    code: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct MethodLabels {
    method: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct WorkerLabels {
    worker: &'static str,
    outcome: &'static str,
}

type Histograms = Family<MethodLabels, Histogram, fn() -> Histogram>;

/// The metrics of one process. A clone is the same metrics.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Mutex<Registry>,
    calls: Family<CallLabels, Counter>,
    seconds: Histograms,
    streams: Family<MethodLabels, Gauge>,
    runs: Family<WorkerLabels, Counter>,
    contacts: Measures,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics with everything at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("helpline");
        let calls = Family::default();
        registry.register("calls", "Calls ended, by method and gRPC code", calls.clone());
        let seconds = Histograms::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register("call_seconds", "Time to answer a unary call", seconds.clone());
        let streams = Family::default();
        registry.register("open_streams", "Streams open now", streams.clone());
        let runs = Family::default();
        registry.register("worker_runs", "Runs of background workers, by outcome", runs.clone());
        let contacts = Measures::new(&mut registry);
        Self(Arc::new(Inner { registry: Mutex::new(registry), calls, seconds, streams, runs, contacts }))
    }

    /// What is counted of contacts.
    pub fn contacts(&self) -> &Measures {
        &self.0.contacts
    }

    /// Adds a metric of a service, named `helpline_<name>`. Keep a clone to change it. Labels must not come from what
    /// people say or write.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.0.registry.lock().unwrap_or_else(PoisonError::into_inner).register(name, help, metric);
    }

    /// Everything in the text format of OpenMetrics.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.0.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string fails only when a metric cannot encode itself; what was written before stands.
        if encode(&mut text, &registry).is_err() {
            tracing::error!("a metric could not be encoded");
        }
        text
    }

    pub(crate) fn call_ended(&self, method: &'static str, code: &'static str) {
        self.0.calls.get_or_create(&CallLabels { method, code }).inc();
    }

    pub(crate) fn call_took(&self, method: &'static str, duration: Duration) {
        self.0.seconds.get_or_create(&MethodLabels { method }).observe(duration.as_secs_f64());
    }

    pub(crate) fn streams(&self, method: &'static str) -> Gauge {
        self.0.streams.get_or_create_owned(&MethodLabels { method })
    }

    pub(crate) fn worker_ran(&self, worker: &'static str, outcome: &'static str) {
        self.0.runs.get_or_create(&WorkerLabels { worker, outcome }).inc();
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Serves `/metrics`, `/livez` (200 while the process runs) and `/readyz` (200 while `ready` is true, else 503) until
/// `stop`. Belongs on a private address: it asks nobody who they are.
pub async fn serve_metrics(
    listener: TcpListener,
    metrics: Metrics,
    ready: watch::Receiver<bool>,
    stop: CancellationToken,
) -> io::Result<()> {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let router = Router::new()
        .route("/metrics", get(move || async move { ([(header::CONTENT_TYPE, TEXT)], metrics.encode()) }))
        .route("/livez", get(|| async { "alive" }))
        .route(
            "/readyz",
            get(move || async move {
                if *ready.borrow() {
                    (StatusCode::OK, "ready")
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "not ready")
                }
            }),
        );
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
}
