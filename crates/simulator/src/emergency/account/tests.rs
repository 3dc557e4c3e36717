use helpline_proto::channels::v1::DeliveryKind;

use super::*;

const POLICE: &str = "a1";
const AMBULANCE: &str = "a2";

fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds: 1000 + seconds, nanos: 0 }
}

fn names() -> Names {
    [(POLICE, "Police"), (AMBULANCE, "الإسعاف")].map(|(id, name)| (id.to_owned(), name.to_owned())).into()
}

fn delivery(id: &str, rung: i32, kind: DeliveryKind, agency: &str, times: (i64, Option<i64>)) -> Delivery {
    Delivery {
        delivery_id: id.to_owned(),
        event: if rung > 0 { "escalation.notified" } else { "escalation.accepted" }.to_owned(),
        rung,
        kind: kind.into(),
        agency_id: agency.to_owned(),
        create_time: Some(at(times.0)),
        deliver_time: times.1.map(at),
        ..Delivery::default()
    }
}

fn entry(sequence: i32, event: &str, agency: &str, seconds: i64, detail: &str) -> TimelineEntry {
    TimelineEntry {
        sequence,
        time: Some(at(seconds)),
        event: event.to_owned(),
        agency_id: agency.to_owned(),
        detail: detail.to_owned(),
        ..TimelineEntry::default()
    }
}

fn deliveries() -> Vec<Delivery> {
    vec![
        delivery("d1", 1, DeliveryKind::Desk, POLICE, (0, Some(1))),
        delivery("d2", 2, DeliveryKind::Desk, AMBULANCE, (5, None)),
        delivery("d3", 2, DeliveryKind::Webhook, AMBULANCE, (5, Some(6))),
        delivery("d4", 0, DeliveryKind::Webhook, POLICE, (8, Some(9))),
    ]
}

fn timeline() -> Vec<TimelineEntry> {
    let mut arrived = entry(3, "delivered", AMBULANCE, 6, "{}");
    arrived.delivery_id = "d3".to_owned();
    let mut heard = entry(6, "delivered", POLICE, 9, "{}");
    heard.delivery_id = "d4".to_owned();
    vec![
        entry(1, "step_taken", "", 0, r#"{"rung":1,"told":1}"#),
        entry(2, "step_taken", "", 5, r#"{"rung":2,"told":1}"#),
        arrived,
        entry(4, "acknowledged", AMBULANCE, 7, ""),
        entry(5, "accepted", AMBULANCE, 8, ""),
        heard,
        entry(7, "child_reached", AMBULANCE, 12, ""),
    ]
}

#[test]
fn an_account_says_who_was_told_by_which_way_and_what_came_of_it() {
    let escalation = Escalation {
        number: 3,
        state: EscalationState::ChildReached.into(),
        raise_time: Some(at(0)),
        child_reach_time: Some(at(12)),
        ..Escalation::default()
    };
    let account = Account::of(&escalation, &deliveries(), &timeline(), &names(), Some(&at(60)));
    assert_eq!((account.number, account.age, account.is_over()), (3, 12.0, false));
    let police = Told {
        who: "Police".to_owned(),
        way: "screen".to_owned(),
        at: 0.0,
        delivered: Some(1.0),
        acknowledged: None,
        accepted: None,
        reached: None,
        passed_over: true,
    };
    let ambulance = Told {
        who: "الإسعاف".to_owned(),
        way: "webhook".to_owned(),
        at: 5.0,
        delivered: Some(6.0),
        acknowledged: Some(7.0),
        accepted: Some(8.0),
        reached: Some(12.0),
        passed_over: false,
    };
    assert_eq!(account.told, [police, ambulance]);
}

#[test]
fn what_has_not_arrived_is_said_with_every_way_it_was_sent() {
    let mut sent = deliveries();
    for one in &mut sent {
        one.deliver_time = None;
    }
    let account = Account::of(&Escalation::default(), &sent, &[], &names(), None);
    let ways: Vec<_> = account.told.iter().map(|told| (told.way.as_str(), told.delivered)).collect();
    assert_eq!(ways, [("screen", None), ("screen+webhook", None)]);
}

#[test]
fn a_timeline_is_told_in_sentences() {
    let (deliveries, timeline) = (deliveries(), timeline());
    let told: Vec<String> = timeline
        .iter()
        .filter_map(|entry| words::sentence(entry, &deliveries, &timeline, &names()))
        .collect();
    assert_eq!(
        told,
        [
            "step 1: Police is told",
            "Police does not answer; step 2: الإسعاف is told",
            "الإسعاف: it arrived, webhook",
            "الإسعاف acknowledges",
            "الإسعاف accepts",
            "Police hears that it is taken on, webhook",
            "الإسعاف has reached the child",
        ]
    );
    let unknown = entry(8, "remarked", "", 9, "");
    assert_eq!(words::sentence(&unknown, &deliveries, &timeline, &names()), None);
}
