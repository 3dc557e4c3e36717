//! Second opinions: a supervisor is asked, and everybody knows when none answers.

pub(crate) mod wire;
pub(crate) mod worker;

use helpline_domain::caller::{Caller, Role};
use helpline_domain::disclosure::OpinionAnswer;
use helpline_domain::id::OpinionId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point, page};
use helpline_store::Command;
use helpline_store::opinion::{About, Opinion, Place};
use helpline_vault::Sensitive;

/// A second opinion to ask for.
#[derive(Clone, Debug)]
pub(crate) struct AskSecondOpinion {
    command: Command,
    about: About,
    question: Sensitive<String>,
}

/// Asks for a second opinion. Error: NOT_FOUND for what the caller may not see.
pub(crate) async fn ask_second_opinion(
    ctx: &Ctx,
    caller: &Caller,
    ask: AskSecondOpinion,
) -> Result<Opinion, Refusal> {
    let AskSecondOpinion { command, about, question } = ask;
    let due_s = ctx.settings.current(caller.centre_id).await?.settings.second_opinion_s;
    let id = ctx.ids.v7().into();
    let change = ctx.store.ask_second_opinion(&command, id, about, due_s, Some(&question)).await?;
    fail_point!("opinion.after_commit");
    ctx.mirror.escalation_changed(caller.centre_id);
    outcome(change, async |id| load(ctx, caller, id.into()).await, async {
        Ok(Refusal::not_found(match about {
            About::Escalation(_) => "escalation",
            About::Contact(_) => "contact",
        }))
    })
    .await
}

/// What a supervisor says to it.
#[derive(Clone, Debug)]
pub(crate) struct AnswerSecondOpinion {
    command: Command,
    opinion_id: OpinionId,
    answer: OpinionAnswer,
    remark: Sensitive<String>,
}

/// Answers. Errors: NOT_FOUND, STATE_REFUSED when it is answered, or `own` for what the caller asked.
pub(crate) async fn answer_second_opinion(
    ctx: &Ctx,
    caller: &Caller,
    answer: AnswerSecondOpinion,
) -> Result<Opinion, Refusal> {
    let AnswerSecondOpinion { command, opinion_id, answer, remark } = answer;
    let change = ctx.store.answer_second_opinion(&command, opinion_id, answer, Some(&remark)).await?;
    ctx.mirror.escalation_changed(caller.centre_id);
    outcome(change, async |id| load(ctx, caller, id.into()).await, async {
        let found = load(ctx, caller, opinion_id).await?;
        let state = if found.answered.is_some() { "answered" } else { "own" };
        Ok(Refusal::state("second_opinion", state))
    })
    .await
}

/// A page of second opinions, open ones first. A counsellor sees their own.
pub(crate) async fn list_second_opinions(
    ctx: &Ctx,
    caller: &Caller,
    open_only: bool,
    after: Option<Place>,
    size: u32,
) -> Result<(Vec<Opinion>, Option<Place>), Refusal> {
    let asked_by = (caller.role != Role::Supervisor).then(|| caller.principal());
    let read = ctx.store.second_opinions(caller.centre_id, open_only, asked_by, after, size + 1).await?;
    Ok(page::cut(read, size, |one| Place::from(one)))
}

async fn load(ctx: &Ctx, caller: &Caller, id: OpinionId) -> Result<Opinion, Refusal> {
    let found = ctx.store.second_opinion(caller.centre_id, id).await?;
    let seen = |one: &Opinion| caller.role == Role::Supervisor || one.asked_by == caller.principal();
    found.filter(seen).ok_or_else(|| Refusal::not_found("second_opinion"))
}
