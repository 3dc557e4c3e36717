//! Missing-child alerts: agencies are told of a missing or abducted child, as the Common Alerting Protocol has it.
//!
//! In the order of its life: somebody asks, another approves, and it is issued; agencies fetch and acknowledge it; an update
//! replaces it, a cancel ends it. A cancel is one supervisor's: it tells nothing of the child, and every minute that an alert
//! outlives its cause does harm. [`cap`] writes the documents. What comes in, alerts of others and emergency incident data
//! objects (EIDO), would be read by an adapter in `channels` and become escalations through the public API.

pub(crate) mod cap;
pub(crate) mod look;
pub(crate) mod message;
pub(crate) mod wire;

use helpline_domain::caller::Caller;
use helpline_domain::child_alert::{CancelReason, MessageKind, MessageState};
use helpline_domain::escalation::Danger;
use helpline_domain::id::{AgencyId, ChildAlertId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, consulate, fail_point};
use helpline_store::casework::migrant::gate;
use helpline_store::escalation::child_alert::ChildAlert;
use helpline_store::escalation::child_alert::changes::{About, NewChildAlert};
use helpline_store::escalation::read::Escalation;
use helpline_store::{Change, Command};

use crate::access;

/// Asks for an alert or an update. Errors: NOT_FOUND for an escalation or message that the caller may not know of and for an
/// agency that is not there or disabled, DANGER_REFUSED, STATE_REFUSED when the child was reached or what it would replace is
/// not in force, INVALID_FIELD for classes that an agency may never be told.
pub(crate) async fn ask(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewChildAlert,
) -> Result<ChildAlert, Refusal> {
    let change = ctx.store.ask_child_alert(command, new).await?;
    settled(ctx, caller, change, async {
        let escalation = match new.about {
            About::Escalation(id) => id,
            About::Message(id) => {
                let replaced = look::load(ctx, caller, id).await?;
                if !is_in_force(&replaced) {
                    return Ok(not_in_force(&replaced));
                }
                replaced.escalation_id
            }
        };
        let escalation = access::seen(ctx, caller, escalation).await?;
        if escalation.danger != Danger::Missing {
            return Ok(Refusal::danger(escalation.danger.key()));
        }
        if let Some(over) = over(&escalation) {
            return Ok(over);
        }
        for &agency in &new.agency_ids {
            let known = ctx.store.agency(caller.centre_id, agency).await?;
            let known = known.filter(|agency| agency.disabled_at.is_none());
            let known = known.ok_or_else(|| Refusal::not_found("agency"))?;
            if !new.field_classes.is_subset(&known.profile.field_classes) {
                return Ok(Refusal::invalid_field(
                    "content.field_classes",
                    "within what each agency may ever be told",
                ));
            }
        }
        let id = escalation.escalation_id.as_uuid();
        let about = gate::About { escalation: Some(id), ..gate::About::default() };
        let asked: Vec<AgencyId> = new.agency_ids.iter().copied().collect();
        consulate::passes(ctx, caller, (&asked, about), Refusal::not_found("agency")).await?;
        Ok(Refusal::race_lost())
    })
    .await
}

/// Approves what another has asked for, and issues it. Errors: NOT_FOUND, STATE_REFUSED with its state, or `own` for what the
/// caller asked for, or with that of the message it would replace or of the escalation; SENDER_UNKNOWN, NOT_DISCLOSED.
pub(crate) async fn approve(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: ChildAlertId,
) -> Result<ChildAlert, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let sender = Some(settings.settings.alert_sender.as_str()).filter(|sender| !sender.is_empty());
    let change = ctx.store.approve_child_alert(command, id, sender).await?;
    settled(ctx, caller, change, async {
        let found = look::load(ctx, caller, id).await?;
        if found.state != MessageState::Asked {
            return Ok(not_in_force(&found));
        }
        if found.asked_by == caller.principal() {
            return Ok(Refusal::state("child_alert", "own"));
        }
        if let Some(over) = over(&access::seen(ctx, caller, found.escalation_id).await?) {
            return Ok(over);
        }
        if let Some(replaces) = found.replaces_id {
            let replaced = look::load(ctx, caller, replaces).await?;
            if !is_in_force(&replaced) {
                return Ok(not_in_force(&replaced));
            }
        }
        if sender.is_none() {
            return Ok(Refusal::sender_unknown());
        }
        let uninformed = ctx.store.uninformed_of(command, id).await?;
        Ok(uninformed.map_or_else(Refusal::race_lost, |agency| Refusal::not_disclosed(agency.as_uuid())))
    })
    .await
}

/// Declines what was asked for. Errors: NOT_FOUND, STATE_REFUSED with its state, or `anothers` for what a colleague asked for.
pub(crate) async fn decline(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: ChildAlertId,
) -> Result<ChildAlert, Refusal> {
    let change = ctx.store.decline_child_alert(command, id).await?;
    settled(ctx, caller, change, async {
        let found = look::load(ctx, caller, id).await?;
        Ok(match found.state {
            MessageState::Asked => Refusal::state("child_alert", "anothers"),
            _ => not_in_force(&found),
        })
    })
    .await
}

/// Cancels the message in force. Errors: NOT_FOUND, STATE_REFUSED.
pub(crate) async fn cancel(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: ChildAlertId,
    reason: CancelReason,
) -> Result<ChildAlert, Refusal> {
    let new = ctx.ids.v7().into();
    let change = ctx.store.cancel_child_alert(command, new, id, reason).await?;
    settled(ctx, caller, change, async { Ok(not_in_force(&look::load(ctx, caller, id).await?)) }).await
}

/// Acknowledges a message for the caller's agency. Errors: NOT_FOUND, STATE_REFUSED with `not_fetched` or `acknowledged`.
pub(crate) async fn acknowledge(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: ChildAlertId,
) -> Result<ChildAlert, Refusal> {
    let change = ctx.store.acknowledge_child_alert(command, id, ctx.ids.v4()).await?;
    settled(ctx, caller, change, async {
        let found = look::load(ctx, caller, id).await?;
        let fetched = found.recipients.iter().any(|one| one.fetched_at.is_some());
        Ok(Refusal::state("child_alert", if fetched { "acknowledged" } else { "not_fetched" }))
    })
    .await
}

/// Ends a command: tells others, and gives the message as it stands then.
async fn settled(
    ctx: &Ctx,
    caller: &Caller,
    change: Change<ChildAlertId>,
    why: impl Future<Output = Result<Refusal, Refusal>>,
) -> Result<ChildAlert, Refusal> {
    fail_point!("child_alert.after_commit");
    if matches!(change, Change::Done(_)) {
        ctx.mirror.escalation_changed(caller.centre_id);
    }
    let id = outcome(change, |id| std::future::ready(Ok(ChildAlertId::from(id))), why).await?;
    look::load(ctx, caller, id).await
}

fn is_in_force(message: &ChildAlert) -> bool {
    message.state == MessageState::Issued && message.kind != MessageKind::Cancel
}

/// STATE_REFUSED with where the message stands; a cancel is `cancel`.
fn not_in_force(message: &ChildAlert) -> Refusal {
    let is_cancel = message.kind == MessageKind::Cancel;
    Refusal::state("child_alert", if is_cancel { MessageKind::Cancel.key() } else { message.state.key() })
}

/// STATE_REFUSED when nobody needs to search any more.
fn over(escalation: &Escalation) -> Option<Refusal> {
    escalation.reach_due_at.is_none().then(|| Refusal::state("escalation", escalation.state.key()))
}

/// NOT_DISCLOSED for the caller's agency.
fn withheld(caller: &Caller) -> Refusal {
    Refusal::not_disclosed(caller.agency_id.as_ref().map(AgencyId::as_uuid).unwrap_or_default())
}
