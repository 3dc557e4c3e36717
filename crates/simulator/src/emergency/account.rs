//! An emergency as a supervisor sees it: who was told, by which way, and what came of it, from what the API lists.

mod words;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use helpline_proto::channels::v1::{Delivery, ListDeliveriesRequest};
use helpline_proto::escalation::v1::watch_escalations_response::Event;
use helpline_proto::escalation::v1::{
    Escalation, EscalationState, ListTimelineRequest, TimelineEntry, WatchEscalationsRequest,
};
use prost_types::Timestamp;
use tokio::sync::mpsc;

use crate::call;
use crate::client::Client;
use crate::scene::Scene;

/// Names of agencies by their ids.
pub type Names = BTreeMap<String, String>;

/// Entries and deliveries that are read of one emergency at most: enough for several rounds of any plan of the demo.
const MOST: i32 = 500;

/// What is known of an emergency. Times are real seconds since it was raised.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Its number.
    pub number: i64,
    /// Where it stands.
    pub state: EscalationState,
    /// How long it has lasted, or lasted until the child was reached.
    pub age: f64,
    /// Who was told, in the order of the plan.
    pub told: Vec<Told>,
}

/// Somebody who was told, and what they said.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Who.
    pub who: String,
    /// By which way it arrived; before it has, by which ways it was sent.
    pub way: String,
    /// When.
    pub at: f64,
    /// When it arrived.
    pub delivered: Option<f64>,
    /// When they said that they have seen it.
    pub acknowledged: Option<f64>,
    /// When they took it on.
    pub accepted: Option<f64>,
    /// When they reached the child.
    pub reached: Option<f64>,
    /// Whether somebody else was told after them because nothing more came from them.
    pub passed_over: bool,
}

impl Account {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        use EscalationState::{ClosedUnreached, Resolved, StoodDown};
        matches!(self.state, Resolved | StoodDown | ClosedUnreached)
    }

    /// Where it stands, in words.
    pub fn standing(&self) -> &'static str {
        words::state(self.state)
    }

    /// Puts together what the API says. `now` is the server's time.
    fn of(
        escalation: &Escalation,
        deliveries: &[Delivery],
        timeline: &[TimelineEntry],
        names: &Names,
        now: Option<&Timestamp>,
    ) -> Self {
        let since = |time: Option<&Timestamp>| time.map(|time| between(escalation.raise_time.as_ref(), time));
        let mut told: Vec<Told> = Vec::new();
        let last = deliveries.iter().map(|delivery| delivery.rung).max().unwrap_or_default();
        for first in deliveries.iter().filter(|delivery| delivery.rung > 0) {
            let who = words::recipient(first, names);
            if told.iter().any(|known| known.who == who) {
                continue;
            }
            let theirs =
                || deliveries.iter().filter(|one| one.rung > 0 && words::recipient(one, names) == who);
            let said = |event: &str| {
                let entry = timeline.iter().find(|entry| {
                    entry.event == event && !entry.agency_id.is_empty() && entry.agency_id == first.agency_id
                });
                since(entry.and_then(|entry| entry.time.as_ref()))
            };
            let arrived = theirs()
                .filter_map(|one| Some((since(one.deliver_time.as_ref())?, one.kind())))
                .min_by(|one, other| one.0.total_cmp(&other.0));
            let way = match arrived {
                Some((_, kind)) => words::way(kind).to_owned(),
                None => theirs().map(|one| words::way(one.kind())).collect::<Vec<_>>().join("+"),
            };
            let accepted = said("accepted");
            told.push(Told {
                way,
                at: since(first.create_time.as_ref()).unwrap_or_default(),
                delivered: arrived.map(|(at, _)| at),
                acknowledged: said("acknowledged"),
                accepted,
                reached: said("child_reached"),
                passed_over: accepted.is_none() && first.rung < last,
                who,
            });
        }
        let until = escalation.child_reach_time.as_ref().or(escalation.end_time.as_ref()).or(now);
        Self {
            number: escalation.number,
            state: escalation.state(),
            age: since(until).unwrap_or_default(),
            told,
        }
    }
}

/// Seconds from one time to a later one.
fn between(earlier: Option<&Timestamp>, later: &Timestamp) -> f64 {
    let Some(earlier) = earlier else { return 0.0 };
    #[expect(clippy::cast_precision_loss, reason = "an emergency is far shorter than 2^52 s")]
    let whole = (later.seconds - earlier.seconds) as f64;
    (whole + f64::from(later.nanos - earlier.nanos) / 1e9).max(0.0)
}

/// Watches every emergency as a supervisor, tells what happens and gives the account of each after every change.
pub async fn follow(
    scene: Arc<Scene>,
    supervisor: Client,
    names: Names,
    accounts: mpsc::UnboundedSender<Account>,
) {
    let end = scene.end();
    let mut heard = HashMap::new();
    while !scene.is_over() {
        if let Ok(answer) = supervisor.escalations().watch_escalations(WatchEscalationsRequest {}).await {
            let mut stream = answer.into_inner();
            loop {
                let next = tokio::select! {
                    biased;
                    () = end.cancelled() => return,
                    next = stream.message() => next,
                };
                // However a stream ends, the answer is to watch again.
                let Ok(Some(next)) = next else { break };
                let Some(Event::Escalation(escalation)) = next.event else { continue };
                let Ok((deliveries, timeline)) = read(&supervisor, &escalation.escalation_id).await else {
                    continue;
                };
                let known: &mut i32 = heard.entry(escalation.number).or_default();
                for entry in timeline.iter().filter(|entry| entry.sequence > *known) {
                    if let Some(what) = words::sentence(entry, &deliveries, &timeline, &names) {
                        scene.tell_of_emergency(escalation.number, what);
                    }
                }
                *known = timeline.last().map_or(*known, |entry| entry.sequence);
                let account =
                    Account::of(&escalation, &deliveries, &timeline, &names, next.server_time.as_ref());
                // Nobody may be listening any longer.
                let _ = accounts.send(account);
            }
        }
        scene.pause(scene.speed.factor()).await;
    }
}

/// The timeline is read first: whoever was told in a step of it is among the deliveries then.
async fn read(supervisor: &Client, escalation_id: &str) -> Result<(Vec<Delivery>, Vec<TimelineEntry>)> {
    let request = ListTimelineRequest {
        escalation_id: escalation_id.to_owned(),
        page_size: MOST,
        ..ListTimelineRequest::default()
    };
    let timeline =
        call!(supervisor.escalations(), list_timeline, request).context("list the timeline")?.entries;
    let request = ListDeliveriesRequest {
        escalation_id: escalation_id.to_owned(),
        page_size: MOST,
        ..ListDeliveriesRequest::default()
    };
    let deliveries =
        call!(supervisor.deliveries(), list_deliveries, request).context("list deliveries")?.deliveries;
    Ok((deliveries, timeline))
}

#[cfg(test)]
mod tests;
