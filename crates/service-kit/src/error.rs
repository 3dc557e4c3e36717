//! How a call is refused: one type for every error that a client can see.

mod answer;
mod travel;
mod violation;

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_domain::case::OpenWork;
use helpline_proto::errors::v1::ErrorReason;
use tonic::Code;

use crate::ids::{Ids as _, SystemIds};
use crate::request;
pub use violation::Violation;
use violation::readable;

/// When to try again after the database was out of reach.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A refused call: becomes a `google.rpc.Status` with `ErrorInfo`, and with `BadRequest` or `RetryInfo` where they
/// help. Holds nothing personal.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    reason: ErrorReason,
    message: Cow<'static, str>,
    metadata: Vec<(&'static str, String)>,
    violations: Vec<Violation>,
    retry: Option<Duration>,
}

impl Refusal {
    fn new(reason: ErrorReason, message: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, message: message.into(), metadata: Vec::new(), violations: Vec::new(), retry: None }
    }

    fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((key, value.into()));
        self
    }

    fn retry_after(mut self, delay: Duration) -> Self {
        self.retry = Some(delay);
        self
    }

    /// INVALID_FIELD: every violation at once.
    pub fn invalid_fields(violations: Vec<Violation>) -> Self {
        let violations = readable(violations);
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        let message = format!("these fields cannot be used: {}", fields.join(", "));
        Self { violations, ..Self::new(ErrorReason::InvalidField, message) }
    }

    /// INVALID_FIELD for one field, found after the fields were read: a key that the centre's settings do not have.
    pub fn invalid_field(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::invalid_fields(vec![Violation { field: field.into(), expected: expected.into() }])
    }

    /// INVALID_PAGE_TOKEN.
    pub fn invalid_page_token() -> Self {
        let field = Violation {
            field: "page_token".to_owned(),
            expected: "the token of the previous answer to the same question, or empty".to_owned(),
        };
        Self {
            violations: vec![field],
            ..Self::new(ErrorReason::InvalidPageToken, "this page token belongs to another question")
        }
    }

    /// TOKEN_REFUSED. Does not say whether the token is unknown, expired or revoked.
    pub fn token_refused() -> Self {
        Self::new(ErrorReason::TokenRefused, "no valid bearer token")
    }

    /// ROLE_REFUSED.
    pub fn role_refused(role: Role) -> Self {
        Self::new(ErrorReason::RoleRefused, "this role may not call this method").with("role", role.key())
    }

    /// NOT_FOUND: also for what the caller may not know of.
    pub fn not_found(resource: &'static str) -> Self {
        Self::new(ErrorReason::NotFound, format!("there is no such {resource}")).with("resource", resource)
    }

    /// REQUEST_ID_REUSED.
    pub fn request_id_reused() -> Self {
        Self::new(ErrorReason::RequestIdReused, "this request_id was used for another command")
    }

    /// ALREADY_EXISTS.
    pub fn already_exists(resource: &'static str) -> Self {
        Self::new(ErrorReason::AlreadyExists, format!("such a {resource} exists already"))
            .with("resource", resource)
    }

    /// STATE_REFUSED: `state` is the key of the resource's state.
    pub fn state(resource: &'static str, state: &str) -> Self {
        Self::new(ErrorReason::StateRefused, format!("the state of the {resource} does not allow this"))
            .with("resource", resource)
            .with("state", state)
    }

    /// STATE_REFUSED of an escalation that somebody has: `by` is who, or their agency.
    pub fn escalation_taken(state: &str, by: uuid::Uuid) -> Self {
        Self::state("escalation", state).with("by", by.to_string())
    }

    /// OFFER_OVER: `state` is the key of the offer's last state.
    pub fn offer_over(state: &str) -> Self {
        Self::new(ErrorReason::OfferOver, "the offer is over").with("state", state)
    }

    /// PRESENCE_REFUSED: `state` is the key of the counsellor's presence.
    pub fn presence(state: &str) -> Self {
        Self::new(ErrorReason::PresenceRefused, "the counsellor's presence does not allow this")
            .with("state", state)
    }

    /// PAUSED: `until` is when the pause after severe contacts ends.
    pub fn paused(until: &str) -> Self {
        Self::new(ErrorReason::Paused, "a pause after severe contacts").with("until", until)
    }

    /// HELD: `by` is the token of the supervisor who keeps the counsellor not ready.
    pub fn held(by: &str) -> Self {
        Self::new(ErrorReason::Held, "a supervisor keeps the counsellor not ready").with("by", by)
    }

    /// SWITCH_OWNED: `owner` is the token of the supervisor whose diversion holds.
    pub fn switch_owned(owner: uuid::Uuid) -> Self {
        Self::new(ErrorReason::SwitchOwned, "the queue is diverted by somebody")
            .with("owner", owner.to_string())
    }

    /// CAPACITY_EXCEEDED.
    pub fn capacity_exceeded() -> Self {
        Self::new(ErrorReason::CapacityExceeded, "the counsellor holds as many contacts as they can")
    }

    /// ATTEMPT_UNRECORDED.
    pub fn attempt_unrecorded() -> Self {
        Self::new(ErrorReason::AttemptUnrecorded, "say first what the attempt came to")
    }

    /// PARTNER_REFUSED.
    pub fn partner_refused() -> Self {
        Self::new(ErrorReason::PartnerRefused, "no partner centre has agreed to take this on now")
    }

    /// NOT_DISCLOSED: `agency` may not know all of it.
    pub fn not_disclosed(agency: uuid::Uuid) -> Self {
        Self::new(ErrorReason::NotDisclosed, "an agency may not know all that the alert says")
            .with("agency", agency.to_string())
    }

    /// DANGER_REFUSED: `danger` is the key of the escalation's danger.
    pub fn danger(danger: &'static str) -> Self {
        Self::new(ErrorReason::DangerRefused, "the escalation is about another danger").with("danger", danger)
    }

    /// SENDER_UNKNOWN.
    pub fn sender_unknown() -> Self {
        Self::new(ErrorReason::SenderUnknown, "the centre has no name by which it sends alerts")
    }

    /// CONSENT_MISSING: `agency` is the one that nothing was agreed about.
    pub fn consent_missing(agency: uuid::Uuid) -> Self {
        Self::new(ErrorReason::ConsentMissing, "nothing was agreed to about one of the choices")
            .with("agency", agency.to_string())
    }

    /// CONSULATE_REFUSED: `agency` is the mission that must learn nothing.
    pub fn consulate_refused(agency: uuid::Uuid) -> Self {
        Self::new(ErrorReason::ConsulateRefused, "the child is afraid of the country of this mission")
            .with("agency", agency.to_string())
    }

    /// REDIRECT_MISSING.
    pub fn redirect_missing() -> Self {
        Self::new(ErrorReason::RedirectMissing, "no organisation has taken the case on")
    }

    /// CASE_OPEN_WORK.
    pub fn case_open_work(open: OpenWork) -> Self {
        Self::new(ErrorReason::CaseOpenWork, "something of the case is open")
            .with("escalations", open.escalations.to_string())
            .with("referrals", open.referrals.to_string())
            .with("tasks", open.tasks.to_string())
            .with("cross_border", open.cross_border.to_string())
            .with("returns", open.returns.to_string())
            .with("detentions", open.detentions.to_string())
            .with("redirects", open.redirects.to_string())
    }

    /// MANDATORY_REPORT_OPEN: `escalation` is the report to the authority, for those who may know of it.
    pub fn mandatory_report_open(escalation: Option<uuid::Uuid>) -> Self {
        let open = Self::new(ErrorReason::MandatoryReportOpen, "the report to the authority is open");
        match escalation {
            Some(id) => open.with("escalation", id.to_string()),
            None => open,
        }
    }

    /// SURVEY_TOO_LATE.
    pub fn survey_too_late() -> Self {
        Self::new(ErrorReason::SurveyTooLate, "the contact ended too long ago")
    }

    /// NOBODY_FITS.
    pub fn nobody_fits() -> Self {
        Self::new(ErrorReason::NobodyFits, "none of the services can be asked now")
    }

    /// NO_ROOM: `tried` is how many services were tried, `next` one that has room.
    pub fn no_room(tried: usize, next: Option<uuid::Uuid>) -> Self {
        let refusal = Self::new(ErrorReason::NoRoom, "no service that was named has room for this")
            .with("tried", tried.to_string());
        match next {
            Some(next) => refusal.with("next_service_id", next.to_string()),
            None => refusal,
        }
    }

    /// NOBODY_FREE.
    pub fn nobody_free() -> Self {
        Self::new(ErrorReason::NobodyFree, "nobody who could be asked is free now")
    }

    /// COUNSELLOR_NOT_AVAILABLE: `why` is the key of what they lack.
    pub fn counsellor_not_available(why: &'static str) -> Self {
        Self::new(ErrorReason::CounsellorNotAvailable, "the counsellor cannot be offered this contact")
            .with("why", why)
    }

    /// REVISION_STALE: `revision` is the one in force.
    pub fn stale(revision: i64) -> Self {
        Self::new(ErrorReason::RevisionStale, "it has changed since it was read")
            .with("revision", revision.to_string())
    }

    /// RACE_LOST.
    pub fn race_lost() -> Self {
        Self::new(ErrorReason::RaceLost, "somebody else was first")
    }

    /// TOO_MANY: worth trying again after `delay`.
    pub fn too_many(delay: Duration) -> Self {
        Self::new(ErrorReason::TooMany, "too many at once").retry_after(delay)
    }

    /// STORE_UNAVAILABLE: worth trying again after a second with the same `request_id`.
    pub fn unavailable() -> Self {
        Self::new(ErrorReason::StoreUnavailable, "a part of the service is out of reach")
            .retry_after(RETRY_AFTER)
    }

    /// CURSOR_TOO_OLD.
    pub fn cursor_too_old() -> Self {
        Self::new(ErrorReason::CursorTooOld, "the cursor is older than what is kept")
    }

    /// DEADLINE_EXCEEDED.
    pub fn deadline_exceeded() -> Self {
        Self::new(ErrorReason::DeadlineExceeded, "the time for this call ran out")
    }

    /// REQUEST_MALFORMED: `field` is the path of the field that could not be decoded, if it is one.
    pub fn malformed(field: Option<String>) -> Self {
        let violation =
            |field| Violation { field, expected: "what the type of the field can hold".to_owned() };
        Self {
            violations: field.into_iter().map(violation).collect(),
            ..Self::new(ErrorReason::RequestMalformed, "this is no request of this method")
        }
    }

    /// REQUEST_TOO_LONG.
    pub fn too_long() -> Self {
        Self::new(ErrorReason::RequestTooLong, "the request is longer than the server reads")
    }

    /// INTERNAL: logs `error` with its causes and a trace id, and tells the client the id alone. The error's text must
    /// hold nothing personal; its `Debug` is not used.
    pub fn internal(error: &dyn Error) -> Self {
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let _ = write!(causes, ": {cause}");
            source = cause.source();
        }
        Self::bug(&causes)
    }

    /// INTERNAL for what cannot happen: logs `what` with a trace id, and tells the client the id alone.
    pub fn bug(what: &str) -> Self {
        let trace = request::current_id().unwrap_or_else(|| SystemIds.v4());
        tracing::error!(%trace, error = what, "internal error");
        Self::new(ErrorReason::Internal, "an error of the server").with("trace", trace.to_string())
    }

    /// Why.
    pub fn reason(&self) -> ErrorReason {
        self.reason
    }

    /// Metadata of the reason, by key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    /// The fields that cannot be used.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The gRPC code, which follows from the reason.
    pub fn code(&self) -> Code {
        match self.reason {
            ErrorReason::InvalidField | ErrorReason::InvalidPageToken | ErrorReason::RequestMalformed => {
                Code::InvalidArgument
            }
            ErrorReason::TokenRefused => Code::Unauthenticated,
            ErrorReason::RoleRefused => Code::PermissionDenied,
            ErrorReason::NotFound => Code::NotFound,
            ErrorReason::RequestIdReused | ErrorReason::AlreadyExists => Code::AlreadyExists,
            ErrorReason::StateRefused
            | ErrorReason::OfferOver
            | ErrorReason::PresenceRefused
            | ErrorReason::CapacityExceeded
            | ErrorReason::Paused
            | ErrorReason::Held
            | ErrorReason::AttemptUnrecorded
            | ErrorReason::NobodyFree
            | ErrorReason::ConsentMissing
            | ErrorReason::NobodyFits
            | ErrorReason::CaseOpenWork
            | ErrorReason::ConsulateRefused
            | ErrorReason::RedirectMissing
            | ErrorReason::TransferRefused
            | ErrorReason::MandatoryReportOpen
            | ErrorReason::SurveyTooLate
            | ErrorReason::ReturnRefused
            | ErrorReason::ReturnItemsOpen
            | ErrorReason::NoRoom
            | ErrorReason::SwitchOwned
            | ErrorReason::PartnerRefused
            | ErrorReason::NotDisclosed
            | ErrorReason::DangerRefused
            | ErrorReason::SenderUnknown
            | ErrorReason::CounsellorNotAvailable => Code::FailedPrecondition,
            ErrorReason::RevisionStale | ErrorReason::RaceLost => Code::Aborted,
            ErrorReason::TooMany | ErrorReason::RequestTooLong => Code::ResourceExhausted,
            ErrorReason::StoreUnavailable => Code::Unavailable,
            ErrorReason::CursorTooOld => Code::OutOfRange,
            ErrorReason::DeadlineExceeded => Code::DeadlineExceeded,
            ErrorReason::Internal | ErrorReason::Unspecified => Code::Internal,
        }
    }

    /// The reason as it travels in `ErrorInfo.reason`: `OFFER_OVER`.
    pub fn reason_name(&self) -> &'static str {
        let name = self.reason.as_str_name();
        name.strip_prefix("ERROR_REASON_").unwrap_or(name)
    }
}

#[cfg(test)]
mod tests;
