//! Who is calling.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{AgencyId, CentreId, CounsellorId, EscalationId, TokenId};

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
    /// The only escalation that the caller may know of: set for whoever came by a link, whose `token_id` is the link's.
    pub escalation_id: Option<EscalationId>,
}

impl Caller {
    /// Whether a responder came by a link, and is confined to what it is about.
    pub fn is_visitor(&self) -> bool {
        self.role == Role::AgencyResponder && self.escalation_id.is_some()
    }

    /// Whom the journal and the replay of requests name: the counsellor if there is one, so that a new token of the
    /// same person stays the same person, else the token.
    pub fn principal(&self) -> Uuid {
        self.counsellor_id.map_or(self.token_id.as_uuid(), |id| id.as_uuid())
    }
}
