//! The play itself: people come, the picture is drawn, until the time is over or somebody presses Ctrl-C.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use helpline_proto::queueing::v1::{QueueStatus, WatchQueueStatusRequest};
use helpline_proto::terms::v1::Channel;
use helpline_simulator::arrivals::{Arrivals, Rate};
use helpline_simulator::client::Client;
use helpline_simulator::draws::Draws;
use helpline_simulator::people::{ChildPlan, is_speech};
use helpline_simulator::scene::Scene;
use helpline_simulator::screen::Picture;
use helpline_simulator::server::Server;
use helpline_simulator::{child, counsellor};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::arguments::Arguments;
use crate::opening::Stage;

const REDRAW: Duration = Duration::from_millis(500);
const LINE: Duration = Duration::from_secs(2);

/// Plays until the end. Arrivals have stopped and every player has left when it returns.
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

    let drawn = !arguments.plain && std::io::stdout().is_terminal();
    let mut picture = Picture::new(scene.speed);
    let mut tick = tokio::time::interval(if drawn { REDRAW } else { LINE });
    let over = tokio::time::sleep(arguments.length.unwrap_or(Duration::MAX / 4));
    tokio::pin!(over);
    let mut news = stage.news.lock().await;
    let ended = loop {
        tokio::select! {
            () = &mut over => break Ok(()),
            _ = interrupt.recv() => break Ok(()),
            _ = terminate.recv() => break Ok(()),
            Some(status) = statuses.recv() => picture.set_status(status),
            Some(told) = news.recv() => picture.add_news(&told),
            _ = tick.tick() => {
                if let Some(dead) = servers.iter_mut().find_map(|server| {
                    (!server.is_running()).then(|| server.log().to_owned())
                }) {
                    break Err(dead);
                }
                draw(&mut picture, scene.now(), drawn);
            }
        }
    };
    if let Err(log) = ended {
        bail!("a server ended by itself; its log is {}", log.display());
    }
    draw(&mut picture, scene.now(), drawn);
    println!("\nNobody comes any more; the players finish what they are saying.");
    tokio::select! {
        () = scene.finish() => Ok(()),
        _ = interrupt.recv() => bail!("interrupted twice"),
    }
}

fn draw(picture: &mut Picture, now: f64, drawn: bool) {
    let mut out = std::io::stdout().lock();
    // When the terminal is gone there is nobody left to tell.
    let _ = if drawn {
        write!(out, "{}", picture.redraw(now))
    } else {
        writeln!(out, "{}", picture.one_line(now))
    };
    let _ = out.flush();
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
    for number in 0_usize.. {
        let pause = arrivals.next_at() - scene.now();
        if pause > 0.0 && !scene.pause(pause).await {
            return;
        }
        if scene.is_over() {
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
