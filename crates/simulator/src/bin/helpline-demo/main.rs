//! `helpline-demo`: a helpline at work on private servers, played through the public API.
//!
//! Standard output is for the person at the terminal. Exit code 0: it ended as asked and the closing figures agree with
//! the database; 1: something went wrong, said on standard error.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to the person at the terminal"
)]

mod arguments;
mod closing;
mod opening;
mod output;
mod show;
mod story;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Parser as _;
use helpline_simulator::house::{House, Plan};
use helpline_simulator::server::Server;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nhelpline-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    if let Some(scenario) = arguments.scenario {
        return story::tell(scenario, arguments.seed);
    }
    let rate = arguments.rate()?;
    if std::io::stdin().is_terminal() {
        println!("This starts a helpline of its own and removes it at the end. Ctrl-C ends it at any time.");
    }
    // An adapter watches the messages of each of its contacts, with one token. The agency with a webhook is this machine.
    let plan = Plan {
        durable: false,
        name: "demo",
        more_config: "[limits]\nstreams_per_token = 5000\n\n[telemetry]\nlog = \"info\"\n\n[channels]\nprivate_targets = true"
            .to_owned(),
    };
    let house = House::build(&plan, &mut say)?;
    say("Creating a centre and its first token: helpline centre create, helpline token create");
    let centre = house.create_centre("Demo helpline")?;
    let token = house.create_token(centre, "administrator", "Demo administrator")?;
    say("Importing a directory of services: helpline services import");
    house.import_services(centre, &helpline_simulator::referral::package(house.log_directory())?)?;
    let mut servers = Vec::new();
    for place in 1..=arguments.processes {
        let server = house.serve(&format!("server-{place}"))?;
        say(&format!(
            "Serving on {} (process {}, metrics on {})",
            server.grpc(),
            server.id(),
            server.metrics()
        ));
        servers.push(server);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let outcome = runtime.block_on(async {
        let stage = Box::pin(opening::open(arguments, &house, &servers, &token)).await?;
        show::show(arguments, rate, &stage, &mut servers).await?;
        closing::close(&stage, &house).await
    });
    runtime.shutdown_background();
    let stopped = stop(servers);
    let logs = house.log_directory().to_owned();
    drop(house);
    outcome?;
    stopped?;
    println!("Everything is stopped and removed; the logs are in {}", logs.display());
    Ok(())
}

fn stop(servers: Vec<Server>) -> Result<()> {
    let problems: Vec<String> = servers
        .into_iter()
        .filter_map(|server| server.stop().err().map(|error| format!("{error:#}")))
        .collect();
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(())
}

/// A step, on a line of its own.
pub(crate) fn say(line: &str) {
    println!("==> {line}");
    let _ = std::io::stdout().flush();
}
