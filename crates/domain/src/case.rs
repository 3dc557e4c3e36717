//! Cases: what is known and planned for one child over time. Which statuses there are and what follows what is data of the centre,
//! [`crate::settings::cases`].

use crate::disclosure::keyed;

keyed!(
    /// What a section of a case is.
    SectionKind {
        /// What was found out about the child's situation.
        Assessment = "assessment",
        /// The short best-interests assessment: a form.
        BestInterests = "best_interests",
        /// What is to be done.
        Plan = "plan",
        /// Anything worth remembering.
        Note = "note",
        /// What was decided, and why.
        Decision = "decision",
        /// What keeps the child safe, and what endangers them.
        Safety = "safety",
        /// Where a document is kept.
        Document = "document",
    }
);

keyed!(
    /// What somebody must be allowed by another.
    Approval {
        /// To close the case although something of it is open.
        Close = "close",
    }
);

/// What of a case is open and keeps it from being closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenWork {
    /// Escalations of the case and of its contacts.
    pub escalations: i64,
    /// Referrals of the case and of its contacts that were sent.
    pub referrals: i64,
    /// Tasks.
    pub tasks: i64,
    /// Hand-overs across a border.
    pub cross_border: i64,
    /// Help to return to a country.
    pub returns: i64,
    /// Notes that the child is held.
    pub detentions: i64,
    /// Redirects to an organisation.
    pub redirects: i64,
}

impl OpenWork {
    /// Whether nothing is.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// What is left when an organisation has taken the case on as a whole; `referral` says whether that by which it has is open.
    #[must_use]
    pub const fn handed_on(self, referral: bool) -> Self {
        let referrals = self.referrals.saturating_sub(referral as i64);
        Self { referrals, redirects: self.redirects.saturating_sub(1), ..self }
    }
}

/// The reason to close a case that an organisation has taken on as a whole.
pub const REDIRECTED: &str = "redirected";
