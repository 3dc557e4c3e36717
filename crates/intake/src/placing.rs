//! Where a contact belongs under the settings of its centre: queue, skills, intended wait.

use std::collections::BTreeMap;

use helpline_domain::channel::Channel;
use helpline_domain::risk::Class;
use helpline_domain::settings::{Queue, Settings};
use helpline_service_kit::Refusal;
use helpline_service_kit::arranging::skills_in;
use helpline_store::diversion::{Diversion, Target};

/// The queue with this key; the default one for `None`. Error: INVALID_FIELD for `queue`.
pub(crate) fn queue<'a>(settings: &'a Settings, key: Option<&str>) -> Result<&'a Queue, Refusal> {
    settings
        .queue(key.unwrap_or_default())
        .ok_or_else(|| Refusal::invalid_field("queue", "a queue of this centre, or empty for the default"))
}

/// The skills of the queue and those asked for beside them, of each the higher level. Error: INVALID_FIELD for
/// `required_skills` when the centre does not know one.
pub(crate) fn required_skills(
    settings: &Settings,
    queue: &Queue,
    wanted: &BTreeMap<String, u8>,
) -> Result<BTreeMap<String, u8>, Refusal> {
    let mut required = queue.required_skills.clone();
    for (skill, level) in wanted {
        if !settings.skills.contains(skill) {
            return Err(Refusal::invalid_field("required_skills", "skills of this centre"));
        }
        let least = required.entry(skill.clone()).or_default();
        *least = (*least).max(*level);
    }
    Ok(required)
}

/// The queue in which a contact waits, and what it asks for there: another's if its own is diverted there. It follows one
/// diversion, never two.
pub(crate) fn diverted<'a>(
    settings: &'a Settings,
    queue: &'a Queue,
    skills: BTreeMap<String, u8>,
    diversion: Option<&Diversion>,
) -> (&'a Queue, BTreeMap<String, u8>) {
    let to = match diversion.map(|diversion| &diversion.target) {
        Some(Target::Queue(to)) => settings.queues.iter().find(|queue| queue.queue == *to),
        Some(Target::Counsellor(_)) | None => None,
    };
    match to {
        Some(to) => (to, skills_in(settings, &skills, &queue.queue, to)),
        None => (queue, skills),
    }
}

/// The wait intended in seconds for a contact that waits in the queue with this key. Settings published since may have
/// dropped the queue: then the wait is that of the default one.
pub(crate) fn target_wait_s(settings: &Settings, queue: &str, channel: Channel, class: Class) -> u32 {
    let none = Queue {
        queue: String::new(),
        display_names: BTreeMap::new(),
        required_skills: BTreeMap::new(),
        target_waits: Vec::new(),
        relaxations: Vec::new(),
    };
    let queue = settings.queue(queue).or_else(|| settings.queues.first()).unwrap_or(&none);
    settings.target_wait_s(queue, channel, class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let mut settings = Settings::default();
        settings.skills.extend(["suicide", "deaf"].map(str::to_owned));
        settings.queues[0].required_skills.insert("suicide".to_owned(), 3);
        settings
    }

    #[test]
    fn skills_of_the_queue_and_of_the_contact_add_up_to_the_higher_levels() {
        let settings = settings();
        let queue = queue(&settings, None).unwrap();
        let wanted = [("suicide".to_owned(), 2), ("deaf".to_owned(), 1)].into();
        let required = required_skills(&settings, queue, &wanted).unwrap();
        assert_eq!(required, [("deaf".to_owned(), 1), ("suicide".to_owned(), 3)].into());
    }

    #[test]
    fn an_unknown_queue_and_an_unknown_skill_are_refused_by_their_field() {
        let settings = settings();
        assert_eq!(queue(&settings, Some("night")).unwrap_err().violations()[0].field, "queue");
        let refusal =
            required_skills(&settings, &settings.queues[0], &[("x".to_owned(), 1)].into()).unwrap_err();
        assert_eq!(refusal.violations()[0].field, "required_skills");
    }

    #[test]
    fn a_contact_whose_queue_is_gone_waits_as_long_as_in_the_default_queue() {
        assert_eq!(target_wait_s(&settings(), "gone", Channel::Sms, Class::High), 60);
    }
}
