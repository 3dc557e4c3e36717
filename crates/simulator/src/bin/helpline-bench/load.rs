//! Whole contacts through gRPC: received, offered, accepted, signed off, over and over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use helpline_devstack::StackHandle;
use helpline_proto::intake::v1::{
    ActionTaken, AgeBand, Closing, CompleteContactRequest, ContactKind, Gender, ReceiveContactRequest,
};
use helpline_proto::queueing::v1::AcceptOfferRequest;
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_simulator::call;
use helpline_simulator::client::Client;
use helpline_simulator::draws::Draws;
use tokio::task::JoinSet;

use crate::field::Field;
use crate::level::{Latencies, Level};
use crate::meters::{Probe, Reading};
use crate::progress;

/// How long it runs before anything counts.
const WARM_UP: Duration = Duration::from_secs(1);

/// What a load runs on.
pub(crate) struct Ground {
    /// The databases, for their meters.
    pub(crate) stack: StackHandle,
    /// Process id of the server.
    pub(crate) server: u32,
    /// Adapters, on several connections.
    pub(crate) adapters: Vec<Client>,
    /// The counsellors.
    pub(crate) field: Arc<Field>,
    /// How long a level is measured.
    pub(crate) length: Duration,
}

impl Ground {
    /// Lets one contact through, so that what is done once is done; says how soon it was offered.
    pub(crate) async fn first(&self, draws: &mut Draws) -> Result<Duration> {
        let adapter = self.adapters.first().context("at least one adapter")?.clone();
        let mut first = Latencies::new()?;
        one(&adapter, &self.field, draws, |offer, _| first.add(offer)).await?;
        Ok(Duration::from_secs_f64(first.quantile_ms(1.0) / 1000.0))
    }

    /// Measures with so many contacts in flight.
    pub(crate) async fn level(&self, name: &str, in_flight: usize, draws: &mut Draws) -> Result<Level> {
        let before = Reading::take(&self.stack, Some(self.server)).await?;
        let probe = Probe::start(&self.stack);
        let begun = Instant::now() + WARM_UP;
        let mut drivers = JoinSet::new();
        for place in 0..in_flight {
            let adapter =
                self.adapters.get(place % self.adapters.len()).context("at least one adapter")?.clone();
            let draws = Draws::new(draws.uuid().as_u64_pair().0, 0);
            drivers.spawn(drive(adapter, Arc::clone(&self.field), (begun, begun + self.length), draws));
        }
        let mut level = Level {
            in_flight,
            contacts: 0,
            measured: self.length,
            offer: Latencies::new()?,
            whole: Latencies::new()?,
            commit: Latencies::new()?,
            cost: None,
        };
        let mut all = 0;
        while let Some(done) = drivers.join_next().await {
            let driver = done??;
            level.offer.merge(&driver.offer);
            level.whole.merge(&driver.whole);
            all += driver.all;
        }
        level.contacts = level.whole.count();
        level.commit = probe.finish().await?;
        let after = Reading::take(&self.stack, Some(self.server)).await?;
        level.cost = Some(after.cost_since(&before, all, level.commit.count()));
        progress(&format!(
            "{name}, {in_flight} in flight: {:.0} contacts/s, offer seen after {:.2} ms (p99 {:.2} ms), one commit p99 {:.2} ms",
            level.per_second(),
            level.offer.quantile_ms(0.5),
            level.offer.quantile_ms(0.99),
            level.commit.quantile_ms(0.99),
        ));
        Ok(level)
    }
}

struct Driven {
    offer: Latencies,
    whole: Latencies,
    /// Those of the warm-up too.
    all: u64,
}

async fn drive(
    adapter: Client,
    field: Arc<Field>,
    (from, to): (Instant, Instant),
    mut draws: Draws,
) -> Result<Driven> {
    let mut driven = Driven { offer: Latencies::new()?, whole: Latencies::new()?, all: 0 };
    loop {
        if Instant::now() >= to {
            return Ok(driven);
        }
        let Driven { offer, whole, all } = &mut driven;
        one(&adapter, &field, &mut draws, |to_offer, to_end| {
            *all += 1;
            let ended = Instant::now();
            if ended >= from && ended < to {
                offer.add(to_offer);
                whole.add(to_end);
            }
        })
        .await?;
    }
}

/// Carries one contact through; `note` gets the time to its offer and the time to its sign-off.
async fn one(
    adapter: &Client,
    field: &Field,
    draws: &mut Draws,
    mut note: impl FnMut(Duration, Duration) + Send,
) -> Result<()> {
    let begun = Instant::now();
    let received = call!(adapter.contacts(), receive_contact, contact("en", Channel::Voice, draws));
    let contact_id = received.context("receive")?.contact.context("an answer with the contact")?.contact_id;
    let seen = field.offer_of(&contact_id).await?;
    let accept = AcceptOfferRequest { request_id: draws.id(), offer_id: seen.offer_id };
    call!(seen.client.offers(), accept_offer, accept).context("accept")?;
    let complete = CompleteContactRequest {
        request_id: draws.id(),
        contact_id,
        closing: Some(closing()),
        expected_revision: 0,
    };
    call!(seen.client.contacts(), complete_contact, complete).context("complete")?;
    note(seen.at.saturating_duration_since(begun), begun.elapsed());
    Ok(())
}

/// A contact with everything that is sealed and indexed.
pub(crate) fn contact(language: &str, channel: Channel, draws: &mut Draws) -> ReceiveContactRequest {
    ReceiveContactRequest {
        request_id: draws.id(),
        channel: channel.into(),
        external_id: format!("bench-{}", draws.uuid().simple()),
        sender: format!("bench-sender-{}", draws.uuid().simple()),
        display_name: "Made up".to_owned(),
        language: language.to_owned(),
        risk: Risk::Medium.into(),
        ..ReceiveContactRequest::default()
    }
}

fn closing() -> Closing {
    Closing {
        kind: ContactKind::Counselling.into(),
        categories: vec!["family.conflict".to_owned()],
        gender: Gender::Unknown.into(),
        age_band: AgeBand::AgeBand1315.into(),
        region: "unknown".to_owned(),
        action_taken: ActionTaken::Counselled.into(),
        summary: "A made-up summary of a contact that never was, as long as a short one would be.".to_owned(),
    }
}
