//! When the child is to come, and whether they came.

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::referral::{AppointmentState, ReferralState};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::referral::read::Referral;
use helpline_store::referral::standing::Standing;
use helpline_store::referral::step::{Act, Due, Step};

use crate::act::{act, refused, tells};

/// How far ahead an appointment may be, in days.
const FARTHEST_DAYS: i64 = 366;
/// How long after an appointment somebody must have said whether the child came, in seconds.
const RECORD_WITHIN_S: i64 = 24 * 3600;

/// Says when the child is to come; one that stands is moved. It alarms when nobody says within a day whether they came. Errors:
/// NOT_FOUND, INVALID_FIELD for a time that is not ahead, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn schedule(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    at: DateTime<Utc>,
) -> Result<Referral, Refusal> {
    let clock = ctx.store.now().await?;
    act(ctx, caller, asked, |now| {
        let step = served(now)?;
        if at <= clock || at > clock + TimeDelta::days(FARTHEST_DAYS) {
            return Err(Refusal::invalid_field("appointment_time", "a time within a year from now"));
        }
        let wait = (at - clock).num_seconds() + RECORD_WITHIN_S;
        let due = u32::try_from(wait).map_or(step.due, |seconds| Due::In(f64::from(seconds)));
        let appointment = Some((AppointmentState::Scheduled, Some(at)));
        let tells = tells(caller, "referral.updated");
        let event = match now.appointment {
            Some(AppointmentState::Scheduled) => "appointment_rescheduled",
            _ => "appointment_scheduled",
        };
        Ok(Step { event, due, appointment, tells, ..step })
    })
    .await
}

/// Says what became of the appointment that stands. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn record(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    state: AppointmentState,
) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = served(now)?;
        let stands = now.appointment.filter(|appointment| appointment.may_become(state));
        stands.ok_or_else(|| {
            Refusal::state("appointment", now.appointment.map_or("none", AppointmentState::key))
        })?;
        let event = match state {
            AppointmentState::Cancelled => "appointment_cancelled",
            other => other.key(),
        };
        let tells = tells(caller, "referral.updated");
        Ok(Step { event, appointment: Some((state, None)), tells, ..step })
    })
    .await
}

/// A step of a referral that an agency has, which leaves its state. Error: STATE_REFUSED.
fn served(now: &Standing) -> Result<Step, Refusal> {
    let has_it =
        matches!(now.state, ReferralState::Accepted | ReferralState::InProgress | ReferralState::OnHold);
    if has_it { Ok(Step::to("", now.state, now.urgency)) } else { Err(refused(now.state)) }
}
