//! Queues and the times in which who waits there is to be answered.

use std::collections::BTreeSet;

use helpline_domain::channel::Channel;
use helpline_domain::risk::Class;
use helpline_domain::settings::{Queue, TargetWait, default_target_wait_s};
use helpline_proto::directory::v1::{Queue as QueueMessage, TargetWait as TargetWaitMessage};
use helpline_proto::terms::v1::{Channel as ChannelMessage, PriorityClass};
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{channel, channel_from, class, class_from, read_skills, skills};

use super::{HOUR, duration, names, relaxation, seconds};

/// Queues at most.
pub(super) const MOST_QUEUES: usize = 50;
/// Each class on each channel, and each class on every channel.
const MOST_WAITS: usize = Class::ALL.len() * (Channel::ALL.len() + 1);

/// The queues, with skills that the settings know.
pub(super) fn read(
    fields: &mut Fields,
    queues: &[QueueMessage],
    known_skills: Option<&BTreeSet<String>>,
) -> Option<Vec<Queue>> {
    if queues.is_empty() {
        fields.refuse("queues", format!("from 1 to {MOST_QUEUES} entries"));
        return None;
    }
    let read = fields.list("queues", queues, MOST_QUEUES, |fields, message| {
        let queue = fields.key("queue", &message.queue);
        let display_names = names(fields, "display_names", &message.display_names);
        let required_skills = read_skills(fields, "required_skills", &message.required_skills);
        if let (Some(required), Some(known)) = (&required_skills, known_skills)
            && required.keys().any(|skill| !known.contains(skill))
        {
            fields.refuse("required_skills", "only skills of these settings");
        }
        let target_waits = read_waits(fields, &message.target_waits);
        let relaxations = relaxation::read(fields, &message.relaxations, known_skills);
        Some(Queue {
            queue: queue?,
            display_names: display_names?,
            required_skills: required_skills?,
            target_waits: target_waits?,
            relaxations: relaxations?,
        })
    })?;
    let mut keys = BTreeSet::new();
    let mut good = true;
    for (index, queue) in read.iter().enumerate() {
        if !keys.insert(queue.queue.as_str()) {
            fields.refuse(&format!("queues[{index}].queue"), "each queue once");
            good = false;
        }
    }
    good.then_some(read)
}

/// Target waits, of a queue or of all.
pub(super) fn read_waits(fields: &mut Fields, waits: &[TargetWaitMessage]) -> Option<Vec<TargetWait>> {
    let read = fields.list("target_waits", waits, MOST_WAITS, |fields, message| {
        let on = fields.optional_choice("channel", message.channel, ChannelMessage::as_str_name);
        let of = fields.choice("priority_class", message.priority_class, PriorityClass::as_str_name);
        let wait = fields
            .required("wait", message.wait.as_ref())
            .and_then(|wait| seconds(fields, "wait", Some(wait), 1..=24 * HOUR, 0));
        let channel = match on? {
            Some(on) => Some(channel_from(on)?),
            None => None,
        };
        Some(TargetWait { channel, class: class_from(of?)?, wait_s: wait? })
    })?;
    let mut seen = BTreeSet::new();
    let mut good = true;
    for (index, wait) in read.iter().enumerate() {
        if !seen.insert((wait.channel, wait.class)) {
            fields.refuse(&format!("target_waits[{index}]"), "each channel and class once");
            good = false;
        }
    }
    good.then_some(read)
}

/// These waits and the usual of every class that they say nothing of.
pub(super) fn every_wait(waits: &[TargetWait]) -> Vec<TargetWaitMessage> {
    let mut target_waits: Vec<_> = waits.iter().map(wait_to_message).collect();
    let says = |channel, class| waits.iter().any(|wait| (wait.channel, wait.class) == (channel, class));
    for class in Class::ALL.into_iter().filter(|class| !says(None, *class)) {
        let usual = default_target_wait_s(None, class);
        target_waits.push(wait_to_message(&TargetWait { channel: None, class, wait_s: usual }));
        // What is published again as it was read means the same: a wait for every channel would hide these.
        for channel in Channel::ALL.map(Some).into_iter().filter(|channel| !says(*channel, class)) {
            let seconds = default_target_wait_s(channel, class);
            if seconds != usual {
                target_waits.push(wait_to_message(&TargetWait { channel, class, wait_s: seconds }));
            }
        }
    }
    target_waits
}

/// A queue as its message.
pub(super) fn to_message(queue: &Queue) -> QueueMessage {
    QueueMessage {
        queue: queue.queue.clone(),
        display_names: queue.display_names.clone(),
        required_skills: skills(&queue.required_skills),
        target_waits: queue.target_waits.iter().map(wait_to_message).collect(),
        relaxations: relaxation::to_messages(&queue.relaxations),
    }
}

fn wait_to_message(wait: &TargetWait) -> TargetWaitMessage {
    TargetWaitMessage {
        channel: wait.channel.map_or(ChannelMessage::Unspecified, channel).into(),
        priority_class: class(wait.class).into(),
        wait: Some(duration(wait.wait_s)),
    }
}
