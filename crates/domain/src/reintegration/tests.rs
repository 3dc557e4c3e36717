use proptest::prelude::*;

use super::ReturneeState as State;
use super::score::{Count, LEAST, STATE, Standing, month_end, score};

proptest! {
    #[test]
    fn whatever_anybody_wishes_no_child_is_settled_who_never_came_and_what_is_over_stays_over(
        wishes in prop::collection::vec(prop::sample::select(State::ALL), 0..200),
    ) {
        let (mut now, mut seen) = (State::Announced, vec![State::Announced]);
        for next in wishes {
            if !now.may_become(next) {
                continue;
            }
            prop_assert!(now != State::Closed);
            if matches!(next, State::Announced | State::NotArrived) {
                prop_assert!(!seen.contains(&State::Settled), "nobody is expected who lives somewhere");
                seen.clear();
            }
            seen.push(next);
            let after = |one: State, other: State| !seen.contains(&one) || seen.contains(&other);
            prop_assert!(after(State::FirstRehabilitation, State::Arrived));
            prop_assert!(after(State::Settled, State::FirstRehabilitation));
            prop_assert!(after(State::Monitored, State::Settled));
            prop_assert!(after(State::Closed, State::Monitored));
            prop_assert!(!next.has_region() || seen.contains(&State::Settled));
            now = next;
        }
    }

    #[test]
    fn no_table_of_a_scorecard_tells_of_fewer_children_than_it_may(
        counts in prop::collection::vec((0_usize..4, 0_usize..4, 0_i64..12), 0..30),
        sides in prop::collection::vec((0_usize..4, 0_usize..3, 0_i64..4), 0..12),
    ) {
        let states = counts.iter().map(|(region, key, children)| Count {
            region: format!("r{region}"), table: STATE.to_owned(), key: State::ALL[*key].key().to_owned(), children: *children,
        });
        let mut all: Vec<Count> = Vec::new();
        for one in states {
            let same = all.iter_mut().find(|known| known.region == one.region && known.key == one.key);
            if let Some(known) = same { known.children += one.children } else { all.push(one) }
        }
        let total: i64 = all.iter().map(|one| one.children).sum();
        let of = |region: &str| -> i64 { all.iter().filter(|one| one.region == region).map(|one| one.children).sum() };
        let mut planned: Vec<Count> = Vec::new();
        for (region, key, children) in sides {
            let one = Count {
                region: format!("r{region}"), table: "health".to_owned(), key: Standing::ALL[key].key().to_owned(), children,
            };
            let known: i64 = planned.iter().filter(|known| known.region == one.region).map(|known| known.children).sum();
            let twice = planned.iter().any(|known| known.region == one.region && known.key == one.key);
            if !twice && known + children <= of(&one.region) {
                planned.push(one);
            }
        }
        let told = score(&[all.clone(), planned].concat());
        if total < LEAST {
            prop_assert_eq!(told.regions.len() + told.pooled_regions, 0);
        } else {
            prop_assert_eq!(told.regions.iter().map(|one| one.children).sum::<i64>() + told.pooled, total);
        }
        for region in &told.regions {
            prop_assert!(region.children >= LEAST && region.children == of(&region.region));
            for (key, table) in &region.tables {
                let cells: i64 = table.parts.iter().map(|(_, count)| count).sum();
                prop_assert_eq!(cells + table.pooled, region.children, "{}", key);
                prop_assert!(table.parts.iter().all(|(_, count)| *count >= LEAST));
                prop_assert!(table.pooled == 0 || table.pooled >= LEAST);
            }
        }
    }
}

#[test]
fn every_state_can_be_reached_and_every_one_but_the_last_two_goes_on() {
    let mut reached = vec![State::Announced];
    for _ in State::ALL {
        let next = State::ALL.iter().filter(|next| reached.iter().any(|from| from.may_become(**next)));
        reached = reached.iter().copied().chain(next.copied()).collect();
    }
    for state in State::ALL {
        assert!(reached.contains(state), "{state:?}");
        let goes_on = State::ALL.iter().any(|next| state != next && state.may_become(*next));
        assert_eq!(goes_on, *state != State::Closed, "{state:?}");
    }
}

#[test]
fn a_side_of_life_of_which_nothing_can_be_told_is_not_named() {
    let count = |table: &str, key: &str, children| Count {
        region: "north".to_owned(),
        table: table.to_owned(),
        key: key.to_owned(),
        children,
    };
    let told = score(&[
        count(STATE, "settled", 9),
        count("detention_visit", Standing::Late.key(), 1),
        count("health", Standing::Done.key(), 9),
    ]);
    let keys: Vec<_> = told.regions[0].tables.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, [STATE, "health"]);
}

#[test]
fn within_a_month_it_is_the_end_of_the_last_one() {
    let at = |text: &str| text.parse().unwrap();
    assert_eq!(month_end(at("2026-03-31T23:59:59Z")), at("2026-03-01T00:00:00Z"));
    assert_eq!(month_end(at("2026-03-01T00:00:00Z")), at("2026-03-01T00:00:00Z"));
}
