//! Stays on the wire.

use std::time::Duration;

use helpline_domain::admission::{AdmissionState, ExitOutcome};
use helpline_domain::caller::Caller;
use helpline_domain::id::AdmissionId;
use helpline_proto::referral::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::admission::{Admission, NewAdmission, StayStep};

use crate::wire::both_ways;

/// How long a place is kept unless it says.
const USUAL: Duration = Duration::from_hours(24);
/// The shortest and the longest: ten seconds, 30 days.
const BOUNDS: std::ops::RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_hours(30 * 24);

both_ways!(outcome, outcome_from: ExitOutcome, proto::ExitOutcome {
    Reunited, OtherCare, Independent, ReturnedHome, LeftByChoice, NotEligible, Missing, ReferralEnded, Settled,
    NewEmployer, Repatriated, Relocated, Other,
});

/// A command about a stay.
pub(crate) type Going = (Command, (AdmissionId, StayStep));

pub(crate) fn request(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RequestAdmissionRequest,
) -> Result<(Command, NewAdmission), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let referral_id = fields.id("referral_id", &sent.referral_id);
    let service_id = fields.id("service_id", &sent.service_id);
    let unit = fields.key("unit", &sent.unit);
    fields.build((|| {
        let new = NewAdmission {
            admission_id: ctx.ids.v7().into(),
            referral_id: referral_id?,
            service_id: service_id?,
            unit: unit?,
        };
        Some((command(ctx, caller, "RequestAdmission", request_id?, sent), new))
    })())
}

/// A command about a stay; what it does is read by `step`.
pub(crate) fn going<M: prost::Message>(
    ctx: &Ctx,
    caller: &Caller,
    (method, request): (&'static str, &M),
    (request_id, admission_id): (&str, &str),
    step: impl FnOnce(&mut Fields) -> Option<StayStep>,
) -> Result<Going, Refusal> {
    let mut fields = Fields::new();
    let (request_id, id) = (fields.request_id(request_id), fields.id("admission_id", admission_id));
    let step = step(&mut fields);
    let (request_id, id, step) = fields.build((|| Some((request_id?, id?, step?)))())?;
    Ok((command(ctx, caller, method, request_id, request), (id, step)))
}

pub(crate) fn hold(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::HoldAdmissionPlaceRequest,
) -> Result<Going, Refusal> {
    let ids = (sent.request_id.as_str(), sent.admission_id.as_str());
    going(ctx, caller, ("HoldAdmissionPlace", sent), ids, |fields| {
        let lifetime = fields.optional_duration("lifetime", sent.lifetime.as_ref(), BOUNDS)?;
        let seconds = u32::try_from(lifetime.unwrap_or(USUAL).as_secs()).ok()?;
        Some(StayStep::Hold(ctx.ids.v7().into(), seconds))
    })
}

pub(crate) fn plan_exit(ctx: &Ctx, caller: &Caller, sent: &proto::PlanExitRequest) -> Result<Going, Refusal> {
    let ids = (sent.request_id.as_str(), sent.admission_id.as_str());
    going(ctx, caller, ("PlanExit", sent), ids, |fields| {
        fields.timestamp("planned_time", sent.planned_time.as_ref()).map(StayStep::PlanExit)
    })
}

pub(crate) fn exit(ctx: &Ctx, caller: &Caller, sent: &proto::RecordExitRequest) -> Result<Going, Refusal> {
    let ids = (sent.request_id.as_str(), sent.admission_id.as_str());
    going(ctx, caller, ("RecordExit", sent), ids, |fields| {
        let sent = fields.choice("outcome", sent.outcome, proto::ExitOutcome::as_str_name)?;
        let outcome = outcome_from(sent).filter(|outcome| *outcome != ExitOutcome::ReferralEnded);
        if outcome.is_none() {
            fields.refuse("outcome", "what the server says by itself is said by nobody else");
        }
        outcome.map(StayStep::Exit)
    })
}

/// A command about whom a child lives there with.
pub(crate) fn accompany(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AccompanyAdmissionRequest,
) -> Result<(Command, (AdmissionId, Option<AdmissionId>)), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let id = fields.id("admission_id", &sent.admission_id);
    let with = fields.optional_id("accompanies_admission_id", &sent.accompanies_admission_id);
    let (request_id, id, with) = fields.build((|| Some((request_id?, id?, with?)))())?;
    Ok((command(ctx, caller, "AccompanyAdmission", request_id, sent), (id, with)))
}

const fn state(state: AdmissionState) -> proto::AdmissionState {
    match state {
        AdmissionState::Requested => proto::AdmissionState::Requested,
        AdmissionState::Screened => proto::AdmissionState::Screened,
        AdmissionState::Held => proto::AdmissionState::Held,
        AdmissionState::Admitted => proto::AdmissionState::Admitted,
        AdmissionState::ExitPlanned => proto::AdmissionState::ExitPlanned,
        AdmissionState::Exited => proto::AdmissionState::Exited,
    }
}

pub(crate) fn message(one: &Admission) -> proto::Admission {
    proto::Admission {
        admission_id: one.admission_id.to_string(),
        referral_id: one.referral_id.to_string(),
        service_id: one.service_id.to_string(),
        unit: one.unit.clone(),
        state: state(one.state).into(),
        hold_expire_time: one.hold_expires_at.map(timestamp),
        planned_exit_time: one.planned_at.map(timestamp),
        outcome: one.outcome.map_or(proto::ExitOutcome::Unspecified, outcome).into(),
        request_time: Some(timestamp(one.requested_at)),
        admit_time: one.admitted_at.map(timestamp),
        exit_time: one.exited_at.map(timestamp),
        revision: one.revision,
        accompanies_admission_id: one.accompanies.map(|id| id.to_string()).unwrap_or_default(),
        accompanying_admission_ids: one.accompanying.iter().map(ToString::to_string).collect(),
    }
}
