//! What was put to the wrong child: a contact is unlinked, a case is moved.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{ContactId, PersonId};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::case::Case;
use helpline_store::casework::step::{Act, Step};
use serde_json::json;

use crate::act::{act, leads};

/// Unlinks a contact. Errors: NOT_FOUND for the case and for a contact that is not linked, STATE_REFUSED for another's case or as `in_use`
/// while a referral or an escalation of the case comes from it, and of a child who is afraid of a country for anybody but a supervisor, and
/// for them while one without a case came from it; REQUEST_ID_REUSED.
pub(crate) async fn unlink_contact(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    contact: ContactId,
) -> Result<Case, Refusal> {
    // What keeps a case open is not put aside by its owner: a supervisor may say that it is another child's.
    let any = caller.role != Role::Supervisor;
    let in_use = ctx.store.contact_in_use(caller.centre_id, asked.1.case_id, (contact, any)).await?;
    act(ctx, caller, asked, |now| {
        leads(caller, now)?;
        if !now.contact_ids.contains(&contact.as_uuid()) {
            return Err(Refusal::not_found("contact"));
        }
        if in_use {
            return Err(Refusal::state("contact", "in_use"));
        }
        Ok(Step {
            contact: Some((contact, false)),
            detail: Some(json!({ "contact_id": contact })),
            ..Step::of(now, "contact_unlinked")
        })
    })
    .await
}

/// Moves a case to another record; what was allowed for the one child is not for the other: approval, offer and access end. Errors:
/// NOT_FOUND for the case and the record, INVALID_FIELD for the record that it is under, ALREADY_EXISTS when the child has an open one of
/// its kind, STATE_REFUSED while it has an open hand-over across a border or help to return, and `own` for who has asked for an override of what
/// protects the child; REQUEST_ID_REUSED.
pub(crate) async fn move_case(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    child: PersonId,
) -> Result<Case, Refusal> {
    let known = ctx.store.person_exists(caller.centre_id, child).await?;
    let own = match ctx.store.case(caller, asked.1.case_id).await? {
        Some(now) => ctx.store.wants_it_open(caller, now.person_id).await?,
        None => false,
    };
    act(ctx, caller, asked, |now| {
        if own {
            return Err(Refusal::state("consulate_override", "own"));
        }
        if !known {
            return Err(Refusal::not_found("person"));
        }
        if now.person_id == child {
            return Err(Refusal::invalid_field("child_id", "another record"));
        }
        // It holds who the other child is.
        if now.open.cross_border > 0 {
            return Err(Refusal::state("crossborder", "open"));
        }
        if now.open.returns > 0 {
            return Err(Refusal::state("return", "open"));
        }
        Ok(Step {
            child_id: child,
            approval: None,
            transfer: None,
            detail: Some(json!({ "from": now.person_id, "to": child })),
            ..Step::of(now, "moved")
        })
    })
    .await
}
