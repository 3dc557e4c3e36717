//! What is to happen with each contact of a load, and how far it has come.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use helpline_proto::intake::v1::Contact;
use helpline_proto::terms::v1::Channel;
use helpline_tests::request_id;

/// What a counsellor does with an offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// Does not answer.
    Ignore,
    /// Declines.
    Decline,
    /// Takes a break, so that the offer is withdrawn.
    Pause,
    /// The child chooses to be called back instead; the next act is of the counsellor who calls.
    Promise,
    /// Accepts a callback and reaches nobody.
    Miss,
    /// Accepts and gives it back to the line.
    Transfer,
    /// Accepts and hands it on to whoever is free, who talks.
    HandOn,
    /// Accepts; the child leaves during the talk; the counsellor signs off.
    Leave,
    /// Accepts a conversation and loses the client, until the contact was given back to the line.
    Vanish,
    /// Accepts, asks what a supervisor thinks, and goes on as with [`Act::Talk`].
    Consult,
    /// Accepts and escalates; the child is reached, and the contact is signed off like any other.
    Escalate,
    /// Accepts, talks, ends the talk and the wrap-up, signs off.
    Talk,
    /// The same, but not before every critical contact is over and this one is not put aside.
    Hold,
}

/// One contact of a load.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) external_id: String,
    pub(crate) sender: String,
    pub(crate) channel: Channel,
    /// Language wanted; one that nobody speaks keeps it in line.
    pub(crate) language: String,
    /// The request by which it is received, and by which it is received again.
    pub(crate) request_id: String,
    /// Whether the child is in danger now; comes when everything is in hand that is to be put aside.
    pub(crate) critical: bool,
    /// Whether the person stays in line until the load ends.
    pub(crate) patient: bool,
}

#[derive(Debug)]
struct Progress {
    acts: VecDeque<Act>,
    /// Whether it is one that is held, and is in hand now.
    is_held: Option<bool>,
    /// The contact as the first answer showed it.
    received: Option<Contact>,
    over: bool,
}

/// All contacts of a load.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) stories: Vec<Story>,
    progress: Mutex<Vec<Progress>>,
    by_contact: Mutex<HashMap<String, usize>>,
}

impl Board {
    /// A board with nothing on it.
    pub(crate) fn new() -> Self {
        Self { stories: Vec::new(), progress: Mutex::default(), by_contact: Mutex::default() }
    }

    /// Adds a contact to which these acts happen, one with each offer. Without any, it is left in line until the person
    /// leaves.
    pub(crate) fn add(&mut self, channel: Channel, acts: &[Act]) {
        let number = self.stories.len();
        let unique = request_id();
        self.stories.push(Story {
            external_id: format!("call-{number}-{unique}"),
            sender: format!("sender-{number}-{unique}"),
            channel,
            language: if acts.is_empty() { "tg".to_owned() } else { String::new() },
            request_id: request_id(),
            critical: false,
            patient: false,
        });
        self.progress().push(Progress {
            acts: acts.iter().copied().collect(),
            is_held: acts.contains(&Act::Hold).then_some(false),
            received: None,
            over: false,
        });
    }

    /// Adds `count` contacts with the same acts.
    pub(crate) fn add_many(&mut self, count: usize, channel: Channel, acts: &[Act]) {
        for _ in 0..count {
            self.add(channel, acts);
        }
    }

    /// Adds calls of children in danger who are talked with.
    pub(crate) fn add_critical(&mut self, count: usize) {
        for _ in 0..count {
            self.add(Channel::Voice, &[Act::Talk]);
            if let Some(story) = self.stories.last_mut() {
                story.critical = true;
            }
        }
    }

    /// What is to be held is in hand.
    pub(crate) fn hold(&self, number: usize) {
        self.progress()[number].is_held = Some(true);
    }

    /// Whether everything that is to be held is in hand.
    pub(crate) fn all_are_held(&self) -> bool {
        self.progress().iter().all(|one| one.is_held != Some(false))
    }

    /// Whether every call of a child in danger is over.
    pub(crate) fn critical_are_over(&self) -> bool {
        let progress = self.progress();
        self.stories.iter().zip(progress.iter()).all(|(story, one)| one.over || !story.critical)
    }

    /// Adds contacts that nobody can take and that stay in line until the load ends.
    pub(crate) fn add_patient(&mut self, count: usize) {
        for _ in 0..count {
            self.add(Channel::WebChat, &[]);
            if let Some(story) = self.stories.last_mut() {
                story.patient = true;
            }
        }
    }

    /// How many stay in line until the load ends.
    pub(crate) fn count_patient(&self) -> usize {
        self.stories.iter().filter(|story| story.patient).count()
    }

    fn progress(&self) -> MutexGuard<'_, Vec<Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a contact was received.
    pub(crate) fn received(&self, number: usize, contact: &Contact) {
        self.progress()[number].received.get_or_insert_with(|| contact.clone());
        let mut by_contact = self.by_contact.lock().unwrap_or_else(PoisonError::into_inner);
        by_contact.insert(contact.contact_id.clone(), number);
    }

    /// The contact as it was first received.
    pub(crate) fn first_answer(&self, number: usize) -> Option<Contact> {
        self.progress()[number].received.clone()
    }

    /// The story of a contact. An offer may come before the answer to the call that received it, so the board may not
    /// know it yet.
    pub(crate) fn of_contact(&self, contact_id: &str) -> Option<usize> {
        self.by_contact.lock().unwrap_or_else(PoisonError::into_inner).get(contact_id).copied()
    }

    /// What to do with the next offer of a contact. It is taken, so that a second offer gets the act after it although the
    /// answer to the first is still on its way.
    pub(crate) fn next_act(&self, number: usize) -> Act {
        // With all acts under way, whoever is offered it again goes on with it.
        self.progress()[number].acts.pop_front().unwrap_or(Act::Talk)
    }

    /// The act could not be done: the offer was over. The next offer gets it.
    pub(crate) fn give_back(&self, number: usize, act: Act) {
        self.progress()[number].acts.push_front(act);
    }

    /// The contact is signed off, or the person left.
    pub(crate) fn over(&self, number: usize) {
        self.progress()[number].over = true;
    }

    /// How many contacts are over.
    pub(crate) fn count_over(&self) -> usize {
        self.progress().iter().filter(|progress| progress.over).count()
    }

    /// What is still to happen, for the message of a test that waited in vain.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        let progress = self.progress();
        let open = progress.iter().enumerate().filter(|(_, progress)| !progress.over);
        open.map(|(number, progress)| {
            let contact = progress.received.as_ref().map_or("not received", |contact| &contact.contact_id);
            format!("{number}: {contact} {:?}", progress.acts)
        })
        .collect()
    }
}
