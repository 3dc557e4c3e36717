//! Who is next.

use helpline_proto::terms::v1::Risk;
use helpline_tests::Abilities;

use crate::stage::{Stage, at, call, chat};

#[tokio::test]
async fn critical_contacts_come_first_and_the_rest_by_their_deadlines() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    // Due after 300 s, 180 s and, having come 250 s later, after 310 s.
    let low = stage.receive(at(Risk::None, call("ar"))).await;
    let medium = stage.receive(at(Risk::Low, call("ar"))).await;
    stage.world.advance(250.0);
    let high = stage.receive(at(Risk::High, call("ar"))).await;
    let critical = stage.receive(at(Risk::Imminent, call("ar"))).await;
    let worse = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    amina.ready().await;
    for (contact, rule) in [
        (&critical, "critical_first"),
        (&worse, "critical_first"),
        (&medium, "earliest_deadline"),
        (&low, "earliest_deadline"),
        (&high, "earliest_deadline"),
    ] {
        let offer = amina.offered(contact).await;
        assert_eq!(offer.explanation.as_ref().unwrap().contact_rule, rule);
        let contact = amina.accept(&offer).await;
        amina.complete(&contact).await;
    }
}

#[tokio::test]
async fn who_came_first_is_served_first_however_many_come_at_once() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let mut arrivals = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let adapter = stage.adapter.clone();
        arrivals.spawn(async move { adapter.contacts().receive_contact(chat("ar")).await.unwrap() });
    }
    arrivals.join_all().await;
    // Deadlines count in milliseconds; within one, whoever came first.
    let line = stage.sql(
        "SELECT contact_id::text FROM helpline.contacts
         ORDER BY floor(extract(epoch FROM deadline_at) * 1000), sequence",
    );
    amina.ready().await;
    let mut served = Vec::new();
    while served.len() < line.len() {
        let contact = amina.take().await;
        served.push(vec![Some(contact.contact_id.clone())]);
        amina.complete(&contact).await;
    }
    // Two chats at a time may be answered in either order; the offers keep the line's.
    let offered = stage.sql("SELECT contact_id::text FROM helpline.offers ORDER BY offered_at, offer_id");
    assert_eq!(offered, line);
    assert_eq!(served.len(), 16);
}

#[tokio::test]
async fn a_contact_that_was_given_back_keeps_its_place_before_those_who_came_later() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let first = stage.receive(call("ar")).await;
    let second = stage.receive(call("ar")).await;
    amina.offered(&first).await;
    amina.not_ready().await;
    assert_eq!(amina.next_end().await.contact_id, first.contact_id);
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    basma.offered(&first).await;
    let carla = stage.desk(Abilities::speaking(&["ar"])).await;
    carla.offered(&second).await;
}
