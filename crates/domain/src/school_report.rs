//! A report of abuse at a school: filed, assessed, reported to an authority or agreed by two people not to be, answered, closed.
//!
//! [`SchoolReportState::may_become`] is the table of what may follow what.

#[cfg(test)]
mod tests;

use crate::disclosure::keyed;
use crate::service::fold::words;

keyed!(
    /// Where a report stands.
    SchoolReportState {
        /// It was filed.
        Received = "received",
        /// Somebody has said how grave it is, and whether a report to an authority is demanded.
        Assessed = "assessed",
        /// A report to an authority was raised.
        Reported = "reported",
        /// Two people have said that none is demanded.
        NotReportable = "not_reportable",
        /// The reporter was told what may be told.
        FeedbackGiven = "feedback_given",
        /// The reporter cannot be told.
        FeedbackImpossible = "feedback_impossible",
        /// It is over.
        Closed = "closed",
    }
);

keyed!(
    /// Who reports.
    Reporter {
        /// The child whom it is about.
        Child = "child",
        /// Another pupil.
        Pupil = "pupil",
        /// A parent or guardian.
        Parent = "parent",
        /// A teacher.
        Teacher = "teacher",
        /// Somebody else who works at the school.
        SchoolStaff = "school_staff",
        /// Somebody else who reports by profession.
        OtherProfessional = "other_professional",
        /// Somebody else.
        Other = "other",
        /// Somebody who does not say who they are.
        Anonymous = "anonymous",
    }
);

keyed!(
    /// Who is said to have done it.
    SchoolPerpetrator {
        /// A pupil.
        Pupil = "pupil",
        /// Somebody who works at the school.
        Staff = "staff",
        /// Somebody else.
        Other = "other",
        /// Nobody knows.
        Unknown = "unknown",
    }
);

keyed!(
    /// Why no report to an authority is demanded.
    NotReportableReason {
        /// The authority knows of it already.
        KnownToAuthority = "known_to_authority",
        /// The law demands none.
        NotDemandedByLaw = "not_demanded_by_law",
        /// Too little is known to report anything.
        TooLittleKnown = "too_little_known",
        /// It should never have been filed.
        EnteredInError = "entered_in_error",
    }
);

keyed!(
    /// What the reporter was told.
    FeedbackOutcome {
        /// It was examined.
        Examined = "examined",
        /// It was passed on to an authority.
        PassedOn = "passed_on",
        /// The authority acts.
        AuthorityActs = "authority_acts",
        /// The child gets help in another way.
        HelpGiven = "help_given",
    }
);

keyed!(
    /// Why the reporter cannot be told.
    NoFeedbackReason {
        /// They do not want to be.
        NotWanted = "not_wanted",
        /// Nobody knows who they are.
        Anonymous = "anonymous",
        /// They cannot be reached.
        NotReached = "not_reached",
        /// It would put somebody in danger.
        NotSafe = "not_safe",
        /// The law forbids it.
        Forbidden = "forbidden",
    }
);

impl SchoolReportState {
    /// Whether it may become `next` by somebody's step; out of an answer, and back to an assessment of what was reported, only when the report
    /// to the authority came to nothing. That it is found to be of another incident than it was reported with is beside
    /// this: it is assessed then, whatever it was.
    pub const fn may_become(self, next: Self) -> bool {
        use SchoolReportState::{
            Assessed, Closed, FeedbackGiven, FeedbackImpossible, NotReportable, Received, Reported,
        };
        matches!(
            (self, next),
            (
                Received | Assessed | Reported | NotReportable | FeedbackGiven | FeedbackImpossible,
                Assessed
            ) | (Assessed, NotReportable)
                // By another escalation.
                | (Assessed | Reported | FeedbackGiven | FeedbackImpossible, Reported)
                | (
                    Reported | NotReportable | FeedbackGiven | FeedbackImpossible,
                    FeedbackGiven | FeedbackImpossible
                )
                | (FeedbackGiven | FeedbackImpossible, Closed)
        )
    }
}

impl SchoolReportState {
    /// Whether it may become `next` only when the report to the authority came to nothing.
    pub const fn is_undone_by(self, next: Self) -> bool {
        use SchoolReportState::{Assessed, FeedbackGiven, FeedbackImpossible, Reported};
        matches!(
            (self, next),
            (Reported, Assessed) | (FeedbackGiven | FeedbackImpossible, Assessed | Reported)
        )
    }
}

impl FeedbackOutcome {
    /// Whether it is true only of what was reported to an authority.
    pub const fn is_of_a_report(self) -> bool {
        matches!(self, Self::PassedOn | Self::AuthorityActs)
    }
}

/// The name of a school as it is compared: scripts' marks, digits, case and spaces do not matter, words and their order do. Empty when it
/// has no letter or digit.
pub fn school_key(name: &str) -> String {
    words(name).into_iter().map(|word| word.folded).collect::<Vec<_>>().join(" ")
}

/// Group of the categories that every centre has which tell of violence.
const VIOLENCE: &str = "violence.";

/// Whether a category can say what happened at a school: violence, or one of the centre's own.
pub fn is_of_violence(category: &str, own: &std::collections::BTreeSet<String>) -> bool {
    category.starts_with(VIOLENCE) && crate::closing::DEFAULT_CATEGORIES.contains(&category)
        || own.contains(category)
}
