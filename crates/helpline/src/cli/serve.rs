//! Serves until a signal comes.

use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use helpline_service_kit::config::Config;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::{fail_point, telemetry};

use super::runtime;
use crate::server::{Server, Service, Services};

/// Runs a server; the status is that of a process that finished, or had to leave work behind.
pub(super) fn serve(config: &Config, services: &[Service]) -> anyhow::Result<ExitCode> {
    fail_point::arm(&config.testing.kill_at).map_err(|why| anyhow!("testing.kill_at: {why}"))?;
    let runtime = runtime()?;
    let (guard, finished) = runtime.block_on(async {
        let guard = telemetry::start(&config.telemetry)?;
        let lifecycle = Lifecycle::new();
        // From here on, so that a signal also ends a server that still waits for its database.
        lifecycle.listen_for_signals().context("listening for signals")?;
        let stop = lifecycle.soft();
        let services = Services::of(services);
        let server = tokio::select! {
            server = Server::start_with(config, &services, lifecycle) => server?,
            () = stop.cancelled() => return Ok((guard, true)),
        };
        let finished = server.finished().await;
        anyhow::Ok((guard, finished))
    })?;
    if finished {
        tracing::info!("finished");
    } else {
        tracing::warn!("ended before all work was finished");
    }
    guard.finish();
    // Whatever a hard stop left behind is not waited for.
    runtime.shutdown_background();
    Ok(if finished { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
