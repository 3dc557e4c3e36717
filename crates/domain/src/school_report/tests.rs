use proptest::prelude::*;

use super::SchoolReportState as State;
use super::school_key;

proptest! {
    #[test]
    fn whatever_anybody_wishes_nothing_is_closed_that_was_not_decided_and_answered(
        wishes in prop::collection::vec(prop::sample::select(State::ALL), 0..200),
    ) {
        let (mut now, mut seen) = (State::Received, vec![State::Received]);
        for next in wishes {
            if !now.may_become(next) {
                continue;
            }
            prop_assert!(now != State::Closed);
            // What is assessed anew is decided anew.
            if next == State::Assessed {
                seen = vec![State::Received];
            }
            seen.push(next);
            let decided = seen.contains(&State::Reported) || seen.contains(&State::NotReportable);
            prop_assert!(seen.contains(&State::Assessed));
            if matches!(next, State::FeedbackGiven | State::FeedbackImpossible | State::Closed) {
                prop_assert!(decided);
            }
            // What was reported is not made unreported, but by what came to nothing.
            if seen.contains(&State::Reported) {
                prop_assert!(next != State::NotReportable);
            }
            let backwards = matches!(
                (now, next),
                (State::Reported, State::Assessed)
                    | (State::FeedbackGiven | State::FeedbackImpossible, State::Assessed | State::Reported)
            );
            prop_assert_eq!(now.is_undone_by(next), backwards);
            if next == State::Closed {
                prop_assert!(matches!(now, State::FeedbackGiven | State::FeedbackImpossible));
            }
            now = next;
        }
    }
}

#[test]
fn every_state_has_a_way_to_the_end() {
    for state in State::ALL.iter().filter(|state| **state != State::Closed) {
        let mut ahead = vec![*state];
        for _ in State::ALL {
            let next: Vec<State> = State::ALL
                .iter()
                .copied()
                .filter(|next| ahead.iter().any(|one| one.may_become(*next)))
                .collect();
            ahead.extend(next.into_iter().filter(|next| !ahead.contains(next)).collect::<Vec<_>>());
        }
        assert!(ahead.contains(&State::Closed), "{state:?}");
    }
}

#[test]
fn a_school_is_the_same_however_its_name_is_written_and_another_number_is_another_school() {
    assert_eq!(school_key(" School  No. 12 "), school_key("SCHOOL NO 12"));
    assert_eq!(school_key("مدرسة ١٢"), school_key("مدرسة 12"));
    assert_ne!(school_key("School 12"), school_key("School 21"));
    assert_ne!(school_key("School 1 2"), school_key("School 12"));
    assert_eq!(school_key("—!"), "");
}
