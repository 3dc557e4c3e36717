//! The policy in single cases: offer groups, preference, on call, care, interpreters.

use super::samples::{NOW, able, asks, contact_id, counsellor_id, head, keeping, no_reserve, person};
use super::*;

/// Who got what, by the numbers of the samples: the contact, the first counsellor, the others.
fn groups(heads: &[Head], free: &[Free], rules: &Rules) -> Vec<(usize, Vec<usize>)> {
    let contact = |pair: &Pair| (0..99).find(|&number| contact_id(number) == pair.contact_id).unwrap();
    let counsellor = |id: &CounsellorId| (0..99).find(|&number| counsellor_id(number) == *id).unwrap();
    decide(heads, free, rules, NOW)
        .iter()
        .map(|pair| {
            (contact(pair), [&pair.counsellor_id].into_iter().chain(&pair.also).map(counsellor).collect())
        })
        .collect()
}

fn voice() -> Requirement {
    asks(Medium::Voice, Some("ar"), &[])
}

fn speakers<const N: usize>() -> [Free; N] {
    std::array::from_fn(|number| person(number + 1, &able(&["ar"], &[], 1, 0, 0)))
}

#[test]
fn each_critical_contact_has_its_first_before_any_has_a_second_and_before_lesser_ones() {
    let rules = Rules { critical_offers: 3, ..no_reserve() };
    let heads = [
        head(1, Class::Critical, &voice()),
        head(2, Class::Critical, &voice()),
        head(3, Class::High, &voice()),
    ];
    assert_eq!(groups(&heads, &speakers::<5>(), &rules), [(1, vec![1, 3, 5]), (2, vec![2, 4])]);
    assert_eq!(
        groups(&heads, &speakers::<7>(), &rules),
        [(1, vec![1, 3, 5]), (2, vec![2, 4, 6]), (3, vec![7])]
    );
    assert_eq!(groups(&heads, &speakers::<2>(), &rules), [(1, vec![1]), (2, vec![2])]);
}

#[test]
fn an_offer_group_may_take_the_reserve() {
    let rules = Rules { critical_offers: 2, ..keeping(2, Medium::Voice, None) };
    assert_eq!(groups(&[head(1, Class::Critical, &voice())], &speakers::<2>(), &rules), [(1, vec![1, 2])]);
}

#[test]
fn nobody_who_is_on_call_spent_or_in_need_of_an_interpreter_joins_somebody_better() {
    let rules = Rules { critical_offers: 4, severe_limit: 3, ..no_reserve() };
    let mut free = speakers::<4>();
    free[1].on_call = true;
    free[2].severe_in_a_row = 3;
    free[3].abilities =
        Arc::new(Abilities { interpreted: vec!["ar".to_owned()], ..able(&["ru"], &[], 1, 0, 0) });
    assert_eq!(groups(&[head(1, Class::Critical, &voice())], &free, &rules), [(1, vec![1])]);
}

#[test]
fn who_knows_the_contact_comes_first_for_a_while_and_nobody_waits_for_them() {
    let mut known = head(1, Class::Medium, &voice());
    known.preferred = Some(Preference { counsellor_id: counsellor_id(3), until_ms: NOW + 1 });
    let free = speakers::<3>();
    let chosen = |head: &Head, free: &[Free]| {
        let pairs = decide(std::slice::from_ref(head), free, &no_reserve(), NOW);
        (pairs[0].counsellor_id, pairs[0].counsellor_rule)
    };
    assert_eq!(chosen(&known, &free), (counsellor_id(3), CounsellorRule::Preferred));
    assert_eq!(chosen(&known, &free[..2]), (counsellor_id(1), CounsellorRule::LongestIdle));
    known.cooling = vec![counsellor_id(3)];
    assert_eq!(chosen(&known, &free), (counsellor_id(1), CounsellorRule::LongestIdle));
    known.cooling.clear();
    known.preferred = Some(Preference { counsellor_id: counsellor_id(3), until_ms: NOW });
    assert_eq!(chosen(&known, &free), (counsellor_id(1), CounsellorRule::LongestIdle));
}

#[test]
fn who_speaks_the_language_comes_before_who_has_an_interpreter_and_nobody_else_comes_at_all() {
    let interpreter = |number| {
        let abilities = Abilities { interpreted: vec!["ar".to_owned()], ..able(&["ru"], &[], 1, 0, 0) };
        person(number, &abilities)
    };
    let speaker = person(2, &able(&["ar", "ru", "en"], &[("law", 1)], 1, 0, 0));
    let neither = person(3, &able(&["ru"], &[], 1, 0, 0));
    let child = [head(1, Class::Critical, &voice())];
    let decided = decide(&child, &[interpreter(1), speaker, neither.clone()], &no_reserve(), NOW);
    assert_eq!(decided[0].counsellor_id, counsellor_id(2));
    assert_eq!(decided[0].counsellor_rule, CounsellorRule::SpeaksLanguage);
    let decided = decide(&child, &[interpreter(1), neither.clone()], &no_reserve(), NOW);
    assert_eq!(decided[0].notes, [Note::ThroughInterpreter]);
    assert!(decide(&child, &[neither], &no_reserve(), NOW).is_empty());
}

#[test]
fn who_is_on_call_is_offered_what_nobody_on_shift_is_free_for_and_only_if_it_is_urgent() {
    let mut free = speakers::<2>();
    free[0].on_call = true;
    let offered = |class, only_on_call, free: &[Free]| {
        let mut head = head(1, class, &voice());
        head.only_on_call = only_on_call;
        let pairs = decide(&[head], free, &no_reserve(), NOW);
        pairs.first().map(|pair| (pair.counsellor_id, pair.notes.contains(&Note::OnCall)))
    };
    assert_eq!(offered(Class::Critical, false, &free), Some((counsellor_id(2), false)));
    assert_eq!(offered(Class::Critical, false, &free[..1]), Some((counsellor_id(1), true)));
    assert_eq!(offered(Class::High, false, &free[..1]), None);
    assert_eq!(offered(Class::High, true, &free[..1]), Some((counsellor_id(1), true)));
    assert_eq!(offered(Class::Medium, true, &free[..1]), None);
}

#[test]
fn who_is_on_call_is_no_part_of_the_reserve() {
    let mut free = speakers::<2>();
    free[1].on_call = true;
    let rules = keeping(1, Medium::Voice, None);
    assert!(groups(&[head(1, Class::High, &voice())], &free, &rules).is_empty());
}

#[test]
fn after_enough_severe_contacts_in_a_row_others_come_first_for_the_next() {
    let rules = Rules { severe_limit: 3, ..no_reserve() };
    let mut free = speakers::<2>();
    free[0].severe_in_a_row = 3;
    let decided = decide(&[head(1, Class::High, &voice())], &free, &rules, NOW);
    assert_eq!(decided[0].counsellor_id, counsellor_id(2));
    assert_eq!(decided[0].counsellor_rule, CounsellorRule::CareLimit);
    let decided = decide(&[head(1, Class::High, &voice())], &free[..1], &rules, NOW);
    assert_eq!(decided[0].notes, [Note::CareLimitReached]);
    // What is not severe is no strain.
    assert_eq!(groups(&[head(1, Class::Medium, &voice())], &free, &rules), [(1, vec![1])]);
}

#[test]
fn the_explanation_knows_who_is_on_call() {
    let abilities = able(&["ar"], &[], 1, 0, 0);
    let shift = [OnShift {
        aside: Aside::default(),
        counsellor_id: counsellor_id(1),
        abilities: &abilities,
        held: Capacity::default(),
        ready: true,
        on_call: true,
    }];
    let cause = |class, only_on_call| {
        let mut head = head(1, class, &voice());
        head.only_on_call = only_on_call;
        explain(&head, 0, &shift, &keeping(1, Medium::Voice, None), NOW).cause
    };
    assert!(only_on_call(&voice(), &[], &shift));
    assert!(!only_on_call(&voice(), &[counsellor_id(1)], &shift));
    assert_eq!(cause(Class::Low, true), WaitingCause::NobodyOnShift);
    assert_eq!(cause(Class::High, false), WaitingCause::NobodyOnShift);
    assert_eq!(cause(Class::High, true), WaitingCause::BeingOffered);
    assert_eq!(cause(Class::Critical, false), WaitingCause::BeingOffered);
}

/// Somebody who holds paperwork of a call, and could put it aside.
fn at_paperwork(number: usize) -> Free {
    Free {
        held: Capacity { voice: 1, ..Capacity::default() },
        aside: Aside { can_be: true, was: false },
        ..person(number, &able(&["ar"], &[], 1, 0, 0))
    }
}

#[test]
fn a_critical_contact_interrupts_paperwork_when_nobody_is_free_and_others_never_do() {
    let critical = [head(1, Class::Critical, &voice())];
    let paired = decide(&critical, &[at_paperwork(1)], &no_reserve(), NOW);
    assert_eq!(paired[0].notes, [Note::WorkPutAside]);
    assert_eq!(
        groups(&critical, &[at_paperwork(1), speakers::<2>()[1].clone()], &no_reserve()),
        [(1, vec![2])]
    );
    let on_call = Free { on_call: true, ..speakers::<2>()[1].clone() };
    assert_eq!(groups(&critical, &[at_paperwork(1), on_call], &no_reserve()), [(1, vec![1])]);
    let talking = Free { aside: Aside::default(), ..at_paperwork(1) };
    assert!(groups(&critical, &[talking], &no_reserve()).is_empty());
    assert!(groups(&[head(1, Class::High, &voice())], &[at_paperwork(1)], &no_reserve()).is_empty());
}

#[test]
fn nobody_is_interrupted_to_join_somebody_free() {
    let rules = Rules { critical_offers: 3, ..no_reserve() };
    let critical = [head(1, Class::Critical, &voice())];
    assert_eq!(groups(&critical, &[at_paperwork(1), speakers::<2>()[1].clone()], &rules), [(1, vec![2])]);
    assert_eq!(groups(&critical, &[at_paperwork(1), at_paperwork(2)], &rules), [(1, vec![1, 2])]);
}

#[test]
fn who_is_at_paperwork_counts_as_kept() {
    let rules = keeping(1, Medium::Voice, Some("ar"));
    let (medium, free) = ([head(1, Class::Medium, &voice())], speakers::<2>());
    assert!(groups(&medium, &free[1..], &rules).is_empty());
    assert_eq!(groups(&medium, &[at_paperwork(1), free[1].clone()], &rules), [(1, vec![2])]);
    // A critical contact takes them out of it again.
    let both = [head(0, Class::Critical, &voice()), medium[0].clone()];
    assert_eq!(groups(&both, &[at_paperwork(1), free[1].clone()], &rules), [(0, vec![2])]);
}

#[test]
fn who_has_work_put_aside_is_offered_nothing_but_critical_contacts() {
    let mut returning = speakers::<1>()[0].clone();
    returning.aside.was = true;
    assert!(groups(&[head(1, Class::High, &voice())], &[returning.clone()], &no_reserve()).is_empty());
    assert_eq!(groups(&[head(1, Class::Critical, &voice())], &[returning], &no_reserve()), [(1, vec![1])]);
}
