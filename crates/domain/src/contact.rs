//! The life of a contact.

/// Where a contact stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContactState {
    /// Taken in, not yet in line.
    Received,
    /// In line.
    Waiting,
    /// Held for one counsellor until the offer ends.
    Offered,
    /// With a counsellor.
    InProgress,
    /// The conversation is over, the record is not signed off.
    WrapUp,
    /// Recorded after the fact, never routed, not signed off.
    WaitingOffline,
    /// Signed off.
    Closed,
    /// The person left before anybody answered.
    Abandoned,
    /// The person left within seconds.
    ShortAbandoned,
}

impl ContactState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Waiting,
        Self::Offered,
        Self::InProgress,
        Self::WrapUp,
        Self::WaitingOffline,
        Self::Closed,
        Self::Abandoned,
        Self::ShortAbandoned,
    ];

    /// The stable key under which the state is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Waiting => "waiting",
            Self::Offered => "offered",
            Self::InProgress => "in_progress",
            Self::WrapUp => "wrap_up",
            Self::WaitingOffline => "waiting_offline",
            Self::Closed => "closed",
            Self::Abandoned => "abandoned",
            Self::ShortAbandoned => "short_abandoned",
        }
    }

    /// The state with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Whether nothing can follow.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Abandoned | Self::ShortAbandoned)
    }

    /// The whole table of transitions. The database refuses a way out of a final state as well.
    pub const fn may_become(self, next: Self) -> bool {
        use ContactState::{
            Abandoned, Closed, InProgress, Offered, Received, ShortAbandoned, Waiting, WaitingOffline, WrapUp,
        };
        matches!(
            (self, next),
            (Received, Waiting | Abandoned | ShortAbandoned)
                | (Waiting, Offered | Abandoned | ShortAbandoned)
                | (Offered, InProgress | Waiting | Abandoned | ShortAbandoned)
                | (InProgress, WrapUp | Waiting | Closed)
                | (WrapUp | WaitingOffline, Closed)
        )
    }
}
