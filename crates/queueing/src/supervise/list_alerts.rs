//! The alerts of the centre, page by page.

use helpline_domain::caller::Caller;
use helpline_proto::queueing::v1::{ListAlertsRequest, ListAlertsResponse};
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::{Ctx, Refusal, page};

use crate::wire::alert;

/// A page of alerts, the latest first. Errors: INVALID_FIELD, INVALID_PAGE_TOKEN.
pub async fn list_alerts(
    ctx: &Ctx,
    caller: &Caller,
    request: ListAlertsRequest,
) -> Result<ListAlertsResponse, Refusal> {
    let size = alert::list(&request)?;
    let question = ListAlertsRequest { page_size: 0, page_token: String::new(), ..request };
    let tokens = PageTokens::new(ctx.vault(), "ListAlerts", caller, &question);
    let before = tokens.open(&request.page_token)?;
    let which = (request.open_only, alert::supervises(caller));
    let read = ctx.store.alerts(caller.centre_id, which, before, size + 1).await?;
    let (alerts, next) = page::cut(read, size, |alert| alert.sequence);
    Ok(ListAlertsResponse {
        alerts: alerts.iter().map(alert::message).collect(),
        next_page_token: tokens.seal(next.as_ref())?,
    })
}
