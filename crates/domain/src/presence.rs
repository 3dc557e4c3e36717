//! Whether a counsellor can be offered contacts.

/// Whether a counsellor is there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PresenceState {
    /// Not on shift.
    Offline,
    /// On shift, offered nothing.
    NotReady,
    /// On shift, offered what capacity allows.
    Ready,
    /// Not on shift but within reach: offered what is serious when nobody on shift could take it.
    OnCall,
}

impl PresenceState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Offline, Self::NotReady, Self::Ready, Self::OnCall];

    /// The stable key under which the state is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::NotReady => "not_ready",
            Self::Ready => "ready",
            Self::OnCall => "on_call",
        }
    }

    /// The state with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// Why a counsellor on shift is offered nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NotReadyReason {
    /// A pause.
    Break,
    /// Paperwork.
    Administration,
    /// Training or supervision.
    Training,
    /// A moment after a heavy contact.
    Care,
    /// Set by the system: too many offers missed in a row.
    MissedOffers,
    /// Set by the system: the counsellor's client was lost.
    ClientLost,
    /// Set by a supervisor.
    Supervisor,
}

impl NotReadyReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Break,
        Self::Administration,
        Self::Training,
        Self::Care,
        Self::MissedOffers,
        Self::ClientLost,
        Self::Supervisor,
    ];

    /// The stable key under which the reason is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Break => "break",
            Self::Administration => "administration",
            Self::Training => "training",
            Self::Care => "care",
            Self::MissedOffers => "missed_offers",
            Self::ClientLost => "client_lost",
            Self::Supervisor => "supervisor",
        }
    }

    /// The reason with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.key() == key)
    }
}

/// Why a supervisor sets a counsellor not ready.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ForceReason {
    /// The counsellor needs a rest.
    Rest,
    /// Something at the counsellor's place does not work.
    Technical,
    /// The supervisor wants to talk with them.
    Conversation,
    /// They are needed elsewhere.
    Planning,
    /// Something else, told by other means.
    Other,
}

impl ForceReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::Rest, Self::Technical, Self::Conversation, Self::Planning, Self::Other];

    /// The stable key under which the reason is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Technical => "technical",
            Self::Conversation => "conversation",
            Self::Planning => "planning",
            Self::Other => "other",
        }
    }

    /// The reason with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.key() == key)
    }
}
