//! An assessment is begun, or begun again in the place of one that is completed.

use helpline_domain::assessment::{Subject, fitting};
use helpline_domain::caller::Caller;
use helpline_domain::id::{AssessmentId, CaseId};
use helpline_domain::settings::forms::Form;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::assessment::read::AnsweredAssessment;
use helpline_store::casework::assessment::{Assessment, NewAssessment, ONE_DRAFT, REVISED_ONCE};

use super::{answers, committed, document, seen, stands};
use crate::act;

/// Begins an assessment of a case. Errors: NOT_FOUND, INVALID_FIELD for a form that the settings do not have or that is not for the subject,
/// STATE_REFUSED for a closed case, ALREADY_EXISTS while another by the form is a draft, REQUEST_ID_REUSED.
pub(crate) async fn start(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (case_id, key, subject): (CaseId, &str, Subject),
) -> Result<Assessment, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let known = settings.settings.assessment_forms.iter().find(|one| one.form == key);
    let refused = match known {
        None => Some(("form", "a form of the settings")),
        Some(form) if form.elements(subject).is_empty() => Some(("subject", "somebody whom the form is for")),
        Some(_) => None,
    };
    let new = known.filter(|_| refused.is_none()).map(|form| NewAssessment {
        assessment_id: ctx.ids.v7().into(),
        case_id,
        form: form.clone(),
        settings_version: settings.version,
        subject,
        answers: None,
        supersedes: None,
        entry_id: ctx.ids.v7(),
    });
    let why = async {
        act::is_open(&act::seen(ctx, caller, case_id).await?)?;
        Ok(match refused {
            Some((field, expected)) => Refusal::invalid_field(field, expected),
            None => Refusal::already_exists("assessment"),
        })
    };
    commit(ctx, caller, (command, new), why).await
}

/// Begins another in the place of a completed one, by the form in force, with what was answered as far as it fits. Errors: NOT_FOUND,
/// STATE_REFUSED for a draft, one that is superseded, and a closed case, ALREADY_EXISTS while such is a draft, REQUEST_ID_REUSED.
pub(crate) async fn revise(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: AssessmentId,
) -> Result<Assessment, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    // Of what is not there a repeat is recognised, too.
    let old = ctx.store.assessment(caller, id, false).await?;
    let new = match &old {
        Some(old) if stands(&old.assessment).is_ok() => {
            Some(successor(ctx, old, (&settings.settings.assessment_forms, settings.version))?)
        }
        _ => None,
    };
    let why = async {
        stands(&seen(ctx, caller, id, false).await?.assessment)?;
        Ok(Refusal::already_exists("assessment"))
    };
    commit(ctx, caller, (command, new), why).await
}

/// What is begun in the place of an assessment.
fn successor(
    ctx: &Ctx,
    old: &AnsweredAssessment,
    (forms, version): (&[Form], i64),
) -> Result<NewAssessment, Refusal> {
    let now = &old.assessment;
    let serves = |one: &&Form| one.form == now.form && !one.elements(now.subject).is_empty();
    // What the settings no longer have can be revised as it was.
    let (form, version) = match forms.iter().find(serves) {
        Some(form) => (form, version),
        None => (&old.form, now.settings_version),
    };
    let kept = fitting(form, now.subject, answers(old)?);
    Ok(NewAssessment {
        assessment_id: ctx.ids.v7().into(),
        case_id: now.case_id,
        form: form.clone(),
        settings_version: version,
        subject: now.subject,
        answers: Some(document(&kept)?),
        supersedes: Some(now.assessment_id),
        entry_id: ctx.ids.v7(),
    })
}

async fn commit(
    ctx: &Ctx,
    caller: &Caller,
    (command, new): (&Command, Option<NewAssessment>),
    why: impl Future<Output = Result<Refusal, Refusal>>,
) -> Result<Assessment, Refusal> {
    let change = match &new {
        Some(new) => match ctx.store.start_assessment(command, new).await {
            Err(error) if [Some(ONE_DRAFT), Some(REVISED_ONCE)].contains(&error.constraint()) => {
                ctx.store.recall_change(command).await?
            }
            change => change?,
        },
        // What is refused now may have happened before: a repeat is recognised.
        None => ctx.store.recall_change(command).await?,
    };
    let id = outcome(committed(change), |id| std::future::ready(Ok(id)), why).await?;
    Ok(seen(ctx, caller, id.into(), false).await?.assessment)
}
