//! A child is handed over across a border: prepared, offered without saying who the child is, accepted, taken there, received, and
//! looked after until the child is at home there.
//!
//! [`CrossBorderState::may_become`] is the table of who may do what when; [`rule`] says whether a country's rules let it be sent at all.

pub mod rule;
#[cfg(test)]
mod tests;

use crate::disclosure::keyed;

keyed!(
    /// Where a hand-over across a border stands.
    CrossBorderState {
        /// Being prepared; nobody outside knows of it.
        Prepared = "prepared",
        /// The rules of the country and the consent were looked at, and let it be offered.
        ConsentChecked = "consent_checked",
        /// A focal point is asked, without learning who the child is.
        Offered = "offered",
        /// The focal point assesses whether it can receive the child.
        ReceivingAssessment = "receiving_assessment",
        /// The focal point receives the child, perhaps on conditions.
        Accepted = "accepted",
        /// Whoever was asked does not, or has not answered: another may be asked.
        Declined = "declined",
        /// It is known when and how the child travels.
        TravelPlanned = "travel_planned",
        /// The child is on the way.
        Departed = "departed",
        /// Nobody has confirmed in time that the child has arrived.
        Missing = "missing",
        /// The receiving side says that the child is there.
        ArrivedConfirmed = "arrived_confirmed",
        /// Both sides have signed.
        HandedOver = "handed_over",
        /// The child was visited for the first time.
        FirstVisitDone = "first_visit_done",
        /// It is reported how the child is.
        Monitoring = "monitoring",
        /// It is over.
        Closed = "closed",
        /// It was taken back before the child left.
        Withdrawn = "withdrawn",
    }
);

keyed!(
    /// Whose step it is.
    CrossBorderSide {
        /// The centre that hands over.
        Sending = "sending",
        /// The focal point of the other country.
        Receiving = "receiving",
        /// Nobody's: time has passed.
        Clock = "clock",
    }
);

keyed!(
    /// How an offer to a focal point stands.
    CrossBorderOfferState {
        /// It is asked.
        Offered = "offered",
        /// It assesses.
        Assessing = "assessing",
        /// It has accepted.
        Accepted = "accepted",
        /// It has declined.
        Declined = "declined",
        /// It has not answered in time.
        Expired = "expired",
        /// The centre has taken it back.
        Withdrawn = "withdrawn",
    }
);

keyed!(
    /// Why a focal point does not receive a child.
    CrossBorderDeclineReason {
        /// No place.
        NoCapacity = "no_capacity",
        /// It would not be safe there.
        NotSafe = "not_safe",
        /// The family was not found, or cannot receive the child.
        FamilyNotAble = "family_not_able",
        /// The law there does not allow it.
        LegalObstacle = "legal_obstacle",
        /// What the child needs is not there.
        NeedsNotMet = "needs_not_met",
        /// Too little is known to decide.
        InsufficientInformation = "insufficient_information",
        /// Another authority is competent.
        NotCompetent = "not_competent",
        /// Something else; the remark says what.
        Other = "other",
    }
);

keyed!(
    /// Why a hand-over is taken back.
    CrossBorderWithdrawReason {
        /// The child does not want it.
        ChildDeclined = "child_declined",
        /// Consent was withdrawn.
        ConsentWithdrawn = "consent_withdrawn",
        /// It would not be safe.
        NotSafe = "not_safe",
        /// A better solution was found.
        OtherSolution = "other_solution",
        /// Nobody receives the child.
        NobodyAccepts = "nobody_accepts",
        /// It should never have been.
        EnteredInError = "entered_in_error",
        /// Something else; the remark says what.
        Other = "other",
    }
);

keyed!(
    /// How a hand-over ended.
    CrossBorderOutcome {
        /// The child is at home there; only when monitoring has lasted as long as it must.
        Settled = "settled",
        /// The child has come of age.
        CameOfAge = "came_of_age",
        /// The child has moved on, or come back.
        MovedOn = "moved_on",
        /// Nobody knows where the child is.
        Lost = "lost",
        /// The child has died.
        Died = "died",
    }
);

keyed!(
    /// Who travels with the child.
    CrossBorderEscort {
        /// Somebody of the sending side.
        SendingSide = "sending_side",
        /// Somebody of the receiving side.
        ReceivingSide = "receiving_side",
        /// An international organisation.
        Organisation = "organisation",
        /// Family.
        Family = "family",
        /// Nobody.
        Unescorted = "unescorted",
    }
);

keyed!(
    /// How the child travels.
    CrossBorderRoute {
        /// By air.
        Air = "air",
        /// By road.
        Road = "road",
        /// By rail.
        Rail = "rail",
        /// By sea.
        Sea = "sea",
        /// In more than one way.
        Mixed = "mixed",
    }
);

keyed!(
    /// How a child is, by a report.
    CrossBorderWellBeing {
        /// Well.
        Well = "well",
        /// There are concerns.
        Concerns = "concerns",
        /// In danger.
        AtRisk = "at_risk",
    }
);

impl CrossBorderState {
    /// Whether nothing more is done.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Withdrawn)
    }

    /// Whether a focal point has accepted the child: only from then on it may learn who the child is.
    pub const fn is_accepted(self) -> bool {
        matches!(
            self,
            Self::Accepted
                | Self::TravelPlanned
                | Self::Departed
                | Self::Missing
                | Self::ArrivedConfirmed
                | Self::HandedOver
                | Self::FirstVisitDone
                | Self::Monitoring
        )
    }

    /// Whether the child has not left yet.
    pub const fn is_before_departure(self) -> bool {
        matches!(
            self,
            Self::Prepared
                | Self::ConsentChecked
                | Self::Offered
                | Self::ReceivingAssessment
                | Self::Accepted
                | Self::Declined
                | Self::TravelPlanned
        )
    }

    /// Whether only a supervisor ends it: nobody has handed over a child who has left.
    pub const fn is_ended_by_supervisor(self) -> bool {
        matches!(self, Self::Departed | Self::Missing | Self::ArrivedConfirmed)
    }

    /// Whether this side may make it `next`.
    pub const fn may_become(self, next: Self, side: CrossBorderSide) -> bool {
        use CrossBorderSide::{Clock, Receiving, Sending};
        match (self, next, side) {
            (Self::Prepared, Self::ConsentChecked, Sending)
            // Another is asked also when who is asked, or has accepted, falls silent.
            | (
                Self::ConsentChecked | Self::Offered | Self::ReceivingAssessment | Self::Accepted | Self::Declined,
                Self::Offered,
                Sending,
            )
            | (Self::Offered, Self::ReceivingAssessment, Receiving)
            // Nobody has answered, or the child has become afraid of who was asked.
            | (Self::Offered | Self::ReceivingAssessment, Self::Offered | Self::Declined, Clock)
            | (Self::ReceivingAssessment, Self::Accepted, Receiving)
            | (Self::Offered | Self::ReceivingAssessment, Self::Declined, Receiving)
            | (Self::Accepted | Self::TravelPlanned, Self::TravelPlanned, Sending)
            // A plan is made anew on the way, and when a child was found who had not arrived: who has left has left.
            | (Self::TravelPlanned | Self::Departed | Self::Missing, Self::Departed, Sending)
            // Also when nobody said that the child has left.
            | (Self::TravelPlanned | Self::Departed, Self::Missing, Clock)
            | (Self::Departed | Self::Missing, Self::ArrivedConfirmed, Receiving)
            | (Self::ArrivedConfirmed, Self::HandedOver, Sending | Receiving)
            | (Self::HandedOver, Self::FirstVisitDone, Receiving)
            | (Self::FirstVisitDone | Self::Monitoring, Self::Monitoring, Receiving)
            | (
                Self::Departed
                    | Self::Missing
                    | Self::ArrivedConfirmed
                    | Self::HandedOver
                    | Self::FirstVisitDone
                    | Self::Monitoring,
                Self::Closed,
                Sending,
            ) => true,
            (_, Self::Withdrawn, Sending) => self.is_before_departure(),
            _ => false,
        }
    }
}

impl CrossBorderOfferState {
    /// Whether the focal point is asked, assesses, or has accepted.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Offered | Self::Assessing | Self::Accepted)
    }
}
