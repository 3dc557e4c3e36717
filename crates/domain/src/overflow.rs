//! A contact that another centre takes on: where it stands, and which step comes next.
//!
//! Each of the two centres has a row of its own, and every step changes rows of one centre alone. Custody is on the row of
//! the contact: it leaves the origin when its contact goes from the line to `overflowed`, and the receiving centre when its
//! linked contact ends. Between two steps the child is nobody's to offer, so two centres never have the same child;
//! [`next`] says from both rows what is still to be done, to whoever looks, as often as they look.

use crate::contact::ContactState;

/// Where an overflow stands, in either centre.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OverflowState {
    /// The partner was asked. The contact is in the origin's line all the same.
    Requested,
    /// The partner has the contact in its line, or will at once.
    Accepted,
    /// Somebody at the partner has answered.
    Serving,
    /// The partner's conversation is over.
    Served,
    /// The partner gave the contact back, lost it, or did not answer it in time.
    Returned,
    /// The partner declined.
    Declined,
    /// The partner did not accept in time.
    Expired,
    /// The contact was answered at home or left, or the request was taken back.
    Withdrawn,
}

impl OverflowState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Accepted,
        Self::Serving,
        Self::Served,
        Self::Returned,
        Self::Declined,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// The stable key under which the state is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Accepted => "accepted",
            Self::Serving => "serving",
            Self::Served => "served",
            Self::Returned => "returned",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Whether nothing can follow.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Requested | Self::Accepted | Self::Serving)
    }
}

/// Why a partner is asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OverflowReason {
    /// The queue is closed.
    Closed,
    /// Nobody on shift could take it.
    NobodyOnShift,
    /// A supervisor asked.
    ByHand,
}

impl OverflowReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Closed, Self::NobodyOnShift, Self::ByHand];

    /// The stable key under which the reason is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::NobodyOnShift => "nobody_on_shift",
            Self::ByHand => "by_hand",
        }
    }

    /// The reason with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.key() == key)
    }
}

/// The centre that asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Where its row stands.
    pub state: OverflowState,
    /// Where its contact stands.
    pub contact: ContactState,
    /// Whether the time is over that the partner has: first to accept, then to answer.
    pub overdue: bool,
    /// Whether the person left while the partner had the contact.
    pub left: bool,
}

/// The centre that was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receiver {
    /// Where its row stands.
    pub state: OverflowState,
    /// Where its contact stands, once it has one.
    pub contact: Option<ContactState>,
}

/// A step: one statement in one centre.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// Receiver: learns that it is asked.
    Ask,
    /// Origin: the contact leaves its line for the partner's.
    Release,
    /// Receiver: gets its linked contact.
    Place,
    /// Receiver: somebody has answered.
    Answer,
    /// Origin: learns that somebody has answered.
    NoteAnswer,
    /// Receiver: the person left, as the origin's channel says.
    Leave,
    /// Receiver: gives back what nobody has answered in time.
    GiveBack,
    /// Receiver: its row ends so.
    EndReceiver(OverflowState),
    /// Origin: the person has left and nobody has them: its contact ends.
    LeaveOrigin,
    /// Origin: its row ends so; served, its contact ends too, and returned, it waits again at its place.
    EndOrigin(OverflowState),
}

/// What is to be done next, if anything.
pub fn next(origin: Origin, receiver: Option<Receiver>) -> Option<Move> {
    use OverflowState::{Accepted, Declined, Expired, Requested, Returned, Served, Serving, Withdrawn};
    match origin.state {
        Requested => {
            if !matches!(origin.contact, ContactState::Waiting | ContactState::Offered) {
                return Some(Move::EndOrigin(Withdrawn));
            }
            match receiver.map(|receiver| receiver.state) {
                // Who said yes in time is taken at their word.
                Some(Accepted) => Some(Move::Release),
                Some(Requested) => origin.overdue.then_some(Move::EndOrigin(Expired)),
                Some(_) => Some(Move::EndOrigin(Declined)),
                None if origin.overdue => Some(Move::EndOrigin(Expired)),
                None => Some(Move::Ask),
            }
        }
        Accepted | Serving => match receiver {
            Some(Receiver { state: Requested | Accepted, contact: None }) => {
                Some(if origin.left || origin.overdue { Move::EndReceiver(Returned) } else { Move::Place })
            }
            Some(Receiver { state: Requested | Accepted | Serving, contact: Some(contact) }) => {
                at_the_partner(origin, receiver.map(|receiver| receiver.state), contact)
            }
            Some(Receiver { state: Served, .. }) => Some(Move::EndOrigin(Served)),
            _ if origin.left && origin.contact == ContactState::Overflowed => Some(Move::LeaveOrigin),
            _ => Some(Move::EndOrigin(Returned)),
        },
        over => match receiver {
            Some(Receiver { state: Requested | Accepted, contact: None }) => Some(Move::EndReceiver(over)),
            _ => None,
        },
    }
}

/// What is to be done while the partner has the contact.
fn at_the_partner(origin: Origin, state: Option<OverflowState>, contact: ContactState) -> Option<Move> {
    use ContactState::{
        CallbackPromised, Closed, InProgress, Offered, Overflowed, Received, Waiting, WaitingOffline, WrapUp,
    };
    let answered = state == Some(OverflowState::Serving);
    match contact {
        InProgress if !answered => Some(Move::Answer),
        Received | Waiting | Offered | InProgress | Overflowed | WaitingOffline if origin.left => {
            Some(Move::Leave)
        }
        Waiting | Offered if !answered && origin.overdue => Some(Move::GiveBack),
        _ if answered && origin.state == OverflowState::Accepted => Some(Move::NoteAnswer),
        Received | Waiting | Offered | InProgress | Overflowed | WaitingOffline => None,
        // It was answered, or is promised a callback by who has it.
        WrapUp | Closed | CallbackPromised if answered || contact == CallbackPromised => {
            Some(Move::EndReceiver(OverflowState::Served))
        }
        WrapUp | Closed => Some(Move::Answer),
        _ => Some(Move::EndReceiver(OverflowState::Returned)),
    }
}

#[cfg(test)]
mod tests;
