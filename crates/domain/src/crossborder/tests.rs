use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::rule::{Agreed, Inputs, Obstacle, decide};
use super::{CrossBorderSide as Side, CrossBorderState as State};
use crate::field_class::FieldClass;
use crate::settings::crossborder::{Country, CrossBorder, FocalPoint};

fn wishes() -> impl Strategy<Value = Vec<(State, Side)>> {
    let wish = (prop::sample::select(State::ALL), prop::sample::select(Side::ALL));
    prop::collection::vec(wish, 0..400)
}

proptest! {
    #[test]
    fn whatever_anybody_wishes_no_child_travels_unaccepted_and_what_is_over_stays_over(wishes in wishes()) {
        let (mut now, mut seen) = (State::Prepared, vec![State::Prepared]);
        for (next, side) in wishes {
            if !now.may_become(next, side) {
                continue;
            }
            prop_assert!(!now.is_over());
            if next != State::Withdrawn && next != State::Closed && side == Side::Clock {
                prop_assert!(matches!(next, State::Offered | State::Declined | State::Missing));
            }
            // Nobody but the receiving side says that it receives, or has received, the child.
            if matches!(next, State::Accepted | State::ArrivedConfirmed | State::FirstVisitDone) {
                prop_assert_eq!(side, Side::Receiving);
            }
            if next == State::Withdrawn {
                prop_assert!(!seen.contains(&State::Departed) && !seen.contains(&State::Missing));
            }
            seen.push(next);
            let after = |one: State, other: State| !seen.contains(&one) || seen.contains(&other);
            prop_assert!(after(State::Offered, State::ConsentChecked));
            prop_assert!(after(State::Accepted, State::ReceivingAssessment));
            prop_assert!(after(State::Departed, State::Accepted));
            prop_assert!(after(State::HandedOver, State::ArrivedConfirmed));
            prop_assert!(after(State::Monitoring, State::FirstVisitDone));
            now = next;
        }
    }

    #[test]
    fn a_country_gets_a_child_only_by_all_its_rules(
        fear: bool, closed: bool, despite: bool, overriding: bool, basis: bool,
        agreed in prop::sample::select(&[Agreed::Nothing, Agreed::Consent, Agreed::Override]),
    ) {
        let country = Country {
            closed,
            override_allowed: overriding,
            allowed_despite_fear: despite,
            ..country()
        };
        let rules = CrossBorder { countries: vec![country], ..CrossBorder::default() };
        let legal_basis = if basis { "court_order" } else { "rumour" }.to_owned();
        let inputs = Inputs { country: "QA".to_owned(), legal_basis, fear_recorded: fear, agreed };
        let decision = decide(&rules, 3, inputs.clone());
        let agreed = agreed == Agreed::Consent || agreed == Agreed::Override && overriding;
        prop_assert_eq!(decision.allows(), !closed && (!fear || despite) && basis && agreed);
        prop_assert_eq!(decide(&rules, 3, decision.inputs.clone()), decision);
        let elsewhere = decide(&rules, 3, Inputs { country: "ZZ".to_owned(), ..inputs });
        prop_assert_eq!(elsewhere.obstacles, [Obstacle::NoRules]);
    }
}

fn country() -> Country {
    let agency = |n: u128| FocalPoint {
        agency_id: Uuid::from_u128(n).into(),
        hours: String::new(),
        time_zone: String::new(),
        public_key: String::new(),
    };
    Country {
        country: "QA".to_owned(),
        focal_points: vec![agency(1), agency(2)],
        closed: false,
        legal_bases: BTreeSet::from(["court_order".to_owned()]),
        forbidden: BTreeSet::from([FieldClass::Health]),
        override_allowed: false,
        allowed_despite_fear: false,
        rest_days: BTreeSet::from([5, 6]),
    }
}

#[test]
fn the_fallback_of_the_last_focal_point_is_nobody() {
    let (country, id) = (country(), |n: u128| Uuid::from_u128(n).into());
    assert_eq!(country.next_after(id(1)), Some(id(2)));
    assert_eq!(country.next_after(id(2)), None);
    assert_eq!(country.next_after(id(3)), None);
}

#[test]
fn who_was_missing_is_not_taken_back_whatever_is_planned_then() {
    for left in [State::Departed, State::Missing] {
        assert!(left.may_become(State::Departed, Side::Sending));
        for back in State::ALL.iter().filter(|one| one.is_before_departure()) {
            assert!(Side::ALL.iter().all(|side| !left.may_become(*back, *side)), "{left:?} {back:?}");
        }
        assert!(!left.may_become(State::Withdrawn, Side::Sending));
    }
}

#[test]
fn every_state_can_be_reached_and_every_one_has_an_end_without_the_other_side() {
    let step = |from: &BTreeSet<&'static str>, sides: &[Side]| -> BTreeSet<&'static str> {
        let next = |state: &&State| {
            State::ALL.iter().any(|one| {
                from.contains(one.key()) && sides.iter().any(|side| one.may_become(**state, *side))
            })
        };
        from.iter().copied().chain(State::ALL.iter().filter(next).map(|one| one.key())).collect()
    };
    let mut reached = BTreeSet::from([State::Prepared.key()]);
    for _ in State::ALL {
        reached = step(&reached, Side::ALL);
    }
    assert_eq!(reached.len(), State::ALL.len());
    for state in State::ALL.iter().filter(|state| !state.is_over()) {
        let mut ahead = BTreeSet::from([state.key()]);
        for _ in State::ALL {
            ahead = step(&ahead, &[Side::Sending, Side::Clock]);
        }
        assert!(ahead.contains(State::Closed.key()) || ahead.contains(State::Withdrawn.key()), "{state:?}");
    }
}
