//! Wake-ups from outside this process: hints through Redis, at once, and the journal, which cannot be missed.
//!
//! One tail per process, whatever the number of streams. It reads ids only; whoever is woken reads the rest through the
//! access path of a get.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use helpline_store::journal::{Event, TailPosition};
use helpline_store::presence::Room;
use tokio::sync::Mutex;

use crate::Ctx;
use crate::hub::{Hub, Signal, Topic};
use crate::lifecycle::Lifecycle;
use crate::workers::{Progress, Worker, WorkerError};

/// How often the journal is read.
const TAIL: Duration = Duration::from_millis(500);
/// Entries read at a time per centre.
const MOST: i32 = 20_000;
/// How long after a loss Redis is listened to again.
const LISTEN_AGAIN: Duration = Duration::from_millis(500);

/// Starts to listen, for as long as the process lives.
pub fn spawn(ctx: &Ctx, lifecycle: &Lifecycle) {
    let (sender, soft) = (ctx.mirror.clone(), lifecycle.soft());
    lifecycle.spawn(async move {
        tokio::select! {
            () = sender.send_hints() => {}
            () = soft.cancelled() => {}
        }
    });
    if ctx.mirror.live().is_configured() {
        let (ctx, soft) = (ctx.clone(), lifecycle.soft());
        lifecycle.spawn(async move {
            tokio::select! {
                () = listen(&ctx) => {}
                () = soft.cancelled() => {}
            }
        });
    }
    let (ctx, soft) = (ctx.clone(), lifecycle.soft());
    lifecycle.spawn(async move {
        let tail = Tail::new(ctx.clone());
        crate::workers::run(tail, &*ctx.clock, &ctx.metrics, &tokio::sync::Notify::new(), &soft).await;
    });
}

async fn listen(ctx: &Ctx) {
    loop {
        let _ = ctx
            .mirror
            .live()
            .listen(|hint| {
                if let Some(hint) = hint {
                    ctx.mirror.heard(hint);
                }
            })
            .await;
        ctx.clock.sleep(LISTEN_AGAIN).await;
    }
}

/// Reads the journal and wakes those whom its entries concern.
#[derive(Debug)]
pub struct Tail {
    ctx: Ctx,
    position: Mutex<(Option<TailPosition>, HashSet<i64>)>,
}

impl Tail {
    /// A tail that begins now: who starts to watch looks at what is there first.
    pub fn new(ctx: Ctx) -> Self {
        Self { ctx, position: Mutex::default() }
    }
}

impl Worker for Tail {
    fn name(&self) -> &'static str {
        "tail_journal"
    }

    fn interval(&self) -> Duration {
        TAIL
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut position = self.position.lock().await;
        let Some(from) = position.0 else {
            position.0 = Some(self.ctx.store.tail_start().await?);
            return Ok(Progress::Done);
        };
        let tail = self.ctx.store.tail(from, MOST).await?;
        let news = tail.events.iter().filter(|event| !position.1.contains(&event.entry_id));
        let news: Vec<&Event> = news.collect();
        self.rooms(&news).await?;
        wake(self.ctx.mirror.hub(), news.into_iter());
        let more = tail.events.len() >= usize::try_from(MOST).unwrap_or(usize::MAX) && tail.next != from;
        *position = (Some(tail.next), tail.events.iter().map(|event| event.entry_id).collect());
        Ok(if more { Progress::More } else { Progress::Done })
    }
}

impl Tail {
    /// The database itself changed a presence when a contact left its counsellor: the view does not know yet.
    async fn rooms(&self, news: &[&Event]) -> Result<(), WorkerError> {
        for event in news.iter().filter(|event| event.event == "care_noted") {
            if let Some(counsellor) = event.counsellor_id
                && let Some(presence) = self.ctx.store.presence(event.centre_id, counsellor).await?
            {
                self.ctx.mirror.room_changed(event.centre_id, &Room::from(&presence)).await;
            }
        }
        Ok(())
    }
}

/// Wakes each topic once for a batch, however many entries concern it; offers are told one by one, so that a stream can
/// tell what it knows already.
fn wake<'a>(hub: &Hub, events: impl Iterator<Item = &'a Event>) {
    let mut topics: HashMap<Topic, Vec<Signal>> = HashMap::new();
    for event in events {
        let centre = event.centre_id;
        topics.entry(Topic::Floor(centre)).or_default();
        if let Some(contact) = event.contact_id {
            topics.entry(Topic::Contact(centre, contact)).or_default();
        }
        let about = event.event.split_once('_').map_or("", |(about, _)| about);
        // Of second opinions and of alerts about a child the first word says nothing by itself.
        if matches!(about, "escalation" | "disclosure" | "agency" | "delivery" | "second" | "child") {
            topics.entry(Topic::Escalations(centre)).or_default();
        }
        if matches!(about, "referral" | "consent" | "agency") {
            topics.entry(Topic::Referrals(centre)).or_default();
        }
        match event.event.as_str() {
            "contact_received"
            | "contact_resumed"
            | "contact_returned"
            | "requirement_relaxed"
            | "contact_transferred"
            | "contact_arranged"
            | "contact_undiverted"
            | "contact_assigned"
            | "contact_pulled"
            | "offer_declined"
            | "offer_expired"
            | "offer_withdrawn"
            | "contact_completed"
            | "contact_taken_over"
            | "participation_ended"
            | "invitation_declined"
            | "invitation_expired"
            | "wrap_up_finished"
            | "risk_changed"
            | "callback_due"
            | "contact_given_back"
            | "contact_overflowed"
            | "overflow_ended"
            | "callback_promised"
            | "callback_attempted"
            | "check_in_failed" => {
                topics.entry(Topic::Line(centre)).or_default();
            }
            "presence_changed"
            | "presence_lapsed"
            | "shift_lapsed"
            | "counsellor_created"
            | "counsellor_updated"
            | "settings_published"
            | "queue_diverted"
            | "diversion_ended"
            | "diversion_taken_over"
            | "diversion_fell_back" => {
                topics.entry(Topic::Roster(centre)).or_default();
                topics.entry(Topic::Line(centre)).or_default();
            }
            "token_revoked" | "counsellor_disabled" | "agency_disabled" => {
                topics.entry(Topic::Roster(centre)).or_default();
                topics.entry(Topic::Tokens).or_default();
            }
            _ => {}
        }
        if let Some(counsellor) = event.counsellor_id {
            let signals = topics.entry(Topic::Counsellor(centre, counsellor)).or_default();
            match (event.event.as_str(), event.offer_id) {
                ("contact_offered" | "contact_assigned" | "on_call_summoned", Some(offer)) => {
                    signals.push(Signal::Journal(offer, true));
                }
                (_, Some(offer)) => signals.push(Signal::Journal(offer, false)),
                // What happens to a contact in hand changes no offer.
                ("contact_completed" | "contact_released" | "wrap_up_finished" | "message_sent", None) => {}
                _ => signals.push(Signal::Changed),
            }
        }
    }
    for (topic, signals) in topics {
        if matches!(topic, Topic::Counsellor(..)) {
            for signal in &signals {
                hub.signal(topic, signal);
            }
        } else {
            hub.wake(topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use helpline_domain::id::CentreId;
    use uuid::Uuid;

    use super::*;

    /// Whether desks that show escalations look again because of this.
    fn concerns_desks(event: &str) -> bool {
        let (hub, centre) = (Hub::default(), CentreId::from(Uuid::from_u128(1)));
        let desk = hub.subscribe(Topic::Escalations(centre));
        let event = Event {
            centre_id: centre,
            entry_id: 1,
            event: event.to_owned(),
            contact_id: None,
            counsellor_id: None,
            offer_id: None,
        };
        wake(&hub, std::iter::once(&event));
        desk.pending()
    }

    #[test]
    fn desks_look_again_at_whatever_changes_what_they_show() {
        for event in [
            "escalation_raised",
            "escalation_handed_on",
            "disclosure_made",
            "disclosure_approved",
            "disclosure_revoked",
            "second_opinion_asked",
            "second_opinion_overdue",
            "delivery_ended",
            "delivery_replayed",
            "agency_updated",
            "agency_disabled",
        ] {
            assert!(concerns_desks(event), "{event}");
        }
        assert!(!concerns_desks("contact_received"));
    }
}
