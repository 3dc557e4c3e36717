//! What the policy promises: nobody starves, exactly the reserve is kept, groups take nobody away, capacity holds.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::plainly::{can_be_offered, can_take, must_interrupt};
use super::samples::{Floor, NOW, able, asks, contact_id, floors, head, keeping, person, target_ms};
use super::*;

fn everybody(pair: &Pair) -> impl Iterator<Item = CounsellorId> + '_ {
    pair.also.iter().chain([&pair.counsellor_id]).copied()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn everybody_a_contact_is_offered_to_has_what_it_asks_for_and_room_for_it(floor in floors()) {
        let free: BTreeMap<CounsellorId, &Free> =
            floor.free.iter().map(|person| (person.counsellor_id, person)).collect();
        let heads: BTreeMap<ContactId, &Head> =
            floor.heads.iter().map(|head| (head.contact_id, head)).collect();
        for pair in decide(&floor.heads, &floor.free, &floor.rules, NOW) {
            let head = heads[&pair.contact_id];
            for counsellor in everybody(&pair) {
                prop_assert!(can_take(head, free[&counsellor]));
            }
            for counsellor in &pair.also {
                prop_assert!(!head.cooling.contains(counsellor));
            }
            let most = if head.class == Class::Critical { floor.rules.critical_offers.max(1) } else { 1 };
            prop_assert!(pair.also.len() < most as usize);
        }
    }

    #[test]
    fn what_is_held_never_exceeds_what_can_be_held_however_often_offers_are_made(floor in floors()) {
        let mut board = Board::new(floor.rules.clone());
        let mut free: BTreeMap<CounsellorId, Free> =
            floor.free.iter().map(|person| (person.counsellor_id, person.clone())).collect();
        free.values().cloned().for_each(|person| board.free(person));
        floor.heads.iter().cloned().for_each(|head| board.arrive(head));
        let heads: BTreeMap<ContactId, &Head> =
            floor.heads.iter().map(|head| (head.contact_id, head)).collect();
        for _ in 0..40 {
            let pairs = board.run(NOW);
            if pairs.is_empty() {
                break;
            }
            for pair in &pairs {
                for counsellor in everybody(pair) {
                    let person = free.get_mut(&counsellor).unwrap();
                    let (head, medium) = (heads[&pair.contact_id], heads[&pair.contact_id].requirement.medium);
                    if must_interrupt(head, person) {
                        person.held = Capacity::default();
                        person.aside.was = true;
                    }
                    prop_assert!(person.abilities.capacity.allows(&person.held, medium));
                    person.held = person.held.plus(medium);
                    person.aside.can_be = false;
                    board.free(person.clone());
                }
            }
        }
        prop_assert!(board.run(NOW).is_empty());
    }

    #[test]
    fn a_group_takes_nobody_from_a_critical_contact_and_changes_no_first_offer(floor in floors()) {
        let mut alone = floor.clone();
        alone.rules.critical_offers = 1;
        let is_critical = |pair: &&Pair| pair.contact_rule == ContactRule::CriticalFirst;
        let firsts = |floor: &Floor| -> Vec<(ContactId, CounsellorId)> {
            let pairs = decide(&floor.heads, &floor.free, &floor.rules, NOW);
            pairs.iter().filter(is_critical).map(|pair| (pair.contact_id, pair.counsellor_id)).collect()
        };
        prop_assert_eq!(firsts(&floor), firsts(&alone));
    }

    #[test]
    fn with_a_reserve_of_k_exactly_k_stay_free_and_who_waits_is_told_that_they_are_kept(
        counsellors in 8_usize..20,
        contacts in 1_usize..30,
        reserve in 1_u32..4,
    ) {
        let voice = asks(Medium::Voice, Some("ar"), &[]);
        let abilities = able(&["ar"], &[], 1, 0, 0);
        let free: Vec<Free> = (0..counsellors).map(|number| person(number, &abilities)).collect();
        let heads: Vec<Head> = (0..contacts).map(|number| head(number, Class::Low, &voice)).collect();
        let rules = keeping(reserve, Medium::Voice, Some("ar"));
        let pairs = decide(&heads, &free, &rules, NOW);
        prop_assert_eq!(pairs.len(), contacts.min(counsellors - reserve as usize));
        let speaking = Capacity { voice: 1, ..Capacity::default() };
        let is_paired = |person: &Free| pairs.iter().any(|pair| pair.counsellor_id == person.counsellor_id);
        let shift: Vec<OnShift<'_>> = free
            .iter()
            .map(|person| OnShift {
                counsellor_id: person.counsellor_id,
                abilities: &abilities,
                held: if is_paired(person) { speaking } else { Capacity::default() },
                ready: true,
                on_call: false,
                aside: Aside::default(),
            })
            .collect();
        for waiting in heads.iter().skip(pairs.len()) {
            let said = explain(waiting, 0, &shift, &rules, NOW);
            prop_assert_eq!(said.cause, WaitingCause::Reserved);
            prop_assert_eq!(said.eligible_free, reserve);
        }
    }

    #[test]
    fn who_waits_is_overtaken_only_by_critical_resumed_or_sooner_due_contacts(floor in floors()) {
        let pairs = decide(&floor.heads, &floor.free, &floor.rules, NOW);
        let heads: BTreeMap<ContactId, &Head> =
            floor.heads.iter().map(|head| (head.contact_id, head)).collect();
        let waits = |head: &&Head| pairs.iter().all(|pair| pair.contact_id != head.contact_id);
        for waiting in floor.heads.iter().filter(waits).filter(|head| head.may_use_reserve(&floor.rules, NOW)) {
            for pair in &pairs {
                let (first, counsellor) = (heads[&pair.contact_id], pair.counsellor_id);
                let free = floor.free.iter().find(|person| person.counsellor_id == counsellor).unwrap();
                if !can_be_offered(waiting, free) || first.class == Class::Critical || first.resumed {
                    continue;
                }
                // So whoever came later by more than the difference of the targets never comes first.
                let head_start = target_ms(waiting.class) - target_ms(first.class);
                prop_assert!(first.received_ms <= waiting.received_ms + head_start);
            }
        }
    }

    #[test]
    fn a_low_contact_is_answered_however_many_high_ones_keep_coming(
        counsellors in 1_usize..4,
        each_s in 5_i64..40,
        talk_s in 10_i64..300,
    ) {
        // High contacts come all the time; each counsellor takes the next when they have finished.
        let voice = asks(Medium::Voice, None, &[]);
        let mut board = Board::new(Rules { cap_ms: 600_000, ..Rules::default() });
        let mut child = head(0, Class::Low, &voice);
        (child.received_ms, child.deadline_ms) = (0, target_ms(Class::Low));
        let abilities = able(&["ar"], &[], 1, 0, 0);
        let mut busy_until = vec![0_i64; counsellors];
        // Twenty high contacts wait already, and everybody who comes before the child is due by more than a high target is first.
        let mut sooner_due = 0;
        let mut served_before = 0;
        let mut number = 0;
        let mut answered = None;
        for second in 0..30_000_i64 {
            let now = second * 1000;
            if second % each_s == 0 || second == 0 {
                for _ in 0..if second == 0 { 20 } else { 1 } {
                    number += 1;
                    let mut high = head(number, Class::High, &voice);
                    (high.received_ms, high.deadline_ms) = (now, now + target_ms(Class::High));
                    sooner_due += usize::from(high.order() < child.order());
                    board.arrive(high);
                }
            }
            if second == 0 {
                board.arrive(child.clone());
            }
            for (at, until) in busy_until.iter_mut().enumerate() {
                if *until == second {
                    board.free(Free { idle_since_ms: now, ..person(at, &abilities) });
                }
            }
            for pair in board.run(now) {
                let at = (0..counsellors).find(|&at| person(at, &abilities).counsellor_id == pair.counsellor_id);
                busy_until[at.unwrap()] = second + talk_s;
                if pair.contact_id == contact_id(0) {
                    answered = Some(second);
                } else if answered.is_none() {
                    served_before += 1;
                }
            }
            if answered.is_some() {
                break;
            }
        }
        prop_assert!(answered.is_some());
        prop_assert!(served_before <= sooner_due, "{served_before} came first, {sooner_due} were due sooner");
    }
}
