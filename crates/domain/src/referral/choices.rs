//! Whom a referral goes to: choices in an order, asked one after another, or all at once when the first who can shall have it.

use crate::disclosure::keyed;

keyed!(
    /// Where a choice stands.
    ChoiceState {
        /// Not asked yet.
        Waiting = "waiting",
        /// Asked.
        Offered = "offered",
        /// Has it.
        Accepted = "accepted",
        /// Said no.
        Rejected = "rejected",
        /// Did not answer in time.
        Expired = "expired",
        /// No longer asked: another has it, or it was taken back.
        Withdrawn = "withdrawn",
        /// Could not be asked: no consent, no place, or no longer there.
        Skipped = "skipped",
    }
);

impl ChoiceState {
    /// Whether the agency of this choice may read what was granted.
    pub const fn opens(self) -> bool {
        matches!(self, Self::Offered | Self::Accepted)
    }

    /// Whether a choice may go on to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Waiting, Self::Offered | Self::Skipped | Self::Withdrawn)
                | (Self::Offered, Self::Accepted | Self::Rejected | Self::Expired | Self::Withdrawn)
                | (Self::Accepted, Self::Withdrawn)
        )
    }
}

/// A choice, as far as it decides whom to ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// Its place in the order, from 1.
    pub position: i32,
    /// Where it stands.
    pub state: ChoiceState,
    /// Whether it can be asked now.
    pub fits: bool,
}

/// What becomes of choices.
pub type Moves = Vec<(i32, ChoiceState)>;

/// Whom to ask now: the first that fits of those not asked yet, or all that fit. Who does not fit is passed over for good.
/// Nothing is offered when nobody is left.
pub fn ask(choices: &[Choice], all_at_once: bool) -> Moves {
    let mut moves = Moves::new();
    let mut waiting: Vec<_> = choices.iter().filter(|one| one.state == ChoiceState::Waiting).collect();
    waiting.sort_unstable_by_key(|one| one.position);
    for one in waiting {
        let next = if one.fits { ChoiceState::Offered } else { ChoiceState::Skipped };
        moves.push((one.position, next));
        if one.fits && !all_at_once {
            break;
        }
    }
    moves
}

/// Whether a move asks somebody.
pub fn asks_somebody(moves: &[(i32, ChoiceState)]) -> bool {
    moves.iter().any(|(_, next)| *next == ChoiceState::Offered)
}

/// What follows when these choices have ended as `end`, rejected or expired: others who are still asked keep it open; with
/// nobody asked the next that fits is asked at once. The second part says whether nobody is left.
pub fn after(choices: &[Choice], ended: &[i32], end: ChoiceState) -> (Moves, bool) {
    let mut moves: Moves = ended.iter().map(|position| (*position, end)).collect();
    let asked = |one: &&Choice| one.state == ChoiceState::Offered && !ended.contains(&one.position);
    if choices.iter().any(|one| asked(&one)) {
        return (moves, false);
    }
    let next = ask(choices, false);
    let left = !asks_somebody(&next);
    moves.extend(next);
    (moves, left)
}

/// What becomes of the others when one has accepted.
pub fn accepted(choices: &[Choice], by: i32) -> Moves {
    let mut moves = ended(choices);
    moves.retain(|(position, _)| *position != by);
    moves.push((by, ChoiceState::Accepted));
    moves
}

/// Everybody who is asked or has it, or might be asked, is not any more.
pub fn ended(choices: &[Choice]) -> Moves {
    let open = |one: &&Choice| one.state.may_become(ChoiceState::Withdrawn);
    choices.iter().filter(open).map(|one| (one.position, ChoiceState::Withdrawn)).collect()
}
