//! Migrant children: what they are protected from, cases that an organisation takes on as a whole, and how they are held.
//!
//! [`RedirectState::may_become`] is the table of what follows what when a case is redirected.

use crate::disclosure::keyed;

keyed!(
    /// What a child is protected for.
    ProtectionKind {
        /// The child is afraid of the country.
        Fear = "fear",
        /// The child asks for asylum against it.
        Asylum = "asylum",
        /// The child has no nationality.
        Stateless = "stateless",
    }
);

keyed!(
    /// Where the redirect of a case stands.
    RedirectState {
        /// It is found out what the child needs at once.
        PreliminaryEnquiry = "preliminary_enquiry",
        /// The child is cared for for a time.
        TemporaryCare = "temporary_care",
        /// Organisations are asked to take the case on.
        Requested = "requested",
        /// One has taken it on.
        Accepted = "accepted",
        /// None has: it is assessed what the child needs.
        SocialAssessment = "social_assessment",
        /// A conference has given its advice.
        Conference = "conference",
        /// There is a plan for the child.
        Plan = "plan",
        /// The plan is reviewed.
        Reviews = "reviews",
        /// Nothing is to be done.
        NoAction = "no_action",
        /// It is over.
        Closed = "closed",
    }
);

keyed!(
    /// Where a child is held.
    DetentionPlace {
        /// A police station.
        PoliceStation = "police_station",
        /// At a border, an airport or a port.
        BorderPost = "border_post",
        /// A facility for migrants.
        ImmigrationFacility = "immigration_facility",
        /// A prison, also with a parent.
        Prison = "prison",
        /// A shelter that the child may not leave.
        ClosedShelter = "closed_shelter",
        /// Elsewhere.
        Other = "other",
    }
);

keyed!(
    /// How a detention ended.
    DetentionOutcome {
        /// The child is with their family or kin.
        ReleasedToFamily = "released_to_family",
        /// The child lives in the community.
        CommunityCare = "community_care",
        /// A family has taken the child in.
        FosterCare = "foster_care",
        /// The child lives in a supervised group.
        SupervisedGroup = "supervised_group",
        /// The child is in an open shelter.
        Shelter = "shelter",
        /// The child was returned to another country.
        Returned = "returned",
        /// The child is held elsewhere.
        Transferred = "transferred",
        /// It is not known.
        Unknown = "unknown",
    }
);

/// Whose step it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RedirectStep {
    /// Somebody who works on the case decides so.
    Decided,
    /// Organisations are asked by a referral.
    Asked,
    /// A conference has advised.
    Advised,
    /// The referral says so.
    Referral,
}

impl RedirectState {
    /// Whether somebody may bring a redirect from here to there.
    pub const fn may_become(self, next: Self, step: RedirectStep) -> bool {
        use RedirectState::{
            Accepted, Closed, Conference, NoAction, Plan, PreliminaryEnquiry, Requested, Reviews,
            SocialAssessment, TemporaryCare,
        };
        match step {
            RedirectStep::Decided => matches!(
                (self, next),
                (PreliminaryEnquiry, NoAction | TemporaryCare)
                    | (TemporaryCare, NoAction)
                    | (Conference, Plan)
                    | (Plan, Reviews)
                    | (Accepted | Reviews, Closed)
            ),
            RedirectStep::Asked => {
                matches!((self, next), (PreliminaryEnquiry | TemporaryCare | SocialAssessment, Requested))
            }
            RedirectStep::Advised => matches!((self, next), (SocialAssessment, Conference)),
            RedirectStep::Referral => {
                matches!((self, next), (Requested, Accepted) | (Requested | Accepted, SocialAssessment))
            }
        }
    }

    /// Whether it is over.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::NoAction | Self::Closed)
    }
}

/// How long it waits for another to agree that what protects a child is lifted, in seconds.
pub const LIFT_WAITS_S: u32 = 86_400;

/// The task of who departs from the advice of a conference: nothing but the answer ends it.
pub const ANSWER_CONFERENCE: &str = "answer_conference";

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [RedirectStep; 4] =
        [RedirectStep::Decided, RedirectStep::Asked, RedirectStep::Advised, RedirectStep::Referral];

    #[test]
    fn what_is_over_goes_nowhere_and_everything_else_can_end() {
        let next = |from: RedirectState| {
            let all = RedirectState::ALL.iter().copied();
            all.filter(move |to| STEPS.iter().any(|step| from.may_become(*to, *step))).collect::<Vec<_>>()
        };
        for &from in RedirectState::ALL {
            assert_eq!(next(from).is_empty(), from.is_over(), "{from:?}");
            let (mut seen, mut ahead) = (vec![from], vec![from]);
            while let Some(one) = ahead.pop() {
                for to in next(one) {
                    if !seen.contains(&to) {
                        seen.push(to);
                        ahead.push(to);
                    }
                }
            }
            assert!(seen.iter().any(|state| state.is_over()), "{from:?} never ends");
        }
    }

    #[test]
    fn an_organisation_takes_a_case_on_by_its_referral_alone() {
        for &from in RedirectState::ALL {
            for step in [RedirectStep::Decided, RedirectStep::Asked, RedirectStep::Advised] {
                assert!(!from.may_become(RedirectState::Accepted, step), "{from:?}");
            }
        }
    }

    #[test]
    fn nobody_makes_a_plan_whom_no_conference_has_advised() {
        for &from in RedirectState::ALL {
            let planned = from.may_become(RedirectState::Plan, RedirectStep::Decided);
            assert_eq!(planned, from == RedirectState::Conference);
        }
    }
}
