//! The words that all services share, on the wire and in the domain.
//!
//! `channel`, `risk`, `class` and their like turn a value of the domain into one of the API; `read_…` read a field of a
//! request. A [`contact`] is told only as far as its [`Sight`] allows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::channel::Channel;
use helpline_domain::closing::{ActionTaken, AgeBand, Closing, ContactKind, Gender};
use helpline_domain::contact::{ContactState, Direction};
use helpline_domain::escalation::EscalationState;
use helpline_domain::person::IdentifierKind;
use helpline_domain::referral::{ReferralState, Urgency};
use helpline_domain::risk::{Class, Risk};
use helpline_proto::{casework, escalation, intake, referral, terms};
use helpline_store::contact::Contact;
use helpline_vault::Sensitive;
use prost_types::Timestamp;

use crate::fields::Fields;

pub use field_class::{field_class, read_field_classes};
pub use forms::{
    assessment_form, question_kind, question_kind_from, recommended_task, strength, strength_from,
};
pub use overflow::overflow;
pub use participation::{
    Shown, joined_sight, outside_role, outside_role_from, participation, participation_kind,
    participation_kind_from, participation_state, participation_state_from, shown_to,
};
pub use person::{person_profile, read_identifier, read_person_profile};

/// Most skills one message can name.
pub const MOST_SKILLS: usize = 50;
/// Levels of a skill.
const LEVELS: std::ops::RangeInclusive<i32> = 1..=5;

/// Defines both directions between an enum of the domain and one of the API. The wire's unspecified value has no
/// counterpart, unless `unspecified` names one.
macro_rules! both_ways {
    ($to:ident, $from:ident: $domain:ident, $wire:path { $($word:ident <=> $sent:ident),+ $(,)? } $(unspecified $none:ident)?) => {
        #[doc = concat!("The [`", stringify!($domain), "`] on the wire.")]
        pub const fn $to(value: $domain) -> $wire {
            use $wire as Wire;
            match value {
                $($domain::$word => Wire::$sent,)+
                $($domain::$none => Wire::Unspecified,)?
            }
        }

        #[doc = concat!("The [`", stringify!($domain), "`] that was sent; `None` for the unspecified value where that means nothing.")]
        pub const fn $from(value: $wire) -> Option<$domain> {
            use $wire as Wire;
            Some(match value {
                $(Wire::$sent => $domain::$word,)+
                Wire::Unspecified => both_ways!(@none $domain $($none)?),
            })
        }
    };
    (@none $domain:ident $none:ident) => { $domain::$none };
    (@none $domain:ident) => { return None };
}

both_ways!(channel, channel_from: Channel, terms::v1::Channel {
    Voice <=> Voice, WebChat <=> WebChat, Sms <=> Sms, Whatsapp <=> Whatsapp, Telegram <=> Telegram, Email <=> Email,
    WalkIn <=> WalkIn, Letter <=> Letter,
});
both_ways!(risk, risk_from: Risk, terms::v1::Risk {
    None <=> None, Low <=> Low, Medium <=> Medium, High <=> High, Imminent <=> Imminent, HarmNow <=> HarmNow,
} unspecified Unassessed);
both_ways!(class, class_from: Class, terms::v1::PriorityClass {
    Critical <=> Critical, High <=> High, Medium <=> Medium, Low <=> Low,
});
both_ways!(contact_state, contact_state_from: ContactState, intake::v1::ContactState {
    Received <=> Received, Waiting <=> Waiting, Offered <=> Offered, InProgress <=> InProgress, WrapUp <=> WrapUp,
    WaitingOffline <=> WaitingOffline, Closed <=> Closed, Abandoned <=> Abandoned, ShortAbandoned <=> ShortAbandoned,
    CallbackPromised <=> CallbackPromised, Lost <=> Lost, Unreached <=> Unreached, Blocked <=> Blocked,
    Overflowed <=> Overflowed, PassedOn <=> PassedOn,
});
both_ways!(escalation_state, escalation_state_from: EscalationState, escalation::v1::EscalationState {
    Raised <=> Raised, Notifying <=> Notifying, Unanswered <=> Unanswered, Acknowledged <=> Acknowledged, Accepted <=> Accepted,
    Responding <=> Responding, OnScene <=> OnScene, ChildReached <=> ChildReached, Resolved <=> Resolved, StoodDown <=> StoodDown,
    ClosedUnreached <=> ClosedUnreached,
});
both_ways!(referral_state, referral_state_from: ReferralState, referral::v1::ReferralState {
    Draft <=> Draft, Requested <=> Requested, Accepted <=> Accepted, InProgress <=> InProgress, OnHold <=> OnHold,
    CancelRequested <=> CancelRequested, Completed <=> Completed, Failed <=> Failed, Rejected <=> Rejected, Expired <=> Expired,
    Cancelled <=> Cancelled, Revoked <=> Revoked, EnteredInError <=> EnteredInError,
});
both_ways!(referral_urgency, referral_urgency_from: Urgency, referral::v1::ReferralUrgency { Routine <=> Routine, Urgent <=> Urgent });
both_ways!(direction, direction_from: Direction, intake::v1::Direction {
    Inbound <=> Inbound, Outbound <=> Outbound,
});
both_ways!(contact_kind, contact_kind_from: ContactKind, intake::v1::ContactKind {
    Counselling <=> Counselling, Silent <=> Silent, HangUp <=> HangUp, Abusive <=> Abusive, Prank <=> Prank,
    Test <=> Test, WrongNumber <=> WrongNumber, Thanks <=> Thanks, Information <=> Information, Adult <=> Adult,
    OutOfScope <=> OutOfScope,
});
both_ways!(gender, gender_from: Gender, intake::v1::Gender {
    Unknown <=> Unknown, Female <=> Female, Male <=> Male, Other <=> Other,
});
both_ways!(age_band, age_band_from: AgeBand, intake::v1::AgeBand {
    Unknown <=> Unknown, From0To6 <=> AgeBand06, From7To9 <=> AgeBand79, From10To12 <=> AgeBand1012,
    From13To15 <=> AgeBand1315, From16To17 <=> AgeBand1617, From18To24 <=> AgeBand1824, From25 <=> AgeBand25Plus,
});
both_ways!(identifier_kind, identifier_kind_from: IdentifierKind, casework::v1::IdentifierKind {
    Telephone <=> Telephone, Email <=> Email, Handle <=> Handle, Document <=> Document, Register <=> Register,
});
both_ways!(action_taken, action_taken_from: ActionTaken, intake::v1::ActionTaken {
    None <=> None, Counselled <=> Counselled, Informed <=> Informed, Referred <=> Referred, Escalated <=> Escalated,
    FollowUp <=> FollowUp,
});

mod field_class;
mod forms;
mod overflow;
mod participation;
mod person;

/// A channel that must be named.
pub fn read_channel(fields: &mut Fields, path: &str, value: i32) -> Option<Channel> {
    fields.choice(path, value, terms::v1::Channel::as_str_name).and_then(channel_from)
}

/// A risk; unspecified means not assessed.
pub fn read_risk(fields: &mut Fields, path: &str, value: i32) -> Option<Risk> {
    match fields.optional_choice(path, value, terms::v1::Risk::as_str_name)? {
        None => Some(Risk::Unassessed),
        Some(sent) => risk_from(sent),
    }
}

/// Skills with their levels, each skill once.
pub fn read_skills(
    fields: &mut Fields,
    path: &str,
    sent: &[terms::v1::SkillLevel],
) -> Option<BTreeMap<String, u8>> {
    let entries = fields.list(path, sent, MOST_SKILLS, |fields, entry| {
        let skill = fields.key("skill", &entry.skill);
        let level = fields.int("level", entry.level, LEVELS);
        Some((skill?, u8::try_from(level?).ok()?))
    })?;
    let count = entries.len();
    let skills: BTreeMap<_, _> = entries.into_iter().collect();
    if skills.len() < count {
        fields.refuse(path, "each skill once");
        return None;
    }
    Some(skills)
}

/// Skills with their levels, by key.
pub fn skills(skills: &BTreeMap<String, u8>) -> Vec<terms::v1::SkillLevel> {
    skills
        .iter()
        .map(|(skill, level)| terms::v1::SkillLevel { skill: skill.clone(), level: i32::from(*level) })
        .collect()
}

/// A wait as it is told to people: in minutes begun, because nobody knows it to the second.
pub fn whole_minutes(seconds: u32) -> prost_types::Duration {
    prost_types::Duration { seconds: i64::from(seconds.div_ceil(60).max(1)) * 60, nanos: 0 }
}

/// A time.
pub fn timestamp(time: DateTime<Utc>) -> Timestamp {
    // In a leap second there are up to two billion nanoseconds, which a timestamp does not have.
    Timestamp {
        seconds: time.timestamp(),
        nanos: i32::try_from(time.timestamp_subsec_nanos().min(999_999_999)).unwrap_or_default(),
    }
}

/// How much of a contact somebody is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// Everything that is known: for its counsellor and for supervisors.
    Full,
    /// Where it stands and what it asks for, but neither who it is nor what was said: for adapters and in lists.
    Coded,
}

/// A contact, as far as `sight` allows.
pub fn contact(contact: &Contact, sight: Sight) -> intake::v1::Contact {
    let shown = |text: &Option<Sensitive<String>>| match (sight, text) {
        (Sight::Full, Some(text)) => text.expose().clone(),
        _ => String::new(),
    };
    intake::v1::Contact {
        contact_id: contact.contact_id.to_string(),
        channel: channel(contact.channel).into(),
        state: contact_state(contact.state).into(),
        risk: risk(contact.risk).into(),
        priority_class: class(contact.class).into(),
        queue: contact.queue.clone(),
        language: contact.language.clone().unwrap_or_default(),
        required_skills: skills(&contact.skills),
        receive_time: Some(timestamp(contact.received_at)),
        deadline_time: Some(timestamp(contact.deadline_at)),
        answer_time: contact.answered_at.map(timestamp),
        end_time: contact.ended_at.map(timestamp),
        counsellor_id: contact.counsellor_id.map(|id| id.to_string()).unwrap_or_default(),
        sender: shown(&contact.sender),
        display_name: shown(&contact.display_name),
        // What is coded about a child is about the child all the same.
        closing: contact
            .closing
            .as_ref()
            .filter(|_| sight == Sight::Full)
            .map(|record| closing(record, shown(&contact.summary))),
        epoch: contact.epoch,
        revision: contact.revision,
        settings_version: contact.settings_version,
        offer_count: contact.offer_count,
        risk_rules: contact.risk_rules.clone(),
        limited: contact.limited,
        answers: answers(&shown(&contact.answers)),
        returned_from_contact_id: contact.returned_from.map(|id| id.to_string()).unwrap_or_default(),
        relaxation_step: contact.relaxation_step.into(),
        resumed: contact.resumed,
        asked_skills: contact.asked_skills.as_ref().map(skills).unwrap_or_default(),
        direction: direction(contact.direction).into(),
        callback_id: contact.callback_id.map(|id| id.to_string()).unwrap_or_default(),
        participations: Vec::new(),
        original_queue: contact.original_queue.clone().unwrap_or_default(),
        directed_to: contact.directed_to.map(|id| id.to_string()).unwrap_or_default(),
        put_aside_time: contact.put_aside_at.map(timestamp),
    }
}

/// Answers from the one text they are kept as: a line `question=value` each, both of them keys.
fn answers(text: &str) -> Vec<intake::v1::Answer> {
    let answer = |(question, value): (&str, &str)| intake::v1::Answer {
        question: question.to_owned(),
        value: value.to_owned(),
    };
    text.lines().filter_map(|line| line.split_once('=')).map(answer).collect()
}

fn closing(closing: &Closing, summary: String) -> intake::v1::Closing {
    intake::v1::Closing {
        kind: contact_kind(closing.kind).into(),
        categories: closing.categories.clone(),
        gender: gender(closing.gender).into(),
        age_band: age_band(closing.age_band).into(),
        region: closing.region.clone(),
        action_taken: action_taken(closing.action_taken).into(),
        summary,
    }
}

#[cfg(test)]
mod tests;
