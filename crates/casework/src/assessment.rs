//! What is asked and answered about a child's situation by a form, and what it comes to. [`begin`] starts one or revises it, [`fill`]
//! answers and completes it, [`judge`] is what people say of the result.

pub(crate) mod begin;
pub(crate) mod fill;
pub(crate) mod judge;

use helpline_domain::assessment::{Answers, AssessmentState, Outcome};
use helpline_domain::caller::Caller;
use helpline_domain::id::AssessmentId;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::casework::assessment::read::{AnsweredAssessment, AssessmentFilter};
use helpline_store::casework::assessment::{Assessment, AssessmentAct, AssessmentStep};
use helpline_store::{Change, Command};
use helpline_vault::Sensitive;

use crate::act::TRIES;
use crate::open::Page;

/// An assessment that the caller may read; `reads` when they do, and not the server for a step of theirs. Error: NOT_FOUND for every other.
pub(crate) async fn seen(
    ctx: &Ctx,
    caller: &Caller,
    id: AssessmentId,
    reads: bool,
) -> Result<AnsweredAssessment, Refusal> {
    ctx.store.assessment(caller, id, reads).await?.ok_or_else(|| Refusal::not_found("assessment"))
}

/// Lists assessments that the caller may read, newest first.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    filter: AssessmentFilter,
    (size, before): (u32, Option<AssessmentId>),
) -> Result<Page<Assessment, AssessmentId>, Refusal> {
    let found = ctx.store.assessments(caller, filter, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |one| one.assessment_id))
}

/// What was answered so far.
pub(crate) fn answers(one: &AnsweredAssessment) -> Result<Answers, Refusal> {
    let read = one.answers.as_ref().map(|sealed| serde_json::from_str(sealed.expose())).transpose();
    read.map(Option::unwrap_or_default).map_err(|_| Refusal::bug("answers that cannot be read"))
}

/// Answers as the document that is sealed.
fn document(answers: &Answers) -> Result<Sensitive<String>, Refusal> {
    let written =
        serde_json::to_string(answers).map_err(|_| Refusal::bug("answers that cannot be written"))?;
    Ok(Sensitive::new("narrative", written))
}

/// What holds: what somebody judges if that does, else what was computed.
pub(crate) fn outcome(one: &Assessment) -> Option<Outcome> {
    one.judgement.filter(|judged| judged.state.holds()).map(|judged| judged.outcome).or(one.computed)
}

/// Error: STATE_REFUSED as `closed`.
fn is_open(now: &Assessment) -> Result<(), Refusal> {
    if now.case_closed { Err(Refusal::state("case", "closed")) } else { Ok(()) }
}

/// What can still be written into. Errors: STATE_REFUSED, REVISION_STALE.
fn is_draft(now: &Assessment, expected: Option<i64>) -> Result<(), Refusal> {
    is_open(now)?;
    if now.state != AssessmentState::Draft {
        return Err(Refusal::state("assessment", now.state.key()));
    }
    match expected {
        Some(expected) if expected != now.revision => Err(Refusal::stale(now.revision)),
        _ => Ok(()),
    }
}

/// What something may still be said of. Error: STATE_REFUSED with its state, or as `superseded`.
fn stands(now: &Assessment) -> Result<(), Refusal> {
    is_open(now)?;
    match now.state {
        AssessmentState::Completed if now.superseded_by.is_none() => Ok(()),
        AssessmentState::Completed => Err(Refusal::state("assessment", "superseded")),
        AssessmentState::Draft => Err(Refusal::state("assessment", now.state.key())),
    }
}

/// What was committed, told of.
fn committed<T>(change: Change<T>) -> Change<T> {
    if matches!(change, Change::Done(_)) {
        fail_point!("assessment.after_commit");
    }
    change
}

/// What becomes of an assessment.
enum Next {
    /// These are the answers of the draft now, a document.
    Answers(Sensitive<String>),
    /// It makes a step.
    Step(Box<AssessmentStep>),
}

/// Decides on how an assessment stands and commits, again while others come between. Errors: NOT_FOUND, REQUEST_ID_REUSED, and those of
/// `decide`.
async fn make(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &AssessmentAct),
    decide: impl Fn(&AnsweredAssessment) -> Result<Next, Refusal>,
) -> Result<Assessment, Refusal> {
    let id = act.assessment_id;
    let due_soon_s = ctx.settings.current(caller.centre_id).await?.settings.cases.due_soon_s;
    for _ in 0..TRIES {
        let now = ctx.store.assessment(caller, id, false).await?;
        let decided = now.as_ref().ok_or_else(|| Refusal::not_found("assessment"));
        let decided = decided.and_then(|now| Ok((&now.assessment, decide(now)?)));
        let (change, refused) = match decided {
            Ok((now, Next::Answers(answers))) => {
                (ctx.store.save_assessment(command, (id, now.revision), &answers).await?, None)
            }
            Ok((now, Next::Step(step))) => {
                let on = (now.revision, now.case_revision);
                (ctx.store.step_assessment(command, act, on, (&step, due_soon_s)).await?, None)
            }
            // What is refused now may have happened before: a repeat is recognised.
            Err(refusal) => (ctx.store.recall_change(command).await?, Some(refusal)),
        };
        match (committed(change), refused) {
            (Change::Done(_) | Change::Replayed { .. }, _) => {
                return Ok(seen(ctx, caller, id, false).await?.assessment);
            }
            (Change::Reused, _) => return Err(Refusal::request_id_reused()),
            (Change::Refused, Some(refusal)) => return Err(refusal),
            (Change::Refused, None) => {}
        }
    }
    Err(Refusal::race_lost())
}

/// Makes a step of an assessment. Errors as of [`make`].
async fn step(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &AssessmentAct),
    decide: impl Fn(&AnsweredAssessment) -> Result<AssessmentStep, Refusal>,
) -> Result<Assessment, Refusal> {
    make(ctx, caller, asked, |now| Ok(Next::Step(Box::new(decide(now)?)))).await
}
