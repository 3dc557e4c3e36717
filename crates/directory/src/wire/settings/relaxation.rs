//! Soft requirements of a queue, as settings.

use std::collections::BTreeSet;

use helpline_domain::settings::relaxation::Relaxation;
use helpline_proto::directory::v1::Relaxation as Message;
use helpline_service_kit::fields::Fields;

use super::{HOUR, duration, seconds};

const MOST: usize = 20;

/// Reads a queue's steps: skills of these settings only, and each later than the one before.
pub(super) fn read(
    fields: &mut Fields,
    steps: &[Message],
    known_skills: Option<&BTreeSet<String>>,
) -> Option<Vec<Relaxation>> {
    let read = fields.list("relaxations", steps, MOST, |fields, step| {
        let after = fields
            .required("after", step.after.as_ref())
            .and_then(|after| seconds(fields, "after", Some(after), 1..=24 * HOUR, 0));
        let skill = fields.key("skill", &step.skill);
        if let (Some(skill), Some(known)) = (&skill, known_skills)
            && !known.contains(skill)
        {
            fields.refuse("skill", "a skill of these settings");
        }
        let level = fields.int("level", step.level, 0..=5).and_then(|level| u8::try_from(level).ok());
        Some(Relaxation { after_s: after?, skill: skill?, level: level? })
    })?;
    let mut good = true;
    for (index, pair) in read.windows(2).enumerate() {
        if pair[1].after_s <= pair[0].after_s {
            fields.refuse(&format!("relaxations[{}].after", index + 1), "later than the step before");
            good = false;
        }
    }
    good.then_some(read)
}

/// The steps as their messages.
pub(super) fn to_messages(steps: &[Relaxation]) -> Vec<Message> {
    steps
        .iter()
        .map(|step| Message {
            after: Some(duration(step.after_s)),
            skill: step.skill.clone(),
            level: i32::from(step.level),
        })
        .collect()
}
