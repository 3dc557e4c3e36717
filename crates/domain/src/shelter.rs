//! Residents of shelters: services that they are offered, and help to return. Nobody is sent: who goes agrees until they go.

use serde::{Deserialize, Serialize};

use crate::disclosure::keyed;

keyed!(
    /// Where the offer of a service stands.
    ServiceOfferState {
        /// It is to be made.
        Open = "open",
        /// The resident wants it, and a referral carries it out.
        Accepted = "accepted",
        /// The resident does not want it now.
        DeclinedByResident = "declined_by_resident",
        /// It cannot be had.
        Unavailable = "unavailable",
        /// The resident left before it was answered.
        Lapsed = "lapsed",
    }
);

keyed!(
    /// Why a service cannot be had.
    ServiceUnavailableReason {
        /// Nobody gives it here.
        NoService = "no_service",
        /// Whoever gives it has no room.
        NoCapacity = "no_capacity",
        /// It would endanger the resident.
        NotSafe = "not_safe",
        /// Something else.
        Other = "other",
    }
);

keyed!(
    /// Where help to return stands.
    ReturnState {
        /// What is needed is collected.
        Preparing = "preparing",
        /// Everything is there.
        Ready = "ready",
        /// They have left.
        Departed = "departed",
        /// They are there.
        Arrived = "arrived",
        /// They do not go, or not by this.
        Cancelled = "cancelled",
    }
);

keyed!(
    /// Where something that is needed to go stands.
    ReturnItemState {
        /// It is missing.
        Open = "open",
        /// It is there.
        Done = "done",
        /// They go without it, for a reason.
        NotNeeded = "not_needed",
    }
);

keyed!(
    /// Why something is not needed to go.
    ReturnItemReason {
        /// They have it already.
        AlreadyThere = "already_there",
        /// The law does not ask for it.
        NotRequired = "not_required",
        /// Who goes does not want it.
        NotWanted = "not_wanted",
        /// Something else.
        Other = "other",
    }
);

keyed!(
    /// Why help to return was cancelled.
    ReturnCancelReason {
        /// Who would go has changed their mind.
        ChangedMind = "changed_mind",
        /// It is not safe there.
        NotSafe = "not_safe",
        /// Something else was found.
        OtherSolution = "other_solution",
        /// They turned back on the way.
        TurnedBack = "turned_back",
        /// They never arrived, as far as anybody knows.
        NotArrived = "not_arrived",
        /// It was about somebody else.
        EnteredInError = "entered_in_error",
        /// Something else.
        Other = "other",
    }
);

/// Something that is needed to go.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReturnItem {
    /// What it is, a key.
    pub item: String,
    /// Where it stands.
    pub state: ReturnItemState,
    /// Why it is not needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReturnItemReason>,
}

impl ServiceOfferState {
    /// Whether it may become `next`. Who said no may change their mind, and what cannot be had may be had later.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Open, next) => !matches!(next, Self::Open),
            (Self::Accepted | Self::DeclinedByResident | Self::Unavailable, Self::Open) => true,
            _ => false,
        }
    }
}

impl ReturnState {
    /// Whether it may become `next`.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            // What was ready is not any more when somebody says no, or something is missing.
            (Self::Preparing, Self::Ready)
            | (Self::Ready, Self::Preparing | Self::Departed)
            | (Self::Departed, Self::Arrived)
            | (Self::Preparing | Self::Ready | Self::Departed, Self::Cancelled) => true,
            _ => false,
        }
    }

    /// Whether they have not left yet, and it is not over.
    pub const fn is_before_departure(self) -> bool {
        matches!(self, Self::Preparing | Self::Ready)
    }

    /// Whether it is over.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Arrived | Self::Cancelled)
    }
}

/// What may be overridden of what is in the way. Consent cannot.
pub const MAY_BE_LIFTED: [&str; 2] = ["best_interests_concern", "fear_recorded"];

/// Under which plans follow-up calls are given: after a stay, and after who lived there has left the country.
pub const FOLLOW_UP_PLANS: [&str; 2] = ["after_stay", "after_shelter"];
