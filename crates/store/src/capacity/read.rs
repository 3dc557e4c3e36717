//! Units and holds as somebody may see them, and where there is room.

use chrono::NaiveDate;
use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, HoldId, ReferralId, ServiceId};
use uuid::Uuid;

use super::{
    CapacityColumns, CapacityRow, Hold, HoldRow, capacity_columns, capacity_from, hold_columns, knows_room,
    of_service, sees_hold,
};
use crate::disclosure::not_feared;
use crate::escalation::agency_of;
use crate::referral::sees_referral;
use crate::{Store, StoreError};

const NEXT: &str = concat!(
    "SELECT k.service_id FROM helpline.capacities k
    JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = k.service_id AND s.status = 'active'
    LEFT JOIN helpline.referral_choices c ON c.centre_id = $1 AND c.referral_id = $2 AND c.service_id = k.service_id
    WHERE k.centre_id = $1 AND k.unit = $4 AND k.available >= $5 AND k.service_id <> ALL ($3)
      AND CASE WHEN $2::uuid IS NULL THEN EXISTS (
            SELECT FROM helpline.service_records was
            JOIN helpline.service_records is_too ON is_too.centre_id = $1 AND is_too.kind = 'attribute'
                AND (is_too.fields ->> 'link_id')::uuid = k.service_id AND is_too.taxonomy_term_id = was.taxonomy_term_id
            WHERE was.centre_id = $1 AND was.kind = 'attribute' AND (was.fields ->> 'link_id')::uuid = ANY ($3))
          ELSE c.state IN ('waiting', 'offered', 'accepted') END
      AND ",
    knows_room!("$6"),
    " AND ",
    not_feared!("s.agency_id", "NULL", "$2::uuid", "NULL"),
    " ORDER BY c.position, k.available DESC, k.service_id LIMIT 1"
);

/// Two statements: a plan for both would walk all that is over to find one.
macro_rules! holds {
    ($which:literal) => {
        concat!(
            "SELECT ",
            hold_columns!(),
            " FROM helpline.holds h WHERE h.centre_id = $1 AND ",
            $which,
            " AND ",
            sees_hold!("$2", "$3", "$4"),
            " ORDER BY h.hold_id LIMIT $6"
        )
    };
}

const HOLD: &str = holds!("h.hold_id = $5");
const LIVE_HOLDS: &str = holds!("h.state IN ('held', 'confirmed') AND h.hold_id > $5");

const OF_ALL: &str = concat!(
    "SELECT ",
    capacity_columns!(),
    " FROM helpline.capacities k WHERE k.centre_id = $1 AND $2::uuid[] IS NULL ORDER BY k.service_id, k.unit"
);

const OF_SERVICES: &str = concat!(
    "SELECT ",
    capacity_columns!(),
    " FROM unnest($2::uuid[]) AS w (service_id) CROSS JOIN LATERAL (
        SELECT * FROM helpline.capacities k WHERE k.centre_id = $1 AND k.service_id = w.service_id) k ORDER BY k.service_id, k.unit"
);

/// What was in use is what had come before the day was over, and had not gone before it began.
const OCCUPANCY: &str = "
    WITH used AS MATERIALIZED (
        SELECT h.count, h.confirmed_at AS since, h.ended_at AS until FROM helpline.holds h
        WHERE h.centre_id = $1 AND h.service_id = $2 AND h.unit = $3 AND h.confirmed_at < ($5::date + 1)::timestamp AT TIME ZONE $6
          AND (h.ended_at IS NULL OR h.ended_at > $4::date::timestamp AT TIME ZONE $6))
    SELECT d.day, coalesce(sum(u.count), 0), coalesce(sum(u.count) FILTER (WHERE u.until IS NULL OR u.until >= d.ends), 0)
    FROM (
        SELECT g::date AS day, g AT TIME ZONE $6 AS begins, (g + interval '1 day') AT TIME ZONE $6 AS ends
        FROM generate_series($4::date::timestamp, $5::date::timestamp, interval '1 day') AS g) d
    LEFT JOIN used u ON u.since < d.ends AND (u.until IS NULL OR u.until > d.begins)
    WHERE d.begins <= (SELECT helpline.now())
    GROUP BY d.day ORDER BY d.day";

/// How many of a unit were in use on a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayOccupancy {
    /// The day.
    pub day: NaiveDate,
    /// In use at some time of it.
    pub by_day: i64,
    /// In use when it ended.
    pub by_night: i64,
}

impl Store {
    /// How many of a unit of a service were in use on each of these days of a time zone (IANA), as far as they have begun.
    pub async fn occupancy(
        &self,
        centre: CentreId,
        (service, unit): (ServiceId, &str),
        (first, last): (NaiveDate, NaiveDate),
        zone: &str,
    ) -> Result<Vec<DayOccupancy>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (NaiveDate, i64, i64)>(OCCUPANCY)
            .bind(centre.as_uuid())
            .bind(service.as_uuid())
            .bind(unit.to_owned())
            .bind(first)
            .bind(last)
            .bind(zone.to_owned())
            .fetch_all(connection.postgres())
            .await;
        let day = |(day, by_day, by_night)| DayOccupancy { day, by_day, by_night };
        Ok(connection.settle(rows)?.into_iter().map(day).collect())
    }

    /// A service with room for so many of a unit beside those that were tried, if the caller may know: the next choice of the referral, or
    /// without one what is about the same as one that was tried.
    pub async fn next_with_room(
        &self,
        caller: &Caller,
        referral: Option<ReferralId>,
        tried: &[ServiceId],
        (unit, count): (&str, i32),
    ) -> Result<Option<ServiceId>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let found = sqlx::query_scalar::<_, Uuid>(NEXT)
            .bind(caller.centre_id.as_uuid())
            .bind(referral.map(|id| id.as_uuid()))
            .bind(tried.iter().map(ServiceId::as_uuid).collect::<Vec<_>>())
            .bind(unit.to_owned())
            .bind(count)
            .bind(caller.role.key())
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(found)?.map(ServiceId::from))
    }

    /// Whether the caller may not know of one of these services how many are free.
    pub async fn withholds_room(&self, caller: &Caller, services: &[ServiceId]) -> Result<bool, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let withheld = sqlx::query_scalar::<_, bool>(concat!(
            "SELECT EXISTS (SELECT FROM helpline.services s WHERE s.centre_id = $1 AND s.service_id = ANY ($2) AND NOT ",
            knows_room!("$3"),
            ")"
        ))
        .bind(caller.centre_id.as_uuid())
        .bind(services.iter().map(ServiceId::as_uuid).collect::<Vec<_>>())
        .bind(caller.role.key())
        .fetch_one(connection.postgres())
        .await;
        connection.settle(withheld)
    }

    /// How a unit of a service is used, if the caller may know; whether there is such a service for them at all.
    pub async fn capacity(
        &self,
        caller: &Caller,
        service: ServiceId,
        unit: &str,
    ) -> Result<(bool, Option<CapacityRow>), StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let there = sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT FROM helpline.services s
             WHERE s.centre_id = $1 AND s.service_id = $2 AND ($3::uuid IS NULL OR s.agency_id = $3))",
        )
        .bind(caller.centre_id.as_uuid())
        .bind(service.as_uuid())
        .bind(agency_of(caller))
        .fetch_one(connection.postgres())
        .await;
        if !connection.settle(there)? {
            return Ok((false, None));
        }
        let row = sqlx::query_as::<_, CapacityColumns>(concat!(
            "SELECT ",
            capacity_columns!(),
            " FROM helpline.capacities k WHERE k.centre_id = $1 AND k.service_id = $2 AND k.unit = $3"
        ))
        .bind(caller.centre_id.as_uuid())
        .bind(service.as_uuid())
        .bind(unit.to_owned())
        .fetch_optional(connection.postgres())
        .await;
        Ok((true, connection.settle(row)?.map(capacity_from)))
    }

    /// Every unit of these services, or of all that count any.
    pub async fn counted_places(
        &self,
        centre: CentreId,
        services: Option<&[ServiceId]>,
    ) -> Result<Vec<CapacityRow>, StoreError> {
        let sql = match services {
            Some(_) => OF_SERVICES,
            None => OF_ALL,
        };
        let ids = services.map(|ids| ids.iter().map(ServiceId::as_uuid).collect::<Vec<_>>());
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, CapacityColumns>(sql)
            .bind(centre.as_uuid())
            .bind(ids)
            .fetch_all(connection.postgres())
            .await;
        Ok(connection.settle(rows)?.into_iter().map(capacity_from).collect())
    }

    /// A page of units of services of which the caller may know how many are free, in the order of service and unit.
    pub async fn capacities(
        &self,
        caller: &Caller,
        after: Option<&(Uuid, String)>,
        limit: u32,
    ) -> Result<Vec<CapacityRow>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, CapacityColumns>(concat!(
            "SELECT ",
            capacity_columns!(),
            " FROM helpline.capacities k JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = k.service_id
             WHERE k.centre_id = $1 AND (k.service_id, k.unit) > ($2, $3) AND ($4::uuid IS NULL OR s.agency_id = $4) AND ",
            knows_room!("$6"),
            " ORDER BY k.service_id, k.unit LIMIT $5"
        ))
        .bind(caller.centre_id.as_uuid())
        .bind(after.map_or(Uuid::nil(), |(service, _)| *service))
        .bind(after.map(|(_, unit)| unit.clone()).unwrap_or_default())
        .bind(agency_of(caller))
        .bind(i64::from(limit))
        .bind(caller.role.key())
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(rows)?.into_iter().map(capacity_from).collect())
    }

    /// A hold that the caller may know of.
    pub async fn hold(&self, caller: &Caller, id: HoldId) -> Result<Option<Hold>, StoreError> {
        Ok(self.read_holds(caller, HOLD, id.as_uuid(), 1).await?.pop())
    }

    /// A page of holds that are not over and that the caller may know of, in the order of their ids.
    pub async fn holds(
        &self,
        caller: &Caller,
        after: Option<HoldId>,
        limit: u32,
    ) -> Result<Vec<Hold>, StoreError> {
        self.read_holds(caller, LIVE_HOLDS, after.map_or(Uuid::nil(), |id| id.as_uuid()), limit).await
    }

    async fn read_holds(
        &self,
        caller: &Caller,
        sql: &'static str,
        id: Uuid,
        limit: u32,
    ) -> Result<Vec<Hold>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, HoldRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| Ok(Hold::try_from(row)?.seen_by(caller))).collect()
    }
}
