//! Anything, by anybody, at any time: what must always hold does.

use std::collections::HashMap;
use std::sync::Mutex;

use helpline_proto::intake::v1::{Contact, ContactFilter, ContactState, ListContactsRequest};
use helpline_proto::queueing::v1::{DeclineReason, Offer, Participation, ParticipationKind};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::Abilities;
use tonic::{Code, Status};

use crate::chance::Chance;
use crate::desk::Desk;
use crate::guests::invitation;
use crate::stage::{Stage, at, by, until};

const SEEDS: [u64; 2] = [1, 14];
const BATCHES: usize = 10;
const AT_ONCE: usize = 20;

/// A refusal that somebody who comes too late, or asks for what is not theirs, may get.
fn may_be(status: &Status) -> bool {
    matches!(status.code(), Code::FailedPrecondition | Code::NotFound | Code::Aborted)
}

/// What everybody knows of: who has been taken in, and what has been offered to whom.
#[derive(Default)]
struct Known {
    contacts: Vec<Contact>,
    offers: HashMap<usize, Vec<Offer>>,
    parts: Vec<Participation>,
}

struct Play<'a> {
    stage: &'a Stage,
    desks: &'a [Desk],
    known: &'a Mutex<Known>,
}

impl Play<'_> {
    fn some_contact(&self, chance: &mut Chance) -> Option<Contact> {
        let known = self.known.lock().unwrap();
        // The latest are the liveliest.
        let from = known.contacts.len().saturating_sub(12);
        let recent = &known.contacts[from..];
        (!recent.is_empty()).then(|| recent[chance.below(recent.len())].clone())
    }

    fn some_offer(&self, place: usize, chance: &mut Chance) -> Option<Offer> {
        let known = self.known.lock().unwrap();
        let offers = known.offers.get(&place)?;
        Some(offers[offers.len() - 1 - chance.below(offers.len().min(3))].clone())
    }

    /// One thing that somebody does.
    async fn act(&self, mut chance: Chance) -> Result<(), Status> {
        let place = chance.below(self.desks.len());
        let desk = &self.desks[place];
        while desk.watch.has_offer().await {
            let offer = desk.next_offer().await;
            self.known.lock().unwrap().offers.entry(place).or_default().push(offer);
        }
        let offer = self.some_offer(place, &mut chance);
        let contact = self.some_contact(&mut chance);
        match (chance.below(26), offer, contact) {
            (0..=4, ..) => {
                let channel = chance.one(&[Channel::Voice, Channel::WebChat, Channel::Sms]);
                let risk = chance.one(&[Risk::Unspecified, Risk::None, Risk::High, Risk::HarmNow]);
                let request = at(risk, by(channel, chance.one(&["ar", "ru", ""])));
                let contact = self.stage.receive(request).await;
                self.known.lock().unwrap().contacts.push(contact);
            }
            (5, _, Some(contact)) => drop(self.stage.try_leave(&contact.contact_id).await?),
            (6, _, Some(contact)) => self.assess(&contact, &mut chance).await?,
            (7..=10, Some(offer), _) => drop(desk.try_accept(&offer).await?),
            (11, Some(offer), _) => drop(desk.try_decline(&offer, DeclineReason::Busy).await?),
            (12 | 13, ..) => drop(desk.ready().await),
            (14, ..) => drop(desk.not_ready().await),
            (15, ..) => drop(desk.offline().await),
            (20 | 21, ..) => {
                if let Some(contact) = self.held(place, &mut chance).await {
                    self.invite(desk, &contact, &mut chance).await?;
                }
            }
            (verb @ 22.., ..) => self.take_part(verb, &mut chance).await?,
            (verb @ 16.., ..) => {
                if let Some(contact) = self.held(place, &mut chance).await {
                    self.handle(desk, &contact, verb).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn assess(&self, contact: &Contact, chance: &mut Chance) -> Result<(), Status> {
        let request = helpline_proto::intake::v1::ChangeRiskRequest {
            request_id: helpline_tests::request_id(),
            contact_id: contact.contact_id.clone(),
            risk: chance.one(&[Risk::None, Risk::Medium, Risk::HarmNow]).into(),
            expected_revision: 0,
        };
        self.stage.supervisor.contacts().change_risk(request).await.map(drop)
    }

    /// A contact that a counsellor has or had.
    async fn held(&self, place: usize, chance: &mut Chance) -> Option<Contact> {
        let states = [ContactState::InProgress, ContactState::WrapUp].map(Into::into).to_vec();
        let filter = Some(ContactFilter { states, ..ContactFilter::default() });
        let request = ListContactsRequest { filter, ..ListContactsRequest::default() };
        let listed = self.desks[place].actor.contacts().list_contacts(request).await.unwrap().into_inner();
        (!listed.contacts.is_empty()).then(|| listed.contacts[chance.below(listed.contacts.len())].clone())
    }

    async fn invite(&self, desk: &Desk, contact: &Contact, chance: &mut Chance) -> Result<(), Status> {
        let kind = chance.one(&[
            ParticipationKind::WarmTransfer,
            ParticipationKind::WarmTransfer,
            ParticipationKind::Consult,
            ParticipationKind::Conference,
        ]);
        let to = &self.desks[chance.below(self.desks.len())];
        let to = (to.id() != desk.id() && chance.below(2) == 0).then_some(to);
        match desk.try_invite(invitation(contact, kind, to)).await {
            Ok(part) => self.known.lock().unwrap().parts.push(part),
            // They take part already.
            Err(status) if status.code() == Code::AlreadyExists => {}
            Err(status) => return Err(status),
        }
        Ok(())
    }

    /// Somebody who was invited lately, or who invited them, does something about it.
    async fn take_part(&self, verb: usize, chance: &mut Chance) -> Result<(), Status> {
        let part = {
            let known = self.known.lock().unwrap();
            let from = known.parts.len().saturating_sub(4);
            let recent = &known.parts[from..];
            if recent.is_empty() {
                return Ok(());
            }
            recent[chance.below(recent.len())].clone()
        };
        let desk = |id: &str| self.desks.iter().find(|desk| desk.id() == id).unwrap();
        let (guest, owner) = (desk(&part.counsellor_id), desk(&part.owner_id));
        match (verb, chance.below(3)) {
            (22, _) | (24, 1..) => guest.try_join(&part).await.map(drop),
            (24, 0) => guest.try_refuse(&part, DeclineReason::Busy).await.map(drop),
            (_, 0) => guest.try_leave(&part).await.map(drop),
            (_, 1) => owner.try_remove(&part).await.map(drop),
            _ => guest.try_take_over(&part).await.map(drop),
        }
    }

    async fn handle(&self, desk: &Desk, contact: &Contact, verb: usize) -> Result<(), Status> {
        match verb {
            16 => desk.try_release(contact).await.map(drop),
            17 => desk.try_finish(contact).await.map(drop),
            18 => desk.try_transfer(contact).await.map(drop),
            _ => desk.try_complete(contact).await.map(drop),
        }
    }
}

/// Which state each event leads to from which, with another offer of the contact `open` or not.
#[expect(clippy::match_same_arms, reason = "one line for each thing that can happen")]
fn step(event: &str, open: bool, from: &str) -> Option<&'static str> {
    Some(match (event, from) {
        ("contact_received", "") => "waiting",
        ("contact_offered", "waiting") => "offered",
        ("offer_accepted", "offered") => "in_progress",
        // Somebody else may still accept.
        ("offer_declined" | "offer_expired" | "offer_withdrawn", "offered") if open => "offered",
        ("offer_declined" | "offer_expired" | "offer_withdrawn", "offered") => "waiting",
        ("person_left", "waiting" | "offered") => "abandoned",
        ("person_left" | "contact_released", "in_progress") => "wrap_up",
        ("wrap_up_finished", "wrap_up") => "wrap_up",
        ("contact_transferred", "in_progress") => "waiting",
        ("contact_completed", "in_progress" | "wrap_up") => "closed",
        (
            "participant_invited"
            | "participant_joined"
            | "invitation_declined"
            | "invitation_expired"
            | "participation_ended"
            | "contact_taken_over"
            | "contact_put_aside"
            | "contact_taken_up",
            "in_progress",
        ) => "in_progress",
        ("risk_changed", "waiting") => "waiting",
        ("risk_changed", "offered") => "offered",
        ("risk_changed", "in_progress") => "in_progress",
        ("risk_changed", "wrap_up") => "wrap_up",
        _ => return None,
    })
}

/// What must hold whenever nothing is under way.
async fn check(stage: &Stage) {
    stage.agrees().await;
    let none =
        |what: &str, sql: &str| assert_eq!(stage.sql(sql), Vec::<Vec<Option<String>>>::new(), "{what}");
    none(
        "one open group of offers per contact, and one offer of it per counsellor",
        "SELECT contact_id FROM helpline.offers WHERE state = 'open' GROUP BY contact_id
         HAVING count(DISTINCT group_id) > 1 OR count(DISTINCT counsellor_id) < count(*)",
    );
    none(
        "nobody holds more than they can",
        "SELECT counsellor_id FROM helpline.presences
         WHERE held_voice > max_voice OR held_chat > max_chat OR held_message > max_message
            OR (held_voice > 0 AND held_chat + held_message > 0)",
    );
    none(
        "who is not ready has no open offer",
        "SELECT o.offer_id FROM helpline.offers o JOIN helpline.presences p USING (counsellor_id)
         WHERE o.state = 'open' AND p.state <> 'ready'",
    );
    none(
        "who takes part does so in a contact of somebody else that is in progress",
        "SELECT q.participation_id FROM helpline.participations q JOIN helpline.contacts c USING (contact_id)
         WHERE q.state IN ('invited', 'joined') AND (c.state <> 'in_progress' OR c.counsellor_id = q.counsellor_id)",
    );
    none(
        "who is not ready is not invited",
        "SELECT q.participation_id FROM helpline.participations q JOIN helpline.presences p USING (counsellor_id)
         WHERE q.state = 'invited' AND p.state <> 'ready'",
    );
    none(
        "deadlines never move later than the target of the first class, stretched as far as a full line stretches it",
        "SELECT contact_id FROM helpline.contacts WHERE deadline_at > received_at + interval '1800 seconds'",
    );
    // The journal tells one legal life of every contact, and ends where the contact stands.
    let rows = stage.sql(
        "SELECT j.contact_id::text, j.event, coalesce(j.detail ->> 'open', '0'), c.state, j.revision::text FROM helpline.journal j
         JOIN helpline.contacts c USING (contact_id)
         -- Everybody's part that a change ends beside what it is about has an entry with the revision of that change.
         -- What a counsellor has had in a row is their own, and has the revision of their presence; what was arranged for a
         -- contact does not change it, nor does the end of one offer among several.
         WHERE j.event NOT IN ('care_noted', 'contact_arranged') AND j.revision IS NOT NULL AND (j.event <> 'participation_ended' OR NOT EXISTS (
             SELECT FROM helpline.journal other WHERE other.contact_id = j.contact_id AND other.revision = j.revision
                AND other.event <> 'participation_ended'))
         ORDER BY j.contact_id, j.revision, j.entry_id",
    );
    let mut lives: HashMap<String, (&'static str, String, i64)> = HashMap::new();
    for row in rows {
        assert!(row.iter().all(Option::is_some), "an entry about a contact has its revision: {row:?}");
        let mut row = row.into_iter().map(Option::unwrap);
        let mut next = || row.next().unwrap();
        let (contact, event, open, state) = (next(), next(), next(), next());
        let revision: i64 = next().parse().unwrap();
        let life = lives.entry(contact.clone()).or_insert(("", state, 0));
        let to = step(&event, open != "0", life.0);
        life.0 = to.unwrap_or_else(|| panic!("{event} of a contact that was {} ({contact})", life.0));
        assert_eq!(revision, life.2 + 1, "every revision is in the journal, once ({contact})");
        life.2 = revision;
    }
    for (contact, (journal, state, _)) in lives {
        assert_eq!(journal, state.trim_start_matches("short_"), "{contact}");
    }
}

async fn play(stage: &Stage, seed: u64) {
    let mut chance = Chance::new(seed);
    let mut desks = Vec::new();
    for languages in [&["ar"][..], &["ru"], &["ar", "ru"], &["ar"]] {
        desks.push(stage.desk(Abilities::speaking(languages).taking(1, 2, 2)).await);
    }
    let known = Mutex::default();
    let play = Play { stage, desks: &desks, known: &known };
    for batch in 0..BATCHES {
        let mut acts: Vec<_> = (0..AT_ONCE).map(|_| Box::pin(play.act(Chance::new(chance.next())))).collect();
        std::future::poll_fn(|context| {
            acts.retain_mut(|act| match act.as_mut().poll(context) {
                std::task::Poll::Ready(Err(status)) if !may_be(&status) => panic!("{status:?}"),
                poll => poll.is_pending(),
            });
            if acts.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        if batch % 3 == 2 {
            // Nobody answers for a while: offers run out.
            stage.world.advance(21.0);
        }
        quiet(stage).await;
        check(stage).await;
    }
    for desk in &desks {
        desk.offline().await;
    }
    quiet(stage).await;
    stage.agrees_with_the_view().await;
}

/// Waits until nothing has happened for a moment that is longer than everything that happens by itself.
async fn quiet(stage: &Stage) {
    let mut last = (String::new(), std::time::Instant::now());
    until("nothing happens", async || {
        let now = stage.value(
            "SELECT concat((SELECT count(*) FROM helpline.journal), ' ',
                (SELECT count(*) FROM helpline.offers WHERE state = 'open' AND expires_at <= helpline.now())
                + (SELECT count(*) FROM helpline.participations WHERE state = 'invited' AND expires_at <= helpline.now()))",
        );
        if now != last.0 || !now.ends_with(" 0") {
            last = (now, std::time::Instant::now());
        }
        (last.1.elapsed() > std::time::Duration::from_millis(350)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn two_hundred_acts_of_several_people_in_any_order_leave_nothing_astray() {
    for seed in SEEDS {
        println!("seed {seed}");
        let stage = Stage::set().await;
        play(&stage, seed).await;
    }
}
