//! Before the play: settings, people, tokens, all through the API.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use helpline_proto::options::v1::Role;
use helpline_simulator::client::{self, Client};
use helpline_simulator::draws::Draws;
use helpline_simulator::emergency::account::Names;
use helpline_simulator::emergency::desk::Desk;
use helpline_simulator::emergency::receiver::{Notice, Receiver};
use helpline_simulator::emergency::{self, Registered};
use helpline_simulator::house::House;
use helpline_simulator::people::{CounsellorPlan, TARGETS};
use helpline_simulator::referral;
use helpline_simulator::scene::{News, Scene};
use helpline_simulator::server::Server;
use helpline_simulator::speed::Speed;
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
    /// The desks of agencies, each with whether it is told by webhooks.
    pub(crate) desks: Vec<(Desk, bool)>,
    /// The desks of shelters.
    pub(crate) shelters: Vec<referral::desk::Desk>,
    /// What agencies are called.
    pub(crate) names: Names,
    /// What is told by webhooks, and the server that hears it.
    pub(crate) notices: Mutex<Option<mpsc::UnboundedReceiver<Notice>>>,
    _receiver: Receiver,
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
    let supervisor = Client::new(first.clone(), &token)?;
    let (receiver, notices) = Receiver::open().await?;
    let registered = partners(&administrator, &receiver, speed, &mut draws).await?;
    let shelters = shelters(&administrator, &supervisor, &mut draws).await?;
    explain(arguments, house, servers, &token);
    let (scene, news) = Scene::new(speed);
    let scene = Arc::new(scene);
    let desk = |one: &Registered| {
        let (scene, manner) = (Arc::clone(&scene), one.partner.manner);
        let client = Client::new(first.clone(), &one.token)?;
        Ok((Desk { scene, client, manner }, one.partner.by_webhook))
    };
    let desks = registered.iter().map(desk).collect::<Result<_>>()?;
    let of_shelters = shelters.iter().map(|one| (one.agency_id.clone(), one.shelter.name.to_owned()));
    let names = registered.into_iter().map(|one| (one.agency_id, one.partner.name.to_owned()));
    let names = names.chain(of_shelters).collect();
    let screen = |one: &referral::Registered| {
        let (scene, manner) = (Arc::clone(&scene), one.shelter.manner);
        Ok(referral::desk::Desk { scene, client: Client::new(first.clone(), &one.token)?, manner })
    };
    let shelters = shelters.iter().map(screen).collect::<Result<_>>()?;
    let notices = Mutex::new(Some(notices));
    let news = Mutex::new(news);
    Ok(Stage {
        scene,
        news,
        adapters,
        supervisor,
        counsellors,
        desks,
        shelters,
        names,
        notices,
        _receiver: receiver,
    })
}

/// Shelters that children can be referred to.
async fn shelters(
    administrator: &Client,
    supervisor: &Client,
    draws: &mut Draws,
) -> Result<Vec<referral::Registered>> {
    let names: Vec<&str> = referral::SHELTERS.iter().map(|shelter| shelter.name).collect();
    say(&format!("Saying who answers for shelters, and how many beds they have: {}", names.join(", ")));
    referral::register(administrator, supervisor, draws).await
}

/// Whom the centre can tell in an emergency, and the plan by which it does.
async fn partners(
    administrator: &Client,
    receiver: &Receiver,
    speed: Speed,
    draws: &mut Draws,
) -> Result<Vec<Registered>> {
    let names: Vec<&str> = emergency::PARTNERS.iter().map(|partner| partner.name).collect();
    say(&format!("Adding agencies and publishing a plan for emergencies: {}", names.join(", then ")));
    let registered = emergency::register(administrator, receiver.url(), draws).await?;
    for secret in registered.iter().filter_map(|one| one.secret.as_deref()) {
        receiver.trust(secret)?;
    }
    emergency::publish(administrator, &registered, speed, draws).await?;
    Ok(registered)
}

fn explain(arguments: &Arguments, house: &House, servers: &[Server], token: &str) {
    let speed = arguments.speed;
    if (speed.factor() - 1.0).abs() > f64::EPSILON {
        let targets: Vec<String> =
            TARGETS.iter().map(|target| speed.setting(*target, 1).to_string()).collect();
        say(&format!("A second here is {speed} s of the helpline; times on the screen are the helpline's."));
        println!("    Its target waits of 15, 60, 180, 300 s are published as {} s.", targets.join(", "));
        let (step, accept) = emergency::waits(speed);
        println!(
            "    In an emergency a desk has {step} s to answer, and {accept} s to take on what it has seen."
        );
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
