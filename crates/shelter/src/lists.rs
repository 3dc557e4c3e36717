//! What is shown.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CaseId, ReturnId};
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::shelter::read::ReturnAssistance;

/// Lists help to return, newest first.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    which: (bool, Option<CaseId>),
    (size, before): (u32, Option<ReturnId>),
) -> Result<(Vec<ReturnAssistance>, Option<ReturnId>), Refusal> {
    let found = ctx.store.return_assistances(caller, which, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |one| one.return_id))
}
