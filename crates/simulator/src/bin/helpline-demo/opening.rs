//! Before the play: settings, people, tokens, all through the API.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use helpline_proto::options::v1::Role;
use helpline_simulator::client::{self, Client};
use helpline_simulator::draws::Draws;
use helpline_simulator::house::House;
use helpline_simulator::people::{CounsellorPlan, TARGETS};
use helpline_simulator::scene::{News, Scene};
use helpline_simulator::server::Server;
use helpline_simulator::staff;
use tokio::sync::{Mutex, mpsc};
use tonic::transport::Channel;

use crate::arguments::Arguments;
use crate::say;

/// Everything that is ready when the play begins.
pub(crate) struct Stage {
    /// What the players share.
    pub(crate) scene: Arc<Scene>,
    /// What the players tell.
    pub(crate) news: Mutex<mpsc::UnboundedReceiver<News>>,
    /// The channel adapters, one for each server and kind of channel.
    pub(crate) adapters: Vec<Client>,
    /// Who watches over the floor.
    pub(crate) supervisor: Client,
    /// The counsellors, with their clients.
    pub(crate) counsellors: Vec<(CounsellorPlan, Client)>,
}

/// Sets the centre up and says how to look at it by hand.
pub(crate) async fn open(
    arguments: &Arguments,
    house: &House,
    servers: &[Server],
    token: &str,
) -> Result<Stage> {
    let mut draws = Draws::new(arguments.seed, 1);
    let channels: Vec<Channel> =
        servers.iter().map(|server| client::channel(server.grpc())).collect::<Result<_>>()?;
    let first = channels.first().cloned().context("at least one server")?;
    let administrator = Client::new(first.clone(), token)?;
    let speed = arguments.speed;
    staff::publish(&administrator, staff::settings(speed), &mut draws).await?;
    let plans = CounsellorPlan::shift(usize::from(arguments.counsellors));
    say(&format!("Creating {} counsellors through the API: languages ar, ru, en, with skills", plans.len()));
    let mut counsellors = Vec::new();
    for (place, plan) in plans.into_iter().enumerate() {
        let hired = staff::hire(&administrator, plan.record(), &mut draws).await?;
        let channel = channels.get(place % channels.len()).cloned().unwrap_or_else(|| first.clone());
        counsellors.push((plan, Client::new(channel, &hired.token)?));
    }
    let mut adapters = Vec::new();
    for label in ["Demo telephony", "Demo web chat", "Demo message gateway"] {
        let token = staff::token(&administrator, Role::ChannelAdapter, label, "", &mut draws).await?;
        for channel in &channels {
            adapters.push(Client::new(channel.clone(), &token)?);
        }
    }
    let token = staff::token(&administrator, Role::Supervisor, "Demo supervisor", "", &mut draws).await?;
    let supervisor = Client::new(first, &token)?;
    explain(arguments, house, servers, &token);
    let (scene, news) = Scene::new(speed);
    Ok(Stage { scene: Arc::new(scene), news: Mutex::new(news), adapters, supervisor, counsellors })
}

fn explain(arguments: &Arguments, house: &House, servers: &[Server], token: &str) {
    let speed = arguments.speed;
    if (speed.factor() - 1.0).abs() > f64::EPSILON {
        let targets: Vec<String> =
            TARGETS.iter().map(|target| speed.setting(*target, 1).to_string()).collect();
        say(&format!("A second here is {speed} s of the helpline; times on the screen are the helpline's."));
        println!("    Its target waits of 15, 60, 180, 300 s are published as {} s.", targets.join(", "));
    }
    say(&format!("Logs: {}", house.log_directory().display()));
    if let Some(server) = servers.first() {
        say("To look at the same floor by hand, in another terminal (`list` shows every service):");
        println!(
            "    grpcurl -plaintext -H 'authorization: Bearer {token}' {} \\\n        \
             helpline.queueing.v1.LineService/WatchQueueStatus",
            server.grpc()
        );
    }
    println!();
}
