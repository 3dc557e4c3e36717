//! Contacts recorded after the fact.

use helpline_proto::intake::v1::{
    Closing, Contact, ContactState, RecordPastContactRequest, RecordPastContactResponse,
};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::{Abilities, refused, request_id};
use prost_types::Timestamp;
use tonic::{Code, Response, Status};

use crate::desk::Desk;
use crate::stage::{Stage, closing, why};

async fn try_record(
    desk: &Desk,
    receive_time: Timestamp,
    closing: Option<Closing>,
) -> Result<Response<RecordPastContactResponse>, Status> {
    let request = RecordPastContactRequest {
        request_id: request_id(),
        channel: Channel::Letter.into(),
        receive_time: Some(receive_time),
        sender: "a school".to_owned(),
        language: "ar".to_owned(),
        risk: Risk::High.into(),
        closing,
        ..RecordPastContactRequest::default()
    };
    desk.actor.contacts().record_past_contact(request).await
}

async fn record(desk: &Desk, receive_time: Timestamp, closing: Option<Closing>) -> Contact {
    try_record(desk, receive_time, closing).await.unwrap().into_inner().contact.unwrap()
}

/// The database's time, moved by some seconds.
fn time(stage: &Stage, seconds: i64) -> Timestamp {
    let now = stage.value("SELECT floor(extract(epoch FROM helpline.now()))::bigint");
    Timestamp { seconds: now.parse::<i64>().unwrap() + seconds, nanos: 0 }
}

#[tokio::test]
async fn a_letter_recorded_later_is_never_routed_and_is_signed_off_by_who_recorded_it() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let letter = record(&amina, time(&stage, -86_400), None).await;
    assert_eq!((letter.state(), letter.counsellor_id.as_str()), (ContactState::WaitingOffline, amina.id()));
    assert_eq!(letter.sender, "a school");
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await && !basma.watch.has_offer().await);
    assert_eq!(amina.held().await, (0, 0, 0), "a letter takes no capacity");
    assert_eq!(why(basma.try_complete(&letter).await).code, Code::NotFound);
    let closed = amina.complete(&letter).await;
    assert_eq!((closed.state(), closed.receive_time), (ContactState::Closed, letter.receive_time));
    assert_eq!(amina.held().await, (0, 0, 0));
    let steps = stage.journal(&letter);
    let steps: Vec<_> = steps.iter().map(|(event, role)| (event.as_str(), role.as_str())).collect();
    assert_eq!(steps, [("past_contact_recorded", "counsellor"), ("contact_completed", "counsellor")]);
    // Neither is among those who came by a channel.
    assert_eq!(
        stage.value(
            "SELECT count(*) FROM helpline.contacts WHERE brought_by IS NOT NULL AND channel = 'letter'"
        ),
        "0"
    );
    stage.agrees().await;
}

#[tokio::test]
async fn a_walk_in_is_recorded_and_closed_at_once() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let closed = record(&amina, time(&stage, 0), Some(closing())).await;
    assert_eq!((closed.state(), closed.closing), (ContactState::Closed, Some(closing())));
}

#[tokio::test]
async fn what_has_not_happened_yet_cannot_be_recorded() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let future = refused(try_record(&amina, time(&stage, 120), None).await);
    assert_eq!((future.code, future.fields), (Code::InvalidArgument, vec!["receive_time".to_owned()]));
    // By the database's clock, not by anybody else's.
    stage.world.advance(180.0);
    record(&amina, time(&stage, -60), None).await;
    let incomplete = Closing { categories: Vec::new(), ..closing() };
    let incomplete = refused(try_record(&amina, time(&stage, -60), Some(incomplete)).await);
    assert_eq!(incomplete.fields, ["closing.categories"]);
    assert_eq!(stage.value("SELECT count(*) FROM helpline.contacts"), "1");
}
