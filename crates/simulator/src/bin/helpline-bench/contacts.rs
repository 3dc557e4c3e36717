//! The benchmark `contacts`: a quiet line, the floor, and a line of 100,000.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use helpline_proto::directory::v1::{Capacity, Counsellor, Queue, Settings};
use helpline_proto::options::v1::Role;
use helpline_simulator::client::{self, Client};
use helpline_simulator::draws::Draws;
use helpline_simulator::house::{House, Plan};
use helpline_simulator::server::Server;
use helpline_simulator::staff;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::field::{Duty, Field};
use crate::floor::Floor;
use crate::level::Level;
use crate::load::Ground;
use crate::machine::Machine;
use crate::meters::Probe;
use crate::report::{Long, Report};
use crate::{Options, crowd, field, pgbench, progress};

/// Contacts in flight.
const IN_FLIGHT: [usize; 3] = [1, 16, 64];
/// Counsellors who take contacts: twice as many as contacts in flight, so that nobody has to wait for one.
const WORKERS: usize = 128;
/// Connections of the load; what is in flight is spread over them.
const CONNECTIONS: usize = 4;
const MAX_CROWD_ON_A_CONNECTION: usize = 200;

/// What one run has in common.
struct Run {
    house: House,
    token: String,
    length: Duration,
    waiting: usize,
    full: usize,
}

/// Measures everything.
pub(crate) fn measure(options: &Options) -> Result<Report> {
    let (seconds, waiting, full) =
        if options.quick { (options.seconds.min(2), 5_000, 200) } else { (options.seconds, 100_000, 2_000) };
    let more_config = "[limits]\nstreams_per_token = 5000\n\n[telemetry]\nlog = \"warn\"".to_owned();
    let plan = Plan { durable: true, name: "bench", more_config };
    let house = House::build(&plan, &mut |line| progress(line))?;
    Probe::prepare(house.stack())?;
    let centre = house.create_centre("Benchmark")?;
    let token = house.create_token(centre, "administrator", "Benchmark")?;
    let run = Run { house, token, length: Duration::from_secs(seconds), waiting, full };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let mut draws = Draws::new(1, 1);
    let machine = Machine::here();
    progress(&format!(
        "{}, {} cores, PostgreSQL {}, Redis {}",
        machine.processor, machine.cores, machine.postgres, machine.redis
    ));

    let server = run.house.serve("server-quiet")?;
    std::thread::sleep(Duration::from_secs(3));
    let idle_mb = server.resident_mb()?;
    progress(&format!("the idle server occupies {idle_mb:.1} MB"));
    let quiet = runtime.block_on(run.quiet(&server, &mut draws))?;
    server.stop()?;

    let floor_centre = run.house.create_centre("Floor")?;
    let floor = runtime.block_on(run.floor(floor_centre, &mut draws))?;
    let pgbench = pgbench::run(run.house.stack(), run.house.log_directory(), seconds)?;
    if let Some(pgbench) = &pgbench {
        progress(&format!(
            "pgbench, one durable row each, 16 clients: {:.0} transactions/s",
            pgbench.per_second
        ));
    }

    let server = run.house.serve("server-long")?;
    let long = runtime.block_on(run.long(&server, &mut draws))?;
    runtime.shutdown_background();
    server.stop()?;
    Ok(Report { machine, seconds, idle_mb, quiet, floor, pgbench, long })
}

impl Run {
    fn channels(server: &Server, count: usize) -> Result<Vec<Channel>> {
        (0..count).map(|_| client::channel(server.grpc())).collect()
    }

    async fn adapters(
        &self,
        administrator: &Client,
        channels: &[Channel],
        draws: &mut Draws,
    ) -> Result<Vec<Client>> {
        let token = staff::token(administrator, Role::ChannelAdapter, "Benchmark adapter", "", draws).await?;
        channels.iter().map(|channel| Client::new(channel.clone(), &token)).collect()
    }

    /// The line with nobody in it but those in flight.
    async fn quiet(&self, server: &Server, draws: &mut Draws) -> Result<Vec<Level>> {
        let channels = Self::channels(server, CONNECTIONS)?;
        let administrator = Client::new(channels.first().context("a connection")?.clone(), &self.token)?;
        staff::publish(&administrator, settings(), draws).await?;
        let adapters = self.adapters(&administrator, &channels, draws).await?;
        let workers = field::hire(&administrator, &channels, workers(), draws).await?;
        let levels = self.levels("quiet line", server, adapters, &workers, draws).await?;
        Ok(levels)
    }

    async fn levels(
        &self,
        name: &str,
        server: &Server,
        adapters: Vec<Client>,
        workers: &[Client],
        draws: &mut Draws,
    ) -> Result<Vec<Level>> {
        let stop = CancellationToken::new();
        let field = Arc::new(Field::default());
        field.open(workers, Duty::Show, &stop, draws).await?;
        let stack = self.house.stack().handle().clone();
        let ground = Ground { stack, server: server.id(), adapters, field, length: self.length };
        let first = ground.first(draws).await?;
        progress(&format!("{name}, the first contact: offer seen after {} ms", first.as_millis()));
        let mut levels = Vec::new();
        for in_flight in IN_FLIGHT {
            levels.push(ground.level(name, in_flight, draws).await?);
        }
        stop.cancel();
        Ok(levels)
    }

    async fn floor(&self, centre: Uuid, draws: &mut Draws) -> Result<Vec<Level>> {
        let most = IN_FLIGHT.into_iter().max().unwrap_or(1);
        let floor = Arc::new(Floor::prepare(&self.house, centre, most, self.length, draws).await?);
        let mut levels = Vec::new();
        for in_flight in IN_FLIGHT {
            levels.push(floor.level(in_flight, draws).await?);
        }
        floor.finish(draws).await?;
        Ok(levels)
    }

    /// The long line, and the memory that streams take.
    async fn long(&self, server: &Server, draws: &mut Draws) -> Result<Long> {
        let channels = Self::channels(server, CONNECTIONS)?;
        let administrator = Client::new(channels.first().context("a connection")?.clone(), &self.token)?;
        let adapters = self.adapters(&administrator, &channels, draws).await?;
        progress(&format!("creating {} counsellors and opening their streams", self.full));
        let crowded = Self::channels(server, self.full.div_ceil(MAX_CROWD_ON_A_CONNECTION))?;
        let people = field::hire(&administrator, &crowded, (0..self.full).map(crowd::record), draws).await?;
        let stop = CancellationToken::new();
        let crowd_field = Arc::new(Field::default());
        crowd_field.open(&people, Duty::Keep, &stop, draws).await?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let streams_mb = server.resident_mb()?;
        progress(&format!("with {} streams the server occupies {streams_mb:.1} MB", self.full));
        let adapter = adapters.first().context("an adapter")?.clone();
        progress("giving each of them a call, so that all are full");
        crowd::fill(&adapter, &crowd_field, self.full, draws).await?;
        progress(&format!("putting {} contacts in line for them", self.waiting));
        crowd::queue_up(self.house.stack(), &adapter, self.waiting, draws).await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        let workers = field::hire(&administrator, &channels, workers(), draws).await?;
        let levels = self.levels("long line", server, adapters, &workers, draws).await?;
        let loaded_mb = server.resident_mb()?;
        stop.cancel();
        progress(&format!("after everything the server occupies {loaded_mb:.1} MB"));
        Ok(Long { waiting: self.waiting, full: self.full, streams_mb, loaded_mb, levels })
    }
}

/// Everybody may take everything: no reserve, one queue.
fn settings() -> Settings {
    Settings {
        queues: vec![Queue { queue: "general".to_owned(), ..Queue::default() }],
        skills: vec![crowd::SKILL.to_owned()],
        // From more counsellors than there are.
        reserve_from: 100_000,
        ..Settings::default()
    }
}

fn workers() -> impl Iterator<Item = Counsellor> {
    (0..WORKERS).map(|place| Counsellor {
        display_name: format!("Worker {place:03}"),
        languages: vec!["en".to_owned()],
        capacity: Some(Capacity { voice: 1, chats: 0, messages: 0 }),
        ..Counsellor::default()
    })
}
