//! A counsellor: comes on shift, watches offers, takes them, talks, signs off, pauses.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use helpline_proto::intake::v1::{
    ActionTaken, AgeBand, Closing, CompleteContactRequest, Contact, ContactKind, Gender,
};
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{
    AcceptOfferRequest, DeclineOfferRequest, DeclineReason, FinishWrapUpRequest, GoNotReadyRequest,
    GoReadyRequest, NotReadyReason, Offer, OfferState, Presence, PresenceState, ReleaseContactRequest,
    TransferContactRequest, WatchOffersRequest,
};
use helpline_proto::terms::v1::{Channel, Risk};
use tonic::Code;

use crate::call;
use crate::client::Client;
use crate::conversation;
use crate::draws::Draws;
use crate::emergency::help;
use crate::people::{self, Manner};
use crate::referral::refer;
use crate::scene::Scene;
use crate::texts;

/// One counsellor with their client.
#[derive(Debug)]
pub struct Player {
    scene: Arc<Scene>,
    client: Client,
    name: String,
    manner: Manner,
    /// Contacts in hand; nobody goes to a break while this is not 0.
    busy: AtomicI64,
}

/// Plays a shift to the end of the play.
pub async fn play(scene: Arc<Scene>, client: Client, name: String, manner: Manner, mut draws: Draws) {
    let player = Arc::new(Player { scene, client, name, manner, busy: AtomicI64::new(0) });
    // People do not all come through the door at once.
    if !player.scene.pause(draws.between(0.0, 10.0)).await {
        return;
    }
    player.go_ready(&mut draws).await;
    let breaks = Draws::new(draws.uuid().as_u64_pair().0, 0);
    tokio::join!(player.watch(&mut draws), player.pauses(breaks));
}

impl Player {
    /// Keeps the stream of offers open and answers what comes.
    async fn watch(self: &Arc<Self>, draws: &mut Draws) {
        let mut cursor = String::new();
        let end = self.scene.end();
        while !self.scene.is_over() {
            let request = WatchOffersRequest { after_cursor: cursor.clone(), locale: String::new() };
            let mut stream = match self.client.offers().watch_offers(request).await {
                Ok(answer) => answer.into_inner(),
                Err(status) => {
                    if status.code() == Code::OutOfRange {
                        cursor.clear();
                    }
                    self.scene.pause(10.0).await;
                    continue;
                }
            };
            loop {
                let next = tokio::select! {
                    biased;
                    () = end.cancelled() => return,
                    next = stream.message() => next,
                };
                // However a stream ends, the answer is to watch again.
                let Ok(Some(next)) = next else { break };
                cursor = next.cursor;
                match next.event {
                    Some(Event::Opened(offer)) if offer.state() == OfferState::Open => {
                        let player = Arc::clone(self);
                        let fate = Draws::new(draws.uuid().as_u64_pair().0, 0);
                        self.scene.play(async move { Box::pin(player.answer(offer, fate)).await });
                    }
                    Some(Event::Presence(presence)) => self.come_back(&presence, draws),
                    _ => {}
                }
            }
            self.scene.pause(5.0).await;
        }
    }

    /// Set not ready by the system, a person takes a moment and comes back.
    fn come_back(self: &Arc<Self>, presence: &Presence, draws: &mut Draws) {
        let lost = match presence.state() {
            PresenceState::Offline => true,
            PresenceState::NotReady => {
                matches!(presence.reason(), NotReadyReason::MissedOffers | NotReadyReason::ClientLost)
            }
            _ => false,
        };
        if lost {
            let player = Arc::clone(self);
            let mut draws = Draws::new(draws.uuid().as_u64_pair().0, 0);
            self.scene.play(async move {
                if player.scene.pause(draws.between(20.0, 60.0)).await {
                    player.go_ready(&mut draws).await;
                }
            });
        }
    }

    /// Notices an offer or not, takes it or not, and handles the contact to its end.
    async fn answer(&self, offer: Offer, mut draws: Draws) {
        if draws.chance(self.manner.misses) {
            self.scene.tell(&offer.contact_id, offer.channel(), format!("{} does not notice it", self.name));
            return;
        }
        if !self.scene.pause(people::ring_time(&mut draws)).await {
            return;
        }
        if draws.chance(self.manner.declines) {
            let request = DeclineOfferRequest {
                request_id: draws.id(),
                offer_id: offer.offer_id.clone(),
                reason: DeclineReason::NotAble.into(),
            };
            if call!(self.client.offers(), decline_offer, request).is_ok() {
                self.scene.tell(&offer.contact_id, offer.channel(), format!("{} declines", self.name));
            }
            return;
        }
        let request = AcceptOfferRequest { request_id: draws.id(), offer_id: offer.offer_id.clone() };
        match call!(self.client.offers(), accept_offer, request) {
            Ok(answer) => {
                let Some(contact) = answer.contact else { return };
                let waited = seconds(contact.answer_time, contact.receive_time) * self.scene.speed.factor();
                let waited = crate::screen::clock(waited);
                self.scene.tell(
                    &contact.contact_id,
                    contact.channel(),
                    format!("{} answers after {waited}", self.name),
                );
                self.busy.fetch_add(1, Ordering::Relaxed);
                Box::pin(self.handle(&contact, &mut draws)).await;
                self.busy.fetch_sub(1, Ordering::Relaxed);
            }
            // The child has left, or somebody took the offer back: the normal race.
            Err(status) if status.code() == Code::FailedPrecondition || status.code() == Code::Aborted => {}
            Err(status) => self.trouble(&offer.contact_id, offer.channel(), "accept", status.code()),
        }
    }

    /// Talks, then hands on or wraps up and signs off. Who is harmed at this moment is not handed on: help is called
    /// beside the talk, and the counsellor stays until it has come. One child is referred beside the talk.
    async fn handle(&self, contact: &Contact, draws: &mut Draws) {
        let channel = contact.channel();
        let in_danger = contact.risk() == Risk::HarmNow && self.scene.is_open();
        let length = people::talk_time(channel, draws);
        let refers = !in_danger && people::is_speech(channel) && self.scene.refers();
        let hands_on = draws.chance(self.manner.transfers) && !in_danger && !refers;
        let length = if hands_on { length * 0.3 } else { length };
        let caller = Draws::new(draws.uuid().as_u64_pair().0, 0);
        let referrer = Draws::new(draws.uuid().as_u64_pair().0, 0);
        let referral = async { !refers || refer::of(&self.scene, &self.client, contact, referrer).await };
        let help = async { !in_danger || help::call_for(&self.scene, &self.client, contact, caller).await };
        let talk = async {
            if people::is_speech(channel) {
                self.scene.pause(length).await
            } else {
                conversation::hold(&self.scene, &self.client, contact, length, draws).await
            }
        };
        let (helped, answered, went_on) = tokio::join!(help, referral, talk);
        if !(helped && answered && went_on) {
            return;
        }
        if hands_on && self.transfer(contact, draws).await {
            return;
        }
        let request =
            ReleaseContactRequest { request_id: draws.id(), contact_id: contact.contact_id.clone() };
        // Refused when the child has left meanwhile: then the wrap-up has begun already.
        let _ = call!(self.client.handling(), release_contact, request);
        if !self.scene.pause(people::wrap_up_time(draws)).await {
            return;
        }
        // Some finish the paperwork later and take the next contact first.
        if draws.chance(0.2) {
            let request =
                FinishWrapUpRequest { request_id: draws.id(), contact_id: contact.contact_id.clone() };
            let _ = call!(self.client.handling(), finish_wrap_up, request);
            if !self.scene.pause(draws.between(60.0, 240.0)).await {
                return;
            }
        }
        self.sign_off(contact, draws).await;
    }

    /// Gives the contact back to the line; false when that is refused.
    async fn transfer(&self, contact: &Contact, draws: &mut Draws) -> bool {
        let request = TransferContactRequest {
            request_id: draws.id(),
            contact_id: contact.contact_id.clone(),
            ..TransferContactRequest::default()
        };
        let done = call!(self.client.handling(), transfer_contact, request).is_ok();
        if done {
            self.scene.tell(&contact.contact_id, contact.channel(), format!("{} hands it on", self.name));
        }
        done
    }

    async fn sign_off(&self, contact: &Contact, draws: &mut Draws) {
        let request = CompleteContactRequest {
            request_id: draws.id(),
            contact_id: contact.contact_id.clone(),
            closing: Some(closing(&contact.language, draws)),
            expected_revision: 0,
        };
        match call!(self.client.contacts(), complete_contact, request) {
            Ok(_) => {
                self.scene.tell(
                    &contact.contact_id,
                    contact.channel(),
                    format!("{} signs it off", self.name),
                );
            }
            Err(status) => self.trouble(&contact.contact_id, contact.channel(), "sign off", status.code()),
        }
    }

    async fn go_ready(&self, draws: &mut Draws) {
        let request = GoReadyRequest { request_id: draws.id() };
        if let Err(status) = call!(self.client.presence(), go_ready, request) {
            self.trouble("------", Channel::Unspecified, "go ready", status.code());
        }
    }

    /// Takes breaks when nothing is in hand.
    async fn pauses(&self, mut draws: Draws) {
        while self.scene.pause(draws.exponential(self.manner.between_breaks)).await {
            while self.busy.load(Ordering::Relaxed) > 0 {
                if !self.scene.pause(20.0).await {
                    return;
                }
            }
            let request = GoNotReadyRequest { request_id: draws.id(), reason: NotReadyReason::Break.into() };
            let _ = call!(self.client.presence(), go_not_ready, request);
            if !self.scene.pause(self.manner.break_length).await {
                return;
            }
            self.go_ready(&mut draws).await;
        }
    }

    fn trouble(&self, contact: &str, channel: Channel, what: &str, code: Code) {
        let why = crate::child::in_words(code);
        self.scene.tell(contact, channel, format!("{} could not {what}: {why}", self.name));
    }
}

/// A closing record that every centre accepts: only built-in categories.
pub fn closing(language: &str, draws: &mut Draws) -> Closing {
    let kinds = [
        (ContactKind::Counselling, 0.8),
        (ContactKind::Silent, 0.08),
        (ContactKind::Information, 0.06),
        (ContactKind::Thanks, 0.03),
        (ContactKind::WrongNumber, 0.03),
    ];
    let kind = draws.weighted(&kinds).unwrap_or(ContactKind::Silent);
    let counselling = kind == ContactKind::Counselling;
    let categories = [
        ("family.conflict", 0.3),
        ("mental_health.anxiety", 0.25),
        ("violence.bullying", 0.2),
        ("education.performance", 0.15),
        ("peers.friendship", 0.1),
    ];
    let category = draws.weighted(&categories).filter(|_| counselling);
    let gender = draws.weighted(&[(Gender::Female, 0.5), (Gender::Male, 0.4), (Gender::Unknown, 0.1)]);
    let age =
        draws.weighted(&[(AgeBand::AgeBand1012, 0.3), (AgeBand::AgeBand1315, 0.5), (AgeBand::Unknown, 0.2)]);
    let action = if counselling { ActionTaken::Counselled } else { ActionTaken::None };
    Closing {
        kind: kind.into(),
        categories: category.map(str::to_owned).into_iter().collect(),
        gender: gender.unwrap_or(Gender::Unknown).into(),
        age_band: age.unwrap_or(AgeBand::Unknown).into(),
        region: "unknown".to_owned(),
        action_taken: action.into(),
        summary: if counselling { texts::summary(language).to_owned() } else { String::new() },
    }
}

/// Seconds from one time to another; 0 when one is missing.
fn seconds(later: Option<prost_types::Timestamp>, earlier: Option<prost_types::Timestamp>) -> f64 {
    let (Some(later), Some(earlier)) = (later, earlier) else { return 0.0 };
    #[expect(clippy::cast_precision_loss, reason = "a wait is far below 2^52 s")]
    let whole = (later.seconds - earlier.seconds) as f64;
    whole + f64::from(later.nanos - earlier.nanos) / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_of_counselling_has_what_the_rules_ask_for() {
        let mut draws = Draws::new(1, 1);
        let mut counselling = 0;
        for _ in 0..200 {
            let closing = closing("ru", &mut draws);
            assert_eq!(closing.kind() == ContactKind::Counselling, closing.categories.len() == 1);
            assert_eq!(closing.kind() == ContactKind::Counselling, !closing.summary.is_empty());
            assert!(
                closing
                    .categories
                    .iter()
                    .all(|key| helpline_domain::closing::DEFAULT_CATEGORIES.contains(&key.as_str()))
            );
            counselling += u32::from(closing.kind() == ContactKind::Counselling);
        }
        assert!((120..200).contains(&counselling), "{counselling}");
    }

    #[test]
    fn a_wait_is_the_difference_of_two_times() {
        let at = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
        assert!((seconds(at(12, 500_000_000), at(10, 750_000_000)) - 1.75).abs() < 1e-9);
        assert!(seconds(at(12, 0), None).abs() < 1e-9);
    }
}
