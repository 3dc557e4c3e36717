//! The life of an escalation: a demand for emergency action that does not rest until somebody reached the child.
//!
//! Delivered, acknowledged, accepted and child reached are four facts with four times. An acknowledgement alone never
//! stops the clock: who says "I have seen it" and does nothing is passed over like who says nothing. [`ladder`] says which
//! step follows, [`plan`] what a centre has laid down, [`on_call`] who has the watch.

pub mod check;
pub mod ladder;
pub mod on_call;
pub mod plan;
pub mod preview;
pub mod report;

/// Where an escalation stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EscalationState {
    /// Written down; its first step is due at once.
    Raised,
    /// Those of the present step are being told.
    Notifying,
    /// Every step was taken and the fallback is being rung: a person must take it.
    Unanswered,
    /// Somebody has seen it. The clock of acceptance runs.
    Acknowledged,
    /// Somebody has taken it on.
    Accepted,
    /// They are on their way.
    Responding,
    /// They are where the child should be.
    OnScene,
    /// The child was reached.
    ChildReached,
    /// Over: the child was reached, and what became of it is written down.
    Resolved,
    /// Over: it was not needed. Asked by one, approved by another.
    StoodDown,
    /// Over, and nobody reached the child. Asked by one, approved by another.
    ClosedUnreached,
}

impl EscalationState {
    /// Every state.
    pub const ALL: [Self; 11] = [
        Self::Raised,
        Self::Notifying,
        Self::Unanswered,
        Self::Acknowledged,
        Self::Accepted,
        Self::Responding,
        Self::OnScene,
        Self::ChildReached,
        Self::Resolved,
        Self::StoodDown,
        Self::ClosedUnreached,
    ];

    /// The stable key under which the state is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Notifying => "notifying",
            Self::Unanswered => "unanswered",
            Self::Acknowledged => "acknowledged",
            Self::Accepted => "accepted",
            Self::Responding => "responding",
            Self::OnScene => "on_scene",
            Self::ChildReached => "child_reached",
            Self::Resolved => "resolved",
            Self::StoodDown => "stood_down",
            Self::ClosedUnreached => "closed_unreached",
        }
    }

    /// The state with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Whether nothing can follow.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Resolved | Self::StoodDown | Self::ClosedUnreached)
    }

    /// Whether the ladder still climbs: nobody has taken it on.
    pub const fn climbs(self) -> bool {
        matches!(self, Self::Raised | Self::Notifying | Self::Unanswered | Self::Acknowledged)
    }

    /// Whether somebody has taken it on and the child is not reached yet.
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Accepted | Self::Responding | Self::OnScene)
    }

    /// Whether what is demanded may be over from here: an emergency when the child was reached, a report as soon as somebody
    /// has taken it on, for it reaches an authority and no child.
    pub const fn may_be_resolved(self, kind: EscalationKind) -> bool {
        match kind {
            EscalationKind::Emergency => matches!(self, Self::ChildReached),
            EscalationKind::MandatoryReport => self.is_under_way(),
        }
    }

    /// The whole table of transitions of an emergency; a report differs as [`may_be_resolved`](Self::may_be_resolved) says.
    /// Who took it on may give it back, which makes the ladder climb again; a responder on the way may report the later
    /// steps without the earlier ones.
    pub const fn may_become(self, next: Self) -> bool {
        use EscalationState::{
            Accepted, Acknowledged, ChildReached, ClosedUnreached, Notifying, OnScene, Raised, Resolved,
            Responding, StoodDown, Unanswered,
        };
        match self {
            Raised => matches!(next, Notifying | Unanswered | Accepted | StoodDown | ClosedUnreached),
            Notifying => {
                matches!(next, Notifying | Unanswered | Acknowledged | Accepted | StoodDown | ClosedUnreached)
            }
            Unanswered => matches!(next, Notifying | Acknowledged | Accepted | StoodDown | ClosedUnreached),
            Acknowledged => matches!(next, Notifying | Unanswered | Accepted | StoodDown | ClosedUnreached),
            Accepted => matches!(
                next,
                Notifying | Unanswered | Responding | OnScene | ChildReached | StoodDown | ClosedUnreached
            ),
            Responding => {
                matches!(next, Notifying | Unanswered | OnScene | ChildReached | StoodDown | ClosedUnreached)
            }
            OnScene => matches!(next, Notifying | Unanswered | ChildReached | StoodDown | ClosedUnreached),
            ChildReached => matches!(next, Resolved),
            Resolved | StoodDown | ClosedUnreached => false,
        }
    }
}

/// What is demanded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EscalationKind {
    /// Somebody must reach the child now.
    Emergency,
    /// The law demands a report: the same machine with a slow clock.
    MandatoryReport,
}

impl EscalationKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Emergency, Self::MandatoryReport];

    /// The stable key under which the kind is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::MandatoryReport => "mandatory_report",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// What became of the child.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// Safe where they are.
    SafeInPlace,
    /// Taken to a place of safety.
    TakenToSafety,
    /// Taken to medical care.
    TakenToCare,
    /// Handed to child protection.
    ChildProtection,
    /// No danger was found.
    NoDangerFound,
    /// The child has died.
    Died,
    /// Something else; a remark says what.
    Other,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::SafeInPlace,
        Self::TakenToSafety,
        Self::TakenToCare,
        Self::ChildProtection,
        Self::NoDangerFound,
        Self::Died,
        Self::Other,
    ];

    /// The stable key under which the outcome is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::SafeInPlace => "safe_in_place",
            Self::TakenToSafety => "taken_to_safety",
            Self::TakenToCare => "taken_to_care",
            Self::ChildProtection => "child_protection",
            Self::NoDangerFound => "no_danger_found",
            Self::Died => "died",
            Self::Other => "other",
        }
    }

    /// The outcome with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.key() == key)
    }
}

/// Where a location comes from. A responder must know how far to trust it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LocationSource {
    /// The child or caller said it.
    Said,
    /// The telephone network gave it.
    Network,
    /// A device measured it.
    Device,
    /// A counsellor concluded it.
    Concluded,
    /// A responder reported it.
    Responder,
}

impl LocationSource {
    /// Every source.
    pub const ALL: [Self; 5] = [Self::Said, Self::Network, Self::Device, Self::Concluded, Self::Responder];

    /// The stable key under which the source is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Network => "network",
            Self::Device => "device",
            Self::Concluded => "concluded",
            Self::Responder => "responder",
        }
    }

    /// The source with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.key() == key)
    }
}

/// Kinds of danger, by which a centre chooses whom to tell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// Violence against the child.
    Violence,
    /// Sexual violence or exploitation.
    Sexual,
    /// Suicide or self-harm.
    Suicide,
    /// Medical emergency.
    Medical,
    /// Missing or abducted.
    Missing,
    /// Trafficking.
    Trafficking,
    /// Abandoned, or without shelter.
    Abandoned,
    /// Something else.
    Other,
}

impl Danger {
    /// Every kind of danger.
    pub const ALL: [Self; 8] = [
        Self::Violence,
        Self::Sexual,
        Self::Suicide,
        Self::Medical,
        Self::Missing,
        Self::Trafficking,
        Self::Abandoned,
        Self::Other,
    ];

    /// The stable key under which the danger is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Violence => "violence",
            Self::Sexual => "sexual",
            Self::Suicide => "suicide",
            Self::Medical => "medical",
            Self::Missing => "missing",
            Self::Trafficking => "trafficking",
            Self::Abandoned => "abandoned",
            Self::Other => "other",
        }
    }

    /// The danger with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|danger| danger.key() == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_way_out_of_a_final_state_and_always_one_out_of_the_others() {
        for state in EscalationState::ALL {
            let ways_out = EscalationState::ALL.into_iter().filter(|next| state.may_become(*next)).count();
            assert_eq!(ways_out == 0, state.is_final(), "{}", state.key());
            assert_eq!(EscalationState::from_key(state.key()), Some(state));
        }
    }

    #[test]
    fn it_is_resolved_only_when_the_child_was_reached() {
        for state in EscalationState::ALL {
            let resolves = state.may_become(EscalationState::Resolved);
            assert_eq!(resolves, state == EscalationState::ChildReached, "{}", state.key());
            assert_eq!(state.may_be_resolved(EscalationKind::Emergency), resolves, "{}", state.key());
        }
    }

    #[test]
    fn nobody_reaches_a_child_who_has_not_taken_it_on() {
        for state in EscalationState::ALL {
            let reaches = state.may_become(EscalationState::ChildReached);
            assert_eq!(reaches, state.is_under_way(), "{}", state.key());
        }
    }
}
