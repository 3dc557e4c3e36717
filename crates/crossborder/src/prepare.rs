//! A hand-over is prepared for the child of a case.

use helpline_domain::caller::Caller;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::crossborder::prepare::NewCrossBorder;
use helpline_store::crossborder::read::CrossBorder;

use crate::act::{committed, seen};

/// Prepares one. Errors: NOT_FOUND for the case, STATE_REFUSED when it is closed or another of it is open, INVALID_FIELD for a country that the settings do not have,
/// REQUEST_ID_REUSED.
pub(crate) async fn prepare(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewCrossBorder,
) -> Result<CrossBorder, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let rules = &settings.settings.cross_border;
    let known = rules.country(&new.country).is_some();
    let change = if known {
        ctx.store.prepare_crossborder(command, new, rules.prepare_s).await?
    } else {
        ctx.store.recall_change(command).await?
    };
    let id = outcome(committed(change), |id| std::future::ready(Ok(id)), async {
        let case = ctx.store.case(caller, new.case_id).await?.ok_or_else(|| Refusal::not_found("case"))?;
        Ok(match case.closed_at {
            _ if !known => Refusal::invalid_field("country", "a country of the settings"),
            Some(_) => Refusal::state("case", "closed"),
            None if case.open.cross_border > 0 => Refusal::state("crossborder", "open"),
            None => Refusal::race_lost(),
        })
    })
    .await?;
    seen(ctx, caller, id.into()).await
}
