//! Places, beds and hours: how many there are, and holds on them, so that nobody is sent to a place that is not there.

pub(crate) mod wire;

use chrono::NaiveDate;
use helpline_domain::caller::Caller;
use helpline_domain::capacity::HoldState;
use helpline_domain::id::{CentreId, HoldId, ServiceId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, consulate, fail_point, page};
use helpline_store::capacity::{CapacityRow, DayOccupancy, Hold, HoldStep, NewHold};
use helpline_store::casework::migrant::gate::About;
use helpline_store::{Change, Command, StoreError};
use uuid::Uuid;

use crate::access;

/// Holds whose time is over that are given back before somebody is refused.
const GIVEN_BACK: usize = 20;

/// What was committed may not be known to who asked for it.
pub(crate) fn committed<T>(change: Change<T>) -> Change<T> {
    if matches!(change, Change::Done(_)) {
        fail_point!("hold.after_commit");
    }
    change
}

/// How many of a unit a service has.
#[derive(Clone, Debug)]
pub(crate) struct SetCapacity {
    pub(crate) service_id: ServiceId,
    pub(crate) unit: String,
    pub(crate) maximum: i32,
    pub(crate) out_of_service: i32,
}

/// Says how many of a unit a service has. Errors: NOT_FOUND for a service that is not the caller's to decide about, INVALID_FIELD when
/// what is in use or held would have no place, REQUEST_ID_REUSED.
pub(crate) async fn set_capacity(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    set: &SetCapacity,
) -> Result<CapacityRow, Refusal> {
    let (of, counts) = ((set.service_id, set.unit.as_str()), (set.maximum, set.out_of_service));
    let change = committed(ctx.store.set_capacity(command, of, counts).await?);
    let load = async || {
        let (there, row) = ctx.store.capacity(caller, set.service_id, &set.unit).await?;
        if there { Ok(row) } else { Err(Refusal::not_found("service")) }
    };
    outcome(change, async |_| load().await?.ok_or_else(|| Refusal::not_found("capacity")), async {
        let used = load().await?.map_or(0, |row| row.occupied + row.held);
        let least = used.saturating_add(set.out_of_service);
        Ok(Refusal::invalid_field(
            "maximum",
            format!("{least} at least: so many are in use, held or out of service"),
        ))
    })
    .await
}

/// Keeps so many of the first service that has room, in the order given. What has run out is given back first. Errors: NOT_FOUND for a
/// service or the referral; STATE_REFUSED `protected` where one was named that does not tell the caller whether it has room; NO_ROOM;
/// REQUEST_ID_REUSED.
pub(crate) async fn place_hold(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (services, new): (&[ServiceId], &NewHold),
) -> Result<Hold, Refusal> {
    let mut change = try_services(ctx, command, services, new).await?;
    if matches!(change, Change::Refused) && give_back(ctx, caller.centre_id).await? {
        change = try_services(ctx, command, services, new).await?;
    }
    let hold = outcome(committed(change), async |id| load(ctx, caller, id.into()).await, async {
        if let Some(referral) = new.referral_id {
            let referral = access::seen(ctx, caller, referral).await?;
            if referral.state.is_over() {
                return Ok(Refusal::state("referral", referral.state.key()));
            }
        }
        for service in services {
            if !ctx.store.capacity(caller, *service, &new.unit).await?.0 {
                return Ok(Refusal::not_found("service"));
            }
        }
        if let Some(referral) = new.referral_id {
            let about = About { referral: Some(referral.as_uuid()), ..About::default() };
            let mut feared = Ok(());
            for service in services {
                let agency = ctx.store.agencies_of_services(caller.centre_id, &[*service]).await?;
                feared =
                    consulate::passes(ctx, caller, (&agency, about), Refusal::not_found("service")).await;
                if feared.is_ok() {
                    // Whoever answers for this one, the centre itself among them, may only be full.
                    break;
                }
            }
            feared?;
        }
        room_is_told(ctx, caller, services).await?;
        let wish = (new.unit.as_str(), new.count);
        let next = ctx.store.next_with_room(caller, new.referral_id, services, wish).await?;
        Ok(Refusal::no_room(services.len(), next.map(|id| id.as_uuid())))
    })
    .await?;
    Ok(hold.seen_by(caller))
}

/// Error: STATE_REFUSED `protected` where one of these does not tell the caller whether it has room: full or not, the answer is the same.
pub(crate) async fn room_is_told(ctx: &Ctx, caller: &Caller, services: &[ServiceId]) -> Result<(), Refusal> {
    if ctx.store.withholds_room(caller, services).await? {
        return Err(Refusal::state("service", "protected"));
    }
    Ok(())
}

/// Gives back what has run out before somebody is refused; whether there was anything.
pub(crate) async fn give_back(ctx: &Ctx, centre: CentreId) -> Result<bool, Refusal> {
    let mut given_back = 0;
    while given_back < GIVEN_BACK && run_out(ctx, centre).await? {
        given_back += 1;
    }
    Ok(given_back > 0)
}

/// Ends one hold whose time is over; whether there was one.
pub(crate) async fn run_out(ctx: &Ctx, centre: CentreId) -> Result<bool, StoreError> {
    Ok(ctx.store.expire_hold(centre).await? || ctx.store.expire_place_of_stay(centre).await?)
}

async fn try_services(
    ctx: &Ctx,
    command: &Command,
    services: &[ServiceId],
    new: &NewHold,
) -> Result<Change<Hold>, Refusal> {
    for service in services {
        let change = ctx.store.place_hold(command, *service, new).await?;
        if !matches!(change, Change::Refused) {
            return Ok(change);
        }
    }
    Ok(Change::Refused)
}

/// Lets a hold go on. Errors: NOT_FOUND, STATE_REFUSED with its state, `expired` for one whose time is over, `of_a_stay` for
/// one that goes on with a stay; REQUEST_ID_REUSED.
pub(crate) async fn go_on(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, step): (HoldId, HoldStep),
) -> Result<Hold, Refusal> {
    let change = committed(ctx.store.go_on_with_hold(command, id, step).await?);
    let hold = outcome(change, async |id| load(ctx, caller, id.into()).await, async {
        let now = load(ctx, caller, id).await?;
        let over = step == HoldStep::Confirm && now.expires_at <= ctx.store.now().await?;
        let state = match now.state {
            HoldState::Held if over => "expired",
            // That of a stay goes on with the stay.
            state if state.may_become(step.leads_to()) => "of_a_stay",
            state => state.key(),
        };
        Ok(Refusal::state("hold", state))
    })
    .await?;
    Ok(hold.seen_by(caller))
}

async fn load(ctx: &Ctx, caller: &Caller, id: HoldId) -> Result<Hold, Refusal> {
    ctx.store.hold(caller, id).await?.ok_or_else(|| Refusal::not_found("hold"))
}

/// A page of units of services.
pub(crate) async fn list_capacities(
    ctx: &Ctx,
    caller: &Caller,
    (size, after): (u32, Option<(Uuid, String)>),
) -> Result<(Vec<CapacityRow>, Option<(Uuid, String)>), Refusal> {
    let read = ctx.store.capacities(caller, after.as_ref(), size + 1).await?;
    Ok(page::cut(read, size, |one| (one.service_id.as_uuid(), one.unit.clone())))
}

/// How many of a unit were in use, by day. Error: NOT_FOUND for a service that is not the caller's.
pub(crate) async fn get_occupancy(
    ctx: &Ctx,
    caller: &Caller,
    (service, unit): (ServiceId, &str),
    days: (NaiveDate, NaiveDate),
) -> Result<Vec<DayOccupancy>, Refusal> {
    if !ctx.store.capacity(caller, service, unit).await?.0 {
        return Err(Refusal::not_found("service"));
    }
    let settings = ctx.settings.current(caller.centre_id).await?;
    let zone = &settings.settings.hours.time_zone;
    Ok(ctx.store.occupancy(caller.centre_id, (service, unit), days, zone).await?)
}

/// A page of holds that are not over.
pub(crate) async fn list_holds(
    ctx: &Ctx,
    caller: &Caller,
    (size, after): (u32, Option<HoldId>),
) -> Result<(Vec<Hold>, Option<HoldId>), Refusal> {
    let read = ctx.store.holds(caller, after, size + 1).await?;
    Ok(page::cut(read, size, |one| one.hold_id))
}
