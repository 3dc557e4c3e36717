//! What always holds on a floor, as plain functions.
//!
//! The model checker, the fault tests and the comparison of rows all ask these same functions, so that "it holds" means
//! the same everywhere. A [`Floor`] is a small snapshot, taken at one instant, of contacts that are not over, of open offers and
//! participations, and of the counsellors on shift.

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::Medium;
use crate::contact::ContactState;
use crate::counsellor::Capacity;
use crate::id::{ContactId, CounsellorId, OfferId};

/// A floor at one instant.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Floor {
    /// Contacts; final ones may be left out.
    pub contacts: Vec<ContactNow>,
    /// Open offers.
    pub offers: Vec<OfferNow>,
    /// Open participations.
    pub participations: Vec<ParticipationNow>,
    /// Counsellors.
    pub counsellors: Vec<CounsellorNow>,
}

/// A contact at one instant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ContactNow {
    /// The contact.
    pub contact_id: ContactId,
    /// The kind of capacity it takes.
    pub medium: Medium,
    /// Where it stands.
    pub state: ContactState,
    /// Whose it is.
    pub owner: Option<CounsellorId>,
    /// Whether it takes room of its owner. It does while they talk, and until they have finished wrapping up.
    pub holds: bool,
    /// Whether its owner has put it aside.
    pub put_aside: bool,
    /// When it should be answered, in milliseconds.
    pub deadline_ms: i64,
}

/// An open offer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OfferNow {
    /// The offer.
    pub offer_id: OfferId,
    /// What the offers that were made together have in common; the offer itself if it is alone.
    pub group: OfferId,
    /// The contact.
    pub contact_id: ContactId,
    /// Who may accept it.
    pub counsellor_id: CounsellorId,
}

/// Somebody who takes part in a contact, or is asked to, without owning it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ParticipationNow {
    /// The contact.
    pub contact_id: ContactId,
    /// Who takes part.
    pub counsellor_id: CounsellorId,
    /// Whether they are there already.
    pub joined: bool,
}

/// A counsellor at one instant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CounsellorNow {
    /// The counsellor.
    pub counsellor_id: CounsellorId,
    /// How much they can hold.
    pub capacity: Capacity,
    /// What is booked as held by them.
    pub held: Capacity,
}

/// Something that holds on every floor.
pub type Always = fn(&Floor) -> bool;

/// Something that holds between a floor and the floor after one step.
pub type Between = fn(&Floor, &Floor) -> bool;

/// Everything that always holds, by name.
pub const ALWAYS: [(&str, Always); 9] = [
    ("a contact has at most one open group of offers", one_open_group),
    ("a contact is offered exactly when it has an open offer", offered_means_open_offer),
    ("a contact that is talked with has exactly one owner, one in line has none", one_owner),
    ("what is put aside is with its owner and takes no room", aside_takes_no_room),
    ("nobody is offered or takes part in what is theirs", nobody_twice_in_a_contact),
    ("what is booked as held is what is held", held_is_what_is_there),
    ("nobody holds more than they can", within_capacity),
    ("who speaks does nothing else", voice_excludes),
    ("a contact that is over leaves nothing behind", nothing_after_the_end),
];

/// Everything that holds between two instants, by name.
pub const BETWEEN: [(&str, Between); 4] = [
    ("a contact takes only steps that are allowed", steps_are_allowed),
    ("a final state stays", final_states_stay),
    ("a deadline never moves later", deadlines_never_later),
    ("custody passes to who was offered it or takes part", custody_is_passed),
];

/// The names of what does not hold on this floor.
pub fn broken(floor: &Floor) -> Vec<&'static str> {
    ALWAYS.iter().filter(|(_, holds)| !holds(floor)).map(|(name, _)| *name).collect()
}

/// The names of what does not hold between two instants.
pub fn broken_between(before: &Floor, after: &Floor) -> Vec<&'static str> {
    BETWEEN.iter().filter(|(_, holds)| !holds(before, after)).map(|(name, _)| *name).collect()
}

/// A contact has at most one open group of offers, and offers it to nobody twice.
pub fn one_open_group(floor: &Floor) -> bool {
    let mut groups: BTreeMap<ContactId, OfferId> = BTreeMap::new();
    let mut asked = BTreeSet::new();
    floor.offers.iter().all(|offer| {
        *groups.entry(offer.contact_id).or_insert(offer.group) == offer.group
            && asked.insert((offer.contact_id, offer.counsellor_id))
    })
}

/// A contact is in the state of being offered exactly when an offer of it is open.
pub fn offered_means_open_offer(floor: &Floor) -> bool {
    let open: BTreeSet<ContactId> = floor.offers.iter().map(|offer| offer.contact_id).collect();
    let offered = floor.contacts.iter().filter(|contact| contact.state == ContactState::Offered);
    offered.map(|contact| contact.contact_id).collect::<BTreeSet<_>>() == open
}

/// Exactly one owner from the first word to the sign-off, none before.
pub fn one_owner(floor: &Floor) -> bool {
    let mut seen = BTreeSet::new();
    floor.contacts.iter().all(|contact| {
        let right = match contact.state {
            ContactState::InProgress | ContactState::WrapUp => contact.owner.is_some(),
            ContactState::Received | ContactState::Waiting | ContactState::Offered => contact.owner.is_none(),
            _ => true,
        };
        right && seen.insert(contact.contact_id)
    })
}

/// A conversation takes room of its owner from the first word to the last, but while it is put aside.
pub fn aside_takes_no_room(floor: &Floor) -> bool {
    floor.contacts.iter().all(|contact| {
        if contact.state == ContactState::InProgress {
            contact.holds != contact.put_aside
        } else {
            !contact.put_aside
        }
    })
}

/// Nobody is offered what they own or take part in, takes part in what they own, or takes part twice.
pub fn nobody_twice_in_a_contact(floor: &Floor) -> bool {
    let owners = floor.contacts.iter().filter(|contact| !contact.state.is_final());
    let owners = owners.filter_map(|contact| Some((contact.contact_id, contact.owner?)));
    let offered = floor.offers.iter().map(|offer| (offer.contact_id, offer.counsellor_id));
    let parts = floor.participations.iter().map(|part| (part.contact_id, part.counsellor_id));
    let mut seen = BTreeSet::new();
    owners.chain(offered).chain(parts).all(|one| seen.insert(one))
}

/// What a counsellor is booked to hold is the contacts they own that take room, the open offers and the participations.
pub fn held_is_what_is_there(floor: &Floor) -> bool {
    floor.counsellors.iter().all(|counsellor| counsellor.held == held_by(floor, counsellor.counsellor_id))
}

/// What somebody holds, counted.
pub fn held_by(floor: &Floor, counsellor_id: CounsellorId) -> Capacity {
    let media: BTreeMap<ContactId, Medium> =
        floor.contacts.iter().map(|contact| (contact.contact_id, contact.medium)).collect();
    let owned = floor
        .contacts
        .iter()
        .filter(|contact| contact.holds && contact.owner == Some(counsellor_id))
        .map(|contact| contact.contact_id);
    let offered = floor.offers.iter().filter(|offer| offer.counsellor_id == counsellor_id);
    let parts = floor.participations.iter().filter(|part| part.counsellor_id == counsellor_id);
    owned
        .chain(offered.map(|offer| offer.contact_id))
        .chain(parts.map(|part| part.contact_id))
        .filter_map(|contact| media.get(&contact))
        .fold(Capacity::default(), |held, medium| held.plus(*medium))
}

/// Nobody holds more of a medium than they can. Lowering what somebody can hold while they hold it is the one exception, so
/// whoever allows that leaves this one out.
pub fn within_capacity(floor: &Floor) -> bool {
    floor.counsellors.iter().all(|counsellor| {
        Medium::ALL.into_iter().all(|medium| counsellor.held.of(medium) <= counsellor.capacity.of(medium))
    })
}

/// Who holds a call holds one call and nothing else.
pub fn voice_excludes(floor: &Floor) -> bool {
    floor.counsellors.iter().all(|counsellor| {
        let Capacity { voice, chat, message } = counsellor.held;
        voice == 0 || (voice == 1 && chat == 0 && message == 0)
    })
}

/// A contact that is over takes no room, is offered to nobody, and nobody takes part in it.
pub fn nothing_after_the_end(floor: &Floor) -> bool {
    floor.contacts.iter().filter(|contact| contact.state.is_final()).all(|contact| {
        !contact.holds
            && floor.offers.iter().all(|offer| offer.contact_id != contact.contact_id)
            && floor.participations.iter().all(|part| part.contact_id != contact.contact_id)
    })
}

/// The contacts that are on both floors.
fn in_both<'a>(
    before: &'a Floor,
    after: &'a Floor,
) -> impl Iterator<Item = (&'a ContactNow, &'a ContactNow)> {
    let later: BTreeMap<ContactId, &ContactNow> =
        after.contacts.iter().map(|contact| (contact.contact_id, contact)).collect();
    before.contacts.iter().filter_map(move |then| Some((then, *later.get(&then.contact_id)?)))
}

/// Each contact stays where it is or takes a step that is allowed.
pub fn steps_are_allowed(before: &Floor, after: &Floor) -> bool {
    in_both(before, after).all(|(then, now)| then.state == now.state || then.state.may_become(now.state))
}

/// There is no way out of a final state, and no contact disappears before it.
pub fn final_states_stay(before: &Floor, after: &Floor) -> bool {
    let kept: BTreeSet<ContactId> = in_both(before, after).map(|(then, _)| then.contact_id).collect();
    in_both(before, after).all(|(then, now)| !then.state.is_final() || then.state == now.state)
        && before.contacts.iter().all(|then| then.state.is_final() || kept.contains(&then.contact_id))
}

/// Whoever waits for an answer never has it put off.
pub fn deadlines_never_later(before: &Floor, after: &Floor) -> bool {
    in_both(before, after).all(|(then, now)| now.deadline_ms <= then.deadline_ms)
}

/// A contact becomes somebody's only from an open offer to them or because they take part in it.
pub fn custody_is_passed(before: &Floor, after: &Floor) -> bool {
    in_both(before, after).filter(|(then, now)| now.owner.is_some() && now.owner != then.owner).all(
        |(then, now)| {
            let was_offered = before
                .offers
                .iter()
                .any(|offer| offer.contact_id == now.contact_id && Some(offer.counsellor_id) == now.owner);
            let took_part = before.participations.iter().any(|part| {
                part.joined && part.contact_id == now.contact_id && Some(part.counsellor_id) == now.owner
            });
            match then.state {
                ContactState::Offered => was_offered,
                _ => took_part,
            }
        },
    )
}
