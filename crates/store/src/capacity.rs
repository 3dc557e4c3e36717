//! Places, beds and hours of services, and holds on them.
//!
//! A hold takes its room and gives it back in the statement that changes it, and the row of the unit is the one place where they
//! meet: however many ask for the last one at once, one has it. `never_more_than_there_is` refuses everything else.

mod read;

pub use read::DayOccupancy;

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::capacity::HoldState;
use helpline_domain::id::{CentreId, HoldId, ReferralId, ServiceId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::disclosure::not_feared;
use crate::escalation::agency_of;
use crate::referral::sees_referral;
use crate::{Store, StoreError};

/// How a unit of a service is used.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct CapacityRow {
    pub service_id: ServiceId,
    pub unit: String,
    pub maximum: i32,
    pub occupied: i32,
    pub held: i32,
    pub out_of_service: i32,
    pub available: i32,
    pub updated_at: DateTime<Utc>,
    pub revision: i64,
}

/// A hold.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Hold {
    pub hold_id: HoldId,
    pub service_id: ServiceId,
    pub unit: String,
    pub count: i32,
    pub state: HoldState,
    pub referral_id: Option<ReferralId>,
    pub placed_by: Uuid,
    pub placed_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub revision: i64,
}

impl Hold {
    /// The same as a caller may see it: an agency knows its places, not for which referral they are kept.
    #[must_use]
    pub fn seen_by(self, caller: &Caller) -> Self {
        let may_know = caller.role != Role::AgencyResponder;
        Self { referral_id: self.referral_id.filter(|_| may_know), ..self }
    }
}

/// A hold to place.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewHold {
    pub hold_id: HoldId,
    pub unit: String,
    pub count: i32,
    pub lifetime_s: u32,
    pub referral_id: Option<ReferralId>,
}

type CapacityColumns = (Uuid, String, i32, i32, i32, i32, i32, DateTime<Utc>, i64);

fn capacity_from(row: CapacityColumns) -> CapacityRow {
    let (service_id, unit, maximum, occupied, held, out_of_service, available, updated_at, revision) = row;
    let service_id = service_id.into();
    CapacityRow { service_id, unit, maximum, occupied, held, out_of_service, available, updated_at, revision }
}

macro_rules! capacity_columns {
    () => {
        "k.service_id, k.unit, k.maximum, k.occupied, k.held, k.out_of_service, k.available, k.updated_at, k.revision"
    };
}
use capacity_columns;

#[derive(FromRow)]
struct HoldRow {
    hold_id: Uuid,
    service_id: Uuid,
    unit: String,
    count: i32,
    state: String,
    referral_id: Option<Uuid>,
    placed_by: Uuid,
    placed_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    confirmed_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    revision: i64,
}

macro_rules! hold_columns {
    () => {
        "h.hold_id, h.service_id, h.unit, h.count, h.state, h.referral_id, h.placed_by, h.placed_at, h.expires_at, h.confirmed_at, h.ended_at, \
         h.revision"
    };
}
use hold_columns;

impl TryFrom<HoldRow> for Hold {
    type Error = StoreError;

    fn try_from(row: HoldRow) -> Result<Self, StoreError> {
        let wrong = StoreError::Inconsistent { table: "holds", column: "state" };
        Ok(Self {
            hold_id: row.hold_id.into(),
            service_id: row.service_id.into(),
            unit: row.unit,
            count: row.count,
            state: HoldState::from_key(&row.state).ok_or(wrong)?,
            referral_id: row.referral_id.map(ReferralId::from),
            placed_by: row.placed_by,
            placed_at: row.placed_at,
            expires_at: row.expires_at,
            confirmed_at: row.confirmed_at,
            ended_at: row.ended_at,
            revision: row.revision,
        })
    }
}

/// Whether a service is the caller's to decide about: every one inside the centre, for a responder those of their agency.
macro_rules! of_service {
    ($service:literal, $agency:literal) => {
        concat!(
            "(",
            $agency,
            "::uuid IS NULL OR EXISTS (
                SELECT FROM helpline.services s WHERE s.centre_id = $1 AND s.service_id = ",
            $service,
            " AND s.agency_id = ",
            $agency,
            "))"
        )
    };
}
use of_service;

/// Whether a role may know how many are free of a service `s` that it may know of: of one with a protected address, who answers for it
/// and supervisors alone. With one bed, that none is free says that somebody lives there.
macro_rules! knows_room {
    ($role:literal) => {
        concat!("(NOT s.protected OR ", $role, "::text IN ('supervisor', 'agency_responder'))")
    };
}
pub(crate) use knows_room;

/// Whether a caller may know of a hold `h`: supervisors of all, an agency of those on its services, a counsellor of what they
/// placed and of what is for a referral that they may know of. To everybody else it tells who lives where.
macro_rules! sees_hold {
    ($principal:literal, $role:literal, $agency:literal) => {
        concat!(
            "CASE ", $role, "::text WHEN 'supervisor' THEN true WHEN 'agency_responder' THEN ", of_service!("h.service_id", $agency), "
                    AND (h.referral_id IS NULL OR ", $crate::disclosure::not_feared!($agency, "NULL", "h.referral_id", "NULL"), ")
                WHEN 'counsellor' THEN h.placed_by = ", $principal, "::uuid OR EXISTS (
                    SELECT FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = h.referral_id AND ",
            sees_referral!($principal, $role, $agency), ")
                ELSE false END"
        )
    };
}
use sees_hold;

const SET: &str = change!(
    event: "capacity_set", resource: "service_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('service_id', service_id, 'unit', unit, 'maximum', maximum, 'out_of_service', out_of_service)",
    with: "changed AS (
        INSERT INTO helpline.capacities AS k (centre_id, service_id, unit, maximum, out_of_service, updated_at)
        SELECT $1, s.service_id, $8, $9, $10, helpline.now() FROM helpline.services s
        WHERE s.centre_id = $1 AND s.service_id = $7 AND ($11::uuid IS NULL OR s.agency_id = $11)
        ON CONFLICT (centre_id, service_id, unit) DO UPDATE SET maximum = excluded.maximum, out_of_service = excluded.out_of_service,
            updated_at = helpline.now(), revision = k.revision + 1
        WHERE k.occupied + k.held + excluded.out_of_service <= excluded.maximum
        RETURNING k.*)";
    returning: capacity_columns!() ; from: "changed k"
);

/// The referral that a place is for is locked before the place, and of another revision from then on: a step that was decided
/// meanwhile is decided again, with the place in sight.
const PLACE: &str = change!(
    event: "capacity_held", resource: "hold_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('hold_id', hold_id, 'service_id', service_id, 'unit', unit, 'count', count)",
    with: "referral AS MATERIALIZED (
        SELECT r.referral_id FROM helpline.referrals r
        WHERE r.centre_id = $1 AND r.referral_id = $12 AND r.ended_at IS NULL AND ", sees_referral!("$2", "$3", "NULL"), " FOR UPDATE OF r),
    taken AS (
        UPDATE helpline.capacities k SET held = k.held + $10, updated_at = helpline.now(), revision = k.revision + 1
        WHERE ($12::uuid IS NULL OR EXISTS (SELECT FROM referral)) AND k.centre_id = $1 AND k.service_id = $8 AND k.unit = $9
          AND k.maximum - k.occupied - k.held - k.out_of_service >= $10 AND EXISTS (
            SELECT FROM helpline.services s WHERE s.centre_id = $1 AND s.service_id = $8 AND s.status = 'active'
              AND ", knows_room!("$3"), " AND ", not_feared!("s.agency_id", "NULL", "$12::uuid", "NULL"), ")
        RETURNING k.service_id),
    changed AS (
        INSERT INTO helpline.holds (centre_id, hold_id, service_id, unit, count, state, referral_id, placed_by, placed_at, expires_at)
        SELECT $1, $7, service_id, $9, $10, 'held', $12, $2, helpline.now(), helpline.now() + make_interval(secs => $11) FROM taken
        RETURNING *),
    counted AS (
        UPDATE helpline.referrals r SET revision = r.revision + 1 FROM changed
        WHERE r.centre_id = $1 AND r.referral_id = changed.referral_id)";
    returning: hold_columns!() ; from: "changed h"
);

/// A hold goes on, and its unit with it. The hold is locked first. That of a stay goes on with the stay.
macro_rules! go_on {
    ($event:literal, $when:literal, $set:literal, $unit:literal) => {
        change!(
            event: $event, resource: "hold_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
            detail: "jsonb_build_object('hold_id', hold_id, 'service_id', service_id, 'unit', unit, 'count', count)",
            with: "changed AS (
                UPDATE helpline.holds h SET ", $set, ", revision = h.revision + 1
                WHERE h.centre_id = $1 AND h.hold_id = $7 AND ", $when, " AND ", sees_hold!("$2", "$3", "$8"), "
                RETURNING h.*),
            counted AS (
                UPDATE helpline.capacities k SET ", $unit, ", updated_at = helpline.now(), revision = k.revision + 1
                FROM changed h WHERE k.centre_id = $1 AND k.service_id = h.service_id AND k.unit = h.unit)";
            returning: hold_columns!() ; from: "changed h"
        )
    };
}

const CONFIRM: &str = go_on!(
    "capacity_confirmed",
    "h.state = 'held' AND h.admission_id IS NULL AND h.expires_at > helpline.now()",
    "state = 'confirmed', confirmed_at = helpline.now()",
    "held = k.held - h.count, occupied = k.occupied + h.count"
);
const RELEASE: &str = go_on!(
    "capacity_released",
    "h.state = 'held' AND h.admission_id IS NULL",
    "state = 'released', ended_at = helpline.now()",
    "held = k.held - h.count"
);
const VACATE: &str = go_on!(
    "capacity_vacated",
    "h.state = 'confirmed' AND h.admission_id IS NULL",
    "state = 'vacated', ended_at = helpline.now()",
    "occupied = k.occupied - h.count"
);

/// One at a time: two statements that gave room back to the same units in another order would wait for each other.
const EXPIRE: &str = "
    WITH due AS MATERIALIZED (
        SELECT h.hold_id FROM helpline.holds h
        WHERE h.centre_id = $1 AND h.state = 'held' AND h.admission_id IS NULL AND h.expires_at <= (SELECT helpline.now())
        ORDER BY h.expires_at LIMIT 1 FOR UPDATE SKIP LOCKED),
    changed AS (
        UPDATE helpline.holds h SET state = 'expired', ended_at = helpline.now(), revision = h.revision + 1
        FROM due WHERE h.centre_id = $1 AND h.hold_id = due.hold_id
        RETURNING h.*),
    counted AS (
        UPDATE helpline.capacities k SET held = k.held - h.count, updated_at = helpline.now(), revision = k.revision + 1
        FROM changed h WHERE k.centre_id = $1 AND k.service_id = h.service_id AND k.unit = h.unit),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'capacity_expired', revision,
            jsonb_build_object('hold_id', hold_id, 'service_id', service_id, 'unit', unit, 'count', count) FROM changed)
    SELECT hold_id FROM changed";

/// Where a hold goes on to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoldStep {
    /// It is in use.
    Confirm,
    /// It is given back.
    Release,
    /// It is no longer in use.
    Vacate,
}

impl HoldStep {
    /// Where a hold stands then.
    pub const fn leads_to(self) -> HoldState {
        match self {
            Self::Confirm => HoldState::Confirmed,
            Self::Release => HoldState::Released,
            Self::Vacate => HoldState::Vacated,
        }
    }
}

impl Store {
    /// Says how many of a unit a service has. Refused when the service is not the caller's, and when what is in use or held would
    /// have no place.
    pub async fn set_capacity(
        &self,
        command: &Command,
        (service, unit): (ServiceId, &str),
        (maximum, out_of_service): (i32, i32),
    ) -> Result<Change<CapacityRow>, StoreError> {
        let query = change_query::<CapacityColumns>(SET, command)
            .bind(service.as_uuid())
            .bind(unit.to_owned())
            .bind(maximum)
            .bind(out_of_service)
            .bind(agency_of(&command.caller));
        Ok(self.change(command, query).await?.map(capacity_from))
    }

    /// Keeps so many of a service for somebody. Refused when not as many are available, when the caller may not know how many are, and when
    /// the referral is not the caller's.
    pub async fn place_hold(
        &self,
        command: &Command,
        service: ServiceId,
        new: &NewHold,
    ) -> Result<Change<Hold>, StoreError> {
        let query = change_query::<HoldRow>(PLACE, command)
            .bind(new.hold_id.as_uuid())
            .bind(service.as_uuid())
            .bind(new.unit.clone())
            .bind(new.count)
            .bind(f64::from(new.lifetime_s))
            .bind(new.referral_id.map(|id| id.as_uuid()));
        self.change(command, query).await?.try_map(Hold::try_from)
    }

    /// Lets a hold go on. Refused when it does not stand so, and one that has run out is not confirmed.
    pub async fn go_on_with_hold(
        &self,
        command: &Command,
        hold: HoldId,
        step: HoldStep,
    ) -> Result<Change<Hold>, StoreError> {
        let sql = match step {
            HoldStep::Confirm => CONFIRM,
            HoldStep::Release => RELEASE,
            HoldStep::Vacate => VACATE,
        };
        let query = change_query::<HoldRow>(sql, command);
        let query = query.bind(hold.as_uuid()).bind(agency_of(&command.caller));
        self.change(command, query).await?.try_map(Hold::try_from)
    }

    /// Gives back what nobody has confirmed in time, one hold; whether there was one.
    pub async fn expire_hold(&self, centre: CentreId) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, Uuid>(EXPIRE)
            .bind(centre.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(found)?.is_some())
    }
}
