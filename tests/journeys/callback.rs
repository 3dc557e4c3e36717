//! Somebody is called back.

mod check_ins;
mod from_line;
mod races;
mod returns;
mod windows;

use helpline_proto::intake::v1::{Contact, ContactState, ReceiveContactRequest};
use helpline_proto::queueing::v1::{
    AttemptOutcome, Callback, CallbackCancelReason, CallbackFilter, CallbackKind, CallbackState,
    CancelCallbackRequest, GetCallbackRequest, ListCallbacksRequest, PromiseCallbackRequest,
    RecordCallbackAttemptRequest,
};
use helpline_tests::{Actor, request_id};
use prost_types::Timestamp;
use tonic::Status;

use crate::desk::Desk;
use crate::stage::{Stage, call, from, until};

/// The number of the child in these stories.
const NUMBER: &str = "+974 5555 0177";

/// A call from the child.
fn child() -> ReceiveContactRequest {
    from(NUMBER, call("ar"))
}

impl Stage {
    /// A time so many seconds from now, by the database's clock.
    #[expect(clippy::unnecessary_wraps, reason = "a time of a message may be missing")]
    fn in_seconds(&self, seconds: i64) -> Option<Timestamp> {
        let now: i64 = self.value("SELECT floor(extract(epoch FROM helpline.now()))::int8").parse().unwrap();
        Some(Timestamp { seconds: now + seconds, nanos: 0 })
    }

    /// How often something is in the journal.
    fn happened(&self, event: &str) -> i64 {
        self.value(&format!("SELECT count(*) FROM helpline.journal WHERE event = '{event}'")).parse().unwrap()
    }

    /// A callback as the supervisor sees it.
    async fn callback(&self, callback_id: &str) -> Callback {
        get(&self.supervisor, callback_id).await.unwrap()
    }

    /// Waits until a callback is in a state.
    async fn until_callback(&self, callback: &Callback, state: CallbackState) -> Callback {
        until(&format!("the callback is {state:?}"), async || {
            let now = self.callback(&callback.callback_id).await;
            (now.state() == state).then_some(now)
        })
        .await
    }

    /// Callbacks that alarm, as the supervisor lists them.
    async fn alarming(&self) -> Vec<Callback> {
        let filter = CallbackFilter { alarming: true, ..CallbackFilter::default() };
        list(&self.supervisor, filter).await
    }

    /// The child chooses to be called back as soon as it is their turn.
    async fn promised_now(&self, contact: &Contact) -> Callback {
        promise(&self.adapter, request(contact)).await.unwrap()
    }
}

/// A promise that asks for nothing but the callback.
fn request(contact: &Contact) -> PromiseCallbackRequest {
    PromiseCallbackRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        ..PromiseCallbackRequest::default()
    }
}

/// A check-in.
fn check_in(contact: &Contact) -> PromiseCallbackRequest {
    PromiseCallbackRequest { kind: CallbackKind::CheckIn.into(), ..request(contact) }
}

async fn promise(actor: &Actor, request: PromiseCallbackRequest) -> Result<Callback, Status> {
    Ok(actor.callbacks().promise_callback(request).await?.into_inner().callback.unwrap())
}

async fn get(actor: &Actor, callback_id: &str) -> Result<Callback, Status> {
    let request = GetCallbackRequest { callback_id: callback_id.to_owned() };
    Ok(actor.callbacks().get_callback(request).await?.into_inner().callback.unwrap())
}

async fn list(actor: &Actor, filter: CallbackFilter) -> Vec<Callback> {
    let request = ListCallbacksRequest { filter: Some(filter), ..ListCallbacksRequest::default() };
    actor.callbacks().list_callbacks(request).await.unwrap().into_inner().callbacks
}

async fn cancel(actor: &Actor, callback: &Callback) -> Result<Callback, Status> {
    let request = CancelCallbackRequest {
        request_id: request_id(),
        callback_id: callback.callback_id.clone(),
        reason: CallbackCancelReason::ChildAsked.into(),
    };
    Ok(actor.callbacks().cancel_callback(request).await?.into_inner().callback.unwrap())
}

async fn record(desk: &Desk, callback_id: &str, outcome: AttemptOutcome) -> Result<Callback, Status> {
    let request = RecordCallbackAttemptRequest {
        request_id: request_id(),
        callback_id: callback_id.to_owned(),
        outcome: outcome.into(),
    };
    let answer = desk.actor.callbacks().record_callback_attempt(request).await?;
    Ok(answer.into_inner().callback.unwrap())
}

/// A call that the counsellor has in hand.
async fn talking(stage: &Stage, desk: &Desk) -> Contact {
    let contact = stage.receive(child()).await;
    let offer = desk.offered(&contact).await;
    desk.accept(&offer).await
}

/// Ends a talk and signs it off.
async fn over(desk: &Desk, contact: &Contact) {
    assert_eq!(desk.complete(contact).await.state(), ContactState::Closed);
}
