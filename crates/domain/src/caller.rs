//! Who is calling.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{AgencyId, CentreId, CounsellorId, EscalationId, ReferralId, TokenId};

/// What a token entitles its bearer to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A channel adapter: web chat, telephony, message gateways.
    ChannelAdapter,
    /// A counsellor.
    Counsellor,
    /// A supervisor of the floor.
    Supervisor,
    /// An administrator of people, settings and tokens.
    Administrator,
    /// A responder of a partner agency, who sees what was addressed to it.
    AgencyResponder,
    /// Whoever shows a link that was sent to an agency: may open it or ask for another, and see nothing.
    AgencyLink,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::ChannelAdapter,
        Self::Counsellor,
        Self::Supervisor,
        Self::Administrator,
        Self::AgencyResponder,
        Self::AgencyLink,
    ];

    /// The stable key under which the role is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ChannelAdapter => "channel_adapter",
            Self::Counsellor => "counsellor",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
            Self::AgencyResponder => "agency_responder",
            Self::AgencyLink => "agency_link",
        }
    }

    /// The role with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }
}

/// What agencies are told of, and what a link leads to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// An escalation.
    Escalation(EscalationId),
    /// A referral.
    Referral(ReferralId),
}

impl Subject {
    /// The one of these ids that is there; `None` when it is not exactly one.
    pub fn of(escalation_id: Option<Uuid>, referral_id: Option<Uuid>) -> Option<Self> {
        match (escalation_id, referral_id) {
            (Some(id), None) => Some(Self::Escalation(id.into())),
            (None, Some(id)) => Some(Self::Referral(id.into())),
            _ => None,
        }
    }

    /// The escalation, if it is one.
    pub fn escalation(self) -> Option<Uuid> {
        match self {
            Self::Escalation(id) => Some(id.as_uuid()),
            Self::Referral(_) => None,
        }
    }

    /// The referral, if it is one.
    pub fn referral(self) -> Option<Uuid> {
        match self {
            Self::Escalation(_) => None,
            Self::Referral(id) => Some(id.as_uuid()),
        }
    }

    /// Its kind, a key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Escalation(_) => "escalation",
            Self::Referral(_) => "referral",
        }
    }
}

/// An authenticated caller: the bearer of a token of one centre.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Caller {
    /// The token shown.
    pub token_id: TokenId,
    /// The only centre the caller can see.
    pub centre_id: CentreId,
    /// What the caller may be.
    pub role: Role,
    /// The counsellor who bears the token; set exactly for the role counsellor.
    pub counsellor_id: Option<CounsellorId>,
    /// The agency whose responder bears the token; set for the roles agency responder and agency link.
    pub agency_id: Option<AgencyId>,
    /// The one thing that the caller may know of: set for whoever came by a link, whose `token_id` is the link's.
    pub only: Option<Subject>,
}

impl Caller {
    /// Whether a responder came by a link, and is confined to what it is about.
    pub fn is_visitor(&self) -> bool {
        self.role == Role::AgencyResponder && self.only.is_some()
    }

    /// Whom the journal and the replay of requests name: the counsellor if there is one, so that a new token of the
    /// same person stays the same person, else the token.
    pub fn principal(&self) -> Uuid {
        self.counsellor_id.map_or(self.token_id.as_uuid(), |id| id.as_uuid())
    }
}
