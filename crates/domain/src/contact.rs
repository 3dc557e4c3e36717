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
    /// Out of the line until a promised callback is due; its place is kept.
    CallbackPromised,
    /// The connection vanished and nobody had ended it.
    Lost,
    /// A callback that reached nobody, was cancelled, or was made needless by the child's own call.
    Unreached,
    /// From a blocked sender: counted and not in line. Only danger that is found after all leads out of it.
    Blocked,
    /// With a partner centre, which has taken it on.
    Overflowed,
    /// Another centre has served the child, or has them again.
    PassedOn,
}

/// Who began a contact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// The child or whoever speaks for them.
    Inbound,
    /// The helpline.
    Outbound,
}

impl Direction {
    /// The stable key under which the direction is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    /// The direction with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Inbound, Self::Outbound].into_iter().find(|direction| direction.key() == key)
    }
}

impl ContactState {
    /// Every state.
    pub const ALL: [Self; 15] = [
        Self::Received,
        Self::Waiting,
        Self::Offered,
        Self::InProgress,
        Self::WrapUp,
        Self::WaitingOffline,
        Self::Closed,
        Self::Abandoned,
        Self::ShortAbandoned,
        Self::CallbackPromised,
        Self::Lost,
        Self::Unreached,
        Self::Blocked,
        Self::Overflowed,
        Self::PassedOn,
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
            Self::CallbackPromised => "callback_promised",
            Self::Lost => "lost",
            Self::Unreached => "unreached",
            Self::Blocked => "blocked",
            Self::Overflowed => "overflowed",
            Self::PassedOn => "passed_on",
        }
    }

    /// The state with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Whether nothing can follow.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Closed
                | Self::Abandoned
                | Self::ShortAbandoned
                | Self::Lost
                | Self::Unreached
                | Self::PassedOn
        )
    }

    /// The whole table of transitions. The database refuses a way out of a final state as well.
    pub const fn may_become(self, next: Self) -> bool {
        use ContactState::{
            Abandoned, Blocked, CallbackPromised, Closed, InProgress, Lost, Offered, Overflowed, PassedOn,
            Received, ShortAbandoned, Unreached, Waiting, WaitingOffline, WrapUp,
        };
        matches!(
            (self, next),
            (Received, Waiting | Abandoned | ShortAbandoned | Lost)
                | (Waiting, Offered | Abandoned | ShortAbandoned | Lost | CallbackPromised | Unreached | Overflowed | PassedOn)
                | (
                    Offered,
                    InProgress | Waiting | Abandoned | ShortAbandoned | Lost | CallbackPromised | Unreached | Overflowed | PassedOn
                )
                | (InProgress, WrapUp | Waiting | Closed | CallbackPromised | Unreached)
                // An attempt that reached nobody may be recorded in the wrap-up.
                | (WrapUp, Closed | Waiting | CallbackPromised | Unreached)
                | (CallbackPromised, Waiting | Unreached)
                | (Overflowed, Waiting | PassedOn | Abandoned | ShortAbandoned | Lost)
                | (WaitingOffline, Closed)
                | (Blocked, Waiting)
        )
    }
}
