//! The floor: the same statements and scripts from a bare driver, with no gRPC, no matching and no domain code.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use helpline_devstack::StackHandle;
use helpline_domain::caller::{Caller, Role};
use helpline_domain::channel::Channel;
use helpline_domain::closing::{ActionTaken, AgeBand, Closing, ContactKind, Gender};
use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::id::{CentreId, CounsellorId};
use helpline_domain::presence::PresenceState;
use helpline_domain::risk::{Class, Risk};
use helpline_domain::settings::Flood;
use helpline_live::Live;
use helpline_live::line::{FreeCounsellor, LineView, Waiter};
use helpline_simulator::draws::Draws;
use helpline_simulator::house::House;
use helpline_store::offering::OfferDraft;
use helpline_store::presence::{Presence, Room};
use helpline_store::receiving::NewContact;
use helpline_store::{Change, Command, PoolOptions, Store};
use helpline_vault::{KeyRing, Sensitive, SystemRandom, Vault};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::level::{Latencies, Level};
use crate::meters::Reading;
use crate::progress;

const WARM_UP: Duration = Duration::from_secs(1);
/// As in the server's defaults.
const POOL: usize = 16;
const CLAIM_MS: i64 = 2000;

/// The databases without a server, and people to offer contacts to.
pub(crate) struct Floor {
    store: Store,
    view: LineView,
    centre: CentreId,
    epoch: i64,
    length: Duration,
    people: Vec<Caller>,
    stack: StackHandle,
}

impl Floor {
    /// A centre of its own with `count` counsellors, ready.
    pub(crate) async fn prepare(
        house: &House,
        centre: Uuid,
        count: usize,
        length: Duration,
        draws: &mut Draws,
    ) -> Result<Self> {
        let store = store(house)?;
        let live = Live::new(Some(&house.stack().redis_url()), draws.uuid())?;
        let centre = CentreId::from(centre);
        let lease = store
            .lease_matcher(centre, draws.uuid(), 86_400.0)
            .await?
            .context("the lease of a new centre")?;
        let view = live.line(centre, store.generation(centre).await?);
        view.begin().await?;
        let administrator = Caller {
            token_id: draws.uuid().into(),
            centre_id: centre,
            role: Role::Administrator,
            counsellor_id: None,
            agency_id: None,
            only: None,
        };
        let mut people = Vec::new();
        for place in 0..count {
            let id = CounsellorId::from(draws.uuid());
            let abilities = Abilities {
                languages: vec!["en".to_owned()],
                interpreted: Vec::new(),
                skills: BTreeMap::new(),
                capacity: Capacity { voice: 1, chat: 0, message: 0 },
            };
            let create = command(administrator, "CreateCounsellor", draws);
            done(store.create_counsellor(&create, id, &format!("Floor {place}"), &abilities).await?)?;
            let person = Caller {
                token_id: draws.uuid().into(),
                centre_id: centre,
                role: Role::Counsellor,
                counsellor_id: Some(id),
                agency_id: None,
                only: None,
            };
            let go = command(person, "GoReady", draws);
            let presence: Presence = done(store.set_presence(&go, PresenceState::Ready, None, 300).await?)?;
            view.put_rooms(&[free(&Room::from(&presence))], false).await?;
            people.push(person);
        }
        Ok(Self {
            store,
            view,
            centre,
            epoch: lease.epoch,
            length,
            people,
            stack: house.stack().handle().clone(),
        })
    }

    /// Measures with so many contacts in flight.
    pub(crate) async fn level(self: &Arc<Self>, in_flight: usize, draws: &mut Draws) -> Result<Level> {
        let before = Reading::take(&self.stack, None).await?;
        let begun = Instant::now() + WARM_UP;
        let mut drivers = JoinSet::new();
        for person in self.people.iter().take(in_flight) {
            let draws = Draws::new(draws.uuid().as_u64_pair().0, 0);
            drivers.spawn(Arc::clone(self).drive(*person, (begun, begun + self.length), draws));
        }
        let (mut whole, mut all) = (Latencies::new()?, 0);
        while let Some(driven) = drivers.join_next().await {
            let (counted, carried) = driven??;
            whole.merge(&counted);
            all += carried;
        }
        let after = Reading::take(&self.stack, None).await?;
        let level = Level {
            in_flight,
            contacts: whole.count(),
            measured: self.length,
            offer: Latencies::new()?,
            whole,
            commit: Latencies::new()?,
            cost: Some(after.cost_since(&before, all, 0)),
        };
        progress(&format!("floor, {in_flight} in flight: {:.0} contacts/s", level.per_second()));
        Ok(level)
    }

    /// Takes everybody off shift and lets go of the database.
    pub(crate) async fn finish(&self, draws: &mut Draws) -> Result<()> {
        for person in &self.people {
            let go = command(*person, "GoOffline", draws);
            done(self.store.set_presence(&go, PresenceState::Offline, None, 300).await?)?;
        }
        self.store.close();
        Ok(())
    }

    async fn drive(
        self: Arc<Self>,
        person: Caller,
        (from, to): (Instant, Instant),
        mut draws: Draws,
    ) -> Result<(Latencies, u64)> {
        let counsellor = person.counsellor_id.context("a counsellor")?;
        let adapter = Caller {
            token_id: draws.uuid().into(),
            centre_id: self.centre,
            role: Role::ChannelAdapter,
            counsellor_id: None,
            agency_id: None,
            only: None,
        };
        let (mut latencies, mut all) = (Latencies::new()?, 0);
        loop {
            let begun = Instant::now();
            if begun >= to {
                return Ok((latencies, all));
            }
            self.one_contact(adapter, person, counsellor, &mut draws).await?;
            all += 1;
            let ended = Instant::now();
            if ended >= from && ended < to {
                latencies.add(ended - begun);
            }
        }
    }

    async fn one_contact(
        &self,
        adapter: Caller,
        person: Caller,
        counsellor: CounsellorId,
        draws: &mut Draws,
    ) -> Result<()> {
        let receive = command(adapter, "ReceiveContact", draws);
        let received = done(self.store.receive_contact(&receive, &new_contact(draws)).await?)?.contact;
        let waiter = Waiter {
            contact_id: received.contact_id,
            class: received.class,
            resumed: false,
            signature: self.store.signature(self.centre, &received.requirement()),
            deadline_ms: received.deadline_at.timestamp_millis(),
            received_ms: received.received_at.timestamp_millis(),
            sequence: received.sequence,
            tried: false,
        };
        self.view.put(std::slice::from_ref(&waiter), false).await?;
        let won =
            self.view.claim(&[(&waiter, vec![counsellor], false)], waiter.received_ms + CLAIM_MS).await?;
        if won != [[true]] {
            bail!("a claim that nobody contests was lost");
        }
        let draft = OfferDraft {
            offer_id: draws.uuid().into(),
            contact_id: received.contact_id,
            counsellor_id: counsellor,
            timeout_s: 20,
            explanation: serde_json::json!({
                "contact_rule": "earliest_deadline", "counsellor_rule": "longest_idle", "notes": [],
            }),
            puts_aside: Vec::new(),
        };
        let made = self.store.commit_offers(self.centre, self.epoch, std::slice::from_ref(&draft)).await?;
        if made.len() != 1 {
            bail!("an offer that nobody contests was refused");
        }
        self.view.release(&[(&waiter, false)]).await?;
        done(self.store.accept_offer(&command(person, "AcceptOffer", draws), draft.offer_id).await?)?;
        let complete = command(person, "CompleteContact", draws);
        let summary = "A made-up summary of a contact that never was, as long as a short one would be.";
        let summary = Sensitive::new("narrative", summary.to_owned());
        let moved =
            done(self.store.complete(&complete, received.contact_id, 0, &closing(), &summary).await?)?;
        let room = moved.rooms.into_iter().next().context("the room of who signed off")?;
        self.view.put_rooms(&[free(&room)], false).await?;
        Ok(())
    }
}

/// The databases as the server's store has them.
pub(crate) fn store(house: &House) -> Result<Store> {
    let ring = KeyRing::parse(&[house.keys().seal.clone()], &house.keys().index)?;
    let vault = Vault::new(ring, Arc::new(SystemRandom));
    let options = PoolOptions { url: house.server_url(), size: POOL, wait: Duration::from_secs(10) };
    Ok(Store::new(&options, vault)?)
}

/// A command that nobody has sent before.
pub(crate) fn command(caller: Caller, method: &'static str, draws: &mut Draws) -> Command {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(draws.uuid().as_bytes());
    Command { caller, method, request_id: draws.uuid().into(), hash }
}

fn done<T>(change: Change<T>) -> Result<T> {
    match change {
        Change::Done(value) => Ok(value),
        Change::Replayed { .. } | Change::Reused | Change::Refused => {
            bail!("a change of the floor was refused")
        }
    }
}

/// The same contact as through gRPC: everything that is sealed and indexed is there.
fn new_contact(draws: &mut Draws) -> NewContact {
    let sensitive = |text: String| Some(Sensitive::new("made up", text));
    let sender = sensitive(format!("bench-sender-{}", draws.uuid().simple()));
    NewContact {
        contact_id: in_order(draws).into(),
        channel: Channel::Voice,
        risk: Risk::Medium,
        class: Class::Medium,
        queue: "general".to_owned(),
        language: Some("en".to_owned()),
        skills: BTreeMap::new(),
        target_s: 180,
        relax_after_s: None,
        settings_version: 1,
        continues: None,
        external_id: sensitive(format!("bench-{}", draws.uuid().simple())),
        source: sender.clone(),
        sender,
        display_name: sensitive("Made up".to_owned()),
        risk_rules: Vec::new(),
        answers: None,
        flood: Flood::default(),
        lowest_target_s: 300,
        diverted: None,
    }
}

/// An id that sorts by time, as the server makes them: random ones would cost the index more.
#[expect(
    clippy::disallowed_methods,
    reason = "the driver of the floor stands in for the server's source of ids"
)]
pub(crate) fn in_order(draws: &mut Draws) -> Uuid {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or_default();
    let mut random = [0; 10];
    random.copy_from_slice(&draws.uuid().as_bytes()[6..]);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

fn closing() -> Closing {
    Closing {
        kind: ContactKind::Counselling,
        categories: vec!["family.conflict".to_owned()],
        gender: Gender::Unknown,
        age_band: AgeBand::From13To15,
        region: "unknown".to_owned(),
        action_taken: ActionTaken::Counselled,
    }
}

fn free(room: &Room) -> FreeCounsellor {
    FreeCounsellor {
        counsellor_id: room.counsellor_id,
        idle_since_ms: room.idle_since.timestamp_millis(),
        held: room.held,
        capacity: room.capacity,
        severe_in_a_row: room.severe_in_a_row,
        ready: room.ready,
        revision: room.revision,
    }
}
