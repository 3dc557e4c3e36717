//! The life of a callback that was promised to a child, and of a safety check-in.

use crate::channel::Channel;

/// What was promised.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallbackKind {
    /// To call back.
    Callback,
    /// To ask whether the child is safe. One that fails is an alarm, and critical work.
    CheckIn,
}

impl CallbackKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Callback, Self::CheckIn];

    /// The stable key under which the kind is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::CheckIn => "check_in",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// Where a callback stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallbackState {
    /// Its time has not come, or has not come again.
    Promised,
    /// Its contact is in line, or with a counsellor who calls.
    Due,
    /// The child was reached.
    Reached,
    /// Nobody was reached within the attempts or the window.
    Failed,
    /// Taken back, or made needless.
    Cancelled,
}

impl CallbackState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Promised, Self::Due, Self::Reached, Self::Failed, Self::Cancelled];

    /// The stable key under which the state is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Promised => "promised",
            Self::Due => "due",
            Self::Reached => "reached",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Whether nothing can follow.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Reached | Self::Failed | Self::Cancelled)
    }

    /// The whole table of transitions.
    pub const fn may_become(self, next: Self) -> bool {
        use CallbackState::{Cancelled, Due, Failed, Promised, Reached};
        matches!(
            (self, next),
            (Promised, Due | Failed | Cancelled) | (Due, Promised | Reached | Failed | Cancelled)
        )
    }
}

/// What an attempt came to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AttemptOutcome {
    /// The child was reached.
    Reached,
    /// Nobody answered.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// Somebody else answered.
    WrongPerson,
    /// The child answered and cannot speak now.
    NotSafeNow,
}

impl AttemptOutcome {
    /// The stable key under which the outcome is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::WrongPerson => "wrong_person",
            Self::NotSafeNow => "not_safe_now",
        }
    }
}

/// Why a callback is taken back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CancelReason {
    /// The child asked for it.
    ChildAsked,
    /// To call would endanger the child.
    NotSafe,
    /// It was promised twice, or by mistake.
    Mistake,
    /// What it was for is done.
    NotNeeded,
}

impl CancelReason {
    /// The stable key under which the reason is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ChildAsked => "child_asked",
            Self::NotSafe => "not_safe",
            Self::Mistake => "mistake",
            Self::NotNeeded => "not_needed",
        }
    }
}

/// Whether somebody can be reached on a channel who is not there at this moment.
pub const fn can_call_back(channel: Channel) -> bool {
    matches!(channel, Channel::Voice | Channel::Sms | Channel::Whatsapp | Channel::Telegram | Channel::Email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_way_out_of_a_final_state_and_always_one_out_of_the_others() {
        for state in CallbackState::ALL {
            let ways_out = CallbackState::ALL.into_iter().filter(|next| state.may_become(*next)).count();
            assert_eq!(ways_out == 0, state.is_final(), "{}", state.key());
            assert!(!state.may_become(state), "{}", state.key());
        }
    }

    #[test]
    fn nobody_is_reached_before_the_callback_was_due() {
        let before: Vec<_> =
            CallbackState::ALL.into_iter().filter(|state| state.may_become(CallbackState::Reached)).collect();
        assert_eq!(before, [CallbackState::Due]);
    }

    #[test]
    fn a_promise_that_is_not_kept_fails_or_is_cancelled_and_never_just_ends() {
        let ends: Vec<_> = CallbackState::ALL
            .into_iter()
            .filter(|next| CallbackState::Promised.may_become(*next) && next.is_final())
            .collect();
        assert_eq!(ends, [CallbackState::Failed, CallbackState::Cancelled]);
    }

    #[test]
    fn every_key_leads_back_to_its_value() {
        assert!(
            CallbackState::ALL.into_iter().all(|state| CallbackState::from_key(state.key()) == Some(state))
        );
        assert!(CallbackKind::ALL.into_iter().all(|kind| CallbackKind::from_key(kind.key()) == Some(kind)));
    }

    #[test]
    fn who_stood_at_the_door_cannot_be_called_back() {
        let without: Vec<_> = Channel::ALL.into_iter().filter(|channel| !can_call_back(*channel)).collect();
        assert_eq!(without, [Channel::WebChat, Channel::WalkIn, Channel::Letter]);
    }
}
