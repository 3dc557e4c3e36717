//! Identifiers: one type per noun, so that a contact's id cannot stand where an offer's is meant.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Defines an id newtype around a UUID.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The bare UUID, for the edges that speak UUID.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// A block of a sender.
    BlockId
);
id!(
    /// A centre: the organisation everything belongs to.
    CentreId
);
id!(
    /// A contact.
    ContactId
);
id!(
    /// An offer of a contact to a counsellor. Random, so that it cannot repeat after a fail-over.
    OfferId
);
id!(
    /// Somebody's part in a contact that is another's.
    ParticipationId
);
id!(
    /// A diversion of a queue.
    DiversionId
);
id!(
    /// A counsellor.
    CounsellorId
);
id!(
    /// A hand-over of unfinished work.
    HandoverId
);
id!(
    /// A contact taken on by another centre: the same id in both, which tells neither anything.
    OverflowId
);
id!(
    /// A message of a contact, chosen by its sender.
    MessageId
);
id!(
    /// A callback promised to a child, or a safety check-in.
    CallbackId
);
id!(
    /// A partner agency.
    AgencyId
);
id!(
    /// A way to tell an agency: a webhook, an address, a number.
    EndpointId
);
id!(
    /// An escalation.
    EscalationId
);
id!(
    /// One thing told to somebody by one way.
    DeliveryId
);
id!(
    /// A decision to let an agency know something.
    DisclosureId
);
id!(
    /// A link by which somebody of an agency comes to one escalation.
    LinkId
);
id!(
    /// A message of a missing-child alert.
    ChildAlertId
);
id!(
    /// A second opinion asked of a supervisor.
    OpinionId
);
id!(
    /// A service that children are referred to.
    ServiceId
);
id!(
    /// A place where services are given.
    LocationId
);
id!(
    /// A referral.
    ReferralId
);
id!(
    /// A stay in a shelter.
    AdmissionId
);
id!(
    /// A hold of places, beds or hours of a service.
    HoldId
);
id!(
    /// A person: a child, or who belongs to them.
    PersonId
);
id!(
    /// Two records that somebody takes for one person.
    MergeId
);
id!(
    /// A case.
    CaseId
);
id!(
    /// A hand-over of a child across a border.
    CrossBorderId
);
id!(
    /// A report of abuse at a school.
    SchoolReportId
);
id!(
    /// A school that reports are about.
    SchoolId
);
id!(
    /// Children who come back together.
    CohortId
);
id!(
    /// The part of a child in a cohort.
    ReturneeId
);
id!(
    /// Help to return to a country.
    ReturnId
);
id!(
    /// A country that a child is protected from.
    ProtectionId
);
id!(
    /// What a mission may learn although a child is afraid of its country.
    ConsulateOverrideId
);
id!(
    /// A case that is handed to an organisation as a whole.
    RedirectId
);
id!(
    /// A child who is held.
    DetentionId
);
id!(
    /// A task.
    TaskId
);
id!(
    /// An assessment of a child's situation.
    AssessmentId
);
id!(
    /// Somebody standing in on a schedule.
    StandInId
);
id!(
    /// A bearer token.
    TokenId
);
id!(
    /// A command, chosen by its caller, so that a repeat can be told from a new one.
    RequestId
);
