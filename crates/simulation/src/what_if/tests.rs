use super::*;

fn shift() -> Observed {
    let kinds = [
        (Class::Critical, 3.0, 1500.0, 180.0),
        (Class::High, 7.0, 1200.0, 300.0),
        (Class::Medium, 20.0, 780.0, 420.0),
        (Class::Low, 20.0, 600.0, 420.0),
    ];
    let arrivals = kinds.iter().flat_map(|(class, per_hour, handle_s, patience)| {
        [("en", 0.75), ("ar", 0.25)].map(|(language, share)| ObservedArrivals {
            class: *class,
            medium: Medium::Voice,
            language: Some(language.to_owned()),
            per_hour: per_hour * share,
            handle_s: *handle_s,
            patience_s: Some(*patience),
        })
    });
    let busy = Capacity { voice: 1, chat: 0, message: 0 };
    let staff = (0..12).map(|number| ObservedStaff {
        languages: if number < 4 { vec!["en".to_owned(), "ar".to_owned()] } else { vec!["en".to_owned()] },
        capacity: busy,
        held: if number % 6 == 5 { Capacity::default() } else { busy },
        ready: true,
    });
    let waiting = [40, 90, 300].map(|waited_s| ObservedWaiting {
        class: Class::Low,
        medium: Medium::Voice,
        language: Some("ar".to_owned()),
        waited_s,
    });
    Observed {
        arrivals: arrivals.collect(),
        staff: staff.collect(),
        waiting: waiting.to_vec(),
        targets_s: [15, 60, 180, 300],
        rules: Rules { reserve: 1, reserve_from: 8, cap_ms: 600_000, critical_offers: 1, ..Rules::default() },
        accept_s: 5.5,
        miss_share: 0.05,
        ring_s: [20, 10],
    }
}

#[test]
fn more_counsellors_answer_more_in_time_and_the_same_question_has_the_same_answer() {
    let shift = shift();
    let [fewer, now, more] = [-3, 0, 3].map(|by| what_if(&shift, by));
    assert_eq!((fewer.counsellors, now.counsellors, more.counsellors), (9, 12, 15));
    for class in Class::ALL {
        let of = |forecast: &Forecast| forecast.classes[class as usize].unwrap();
        assert!(of(&fewer).in_target < of(&now).in_target, "{class:?}: {fewer:?} {now:?}");
        assert!(of(&now).in_target < of(&more).in_target, "{class:?}: {now:?} {more:?}");
        assert!(of(&more).abandoned < of(&fewer).abandoned && of(&more).p95_wait_s <= of(&fewer).p95_wait_s);
    }
    assert_eq!(what_if(&shift, 0), now);
}

#[test]
fn nobody_there_and_nobody_coming_are_answered_too() {
    let empty = what_if(&Observed::default(), 1);
    assert_eq!(empty, Forecast::default());
    let alone = Observed { staff: Vec::new(), waiting: Vec::new(), ..shift() };
    let forecast = what_if(&alone, 2);
    assert_eq!(forecast.counsellors, 0, "nobody is known whom the others would be like");
    assert!(forecast.classes[0].unwrap().abandoned > 0.999);
}
