//! How long a search in a large directory of services takes, as a counsellor's client sees it.

mod package;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use helpline_proto::directory::v1::{
    GetServiceRequest, Position, SearchServicesRequest, VerifyServiceRequest,
};
use helpline_proto::intake::v1::Gender;
use helpline_simulator::client::{Client, channel};
use helpline_simulator::house::{House, Plan};
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::level::Latencies;
use crate::{Format, progress};

/// Searches under way at once.
const AT_ONCE: usize = 2;
/// After so many searches somebody verifies a service, and the next search finds the directory changed.
const VERIFIED_EVERY: usize = 50;

/// How it is measured.
#[derive(Clone, Debug, Parser)]
pub(crate) struct Options {
    /// With `json`, one object on the last line of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// How many services the directory has
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    services: u32,
    /// How many searches are measured
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    searches: u32,
}

/// What was measured.
pub(crate) struct Report {
    services: u32,
    import: Duration,
    first: Duration,
    searches: Latencies,
    resident_mb: f64,
}

impl Report {
    /// For people.
    pub(crate) fn text(&self) -> String {
        format!(
            "{} services: imported in {:.1} s; first search {:.0} ms; then p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms \
             over {} searches, {AT_ONCE} at once, a service verified after each {VERIFIED_EVERY}; server {:.0} MB",
            self.services,
            self.import.as_secs_f64(),
            self.first.as_secs_f64() * 1000.0,
            self.searches.quantile_ms(0.5),
            self.searches.quantile_ms(0.95),
            self.searches.quantile_ms(0.99),
            self.searches.count(),
            self.resident_mb,
        )
    }

    /// For machines.
    pub(crate) fn json(&self) -> String {
        json!({
            "services": self.services,
            "searches": self.searches.count(),
            "import_s": self.import.as_secs_f64(),
            "first_search_ms": self.first.as_secs_f64() * 1000.0,
            "search_p50_ms": self.searches.quantile_ms(0.5),
            "search_p95_ms": self.searches.quantile_ms(0.95),
            "search_p99_ms": self.searches.quantile_ms(0.99),
            "server_mb": self.resident_mb,
        })
        .to_string()
    }
}

/// Imports a made-up directory, searches it, and says how long that takes.
pub(crate) fn measure(options: &Options) -> Result<Report> {
    let more_config = "[telemetry]\nlog = \"warn\"".to_owned();
    let plan = Plan { durable: true, name: "bench", more_config };
    let house = House::build(&plan, &mut |line| progress(line))?;
    let centre = house.create_centre("Benchmark")?;
    let token = house.create_token(centre, "supervisor", "Benchmark")?;
    progress(&format!("importing {} services", options.services));
    let file = house.log_directory().join("services.json");
    std::fs::write(&file, package::of(options.services).to_string()).context("cannot write the package")?;
    let begun = Instant::now();
    house.import_services(centre, Path::new(&file))?;
    let import = begun.elapsed();
    let server = house.serve("directory")?;
    progress("searching");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    // A connection is made within the runtime.
    let (first, searches) = runtime.block_on(async {
        let client = Client::new(channel(server.grpc())?, &token)?;
        search(&client, options).await
    })?;
    let resident_mb = server.resident_mb()?;
    server.stop()?;
    Ok(Report { services: options.services, import, first, searches, resident_mb })
}

async fn search(client: &Client, options: &Options) -> Result<(Duration, Latencies)> {
    // A connection is made with its first call, which is not measured.
    let _ = client.services().get_service(GetServiceRequest::default()).await;
    let (first, found) = one(client, 0).await?;
    ensure!(found > 0, "the directory is empty");
    let mut tasks = JoinSet::new();
    let each = options.searches as usize / AT_ONCE;
    for task in 0..AT_ONCE {
        let client = client.clone();
        let services = options.services;
        tasks.spawn(async move {
            let mut latencies = Latencies::new()?;
            let mut all_found = 0;
            for number in 0..each {
                let (latency, found) = one(&client, number * AT_ONCE + task).await?;
                latencies.add(latency);
                all_found += found;
                if number % VERIFIED_EVERY == 0 {
                    verify(&client, number * AT_ONCE + task, services).await?;
                }
            }
            ensure!(all_found >= each, "most searches found nothing");
            Ok::<_, anyhow::Error>(latencies)
        });
    }
    let mut all = Latencies::new()?;
    while let Some(done) = tasks.join_next().await {
        all.merge(&done??);
    }
    Ok((first, all))
}

/// One search; how long it took and how many it found.
async fn one(client: &Client, number: usize) -> Result<(Duration, usize)> {
    let request = question(number);
    let begun = Instant::now();
    let answer = client.services().search_services(request).await?;
    Ok((begun.elapsed(), answer.into_inner().services.len()))
}

/// What counsellors ask, one after another.
fn question(number: usize) -> SearchServicesRequest {
    let text =
        |text: &str| SearchServicesRequest { text: text.to_owned(), ..SearchServicesRequest::default() };
    let child = SearchServicesRequest {
        terms: vec!["need_3".to_owned()],
        age: Some(i32::try_from(number % 18).unwrap_or_default()),
        gender: Gender::Female.into(),
        languages: vec!["ar".to_owned(), "ru".to_owned()],
        ..SearchServicesRequest::default()
    };
    match number % 8 {
        0 => text("مأوى الأطفال"),
        1 => text("приют для девачек"),
        2 => text("sheltr for familes"),
        3 => text("priyut"),
        4 => child,
        5 => SearchServicesRequest { area: "Doha".to_owned(), open_now: true, ..child },
        6 => SearchServicesRequest {
            position: Some(Position { latitude: 43.2, longitude: 76.9 }),
            within_km: Some(200.0),
            places: 2,
            ..child
        },
        _ => SearchServicesRequest {
            text: "legal aid clinic".to_owned(),
            age: Some(15),
            open_now: true,
            ..SearchServicesRequest::default()
        },
    }
}

async fn verify(client: &Client, number: usize, services: u32) -> Result<()> {
    let number = u32::try_from(number)?;
    let request = VerifyServiceRequest {
        // The server is new: any id is.
        request_id: Uuid::from_u128(u128::from(number) + 1).to_string(),
        service_id: package::service_id(number % services),
        expected_revision: 0,
    };
    client.services().verify_service(request).await?;
    Ok(())
}
