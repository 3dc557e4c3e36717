//! What a child is afraid of, and what the missions of that country learn all the same.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CaseId, ConsulateOverrideId, ProtectionId};
use helpline_domain::migrant::ProtectionKind;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::casework::migrant::protection::{
    ConsulateOverride, NewOverride, Protection, Protections,
};
use helpline_store::casework::step::Act;
use helpline_store::{Change, Command};
use uuid::Uuid;

use crate::act::{committed, seen};

/// Records a protection. Errors: NOT_FOUND for the case, ALREADY_EXISTS when the same stands, REQUEST_ID_REUSED.
pub(crate) async fn record(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    (id, kind, country): (ProtectionId, ProtectionKind, Option<&str>),
) -> Result<Protection, Refusal> {
    let change = ctx.store.record_protection(command, act, (id, kind, country)).await?;
    let id = outcome(told(ctx, caller, change), |id| std::future::ready(Ok(id)), async {
        seen(ctx, caller, act.case_id).await?;
        Ok(Refusal::already_exists("protection"))
    })
    .await?;
    protection(ctx, caller, id).await
}

/// Asks that it be lifted, or lifts it when another has asked. Errors: NOT_FOUND; STATE_REFUSED as `lifted`, as `asked` for who has asked
/// themselves, or as `own` for who has asked for an override of it; REQUEST_ID_REUSED.
pub(crate) async fn lift(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, act): (ProtectionId, &Act),
) -> Result<Protection, Refusal> {
    let change = ctx.store.lift_protection(command, (id, act)).await?;
    let id = outcome(told(ctx, caller, change), |id| std::future::ready(Ok(id)), async {
        let now = protection(ctx, caller, id.as_uuid()).await?;
        // Nothing else keeps it from who may read it.
        let state = match now.lifted_at {
            Some(_) => "lifted",
            None if now.lift_asked_by == Some(caller.principal()) => "asked",
            None => "own",
        };
        Ok(Refusal::state("protection", state))
    })
    .await?;
    protection(ctx, caller, id).await
}

/// Asks for an override. Errors: NOT_FOUND for the case and the agency; INVALID_FIELD for an agency that is no mission, or would be told
/// more than it may ever be; STATE_REFUSED as `none` while nothing stands; REQUEST_ID_REUSED.
pub(crate) async fn ask(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    new: &NewOverride,
) -> Result<ConsulateOverride, Refusal> {
    let change = committed(ctx.store.ask_consulate_override(command, act, new).await?);
    let id = outcome(change, |id| std::future::ready(Ok(id)), async {
        seen(ctx, caller, act.case_id).await?;
        let agency = ctx.store.agency(caller.centre_id, new.agency_id).await?;
        let agency = agency.filter(|agency| agency.disabled_at.is_none());
        let agency = agency.ok_or_else(|| Refusal::not_found("agency"))?;
        if agency.profile.kind != helpline_domain::agency::AgencyKind::Embassy {
            return Ok(Refusal::invalid_field("agency_id", "an embassy"));
        }
        Ok(if new.field_classes.is_subset(&agency.profile.field_classes) {
            Refusal::state("protection", "none")
        } else {
            Refusal::invalid_field("field_classes", "within what the agency may ever be told")
        })
    })
    .await?;
    overriding(ctx, caller, id).await
}

/// Approves one, or does not, or takes it back. Errors: NOT_FOUND; STATE_REFUSED as `own` for who would approve what they asked for, or as
/// it was answered; REQUEST_ID_REUSED.
pub(crate) async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, act, approve): (ConsulateOverrideId, &Act, bool),
) -> Result<ConsulateOverride, Refusal> {
    let change = ctx.store.answer_consulate_override(command, (id, act), approve).await?;
    let id = outcome(told(ctx, caller, change), |id| std::future::ready(Ok(id)), async {
        let now = overriding(ctx, caller, id.as_uuid()).await?;
        let state = match (now.answered_at, now.approved) {
            (None, _) if now.asked_by == caller.principal() => "own",
            (None, _) => return Ok(Refusal::race_lost()),
            (Some(_), true) => "approved",
            (Some(_), false) => "refused",
        };
        Ok(Refusal::state("override", state))
    })
    .await?;
    overriding(ctx, caller, id).await
}

/// What a case has. Error: NOT_FOUND.
pub(crate) async fn of_case(ctx: &Ctx, caller: &Caller, case: CaseId) -> Result<Protections, Refusal> {
    ctx.store.protections(caller, case).await?.ok_or_else(|| Refusal::not_found("case"))
}

async fn protection(ctx: &Ctx, caller: &Caller, id: Uuid) -> Result<Protection, Refusal> {
    let found = ctx.store.one_protection(caller, id).await?.protections.pop();
    found.ok_or_else(|| Refusal::not_found("protection"))
}

async fn overriding(ctx: &Ctx, caller: &Caller, id: Uuid) -> Result<ConsulateOverride, Refusal> {
    let found = ctx.store.one_protection(caller, id).await?.overrides.pop();
    found.ok_or_else(|| Refusal::not_found("override"))
}

/// What agencies watch shows or hides it at once.
fn told(ctx: &Ctx, caller: &Caller, change: Change<Uuid>) -> Change<Uuid> {
    if matches!(change, Change::Done(_)) {
        ctx.mirror.escalation_changed(caller.centre_id);
        ctx.mirror.referral_changed(caller.centre_id);
    }
    committed(change)
}
