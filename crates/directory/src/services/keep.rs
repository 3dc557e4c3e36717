//! One service, many services, and what the centre itself says of them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{AgencyId, ServiceId};
use helpline_domain::service::listing::Listing;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::service::{Keeping, Service};
use helpline_store::{Change, Command};

use super::catalogue::Catalogues;
use super::counted::Counted;

/// A service, and as of when.
pub(crate) type Shown = (Arc<Listing>, DateTime<Utc>);

/// One service of the caller's centre. Error: NOT_FOUND.
pub(crate) async fn get_service(
    ctx: &Ctx,
    catalogues: &Catalogues,
    caller: &Caller,
    id: ServiceId,
) -> Result<Shown, Refusal> {
    let catalogue = catalogues.of(ctx, caller.centre_id).await?;
    let listing = catalogue.get(id).ok_or_else(|| Refusal::not_found("service"))?;
    let counted = Counted::of(ctx, caller, Some(&[id])).await?;
    Ok((counted.current(listing), ctx.store.now().await?))
}

/// Which services are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListServices {
    /// Those alone that must be verified.
    pub(crate) due_only: bool,
    /// Behind which: when it is due, in microseconds, and its id.
    pub(crate) after: Option<(i64, ServiceId)>,
    /// How many at most.
    pub(crate) size: u32,
}

/// A page of services.
#[derive(Debug)]
pub(crate) struct ServicePage {
    pub(crate) services: Vec<Arc<Listing>>,
    pub(crate) next: Option<(i64, ServiceId)>,
    pub(crate) now: DateTime<Utc>,
}

/// A page of services by id, or of those due by how long they are.
pub(crate) async fn list_services(
    ctx: &Ctx,
    catalogues: &Catalogues,
    caller: &Caller,
    wish: ListServices,
) -> Result<ServicePage, Refusal> {
    let catalogue = catalogues.of(ctx, caller.centre_id).await?;
    let now = ctx.store.now().await?;
    let position = |listing: &Listing| {
        let due = listing.due_at(now).filter(|_| wish.due_only);
        (due.map_or(i64::MIN, |due| due.timestamp_micros()), listing.service_id)
    };
    let is_wanted = |listing: &&Arc<Listing>| {
        let due = !wish.due_only || (listing.is_active() && listing.is_stale(now));
        due && wish.after.is_none_or(|after| after < position(listing))
    };
    let mut services: Vec<_> = catalogue.listings.iter().filter(is_wanted).cloned().collect();
    services.sort_by_key(|listing| position(listing));
    services.truncate(usize::try_from(wish.size).unwrap_or(usize::MAX).saturating_add(1));
    let (mut services, next) = page::cut(services, wish.size, |listing| position(listing));
    let ids: Vec<_> = services.iter().map(|listing| listing.service_id).collect();
    let counted = Counted::of(ctx, caller, Some(&ids)).await?;
    for listing in &mut services {
        *listing = counted.current(listing);
    }
    Ok(ServicePage { services, next, now })
}

/// A service that somebody made sure of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VerifyService {
    pub(crate) command: Command,
    pub(crate) service_id: ServiceId,
    pub(crate) expected_revision: Option<i64>,
}

/// Writes it down. Errors: NOT_FOUND, REVISION_STALE.
pub(crate) async fn verify_service(
    ctx: &Ctx,
    catalogues: &Catalogues,
    caller: &Caller,
    verification: VerifyService,
) -> Result<Shown, Refusal> {
    let VerifyService { command, service_id, expected_revision } = verification;
    let change = ctx.store.verify_service(&command, service_id, expected_revision.unwrap_or(0)).await?;
    let why = why_not(ctx, caller, service_id, expected_revision, None);
    shown(ctx, catalogues, caller, change, why).await
}

/// What the centre says of a service from now on.
#[derive(Clone, Debug)]
pub(crate) struct UpdateService {
    pub(crate) command: Command,
    pub(crate) service_id: ServiceId,
    pub(crate) keeping: Keeping,
    pub(crate) expected_revision: Option<i64>,
}

/// Replaces it. Errors: NOT_FOUND for the service or the agency, STATE_REFUSED for an agency that is disabled,
/// REVISION_STALE.
pub(crate) async fn update_service(
    ctx: &Ctx,
    catalogues: &Catalogues,
    caller: &Caller,
    update: UpdateService,
) -> Result<Shown, Refusal> {
    let UpdateService { command, service_id, keeping, expected_revision } = update;
    let change =
        ctx.store.update_service(&command, service_id, &keeping, expected_revision.unwrap_or(0)).await?;
    let why = why_not(ctx, caller, service_id, expected_revision, keeping.agency_id);
    shown(ctx, catalogues, caller, change, why).await
}

/// The service as it is after a change or its repeat.
async fn shown(
    ctx: &Ctx,
    catalogues: &Catalogues,
    caller: &Caller,
    change: Change<Service>,
    why: impl Future<Output = Result<Refusal, Refusal>>,
) -> Result<Shown, Refusal> {
    let change = match change {
        Change::Done(service) => Change::Replayed { resource_id: service.service_id.as_uuid() },
        Change::Replayed { resource_id } => Change::Replayed { resource_id },
        Change::Reused => Change::Reused,
        Change::Refused => Change::Refused,
    };
    outcome(change, |id| get_service(ctx, catalogues, caller, id.into()), why).await
}

async fn why_not(
    ctx: &Ctx,
    caller: &Caller,
    id: ServiceId,
    expected_revision: Option<i64>,
    agency_id: Option<AgencyId>,
) -> Result<Refusal, Refusal> {
    let service = ctx.store.listed_service(caller.centre_id, id).await?;
    let Some(service) = service else { return Ok(Refusal::not_found("service")) };
    if let Some(agency) = agency_id {
        match ctx.store.agency_is_disabled(caller.centre_id, agency).await? {
            None => return Ok(Refusal::not_found("agency")),
            Some(true) => return Ok(Refusal::state("agency", "disabled")),
            Some(false) => {}
        }
    }
    Ok(match expected_revision {
        Some(_) => Refusal::stale(service.standing.revision),
        None => Refusal::race_lost(),
    })
}
