//! Stays in shelters: asked for, looked at, a place kept, lived in, left. Whoever wants to leave leaves, at any step.

pub(crate) mod wire;

use helpline_domain::admission::AdmissionState;
use helpline_domain::caller::Caller;
use helpline_domain::id::{AdmissionId, ReferralId, ServiceId};
use helpline_service_kit::{Ctx, Refusal, consulate, page};
use helpline_store::admission::{Admission, NewAdmission, StayRules, StayStep};
use helpline_store::casework::migrant::gate::About;
use helpline_store::shelter::Calls;
use helpline_store::{Change, Command};

use crate::access;
use crate::capacity::{committed, give_back, room_is_told};

/// How often a step is tried anew because another came between: each time somebody else has made theirs.
const TRIES: usize = 20;

/// Asks for a place. Errors: NOT_FOUND for the referral, or for a service that it does not go to; STATE_REFUSED for a referral that is
/// over, and of the stay that it has; REQUEST_ID_REUSED.
pub(crate) async fn request(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewAdmission,
) -> Result<Admission, Refusal> {
    for _ in 0..TRIES {
        match committed(ctx.store.request_admission(command, new).await?) {
            Change::Done(id) | Change::Replayed { resource_id: id } => {
                return get(ctx, caller, id.into()).await;
            }
            Change::Reused => return Err(Refusal::request_id_reused()),
            Change::Refused => why_not_asked(ctx, caller, new).await?,
        }
    }
    Err(Refusal::race_lost())
}

/// Why nobody asks for a place; nothing, when that could be done by now.
async fn why_not_asked(ctx: &Ctx, caller: &Caller, new: &NewAdmission) -> Result<(), Refusal> {
    let referral = access::seen(ctx, caller, new.referral_id).await?;
    if !referral.state.is_live() {
        return Err(Refusal::state("referral", referral.state.key()));
    }
    if ctx.store.has_stay(caller.centre_id, new.referral_id).await? {
        return Err(Refusal::state("referral", "has_a_stay"));
    }
    let goes_there = referral.choices.iter().any(|one| one.service_id == new.service_id && one.state.opens());
    if !goes_there {
        return Err(Refusal::not_found("service"));
    }
    may_be_there(ctx, caller, (new.referral_id, new.service_id)).await
}

/// Error: CONSULATE_REFUSED where the child is afraid of who answers for the service, NOT_FOUND to who may not know why.
async fn may_be_there(
    ctx: &Ctx,
    caller: &Caller,
    (referral, service): (ReferralId, ServiceId),
) -> Result<(), Refusal> {
    let about = About { referral: Some(referral.as_uuid()), ..About::default() };
    let agency = ctx.store.agencies_of_services(caller.centre_id, &[service]).await?;
    consulate::passes(ctx, caller, (&agency, about), Refusal::not_found("service")).await
}

/// Lets a stay go on. Errors: NOT_FOUND, STATE_REFUSED with where it stands, `expired` for one whose place is not kept any more;
/// INVALID_FIELD for a plan that is over before it begins; STATE_REFUSED `protected` of a service that does not tell the caller whether it
/// has room; NO_ROOM, for the centre with the next choice; CONSULATE_REFUSED for who
/// would move in where they are afraid to be; REQUEST_ID_REUSED.
pub(crate) async fn go_on(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, step): (AdmissionId, StayStep),
) -> Result<Admission, Refusal> {
    let mut last = Refusal::race_lost();
    let rules = rules(ctx, caller).await?;
    for _ in 0..TRIES {
        match committed(ctx.store.go_on_with_stay(command, (id, step), &rules).await?) {
            Change::Done(id) | Change::Replayed { resource_id: id } => {
                return get(ctx, caller, id.into()).await;
            }
            Change::Reused => return Err(Refusal::request_id_reused()),
            Change::Refused => {}
        }
        let now = get(ctx, caller, id).await?;
        if !step.begins_at(now.state) {
            return Err(Refusal::state("admission", now.state.key()));
        }
        if matches!(step, StayStep::Hold(..) | StayStep::Admit) {
            may_be_there(ctx, caller, (now.referral_id, now.service_id)).await?;
        }
        let clock = ctx.store.now().await?;
        match step {
            StayStep::PlanExit(at) if at <= clock => {
                return Err(Refusal::invalid_field("planned_time", "a time to come"));
            }
            // The place was kept too long ago, and nobody has swept yet.
            StayStep::Admit if now.hold_expires_at.is_none_or(|until| until <= clock) => {
                return Err(Refusal::state("admission", "expired"));
            }
            StayStep::Hold(..) => {
                room_is_told(ctx, caller, &[now.service_id]).await?;
                last = no_room(ctx, caller, &now).await?;
                let given_back = give_back(ctx, caller.centre_id).await?;
                let row = ctx.store.capacity(caller, now.service_id, &now.unit).await?.1;
                if !given_back && row.is_none_or(|row| row.available < 1) {
                    return Err(last);
                }
            }
            _ => {}
        }
    }
    Err(last)
}

/// What follows from an admission and from an exit, by the settings.
async fn rules(ctx: &Ctx, caller: &Caller) -> Result<StayRules, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let (rules, cases) = (&settings.settings.shelter, &settings.settings.cases);
    Ok(StayRules {
        offers: rules.offers.clone(),
        calls: Calls::new(&rules.follow_ups(), cases.due_soon_s, || ctx.ids.v7()),
    })
}

/// Says with whom a child lives there. Errors: NOT_FOUND for either stay, and when a third that the caller may not know of is in the way;
/// STATE_REFUSED for one that is over, and `accompanies` or
/// `accompanied` when who is named lives there with somebody, or somebody with the child; INVALID_FIELD for themselves;
/// REQUEST_ID_REUSED.
pub(crate) async fn accompany(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, accompanies): (AdmissionId, Option<AdmissionId>),
) -> Result<Admission, Refusal> {
    for _ in 0..TRIES {
        match committed(ctx.store.accompany_stay(command, (id, accompanies)).await?) {
            Change::Done(id) | Change::Replayed { resource_id: id } => {
                return get(ctx, caller, id.into()).await;
            }
            Change::Reused => return Err(Refusal::request_id_reused()),
            Change::Refused => {}
        }
        let child = get(ctx, caller, id).await?;
        let with = match accompanies {
            Some(with) => Some(get(ctx, caller, with).await?),
            None => None,
        };
        if accompanies == Some(id) {
            return Err(Refusal::invalid_field("accompanies_admission_id", "another stay"));
        }
        for one in [Some(&child), with.as_ref()].into_iter().flatten() {
            if one.state == AdmissionState::Exited {
                return Err(Refusal::state("admission", one.state.key()));
            }
        }
        match ctx.store.refused_company(caller, (id, accompanies)).await? {
            Some("hidden") => return Err(Refusal::not_found("admission")),
            Some(refusal) => return Err(Refusal::state("admission", refusal)),
            None => {}
        }
    }
    Err(Refusal::race_lost())
}

/// No place is left. Where the child goes next is for the centre to know.
async fn no_room(ctx: &Ctx, caller: &Caller, stay: &Admission) -> Result<Refusal, Refusal> {
    let tried = [stay.service_id];
    if caller.agency_id.is_some() {
        return Ok(Refusal::no_room(tried.len(), None));
    }
    let wish = (stay.unit.as_str(), 1);
    let next = ctx.store.next_with_room(caller, Some(stay.referral_id), &tried, wish).await?;
    Ok(Refusal::no_room(tried.len(), next.map(|id| id.as_uuid())))
}

/// A stay, if the caller may know of it. Error: NOT_FOUND, whether somebody lives there or not.
pub(crate) async fn get(ctx: &Ctx, caller: &Caller, id: AdmissionId) -> Result<Admission, Refusal> {
    ctx.store.admission(caller, id).await?.ok_or_else(|| Refusal::not_found("admission"))
}

/// A page of stays that are not over.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    (size, after): (u32, Option<AdmissionId>),
) -> Result<(Vec<Admission>, Option<AdmissionId>), Refusal> {
    let read = ctx.store.admissions(caller, after, size + 1).await?;
    Ok(page::cut(read, size, |one| one.admission_id))
}
