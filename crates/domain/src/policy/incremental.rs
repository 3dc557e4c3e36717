//! A board that was told everything one by one decides like one that sees everything anew.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::samples::{CAP, NOW, any_head, any_person, any_rules, contact_id, counsellor_id};
use super::*;

/// What happens to a floor.
#[derive(Clone, Debug)]
enum Event {
    Arrive(usize, Head),
    Leave(usize),
    Free(usize, Free),
    Busy(usize),
    Rules(Rules),
    Time(i64),
    Run,
    /// Runs, and puts this many of the pairs back as if they had been refused; the other counsellors come back with one contact more.
    RunAndRefuse(usize),
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0_usize..24, any_head()).prop_map(|(number, head)| Event::Arrive(number, head)),
        2 => (0_usize..24).prop_map(Event::Leave),
        6 => (0_usize..12, any_person()).prop_map(|(number, free)| Event::Free(number, free)),
        2 => (0_usize..12).prop_map(Event::Busy),
        1 => any_rules().prop_map(Event::Rules),
        1 => (-CAP / 2..CAP).prop_map(Event::Time),
        3 => Just(Event::Run),
        3 => (0_usize..3).prop_map(Event::RunAndRefuse),
    ]
}

/// The same floor as plain maps.
#[derive(Default)]
struct Floor {
    heads: BTreeMap<ContactId, Head>,
    free: BTreeMap<CounsellorId, Free>,
    rules: Rules,
    now_ms: i64,
}

impl Floor {
    fn decide(&self) -> Vec<Pair> {
        let heads: Vec<Head> = self.heads.values().cloned().collect();
        let free: Vec<Free> = self.free.values().cloned().collect();
        decide(&heads, &free, &self.rules, self.now_ms)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_board_told_event_by_event_decides_like_a_new_one(
        rules in any_rules(),
        events in vec(any_event(), 1..80),
    ) {
        let mut board = Board::new(rules.clone());
        let mut floor = Floor { rules, now_ms: NOW, ..Floor::default() };
        for event in events {
            let mut refused = None;
            match event {
                Event::Arrive(number, mut head) => {
                    head.contact_id = contact_id(number);
                    head.sequence = i64::try_from(number / 2).unwrap();
                    floor.heads.insert(head.contact_id, head.clone());
                    board.arrive(head);
                    continue;
                }
                Event::Leave(number) => {
                    prop_assert_eq!(board.leave(contact_id(number)), floor.heads.remove(&contact_id(number)));
                    continue;
                }
                Event::Free(number, mut free) => {
                    free.counsellor_id = counsellor_id(number);
                    floor.free.insert(free.counsellor_id, free.clone());
                    board.free(free);
                    continue;
                }
                Event::Busy(number) => {
                    prop_assert_eq!(board.busy(counsellor_id(number)), floor.free.remove(&counsellor_id(number)));
                    continue;
                }
                Event::Rules(rules) => {
                    floor.rules = rules.clone();
                    board.set_rules(rules);
                    continue;
                }
                Event::Time(by) => {
                    floor.now_ms += by;
                    continue;
                }
                Event::Run => {}
                Event::RunAndRefuse(count) => refused = Some(count),
            }
            let pairs = board.run(floor.now_ms);
            prop_assert_eq!(&pairs, &floor.decide());
            for (at, pair) in pairs.iter().enumerate() {
                let head = floor.heads.remove(&pair.contact_id).unwrap();
                let medium = head.requirement.medium;
                let comes_back = refused.is_some_and(|count| at < count);
                if comes_back {
                    floor.heads.insert(head.contact_id, head.clone());
                    board.arrive(head);
                }
                for counsellor in pair.also.iter().chain([&pair.counsellor_id]) {
                    let mut free = floor.free.remove(counsellor).unwrap();
                    if refused.is_some() {
                        if !comes_back {
                            free.held = free.held.plus(medium);
                        }
                        floor.free.insert(free.counsellor_id, free.clone());
                        board.free(free);
                    }
                }
            }
            prop_assert_eq!((board.waiting(), board.idle()), (floor.heads.len(), floor.free.len()));
        }
    }
}
