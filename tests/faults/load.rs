//! Adapters and counsellors who play the stories of a board through the public API, and who ask again with the same
//! `request_id` whenever nobody answers.

mod escalate;
mod hand_on;

use std::sync::Arc;
use std::time::{Duration, Instant};

use helpline_domain::caller::Role;
use helpline_proto::escalation::v1::AskSecondOpinionRequest;
use helpline_proto::intake::v1::{
    ActionTaken, AgeBand, Closing, CompleteContactRequest, ContactKind, Gender, GetContactRequest,
    ReceiveContactRequest, RecordDepartureRequest, SendMessageRequest,
};
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{
    AcceptOfferRequest, AttemptOutcome, DeclineOfferRequest, DeclineReason, FinishWrapUpRequest,
    GoNotReadyRequest, GoReadyRequest, NotReadyReason, Offer, ParticipationState, PresenceState,
    PromiseCallbackRequest, RecordCallbackAttemptRequest, ReleaseContactRequest, TransferContactRequest,
    WatchOffersRequest,
};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::process::{Fleet, is_transient, retry};
use helpline_tests::{Actor, Refused, request_id};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::{Code, Response, Status};

use crate::story::{Act, Board};

/// How long somebody keeps asking. Longer than any fault lasts.
const PATIENCE: Duration = Duration::from_secs(40);

/// A load under way.
pub(crate) struct Load {
    pub(crate) board: Arc<Board>,
    pub(crate) adapters: Vec<Actor>,
    tasks: JoinSet<()>,
    /// True when those who stay in line may leave it.
    closing: watch::Sender<bool>,
}

impl Load {
    /// Begins to play the stories of a board: so many counsellors, contacts coming one each `pace`, everybody spread over
    /// the servers.
    pub(crate) fn begin(fleet: &Fleet, board: Board, counsellors: usize, pace: Duration) -> Self {
        let board = Arc::new(board);
        let adapters = fleet.bearers(Role::ChannelAdapter, &vec![None; fleet.servers().len()]);
        let mut tasks = JoinSet::new();
        for actor in fleet.counsellors(counsellors, (1, 2, 5)) {
            let vanished = watch::Sender::new(Vec::new());
            let (board, adapters) = (Arc::clone(&board), adapters.clone());
            tasks.spawn(Player { actor, board, adapters, vanished }.play());
        }
        let (arriving, bringing) = (Arc::clone(&board), adapters.clone());
        let closing = watch::Sender::new(false);
        let leave = closing.subscribe();
        tasks.spawn(async move {
            let mut children = JoinSet::new();
            for number in 0..arriving.stories.len() {
                while arriving.stories[number].critical && !arriving.all_are_held() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                let adapter = bringing[number % bringing.len()].clone();
                children.spawn(arrive(Arc::clone(&arriving), number, adapter, leave.clone()));
                if !arriving.stories[number].patient {
                    tokio::time::sleep(pace).await;
                }
            }
            while let Some(done) = children.join_next().await {
                done.expect("a child's calls");
            }
        });
        Self { board, adapters, tasks, closing }
    }

    /// Waits until `wanted` stories are over. Fails at once when a player fails.
    pub(crate) async fn wait_over(&mut self, wanted: usize, patience: Duration) {
        let begun = Instant::now();
        while self.board.count_over() < wanted {
            while let Some(done) = self.tasks.try_join_next() {
                done.expect("a player of the load");
            }
            assert!(
                begun.elapsed() < patience,
                "{} of {wanted} stories are over after {patience:?}; left: {:#?}",
                self.board.count_over(),
                self.board.unfinished()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until all stories are over; then everybody goes home.
    pub(crate) async fn finish(mut self, patience: Duration) -> (Arc<Board>, Vec<Actor>) {
        let all = self.board.stories.len();
        self.wait_over(all - self.board.count_patient(), patience).await;
        self.closing.send_replace(true);
        self.wait_over(all, patience).await;
        self.tasks.abort_all();
        (self.board, self.adapters)
    }
}

/// The request by which a story's contact is received.
pub(crate) fn arrival(board: &Board, number: usize) -> ReceiveContactRequest {
    let story = &board.stories[number];
    ReceiveContactRequest {
        request_id: story.request_id.clone(),
        channel: story.channel.into(),
        external_id: story.external_id.clone(),
        sender: story.sender.clone(),
        display_name: "Somebody".to_owned(),
        language: story.language.clone(),
        risk: if story.critical { Risk::HarmNow } else { Risk::Unspecified }.into(),
        ..ReceiveContactRequest::default()
    }
}

async fn arrive(board: Arc<Board>, number: usize, adapter: Actor, mut leave: watch::Receiver<bool>) {
    let request = arrival(&board, number);
    let received = ask("receive", || {
        let (mut client, request) = (adapter.contacts(), request.clone());
        async move { client.receive_contact(request).await }
    })
    .await;
    let contact = received.contact.expect("the contact");
    board.received(number, &contact);
    let story = &board.stories[number];
    if story.channel != Channel::Voice {
        // A counsellor may have been quicker and have signed off already.
        let _ = try_to_say(&adapter, &contact.contact_id, "Hello?").await;
    }
    if story.patient {
        let _ = leave.wait_for(|leave| *leave).await;
    }
    if !story.language.is_empty() {
        depart(&adapter, &contact.contact_id).await;
        board.over(number);
    }
}

/// A call that must be answered with success, however often it takes.
async fn ask<T, F>(what: &str, call: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    retry(what, PATIENCE, call).await.unwrap_or_else(|status| panic!("{what} was refused: {status:?}"))
}

/// The same for a call about an offer that may be over: then `None`.
async fn ask_while_open<T, F>(what: &str, call: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    match retry(what, PATIENCE, call).await {
        Ok(answer) => Some(answer),
        Err(status) if Refused::from(&*status).reason == "OFFER_OVER" => None,
        Err(status) => panic!("{what} was refused: {status:?}"),
    }
}

async fn say(actor: &Actor, contact_id: &str, text: &str) {
    let said = try_to_say(actor, contact_id, text).await;
    said.unwrap_or_else(|status| panic!("a message was refused: {status:?}"));
}

/// Says something, unless the conversation is over.
async fn try_to_say(actor: &Actor, contact_id: &str, text: &str) -> Result<(), Box<Status>> {
    let request = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact_id.to_owned(),
        message_id: request_id(),
        text: text.to_owned(),
    };
    let said = retry("send a message", PATIENCE, || {
        let (mut client, request) = (actor.messages(), request.clone());
        async move { client.send_message(request).await }
    });
    match said.await {
        Err(status) if Refused::from(&*status).reason != "STATE_REFUSED" => {
            panic!("a message was refused: {status:?}")
        }
        said => said.map(drop),
    }
}

async fn depart(adapter: &Actor, contact_id: &str) {
    let request =
        RecordDepartureRequest { request_id: request_id(), contact_id: contact_id.to_owned(), cause: 0 };
    ask("record a departure", || {
        let (mut client, request) = (adapter.contacts(), request.clone());
        async move { client.record_departure(request).await }
    })
    .await;
}

/// A closing record that says enough.
pub(crate) fn closing(summary: &str) -> Closing {
    Closing {
        kind: ContactKind::Information.into(),
        gender: Gender::Unknown.into(),
        age_band: AgeBand::Unknown.into(),
        region: "unknown".to_owned(),
        action_taken: ActionTaken::Informed.into(),
        summary: summary.to_owned(),
        ..Closing::default()
    }
}

/// A counsellor of a load.
#[derive(Clone)]
struct Player {
    actor: Actor,
    board: Arc<Board>,
    adapters: Vec<Actor>,
    /// The contacts with which the client is lost; none while it is there.
    vanished: watch::Sender<Vec<String>>,
}

impl Player {
    /// Watches offers and acts on each, reconnecting whenever the stream ends, until the load is over.
    async fn play(self) {
        let mut handled = std::collections::HashSet::new();
        let mut acts = JoinSet::new();
        let mut vanished = self.vanished.subscribe();
        loop {
            if !self.vanished.borrow().is_empty() {
                // What else is in hand is brought to its end before anybody can think that it was left.
                while let Some(done) = acts.join_next().await {
                    done.expect("an act of a counsellor");
                }
                for contact_id in self.vanished.send_replace(Vec::new()) {
                    self.until_given_back(&contact_id).await;
                }
                vanished.mark_unchanged();
            }
            self.go_ready().await;
            let mut client = self.actor.offers();
            let mut stream = match client.watch_offers(WatchOffersRequest::default()).await {
                Ok(stream) => stream.into_inner(),
                Err(status) => {
                    assert!(is_transient(&status), "watching offers was refused: {status:?}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            };
            loop {
                while let Some(done) = acts.try_join_next() {
                    done.expect("an act of a counsellor");
                }
                let message = tokio::select! {
                    message = stream.message() => message,
                    _ = vanished.changed() => break,
                };
                match message {
                    Ok(Some(message)) => match message.event {
                        Some(Event::Opened(offer)) if handled.insert(offer.offer_id.clone()) => {
                            acts.spawn(self.clone().act(offer));
                        }
                        Some(Event::Participation(part))
                            if part.state() == ParticipationState::Invited
                                && part.counsellor_id == self.actor.counsellor_id
                                && handled.insert(part.participation_id.clone()) =>
                        {
                            acts.spawn(self.clone().take_part(part));
                        }
                        Some(Event::Presence(presence)) => {
                            // Set not ready by the system: a fault took our sign of life, or offers were missed.
                            let by_system = [NotReadyReason::ClientLost, NotReadyReason::MissedOffers]
                                .contains(&presence.reason());
                            if presence.state() == PresenceState::Offline || by_system {
                                break;
                            }
                        }
                        _ => {}
                    },
                    Ok(None) => break,
                    Err(status) => {
                        assert!(is_transient(&status), "the stream of offers ended with {status:?}");
                        break;
                    }
                }
            }
        }
    }

    /// Until the line has taken a contact back, as its counsellor sees it: then it is theirs no more.
    async fn until_given_back(&self, contact_id: &str) {
        let begun = Instant::now();
        loop {
            let request = GetContactRequest { contact_id: contact_id.to_owned() };
            match self.actor.contacts().get_contact(request).await {
                Err(status) if status.code() == Code::NotFound => return,
                _ => assert!(begun.elapsed() < PATIENCE, "a lost conversation was never given back"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn go_ready(&self) {
        let request = GoReadyRequest { request_id: request_id() };
        ask("go ready", || {
            let (mut client, request) = (self.actor.presence(), request.clone());
            async move { client.go_ready(request).await }
        })
        .await;
    }

    async fn act(self, offer: Offer) {
        let begun = Instant::now();
        let number = loop {
            if let Some(number) = self.board.of_contact(&offer.contact_id) {
                break number;
            }
            assert!(begun.elapsed() < PATIENCE, "an offer of a contact that nobody received");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let act = self.board.next_act(number);
        match act {
            Act::Ignore => {}
            Act::Decline => self.decline(number, &offer).await,
            Act::Pause => {
                let request =
                    GoNotReadyRequest { request_id: request_id(), reason: NotReadyReason::Break.into() };
                ask("go not ready", || {
                    let (mut client, request) = (self.actor.presence(), request.clone());
                    async move { client.go_not_ready(request).await }
                })
                .await;
                self.go_ready().await;
            }
            Act::Vanish => {
                if self.accept(&offer).await.is_some() {
                    self.vanished.send_modify(|contacts| contacts.push(offer.contact_id.clone()));
                } else {
                    self.board.give_back(number, act);
                }
            }
            Act::HandOn => {
                if self.accept(&offer).await.is_some() {
                    self.hand_on(&offer.contact_id).await;
                } else {
                    self.board.give_back(number, act);
                }
            }
            Act::Promise => self.promise(number, &offer.contact_id).await,
            Act::Transfer | Act::Leave | Act::Miss | Act::Consult | Act::Escalate | Act::Talk | Act::Hold => {
                if let Some(callback_id) = self.accept(&offer).await {
                    if act == Act::Consult {
                        self.consult(&offer.contact_id).await;
                    }
                    if act == Act::Escalate {
                        self.escalate(&offer.contact_id).await;
                    }
                    self.handle(number, act, &offer.contact_id, &callback_id).await;
                } else {
                    self.board.give_back(number, act);
                }
            }
        }
    }

    /// Asks what a supervisor thinks. Nobody answers.
    async fn consult(&self, contact_id: &str) {
        let request = AskSecondOpinionRequest {
            request_id: request_id(),
            contact_id: contact_id.to_owned(),
            ..AskSecondOpinionRequest::default()
        };
        ask("ask for a second opinion", || {
            let (mut client, request) = (self.actor.consults(), request.clone());
            async move { client.ask_second_opinion(request).await }
        })
        .await;
    }

    async fn decline(&self, number: usize, offer: &Offer) {
        let request = DeclineOfferRequest {
            request_id: request_id(),
            offer_id: offer.offer_id.clone(),
            reason: DeclineReason::Busy.into(),
        };
        let done = ask_while_open("decline", || {
            let (mut client, request) = (self.actor.offers(), request.clone());
            async move { client.decline_offer(request).await }
        })
        .await;
        if done.is_none() {
            self.board.give_back(number, Act::Decline);
        }
    }

    /// The adapter says that the child wants to be called back.
    async fn promise(&self, number: usize, contact_id: &str) {
        let request = PromiseCallbackRequest {
            request_id: request_id(),
            contact_id: contact_id.to_owned(),
            ..PromiseCallbackRequest::default()
        };
        let adapter = &self.adapters[number % self.adapters.len()];
        ask("promise a callback", || {
            let (mut client, request) = (adapter.callbacks(), request.clone());
            async move { client.promise_callback(request).await }
        })
        .await;
    }

    /// Says what the attempt of a callback came to.
    async fn attempt(&self, callback_id: &str, outcome: AttemptOutcome) {
        let request = RecordCallbackAttemptRequest {
            request_id: request_id(),
            callback_id: callback_id.to_owned(),
            outcome: outcome.into(),
        };
        ask("record an attempt", || {
            let (mut client, request) = (self.actor.callbacks(), request.clone());
            async move { client.record_callback_attempt(request).await }
        })
        .await;
    }

    /// Accepts an offer, if it is not over: the callback that the contact is, or an empty text.
    async fn accept(&self, offer: &Offer) -> Option<String> {
        let request = AcceptOfferRequest { request_id: request_id(), offer_id: offer.offer_id.clone() };
        ask_while_open("accept", || {
            let (mut client, request) = (self.actor.offers(), request.clone());
            async move { client.accept_offer(request).await }
        })
        .await
        .map(|accepted| accepted.contact.expect("the contact").callback_id)
    }

    /// Waits until every critical contact is over and this one is not put aside.
    async fn hold(&self, contact_id: &str) {
        let request = GetContactRequest { contact_id: contact_id.to_owned() };
        loop {
            let over = self.board.critical_are_over();
            let answer = ask("look at the contact", || {
                let (mut client, request) = (self.actor.contacts(), request.clone());
                async move { client.get_contact(request).await }
            })
            .await;
            if over && answer.contact.expect("the contact").put_aside_time.is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn handle(&self, number: usize, act: Act, contact_id: &str, callback_id: &str) {
        let contact_id = contact_id.to_owned();
        if act == Act::Miss {
            return self.attempt(callback_id, AttemptOutcome::NoAnswer).await;
        }
        if !callback_id.is_empty() {
            self.attempt(callback_id, AttemptOutcome::Reached).await;
        }
        if act == Act::Hold {
            self.board.hold(number);
            self.hold(&contact_id).await;
        }
        match act {
            Act::Transfer => {
                let request = TransferContactRequest {
                    request_id: request_id(),
                    contact_id,
                    ..TransferContactRequest::default()
                };
                ask("transfer", || {
                    let (mut client, request) = (self.actor.handling(), request.clone());
                    async move { client.transfer_contact(request).await }
                })
                .await;
                return;
            }
            Act::Leave => depart(&self.adapters[number % self.adapters.len()], &contact_id).await,
            _ => {
                if self.board.stories[number].channel != Channel::Voice {
                    say(&self.actor, &contact_id, "I am here.").await;
                }
                let request =
                    ReleaseContactRequest { request_id: request_id(), contact_id: contact_id.clone() };
                ask("release", || {
                    let (mut client, request) = (self.actor.handling(), request.clone());
                    async move { client.release_contact(request).await }
                })
                .await;
                let request =
                    FinishWrapUpRequest { request_id: request_id(), contact_id: contact_id.clone() };
                let finished = retry("finish the wrap-up", PATIENCE, || {
                    let (mut client, request) = (self.actor.handling(), request.clone());
                    async move { client.finish_wrap_up(request).await }
                })
                .await;
                // A critical contact may have interrupted it.
                if let Err(status) = finished {
                    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
                }
            }
        }
        let request = CompleteContactRequest {
            request_id: request_id(),
            contact_id,
            closing: Some(closing("What was said.")),
            expected_revision: 0,
        };
        ask("complete", || {
            let (mut client, request) = (self.actor.contacts(), request.clone());
            async move { client.complete_contact(request).await }
        })
        .await;
        self.board.over(number);
    }
}
