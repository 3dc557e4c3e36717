//! A stay in a shelter, from the request to the way out. Nobody is kept: whoever wants to leave leaves, at any step.

use crate::disclosure::keyed;

keyed!(
    /// Where an admission stands.
    AdmissionState {
        /// Somebody asks for a place.
        Requested = "requested",
        /// It was looked at whether this is the right place.
        Screened = "screened",
        /// A place is held.
        Held = "held",
        /// They live there.
        Admitted = "admitted",
        /// It is planned how they go on.
        ExitPlanned = "exit_planned",
        /// They have left, with an outcome.
        Exited = "exited",
    }
);

keyed!(
    /// What became of somebody who left.
    ExitOutcome {
        /// Back with the family.
        Reunited = "reunited",
        /// In other care.
        OtherCare = "other_care",
        /// On their own.
        Independent = "independent",
        /// Back in their country, of their own will.
        ReturnedHome = "returned_home",
        /// Went before it was planned, as everybody may.
        LeftByChoice = "left_by_choice",
        /// The place was not the right one.
        NotEligible = "not_eligible",
        /// Nobody knows where they are.
        Missing = "missing",
        /// The referral ended before they came.
        ReferralEnded = "referral_ended",
        /// The dispute was settled.
        Settled = "settled",
        /// With another employer.
        NewEmployer = "new_employer",
        /// Back in their country, with help.
        Repatriated = "repatriated",
        /// At another place that is safe.
        Relocated = "relocated",
        /// Something else.
        Other = "other",
    }
);

impl AdmissionState {
    /// Whether somebody may go on to `next`. Every state but the last has the way out.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Exited, _) => false,
            // Whose place was kept too long is where they were before; whose plan came to nothing stays.
            (_, Self::Exited)
            | (Self::Requested | Self::Held, Self::Screened)
            | (Self::Screened, Self::Held)
            | (Self::Held | Self::ExitPlanned, Self::Admitted)
            | (Self::Admitted, Self::ExitPlanned) => true,
            _ => false,
        }
    }

    /// Whether they live there.
    pub const fn lives_there(self) -> bool {
        matches!(self, Self::Admitted | Self::ExitPlanned)
    }

    /// Whether a place of the shelter is theirs, held or lived in.
    pub const fn has_place(self) -> bool {
        matches!(self, Self::Held | Self::Admitted | Self::ExitPlanned)
    }
}
