//! Calls whose time runs out: they say so, and nothing is half done.

use std::time::{Duration, Instant};

use helpline_proto::intake::v1::{
    ListContactsRequest, ReceiveContactRequest, ReceiveContactResponse, WatchMessagesRequest,
};
use helpline_proto::terms::v1::Channel;
use helpline_tests::{Refused, World, request_id};
use sqlx::{Connection as _, PgConnection};
use tonic::{Code, Request, Response, Status};

use crate::stage::{Stage, healthy};

fn arrival(stage: &Stage) -> ReceiveContactRequest {
    ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Sms.into(),
        language: stage.language.clone(),
        ..ReceiveContactRequest::default()
    }
}

fn within<T>(message: T, timeout: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("grpc-timeout", timeout.parse().unwrap());
    request
}

fn is_deadline(status: &Status) -> bool {
    // With so little time, the client's own timer may be first; it says CANCELLED.
    matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled)
}

fn count(world: &World, what: &str) -> i64 {
    world.database.query(&format!("SELECT count(*) FROM {what}")).unwrap()[0][0]
        .as_ref()
        .unwrap()
        .parse()
        .unwrap()
}

fn contact_id(answer: Response<ReceiveContactResponse>) -> String {
    answer.into_inner().contact.unwrap().contact_id
}

#[tokio::test]
async fn a_command_whose_time_ran_out_happened_wholly_or_not_at_all() {
    let stage = Stage::new().await;
    let mut commands = Vec::new();
    let mut cut_short = 0;
    let timeouts = ["0n", "1n", "1u", "200u", "500u", "1m", "2m", "3m", "4m", "5m", "8m", "12m", "20m"];
    for timeout in timeouts.iter().cycle().take(65) {
        let request = arrival(&stage);
        match stage.adapter.contacts().receive_contact(within(request.clone(), timeout)).await {
            Ok(answer) => commands.push((request, Some(contact_id(answer)))),
            Err(status) => {
                assert!(is_deadline(&status), "{timeout}: {status:?}");
                cut_short += 1;
                commands.push((request, None));
            }
        }
    }
    assert!(cut_short > 10, "only {cut_short} calls were cut short");
    // What was cut off may end a moment later, but never in parts: at every instant there are as many contacts as records
    // and memories of them. One statement sees one instant.
    let sql = "SELECT (SELECT count(*) FROM helpline.contacts),
        (SELECT count(*) FROM helpline.journal WHERE event = 'contact_received'),
        (SELECT count(*) FROM helpline.requests WHERE method = 'ReceiveContact')";
    let counts = stage.world.database.query(sql).unwrap().remove(0);
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");

    // Whoever was left in doubt asks again, and there is one contact for each command.
    let expected = i64::try_from(commands.len()).unwrap();
    for (request, answered) in commands {
        let again = contact_id(stage.adapter.contacts().receive_contact(request).await.unwrap());
        assert!(answered.is_none_or(|first| first == again));
    }
    assert_eq!(count(&stage.world, "helpline.contacts"), expected);
    healthy(&stage.world).await;
}

#[tokio::test]
async fn a_call_that_waits_for_the_database_is_answered_in_its_time() {
    let stage = Stage::new().await;
    let supervisor = stage.world.supervisor().await;
    // Everything that is remembered for a second is known before the tables are locked.
    supervisor.contacts().list_contacts(ListContactsRequest::default()).await.unwrap();
    stage.contact().await;
    let before = count(&stage.world, "helpline.contacts");
    let mut jam = PgConnection::connect(&stage.world.database.url()).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE helpline.contacts").execute(&mut jam).await.unwrap();

    let request = arrival(&stage);
    let begun = Instant::now();
    let status = stage.adapter.contacts().receive_contact(within(request.clone(), "400m")).await.unwrap_err();
    let took = begun.elapsed();
    let refused = Refused::from(&status);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    assert!((Duration::from_millis(300)..Duration::from_secs(2)).contains(&took), "after {took:?}");
    let list = within(ListContactsRequest::default(), "300m");
    let status = supervisor.contacts().list_contacts(list).await.unwrap_err();
    assert_eq!(Refused::from(&status).reason, "DEADLINE_EXCEEDED");
    let watch = WatchMessagesRequest { contact_id: request_id(), after_sequence: 0 };
    let status = stage.adapter.messages().watch_messages(within(watch, "300m")).await.unwrap_err();
    assert_eq!(Refused::from(&status).reason, "DEADLINE_EXCEEDED");

    sqlx::raw_sql("ROLLBACK").execute(&mut jam).await.unwrap();
    // The connections of the calls that were given up are not used again; the next calls have others.
    let contact = stage.adapter.contacts().receive_contact(request).await.unwrap();
    assert!(!contact_id(contact).is_empty());
    assert_eq!(count(&stage.world, "helpline.contacts"), before + 1);
    healthy(&stage.world).await;
}

#[tokio::test]
async fn a_stream_with_a_deadline_ends_at_it() {
    let stage = Stage::new().await;
    let request = within(helpline_proto::queueing::v1::WatchOffersRequest::default(), "500m");
    let mut stream = stage.counsellor.offers().watch_offers(request).await.unwrap().into_inner();
    let end = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if all were well"),
            Err(status) => break status,
        }
    };
    assert_eq!(Refused::from(&end).reason, "DEADLINE_EXCEEDED");
}
