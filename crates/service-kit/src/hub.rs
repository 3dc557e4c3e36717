//! Wake-ups within one process: who waits for what, keyed, so that one change wakes those it concerns and nobody else.
//!
//! A wake-up is a hint and may come too often; whoever is woken reads the truth. None is ever relied upon alone: every
//! waiter also looks by itself from time to time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use helpline_domain::offer::OfferState;
use helpline_store::offer::OfferView;
use tokio::sync::mpsc;

/// What can be waited for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Topic {
    /// Somebody came into the line, or somebody became free.
    Line(CentreId),
    /// Who is on shift, or what they can do, or the settings changed.
    Roster(CentreId),
    /// Anything on the floor changed.
    Floor(CentreId),
    /// A counsellor's offers or presence changed.
    Counsellor(CentreId, CounsellorId),
    /// A contact or its messages changed.
    Contact(CentreId, ContactId),
    /// An escalation of the centre changed, or what somebody may know of one.
    Escalations(CentreId),
    /// A referral of the centre changed, or what somebody may know of one.
    Referrals(CentreId),
    /// A token was revoked somewhere.
    Tokens,
}

/// What a waiter is told.
#[derive(Clone, Debug)]
pub enum Signal {
    /// Look again.
    Changed,
    /// This offer was made: no need to look it up.
    Offered(Arc<OfferView>),
    /// This offer ended so, for this reason.
    Ended(OfferId, OfferState, Option<&'static str>),
    /// An offer was made (`true`) or ended, as the journal says: news only to who does not know it yet.
    Journal(OfferId, bool),
}

/// Signals kept for a slow waiter; beyond that it is told to look again, which loses nothing.
const PATIENCE: usize = 64;

type Waiters = HashMap<Topic, Vec<(u64, mpsc::Sender<Signal>)>>;

/// The hub of a process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Hub {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    waiters: Mutex<(u64, Waiters)>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Hub {
    fn waiters(&self) -> MutexGuard<'_, (u64, Waiters)> {
        self.inner.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a topic until the subscription is dropped.
    pub fn subscribe(&self, topic: Topic) -> Subscription {
        let (sender, signals) = mpsc::channel(PATIENCE);
        let mut waiters = self.waiters();
        waiters.0 += 1;
        let number = waiters.0;
        waiters.1.entry(topic).or_default().push((number, sender));
        Subscription { hub: self.clone(), topic, number, signals }
    }

    /// Wakes those who wait for a topic in this process; returns whether somebody did.
    pub fn wake(&self, topic: Topic) -> bool {
        self.signal(topic, &Signal::Changed)
    }

    /// Sends a signal to those who wait for a topic in this process; returns whether somebody did. A waiter whose
    /// signals have piled up has a look ahead of it anyway.
    pub fn signal(&self, topic: Topic, signal: &Signal) -> bool {
        let waiters = self.waiters();
        let Some(those) = waiters.1.get(&topic) else { return false };
        for (_, sender) in those {
            let _ = sender.try_send(signal.clone());
        }
        true
    }

    /// Counsellors whose clients are connected to this process, and how many streams each has open.
    pub fn counsellors(&self) -> Vec<(CentreId, CounsellorId, usize)> {
        self.waiters()
            .1
            .iter()
            .filter_map(|(topic, those)| match topic {
                Topic::Counsellor(centre, counsellor) => Some((*centre, *counsellor, those.len())),
                _ => None,
            })
            .collect()
    }

    /// How many streams of a counsellor are open at this process.
    pub fn streams_of(&self, centre: CentreId, counsellor: CounsellorId) -> usize {
        self.waiters().1.get(&Topic::Counsellor(centre, counsellor)).map_or(0, Vec::len)
    }

    /// Contacts that somebody watches in this process.
    pub fn watches(&self, topic: &Topic) -> bool {
        self.waiters().1.contains_key(topic)
    }
}

/// A place in the hub; leaving is dropping it.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    topic: Topic,
    number: u64,
    signals: mpsc::Receiver<Signal>,
}

impl Subscription {
    /// The next signal. When signals had piled up beyond what is kept, the last is [`Signal::Changed`]: look again.
    pub async fn next(&mut self) -> Signal {
        let full = self.signals.len() >= PATIENCE;
        if full {
            while self.signals.try_recv().is_ok() {}
            return Signal::Changed;
        }
        // The hub holds a sender as long as this subscription lives, so the channel cannot be closed.
        self.signals.recv().await.unwrap_or(Signal::Changed)
    }

    /// Whether a signal has come that was not taken yet.
    pub fn pending(&self) -> bool {
        !self.signals.is_empty()
    }

    /// Forgets signals that have come already: for a waiter about to look anyway.
    pub fn clear(&mut self) {
        while self.signals.try_recv().is_ok() {}
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut waiters = self.hub.waiters();
        if let Some(those) = waiters.1.get_mut(&self.topic) {
            those.retain(|(number, _)| *number != self.number);
            if those.is_empty() {
                waiters.1.remove(&self.topic);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn a_change_wakes_those_it_concerns_and_nobody_else() {
        let hub = Hub::default();
        let centre = CentreId::from(Uuid::from_u128(1));
        let mut line = hub.subscribe(Topic::Line(centre));
        let _other = hub.subscribe(Topic::Line(CentreId::from(Uuid::from_u128(2))));
        assert!(hub.wake(Topic::Line(centre)));
        assert!(matches!(line.next().await, Signal::Changed));
        assert!(!hub.wake(Topic::Floor(centre)));
        drop(line);
        assert!(!hub.wake(Topic::Line(centre)), "who left is not woken");
    }

    #[tokio::test]
    async fn a_slow_waiter_is_told_to_look_again() {
        let hub = Hub::default();
        let topic = Topic::Line(CentreId::from(Uuid::from_u128(1)));
        let mut line = hub.subscribe(topic);
        for _ in 0..10 * PATIENCE {
            hub.wake(topic);
        }
        assert!(matches!(line.next().await, Signal::Changed));
        assert!(line.signals.is_empty(), "one look answers them all");
    }
}
