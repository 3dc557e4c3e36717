//! What people say of a result: somebody approves it, or judges otherwise. The computed result stays beside it.

use helpline_domain::assessment::{ApprovalState, Outcome, OverrideState};
use helpline_domain::caller::Caller;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::assessment::{Approval, Assessment, AssessmentAct, AssessmentStep, Judgement};
use helpline_vault::Sensitive;

use super::{stands, step};

/// What somebody answers about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum About {
    /// The assessment.
    Content,
    /// A judgement that is less grave than the computed outcome.
    Override,
}

/// Judges otherwise. Errors: NOT_FOUND, INVALID_FIELD for the computed outcome itself, STATE_REFUSED, also when somebody has judged already
/// and this is not graver, REQUEST_ID_REUSED.
pub(crate) async fn judge(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &AssessmentAct),
    (outcome, reason): (Outcome, &Sensitive<String>),
) -> Result<Assessment, Refusal> {
    let follow_up_id = ctx.ids.v7();
    step(ctx, caller, asked, |now| {
        let (form, now) = (&now.form, &now.assessment);
        stands(now)?;
        if now.computed == Some(outcome) {
            return Err(Refusal::invalid_field("outcome", "another than was computed"));
        }
        let holds = now.judgement.filter(|judged| judged.state.holds()).map(|judged| judged.outcome);
        let graver = Some(outcome) > now.computed && Some(outcome) > holds;
        // What is graver waits for nothing that others have said.
        if let Some(judged) = now.judgement.filter(|judged| judged.state != OverrideState::Refused && !graver)
        {
            return Err(Refusal::state("override", judged.state.key()));
        }
        let state = if graver { OverrideState::InForce } else { OverrideState::Asked };
        let follows = form.follow_up.clone().filter(|_| graver && outcome == Outcome::Positive);
        Ok(AssessmentStep {
            judgement: Some(Judgement { outcome, by: caller.principal(), state, answered_by: None }),
            reason: Some(reason.clone()),
            follow_up: follows.map(|due| (follow_up_id.into(), due)),
            ..AssessmentStep::of(now, "overridden")
        })
    })
    .await
}

/// Asks another to approve. Errors: NOT_FOUND, STATE_REFUSED, also when it is asked for, was approved, or is not needed, REQUEST_ID_REUSED.
pub(crate) async fn ask(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &AssessmentAct),
) -> Result<Assessment, Refusal> {
    step(ctx, caller, asked, |now| {
        let (form, now) = (&now.form, &now.assessment);
        stands(now)?;
        if !form.needs_approval {
            return Err(Refusal::state("approval", "not_needed"));
        }
        if let Some(before) = now.approval.filter(|before| before.state != ApprovalState::Refused) {
            return Err(Refusal::state("approval", before.state.key()));
        }
        let asks = Approval { state: ApprovalState::Asked, asked_by: caller.principal(), answered_by: None };
        Ok(AssessmentStep { approval: Some(asks), ..AssessmentStep::of(now, "approval_asked") })
    })
    .await
}

/// Approves, or does not. Errors: NOT_FOUND, STATE_REFUSED when nobody has asked, it was answered, or as `own`, REQUEST_ID_REUSED.
pub(crate) async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &AssessmentAct),
    (about, approve): (About, bool),
) -> Result<Assessment, Refusal> {
    let own = || Refusal::state("approval", "own");
    let not_asked = || Refusal::state("approval", "not_asked");
    let by = caller.principal();
    step(ctx, caller, asked, |now| {
        let now = &now.assessment;
        stands(now)?;
        match about {
            About::Content => {
                let before = now.approval.ok_or_else(not_asked)?;
                if before.state != ApprovalState::Asked {
                    return Err(Refusal::state("approval", before.state.key()));
                }
                if before.asked_by == by || now.authors.contains(&by) {
                    return Err(own());
                }
                let (event, state) = if approve {
                    ("approved", ApprovalState::Approved)
                } else {
                    ("approval_refused", ApprovalState::Refused)
                };
                let approval = Some(Approval { state, answered_by: Some(by), ..before });
                Ok(AssessmentStep { approval, ..AssessmentStep::of(now, event) })
            }
            About::Override => {
                let before = now.judgement.filter(|one| one.state != OverrideState::InForce);
                let before = before.ok_or_else(not_asked)?;
                if before.state != OverrideState::Asked {
                    return Err(Refusal::state("approval", before.state.key()));
                }
                if before.by == by {
                    return Err(own());
                }
                let (event, state) = if approve {
                    ("override_approved", OverrideState::Approved)
                } else {
                    ("override_refused", OverrideState::Refused)
                };
                let judgement = Some(Judgement { state, answered_by: Some(by), ..before });
                Ok(AssessmentStep { judgement, ..AssessmentStep::of(now, event) })
            }
        }
    })
    .await
}
