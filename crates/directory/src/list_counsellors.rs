//! The people of the centre, page by page.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::counsellor::Counsellor;

/// Which page.
#[derive(Clone, Copy, Debug)]
pub struct ListCounsellors {
    /// Whether those who left are listed too.
    pub include_disabled: bool,
    /// The last counsellor of the page before.
    pub after: Option<CounsellorId>,
    /// How many at most.
    pub size: u32,
}

/// A page of counsellors.
#[derive(Clone, Debug)]
pub struct CounsellorPage {
    /// The counsellors, oldest first.
    pub counsellors: Vec<Counsellor>,
    /// The last of them, if more follow.
    pub next: Option<CounsellorId>,
}

/// A page of counsellors by time of creation.
pub async fn list_counsellors(
    ctx: &Ctx,
    caller: &Caller,
    wish: ListCounsellors,
) -> Result<CounsellorPage, Refusal> {
    let ListCounsellors { include_disabled, after, size } = wish;
    let read = ctx.store.counsellors(caller.centre_id, include_disabled, after, size + 1).await?;
    let (counsellors, next) = page::cut(read, size, |counsellor| counsellor.counsellor_id);
    Ok(CounsellorPage { counsellors, next })
}
