//! An assessment is answered, by several in turn if they like, and completed.

use helpline_domain::assessment::{Answers, Outcome, answers as fits, computed, missing, question, weighed};
use helpline_domain::caller::Caller;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::assessment::read::AnsweredAssessment;
use helpline_store::casework::assessment::{Assessment, AssessmentAct, AssessmentStep};
use helpline_vault::Sensitive;

use super::{Next, answers, document, is_draft, make, step};

/// Questions and what is answered; nothing takes an answer back.
pub(crate) type Given = Vec<(String, Sensitive<String>)>;

/// Keeps answers; those of other questions stay. Errors: NOT_FOUND, INVALID_FIELD for what is not asked or does not answer it,
/// STATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn save(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &AssessmentAct),
    (given, expected): (&Given, Option<i64>),
) -> Result<Assessment, Refusal> {
    make(ctx, caller, asked, |now| {
        is_draft(&now.assessment, expected)?;
        Ok(Next::Answers(document(&merged(now, given)?)?))
    })
    .await
}

fn merged(now: &AnsweredAssessment, given: &Given) -> Result<Answers, Refusal> {
    let mut fields = Fields::new();
    let mut all = answers(now)?;
    for (place, (key, value)) in given.iter().enumerate() {
        let value = value.expose();
        match question(&now.form, now.assessment.subject, key) {
            None => fields.refuse(&format!("answers[{place}].question"), "a question of the form"),
            Some(_) if value.is_empty() => drop(all.remove(key)),
            Some(asked) if fits(asked, value) => drop(all.insert(key.clone(), value.clone())),
            Some(_) => {
                fields.refuse(
                    &format!("answers[{place}].value"),
                    "an answer of the question's kind, or unknown",
                );
            }
        }
    }
    fields.build(Some(all))
}

/// Computes the result, and gives the tasks that follow. Errors: NOT_FOUND, STATE_REFUSED, as `incomplete` while something that must be is
/// not answered, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn complete(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &AssessmentAct),
    expected: Option<i64>,
) -> Result<Assessment, Refusal> {
    let (again_id, follow_up_id) = (ctx.ids.v7(), ctx.ids.v7());
    step(ctx, caller, asked, |now| {
        is_draft(&now.assessment, expected)?;
        let (form, subject, given) = (&now.form, now.assessment.subject, answers(now)?);
        if !missing(form, subject, &given).is_empty() || !weighed(form, subject, &given) {
            return Err(Refusal::state("assessment", "incomplete"));
        }
        let result = computed(form, subject, &given);
        let found = serde_json::to_string(&result.findings)
            .map_err(|_| Refusal::bug("findings that cannot be written"))?;
        let follows = form.follow_up.clone().filter(|_| result.outcome == Outcome::Positive);
        Ok(AssessmentStep {
            completes: Some((result.outcome, Sensitive::new("legal", found))),
            again: form.again.clone().map(|due| (again_id.into(), due)),
            follow_up: follows.map(|due| (follow_up_id.into(), due)),
            ..AssessmentStep::of(&now.assessment, "completed")
        })
    })
    .await
}
