//! What can happen, and what it does. Each step is one statement against the truth, with the comparison it makes.

use helpline_domain::contact::ContactState;
use helpline_domain::id::{ContactId, CounsellorId, OfferId};
use helpline_domain::invariants::{OfferNow, ParticipationNow, broken_between};
use uuid::Uuid;

use crate::floor::{Moment, Proposal, Size};

/// Something that happens.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Step {
    /// A matcher decides on what it sees.
    Propose(Proposal),
    /// What was decided reaches the truth.
    Commit(Proposal),
    /// A matcher dies with everything it had decided.
    MatcherDies,
    /// A counsellor's client says that they accept.
    SendAccept(OfferId, ContactId, CounsellorId),
    /// An accept reaches the truth, perhaps once more.
    Accept(OfferId, ContactId, CounsellorId),
    /// An accept is lost with the process that had it.
    LoseAccept(OfferId, ContactId, CounsellorId),
    /// An offer is declined, rings out or is taken back.
    EndOffer(OfferId),
    /// The person leaves.
    PersonLeaves(ContactId),
    /// The contact goes back to the line: cold transfer, or the owner's client is lost.
    GoBack(ContactId),
    /// Somebody is asked to take part.
    Invite(ContactId, CounsellorId),
    /// They come.
    Join(ContactId, CounsellorId),
    /// They do not come, or go.
    Part(ContactId, CounsellorId),
    /// Who takes part becomes the owner.
    TakeOver(ContactId, CounsellorId),
    /// The owner has finished wrapping up, or signs off.
    FinishWrapUp(ContactId),
    /// The owner signs off.
    Close(ContactId),
}

/// A mistake in how one step is made.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Fault {
    CommitsWithoutRoom,
    AcceptsWhatIsClosed,
    LeavesTheGroupOpen,
    TakeOverKeepsBooking,
    EndKeepsParticipants,
}

impl Moment {
    /// What may happen now. Most of it may also come too late; then it changes nothing.
    pub(crate) fn possible(&self, size: &Size) -> Vec<Step> {
        let mut steps = Vec::new();
        let people: Vec<CounsellorId> = self.floor.counsellors.iter().map(|one| one.counsellor_id).collect();
        for contact in &self.floor.contacts {
            let id = contact.contact_id;
            match contact.state {
                ContactState::Waiting
                    if self.offers_made < size.offers && self.proposals.len() < size.proposals =>
                {
                    for (at, one) in people.iter().enumerate() {
                        steps.push(Step::Propose((id, vec![*one])));
                        steps
                            .extend(people[at + 1..].iter().map(|two| Step::Propose((id, vec![*one, *two]))));
                    }
                }
                ContactState::InProgress => {
                    steps.push(Step::GoBack(id));
                    if size.invites && self.floor.participations.is_empty() {
                        steps.extend(people.iter().map(|one| Step::Invite(id, *one)));
                    }
                }
                ContactState::WrapUp => {
                    steps.extend([Step::FinishWrapUp(id), Step::Close(id)]);
                }
                _ => {}
            }
            if !contact.state.is_final() && contact.state != ContactState::WrapUp {
                steps.push(Step::PersonLeaves(id));
            }
        }
        for part in &self.floor.participations {
            let (contact, who) = (part.contact_id, part.counsellor_id);
            steps.extend([Step::Join(contact, who), Step::Part(contact, who), Step::TakeOver(contact, who)]);
        }
        for offer in &self.floor.offers {
            if self.answers.len() < size.answers {
                steps.push(Step::SendAccept(offer.offer_id, offer.contact_id, offer.counsellor_id));
            }
            steps.push(Step::EndOffer(offer.offer_id));
        }
        for (offer, contact, who) in &self.answers {
            steps.push(Step::Accept(*offer, *contact, *who));
            steps.push(Step::LoseAccept(*offer, *contact, *who));
        }
        steps.extend(self.proposals.iter().cloned().map(Step::Commit));
        if !self.proposals.is_empty() {
            steps.push(Step::MatcherDies);
        }
        steps
    }

    /// The moment after a step; the same if the step came too late.
    pub(crate) fn after(&self, step: &Step, fault: Option<Fault>) -> Self {
        let mut next = self.clone();
        next.broken_step.clear();
        next.take(step, fault);
        next.broken_step.extend(broken_between(&self.floor, &next.floor));
        next.floor.offers.sort_by_key(|offer| offer.offer_id);
        next
    }

    fn take(&mut self, step: &Step, fault: Option<Fault>) {
        match step {
            Step::Propose(proposal) => {
                self.proposals.insert(proposal.clone());
            }
            Step::Commit(proposal) => {
                self.proposals.remove(proposal);
                self.commit(proposal, fault);
            }
            Step::MatcherDies => self.proposals.clear(),
            Step::SendAccept(offer, contact, who) => {
                self.answers.insert((*offer, *contact, *who));
            }
            Step::LoseAccept(offer, contact, who) => {
                self.answers.remove(&(*offer, *contact, *who));
            }
            Step::Accept(offer, contact, who) => self.accept(*offer, *contact, *who, fault),
            Step::EndOffer(offer) => self.end_offer(*offer),
            Step::PersonLeaves(contact) => self.person_leaves(*contact, fault),
            Step::GoBack(contact) => self.go_back(*contact),
            Step::Invite(contact, who) => self.invite(*contact, *who),
            Step::Join(contact, who) => {
                for part in &mut self.floor.participations {
                    part.joined |= part.contact_id == *contact && part.counsellor_id == *who;
                }
            }
            Step::Part(contact, who) => {
                self.end_participations(*contact, |part| part.counsellor_id == *who);
            }
            Step::TakeOver(contact, who) => self.take_over(*contact, *who, fault),
            Step::FinishWrapUp(contact) => self.free_owner(*contact),
            Step::Close(contact) => {
                self.free_owner(*contact);
                if let Some(contact) = self.contact(*contact) {
                    contact.state = ContactState::Closed;
                }
            }
        }
    }

    fn commit(&mut self, (contact, asked): &Proposal, fault: Option<Fault>) {
        if self.state(*contact) != Some(ContactState::Waiting) {
            return;
        }
        let mut group = None;
        for who in asked {
            if fault != Some(Fault::CommitsWithoutRoom) && !self.has_room(*who, *contact) {
                continue;
            }
            self.offers_made += 1;
            let offer_id: OfferId = Uuid::from_u128(u128::from(self.offers_made)).into();
            self.floor.offers.push(OfferNow {
                offer_id,
                group: *group.get_or_insert(offer_id),
                contact_id: *contact,
                counsellor_id: *who,
            });
            self.book(*who, *contact, true);
        }
        if group.is_some()
            && let Some(contact) = self.contact(*contact)
        {
            contact.state = ContactState::Offered;
        }
    }

    fn accept(&mut self, offer: OfferId, contact: ContactId, who: CounsellorId, fault: Option<Fault>) {
        let open = self.floor.offers.iter().any(|one| one.offer_id == offer);
        if !open && fault != Some(Fault::AcceptsWhatIsClosed) {
            return;
        }
        if !open {
            self.book(who, contact, true);
        }
        self.floor.offers.retain(|one| one.offer_id != offer);
        if fault != Some(Fault::LeavesTheGroupOpen) {
            self.end_offers_of(contact);
        }
        if let Some(contact) = self.contact(contact) {
            (contact.state, contact.owner, contact.holds) = (ContactState::InProgress, Some(who), true);
        }
    }

    fn end_offer(&mut self, offer: OfferId) {
        let Some(at) = self.floor.offers.iter().position(|one| one.offer_id == offer) else { return };
        let ended = self.floor.offers.remove(at);
        self.book(ended.counsellor_id, ended.contact_id, false);
        if self.floor.offers.iter().all(|one| one.contact_id != ended.contact_id)
            && let Some(contact) = self.contact(ended.contact_id)
        {
            contact.state = ContactState::Waiting;
        }
    }

    fn end_offers_of(&mut self, contact: ContactId) {
        let (ended, left) =
            std::mem::take(&mut self.floor.offers).into_iter().partition(|offer| offer.contact_id == contact);
        self.floor.offers = left;
        let ended: Vec<OfferNow> = ended;
        for offer in ended {
            self.book(offer.counsellor_id, contact, false);
        }
    }

    fn person_leaves(&mut self, contact: ContactId, fault: Option<Fault>) {
        let answered = self.state(contact) == Some(ContactState::InProgress);
        self.end_offers_of(contact);
        if fault != Some(Fault::EndKeepsParticipants) {
            self.end_participations(contact, |_| true);
        }
        if let Some(contact) = self.contact(contact) {
            contact.state = if answered { ContactState::WrapUp } else { ContactState::Abandoned };
        }
    }

    fn go_back(&mut self, contact: ContactId) {
        self.end_participations(contact, |_| true);
        self.free_owner(contact);
        if let Some(contact) = self.contact(contact) {
            (contact.state, contact.owner) = (ContactState::Waiting, None);
        }
    }

    fn invite(&mut self, contact: ContactId, who: CounsellorId) {
        let is_owner =
            self.floor.contacts.iter().any(|one| one.contact_id == contact && one.owner == Some(who));
        if is_owner || !self.has_room(who, contact) {
            return;
        }
        self.book(who, contact, true);
        self.floor.participations.push(ParticipationNow {
            contact_id: contact,
            counsellor_id: who,
            joined: false,
        });
    }

    fn end_participations(&mut self, contact: ContactId, which: impl Fn(&ParticipationNow) -> bool) {
        let (ended, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.floor.participations)
            .into_iter()
            .partition(|part| part.contact_id == contact && which(part));
        self.floor.participations = left;
        for part in ended {
            self.book(part.counsellor_id, contact, false);
        }
    }

    fn take_over(&mut self, contact: ContactId, who: CounsellorId, fault: Option<Fault>) {
        let joined =
            |part: &ParticipationNow| part.joined && part.contact_id == contact && part.counsellor_id == who;
        if !self.floor.participations.iter().any(joined) {
            return;
        }
        // What was held for taking part is held for owning from now on.
        self.floor.participations.retain(|part| !joined(part));
        if fault != Some(Fault::TakeOverKeepsBooking) {
            self.free_owner(contact);
        }
        if let Some(contact) = self.contact(contact) {
            (contact.owner, contact.holds) = (Some(who), true);
        }
        self.taken_over = true;
    }

    /// The owner holds the contact no more, whoever has it next.
    fn free_owner(&mut self, contact: ContactId) {
        let Some(found) = self.contact(contact) else { return };
        let held = found.owner.filter(|_| found.holds);
        found.holds = false;
        if let Some(owner) = held {
            self.book(owner, contact, false);
        }
    }
}
