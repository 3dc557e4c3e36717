//! A moment of the modelled floor, and how one begins.

use std::collections::BTreeSet;

use helpline_domain::channel::Medium;
use helpline_domain::contact::ContactState;
use helpline_domain::counsellor::Capacity;
use helpline_domain::id::{ContactId, CounsellorId, OfferId};
use helpline_domain::invariants::{ContactNow, CounsellorNow, Floor};
use uuid::Uuid;

/// How much there is on a floor, and how much may happen.
#[derive(Clone)]
pub(crate) struct Size {
    pub(crate) media: &'static [Medium],
    pub(crate) capacities: &'static [Capacity],
    /// Offers that may be made in all.
    pub(crate) offers: u8,
    /// Decisions that may be on their way at once.
    pub(crate) proposals: usize,
    /// Accepts that may be on their way at once.
    pub(crate) answers: usize,
    /// Whether others may be asked to take part.
    pub(crate) invites: bool,
}

const fn able(voice: u8, chat: u8) -> Capacity {
    Capacity { voice, chat, message: 0 }
}

impl Size {
    /// A call and a chat that get in each other's way.
    pub(crate) const CALL_AND_CHAT: Self = Self {
        media: &[Medium::Voice, Medium::Chat],
        capacities: &[able(1, 1), able(1, 1)],
        offers: 2,
        proposals: 2,
        answers: 1,
        invites: true,
    };
    /// A call that three could take.
    pub(crate) const ONE_CALL_OF_THREE: Self = Self {
        media: &[Medium::Voice],
        capacities: &[able(1, 0), able(1, 0), able(1, 0)],
        offers: 3,
        proposals: 1,
        answers: 2,
        invites: true,
    };

    pub(crate) fn begin(&self) -> Moment {
        let contact = |(number, medium): (u128, &Medium)| ContactNow {
            contact_id: Uuid::from_u128(0xC0 + number).into(),
            medium: *medium,
            state: ContactState::Waiting,
            owner: None,
            holds: false,
            put_aside: false,
            deadline_ms: 60_000,
        };
        let counsellor = |(number, capacity): (u128, &Capacity)| CounsellorNow {
            counsellor_id: Uuid::from_u128(0xA0 + number).into(),
            capacity: *capacity,
            held: Capacity::default(),
        };
        let floor = Floor {
            contacts: (0..).zip(self.media).map(contact).collect(),
            counsellors: (0..).zip(self.capacities).map(counsellor).collect(),
            ..Floor::default()
        };
        Moment {
            floor,
            proposals: BTreeSet::new(),
            answers: BTreeSet::new(),
            offers_made: 0,
            taken_over: false,
            broken_step: Vec::new(),
        }
    }
}

/// A contact for some counsellors, as a matcher decided on what it saw.
pub(crate) type Proposal = (ContactId, Vec<CounsellorId>);

/// The truth at one moment, and what is on its way to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Moment {
    pub(crate) floor: Floor,
    /// Decided, not committed.
    pub(crate) proposals: BTreeSet<Proposal>,
    /// Accepts that were sent: late, lost or repeated. With the offer, who sent it and for what.
    pub(crate) answers: BTreeSet<(OfferId, ContactId, CounsellorId)>,
    pub(crate) offers_made: u8,
    /// Whether a contact has passed from its owner to somebody who took part.
    pub(crate) taken_over: bool,
    /// What did not hold between the moment before and this one.
    pub(crate) broken_step: Vec<&'static str>,
}

impl Moment {
    pub(crate) fn contact(&mut self, contact_id: ContactId) -> Option<&mut ContactNow> {
        self.floor.contacts.iter_mut().find(|contact| contact.contact_id == contact_id)
    }

    pub(crate) fn state(&self, contact_id: ContactId) -> Option<ContactState> {
        let contact = self.floor.contacts.iter().find(|contact| contact.contact_id == contact_id);
        contact.map(|contact| contact.state)
    }

    pub(crate) fn all_closed(&self) -> bool {
        self.floor.contacts.iter().all(|contact| contact.state == ContactState::Closed)
    }

    /// Books one more of the contact's medium on a counsellor, or one less.
    pub(crate) fn book(&mut self, counsellor: CounsellorId, contact: ContactId, more: bool) {
        let Some(medium) = self.contact(contact).map(|contact| contact.medium) else { return };
        for one in self.floor.counsellors.iter_mut().filter(|one| one.counsellor_id == counsellor) {
            let Capacity { voice, chat, message } = one.held;
            one.held = match (medium, more) {
                (_, true) => one.held.plus(medium),
                (Medium::Voice, false) => Capacity { voice: voice.saturating_sub(1), ..one.held },
                (Medium::Chat, false) => Capacity { chat: chat.saturating_sub(1), ..one.held },
                (Medium::Message, false) => Capacity { message: message.saturating_sub(1), ..one.held },
            };
        }
    }

    pub(crate) fn has_room(&self, counsellor: CounsellorId, contact: ContactId) -> bool {
        let medium = self.floor.contacts.iter().find(|one| one.contact_id == contact).map(|one| one.medium);
        let person = self.floor.counsellors.iter().find(|one| one.counsellor_id == counsellor);
        person.zip(medium).is_some_and(|(person, medium)| person.capacity.allows(&person.held, medium))
    }
}
