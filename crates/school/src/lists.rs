//! What is shown.

use helpline_domain::caller::Caller;
use helpline_domain::id::SchoolReportId;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::school_report::read::{SchoolReport, Which};

/// Lists reports, newest first, without what was told.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    which: &Which,
    (size, before): (u32, Option<SchoolReportId>),
) -> Result<(Vec<SchoolReport>, Option<SchoolReportId>), Refusal> {
    let page = (size.saturating_add(1), before);
    let found = ctx.store.school_reports(caller.centre_id, which, page).await?;
    Ok(cut(found, size, |one| one.school_report_id))
}
