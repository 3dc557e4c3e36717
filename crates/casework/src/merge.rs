//! Two records are read as one person, by a decision of two, and apart again.

use helpline_domain::caller::Caller;
use helpline_domain::id::{MergeId, PersonId};
use helpline_domain::person::MergeState;
use helpline_service_kit::command::outcome;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::merge::Merge;
use helpline_vault::Sensitive;

use crate::open::Page;
use crate::person::seen;

/// A merge with its reasons. Error: NOT_FOUND.
pub(crate) async fn load(ctx: &Ctx, caller: &Caller, id: MergeId) -> Result<Merge, Refusal> {
    ctx.store.merge(caller.centre_id, id).await?.ok_or_else(|| Refusal::not_found("merge"))
}

/// Asks for it. Errors: NOT_FOUND for both records, STATE_REFUSED when one does not go on for itself, REQUEST_ID_REUSED.
pub(crate) async fn ask(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, (survivor, absorbed), reason): (MergeId, (PersonId, PersonId), &Sensitive<String>),
) -> Result<Merge, Refusal> {
    let change = ctx.store.ask_merge(command, id, (survivor, absorbed), reason).await?;
    let why = async {
        seen(ctx, caller, survivor).await?;
        let there = ctx.store.person_exists(caller.centre_id, absorbed).await?;
        Ok(if there { Refusal::state("person", "merged") } else { Refusal::not_found("person") })
    };
    let id = outcome(change, |id| std::future::ready(Ok(id)), why).await?;
    load(ctx, caller, id.into()).await
}

/// Agrees, or does not. Errors: NOT_FOUND, STATE_REFUSED with the state of the merge, as `own` for what the caller asked for, or of a
/// record that does not go on for itself any more, REQUEST_ID_REUSED.
pub(crate) async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, agree): (MergeId, bool),
) -> Result<Merge, Refusal> {
    let change = ctx.store.answer_merge(command, id, agree).await?;
    let why = async {
        let found = load(ctx, caller, id).await?;
        Ok(match found.state {
            MergeState::Asked if found.asked_by == caller.principal() => Refusal::state("merge", "own"),
            MergeState::Asked => Refusal::state("person", "merged"),
            state => Refusal::state("merge", state.key()),
        })
    };
    outcome(change, |id| std::future::ready(Ok(id)), why).await?;
    load(ctx, caller, id).await
}

/// Takes it back. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn undo(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, reason): (MergeId, &Sensitive<String>),
) -> Result<Merge, Refusal> {
    let change = ctx.store.undo_merge(command, id, reason).await?;
    let why = async {
        let now = load(ctx, caller, id).await?;
        if ctx.store.wants_it_open(caller, now.survivor_id).await? {
            return Ok(Refusal::state("consulate_override", "own"));
        }
        Ok(Refusal::state("merge", now.state.key()))
    };
    outcome(change, |id| std::future::ready(Ok(id)), why).await?;
    load(ctx, caller, id).await
}

/// Lists merges, newest first, without their reasons.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    filter: (bool, Option<PersonId>),
    (size, before): (u32, Option<MergeId>),
) -> Result<Page<Merge, MergeId>, Refusal> {
    let found = ctx.store.merges(caller, filter, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |one| one.merge_id))
}
