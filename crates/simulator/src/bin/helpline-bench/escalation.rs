//! The benchmark `escalation`: many open escalations whose clocks run, how late their steps are taken, and how fast when all
//! are overdue at once.

mod deadlines;
mod desks;
mod fill;
mod report;
mod stage;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use helpline_simulator::client::{self, Client};
use helpline_simulator::draws::Draws;
use helpline_simulator::house::{House, Plan};
use helpline_simulator::server::Server;
use tonic::transport::Channel;

use self::deadlines::{Deadlines, Lateness, Storm};
use self::desks::{Desks, Waits, people};
use self::report::{Crowded, Phase, Replicas};
use self::stage::{Crowd, Stage};
use crate::level::Cost;
use crate::machine::Machine;
use crate::meters::{Probe, Reading};
use crate::{EscalationOptions, progress};

pub(crate) use self::report::Report;

/// Connections of the load.
const CONNECTIONS: usize = 8;
/// Escalations whose steps the server takes by one statement, and the floor likewise.
const BATCH: i32 = 100;
/// Desks that are open in the last phase, as many as work in a large centre and its agencies at a time.
const DESKS_OPEN: usize = 50;
/// How long people are measured while nothing is due, at most.
const ALONE: Duration = Duration::from_secs(10);
/// How long after an outage people are measured.
const AFTER_OUTAGE: Duration = Duration::from_secs(10);

struct Run {
    house: House,
    deadlines: Deadlines,
    stage: Stage,
    desks: Desks,
    length: Duration,
}

/// Measures everything.
pub(crate) fn measure(options: &EscalationOptions) -> Result<Report> {
    let (seconds, open) =
        if options.quick { (options.seconds.min(5), 1_000) } else { (options.seconds, 10_000) };
    let more_config = "[telemetry]\nlog = \"warn\"".to_owned();
    let house =
        House::build(&Plan { durable: true, name: "bench", more_config }, &mut |line| progress(line))?;
    Probe::prepare(house.stack())?;
    let centre = house.create_centre("Benchmark")?;
    let token = house.create_token(centre, "administrator", "Benchmark")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut draws = Draws::new(1, 2);
    let machine = Machine::here();
    // From an empty database on, as in earnest: the plans of its statements are made while there is nothing.
    let server = house.serve("server-one")?;
    let report = runtime.block_on(async {
        let channels: Vec<Channel> =
            (0..CONNECTIONS).map(|_| client::channel(server.grpc())).collect::<Result<_>>()?;
        let administrator = Client::new(channels.first().context("a connection")?.clone(), &token)?;
        let crowd = Crowd::of(DESKS_OPEN);
        progress("creating agencies, responders, supervisors and counsellors, and a plan");
        let stage = Stage::set(&administrator, &channels, crowd, &mut draws).await?;
        progress(&format!("raising {open} escalations"));
        fill::fill(&house, centre, open, &mut draws).await?;
        let deadlines = Deadlines::of_open(house.stack())?;
        let mut run =
            Run { house, deadlines, stage, desks: Desks::new(), length: Duration::from_secs(seconds) };
        run.all(machine, server, open, &mut draws).await
    });
    runtime.shutdown_background();
    report
}

impl Run {
    async fn all(
        &mut self,
        machine: Machine,
        server: Server,
        open: usize,
        draws: &mut Draws,
    ) -> Result<Report> {
        self.deadlines.hold()?;
        let first = self.stage.supervisors.split_at(1).0;
        let synced = self.desks.open(first, true).await?;
        progress(&format!("the first desk has been sent everything after {:.1} s", synced.as_secs_f64()));
        let alone = self.people(self.length.min(ALONE), draws).await?;
        let one = self.replicas("one server", &server, draws).await?;
        let second = self.house.serve("server-two")?;
        let two = self.replicas("two servers", &server, draws).await?;
        second.stop()?;
        let crowded = self.crowded(&server, draws).await?;
        server.stop()?;
        let floor = self.deadlines.floor(BATCH).await?;
        progress(&format!("floor: {floor:.0} rows/s claimed"));
        Ok(Report { machine, seconds: self.length.as_secs(), open, alone, one, two, crowded, floor })
    }

    async fn people(&self, length: Duration, draws: &mut Draws) -> Result<Waits> {
        people(&self.stage.counsellors, &self.stage.supervisors, &self.desks, length, draws).await
    }

    /// The deadlines run while people work.
    async fn phase(&self, name: &str, server: &Server, draws: &mut Draws) -> Result<Phase> {
        let stack = self.house.stack().handle();
        let before = Reading::take(stack, Some(server.id())).await?;
        let (deadlines, length) = (self.deadlines.clone(), self.length);
        let running = tokio::task::spawn_blocking(move || deadlines.run(length));
        let waits = self.people(self.length, draws).await?;
        let lateness: Lateness = running.await.context("the deadlines were cut short")??;
        let after = Reading::take(stack, Some(server.id())).await?;
        // What was taken before and after its time counts too: the meters ran as long.
        let cost: Cost = after.cost_since(&before, 1, 0);
        let [p50, _, p99, longest] = lateness.ms;
        progress(&format!(
            "{name}: {:.0} steps/s, taken {p50:.0} ms after their time (p99 {p99:.0} ms, longest {longest:.0} ms), {} missed; \
             a report is answered after {:.0} ms (p99), on the desk after {:.0} ms (p99)",
            lateness.per_second,
            lateness.missed,
            waits.raise.quantile_ms(0.99),
            waits.shown.quantile_ms(0.99)
        ));
        Ok(Phase { lateness, waits, cost })
    }

    /// Everything is overdue while people work.
    async fn storm(&self, name: &str, draws: &mut Draws) -> Result<(Storm, Waits)> {
        let deadlines = self.deadlines.clone();
        let raging = tokio::task::spawn_blocking(move || deadlines.storm());
        let waits = self.people(AFTER_OUTAGE.min(self.length), draws).await?;
        let storm = raging.await.context("the storm was cut short")??;
        let [gravest, grave, rest] = storm.by_risk;
        progress(&format!(
            "{name}, everything overdue: {:.0} steps/s, R5 after {gravest:.1} s, R4 after {grave:.1} s, the rest after {rest:.1} s; \
             a report is answered after {:.0} ms (p99)",
            storm.per_second(),
            waits.raise.quantile_ms(0.99)
        ));
        Ok((storm, waits))
    }

    async fn replicas(&self, name: &str, server: &Server, draws: &mut Draws) -> Result<Replicas> {
        let running = self.phase(name, server, draws).await?;
        self.deadlines.hold()?;
        let (storm, in_storm) = self.storm(name, draws).await?;
        Ok(Replicas { running, storm, in_storm })
    }

    /// With every desk open.
    async fn crowded(&mut self, server: &Server, draws: &mut Draws) -> Result<Crowded> {
        self.deadlines.hold()?;
        let begun = Instant::now();
        let others = self.stage.supervisors.split_at(1).1;
        let mut count = 1;
        for people in [others, &self.stage.counsellors, &self.stage.responders] {
            self.desks.open(people, false).await?;
            count += people.len();
        }
        let opened_s = begun.elapsed().as_secs_f64();
        progress(&format!("{count} desks have been sent what is open after {opened_s:.1} s"));
        let before = self.desks.messages();
        let running = self.phase("with all desks open", server, draws).await?;
        let messages = self.desks.messages() - before;
        let resident_mb = server.resident_mb()?;
        Ok(Crowded { desks: count, opened_s, running, messages, resident_mb })
    }
}
