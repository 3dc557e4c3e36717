//! A case is opened, and looked at.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::contact::ContactState;
use helpline_domain::id::CaseId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::case::{Case, CaseFilter, NewCase};
use helpline_store::casework::glass::Behind;
use helpline_store::casework::timeline::CaseEntry;
use helpline_store::contact::Contact;

use crate::act::{committed, seen};
use crate::person;

/// A page and where the next begins.
pub(crate) type Page<T, P> = (Vec<T>, Option<P>);

/// Opens a case for a child whom the caller may see, or whose contact they have in hand. Errors: NOT_FOUND for the child or the contact,
/// INVALID_FIELD for a kind that the settings do not have, ALREADY_EXISTS when such a case is open for the child, STATE_REFUSED as `hidden`
/// when one of whatever kind is that the caller may not see, ROLE_REFUSED for who wants an additional one and may not,
/// REQUEST_ID_REUSED.
pub(crate) async fn open_case(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewCase,
) -> Result<Case, Refusal> {
    if new.additional && caller.role != Role::Supervisor {
        return Err(Refusal::role_refused(caller.role));
    }
    let settings = ctx.settings.current(caller.centre_id).await?;
    let first = settings.settings.cases.statuses.first();
    let known = settings.settings.cases.kinds.contains(&new.kind);
    let change = match first.filter(|_| known) {
        Some(first) => ctx.store.open_case(command, new, (&first.status, settings.version)).await?,
        None => ctx.store.recall_change(command).await?,
    };
    let load = |id| std::future::ready(Ok(CaseId::from(id)));
    let id = outcome(committed(change).map(CaseId::from), load, why_refused(ctx, caller, new, known)).await?;
    seen(ctx, caller, id).await
}

async fn why_refused(ctx: &Ctx, caller: &Caller, new: &NewCase, known: bool) -> Result<Refusal, Refusal> {
    let in_hand = match new.contact_id {
        None => false,
        Some(contact) => {
            let contact = ctx.store.contact(caller.centre_id, contact).await?.filter(|one| owns(caller, one));
            let contact = contact.ok_or_else(|| Refusal::not_found("contact"))?;
            matches!(contact.state, ContactState::InProgress | ContactState::WrapUp)
                && ctx.store.person_exists(caller.centre_id, new.child_id).await?
        }
    };
    if !in_hand {
        person::seen(ctx, caller, new.child_id).await?;
    }
    if !known {
        return Ok(Refusal::invalid_field("kind", "a kind of the settings"));
    }
    // Which kind is open must not be told by the answer.
    let there = ctx.store.behind_glass(caller, Behind::Child(new.child_id)).await?;
    let hidden = caller.role != Role::Supervisor && there.iter().any(|one| one.open && !one.sees);
    Ok(if hidden { Refusal::state("case", "hidden") } else { Refusal::already_exists("case") })
}

/// Whether a contact is the caller's own; a supervisor's are all.
pub(crate) async fn own_contact(
    ctx: &Ctx,
    caller: &Caller,
    id: helpline_domain::id::ContactId,
) -> Result<bool, Refusal> {
    let contact = ctx.store.contact(caller.centre_id, id).await?;
    Ok(contact.is_some_and(|contact| owns(caller, &contact)))
}

fn owns(caller: &Caller, contact: &Contact) -> bool {
    caller.role == Role::Supervisor || contact.counsellor_id == caller.counsellor_id
}

/// A case, for who looks at it: the journal says so. Error: NOT_FOUND.
pub(crate) async fn get_case(ctx: &Ctx, caller: &Caller, id: CaseId) -> Result<Case, Refusal> {
    ctx.store.read_case(caller, id).await?.ok_or_else(|| Refusal::not_found("case"))
}

/// Lists cases that the caller may read, newest first.
pub(crate) async fn list_cases(
    ctx: &Ctx,
    caller: &Caller,
    filter: CaseFilter,
    (size, before): (u32, Option<CaseId>),
) -> Result<Page<Case, CaseId>, Refusal> {
    let found = ctx.store.cases(caller, filter, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |one| one.case_id))
}

/// Lists the timeline of a case, oldest first; the journal says that it was read. Error: NOT_FOUND.
pub(crate) async fn list_timeline(
    ctx: &Ctx,
    caller: &Caller,
    id: CaseId,
    (size, after): (u32, Option<i32>),
) -> Result<Page<CaseEntry, i32>, Refusal> {
    seen(ctx, caller, id).await?;
    let page = (size.saturating_add(1), after.unwrap_or_default());
    let found = ctx.store.case_entries(caller, id, page).await?;
    Ok(cut(found, size, |entry| entry.sequence))
}
