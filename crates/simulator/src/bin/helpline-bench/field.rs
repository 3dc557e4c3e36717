//! Counsellors with open streams: what is offered to them is seen, timed and handed to whoever waits for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use helpline_proto::directory::v1::Counsellor;
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{AcceptOfferRequest, GoReadyRequest, OfferState, WatchOffersRequest};
use helpline_simulator::call;
use helpline_simulator::client::Client;
use helpline_simulator::draws::Draws;
use helpline_simulator::staff::{self, Hired};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// Calls in flight while people are hired and come on shift.
const HANDS: usize = 32;
/// An offer that is not seen for so long is a fault.
const OFFER_PATIENCE: Duration = Duration::from_secs(30);

/// An offer as seen on a counsellor's stream.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The offer.
    pub(crate) offer_id: String,
    /// Whose it is.
    pub(crate) client: Client,
    /// When it was seen.
    pub(crate) at: Instant,
}

enum Sighting {
    Awaited(oneshot::Sender<Seen>),
    Seen(Seen),
}

/// Where offers and those who wait for them meet.
#[derive(Default)]
pub(crate) struct Field {
    sightings: Mutex<HashMap<String, Sighting>>,
    accepted: AtomicU64,
}

/// What a counsellor does with an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Shows it to whoever waits for it.
    Show,
    /// Accepts it and keeps it.
    Keep,
}

impl Field {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Sighting>> {
        self.sightings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The offer of a contact, which may have been seen already.
    pub(crate) async fn offer_of(&self, contact_id: &str) -> Result<Seen> {
        let awaited = {
            let mut sightings = self.lock();
            if let Some(Sighting::Seen(seen)) = sightings.remove(contact_id) {
                return Ok(seen);
            }
            let (sender, receiver) = oneshot::channel();
            sightings.insert(contact_id.to_owned(), Sighting::Awaited(sender));
            receiver
        };
        let seen = tokio::time::timeout(OFFER_PATIENCE, awaited).await;
        seen.ok().and_then(Result::ok).context("no offer was seen within 30 s")
    }

    /// How many offers were accepted and kept.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    fn show(&self, contact_id: String, seen: Seen) {
        let mut sightings = self.lock();
        match sightings.remove(&contact_id) {
            Some(Sighting::Awaited(sender)) => {
                let _ = sender.send(seen);
            }
            _ => {
                sightings.insert(contact_id, Sighting::Seen(seen));
            }
        }
    }

    /// Opens the streams of these people, then brings them on shift. Returns when all are ready.
    pub(crate) async fn open(
        self: &Arc<Self>,
        people: &[Client],
        duty: Duty,
        stop: &CancellationToken,
        draws: &mut Draws,
    ) -> Result<()> {
        let open = Arc::new(AtomicU64::new(0));
        for client in people {
            let field = Arc::clone(self);
            let draws = Draws::new(draws.uuid().as_u64_pair().0, 0);
            tokio::spawn(field.watch(client.clone(), duty, stop.clone(), Arc::clone(&open), draws));
        }
        let begun = Instant::now();
        while open.load(Ordering::Relaxed) < people.len() as u64 {
            anyhow::ensure!(begun.elapsed() < Duration::from_mins(2), "not every stream could be opened");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut calls = JoinSet::new();
        for client in people {
            while calls.len() >= HANDS {
                calls.join_next().await.context("a call")???;
            }
            let (client, request) = (client.clone(), GoReadyRequest { request_id: draws.id() });
            calls.spawn(async move {
                call!(client.presence(), go_ready, request).map(drop).context("come on shift")
            });
        }
        while let Some(done) = calls.join_next().await {
            done??;
        }
        Ok(())
    }

    async fn watch(
        self: Arc<Self>,
        client: Client,
        duty: Duty,
        stop: CancellationToken,
        open: Arc<AtomicU64>,
        mut draws: Draws,
    ) {
        let mut first = true;
        while !stop.is_cancelled() {
            let answer = client.offers().watch_offers(WatchOffersRequest::default()).await;
            let Ok(answer) = answer else {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            if std::mem::take(&mut first) {
                open.fetch_add(1, Ordering::Relaxed);
            }
            let mut stream = answer.into_inner();
            loop {
                let next = tokio::select! {
                    () = stop.cancelled() => return,
                    next = stream.message() => next,
                };
                let Ok(Some(next)) = next else { break };
                let Some(Event::Opened(offer)) = next.event else { continue };
                if offer.state() != OfferState::Open {
                    continue;
                }
                match duty {
                    Duty::Show => {
                        let seen =
                            Seen { offer_id: offer.offer_id, client: client.clone(), at: Instant::now() };
                        self.show(offer.contact_id, seen);
                    }
                    Duty::Keep => {
                        let request = AcceptOfferRequest { request_id: draws.id(), offer_id: offer.offer_id };
                        let (field, client) = (Arc::clone(&self), client.clone());
                        tokio::spawn(async move {
                            if call!(client.offers(), accept_offer, request).is_ok() {
                                field.accepted.fetch_add(1, Ordering::Relaxed);
                            }
                        });
                    }
                }
            }
        }
    }
}

/// Hires people, several at once, and gives each a client on one of the connections.
pub(crate) async fn hire(
    administrator: &Client,
    channels: &[Channel],
    records: impl IntoIterator<Item = Counsellor>,
    draws: &mut Draws,
) -> Result<Vec<Client>> {
    let mut people = Vec::new();
    let mut calls = JoinSet::new();
    let mut add = |done: Result<Result<Hired>, tokio::task::JoinError>| -> Result<()> {
        let hired = done??;
        let channel =
            channels.get(people.len() % channels.len().max(1)).context("at least one connection")?;
        people.push(Client::new(channel.clone(), &hired.token)?);
        Ok(())
    };
    for record in records {
        while calls.len() >= HANDS {
            add(calls.join_next().await.context("a call")?)?;
        }
        let administrator = administrator.clone();
        let mut draws = Draws::new(draws.uuid().as_u64_pair().0, 0);
        calls.spawn(async move { staff::hire(&administrator, record, &mut draws).await });
    }
    while let Some(done) = calls.join_next().await {
        add(done)?;
    }
    Ok(people)
}
