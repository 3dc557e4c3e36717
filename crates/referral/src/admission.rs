//! Stays in shelters: asked for, looked at, a place kept, lived in, left. Whoever wants to leave leaves, at any step.

pub(crate) mod wire;

use helpline_domain::admission::AdmissionState;
use helpline_domain::caller::Caller;
use helpline_domain::id::AdmissionId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::admission::{Admission, NewAdmission, StayStep};
use helpline_store::{Change, Command};
use uuid::Uuid;

use crate::access;
use crate::capacity::{committed, give_back};

/// Asks for a place. Errors: NOT_FOUND for the referral, or for a service that it does not go to; STATE_REFUSED for a referral that is
/// over, and of the stay that it has; REQUEST_ID_REUSED.
pub(crate) async fn request(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewAdmission,
) -> Result<Admission, Refusal> {
    let change = committed(ctx.store.request_admission(command, new).await?);
    let id = outcome(change, async |id: Uuid| Ok(id), async {
        let referral = access::seen(ctx, caller, new.referral_id).await?;
        if !referral.state.is_live() {
            return Ok(Refusal::state("referral", referral.state.key()));
        }
        if ctx.store.has_stay(caller.centre_id, new.referral_id).await? {
            return Ok(Refusal::state("referral", "has_a_stay"));
        }
        Ok(Refusal::not_found("service"))
    })
    .await?;
    get(ctx, caller, id.into()).await
}

/// Lets a stay go on. Errors: NOT_FOUND, STATE_REFUSED with where it stands, `expired` for one whose place is not kept any more;
/// INVALID_FIELD for a plan that is over before it begins; NO_ROOM with the next choice; REQUEST_ID_REUSED.
pub(crate) async fn go_on(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, step): (AdmissionId, StayStep),
) -> Result<Admission, Refusal> {
    let mut change = ctx.store.go_on_with_stay(command, id, step).await?;
    let holds = matches!(step, StayStep::Hold(..));
    if holds && matches!(change, Change::Refused) && give_back(ctx, caller.centre_id).await? {
        change = ctx.store.go_on_with_stay(command, id, step).await?;
    }
    let id = outcome(committed(change), async |id: Uuid| Ok(id), async {
        let now = get(ctx, caller, id).await?;
        if holds && now.state == AdmissionState::Screened {
            let tried = [now.service_id];
            let next =
                ctx.store.next_with_room(caller.centre_id, Some(now.referral_id), &tried, (&now.unit, 1));
            return Ok(Refusal::no_room(tried.len(), next.await?.map(|id| id.as_uuid())));
        }
        if let StayStep::PlanExit(at) = step
            && now.state.may_become(AdmissionState::Exited)
            && at <= ctx.store.now().await?
        {
            return Ok(Refusal::invalid_field("planned_time", "a time to come"));
        }
        // The place was kept too long ago, and nobody has swept yet.
        let late = step == StayStep::Admit && now.state == AdmissionState::Held;
        Ok(Refusal::state("admission", if late { "expired" } else { now.state.key() }))
    })
    .await?;
    get(ctx, caller, id.into()).await
}

/// A stay, if the caller may know of it. Error: NOT_FOUND, whether somebody lives there or not.
pub(crate) async fn get(ctx: &Ctx, caller: &Caller, id: AdmissionId) -> Result<Admission, Refusal> {
    let found = ctx.store.admissions(caller, (Some(id), None), 1).await?.pop();
    found.ok_or_else(|| Refusal::not_found("admission"))
}

/// A page of stays that are not over.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    (size, after): (u32, Option<AdmissionId>),
) -> Result<(Vec<Admission>, Option<AdmissionId>), Refusal> {
    let read = ctx.store.admissions(caller, (None, after), size + 1).await?;
    Ok(page::cut(read, size, |one| one.admission_id))
}
