//! Taking part in a contact that is somebody else's: warm transfer, consultation, conference.
//!
//! Whoever takes part never owns the contact: it is its counsellor's until somebody takes it over, in one step.

/// What somebody is asked to take part for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ParticipationKind {
    /// To take the contact over, after both were with the child.
    WarmTransfer,
    /// To advise the counsellor, unnoticed by the child: reads, and neither speaks nor writes.
    Consult,
    /// To speak or write beside the counsellor, who keeps the contact.
    Conference,
}

impl ParticipationKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::WarmTransfer, Self::Consult, Self::Conference];

    /// The stable key under which the kind is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::WarmTransfer => "warm_transfer",
            Self::Consult => "consult",
            Self::Conference => "conference",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// Where a participation stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ParticipationState {
    /// Asked; not there yet.
    Invited,
    /// There.
    Joined,
    /// Has the contact now.
    TookOver,
    /// Declined with a reason.
    Declined,
    /// Was there and is no more.
    Left,
    /// The invitation was taken back.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
}

impl ParticipationState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Invited,
        Self::Joined,
        Self::TookOver,
        Self::Declined,
        Self::Left,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// The stable key under which the state is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Joined => "joined",
            Self::TookOver => "took_over",
            Self::Declined => "declined",
            Self::Left => "left",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// The state with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Whether it holds the capacity of a counsellor.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Invited | Self::Joined)
    }

    /// Whether a participation of this kind may go on to `next`. Only who is there can take a contact over, and not who
    /// only advises: who speaks beside the counsellor does when that one is lost.
    pub const fn may_become(self, next: Self, kind: ParticipationKind) -> bool {
        match (self, next) {
            (Self::Invited, Self::Joined | Self::Declined | Self::Withdrawn | Self::Expired)
            | (Self::Joined, Self::Left) => true,
            (Self::Joined, Self::TookOver) => !matches!(kind, ParticipationKind::Consult),
            _ => false,
        }
    }

    /// How it ends when what it was part of does, or when it is ended from outside; `None` when it is over already.
    pub const fn cut_short(self) -> Option<Self> {
        match self {
            Self::Invited => Some(Self::Withdrawn),
            Self::Joined => Some(Self::Left),
            _ => None,
        }
    }
}

/// What somebody outside the helpline is in a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OutsideRole {
    /// Interprets.
    Interpreter,
    /// A parent or somebody else of the child's family.
    Relative,
    /// A child-protection or welfare agency.
    Agency,
    /// Police, ambulance, fire brigade.
    Emergency,
    /// A doctor, a lawyer, a teacher.
    Professional,
    /// Somebody else.
    Other,
}

impl OutsideRole {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Interpreter, Self::Relative, Self::Agency, Self::Emergency, Self::Professional, Self::Other];

    /// The stable key under which the role is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Interpreter => "interpreter",
            Self::Relative => "relative",
            Self::Agency => "agency",
            Self::Emergency => "emergency",
            Self::Professional => "professional",
            Self::Other => "other",
        }
    }

    /// The role with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }
}
