//! Capacity on the wire.

use std::time::Duration;

use chrono::NaiveDate;
use helpline_domain::caller::{Caller, Role};
use helpline_domain::capacity::HoldState;
use helpline_domain::id::{HoldId, ServiceId};
use helpline_proto::referral::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::capacity::{CapacityRow, DayOccupancy, Hold, NewHold};

use super::SetCapacity;
use crate::wire::read::service_ids;

/// How long a hold lasts unless it says.
const USUAL: Duration = Duration::from_hours(1);
/// The shortest and the longest: ten seconds, 30 days.
const BOUNDS: std::ops::RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_hours(30 * 24);
/// Days of occupancy that are told at once.
const MOST_DAYS: i64 = 366;
/// As many as a service may have.
const MOST: i32 = 100_000;

pub(crate) fn set(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::SetCapacityRequest,
) -> Result<(Command, SetCapacity), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let service_id = fields.id("service_id", &sent.service_id);
    let unit = fields.key("unit", &sent.unit);
    let maximum = fields.int("maximum", sent.maximum, 0..=MOST);
    let out_of_service = fields.int("out_of_service", sent.out_of_service, 0..=MOST);
    if let (Some(maximum), Some(out)) = (maximum, out_of_service)
        && out > maximum
    {
        fields.refuse("out_of_service", "not more than there are");
    }
    fields.build((|| {
        let counts = SetCapacity {
            service_id: service_id?,
            unit: unit?,
            maximum: maximum?,
            out_of_service: out_of_service?,
        };
        Some((command(ctx, caller, "SetCapacity", request_id?, sent), counts))
    })())
}

pub(crate) fn place(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::PlaceHoldRequest,
) -> Result<(Command, Vec<ServiceId>, NewHold), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let services = service_ids(&mut fields, &sent.service_ids);
    let unit = fields.key("unit", &sent.unit);
    let count = fields.int("count", sent.count, 1..=100);
    let lifetime = fields.optional_duration("lifetime", sent.lifetime.as_ref(), BOUNDS);
    let referral_id = fields.optional_id("referral_id", &sent.referral_id);
    fields.build((|| {
        let new = NewHold {
            hold_id: ctx.ids.v7().into(),
            unit: unit?,
            count: count?,
            lifetime_s: u32::try_from(lifetime?.unwrap_or(USUAL).as_secs()).ok()?,
            referral_id: referral_id?,
        };
        Some((command(ctx, caller, "PlaceHold", request_id?, sent), services?, new))
    })())
}

/// Which unit of which service, on which days.
pub(crate) fn occupancy(
    sent: &proto::GetOccupancyRequest,
) -> Result<(ServiceId, String, (NaiveDate, NaiveDate)), Refusal> {
    let mut fields = Fields::new();
    let service_id = fields.id("service_id", &sent.service_id);
    let unit = fields.key("unit", &sent.unit);
    let first = fields.date("first_date", &sent.first_date);
    let last = fields.date("last_date", &sent.last_date);
    if let (Some(first), Some(last)) = (first, last)
        && !(0..MOST_DAYS).contains(&(last - first).num_days())
    {
        fields.refuse("last_date", "not before the first, and at most 366 days");
    }
    fields.build((|| Some((service_id?, unit?, (first?, last?))))())
}

/// Days as their messages.
pub(crate) fn days(days: &[DayOccupancy]) -> Vec<proto::DayOccupancy> {
    let day = |one: &DayOccupancy| proto::DayOccupancy {
        date: one.day.to_string(),
        day_count: one.by_day,
        night_count: one.by_night,
    };
    days.iter().map(day).collect()
}

/// A command about a hold, which says no more than its id.
pub(crate) fn plain<M: prost::Message>(
    ctx: &Ctx,
    caller: &Caller,
    (method, request): (&'static str, &M),
    (request_id, hold_id): (&str, &str),
) -> Result<(Command, HoldId), Refusal> {
    let mut fields = Fields::new();
    let (request_id, id) = (fields.request_id(request_id), fields.id("hold_id", hold_id));
    let (request_id, id) = fields.build(request_id.zip(id))?;
    Ok((command(ctx, caller, method, request_id, request), id))
}

/// The size of a page of a list without a filter, and its tokens.
pub(crate) fn list<'a, M: prost::Message + Default>(
    ctx: &'a Ctx,
    caller: &Caller,
    method: &'static str,
    page_size: i32,
) -> Result<(u32, PageTokens<'a>), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(page_size);
    Ok((fields.build(size)?, PageTokens::new(ctx.vault(), method, caller, &M::default())))
}

/// A unit of a service as its message. How many live there, and since when, is for who answers for it and for supervisors.
pub(crate) fn capacity(caller: &Caller, row: &CapacityRow) -> proto::Capacity {
    let known = proto::Capacity {
        service_id: row.service_id.to_string(),
        unit: row.unit.clone(),
        maximum: row.maximum,
        available: row.available,
        ..proto::Capacity::default()
    };
    if caller.role == Role::Counsellor {
        return known;
    }
    proto::Capacity {
        occupied: row.occupied,
        held: row.held,
        out_of_service: row.out_of_service,
        update_time: Some(timestamp(row.updated_at)),
        revision: row.revision,
        ..known
    }
}

/// A hold as its message.
pub(crate) fn hold(one: &Hold) -> proto::Hold {
    let state = match one.state {
        HoldState::Held => proto::HoldState::Held,
        HoldState::Confirmed => proto::HoldState::Confirmed,
        HoldState::Released => proto::HoldState::Released,
        HoldState::Expired => proto::HoldState::Expired,
        HoldState::Vacated => proto::HoldState::Vacated,
    };
    proto::Hold {
        hold_id: one.hold_id.to_string(),
        service_id: one.service_id.to_string(),
        unit: one.unit.clone(),
        count: one.count,
        state: state.into(),
        referral_id: one.referral_id.map(|id| id.to_string()).unwrap_or_default(),
        placed_by: one.placed_by.to_string(),
        place_time: Some(timestamp(one.placed_at)),
        expire_time: Some(timestamp(one.expires_at)),
        confirm_time: one.confirmed_at.map(timestamp),
        end_time: one.ended_at.map(timestamp),
        revision: one.revision,
    }
}
