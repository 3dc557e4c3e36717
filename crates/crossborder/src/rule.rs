//! Whether the rules of the country let the child be handed over.

use helpline_domain::caller::Caller;
use helpline_domain::crossborder::CrossBorderState;
use helpline_domain::crossborder::rule::{Decision, Inputs, decide};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::crossborder::read::CrossBorder;
use helpline_store::crossborder::step::{Act, Due, Step};
use serde_json::json;

use crate::act::{Standing, act, refused};

/// Decides, and stores the decision. Fear of the country that it says is recorded for the case, and stays so until two
/// supervisors lift it. Errors: NOT_FOUND, STATE_REFUSED once the child has left, REQUEST_ID_REUSED.
pub(crate) async fn check(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    (legal_basis, fear_recorded): (&str, bool),
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let now = &standing.now;
        if !now.state.is_before_departure() {
            return Err(refused(now.state));
        }
        let (country, agreed) = (now.country.clone(), standing.agreed);
        let said = fear_recorded.then(|| json!({ "fear_said": true }));
        let fear_recorded = fear_recorded || standing.feared;
        let inputs = Inputs { country, legal_basis: legal_basis.to_owned(), fear_recorded, agreed };
        let decision = decide(standing.rules(), standing.version(), inputs);
        let (state, due) = match now.state {
            CrossBorderState::Prepared if decision.allows() => {
                (CrossBorderState::ConsentChecked, standing.within(standing.rules().prepare_s))
            }
            state => (state, Due::Keep),
        };
        Ok(Step { shared: false, detail: said, decision: Some(decision), ..Step::to("checked", state, due) })
    })
    .await
}

/// Decides anew from what the last decision was made from, and from what is agreed now. Errors: STATE_REFUSED when none was made,
/// TRANSFER_REFUSED.
pub(crate) fn allowed(standing: &Standing) -> Result<Decision, Refusal> {
    let now = &standing.now;
    let last = now.decision.as_ref().ok_or_else(|| refused(now.state))?;
    let fear_recorded = last.inputs.fear_recorded || standing.feared;
    let inputs = Inputs { agreed: standing.agreed, fear_recorded, ..last.inputs.clone() };
    let decision = decide(standing.rules(), standing.version(), inputs);
    if decision.allows() { Ok(decision) } else { Err(Refusal::transfer_refused(&decision.why())) }
}
