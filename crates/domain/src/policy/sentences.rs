//! The policy in single cases.

use super::samples::{CAP, NOW, able, asks, contact_id, counsellor_id, head, keeping, no_reserve, person};
use super::*;

/// Who got what, by the numbers of the samples.
fn pairs(heads: &[Head], free: &[Free], rules: &Rules) -> Vec<(usize, usize)> {
    let number =
        |is: &dyn Fn(usize) -> bool| (0..1_000).find(|&number| is(number)).expect("a sample's number");
    decide(heads, free, rules, NOW)
        .iter()
        .map(|pair| {
            (
                number(&|n| contact_id(n) == pair.contact_id),
                number(&|n| counsellor_id(n) == pair.counsellor_id),
            )
        })
        .collect()
}

#[test]
fn a_critical_contact_comes_before_one_that_came_earlier() {
    let voice = asks(Medium::Voice, None, &[]);
    let heads = [head(1, Class::High, &voice), head(2, Class::Critical, &voice)];
    let free = [person(1, &able(&["ar"], &[], 1, 0, 0))];
    assert_eq!(pairs(&heads, &free, &no_reserve()), [(2, 1)]);
}

#[test]
fn who_was_cut_off_comes_before_who_was_not_but_not_before_a_critical_contact() {
    let chat = asks(Medium::Chat, None, &[]);
    let mut resumed = head(3, Class::Low, &chat);
    resumed.resumed = true;
    let heads = [head(1, Class::High, &chat), head(2, Class::Critical, &chat), resumed];
    let free = [1, 2].map(|number| person(number, &able(&["ar"], &[], 0, 1, 0)));
    let decided = decide(&heads, &free, &no_reserve(), NOW);
    assert_eq!(
        decided.iter().map(|pair| pair.contact_id).collect::<Vec<_>>(),
        [contact_id(2), contact_id(3)]
    );
    assert_eq!(decided[0].contact_rule, ContactRule::CriticalFirst);
    assert_eq!(decided[1].contact_rule, ContactRule::ResumedFirst);
}

#[test]
fn below_critical_the_earliest_deadline_comes_first_whatever_the_class() {
    let chat = asks(Medium::Chat, None, &[]);
    let mut long_waiting = head(1, Class::Low, &chat);
    long_waiting.received_ms = NOW - 400_000;
    long_waiting.deadline_ms = NOW - 100_000;
    let heads = [head(2, Class::High, &chat), long_waiting];
    let free = [person(1, &able(&["ar"], &[], 0, 3, 0))];
    assert_eq!(pairs(&heads, &free, &no_reserve()), [(1, 1)]);
}

#[test]
fn equal_deadlines_are_served_in_the_order_of_arrival() {
    let chat = asks(Medium::Chat, None, &[]);
    let mut heads = [head(2, Class::Medium, &chat), head(1, Class::Medium, &chat)];
    for head in &mut heads {
        head.deadline_ms = NOW;
    }
    let free = [person(1, &able(&["ar"], &[], 0, 3, 0))];
    assert_eq!(pairs(&heads, &free, &no_reserve()), [(1, 1)]);
}

#[test]
fn rare_skills_stay_free_for_who_needs_them() {
    let heads = [
        head(1, Class::High, &asks(Medium::Voice, Some("ar"), &[])),
        head(2, Class::Low, &asks(Medium::Voice, Some("ru"), &[("law", 2)])),
    ];
    let free =
        [person(1, &able(&["ar", "ru"], &[("law", 3)], 1, 0, 0)), person(2, &able(&["ar"], &[], 1, 0, 0))];
    let decided = decide(&heads, &free, &no_reserve(), NOW);
    assert_eq!(pairs(&heads, &free, &no_reserve()), [(1, 2), (2, 1)]);
    assert_eq!(decided[0].counsellor_rule, CounsellorRule::FewestOtherSkills);
    assert_eq!(decided[1].counsellor_rule, CounsellorRule::OnlyOne);
}

#[test]
fn nobody_gets_a_third_chat_while_an_equal_has_one() {
    let chats = able(&["ar"], &[], 0, 3, 0);
    let mut free = [person(1, &chats), person(2, &chats)];
    free[0].held.chat = 2;
    free[1].held.chat = 1;
    let decided = decide(&[head(1, Class::High, &asks(Medium::Chat, None, &[]))], &free, &no_reserve(), NOW);
    assert_eq!(decided[0].counsellor_id, counsellor_id(2));
    assert_eq!(decided[0].counsellor_rule, CounsellorRule::LowestLoad);
}

#[test]
fn among_equals_who_has_been_idle_longest_is_next() {
    let free = [3, 1, 2].map(|number| person(number, &able(&["ar"], &[], 1, 0, 0)));
    let decided = decide(&[head(1, Class::High, &asks(Medium::Voice, None, &[]))], &free, &no_reserve(), NOW);
    assert_eq!(decided[0].counsellor_id, counsellor_id(1));
    assert_eq!(decided[0].counsellor_rule, CounsellorRule::LongestIdle);
    assert_eq!(decided[0].contact_rule, ContactRule::EarliestDeadline);
    assert!(decided[0].notes.is_empty());
}

#[test]
fn who_speaks_takes_nothing_and_who_chats_takes_no_call() {
    let all = able(&["ar"], &[], 1, 3, 3);
    let mut free = [person(1, &all), person(2, &all)];
    free[0].held.voice = 1;
    free[1].held.chat = 1;
    let call = head(1, Class::Critical, &asks(Medium::Voice, None, &[]));
    let chat = head(2, Class::Low, &asks(Medium::Chat, None, &[]));
    assert_eq!(pairs(&[call, chat], &free, &no_reserve()), [(2, 2)]);
}

#[test]
fn a_counsellor_with_room_for_two_is_given_one_contact_in_a_pass() {
    let chat = asks(Medium::Chat, None, &[]);
    let heads = [head(1, Class::High, &chat), head(2, Class::High, &chat)];
    assert_eq!(pairs(&heads, &[person(1, &able(&["ar"], &[], 0, 2, 0))], &no_reserve()), [(1, 1)]);
}

#[test]
fn the_last_who_could_serve_a_critical_call_is_kept_from_lesser_calls() {
    let voice = asks(Medium::Voice, Some("ru"), &[]);
    let speakers = able(&["ru"], &[], 1, 0, 0);
    let free = [person(1, &speakers), person(2, &speakers)];
    let heads = [head(1, Class::High, &voice), head(2, Class::High, &voice)];
    let rules = keeping(1, Medium::Voice, Some("ru"));
    assert_eq!(pairs(&heads, &free, &rules), [(1, 1)]);
    let critical = [head(1, Class::Critical, &voice), head(2, Class::Critical, &voice)];
    assert_eq!(pairs(&critical, &free, &rules).len(), 2);
}

#[test]
fn the_reserve_of_a_scarce_language_holds_nobody_else_back() {
    let heads = [1, 2].map(|number| head(number, Class::Medium, &asks(Medium::Voice, Some("ar"), &[])));
    let free = [person(1, &able(&["ar", "ru"], &[], 1, 0, 0)), person(2, &able(&["ar"], &[], 1, 0, 0))];
    assert_eq!(pairs(&heads, &free, &keeping(1, Medium::Voice, Some("ru"))), [(1, 2)]);
}

#[test]
fn a_chat_that_ends_the_ability_to_take_a_call_touches_the_reserve_of_calls() {
    let chat = [head(1, Class::Low, &asks(Medium::Chat, None, &[]))];
    let both = [person(1, &able(&["ar"], &[], 1, 3, 0))];
    assert!(pairs(&chat, &both, &keeping(1, Medium::Voice, None)).is_empty());
    // With a chat open already no call could be taken, so nothing is lost.
    let mut chatting = both.clone();
    chatting[0].held.chat = 1;
    assert_eq!(pairs(&chat, &chatting, &keeping(1, Medium::Voice, None)), [(1, 1)]);
    // And room for a further chat keeps the reserve of chats.
    assert_eq!(pairs(&chat, &both, &keeping(1, Medium::Chat, None)), [(1, 1)]);
}

#[test]
fn a_small_shift_keeps_no_reserve() {
    let heads = [head(1, Class::Low, &asks(Medium::Voice, None, &[]))];
    let free = [person(1, &able(&["ar"], &[], 1, 0, 0))];
    let mut rules = keeping(1, Medium::Voice, None);
    assert!(pairs(&heads, &free, &rules).is_empty());
    rules.on_shift = 7;
    assert_eq!(pairs(&heads, &free, &rules), [(1, 1)]);
}

#[test]
fn a_group_keeps_two_where_eight_could_serve_it_one_where_four_could_and_nobody_where_three_could() {
    let call = asks(Medium::Voice, Some("ru"), &[]);
    let heads = [1, 2, 3].map(|number| head(number, Class::Low, &call));
    let free = [1, 2, 3].map(|number| person(number, &able(&["ru"], &[], 1, 0, 0)));
    let mut rules = keeping(2, Medium::Voice, Some("ru"));
    let mut kept = |on_shift, reserve| {
        (rules.groups[0].on_shift, rules.reserve) = (on_shift, reserve);
        free.len() - pairs(&heads, &free, &rules).len()
    };
    assert_eq!([8, 7, 4, 3, 1].map(|on_shift| kept(on_shift, 2)), [2, 1, 1, 0, 0]);
    assert_eq!([8, 4, 3].map(|on_shift| kept(on_shift, 1)), [1, 1, 0]);
    assert_eq!(kept(8, 0), 0);
}

#[test]
fn who_could_serve_a_group_is_counted_with_empty_hands_and_through_an_interpreter_too() {
    let call = asks(Medium::Voice, Some("ru"), &[]);
    let with_law = asks(Medium::Voice, Some("ru"), &[("law", 3)]);
    let mut interpreter = able(&["ar"], &[], 1, 0, 0);
    interpreter.interpreted = vec!["ru".to_owned()];
    let shift =
        [interpreter, able(&["ru"], &[], 1, 2, 0), able(&["ru"], &[], 0, 2, 0), able(&["ar"], &[], 1, 0, 0)];
    let groups = Group::of([&call, &with_law, &asks(Medium::Chat, None, &[])], &shift);
    let counted: Vec<_> =
        groups.iter().map(|group| (group.medium, group.language.as_deref(), group.on_shift)).collect();
    assert_eq!(counted, [(Medium::Voice, Some("ru"), 2), (Medium::Chat, None, 2)]);
}

#[test]
fn who_has_waited_for_the_cap_may_use_the_reserve_but_not_before_a_critical_contact() {
    let voice = asks(Medium::Voice, None, &[]);
    let mut capped = head(1, Class::Low, &voice);
    (capped.received_ms, capped.deadline_ms) = (NOW - CAP, NOW);
    let free = [person(1, &able(&["ar"], &[], 1, 0, 0))];
    let rules = keeping(1, Medium::Voice, None);
    let alone = decide(&[capped.clone()], &free, &rules, NOW);
    assert_eq!(alone[0].notes, [Note::ReserveUsedByCap]);
    assert!(decide(&[capped.clone()], &free, &rules, NOW - 1).is_empty());
    assert_eq!(pairs(&[capped, head(2, Class::Critical, &voice)], &free, &rules), [(2, 1)]);
}

#[test]
fn who_has_waited_for_the_cap_leaves_the_reserve_alone_while_somebody_else_is_free() {
    let mut capped = head(1, Class::Low, &asks(Medium::Voice, Some("ar"), &[]));
    (capped.received_ms, capped.deadline_ms) = (NOW - CAP, NOW);
    let free = [
        person(1, &able(&["ru", "ar"], &[], 1, 0, 0)),
        person(2, &able(&["ar"], &[("law", 1), ("trauma", 1)], 1, 0, 0)),
    ];
    let decided = decide(&[capped], &free, &keeping(1, Medium::Voice, Some("ru")), NOW);
    assert_eq!(decided[0].counsellor_id, counsellor_id(2));
    assert!(decided[0].notes.is_empty());
}

#[test]
fn a_high_contact_soon_reaches_into_the_reserve_but_leaves_the_last() {
    let voice = asks(Medium::Voice, None, &[]);
    let rules = Rules { high_cap_ms: 30_000, ..keeping(2, Medium::Voice, None) };
    let able = able(&["ar"], &[], 1, 0, 0);
    let free = [person(1, &able), person(2, &able)];
    let mut waited = head(1, Class::High, &voice);
    waited.received_ms = NOW - 30_000;
    assert!(pairs(&[Head { received_ms: NOW - 29_999, ..waited.clone() }], &free, &rules).is_empty());
    assert_eq!(pairs(&[waited.clone()], &free, &rules), [(1, 1)]);
    assert!(pairs(&[waited.clone()], &free[..1], &rules).is_empty(), "the last is kept");
    assert!(pairs(&[Head { class: Class::Medium, ..waited }], &free, &rules).is_empty());
}

#[test]
fn an_e_mail_takes_nobody_from_the_reserve_before_its_own_deadline() {
    let message = asks(Medium::Message, None, &[]);
    let rules = keeping(1, Medium::Message, None);
    let free = [person(1, &able(&["ar"], &[], 0, 0, 1))];
    let mut mail = head(1, Class::Medium, &message);
    (mail.received_ms, mail.deadline_ms) = (NOW - CAP - 1, NOW + 1);
    assert!(pairs(&[mail.clone()], &free, &rules).is_empty());
    let all = able(&["ar"], &[], 0, 0, 1);
    let shift = [on_shift(1, &all, Capacity::default(), true)];
    let said = explain(&mail, 0, &shift, &rules, NOW);
    assert_eq!((said.cause, said.cap_at_ms, said.cap_in_ms), (WaitingCause::Reserved, NOW + 1, 1));
    mail.deadline_ms = NOW;
    assert_eq!(pairs(&[mail], &free, &rules), [(1, 1)]);
}

#[test]
fn who_has_just_declined_is_not_offered_it_again_unless_nobody_else_could_take_it() {
    let mut declined = head(1, Class::High, &asks(Medium::Chat, None, &[]));
    declined.cooling = vec![counsellor_id(1)];
    let chats = able(&["ar"], &[], 0, 1, 0);
    let free = [person(1, &chats), person(2, &chats)];
    assert_eq!(pairs(&[declined.clone()], &free, &no_reserve()), [(1, 2)]);
    assert!(pairs(&[declined.clone()], &free[..1], &no_reserve()).is_empty());
    declined.cooling_void = true;
    assert_eq!(pairs(&[declined.clone()], &free, &no_reserve()), [(1, 2)]);
    let lifted = decide(&[declined], &free[..1], &no_reserve(), NOW);
    assert_eq!(lifted[0].notes, [Note::CoolDownLifted]);
}

#[test]
fn who_is_barred_is_never_offered_it() {
    let mut conflict = head(1, Class::Critical, &asks(Medium::Chat, None, &[]));
    conflict.barred = vec![counsellor_id(1)];
    conflict.cooling_void = true;
    assert!(pairs(&[conflict], &[person(1, &able(&["ar"], &[], 0, 1, 0))], &no_reserve()).is_empty());
}

/// Somebody on shift, by the number and the abilities.
fn on_shift(number: usize, abilities: &Abilities, held: Capacity, ready: bool) -> OnShift<'_> {
    OnShift {
        counsellor_id: counsellor_id(number),
        abilities,
        held,
        ready,
        on_call: false,
        aside: Aside::default(),
    }
}

#[test]
fn the_explanation_counts_what_each_on_shift_lacks_first() {
    let child = head(1, Class::High, &asks(Medium::Voice, Some("ru"), &[("law", 2)]));
    let all = [
        able(&["ar"], &[("law", 3)], 1, 0, 0),
        able(&["ru"], &[("law", 1)], 1, 0, 0),
        able(&["ru"], &[("law", 2)], 0, 2, 0),
    ];
    let shift: Vec<_> =
        all.iter().enumerate().map(|(n, who)| on_shift(n, who, Capacity::default(), true)).collect();
    let explanation = explain(&child, 4, &shift, &no_reserve(), NOW);
    assert_eq!(explanation.cause, WaitingCause::NobodyOnShift);
    assert_eq!(
        (explanation.lacking_language, explanation.lacking_skill, explanation.lacking_channel),
        (1, 1, 1)
    );
    assert_eq!((explanation.eligible_on_shift, explanation.ahead), (0, 4));
    assert_eq!(explanation.waited_ms, NOW - child.received_ms);
    assert_eq!(explanation.cap_at_ms, child.received_ms + CAP);
    assert!(!outlook(&child.requirement, &all));
}

#[test]
fn each_cause_of_waiting_is_told_apart() {
    let voice = able(&["ar"], &[], 1, 0, 0);
    let (nothing, speaking) = (Capacity::default(), Capacity { voice: 1, ..Capacity::default() });
    let mut child = head(1, Class::High, &asks(Medium::Voice, None, &[]));
    let rules = keeping(1, Medium::Voice, None);
    let cause = |head: &Head, ahead, shift: &[OnShift<'_>]| explain(head, ahead, shift, &rules, NOW).cause;
    let free = on_shift(1, &voice, nothing, true);
    let other = on_shift(2, &voice, nothing, true);
    assert_eq!(cause(&child, 0, &[]), WaitingCause::NobodyOnShift);
    assert_eq!(cause(&child, 0, &[on_shift(1, &voice, speaking, true)]), WaitingCause::AllBusy);
    assert_eq!(cause(&child, 0, &[on_shift(1, &voice, nothing, false)]), WaitingCause::AllBusy);
    assert_eq!(cause(&child, 0, std::slice::from_ref(&free)), WaitingCause::Reserved);
    assert_eq!(cause(&child, 2, &[free.clone(), other.clone()]), WaitingCause::OthersFirst);
    assert_eq!(cause(&child, 0, &[free.clone(), other.clone()]), WaitingCause::BeingOffered);
    child.cooling = vec![counsellor_id(1), counsellor_id(2)];
    assert_eq!(cause(&child, 0, &[free.clone(), other]), WaitingCause::CoolDown);
    child.class = Class::Critical;
    child.cooling.clear();
    assert_eq!(cause(&child, 0, &[free]), WaitingCause::BeingOffered);
}

#[test]
fn a_cool_down_is_void_when_all_others_are_on_a_pause_or_cannot() {
    let (voice, chats) = (able(&["ar"], &[], 1, 0, 0), able(&["ar"], &[], 0, 2, 0));
    let call = asks(Medium::Voice, None, &[]);
    let cooling = [counsellor_id(1)];
    let nothing = Capacity::default();
    let speaking = Capacity { voice: 1, ..nothing };
    let mut shift = vec![
        on_shift(1, &voice, nothing, true),
        on_shift(2, &chats, nothing, true),
        on_shift(3, &voice, nothing, false),
    ];
    assert!(cool_down_is_void(&call, &cooling, &[], &shift));
    shift.push(on_shift(4, &voice, speaking, true));
    assert!(!cool_down_is_void(&call, &cooling, &[], &shift));
    assert!(cool_down_is_void(&call, &cooling, &[counsellor_id(4)], &shift));
}

#[test]
fn no_two_rules_notes_or_causes_share_a_key() {
    let mut keys: Vec<&str> = ContactRule::ALL.map(ContactRule::key).to_vec();
    keys.extend(CounsellorRule::ALL.map(CounsellorRule::key));
    keys.extend(Note::ALL.map(Note::key));
    keys.extend(WaitingCause::ALL.map(WaitingCause::key));
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
}
