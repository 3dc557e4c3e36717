use helpline_proto::escalation::v1::EscalationState;
use helpline_proto::queueing::v1::{CounsellorCounts, QueueLine};

use super::*;
use crate::emergency::account::Told;

fn picture() -> Picture {
    let class = |class: PriorityClass, waiting, seconds| ClassLine {
        priority_class: class.into(),
        waiting,
        offered: 1,
        overdue: 1,
        longest_wait: Some(prost_types::Duration { seconds, nanos: 0 }),
    };
    let line = |queue: &str, classes| QueueLine { queue: queue.to_owned(), classes };
    let mut picture = Picture::new(Speed::new(20.0).unwrap());
    picture.set_status(QueueStatus {
        lines: vec![
            line("general", vec![class(PriorityClass::High, 3, 4), class(PriorityClass::Low, 2, 9)]),
            line("crisis", vec![class(PriorityClass::High, 1, 2)]),
        ],
        counsellors: Some(CounsellorCounts { free: 1, partly_free: 2, busy: 3, not_ready: 4, on_call: 0 }),
        received: 100,
        answered: 80,
        abandoned: 20,
        answered_in_target: 60,
        ..QueueStatus::default()
    });
    picture
}

#[test]
fn the_picture_fits_the_terminal_and_always_has_the_same_height() {
    for (rows, height) in [(24, 23), (30, 29), (200, 29)] {
        let mut picture = picture();
        for place in 0..20 {
            let news = News {
                at: f64::from(place),
                about: "0a1b2c".to_owned(),
                kind: "web chat",
                what: "something very long that happens to a contact and to everybody around it".to_owned(),
            };
            picture.add_news(&news);
            if place == 10 {
                picture.set_emergency(account(1), 0.0);
            }
            let lines = picture.lines(60.0, rows);
            assert_eq!(lines.len(), height);
            assert!(lines.iter().all(|line| line.chars().count() < 80));
            assert!(lines[height - 1].starts_with("19 s") == (place == 19), "the newest is the last");
        }
    }
}

#[test]
fn queues_are_added_up_by_class_and_waits_are_in_the_time_of_the_line() {
    let lines = picture().lines(0.0, 24);
    let cells = |name: &str| -> Vec<String> {
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..]
            .split("  ")
            .map(|cell| cell.trim().to_owned())
            .filter(|cell| !cell.is_empty())
            .collect()
    };
    assert_eq!(cells("waiting in line"), ["0", "4", "0", "2", "6"]);
    assert_eq!(cells("longest wait"), ["–", "1:20", "–", "3:00", "3:00"]);
    assert!(lines.iter().any(|line| line.contains("60 %")));
}

#[test]
fn one_line_says_it_all() {
    assert_eq!(
        picture().one_line(61.0),
        "1:01  waiting 0/6/0/3, longest 3:00; counsellors 1 free, 2 partly, 3 busy, 4 not ready; received 100, \
         answered 80, abandoned 20, in target 60 %"
    );
}

#[test]
fn a_clock_is_short() {
    assert_eq!([0.4, 59.6, 61.0, 3661.0].map(clock), ["0 s", "1:00", "1:01", "1:01:01"]);
}

/// Police were silent, the ambulance has seen it, and a third was told who has not seen it.
fn account(number: i64) -> Account {
    let told = |who: &str, at, acknowledged, passed_over| Told {
        who: who.to_owned(),
        way: "screen".to_owned(),
        at,
        delivered: Some(at + 0.1),
        acknowledged,
        accepted: None,
        reached: None,
        passed_over,
    };
    Account {
        number,
        state: EscalationState::Notifying,
        age: 16.0,
        told: vec![
            told("Police", 0.0, None, true),
            told("الإسعاف", 5.0, Some(6.0), true),
            told("Child protection", 16.0, None, false),
        ],
    }
}

fn shown(picture: &Picture) -> Vec<String> {
    picture.lines(330.0, 24)[FLOOR..].to_vec()
}

#[test]
fn an_emergency_is_shown_with_everybody_who_was_told_and_what_they_said() {
    let mut picture = picture();
    picture.set_emergency(account(7), 320.0);
    let expected = [
        "EMERGENCY no. 7, since 5:30: nobody has seen it yet",
        "                  told   by              arrived  seen       accepted  reached",
        "Police            0 s    screen          2 s      no answer  –         –",
        "الإسعاف           1:40   screen          1:42     2:00       lapsed    –",
        "Child protection  5:20   screen          5:22     –          –         –",
    ];
    assert_eq!(shown(&picture)[..5], expected);

    let mut reached = account(7);
    reached.state = EscalationState::ChildReached;
    reached.told[2].accepted = Some(17.0);
    reached.told[2].reached = Some(20.0);
    picture.set_emergency(reached, 320.0);
    let lines = shown(&picture);
    assert_eq!(lines[0], "EMERGENCY no. 7, since 5:20: the child was reached");
    assert!(lines[4].ends_with("–          5:40      6:40"), "{lines:?}");
}

#[test]
fn the_newest_emergency_is_shown_the_others_are_counted_and_what_is_over_makes_room() {
    let mut picture = picture();
    for number in [8, 3, 5] {
        picture.set_emergency(account(number), 0.0);
    }
    assert!(shown(&picture)[0].contains("no. 5") && shown(&picture)[0].ends_with("(+2 open)"));
    let mut over = account(5);
    over.state = EscalationState::Resolved;
    picture.set_emergency(over, 0.0);
    assert!(shown(&picture)[0].contains("no. 3") && shown(&picture)[0].ends_with("(+1 open)"));
}

#[test]
fn a_terminal_of_another_size_is_cleared() {
    let mut picture = picture();
    assert!(picture.redraw(0.0, 24).starts_with('\r'));
    assert!(picture.redraw(0.0, 24).starts_with("\x1b[23A"));
    assert!(picture.redraw(0.0, 40).starts_with("\x1b[2J"));
}
