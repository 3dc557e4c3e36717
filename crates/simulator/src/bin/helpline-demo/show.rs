//! The play itself: people come, the picture is drawn, until the time is over or somebody presses Ctrl-C.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use helpline_proto::queueing::v1::{QueueStatus, WatchQueueStatusRequest};
use helpline_proto::terms::v1::Channel;
use helpline_simulator::arrivals::{Arrivals, Rate};
use helpline_simulator::client::Client;
use helpline_simulator::draws::Draws;
use helpline_simulator::emergency::account;
use helpline_simulator::people::{ChildPlan, is_speech};
use helpline_simulator::referral::story;
use helpline_simulator::scene::Scene;
use helpline_simulator::server::Server;
use helpline_simulator::{child, counsellor};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::arguments::Arguments;
use crate::opening::Stage;
use crate::output::Output;

/// How long emergencies are waited for when the time is over, in seconds of the helpline's time, and at least so many real
/// ones: about twice what one takes.
const EMERGENCY: f64 = 600.0;
const LEAST_EMERGENCY: Duration = Duration::from_secs(40);
/// Seconds of the helpline's time until the first child in danger comes: somebody is on shift then.
const FIRST: f64 = 12.0;

/// Plays until the end. Arrivals have stopped and every player has left when it returns. Nobody leaves an emergency or a
/// referral because the time is over: it is played to its end, unless somebody presses Ctrl-C.
pub(crate) async fn show(
    arguments: &Arguments,
    rate: Rate,
    stage: &Stage,
    servers: &mut [Server],
) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let scene = &stage.scene;
    let (sender, mut statuses) = mpsc::unbounded_channel();
    scene.play(watch(Arc::clone(scene), stage.supervisor.clone(), sender));
    for (place, (plan, client)) in stage.counsellors.iter().enumerate() {
        let draws = Draws::new(arguments.seed, 1000 + place as u64);
        let name = plan.name.clone();
        scene.play(counsellor::play(Arc::clone(scene), client.clone(), name, plan.manner, draws));
    }
    let arrivals = Arrivals::new(rate, Draws::new(arguments.seed, 2));
    scene.play(bring(Arc::clone(scene), stage.adapters.clone(), arrivals, arguments.seed));
    let (sender, mut accounts) = mpsc::unbounded_channel();
    scene.play(account::follow(Arc::clone(scene), stage.supervisor.clone(), stage.names.clone(), sender));
    for (place, (desk, by_webhook)) in stage.desks.iter().enumerate() {
        let draws = Draws::new(arguments.seed, 500 + place as u64);
        match stage.notices.lock().await.take_if(|_| *by_webhook) {
            Some(notices) => scene.play(desk.clone().listen(notices, draws)),
            None => scene.play(desk.clone().watch(draws)),
        }
    }

    scene.play(story::follow(Arc::clone(scene), stage.supervisor.clone(), stage.names.clone()));
    for (place, shelter) in stage.shelters.iter().enumerate() {
        let draws = Draws::new(arguments.seed, 600 + place as u64);
        scene.play(shelter.clone().watch(draws));
    }

    let mut output = Output::new(scene.speed, arguments.plain);
    let mut tick = tokio::time::interval(output.interval());
    let over = tokio::time::sleep(arguments.length.unwrap_or(Duration::MAX / 4));
    tokio::pin!(over);
    let mut news = stage.news.lock().await;
    let ended = loop {
        tokio::select! {
            () = &mut over => {
                if !scene.is_open() || !(is_emergency(scene) || is_referral(scene)) {
                    break Ok(());
                }
                scene.close_doors();
                output.remark(if is_emergency(scene) {
                    "The time is over; the emergency goes on."
                } else {
                    "The time is over; the referral goes on."
                });
                over.as_mut().reset(Instant::now() + scene.speed.real(EMERGENCY).max(LEAST_EMERGENCY));
            }
            _ = interrupt.recv() => break Ok(()),
            _ = terminate.recv() => break Ok(()),
            Some(status) = statuses.recv() => output.picture().set_status(status),
            Some(account) = accounts.recv() => output.picture().set_emergency(account, scene.now()),
            Some(told) = news.recv() => output.tell(&told),
            _ = tick.tick() => {
                if let Some(dead) = servers.iter_mut().find_map(|server| {
                    (!server.is_running()).then(|| server.log().to_owned())
                }) {
                    break Err(dead);
                }
                output.draw(scene.now());
                if !scene.is_open() && !is_emergency(scene) && !is_referral(scene) && !output.picture().has_emergency() {
                    break Ok(());
                }
            }
        }
    };
    if let Err(log) = ended {
        bail!("a server ended by itself; its log is {}", log.display());
    }
    output.draw(scene.now());
    println!("\nNobody comes any more; the players finish what they are saying.");
    scene.close_doors();
    tokio::select! {
        () = scene.finish() => Ok(()),
        _ = interrupt.recv() => bail!("interrupted twice"),
    }
}

fn is_emergency(scene: &Scene) -> bool {
    let (raised, ended) = scene.emergencies();
    raised > ended
}

fn is_referral(scene: &Scene) -> bool {
    let (referred, ended) = scene.referrals();
    referred > ended
}

/// Follows the floor as a supervisor does.
async fn watch(scene: Arc<Scene>, supervisor: Client, statuses: mpsc::UnboundedSender<QueueStatus>) {
    let end = scene.end();
    while !scene.is_over() {
        if let Ok(answer) = supervisor.line().watch_queue_status(WatchQueueStatusRequest::default()).await {
            let mut stream = answer.into_inner();
            loop {
                let next = tokio::select! {
                    () = end.cancelled() => return,
                    next = stream.message() => next,
                };
                let Ok(Some(next)) = next else { break };
                if let Some(status) = next.status {
                    let _ = statuses.send(status);
                }
            }
        }
        scene.pause(scene.speed.factor()).await;
    }
}

/// Brings children in, each through the adapter of its channel.
async fn bring(scene: Arc<Scene>, adapters: Vec<Client>, mut arrivals: Arrivals, seed: u64) {
    let kinds = 3;
    let servers = adapters.len() / kinds;
    if let Some(telephone) = adapters.first() {
        let (scene, telephone) = (Arc::clone(&scene), telephone.clone());
        let draws = Draws::new(seed, 3);
        scene.clone().play(async move {
            if scene.pause_while_open(FIRST).await {
                child::play(scene, telephone, ChildPlan::in_danger(), draws).await;
            }
        });
    }
    for number in 0_usize.. {
        let pause = arrivals.next_at() - scene.now();
        if pause > 0.0 && !scene.pause_while_open(pause).await {
            return;
        }
        if !scene.is_open() {
            return;
        }
        let mut draws = Draws::new(seed, 1_000_000 + number as u64);
        let plan = ChildPlan::draw(&mut draws);
        let kind = match plan.channel {
            channel if is_speech(channel) => 0,
            Channel::WebChat => 1,
            _ => 2,
        };
        if let Some(adapter) = adapters.get(kind * servers + number % servers.max(1)) {
            scene.play(child::play(Arc::clone(&scene), adapter.clone(), plan, draws));
        }
    }
}
