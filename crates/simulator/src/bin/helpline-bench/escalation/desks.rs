//! Desks that watch, and people who raise an emergency, see that it was raised, and take it on, while everything else goes on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use helpline_proto::escalation::v1::watch_escalations_response::Event;
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AcknowledgeEscalationRequest, Danger, EscalationKind, Particulars,
    RaiseEscalationRequest, WatchEscalationsRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_simulator::call;
use helpline_simulator::client::Client;
use helpline_simulator::draws::Draws;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::stage::region;
use crate::level::Latencies;

/// People who raise emergencies at once.
const HANDS: usize = 4;
/// Mean rest between two of one person, in seconds.
const REST_S: f64 = 0.3;
/// How long all desks may take to be sent what is open.
const PATIENCE: Duration = Duration::from_mins(3);
/// How long after its end a desk is still waited for.
const GRACE: Duration = Duration::from_secs(3);

/// Open desks; they close when this goes.
pub(crate) struct Desks {
    seen: Arc<Seen>,
    stop: CancellationToken,
    synced: usize,
}

#[derive(Default)]
struct Seen {
    messages: AtomicU64,
    synced: AtomicU64,
    /// When the first desk has shown it, of those that show everything.
    first: Mutex<HashMap<String, Instant>>,
}

impl Drop for Desks {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Desks {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { seen: Arc::default(), stop: CancellationToken::new(), synced: 0 }
    }

    /// Opens the desks of these people and waits until each has been sent what is open; `notes` says that what they show is
    /// timed. How long it took.
    pub(crate) async fn open(&mut self, people: &[Client], notes: bool) -> Result<Duration> {
        let begun = Instant::now();
        for client in people {
            tokio::spawn(watch(client.clone(), Arc::clone(&self.seen), self.stop.clone(), notes));
        }
        self.synced += people.len();
        while self.seen.synced.load(Ordering::Relaxed) < self.synced as u64 {
            ensure!(begun.elapsed() < PATIENCE, "not every desk was sent what is open within three minutes");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(begun.elapsed())
    }

    /// How many escalations were shown so far, at all desks together.
    pub(crate) fn messages(&self) -> u64 {
        self.seen.messages.load(Ordering::Relaxed)
    }

    fn shown_at(&self, id: &str) -> Option<Instant> {
        self.seen.first.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }
}

async fn watch(client: Client, seen: Arc<Seen>, stop: CancellationToken, notes: bool) {
    while !stop.is_cancelled() {
        let Ok(answer) = client.escalations().watch_escalations(WatchEscalationsRequest {}).await else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        let mut stream = answer.into_inner();
        loop {
            let next = tokio::select! {
                () = stop.cancelled() => return,
                next = stream.message() => next,
            };
            let Ok(Some(message)) = next else { break };
            match message.event {
                Some(Event::Escalation(one)) => {
                    seen.messages.fetch_add(1, Ordering::Relaxed);
                    if notes {
                        let mut first = seen.first.lock().unwrap_or_else(PoisonError::into_inner);
                        first.entry(one.escalation_id).or_insert_with(Instant::now);
                    }
                }
                Some(Event::Synced(_)) => {
                    seen.synced.fetch_add(1, Ordering::Relaxed);
                }
                _ => {}
            }
        }
    }
}

/// What people wait for.
#[derive(Clone)]
pub(crate) struct Waits {
    /// For the answer to a report, with its first step taken.
    pub(crate) raise: Latencies,
    /// For the answer to an acknowledgement.
    pub(crate) acknowledge: Latencies,
    /// From sending a report to seeing it on a supervisor's desk.
    pub(crate) shown: Latencies,
    /// Reports that were not seen within three seconds.
    pub(crate) unseen: u64,
}

/// Raises, acknowledges and takes on, again and again for a time; what they waited for.
pub(crate) async fn people(
    counsellors: &[Client],
    supervisors: &[Client],
    desks: &Desks,
    length: Duration,
    draws: &mut Draws,
) -> Result<Waits> {
    let until = Instant::now() + length;
    let mut hands = JoinSet::new();
    for hand in 0..HANDS {
        let counsellor = counsellors.get(hand % counsellors.len().max(1)).context("a counsellor")?.clone();
        let supervisor = supervisors.get(hand % supervisors.len().max(1)).context("a supervisor")?.clone();
        hands.spawn(person(counsellor, supervisor, until, Draws::new(draws.uuid().as_u64_pair().0, 0)));
    }
    let mut waits = Waits {
        raise: Latencies::new()?,
        acknowledge: Latencies::new()?,
        shown: Latencies::new()?,
        unseen: 0,
    };
    let mut raised = Vec::new();
    while let Some(done) = hands.join_next().await {
        let done = done??;
        waits.raise.merge(&done.raise);
        waits.acknowledge.merge(&done.acknowledge);
        raised.extend(done.raised);
    }
    tokio::time::sleep(GRACE).await;
    for (id, begun) in raised {
        match desks.shown_at(&id) {
            Some(at) => waits.shown.add(at.saturating_duration_since(begun)),
            None => waits.unseen += 1,
        }
    }
    Ok(waits)
}

struct Done {
    raise: Latencies,
    acknowledge: Latencies,
    raised: Vec<(String, Instant)>,
}

async fn person(counsellor: Client, supervisor: Client, until: Instant, mut draws: Draws) -> Result<Done> {
    let mut done = Done { raise: Latencies::new()?, acknowledge: Latencies::new()?, raised: Vec::new() };
    while Instant::now() < until {
        let begun = Instant::now();
        let answer =
            call!(counsellor.escalations(), raise_escalation, report(&mut draws)).context("raise")?;
        done.raise.add(begun.elapsed());
        let escalation_id = answer.escalation.context("an answer with the escalation")?.escalation_id;
        done.raised.push((escalation_id.clone(), begun));
        let request =
            AcknowledgeEscalationRequest { request_id: draws.id(), escalation_id: escalation_id.clone() };
        let begun = Instant::now();
        call!(supervisor.escalations(), acknowledge_escalation, request).context("acknowledge")?;
        done.acknowledge.add(begun.elapsed());
        let request = AcceptEscalationRequest { request_id: draws.id(), escalation_id };
        call!(supervisor.escalations(), accept_escalation, request).context("accept")?;
        tokio::time::sleep(Duration::from_secs_f64(draws.exponential(REST_S))).await;
    }
    Ok(done)
}

fn report(draws: &mut Draws) -> RaiseEscalationRequest {
    RaiseEscalationRequest {
        request_id: draws.id(),
        kind: EscalationKind::Emergency.into(),
        risk: Risk::HarmNow.into(),
        danger: Danger::Violence.into(),
        region: region(draws.below(super::stage::REGIONS)),
        particulars: Some(Particulars {
            narrative: "A made-up report that is as long as a short one of a real case would be.".to_owned(),
            ..Particulars::default()
        }),
        ..RaiseEscalationRequest::default()
    }
}
