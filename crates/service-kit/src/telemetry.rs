//! Logs to standard error, spans to a collector when one is configured. Neither carries personal data: messages print
//! redacted, and sealed values have no text.

use std::io::IsTerminal as _;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::{LogFormat, Telemetry};

/// Libraries that carry what leaves the building. In detail they would say where to: an agency's address, a URL that is a
/// secret by itself, a line of a mail.
const CARRIERS: [&str; 6] = ["hyper", "hyper_util", "reqwest", "lettre", "rustls", "h2"];

/// Whether something may be said at all, whatever the filter asks for.
fn is_sayable(metadata: &Metadata<'_>) -> bool {
    let carrier = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::INFO || !CARRIERS.contains(&carrier)
}

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.log` is not a filter.
    #[error("telemetry.log is not a filter such as info or info,helpline_queueing=debug: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The exporter refuses `telemetry.otlp`.
    #[error("telemetry.otlp cannot be used as the address of a collector: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// A subscriber is set already.
    #[error("logging was started before")]
    Started(#[from] tracing_subscriber::util::TryInitError),
}

/// Keeps telemetry running; [`TelemetryGuard::finish`] sends what is left.
#[derive(Debug)]
#[must_use = "spans that are still waiting are lost unless finish is called"]
pub struct TelemetryGuard(Option<SdkTracerProvider>);

impl TelemetryGuard {
    /// Sends the spans that are still waiting. Blocks for up to five seconds: call it last, outside the runtime's
    /// tasks.
    pub fn finish(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// Starts logging and tracing for the whole process. Call once, inside the runtime.
pub fn start(config: &Telemetry) -> Result<TelemetryGuard, TelemetryError> {
    let filter = EnvFilter::try_new(&config.log)?;
    let provider = exporter(&config.otlp)?;
    let spans = provider
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("helpline")));
    // A file or a collector of logs has no use for colours.
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines = match config.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(spans)
        .with(filter)
        .with(filter_fn(is_sayable))
        .try_init()?;
    Ok(TelemetryGuard(provider))
}

fn exporter(endpoint: &str) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    if endpoint.is_empty() {
        return Ok(None);
    }
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let resource = Resource::builder_empty().with_service_name("helpline").build();
    Ok(Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
}
