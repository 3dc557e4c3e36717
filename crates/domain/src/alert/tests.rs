use uuid::Uuid;

use super::*;
use crate::channel::Channel;
use crate::settings::alerts::LONG_MESSAGES_S;

const NOW: i64 = 1_000_000_000;

fn contact(number: u128) -> ContactId {
    Uuid::from_u128(number).into()
}

fn counsellor(number: u128) -> CounsellorId {
    Uuid::from_u128(number).into()
}

/// Has waited so many seconds of a target.
fn waiting(class: Class, waited_s: i64, target_s: i64) -> Waiting {
    let received_ms = NOW - waited_s * 1000;
    Waiting {
        contact_id: contact(1),
        queue: "general".to_owned(),
        class,
        received_ms,
        deadline_ms: received_ms + target_s * 1000,
        served: true,
    }
}

fn floor() -> Snapshot {
    Snapshot { now_ms: NOW, ..Snapshot::default() }
}

fn of(kind: AlertKind, subject: Subject) -> Alert {
    Alert { kind, subject }
}

fn opened(floor: &Snapshot) -> Vec<(AlertKind, Subject, bool)> {
    judge(floor, &Alerts::default(), &[])
        .into_iter()
        .map(|step| match step {
            Step::Open(alert, grave) => (alert.kind, alert.subject, grave),
            other => panic!("nothing was open: {other:?}"),
        })
        .collect()
}

#[test]
fn each_cause_opens_its_alert_at_its_threshold_and_not_before() {
    use AlertKind::{
        CallbackOverdue, CheckInFailed, LineDegraded, LongContact, NobodyAvailable, NobodyOnCall,
        PresenceLost, SevereInARow, TargetNear,
    };
    let line = |class| Subject::Line("general".to_owned(), class);
    let one = || Subject::Contact(contact(1));
    let waits = |class, waited, target| Snapshot { waiting: vec![waiting(class, waited, target)], ..floor() };
    let unserved = |class, waited| {
        let waiting = Waiting { served: false, ..waiting(class, waited, 1000) };
        Snapshot { waiting: vec![waiting], ..floor() }
    };
    let with = |channel, class, seconds: i64, lost| {
        let one = Live { contact_id: contact(1), channel, class, since_ms: NOW - seconds * 1000, lost };
        Snapshot { live: vec![one], ..floor() }
    };
    let talk = |class, seconds, lost| with(Channel::Voice, class, seconds, lost);
    let mail = |class, seconds| with(Channel::Email, class, seconds, false);
    let three_days = i64::from(LONG_MESSAGES_S);
    let severe = |count| Snapshot { counsellors: vec![(counsellor(9), count)], ..floor() };
    let due = |kind| Snapshot { due: vec![(kind, one())], ..floor() };
    let night = || Subject::OnCall("night".to_owned());
    let unattended = || Snapshot { due: vec![(NobodyOnCall, night())], ..floor() };
    let table = [
        (waits(Class::Critical, 7, 15), vec![]),
        (waits(Class::Critical, 8, 15), vec![(TargetNear, one(), true)]),
        (waits(Class::High, 47, 60), vec![]),
        (waits(Class::High, 48, 60), vec![(TargetNear, line(Class::High), false)]),
        (waits(Class::Low, 3000, 300), vec![(TargetNear, line(Class::Low), false)]),
        (unserved(Class::Critical, 4), vec![]),
        (unserved(Class::Critical, 5), vec![(NobodyAvailable, one(), true)]),
        (unserved(Class::Medium, 5), vec![(NobodyAvailable, line(Class::Medium), false)]),
        (talk(Class::Low, 1799, false), vec![]),
        (talk(Class::Low, 1800, false), vec![(LongContact, one(), false)]),
        (talk(Class::Critical, 1800, false), vec![]),
        (mail(Class::Low, three_days - 1), vec![]),
        (mail(Class::Low, three_days), vec![(LongContact, one(), false)]),
        (mail(Class::High, 3600), vec![(LongContact, one(), false)]),
        (talk(Class::Low, 1, true), vec![(PresenceLost, one(), true)]),
        (severe(2), vec![]),
        (severe(3), vec![(SevereInARow, Subject::Counsellor(counsellor(9)), false)]),
        (Snapshot { degraded: true, ..floor() }, vec![(LineDegraded, Subject::Floor, false)]),
        (due(CallbackOverdue), vec![(CallbackOverdue, one(), false)]),
        (due(CheckInFailed), vec![(CheckInFailed, one(), true)]),
        (unattended(), vec![(NobodyOnCall, night(), true)]),
        (floor(), vec![]),
    ];
    for (floor, expected) in table {
        assert_eq!(opened(&floor), expected, "{floor:?}");
    }
}

#[test]
fn an_open_alert_closes_when_things_have_stayed_clearly_better() {
    let alert = of(AlertKind::TargetNear, Subject::Line("general".to_owned(), Class::High));
    let settings = Alerts::default();
    let wait = |waited| Snapshot { waiting: vec![waiting(Class::High, waited, 60)], ..floor() };
    let step = |floor: &Snapshot, clear_since_ms| {
        judge(floor, &settings, &[Open { alert: alert.clone(), clear_since_ms }])
    };
    // Open at 48 s; between 36 s and that it stays open without being opened again.
    for waited in [48, 40, 36] {
        assert_eq!(step(&wait(waited), None), []);
    }
    assert_eq!(step(&wait(35), None), [Step::Doubt(alert.clone())]);
    assert_eq!(step(&wait(35), Some(NOW - 9_000)), [], "not for long enough");
    assert_eq!(step(&wait(48), Some(NOW - 9_000)), [Step::Confirm(alert.clone())]);
    assert_eq!(step(&wait(40), Some(NOW - 60_000)), [], "neither here nor there");
    assert_eq!(step(&wait(35), Some(NOW - 10_000)), [Step::Close(alert.clone())]);
    assert_eq!(step(&floor(), Some(NOW - 10_000)), [Step::Close(alert.clone())]);
}

#[test]
fn what_is_over_closes_its_alert_at_once() {
    let settings = Alerts::default();
    let contact_alert = of(AlertKind::TargetNear, Subject::Contact(contact(1)));
    let open = |alert: &Alert| [Open { alert: alert.clone(), clear_since_ms: None }];
    let close = Step::Close(contact_alert.clone());
    assert_eq!(judge(&floor(), &settings, &open(&contact_alert)), [close]);
    // Answered: its wait is over too.
    let live = Live {
        contact_id: contact(1),
        channel: Channel::Voice,
        class: Class::Critical,
        since_ms: NOW,
        lost: false,
    };
    let answered = Snapshot { live: vec![live], ..floor() };
    assert_eq!(judge(&answered, &settings, &open(&contact_alert)), [Step::Close(contact_alert.clone())]);
    let lost = of(AlertKind::PresenceLost, Subject::Contact(contact(1)));
    assert_eq!(judge(&answered, &settings, &open(&lost)), [Step::Doubt(lost)], "it may be lost again");
    let counsellor_alert = of(AlertKind::SevereInARow, Subject::Counsellor(counsellor(9)));
    let close = Step::Close(counsellor_alert.clone());
    assert_eq!(judge(&floor(), &settings, &open(&counsellor_alert)), [close]);
}

#[test]
fn however_the_floor_flickers_an_alert_opens_once() {
    // A wait that swings around the threshold each second, for a minute.
    let settings = Alerts::default();
    let mut open: Vec<Open> = Vec::new();
    let mut opens = 0;
    for second in 0..60 {
        let now_ms = NOW + second * 1000;
        let mut one = waiting(Class::High, if second % 2 == 0 { 50 } else { 20 }, 60);
        one.received_ms += second * 1000;
        one.deadline_ms += second * 1000;
        let floor = Snapshot { now_ms, waiting: vec![one], ..floor() };
        for step in judge(&floor, &settings, &open) {
            match step {
                Step::Open(alert, _) => {
                    opens += 1;
                    open.push(Open { alert, clear_since_ms: None });
                }
                Step::Doubt(_) => open[0].clear_since_ms = Some(now_ms),
                Step::Confirm(_) => open[0].clear_since_ms = None,
                Step::Close(_) => panic!("closed after {second} s"),
            }
        }
    }
    assert_eq!((opens, open.len()), (1, 1));
}

#[test]
fn the_key_of_a_subject_leads_back_to_it() {
    let subjects = [
        Subject::Contact(contact(1)),
        Subject::Counsellor(counsellor(2)),
        Subject::Line("a_queue".to_owned(), Class::Low),
        Subject::Floor,
    ];
    for subject in subjects {
        assert_eq!(Subject::from_key(&subject.key()), Some(subject));
    }
    for text in ["", "contact", "contact 7", "line 9 general", "ceiling"] {
        assert_eq!(Subject::from_key(text), None);
    }
    assert!(AlertKind::ALL.into_iter().all(|kind| AlertKind::from_key(kind.key()) == Some(kind)));
}
