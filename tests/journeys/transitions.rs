//! Every state of a contact and everything that can be asked of it: allowed, or refused with the state.

use helpline_proto::intake::v1::{
    BlockReason, BlockSenderRequest, ChangeRiskRequest, Contact, ContactState, RecordPastContactRequest,
    SendMessageRequest,
};
use helpline_proto::queueing::v1::{
    CallbackCancelReason, CancelCallbackRequest, Offer, PromiseCallbackRequest,
};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::{Abilities, request_id};
use tonic::{Code, Status};

use crate::desk::Desk;
use crate::stage::{Stage, by, chat, from, why};

/// Where a contact can stand; a wrap-up that still takes capacity and one that does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Waiting,
    Offered,
    InProgress,
    WrapUp,
    WrapUpFinished,
    WaitingOffline,
    Closed,
    Abandoned,
    ShortAbandoned,
    CallbackPromised,
    Unreached,
    Blocked,
}

const STANDS: [Stand; 12] = [
    Stand::Waiting,
    Stand::Offered,
    Stand::InProgress,
    Stand::WrapUp,
    Stand::WrapUpFinished,
    Stand::WaitingOffline,
    Stand::Closed,
    Stand::Abandoned,
    Stand::ShortAbandoned,
    Stand::CallbackPromised,
    Stand::Unreached,
    Stand::Blocked,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Assess,
    Leave,
    Release,
    Finish,
    Transfer,
    Complete,
    ChildWrites,
    CounsellorWrites,
}

const VERBS: [Verb; 8] = [
    Verb::Assess,
    Verb::Leave,
    Verb::Release,
    Verb::Finish,
    Verb::Transfer,
    Verb::Complete,
    Verb::ChildWrites,
    Verb::CounsellorWrites,
];

/// What must become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The contact is then in this state.
    Becomes(ContactState),
    /// Refused, with the state.
    State,
    /// The caller may not know of the contact: not theirs yet, never theirs.
    NotFound,
}

use ContactState as Is;
use Outcome::{Becomes, NotFound, State};

/// The law.
#[expect(clippy::match_same_arms, reason = "one line for each article")]
fn law(stand: Stand, verb: Verb) -> Outcome {
    // Nobody's contact yet, or nobody's ever.
    let unowned = matches!(
        stand,
        Stand::Waiting
            | Stand::Offered
            | Stand::Abandoned
            | Stand::ShortAbandoned
            | Stand::CallbackPromised
            | Stand::Unreached
            | Stand::Blocked
    );
    match (verb, stand) {
        (Verb::Assess, Stand::Closed | Stand::Abandoned | Stand::ShortAbandoned | Stand::Unreached) => State,
        // The assessment is below high risk.
        (Verb::Assess, Stand::Blocked) => State,
        (Verb::Assess, _) => Becomes(is(stand)),
        (Verb::Leave, Stand::Waiting | Stand::Offered) => Becomes(Is::ShortAbandoned),
        (Verb::Leave, Stand::InProgress) => Becomes(Is::WrapUp),
        (Verb::ChildWrites, Stand::Waiting | Stand::Offered | Stand::InProgress) => Becomes(is(stand)),
        // What was recorded afterwards was brought by no adapter.
        (Verb::ChildWrites, Stand::WaitingOffline) => NotFound,
        (Verb::Leave | Verb::ChildWrites, _) => State,
        (_, _) if unowned => NotFound,
        (Verb::Release, Stand::InProgress) => Becomes(Is::WrapUp),
        (Verb::Finish, Stand::WrapUp) => Becomes(Is::WrapUp),
        (Verb::Transfer, Stand::InProgress) => Becomes(Is::Waiting),
        (Verb::CounsellorWrites, Stand::InProgress) => Becomes(Is::InProgress),
        (Verb::Complete, Stand::Closed) => State,
        (Verb::Complete, _) => Becomes(Is::Closed),
        _ => State,
    }
}

fn is(stand: Stand) -> ContactState {
    match stand {
        Stand::Waiting => Is::Waiting,
        Stand::Offered => Is::Offered,
        Stand::InProgress => Is::InProgress,
        Stand::WrapUp | Stand::WrapUpFinished => Is::WrapUp,
        Stand::WaitingOffline => Is::WaitingOffline,
        Stand::Closed => Is::Closed,
        Stand::Abandoned => Is::Abandoned,
        Stand::ShortAbandoned => Is::ShortAbandoned,
        Stand::CallbackPromised => Is::CallbackPromised,
        Stand::Unreached => Is::Unreached,
        Stand::Blocked => Is::Blocked,
    }
}

/// Brings a contact to where it is to stand.
async fn bring(stage: &Stage, desk: &Desk, stand: Stand) -> Contact {
    if stand == Stand::WaitingOffline {
        return record(desk).await;
    }
    if matches!(stand, Stand::CallbackPromised | Stand::Unreached) {
        return promised(stage, stand).await;
    }
    if stand == Stand::Blocked {
        return blocked(stage).await;
    }
    // Nobody speaks Esperanto here: it waits.
    let spoken = !matches!(stand, Stand::Waiting | Stand::Abandoned | Stand::ShortAbandoned);
    let contact = stage.receive(chat(if spoken { "ar" } else { "eo" })).await;
    match stand {
        Stand::Waiting | Stand::WaitingOffline => contact,
        Stand::ShortAbandoned => stage.leave(&contact).await,
        Stand::Abandoned => {
            stage.world.advance(11.0);
            stage.leave(&contact).await
        }
        _ => {
            let offer = desk.offered(&contact).await;
            handle(stage, desk, &contact, &offer, stand).await
        }
    }
}

async fn handle(stage: &Stage, desk: &Desk, contact: &Contact, offer: &Offer, stand: Stand) -> Contact {
    if stand == Stand::Offered {
        return stage.contact(&contact.contact_id).await;
    }
    let contact = desk.accept(offer).await;
    match stand {
        Stand::InProgress => contact,
        Stand::WrapUp => desk.release(&contact).await,
        Stand::WrapUpFinished => {
            let released = desk.release(&contact).await;
            desk.finish(&released).await
        }
        _ => desk.complete(&contact).await,
    }
}

/// Somebody who wrote is called back in an hour, or was to be.
async fn promised(stage: &Stage, stand: Stand) -> Contact {
    let contact = stage.receive(by(Channel::Sms, "eo")).await;
    let promise = PromiseCallbackRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        number: "+974 5555 0133".to_owned(),
        due_time: Some(prost_types::Timestamp {
            seconds: contact.receive_time.unwrap().seconds + 3600,
            nanos: 0,
        }),
        ..PromiseCallbackRequest::default()
    };
    let answer = stage.adapter.callbacks().promise_callback(promise).await.unwrap().into_inner();
    if stand == Stand::Unreached {
        let cancel = CancelCallbackRequest {
            request_id: request_id(),
            callback_id: answer.callback.unwrap().callback_id,
            reason: CallbackCancelReason::ChildAsked.into(),
        };
        stage.adapter.callbacks().cancel_callback(cancel).await.unwrap();
    }
    stage.contact(&contact.contact_id).await
}

/// Somebody who is blocked writes.
async fn blocked(stage: &Stage) -> Contact {
    let sender = request_id();
    let block = BlockSenderRequest {
        request_id: request_id(),
        sender: sender.clone(),
        reason: BlockReason::Prank.into(),
        ..BlockSenderRequest::default()
    };
    stage.supervisor.blocks().block_sender(block).await.unwrap();
    stage.receive(from(&sender, chat("ar"))).await
}

async fn record(desk: &Desk) -> Contact {
    let request = RecordPastContactRequest {
        request_id: request_id(),
        channel: Channel::WalkIn.into(),
        receive_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        ..RecordPastContactRequest::default()
    };
    desk.actor.contacts().record_past_contact(request).await.unwrap().into_inner().contact.unwrap()
}

async fn ask(stage: &Stage, desk: &Desk, contact: &Contact, verb: Verb) -> Result<(), Status> {
    let write = || SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id: request_id(),
        text: "hello".to_owned(),
    };
    match verb {
        Verb::Assess => {
            let request = ChangeRiskRequest {
                request_id: request_id(),
                contact_id: contact.contact_id.clone(),
                risk: Risk::Medium.into(),
                expected_revision: 0,
            };
            stage.supervisor.contacts().change_risk(request).await.map(drop)
        }
        Verb::Leave => {
            let request = helpline_proto::intake::v1::RecordDepartureRequest {
                request_id: request_id(),
                contact_id: contact.contact_id.clone(),
                cause: 0,
            };
            stage.supervisor.contacts().record_departure(request).await.map(drop)
        }
        Verb::Release => desk.try_release(contact).await.map(drop),
        Verb::Finish => desk.try_finish(contact).await.map(drop),
        Verb::Transfer => desk.try_transfer(contact).await.map(drop),
        Verb::Complete => desk.try_complete(contact).await.map(drop),
        Verb::ChildWrites => stage.adapter.messages().send_message(write()).await.map(drop),
        Verb::CounsellorWrites => desk.actor.messages().send_message(write()).await.map(drop),
    }
}

#[tokio::test]
async fn what_a_state_allows_happens_and_what_it_forbids_is_refused_and_changes_nothing() {
    let stage = Stage::set().await;
    let desk = stage.desk(Abilities::speaking(&["ar"]).taking(0, 10, 0)).await;
    for stand in STANDS {
        let unchanged = bring(&stage, &desk, stand).await;
        assert_eq!(unchanged.state(), is(stand));
        for verb in VERBS {
            let outcome = law(stand, verb);
            let contact = match outcome {
                Becomes(_) => bring(&stage, &desk, stand).await,
                State | NotFound => unchanged.clone(),
            };
            let answer = ask(&stage, &desk, &contact, verb).await;
            let now = stage.contact(&contact.contact_id).await;
            match outcome {
                Becomes(state) => {
                    assert!(answer.is_ok(), "{stand:?} {verb:?}: {answer:?}");
                    // Given back to the line, it may have been offered again by now.
                    let offered = state == Is::Waiting && now.state() == Is::Offered;
                    assert!(offered || now.state() == state, "{stand:?} {verb:?}: {:?}", now.state());
                    tidy(&stage, &desk, &now).await;
                }
                State | NotFound => {
                    let refused = why(answer);
                    let (code, reason, key) = match outcome {
                        NotFound => (Code::NotFound, "NOT_FOUND", ""),
                        _ => (Code::FailedPrecondition, "STATE_REFUSED", key(stand)),
                    };
                    assert_eq!((refused.code, refused.reason.as_str()), (code, reason), "{stand:?} {verb:?}");
                    assert_eq!(refused.metadata("state"), key, "{stand:?} {verb:?}");
                    assert_eq!(now.revision, unchanged.revision, "{stand:?} {verb:?}");
                }
            }
        }
        tidy(&stage, &desk, &unchanged).await;
    }
    stage.agrees().await;
}

fn key(stand: Stand) -> &'static str {
    match stand {
        Stand::Waiting => "waiting",
        Stand::Offered => "offered",
        Stand::InProgress => "in_progress",
        Stand::WrapUp | Stand::WrapUpFinished => "wrap_up",
        Stand::WaitingOffline => "waiting_offline",
        Stand::Closed => "closed",
        Stand::Abandoned => "abandoned",
        Stand::ShortAbandoned => "short_abandoned",
        Stand::CallbackPromised => "callback_promised",
        Stand::Unreached => "unreached",
        Stand::Blocked => "blocked",
    }
}

/// Makes room for the next.
async fn tidy(stage: &Stage, desk: &Desk, contact: &Contact) {
    match contact.state() {
        Is::Waiting | Is::Offered => drop(stage.leave(contact).await),
        Is::InProgress | Is::WrapUp | Is::WaitingOffline => drop(desk.complete(contact).await),
        _ => {}
    }
    desk.watch.forget().await;
}

#[tokio::test]
async fn an_offer_that_is_over_allows_nothing_any_more() {
    let stage = Stage::set().await;
    let desk = stage.desk(Abilities::speaking(&["ar"]).taking(0, 10, 0)).await;
    let contact = stage.receive(chat("ar")).await;
    let offer = desk.offered(&contact).await;
    desk.accept(&offer).await;
    for _ in 0..2 {
        let again = why(desk.try_accept(&offer).await);
        assert_eq!((again.reason.as_str(), again.metadata("state")), ("OFFER_OVER", "accepted"));
        let reason = helpline_proto::queueing::v1::DeclineReason::Busy;
        let declined = why(desk.try_decline(&offer, reason).await);
        assert_eq!((declined.reason.as_str(), declined.metadata("state")), ("OFFER_OVER", "accepted"));
    }
    let stranger = stage.desk(Abilities::speaking(&["ru"])).await;
    assert_eq!(why(stranger.try_accept(&offer).await).code, Code::NotFound);
    let made_up = Offer { offer_id: request_id(), ..offer };
    assert_eq!(why(desk.try_accept(&made_up).await).code, Code::NotFound);
}
