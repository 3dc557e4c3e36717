//! Who calls and who answers: drawn, never real.

use helpline_proto::directory::v1::{Capacity, Counsellor};
use helpline_proto::terms::v1::{Channel, Risk, SkillLevel};

use crate::draws::Draws;

/// The queue of everybody.
pub const GENERAL: &str = "general";
/// The queue of children in crisis; asks for [`CRISIS_SKILL`].
pub const CRISIS: &str = "crisis";
/// The skill that the queue [`CRISIS`] asks for, at level 2.
pub const CRISIS_SKILL: &str = "suicide";
/// Every skill of the demo centre.
pub const SKILLS: [&str; 3] = [CRISIS_SKILL, "violence", "migration"];

/// Target waits of critical, high, medium and low contacts, in seconds of the helpline's time.
pub const TARGETS: [f64; 4] = [15.0, 60.0, 180.0, 300.0];

/// What a child will do.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildPlan {
    /// How the child comes.
    pub channel: Channel,
    /// The risk that is known at the start.
    pub risk: Risk,
    /// Key of the queue.
    pub queue: &'static str,
    /// Language wanted.
    pub language: &'static str,
    /// How long the child waits before leaving, in seconds of the helpline's time.
    pub patience: f64,
    /// How many messages the child writes before anybody answers; 0 on channels of speech.
    pub opening_messages: usize,
}

impl ChildPlan {
    /// The first who comes: is being harmed at this moment, and does not give up.
    pub fn in_danger() -> Self {
        Self {
            channel: Channel::Voice,
            risk: Risk::HarmNow,
            queue: CRISIS,
            language: "ar",
            patience: 3600.0,
            opening_messages: 0,
        }
    }

    /// Draws a child.
    pub fn draw(draws: &mut Draws) -> Self {
        let channels = [
            (Channel::Voice, 0.50),
            (Channel::WebChat, 0.32),
            (Channel::Sms, 0.06),
            (Channel::Whatsapp, 0.08),
            (Channel::Telegram, 0.04),
        ];
        let channel = draws.weighted(&channels).unwrap_or(Channel::Voice);
        let risks = [
            (Risk::Unspecified, 0.36),
            (Risk::None, 0.22),
            (Risk::Low, 0.14),
            (Risk::Medium, 0.12),
            (Risk::High, 0.10),
            (Risk::Imminent, 0.04),
            (Risk::HarmNow, 0.02),
        ];
        let risk = draws.weighted(&risks).unwrap_or(Risk::Unspecified);
        let language = draws.weighted(&[("ar", 0.5), ("ru", 0.3), ("en", 0.2)]).unwrap_or("en");
        let in_crisis = match risk {
            Risk::HarmNow | Risk::Imminent => 0.8,
            Risk::High => 0.3,
            _ => 0.02,
        };
        let queue = if draws.chance(in_crisis) { CRISIS } else { GENERAL };
        let speaks = is_speech(channel);
        let patience = match risk {
            Risk::HarmNow | Risk::Imminent => 240.0,
            Risk::High | Risk::Unspecified => 300.0,
            Risk::Medium | Risk::Low => 420.0,
            Risk::None => 540.0,
        };
        // Who writes waits longer than who holds a telephone.
        let patience = draws.exponential(if speaks { patience } else { patience * 2.5 });
        let opening_messages = if speaks { 0 } else { 1 + draws.below(2) };
        Self { channel, risk, queue, language, patience, opening_messages }
    }
}

/// Whether the contact is spoken and has no messages.
pub fn is_speech(channel: Channel) -> bool {
    matches!(channel, Channel::Voice | Channel::WalkIn)
}

/// What is characteristic of a counsellor.
#[derive(Clone, Debug, PartialEq)]
pub struct CounsellorPlan {
    /// Name shown to colleagues.
    pub name: String,
    /// Languages spoken with children.
    pub languages: &'static [&'static str],
    /// Skills with levels.
    pub skills: Vec<(&'static str, i32)>,
    /// Capacity for voice, chats and messages.
    pub capacity: (i32, i32, i32),
    /// How the person works.
    pub manner: Manner,
}

/// How a person works; times in seconds of the helpline's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manner {
    /// Share of offers that are not noticed.
    pub misses: f64,
    /// Share of offers that are declined.
    pub declines: f64,
    /// Share of contacts that are given back to the line.
    pub transfers: f64,
    /// Mean time between two breaks.
    pub between_breaks: f64,
    /// Length of a break.
    pub break_length: f64,
}

impl Default for Manner {
    fn default() -> Self {
        Self { misses: 0.03, declines: 0.03, transfers: 0.02, between_breaks: 2700.0, break_length: 240.0 }
    }
}

impl CounsellorPlan {
    /// The staff of a shift: languages and skills in fixed turns, so that even a small shift has every language.
    pub fn shift(count: usize) -> Vec<Self> {
        const LANGUAGES: [&[&str]; 6] =
            [&["ar", "en"], &["ru", "en"], &["ar"], &["ar", "ru"], &["en", "ar"], &["ru"]];
        (0..count)
            .map(|place| {
                let mut skills = Vec::new();
                // The first of each round of languages knows about crises: every language has one.
                if place % 6 < 2 || place % 4 == 3 {
                    skills.push((CRISIS_SKILL, 2 + i32::from(place % 6 == 0)));
                }
                if place % 3 == 0 {
                    skills.push(("violence", 3));
                }
                if place % 5 == 1 {
                    skills.push(("migration", 2));
                }
                Self {
                    name: format!("Counsellor {:02}", place + 1),
                    languages: LANGUAGES.get(place % LANGUAGES.len()).copied().unwrap_or(&["en"]),
                    skills,
                    capacity: (1, 2 + i32::from(place % 2 == 0), 3),
                    manner: Manner::default(),
                }
            })
            .collect()
    }

    /// The counsellor as the API takes it.
    pub fn record(&self) -> Counsellor {
        let (voice, chats, messages) = self.capacity;
        Counsellor {
            display_name: self.name.clone(),
            languages: self.languages.iter().map(|&tag| tag.to_owned()).collect(),
            skills: self
                .skills
                .iter()
                .map(|&(skill, level)| SkillLevel { skill: skill.to_owned(), level })
                .collect(),
            capacity: Some(Capacity { voice, chats, messages }),
            ..Counsellor::default()
        }
    }
}

/// How long a conversation lasts, in seconds of the helpline's time.
pub fn talk_time(channel: Channel, draws: &mut Draws) -> f64 {
    match channel {
        Channel::Voice | Channel::WalkIn => draws.log_normal(180.0, 140.0),
        Channel::WebChat => draws.log_normal(300.0, 190.0),
        _ => draws.log_normal(240.0, 150.0),
    }
}

/// How long the wrap-up lasts, in seconds of the helpline's time.
pub fn wrap_up_time(draws: &mut Draws) -> f64 {
    draws.log_normal(35.0, 20.0)
}

/// How long it takes to notice an offer and take it, in seconds of the helpline's time.
pub fn ring_time(draws: &mut Draws) -> f64 {
    draws.between(2.0, 7.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_come_in_every_class_language_and_on_every_channel_of_the_mix() {
        let mut draws = Draws::new(5, 0);
        let children: Vec<ChildPlan> = (0..5000).map(|_| ChildPlan::draw(&mut draws)).collect();
        let share = |holds: &dyn Fn(&ChildPlan) -> bool| {
            f64::from(u32::try_from(children.iter().filter(|child| holds(child)).count()).unwrap()) / 5000.0
        };
        assert!((share(&|child| child.channel == Channel::Voice) - 0.5).abs() < 0.03);
        assert!((share(&|child| child.language == "ar") - 0.5).abs() < 0.03);
        assert!((share(&|child| matches!(child.risk, Risk::Imminent | Risk::HarmNow)) - 0.06).abs() < 0.02);
        assert!(share(&|child| child.queue == CRISIS) > 0.03);
        assert!(children.iter().all(|child| (child.opening_messages == 0) == is_speech(child.channel)));
    }

    #[test]
    fn a_shift_of_twelve_has_somebody_for_crises_in_every_language() {
        let shift = CounsellorPlan::shift(12);
        for language in ["ar", "ru", "en"] {
            let able = shift.iter().filter(|person| person.languages.contains(&language)).filter(|person| {
                person.skills.iter().any(|&(skill, level)| skill == CRISIS_SKILL && level >= 2)
            });
            assert!(able.count() >= 2, "{language}");
        }
    }
}
