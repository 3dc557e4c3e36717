//! The agencies of the centre, page by page.

use helpline_domain::caller::Caller;
use helpline_domain::id::AgencyId;
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::agency::Agency;

/// Which page.
#[derive(Clone, Copy, Debug)]
pub struct ListAgencies {
    /// The last agency of the page before.
    pub after: Option<AgencyId>,
    /// How many at most.
    pub size: u32,
}

/// A page of agencies.
#[derive(Clone, Debug)]
pub struct AgencyPage {
    /// The agencies, oldest first.
    pub agencies: Vec<Agency>,
    /// The last of them, if more follow.
    pub next: Option<AgencyId>,
}

/// A page of agencies by time of creation.
pub async fn list_agencies(ctx: &Ctx, caller: &Caller, wish: ListAgencies) -> Result<AgencyPage, Refusal> {
    let ListAgencies { after, size } = wish;
    let read = ctx.store.agencies(caller.centre_id, after, size + 1).await?;
    let (agencies, next) = page::cut(read, size, |agency| agency.agency_id);
    Ok(AgencyPage { agencies, next })
}
