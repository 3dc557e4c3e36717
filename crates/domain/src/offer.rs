//! The life of an offer.

/// Where an offer stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OfferState {
    /// The counsellor may accept.
    Open,
    /// Accepted.
    Accepted,
    /// Declined with a reason.
    Declined,
    /// Nobody answered in time.
    Expired,
    /// Taken back: the person left, or the counsellor did.
    Withdrawn,
}

impl OfferState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Open, Self::Accepted, Self::Declined, Self::Expired, Self::Withdrawn];

    /// The stable key under which the state is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// An open offer ends once; nothing follows an end.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Accepted | Self::Declined | Self::Expired | Self::Withdrawn)
        )
    }
}

/// Why a counsellor declines.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DeclineReason {
    /// About to leave or to pause.
    Leaving,
    /// Still busy with something else.
    Busy,
    /// Knows the child or somebody involved.
    Conflict,
    /// Does not feel able to take such a contact now.
    NotAble,
    /// A technical problem.
    Technical,
}

impl DeclineReason {
    /// The stable key under which the reason is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Leaving => "leaving",
            Self::Busy => "busy",
            Self::Conflict => "conflict",
            Self::NotAble => "not_able",
            Self::Technical => "technical",
        }
    }
}
