//! What must be known to sign a contact off.
//!
//! The summary in words is personal and has no type here: the check is told only whether there is one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// Most categories a contact can carry.
pub const MAX_CATEGORIES: usize = 10;

/// Most characters of a region key.
pub const MAX_REGION: usize = 40;

/// Defines an enum with its stable keys.
macro_rules! keyed {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $key:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $key)] $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: [Self; [$($key),+].len()] = [$(Self::$variant),+];

            /// The stable key under which the value is stored.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key,)+
                }
            }

            /// The value with this key.
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.key() == key)
            }
        }
    };
}

keyed!(
    /// What kind of contact it was.
    ContactKind {
        /// Counselling of or about a child. Needs a category and a summary.
        Counselling => "counselling",
        /// Nobody spoke.
        Silent => "silent",
        /// Ended before it began.
        HangUp => "hang_up",
        /// Abusive.
        Abusive => "abusive",
        /// A prank or a joke.
        Prank => "prank",
        /// Testing whether somebody is there.
        Test => "test",
        /// Wrong number.
        WrongNumber => "wrong_number",
        /// Thanks for earlier help.
        Thanks => "thanks",
        /// A question about the helpline or other services.
        Information => "information",
        /// An adult about adults.
        Adult => "adult",
        /// Anything else outside the helpline's scope.
        OutOfScope => "out_of_scope",
    }
);

keyed!(
    /// Gender as recorded.
    Gender {
        /// Not known.
        Unknown => "unknown",
        /// Girl or woman.
        Female => "female",
        /// Boy or man.
        Male => "male",
        /// Another.
        Other => "other",
    }
);

keyed!(
    /// Age as recorded, in years.
    AgeBand {
        /// Not known.
        Unknown => "unknown",
        /// 0 to 6.
        From0To6 => "0_6",
        /// 7 to 9.
        From7To9 => "7_9",
        /// 10 to 12.
        From10To12 => "10_12",
        /// 13 to 15.
        From13To15 => "13_15",
        /// 16 to 17.
        From16To17 => "16_17",
        /// 18 to 24.
        From18To24 => "18_24",
        /// 25 and over.
        From25 => "25_plus",
    }
);

keyed!(
    /// What was done.
    ActionTaken {
        /// Nothing could be done.
        None => "none",
        /// Listened and counselled.
        Counselled => "counselled",
        /// Gave information.
        Informed => "informed",
        /// Referred to a service.
        Referred => "referred",
        /// Raised an emergency.
        Escalated => "escalated",
        /// Agreed on a further contact.
        FollowUp => "follow_up",
    }
);

/// The closing record of a contact, without its summary.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Closing {
    /// Kind of contact.
    pub kind: ContactKind,
    /// Category keys: built-in ones and those of the centre's settings.
    pub categories: Vec<String>,
    /// Gender of the child.
    pub gender: Gender,
    /// Age of the child.
    pub age_band: AgeBand,
    /// Region key, or `unknown`. Lower-case letters, digits and `_`, at most [`MAX_REGION`].
    pub region: String,
    /// What was done.
    pub action_taken: ActionTaken,
}

/// Something that keeps a contact from being signed off. Never repeats what was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClosingProblem {
    /// The field, as on the wire: `region`, `categories`, `categories[2]`, `summary`.
    pub field: String,
    /// What was expected of it.
    pub expected: &'static str,
}

/// Category keys every centre has: ten groups of counselling reasons. A key is the group, a dot, and the reason.
pub const DEFAULT_CATEGORIES: &[&str] = &[
    "missing.abducted_by_parent",
    "missing.abducted_by_other",
    "missing.runaway",
    "missing.thrown_out",
    "missing.lost_on_the_move",
    "missing.other",
    "violence.physical",
    "violence.emotional",
    "violence.sexual",
    "violence.sexual_online",
    "violence.neglect",
    "violence.bullying",
    "violence.bullying_online",
    "violence.domestic_witness",
    "violence.early_marriage",
    "violence.genital_cutting",
    "violence.labour",
    "violence.sexual_exploitation",
    "violence.trafficking",
    "violence.armed_conflict",
    "violence.other",
    "mental_health.suicidal_thoughts",
    "mental_health.suicide_attempt",
    "mental_health.self_harm",
    "mental_health.anxiety",
    "mental_health.low_mood",
    "mental_health.trauma",
    "mental_health.grief",
    "mental_health.loneliness",
    "mental_health.eating",
    "mental_health.addiction",
    "mental_health.other",
    "physical_health.illness",
    "physical_health.disability",
    "physical_health.nutrition",
    "physical_health.substance_use",
    "physical_health.other",
    "services.health_care",
    "services.legal_help",
    "services.shelter",
    "services.money_and_food",
    "services.documents_and_asylum",
    "services.other",
    "discrimination.disability",
    "discrimination.ethnicity_or_nationality",
    "discrimination.gender",
    "discrimination.religion",
    "discrimination.migration_status",
    "discrimination.sexual_orientation",
    "discrimination.other",
    "family.conflict",
    "family.separation_of_parents",
    "family.custody_and_contact",
    "family.alternative_care",
    "family.separated_from_family",
    "family.illness_or_addiction_of_carer",
    "family.other",
    "peers.friendship",
    "peers.first_love",
    "peers.partner_violence",
    "peers.exclusion",
    "peers.other",
    "education.access",
    "education.performance",
    "education.teacher_conflict",
    "education.attendance",
    "education.work_and_training",
    "education.other",
    "sexuality.knowledge",
    "sexuality.orientation_and_identity",
    "sexuality.pregnancy",
    "sexuality.infection",
    "sexuality.other",
];

/// What keeps a contact from being signed off; empty if nothing does.
///
/// Counselling needs a summary and at least one category; every other kind may have both or neither. Categories are
/// known, each stands once, and there are at most [`MAX_CATEGORIES`].
pub fn check_closing(closing: &Closing, summary_present: bool, settings: &Settings) -> Vec<ClosingProblem> {
    let mut problems = Vec::new();
    let mut expect = |holds: bool, field: String, expected: &'static str| {
        if !holds {
            problems.push(ClosingProblem { field, expected });
        }
    };
    let counselling = closing.kind == ContactKind::Counselling;
    expect(
        !counselling || !closing.categories.is_empty(),
        "categories".to_owned(),
        "at least one for counselling",
    );
    expect(closing.categories.len() <= MAX_CATEGORIES, "categories".to_owned(), "at most 10");
    let mut seen = BTreeSet::new();
    // Beyond the limit nothing is looked at, so that the answer stays small whatever was sent.
    for (index, category) in closing.categories.iter().take(MAX_CATEGORIES).enumerate() {
        let known = DEFAULT_CATEGORIES.contains(&category.as_str()) || settings.categories.contains(category);
        expect(known, format!("categories[{index}]"), "a category of this centre");
        expect(seen.insert(category), format!("categories[{index}]"), "each category once");
    }
    expect(
        is_region(&closing.region),
        "region".to_owned(),
        "1 to 40 lower-case letters, digits or `_`; or `unknown`",
    );
    expect(!counselling || summary_present, "summary".to_owned(), "a summary for counselling");
    problems
}

/// Whether the text can be a region key.
fn is_region(text: &str) -> bool {
    (1..=MAX_REGION).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counselling(categories: &[&str]) -> Closing {
        Closing {
            kind: ContactKind::Counselling,
            categories: categories.iter().map(|&category| category.to_owned()).collect(),
            gender: Gender::Unknown,
            age_band: AgeBand::Unknown,
            region: "unknown".to_owned(),
            action_taken: ActionTaken::Counselled,
        }
    }

    fn fields(closing: &Closing, summary_present: bool) -> Vec<String> {
        let settings = Settings { categories: BTreeSet::from(["desert".to_owned()]), ..Settings::default() };
        check_closing(closing, summary_present, &settings).into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn counselling_with_a_category_and_a_summary_can_be_signed_off() {
        assert!(fields(&counselling(&["violence.physical", "desert"]), true).is_empty());
    }

    #[test]
    fn counselling_without_category_or_summary_cannot_be_signed_off() {
        assert_eq!(fields(&counselling(&[]), false), ["categories", "summary"]);
    }

    #[test]
    fn a_silent_call_needs_neither_category_nor_summary() {
        assert!(fields(&Closing { kind: ContactKind::Silent, ..counselling(&[]) }, false).is_empty());
    }

    #[test]
    fn an_unknown_category_and_a_category_twice_are_refused_by_their_place() {
        let closing = counselling(&["violence", "peers.other", "peers.other"]);
        assert_eq!(fields(&closing, true), ["categories[0]", "categories[2]"]);
    }

    #[test]
    fn more_than_ten_categories_are_refused() {
        assert!(fields(&counselling(&DEFAULT_CATEGORIES[..MAX_CATEGORIES]), true).is_empty());
        assert_eq!(fields(&counselling(&DEFAULT_CATEGORIES[..=MAX_CATEGORIES]), true), ["categories"]);
    }

    #[test]
    fn a_region_is_a_key_and_not_a_name() {
        for refused in ["", "Doha", "al rayyan", "الدوحة", &"a".repeat(41)] {
            let closing = Closing { region: refused.to_owned(), ..counselling(&["peers.other"]) };
            assert_eq!(fields(&closing, true), ["region"], "{refused}");
        }
        let closing = Closing { region: "al_rayyan_2".to_owned(), ..counselling(&["peers.other"]) };
        assert!(fields(&closing, true).is_empty());
    }

    #[test]
    fn the_built_in_categories_are_ten_groups_of_plain_keys_each_once() {
        let keys: BTreeSet<&str> = DEFAULT_CATEGORIES.iter().copied().collect();
        assert_eq!(keys.len(), DEFAULT_CATEGORIES.len());
        let groups: BTreeSet<&str> = keys.iter().map(|key| key.split('.').next().unwrap()).collect();
        assert_eq!(groups.len(), 10);
        for key in keys {
            assert!(
                key.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.')),
                "{key}"
            );
            assert_eq!(key.matches('.').count(), 1, "{key}");
        }
        for group in groups {
            assert!(DEFAULT_CATEGORIES.contains(&format!("{group}.other").as_str()), "{group}");
        }
    }

    #[test]
    fn every_key_leads_back_to_its_value() {
        assert!(ContactKind::ALL.into_iter().all(|value| ContactKind::from_key(value.key()) == Some(value)));
        assert!(Gender::ALL.into_iter().all(|value| Gender::from_key(value.key()) == Some(value)));
        assert!(AgeBand::ALL.into_iter().all(|value| AgeBand::from_key(value.key()) == Some(value)));
        assert!(ActionTaken::ALL.into_iter().all(|value| ActionTaken::from_key(value.key()) == Some(value)));
        assert_eq!(serde_json::to_string(&AgeBand::From16To17).unwrap(), "\"16_17\"");
    }
}
