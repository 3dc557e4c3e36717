//! Messages and their documents are looked at.

use helpline_domain::caller::Caller;
use helpline_domain::id::{AgencyId, ChildAlertId};
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::escalation::child_alert::{ChildAlert, ChildAlertFilter};

use super::{cap, withheld};
use crate::get::Page;

/// One message. Error: NOT_FOUND, also for what the caller may not know of.
pub(crate) async fn load(ctx: &Ctx, caller: &Caller, id: ChildAlertId) -> Result<ChildAlert, Refusal> {
    let found = ctx.store.child_alert(caller, id).await?;
    found.ok_or_else(|| Refusal::not_found("child_alert"))
}

/// Lists messages that the caller may see, newest first, without what they say.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    filter: ChildAlertFilter,
    (size, before): (u32, Option<ChildAlertId>),
) -> Result<Page<ChildAlert, ChildAlertId>, Refusal> {
    let found = ctx.store.child_alerts(caller, filter, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |message| message.alert_id))
}

/// The document of a message, or of its acknowledgement by an agency. That an agency takes a message is written down before
/// it has it. Errors: NOT_FOUND, STATE_REFUSED when it was not issued, or `not_acknowledged`, NOT_DISCLOSED.
pub(crate) async fn document(
    ctx: &Ctx,
    caller: &Caller,
    id: ChildAlertId,
    acknowledged_by: Option<AgencyId>,
) -> Result<String, Refusal> {
    let message = load(ctx, caller, id).await?;
    let Some(issued) = cap::Issued::of(&message) else {
        return Err(Refusal::state("child_alert", message.state.key()));
    };
    if let Some(agency) = acknowledged_by {
        let receipt = message.recipients.iter().find(|one| one.agency_id == agency);
        let receipt = receipt.ok_or_else(|| Refusal::not_found("agency"))?;
        let written = cap::acknowledgement(&message, issued, receipt);
        let not_yet = || Refusal::state("child_alert", "not_acknowledged");
        return written.ok_or_else(not_yet)?.map_err(|error| Refusal::internal(&error));
    }
    if message.withheld {
        return Err(withheld(caller));
    }
    let around = ctx.store.surroundings_of(caller.centre_id, &message).await?;
    let document = cap::message(&message, issued, &around).map_err(|error| Refusal::internal(&error))?;
    if caller.agency_id.is_some()
        && message.recipients.iter().any(|own| own.fetched_at.is_none())
        && ctx.store.child_alert_fetched(caller, id).await?
    {
        ctx.mirror.escalation_changed(caller.centre_id);
    }
    Ok(document)
}
