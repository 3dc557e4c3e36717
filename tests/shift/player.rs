//! Plays a shift against a server, and reads what came of it from the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use helpline_domain::risk::Class;
use helpline_proto::directory::v1::{Settings, TargetWait};
use helpline_proto::intake::v1::{
    ActionTaken, AgeBand, Closing, CompleteContactRequest, ContactKind, Gender, ReceiveContactRequest,
    RecordDepartureRequest,
};
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{
    AcceptOfferRequest, GoReadyRequest, NotReadyReason, Offer, OfferState, WatchOffersRequest,
};
use helpline_proto::terms::v1::{Channel, PriorityClass, Risk};
use helpline_simulation::rehearsal::{Part, Rehearsal};
use helpline_simulation::scenario::Scenario;
use helpline_tests::{Abilities, Actor, World, WorldOptions, request_id};
use tokio::task::JoinSet;

/// Seconds of the scenario in one second of the clock on the wall. Every time of the scenarios here is a multiple of it,
/// because settings are whole seconds.
pub(crate) const SPEED: f64 = 20.0;
/// How long nobody may be waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// What became of a contact, in seconds of the scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    pub(crate) class: Class,
    pub(crate) at_s: f64,
    pub(crate) wait_s: f64,
    pub(crate) answered: bool,
}

/// A shift that was played.
pub(crate) struct Played {
    pub(crate) world: World,
    pub(crate) fates: Vec<Fate>,
}

struct Shift {
    rehearsal: Rehearsal,
    adapter: Actor,
    /// Number of a contact, and how often it was offered.
    known: Mutex<HashMap<String, (usize, u32)>>,
}

fn real(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds / SPEED)
}

fn span(seconds: f64) -> prost_types::Duration {
    #[expect(clippy::cast_possible_truncation, reason = "minutes")]
    let seconds = (seconds / SPEED).round() as i64;
    assert!(seconds > 0, "a time that the server can be told");
    prost_types::Duration { seconds, nanos: 0 }
}

const fn class_message(class: Class) -> PriorityClass {
    match class {
        Class::Critical => PriorityClass::Critical,
        Class::High => PriorityClass::High,
        Class::Medium => PriorityClass::Medium,
        Class::Low => PriorityClass::Low,
    }
}

const fn risk(class: Class) -> Risk {
    match class {
        Class::Critical => Risk::Imminent,
        Class::High => Risk::High,
        Class::Medium => Risk::Medium,
        Class::Low => Risk::None,
    }
}

fn rules(settings: &mut Settings, scenario: &Scenario) {
    settings.target_waits = scenario
        .classes
        .iter()
        .map(|class| TargetWait {
            channel: 0,
            priority_class: class_message(class.class).into(),
            wait: Some(span(class.target_s)),
        })
        .collect();
    let ours = &scenario.ours;
    settings.offer_timeout = Some(span(scenario.offers.ring_s));
    settings.critical_offer_timeout = Some(span(ours.critical_ring_s));
    settings.missed_offer_limit = i32::try_from(scenario.offers.miss_limit).unwrap();
    settings.cool_down = Some(span(ours.cool_down_s));
    settings.cap = Some(span(ours.cap_s));
    settings.high_cap = Some(span(ours.high_cap_s));
    settings.reserve = i32::try_from(ours.reserve).unwrap();
    settings.reserve_from = i32::try_from(ours.reserve_from).unwrap();
    settings.critical_offers = i32::try_from(ours.critical_offers).unwrap();
    // The simulation knows no pauses.
    settings.care.get_or_insert_default().severe_from = Risk::HarmNow.into();
}

/// Plays a scenario; every contact has ended when this returns.
pub(crate) async fn play(scenario: &Scenario, seed: u64) -> Played {
    let world = World::start_with(WorldOptions::default()).await;
    world.change_settings(|settings| rules(settings, scenario)).await;
    let rehearsal = Rehearsal::new(scenario, seed).unwrap();
    let shift = Arc::new(Shift { rehearsal, adapter: world.adapter().await, known: Mutex::default() });
    let mut people = JoinSet::new();
    for person in shift.rehearsal.people() {
        let languages: Vec<&str> = person.languages.iter().map(String::as_str).collect();
        let desk = world.counsellor(Abilities::speaking(&languages)).await;
        let away = real(scenario.offers.away_s);
        desk.presence().go_ready(GoReadyRequest { request_id: request_id() }).await.unwrap();
        people.spawn(answer(Arc::clone(&shift), desk, away));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    let mut children = JoinSet::new();
    for (number, part) in shift.rehearsal.parts().enumerate() {
        let shift = Arc::clone(&shift);
        children.spawn(async move {
            tokio::time::sleep_until((begun + real(part.at_s)).into()).await;
            come(&shift, number, &part).await;
        });
    }
    while let Some(one) = children.join_next().await {
        one.unwrap();
    }
    let begun = Instant::now();
    while !open(&world).is_empty() {
        if let Some(done) = people.try_join_next() {
            done.unwrap();
        }
        assert!(begun.elapsed() < PATIENCE, "some are never served: {:?}", open(&world));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    people.abort_all();
    let fates = fates(&world, &shift);
    Played { world, fates }
}

/// A child comes, and leaves when their patience ends.
async fn come(shift: &Shift, number: usize, part: &Part) {
    let request = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Voice.into(),
        external_id: format!("shift-{number}"),
        language: part.requirement.language.clone().unwrap_or_default(),
        risk: risk(part.class).into(),
        ..ReceiveContactRequest::default()
    };
    let answer = shift.adapter.contacts().receive_contact(request).await.unwrap().into_inner();
    let contact = answer.contact.unwrap();
    assert_eq!(contact.priority_class(), class_message(part.class));
    shift.known.lock().unwrap().insert(contact.contact_id.clone(), (number, 0));
    if let Some(patience) = part.patience_s {
        tokio::time::sleep(real(patience)).await;
        let leave =
            RecordDepartureRequest { request_id: request_id(), contact_id: contact.contact_id, cause: 0 };
        if shift.knows_as_waiting(number) {
            // Whoever is answered in the same instant stays.
            let _ = shift.adapter.contacts().record_departure(leave).await;
        }
    }
}

impl Shift {
    fn knows_as_waiting(&self, number: usize) -> bool {
        self.known.lock().unwrap().values().any(|&(one, _)| one == number)
    }

    /// The number of a contact that is offered, and how often it was before. The offer may be here before its adapter's answer.
    async fn offered(&self, contact_id: &str) -> (usize, u32) {
        loop {
            if let Some((number, offers)) = self.known.lock().unwrap().get_mut(contact_id) {
                *offers += 1;
                return (*number, *offers - 1);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A counsellor takes what is offered, talks, signs off, and comes back when they were away.
async fn answer(shift: Arc<Shift>, desk: Actor, away: Duration) {
    let mut stream = desk.offers().watch_offers(WatchOffersRequest::default()).await.unwrap().into_inner();
    let mut talks = JoinSet::new();
    while let Ok(Some(message)) = stream.message().await {
        while let Some(done) = talks.try_join_next() {
            done.unwrap();
        }
        match message.event {
            Some(Event::Opened(offer)) if offer.state() == OfferState::Open => {
                talks.spawn(talk(Arc::clone(&shift), desk.clone(), offer));
            }
            Some(Event::Presence(presence)) if presence.reason() == NotReadyReason::MissedOffers => {
                let desk = desk.clone();
                talks.spawn(async move {
                    tokio::time::sleep(away).await;
                    let _ = desk.presence().go_ready(GoReadyRequest { request_id: request_id() }).await;
                });
            }
            _ => {}
        }
    }
}

async fn talk(shift: Arc<Shift>, desk: Actor, offer: Offer) {
    let (number, offers) = shift.offered(&offer.contact_id).await;
    let Some(after) = shift.rehearsal.accepts_after_s(number, offers, 0) else { return };
    tokio::time::sleep(real(after)).await;
    let accept = AcceptOfferRequest { request_id: request_id(), offer_id: offer.offer_id };
    if desk.offers().accept_offer(accept).await.is_err() {
        return;
    }
    shift.known.lock().unwrap().remove(&offer.contact_id);
    let handle = shift.rehearsal.parts().nth(number).unwrap().handle_s;
    tokio::time::sleep(real(handle)).await;
    let complete = CompleteContactRequest {
        request_id: request_id(),
        contact_id: offer.contact_id,
        closing: Some(Closing {
            kind: ContactKind::Silent.into(),
            gender: Gender::Unknown.into(),
            age_band: AgeBand::Unknown.into(),
            region: "unknown".to_owned(),
            action_taken: ActionTaken::None.into(),
            ..Closing::default()
        }),
        expected_revision: 0,
    };
    desk.contacts().complete_contact(complete).await.unwrap();
}

fn open(world: &World) -> Vec<Vec<Option<String>>> {
    let sql = format!(
        "SELECT contact_id, state, class, language FROM helpline.contacts WHERE centre_id = '{}' AND ended_at IS NULL",
        world.centre.id
    );
    world.database.query(&sql).unwrap()
}

fn fates(world: &World, shift: &Shift) -> Vec<Fate> {
    let sql = format!(
        "SELECT class, extract(epoch FROM received_at - min(received_at) OVER ()),
            extract(epoch FROM coalesce(answered_at, ended_at) - received_at), answered_at IS NOT NULL
         FROM helpline.contacts WHERE centre_id = '{}' ORDER BY sequence",
        world.centre.id
    );
    let rows = world.database.query(&sql).unwrap();
    assert_eq!(rows.len(), shift.rehearsal.parts().count(), "everybody who came is there");
    let seconds = |text: &Option<String>| text.as_deref().unwrap().parse::<f64>().unwrap() * SPEED;
    rows.iter()
        .map(|row| Fate {
            class: Class::from_number(row[0].as_deref().unwrap().parse().unwrap()).unwrap(),
            at_s: seconds(&row[1]),
            wait_s: seconds(&row[2]),
            answered: row[3].as_deref() == Some("t"),
        })
        .collect()
}
