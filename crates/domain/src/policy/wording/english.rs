//! Reasons in English.

use super::{Label, Phrase, Unit};
use crate::policy::valve::ValveAnswer;
use crate::policy::{ContactRule, CounsellorRule, Note, WaitingCause};

pub(super) const fn say(phrase: Phrase) -> &'static str {
    match phrase {
        Phrase::ContactRule(rule) => match rule {
            ContactRule::CriticalFirst => "Critical contacts come first.",
            ContactRule::ResumedFirst => "Who was cut off comes first.",
            ContactRule::EarliestDeadline => "It had the earliest deadline.",
        },
        Phrase::CounsellorRule(rule) => match rule {
            CounsellorRule::CareLimit => "The others have had as many severe contacts in a row as is right.",
            CounsellorRule::Preferred => "The counsellor knows this contact.",
            CounsellorRule::SpeaksLanguage => {
                "The counsellor speaks the language; the others need an interpreter."
            }
            CounsellorRule::FewestOtherSkills => {
                "The counsellor has the fewest other skills and languages, so that rare ones stay free."
            }
            CounsellorRule::LowestLoad => "The counsellor has the fewest open contacts of this kind.",
            CounsellorRule::LongestIdle => "The counsellor has been without a new contact the longest.",
            CounsellorRule::OnlyOne => "Nobody else could be offered it.",
        },
        Phrase::Note(note) => match note {
            Note::ReserveUsedByCap => {
                "It had waited for so long that it was given one of those kept for critical contacts."
            }
            Note::CoolDownLifted => {
                "The counsellor had declined or missed it a moment ago, but nobody else could take it."
            }
            Note::WorkPutAside => {
                "The counsellor puts other work aside for it: nobody who is free could take it."
            }
            Note::OnCall => "The counsellor is on call: nobody on shift could take it.",
            Note::CareLimitReached => {
                "The counsellor has had as many severe contacts in a row as is right, and needs a pause."
            }
            Note::ThroughInterpreter => "The counsellor serves this language through an interpreter.",
        },
        Phrase::Cause(cause) => match cause {
            WaitingCause::NotWaiting => "It does not wait.",
            WaitingCause::NobodyOnShift => "Nobody on shift could take it.",
            WaitingCause::AllBusy => "Everybody who could take it is busy or not ready.",
            WaitingCause::Reserved => "Who is free is kept for critical contacts.",
            WaitingCause::CoolDown => "Who is free has declined or missed it a moment ago.",
            WaitingCause::BeingOffered => "Its turn has come.",
            WaitingCause::OthersFirst => "Others come first.",
        },
        Phrase::Valve(answer) => match answer {
            ValveAnswer::StretchTarget => "New contacts that are less urgent are given a longer target wait.",
            ValveAnswer::OfferCallback => "A callback is offered that keeps the place in line.",
            ValveAnswer::Overflow => "A partner helpline or counsellors on call are asked to help.",
            ValveAnswer::TellHonestly => "Who comes is told honestly that it will take long.",
        },
        Phrase::Label(label) => match label {
            Label::Ahead => "Before it in line",
            Label::Waited => "Waiting",
            Label::EligibleOnShift => "On shift who could take it",
            Label::EligibleFree => "Free among them",
            Label::LackingLanguage => "On shift without the language",
            Label::LackingSkill => "On shift without the skill",
            Label::LackingChannel => "On shift who do not serve the channel",
            Label::ReserveIn => "May use those who are kept in",
            Label::OfferedAlsoTo => "Offered to others at the same time",
        },
        Phrase::Unit(unit) => match unit {
            Unit::Hours => "h",
            Unit::Minutes => "min",
            Unit::Seconds => "s",
        },
    }
}
