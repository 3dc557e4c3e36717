//! A scenario, told line by line.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use helpline_simulator::client;
use helpline_simulator::house::{House, Plan};
use helpline_simulator::scenario::{Line, Scenario, Stage};

use crate::say;

const DAY_S: i64 = 86_400;

/// Builds a helpline, plays a scenario on it and removes it.
pub(crate) fn tell(scenario: Scenario, seed: u64) -> Result<()> {
    // When the clock is moved, that must not look like the silence of everybody's client.
    let plan = Plan {
        durable: false,
        name: "demo",
        more_config: "[timing]\npresence_ttl_s = 300\n\n[telemetry]\nlog = \"info\"".to_owned(),
    };
    let house = House::build(&plan, &mut say)?;
    let server = house.serve("server-1")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    println!("\n{}\n", scenario.about());
    let outcome = runtime.block_on(async {
        let channel = client::channel(server.grpc())?;
        let stage = Stage::set(&house, channel, seed, &print).await?;
        scenario.play(&stage).await
    });
    runtime.shutdown_background();
    let stopped = server.stop();
    let logs = house.log_directory().to_owned();
    drop(house);
    outcome?;
    stopped?;
    println!("\nEverything is stopped and removed; the logs are in {}", logs.display());
    Ok(())
}

fn print(line: &Line) {
    let (day, minute) = (line.at / DAY_S, line.at % DAY_S / 60);
    println!("day {day:>3}  {:02}:{:02}  {:<26}  {}", minute / 60, minute % 60, line.who, line.what);
    let _ = std::io::stdout().flush();
}
