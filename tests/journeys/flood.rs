//! Many contacts from one source at once.

use helpline_proto::directory::v1::Flood;
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::terms::v1::{PriorityClass, Risk};
use helpline_tests::Abilities;
use prost_types::Duration;

use crate::stage::{Stage, at, call, chat, from};

async fn stage() -> Stage {
    let stage = Stage::set().await;
    let window = Some(Duration { seconds: 600, nanos: 0 });
    let flood = Flood { most_waiting: 2, most_received: 4, window };
    stage.world.change_settings(|settings| settings.flood = Some(flood)).await;
    stage
}

#[tokio::test]
async fn a_flood_from_one_number_waits_behind_and_who_is_assessed_does_not() {
    let stage = stage().await;
    let school = || from("+77010001122", call("ru"));
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(stage.receive(school()).await);
    }
    let limited: Vec<bool> = calls.iter().map(|call| call.limited).collect();
    assert_eq!(limited, [false, false, true]);
    assert_eq!(calls[1].priority_class(), PriorityClass::High);
    assert_eq!(calls[2].priority_class(), PriorityClass::Low);
    let other = stage.receive(from("+77019998877", call("ru"))).await;
    assert!(!other.limited, "another number is another source");

    let harmed = stage.receive(at(Risk::HarmNow, school())).await;
    assert!(!harmed.limited);
    assert_eq!(harmed.priority_class(), PriorityClass::Critical);
    let assessed = stage.assess(&calls[2], Risk::High).await;
    assert_eq!(assessed.priority_class(), PriorityClass::High, "assessed like everybody");
    assert!(assessed.deadline_time.unwrap().seconds < calls[2].deadline_time.unwrap().seconds);

    // Nobody is shut out: every one of them is served in the end.
    let amina = stage.desk(Abilities::speaking(&["ru"]).taking(1, 0, 0)).await;
    for _ in 0..5 {
        let contact = amina.take().await;
        amina.complete(&contact).await;
    }
}

#[tokio::test]
async fn answered_contacts_count_only_towards_the_window() {
    let stage = stage().await;
    let source = || ReceiveContactRequest { source: "trunk 4".to_owned(), ..chat("ar") };
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 1, 0)).await;
    for _ in 0..4 {
        let contact = stage.receive(source()).await;
        assert!(!contact.limited);
        let taken = amina.take().await;
        amina.complete(&taken).await;
    }
    assert!(stage.receive(source()).await.limited, "four within ten minutes are the most");
    stage.world.advance(601.0);
    assert!(!stage.receive(source()).await.limited);
}
