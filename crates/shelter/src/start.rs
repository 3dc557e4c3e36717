//! Help to return begins.

use helpline_domain::assessment::Subject;
use helpline_domain::caller::Caller;
use helpline_domain::shelter::{ReturnItem, ReturnItemState};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::shelter::assistance::NewReturn;
use helpline_store::shelter::read::ReturnAssistance;

use crate::act::{committed, read};

/// Begins it. Errors: NOT_FOUND for the case, and for a stay that is not of it; STATE_REFUSED when the case is closed or has help that is
/// open, or `child` of an adult whom the caller cannot say to be one; REQUEST_ID_REUSED.
pub(crate) async fn start(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewReturn,
) -> Result<ReturnAssistance, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let rules = &settings.settings.shelter;
    let item = |item: &String| ReturnItem { item: item.clone(), state: ReturnItemState::Open, reason: None };
    let items = rules.return_items.iter().map(item).collect();
    let change = ctx.store.start_return(command, new, (items, rules.grace_warning_s)).await?;
    let id = outcome(committed(change), |id| std::future::ready(Ok(id)), async {
        let case = ctx.store.case(caller, new.case_id).await?.ok_or_else(|| Refusal::not_found("case"))?;
        let held = new.subject == Subject::Adult && ctx.store.is_held_for_child(caller, new.case_id).await?;
        Ok(match (case.closed_at, new.admission_id) {
            (Some(_), _) => Refusal::state("case", "closed"),
            (None, _) if case.open.returns > 0 => Refusal::state("return", "open"),
            (None, _) if held => Refusal::state("subject", "child"),
            (None, Some(_)) => Refusal::not_found("admission"),
            (None, None) => Refusal::race_lost(),
        })
    })
    .await?;
    read(ctx, caller, id.into(), false).await
}
