//! Floors for the tests of the policy: some made by hand, some drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use uuid::Uuid;

use super::*;

/// Now, in milliseconds: late enough for a contact to have waited past the cap.
pub(super) const NOW: i64 = 1_000_000;
/// The cap in milliseconds.
pub(super) const CAP: i64 = 600_000;

pub(super) fn contact_id(number: usize) -> ContactId {
    Uuid::from_u128(0xC0_0000 + number as u128).into()
}

pub(super) fn counsellor_id(number: usize) -> CounsellorId {
    Uuid::from_u128(0xA0_0000 + number as u128).into()
}

pub(super) fn asks(medium: Medium, language: Option<&str>, skills: &[(&str, u8)]) -> Requirement {
    Requirement { medium, language: language.map(str::to_owned), skills: levels(skills) }
}

pub(super) fn able(languages: &[&str], skills: &[(&str, u8)], voice: u8, chat: u8, message: u8) -> Abilities {
    let languages = languages.iter().map(|&language| language.to_owned()).collect();
    let capacity = Capacity { voice, chat, message };
    Abilities { languages, interpreted: Vec::new(), skills: levels(skills), capacity }
}

fn levels(skills: &[(&str, u8)]) -> BTreeMap<String, u8> {
    skills.iter().map(|&(skill, level)| (skill.to_owned(), level)).collect()
}

/// A contact that came in order of its number, a second apart, a little while ago.
pub(super) fn head(number: usize, class: Class, requirement: &Requirement) -> Head {
    let received_ms = NOW - 100_000 + 1_000 * i64::try_from(number).expect("a small number");
    Head {
        contact_id: contact_id(number),
        class,
        resumed: false,
        deadline_ms: received_ms + target_ms(class),
        received_ms,
        sequence: i64::try_from(number).expect("a small number"),
        requirement: Arc::new(requirement.clone()),
        cooling: Vec::new(),
        cooling_void: false,
        barred: Vec::new(),
        preferred: None,
        only_on_call: false,
    }
}

/// Somebody who holds nothing, idle the longer the smaller the number.
pub(super) fn person(number: usize, abilities: &Abilities) -> Free {
    Free {
        counsellor_id: counsellor_id(number),
        abilities: Arc::new(abilities.clone()),
        held: Capacity::default(),
        idle_since_ms: i64::try_from(number).expect("a small number"),
        on_call: false,
        severe_in_a_row: 0,
        aside: Aside::default(),
    }
}

/// Rules that keep `reserve` for one group.
pub(super) fn keeping(reserve: u32, medium: Medium, language: Option<&str>) -> Rules {
    let group = Group { medium, language: language.map(str::to_owned), on_shift: 20 };
    Rules { reserve, cap_ms: CAP, on_shift: 20, reserve_from: 8, groups: vec![group], ..Rules::default() }
}

pub(super) fn no_reserve() -> Rules {
    Rules { cap_ms: CAP, ..Rules::default() }
}

pub(super) fn target_ms(class: Class) -> i64 {
    match class {
        Class::Critical => 15_000,
        Class::High => 60_000,
        Class::Medium => 180_000,
        Class::Low => 300_000,
    }
}

/// Everything [`decide`] looks at, except the time.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    pub(super) heads: Vec<Head>,
    pub(super) free: Vec<Free>,
    pub(super) rules: Rules,
}

/// Floors of every kind, small enough that contacts and counsellors get in each other's way.
pub(super) fn floors() -> impl Strategy<Value = Floor> {
    (vec(any_head(), 0..30), vec(any_person(), 0..24), any_rules()).prop_map(
        |(mut heads, mut free, rules)| {
            for (number, head) in heads.iter_mut().enumerate() {
                head.contact_id = contact_id(number);
                // A few sequences repeat.
                head.sequence = i64::try_from(number / 2).expect("a small number");
            }
            for (number, person) in free.iter_mut().enumerate() {
                person.counsellor_id = counsellor_id(number);
            }
            Floor { heads, free, rules }
        },
    )
}

const LANGUAGES: [&str; 4] = ["ar", "ar-qa", "en", "ru"];
const SKILLS: [&str; 2] = ["law", "trauma"];

fn any_medium() -> impl Strategy<Value = Medium> {
    select(Medium::ALL.to_vec())
}

fn any_language() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(select(LANGUAGES.to_vec()).prop_map(str::to_owned))
}

fn any_skills() -> impl Strategy<Value = BTreeMap<String, u8>> {
    btree_map(select(SKILLS.to_vec()).prop_map(str::to_owned), 1_u8..4, 0..3)
}

pub(super) fn any_head() -> impl Strategy<Value = Head> {
    // Many ask for the same, so that lines have more than one in them.
    let requirement = prop_oneof![
        1 => Just((Medium::Voice, Some("ar".to_owned()), BTreeMap::new())),
        2 => (any_medium(), any_language(), prop_oneof![3 => Just(BTreeMap::new()), 1 => any_skills()]),
    ];
    let place = (select(Class::ALL.to_vec()), prop::bool::weighted(0.1), 200_000_i64..NOW);
    let some = || prop_oneof![3 => Just(Vec::new()), 1 => vec(0_usize..24, 0..4)];
    let preferred = proptest::option::weighted(
        0.2,
        (0_usize..24, NOW - 5..NOW + 5)
            .prop_map(|(number, until_ms)| Preference { counsellor_id: counsellor_id(number), until_ms }),
    );
    // An asynchronous message may be meant to wait for longer than the cap.
    let longer = prop_oneof![3 => Just(0), 1 => Just(CAP + 100_000)];
    (requirement, place, some(), some(), (any::<bool>(), longer), preferred, prop::bool::weighted(0.2))
        .prop_map(|(requirement, place, cooling, barred, (void, longer), preferred, only_on_call)| {
            let (medium, language, skills) = requirement;
            // Whole tens of seconds, so that there are ties.
            let (class, resumed, received_ms) = (place.0, place.1, place.2 / 10_000 * 10_000);
            Head {
                contact_id: contact_id(0),
                class,
                resumed,
                deadline_ms: received_ms + target_ms(class) + if class > Class::High { longer } else { 0 },
                received_ms,
                sequence: 0,
                requirement: Arc::new(Requirement { medium, language, skills }),
                cooling: cooling.into_iter().map(counsellor_id).collect(),
                cooling_void: void,
                barred: barred.into_iter().map(counsellor_id).collect(),
                preferred,
                only_on_call,
            }
        })
}

pub(super) fn any_person() -> impl Strategy<Value = Free> {
    let capacity = (0_u8..2, 0_u8..4, 0_u8..4);
    let held = prop_oneof![2 => Just((0, 0, 0)), 1 => (0_u8..2, 0_u8..4, 0_u8..4)];
    let aside = (prop::bool::weighted(0.4), prop::bool::weighted(0.1));
    let languages = (subsequence(LANGUAGES.to_vec(), 0..=4), subsequence(LANGUAGES.to_vec(), 0..=1));
    let on_call = prop::bool::weighted(0.15);
    (languages, any_skills(), capacity, held, 0_i64..8, (on_call, aside), 0_u32..4).prop_map(
        |((languages, interpreted), skills, capacity, held, idle, (on_call, aside), severe_in_a_row)| {
            let owned = |tags: Vec<&str>| tags.into_iter().map(str::to_owned).collect();
            let capacity = Capacity { voice: capacity.0, chat: capacity.1, message: capacity.2 };
            Free {
                counsellor_id: counsellor_id(0),
                abilities: Arc::new(Abilities {
                    languages: owned(languages),
                    interpreted: owned(interpreted),
                    skills,
                    capacity,
                }),
                held: Capacity { voice: held.0, chat: held.1, message: held.2 },
                idle_since_ms: idle,
                on_call,
                severe_in_a_row,
                aside: Aside { can_be: aside.0 && !on_call && held != (0, 0, 0), was: aside.1 && !on_call },
            }
        },
    )
}

pub(super) fn any_rules() -> impl Strategy<Value = Rules> {
    // Around half of eight, where the reserve of a group changes.
    let group = (any_medium(), any_language(), 2_u32..12).prop_map(|(medium, language, on_shift)| Group {
        medium,
        language,
        on_shift,
    });
    let high_cap = select(vec![0, CAP / 10]);
    (0_u32..4, 4_u32..20, vec(group, 0..4), 0_u32..4, 0_u32..4, high_cap).prop_map(
        |(reserve, on_shift, groups, critical_offers, severe_limit, high_cap_ms)| Rules {
            reserve,
            cap_ms: CAP,
            high_cap_ms,
            on_shift,
            reserve_from: 8,
            groups,
            critical_offers,
            severe_limit,
        },
    )
}
