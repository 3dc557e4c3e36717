//! What holds on every floor.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::plainly::{
    able_for, can_be_offered, held_for_critical, held_with, kept_for, must_interrupt, paired, plainly,
};
use super::samples::{Floor, NOW, floors};
use super::*;

/// The pairs of a pass as references, and what it left over.
struct Outcome<'a> {
    pairs: Vec<(&'a Head, &'a Free, Pair)>,
    waiting: Vec<&'a Head>,
    idle: Vec<&'a Free>,
}

fn outcome(floor: &Floor) -> Outcome<'_> {
    let heads: BTreeMap<ContactId, &Head> = floor.heads.iter().map(|head| (head.contact_id, head)).collect();
    let free: BTreeMap<CounsellorId, &Free> =
        floor.free.iter().map(|person| (person.counsellor_id, person)).collect();
    let pairs: Vec<_> = decide(&floor.heads, &floor.free, &floor.rules, NOW)
        .into_iter()
        .map(|pair| (heads[&pair.contact_id], free[&pair.counsellor_id], pair))
        .collect();
    let contacts: BTreeSet<ContactId> = pairs.iter().map(|(_, _, pair)| pair.contact_id).collect();
    let offered = |(_, _, pair): &(_, _, Pair)| [&[pair.counsellor_id], &*pair.also].concat();
    let counsellors: BTreeSet<CounsellorId> = pairs.iter().flat_map(offered).collect();
    Outcome {
        pairs,
        waiting: floor.heads.iter().filter(|head| !contacts.contains(&head.contact_id)).collect(),
        idle: floor.free.iter().filter(|person| !counsellors.contains(&person.counsellor_id)).collect(),
    }
}

/// The floor after some of the pairs are held.
fn after<'a>(
    floor: &'a Floor,
    pairs: &[(&Head, &Free, Pair)],
    counts: impl Fn(&Head) -> bool,
) -> Vec<(&'a Abilities, Capacity)> {
    let taken: BTreeMap<CounsellorId, &Head> = pairs
        .iter()
        .filter(|(head, ..)| counts(head))
        .flat_map(|(head, _, pair)| {
            let offered = pair.also.iter().chain([&pair.counsellor_id]);
            offered.map(|counsellor| (*counsellor, *head))
        })
        .collect();
    let held = |person: &Free| {
        taken.get(&person.counsellor_id).map_or(held_for_critical(person), |head| held_with(head, person))
    };
    let shift = floor.free.iter().filter(|person| !person.on_call);
    shift.map(|person| (&*person.abilities, held(person))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_paired_with_a_contact_they_may_not_take(floor in floors()) {
        for (head, person, pair) in outcome(&floor).pairs {
            prop_assert!(can_be_offered(head, person));
            let cooling = head.cooling.contains(&person.counsellor_id);
            prop_assert_eq!(cooling, pair.notes.contains(&Note::CoolDownLifted));
        }
    }

    #[test]
    fn nobody_is_interrupted_but_for_a_critical_contact_that_nobody_free_can_take(floor in floors()) {
        let outcome = outcome(&floor);
        let of = |counsellor| floor.free.iter().find(|person| person.counsellor_id == counsellor).unwrap();
        for (head, _, pair) in &outcome.pairs {
            let interrupts = pair.notes.contains(&Note::WorkPutAside);
            prop_assert!(!interrupts || head.class == Class::Critical);
            for counsellor in pair.also.iter().chain([&pair.counsellor_id]) {
                let person = of(*counsellor);
                let room = person.abilities.capacity.allows(&person.held, head.requirement.medium);
                prop_assert!(room != interrupts, "who has room is not interrupted");
                prop_assert!(!interrupts || person.aside.can_be, "a live talk is never interrupted");
                prop_assert!(!person.aside.was || head.class == Class::Critical);
            }
            if interrupts {
                let free = |person: &&&Free| !person.on_call && can_be_offered(head, person) && !must_interrupt(head, person);
                prop_assert!(head.cooling_void || outcome.idle.iter().find(free).is_none());
            }
        }
    }

    #[test]
    fn no_contact_and_no_counsellor_is_paired_twice_even_when_given_twice(floor in floors()) {
        let heads = [floor.heads.clone(), floor.heads].concat();
        let free = [floor.free.clone(), floor.free].concat();
        let pairs = decide(&heads, &free, &floor.rules, NOW);
        let (contacts, counsellors) = paired(&pairs);
        prop_assert_eq!(contacts.len(), pairs.len());
        prop_assert_eq!(counsellors.len(), pairs.iter().map(|pair| 1 + pair.also.len()).sum::<usize>());
    }

    #[test]
    fn no_counsellor_goes_to_a_lesser_contact_while_a_critical_one_could_have_them(floor in floors()) {
        let outcome = outcome(&floor);
        for (head, person, _) in &outcome.pairs {
            for critical in outcome.waiting.iter().filter(|other| other.class == Class::Critical) {
                prop_assert!(head.class == Class::Critical || !can_be_offered(critical, person));
            }
        }
    }

    #[test]
    fn no_counsellor_goes_to_a_later_contact_while_an_earlier_one_could_have_them(floor in floors()) {
        let outcome = outcome(&floor);
        for (head, person, _) in &outcome.pairs {
            for earlier in outcome.waiting.iter().filter(|other| other.order() < head.order()) {
                // Except that the reserve is kept from the earlier one and not from the later.
                let kept = !earlier.may_use_reserve(&floor.rules, NOW);
                prop_assert!(kept || !can_be_offered(earlier, person));
            }
        }
    }

    #[test]
    fn equals_are_served_in_the_order_in_which_they_came(mut floor in floors()) {
        for head in &mut floor.heads {
            head.cooling.clear();
            head.barred.clear();
            head.only_on_call = false;
        }
        let outcome = outcome(&floor);
        for (later, _, _) in &outcome.pairs {
            for earlier in &outcome.waiting {
                let equal = (earlier.class, earlier.resumed) == (later.class, later.resumed)
                    && earlier.requirement == later.requirement;
                prop_assert!(!equal || later.order() < earlier.order());
            }
        }
    }

    #[test]
    fn without_a_reserve_nobody_waits_while_somebody_who_could_take_them_is_idle(mut floor in floors()) {
        floor.rules.reserve = 0;
        let outcome = outcome(&floor);
        for head in &outcome.waiting {
            prop_assert!(!outcome.idle.iter().any(|person| can_be_offered(head, person)));
        }
    }

    #[test]
    fn with_a_reserve_critical_and_long_waiting_contacts_wait_for_nobody_idle(floor in floors()) {
        let outcome = outcome(&floor);
        for head in outcome.waiting.iter().filter(|head| head.may_use_reserve(&floor.rules, NOW)) {
            prop_assert!(!outcome.idle.iter().any(|person| can_be_offered(head, person)));
        }
    }

    #[test]
    fn as_many_children_as_counsellors_who_can_all_serve_each_other_are_all_paired_off(
        floor in floors(),
        medium in proptest::sample::select(Medium::ALL.to_vec()),
    ) {
        let requirement = Arc::new(samples::asks(medium, Some("ar"), &[]));
        let mut floor = floor;
        floor.rules.reserve = 0;
        floor.rules.critical_offers = 1;
        for head in &mut floor.heads {
            head.requirement = Arc::clone(&requirement);
            head.cooling.clear();
            head.barred.clear();
        }
        for person in &mut floor.free {
            person.held = Capacity::default();
            person.on_call = false;
            person.aside = Aside::default();
            let abilities = Arc::make_mut(&mut person.abilities);
            abilities.languages.push("ar".to_owned());
            abilities.capacity = Capacity { voice: 1, chat: 2, message: 2 };
        }
        prop_assert_eq!(outcome(&floor).pairs.len(), floor.heads.len().min(floor.free.len()));
    }

    #[test]
    fn lesser_contacts_leave_the_reserve_of_every_group(floor in floors()) {
        let outcome = outcome(&floor);
        let by_cap = |contact_id| {
            outcome.pairs.iter().any(|(_, _, pair)| {
                pair.contact_id == contact_id && pair.notes.contains(&Note::ReserveUsedByCap)
            })
        };
        let privileged = after(&floor, &outcome.pairs, |head| {
            head.class == Class::Critical || by_cap(head.contact_id)
        });
        let all = after(&floor, &outcome.pairs, |_| true);
        for group in &floor.rules.groups {
            let (before, left) = (able_for(group, privileged.iter().copied()), able_for(group, all.iter().copied()));
            let at_least = before.min(kept_for(group, &floor.rules) as usize);
            // A contact past the cap may come after others have taken what was then to spare.
            let capped = outcome.pairs.iter().filter(|(head, ..)| by_cap(head.contact_id)).count();
            prop_assert!(left + capped >= at_least, "{group:?}: {left} of {before} left");
            prop_assert!(capped > 0 || left >= at_least, "{group:?}: {left} of {before} left");
        }
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(
        (floor, heads, free) in floors().prop_flat_map(|floor| {
            let heads = Just(floor.heads.clone()).prop_shuffle();
            let free = Just(floor.free.clone()).prop_shuffle();
            (Just(floor), heads, free)
        }),
    ) {
        prop_assert_eq!(
            decide(&floor.heads, &floor.free, &floor.rules, NOW),
            decide(&heads, &free, &floor.rules, NOW)
        );
    }

    #[test]
    fn the_policy_said_plainly_decides_the_same(floor in floors()) {
        prop_assert_eq!(decide(&floor.heads, &floor.free, &floor.rules, NOW), plainly(&floor));
    }

    #[test]
    fn whatever_is_first_is_offered_exactly_when_the_explanation_says_so(floor in floors()) {
        let on_shift: Vec<OnShift<'_>> = floor
            .free
            .iter()
            .map(|person| OnShift {
                counsellor_id: person.counsellor_id,
                abilities: &person.abilities,
                held: person.held,
                ready: true,
                on_call: person.on_call,
                aside: person.aside,
            })
            .collect();
        for head in &floor.heads {
            let alone = decide(std::slice::from_ref(head), &floor.free, &floor.rules, NOW);
            let explanation = explain(head, 0, &on_shift, &floor.rules, NOW);
            prop_assert_eq!(alone.is_empty(), explanation.cause != WaitingCause::BeingOffered);
            let counted = explanation.eligible_on_shift
                + explanation.lacking_language
                + explanation.lacking_skill
                + explanation.lacking_channel;
            prop_assert!(counted as usize <= on_shift.len());
            prop_assert!(explanation.eligible_free <= explanation.eligible_on_shift);
        }
    }

    #[test]
    fn a_cool_down_that_is_void_means_that_nobody_else_could_be_offered_it(floor in floors()) {
        let on_shift: Vec<OnShift<'_>> = floor
            .free
            .iter()
            .map(|person| OnShift {
                counsellor_id: person.counsellor_id,
                abilities: &person.abilities,
                held: person.held,
                ready: true,
                on_call: person.on_call,
                aside: person.aside,
            })
            .collect();
        for head in &floor.heads {
            if cool_down_is_void(&head.requirement, &head.cooling, &head.barred, &on_shift) {
                let mut strict = head.clone();
                strict.cooling_void = false;
                let others = || floor.free.iter().filter(|person| !person.on_call);
                prop_assert!(!others().any(|person| can_be_offered(&strict, person)));
            }
        }
    }
}
