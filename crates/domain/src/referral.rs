//! Referrals: an agency is asked for a service, and it is over only when somebody has said what came of it.
//!
//! [`ReferralState::may_become`] is the table of who may do what when; [`choices`] says whom a referral goes to next. Nobody
//! but the addressee answers, and the centre can cut access at any moment.

pub mod choices;

use crate::disclosure::keyed;

keyed!(
    /// Where a referral stands.
    ReferralState {
        /// Being written; nobody outside knows of it.
        Draft = "draft",
        /// Agencies are asked.
        Requested = "requested",
        /// An agency has taken it on.
        Accepted = "accepted",
        /// The agency serves the child.
        InProgress = "in_progress",
        /// The agency pauses, for a reason.
        OnHold = "on_hold",
        /// One side wants to end it; the other answers.
        CancelRequested = "cancel_requested",
        /// The child was served.
        Completed = "completed",
        /// The agency could not serve the child.
        Failed = "failed",
        /// Every choice has rejected it, or could not be asked.
        Rejected = "rejected",
        /// Nobody has answered in time, and no choice is left.
        Expired = "expired",
        /// Both sides have agreed to end it.
        Cancelled = "cancelled",
        /// The centre has taken it back: access was cut at once.
        Revoked = "revoked",
        /// It should never have been.
        EnteredInError = "entered_in_error",
    }
);

keyed!(
    /// How much it hurries.
    Urgency {
        /// Within days.
        Routine = "routine",
        /// Within hours.
        Urgent = "urgent",
    }
);

keyed!(
    /// Whose step it is.
    Side {
        /// The centre that refers.
        Centre = "centre",
        /// The agency that is asked.
        Agency = "agency",
        /// Nobody's: time has passed.
        Clock = "clock",
    }
);

keyed!(
    /// Why an agency does not take a referral on.
    RejectReason {
        /// No place is free.
        AtCapacity = "at_capacity",
        /// There is a waiting list only.
        WaitlistOnly = "waitlist_only",
        /// Not for this age.
        NotEligibleAge = "not_eligible_age",
        /// Not for this gender.
        NotEligibleGender = "not_eligible_gender",
        /// Not for this status.
        NotEligibleStatus = "not_eligible_status",
        /// The child is elsewhere.
        OutOfArea = "out_of_area",
        /// Not what they do.
        WrongService = "wrong_service",
        /// Too little is known to decide.
        InsufficientInformation = "insufficient_information",
        /// The consent does not cover it.
        NoConsent = "no_consent",
        /// The child does not want it.
        ChildDeclined = "child_declined",
        /// It would not be safe there.
        SafetyConcern = "safety_concern",
        /// They have it already.
        Duplicate = "duplicate",
        /// The service rests.
        ServiceSuspended = "service_suspended",
        /// Something else; a remark says what.
        Other = "other",
    }
);

keyed!(
    /// What came of a referral that an agency has served, or could not.
    ReferralOutcome {
        /// Served as asked.
        Served = "served",
        /// Served in part.
        PartlyServed = "partly_served",
        /// Enrolled in something that goes on.
        Enrolled = "enrolled",
        /// On a waiting list.
        Waitlisted = "waitlisted",
        /// Handed on to another service.
        ReferredOn = "referred_on",
        /// The child never came.
        NoShow = "no_show",
        /// The child does not want it any more.
        ChildDeclined = "child_declined",
        /// The child could not be reached.
        NotReached = "not_reached",
        /// Not the right service after all.
        NotEligible = "not_eligible",
        /// Something else; a remark says what.
        Other = "other",
    }
);

keyed!(
    /// What became of an appointment.
    AppointmentState {
        /// It is to be.
        Scheduled = "scheduled",
        /// The child came.
        Attended = "attended",
        /// The child did not come.
        Unattended = "unattended",
        /// It was called off.
        Cancelled = "cancelled",
        /// It was moved; another is scheduled.
        Rescheduled = "rescheduled",
    }
);

impl AppointmentState {
    /// Whether an appointment may go on to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(self, Self::Scheduled) && !matches!(next, Self::Scheduled)
    }
}

impl ReferralState {
    /// Whether nothing more is done, but to say that it was entered in error.
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Completed
                | Self::Failed
                | Self::Rejected
                | Self::Expired
                | Self::Cancelled
                | Self::Revoked
                | Self::EnteredInError
        )
    }

    /// Whether one agency has it.
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Accepted | Self::InProgress | Self::OnHold | Self::CancelRequested)
    }

    /// Whether it was sent and is not over.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Requested) || self.is_taken()
    }

    /// Whether this side may make it `next`. What follows a wish to cancel is [`after_cancel`].
    pub const fn may_become(self, next: Self, side: Side) -> bool {
        match (self, next, side) {
            (Self::Draft, Self::Requested, Side::Centre)
            | (Self::Requested, Self::Accepted | Self::Rejected, Side::Agency)
            | (Self::Requested, Self::Expired, Side::Clock)
            | (Self::Accepted | Self::OnHold, Self::InProgress, Side::Agency)
            | (Self::InProgress, Self::OnHold, Side::Agency)
            | (Self::InProgress | Self::OnHold, Self::Completed | Self::Failed, Side::Agency)
            | (
                Self::Accepted | Self::InProgress | Self::OnHold,
                Self::CancelRequested,
                Side::Centre | Side::Agency,
            ) => true,
            (_, Self::Revoked, Side::Centre) => self.is_live(),
            (_, Self::EnteredInError, Side::Centre) => !matches!(self, Self::EnteredInError),
            _ => false,
        }
    }

    /// Within how many seconds the next step is due; then it expires while nobody has it, and alarms otherwise.
    pub const fn due_s(self, urgency: Urgency) -> Option<u32> {
        const HOUR: u32 = 3600;
        const DAY: u32 = 24 * HOUR;
        Some(match (self, urgency) {
            (Self::Draft, Urgency::Urgent) => HOUR,
            (Self::Requested, Urgency::Urgent) => 4 * HOUR,
            (Self::Requested | Self::CancelRequested, _) => 3 * DAY,
            (Self::Draft, _) | (Self::Accepted, Urgency::Urgent) => DAY,
            (Self::Accepted | Self::OnHold, _) | (Self::InProgress, Urgency::Urgent) => 14 * DAY,
            (Self::InProgress, Urgency::Routine) => 90 * DAY,
            _ => return None,
        })
    }
}

/// Seconds between two alarms that a step is overdue.
pub const ALARM_EVERY_S: u32 = 24 * 3600;

/// Where a referral goes that stood at `before` when `asked` wanted to cancel it, if `side` may answer that: a handshake needs
/// two, and neither of them goes on as if nobody had asked.
pub fn after_cancel(before: ReferralState, asked: Side, side: Side, agree: bool) -> Option<ReferralState> {
    let answers = asked != side && side != Side::Clock;
    answers.then_some(if agree { ReferralState::Cancelled } else { before })
}
