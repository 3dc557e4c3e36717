//! Stays in shelters: every step is one statement that moves the stay, its place and what is left of the unit together.
//!
//! Locks are taken in one order: referral, stay, place, unit.

mod accompany;
mod read;

use chrono::{DateTime, Utc};
use helpline_domain::admission::{AdmissionState, ExitOutcome};
use helpline_domain::id::{AdmissionId, CentreId, HoldId, ReferralId, ServiceId};
use helpline_domain::settings::shelter::OfferRule;
use uuid::Uuid;

use crate::capacity::knows_room;
use crate::change::{Change, Command, change, change_query};
use crate::disclosure::not_feared;
use crate::escalation::agency_of;
use crate::referral::sees_referral;
use crate::shelter::{Calls, are_called, calls};
use crate::{Store, StoreError};

/// A stay.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Admission {
    pub admission_id: AdmissionId,
    pub referral_id: ReferralId,
    pub service_id: ServiceId,
    pub unit: String,
    pub state: AdmissionState,
    pub hold_expires_at: Option<DateTime<Utc>>,
    pub planned_at: Option<DateTime<Utc>>,
    pub outcome: Option<ExitOutcome>,
    pub requested_at: DateTime<Utc>,
    pub admitted_at: Option<DateTime<Utc>>,
    pub exited_at: Option<DateTime<Utc>>,
    pub accompanies: Option<AdmissionId>,
    pub accompanying: Vec<Uuid>,
    pub revision: i64,
}

/// A stay that is asked for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewAdmission {
    pub admission_id: AdmissionId,
    pub referral_id: ReferralId,
    pub service_id: ServiceId,
    pub unit: String,
}

/// What happens to a stay.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum StayStep {
    /// It is the right place.
    Screen,
    /// A place is kept, for so many seconds.
    Hold(HoldId, u32),
    /// They live there.
    Admit,
    /// They are to go on then.
    PlanExit(DateTime<Utc>),
    /// The plan came to nothing.
    DropExitPlan,
    /// They have left, or will not come.
    Exit(ExitOutcome),
}

/// What follows from an admission and from an exit.
#[derive(Clone, Debug)]
pub struct StayRules {
    /// What is offered with the admission.
    pub offers: Vec<OfferRule>,
    /// Calls to who has lived there and has left.
    pub calls: Calls,
}

impl StayStep {
    /// Whether it can be made of a stay that stands so.
    pub const fn begins_at(self, state: AdmissionState) -> bool {
        use AdmissionState::{Admitted, ExitPlanned, Exited, Held, Requested, Screened};
        match self {
            Self::Screen => matches!(state, Requested),
            Self::Hold(..) => matches!(state, Screened),
            Self::Admit => matches!(state, Held),
            Self::PlanExit(_) => matches!(state, Admitted | ExitPlanned),
            Self::DropExitPlan => matches!(state, ExitPlanned),
            Self::Exit(_) => !matches!(state, Exited),
        }
    }
}

/// Whether a caller may know of a stay `a`: who may know of its referral, and of an agency who answers for the shelter. Who came to
/// live there is known to the shelter that took them in, whatever becomes of the referral: it must be able to say that they have
/// left.
macro_rules! sees_stay {
    ($principal:literal, $role:literal, $agency:literal) => {
        concat!(
            "CASE WHEN a.agency_id = ",
            $agency,
            "::uuid THEN ",
            $crate::disclosure::not_feared!($agency, "NULL", "a.referral_id", "NULL"),
            " ELSE EXISTS (
                SELECT FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = a.referral_id AND ",
            $crate::referral::sees_referral!($principal, $role, $agency),
            ") AND (",
            $agency,
            "::uuid IS NULL OR EXISTS (SELECT FROM helpline.services s WHERE s.centre_id = $1 AND s.service_id = a.service_id AND s.agency_id = ",
            $agency,
            ")) END"
        )
    };
}

pub(crate) use sees_stay;

/// The change of a stay, named 7, by a caller of an agency, 8.
macro_rules! stay {
    ($event:literal, $($core:expr),+ $(,)?) => {
        change!(
            event: $event, resource: "admission_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
            detail: "jsonb_build_object('admission_id', admission_id, 'referral_id', referral_id, 'service_id', service_id, 'state', state)",
            with: $($core),+ ;
            returning: "admission_id"
        )
    };
}

/// Only the stay as this statement sees it: what has come between has a place that it does not see. It is asked again then.
macro_rules! moved {
    ($set:literal, $($when:expr),+) => {
        concat!(
            "seen AS MATERIALIZED (
                SELECT a.admission_id AS id, a.revision AS was FROM helpline.admissions a WHERE a.centre_id = $1 AND a.admission_id = $7 AND ",
            sees_stay!("$2", "$3", "$8"),
            "),
            changed AS (UPDATE helpline.admissions a SET ",
            $set,
            ", revision = a.revision + 1 FROM seen
             WHERE a.centre_id = $1 AND a.admission_id = id AND a.revision = was AND ",
            $($when,)+
            " RETURNING a.*)"
        )
    };
}

/// Whether the child of a stay `a` is not afraid of who answers for the service.
macro_rules! feared_by_nobody {
    () => {
        not_feared!(
            "(SELECT s.agency_id FROM helpline.services s WHERE s.centre_id = $1 AND s.service_id = a.service_id)",
            "NULL",
            "a.referral_id",
            "NULL"
        )
    };
}

/// The referral of a stay, locked before the stay. Nothing, if another change has come between.
macro_rules! locked_referral {
    ($referral:literal) => {
        concat!(
            "stood AS MATERIALIZED (
                SELECT r.referral_id AS referral, r.revision AS was FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = ",
            $referral,
            " AND r.ended_at IS NULL),
            locked AS MATERIALIZED (
                SELECT r.referral_id AS referral FROM helpline.referrals r JOIN stood ON stood.referral = r.referral_id
                WHERE r.centre_id = $1 AND r.revision = stood.was FOR UPDATE OF r)"
        )
    };
}

/// It is of another revision from then on: a step that was decided meanwhile is decided again, with the stay and its place in sight.
macro_rules! counted {
    () => {
        ", counted AS (
            UPDATE helpline.referrals r SET revision = r.revision + 1 FROM changed
            WHERE r.centre_id = $1 AND r.referral_id = changed.referral_id)"
    };
}

const REQUEST: &str = stay!(
    "admission_requested", locked_referral!("$8"), ",
    changed AS (
        INSERT INTO helpline.admissions (centre_id, admission_id, referral_id, service_id, unit, state, requested_by, requested_at)
        SELECT $1, $7, r.referral_id, c.service_id, $10, 'requested', $2, helpline.now() FROM locked
        JOIN helpline.referrals r ON r.centre_id = $1 AND r.referral_id = locked.referral AND ", sees_referral!("$2", "$3", "NULL"), "
        JOIN helpline.referral_choices c ON c.centre_id = $1 AND c.referral_id = r.referral_id AND c.service_id = $9
            AND c.state IN ('offered', 'accepted') AND ", not_feared!("c.agency_id", "NULL", "r.referral_id", "NULL"), "
        ON CONFLICT (centre_id, referral_id) WHERE state <> 'exited' DO NOTHING
        RETURNING *)", counted!(),
);

const SCREEN: &str = stay!("admission_screened", moved!("state = 'screened'", "a.state = 'requested'"));

/// A place that is kept for the referral already becomes that of the stay; otherwise one is taken, if one is left.
const HOLD: &str = stay!(
    "admission_held",
    locked_referral!("(SELECT a.referral_id FROM helpline.admissions a WHERE a.centre_id = $1 AND a.admission_id = $7)"), ",
    stays AS MATERIALIZED (
        SELECT a.admission_id AS id, a.service_id AS service, a.unit AS what, locked.referral FROM helpline.admissions a
        JOIN locked ON locked.referral = a.referral_id
        WHERE a.centre_id = $1 AND a.admission_id = $7 AND a.state = 'screened' AND ", sees_stay!("$2", "$3", "$8"), "
          AND ", feared_by_nobody!(), " AND EXISTS (
            SELECT FROM helpline.services s WHERE s.centre_id = $1 AND s.service_id = a.service_id AND ", knows_room!("$3"), ")
        FOR UPDATE OF a),
    found AS MATERIALIZED (
        SELECT h.hold_id AS theirs, h.state AS was FROM helpline.holds h JOIN stays ON true
        WHERE h.centre_id = $1 AND h.referral_id = referral AND h.service_id = service AND h.unit = what AND h.count = 1
          AND h.admission_id IS NULL AND (h.state = 'confirmed' OR h.state = 'held' AND h.expires_at > helpline.now())
        ORDER BY h.placed_at LIMIT 1 FOR UPDATE OF h),
    kept AS (
        UPDATE helpline.holds h SET admission_id = $7, state = 'held', confirmed_at = NULL,
            expires_at = helpline.now() + make_interval(secs => $10), revision = h.revision + 1
        FROM found WHERE h.centre_id = $1 AND h.hold_id = theirs RETURNING h.hold_id AS place, found.was),
    taken AS (
        UPDATE helpline.capacities k SET held = k.held + 1, updated_at = helpline.now(), revision = k.revision + 1,
            occupied = k.occupied - (SELECT count(*) FROM kept)::int
        FROM stays WHERE k.centre_id = $1 AND k.service_id = service AND k.unit = what AND CASE
            WHEN EXISTS (SELECT FROM kept) THEN (SELECT was FROM kept) = 'confirmed'
            ELSE k.maximum - k.occupied - k.held - k.out_of_service >= 1 AND EXISTS (
                SELECT FROM helpline.services s WHERE s.centre_id = $1 AND s.service_id = service AND s.status = 'active') END
        RETURNING k.service_id, k.unit),
    placed AS (
        INSERT INTO helpline.holds
            (centre_id, hold_id, service_id, unit, count, state, referral_id, admission_id, placed_by, placed_at, expires_at)
        SELECT $1, $9, t.service_id, t.unit, 1, 'held', referral, id, $2, helpline.now(), helpline.now() + make_interval(secs => $10)
        FROM taken t CROSS JOIN stays WHERE NOT EXISTS (SELECT FROM kept) RETURNING hold_id AS place),
    changed AS (
        UPDATE helpline.admissions a SET state = 'held', hold_id = p.place, revision = a.revision + 1
        FROM (SELECT place FROM kept UNION ALL SELECT place FROM placed) p
        WHERE a.centre_id = $1 AND a.admission_id = $7 RETURNING a.*)", counted!(),
);

const ADMIT: &str = stay!(
    "admission_admitted",
    moved!(
        "state = 'admitted', admitted_at = helpline.now(),
            agency_id = (SELECT s.agency_id FROM helpline.services s WHERE s.centre_id = $1 AND s.service_id = a.service_id)",
        "a.state = 'held' AND EXISTS (SELECT FROM helpline.holds h WHERE h.centre_id = $1 AND h.hold_id = a.hold_id AND h.expires_at > helpline.now()) AND ",
        feared_by_nobody!()
    ),
    ", lived_in AS (
        UPDATE helpline.holds h SET state = 'confirmed', confirmed_at = helpline.now(), revision = h.revision + 1
        FROM changed c WHERE h.centre_id = $1 AND h.hold_id = c.hold_id RETURNING h.service_id, h.unit, h.count),
    counted AS (
        UPDATE helpline.capacities k SET held = k.held - l.count, occupied = k.occupied + l.count, updated_at = helpline.now(),
            revision = k.revision + 1
        FROM lived_in l WHERE k.centre_id = $1 AND k.service_id = l.service_id AND k.unit = l.unit),
    offered AS (
        INSERT INTO helpline.service_offers (centre_id, admission_id, service, position, state, due_at)
        SELECT $1, c.admission_id, w.service, w.place, 'open', helpline.now() + make_interval(secs => w.within)
        FROM changed c CROSS JOIN unnest($9::text[], $10::float8[]) WITH ORDINALITY AS w (service, within, place))",
);

const PLAN: &str = stay!(
    "admission_exit_planned",
    moved!(
        "state = 'exit_planned', planned_at = $9",
        "a.state IN ('admitted', 'exit_planned') AND $9 > helpline.now()"
    )
);

const DROP_PLAN: &str = stay!(
    "admission_exit_plan_dropped",
    moved!("state = 'admitted', planned_at = NULL", "a.state = 'exit_planned'")
);

/// Of who has lived there and has a case, its owner is given calls, confidential: nobody else who reads the case learns of the stay. The
/// case is of another revision: whoever moves or closes it decides again. Nothing of it keeps anybody from leaving.
const EXIT: &str = stay!(
    "admission_exited",
    moved!("state = 'exited', outcome = $9, exited_at = helpline.now()", "a.state <> 'exited'"),
    ", freed AS (
        UPDATE helpline.holds h SET state = CASE h.state WHEN 'held' THEN 'released' ELSE 'vacated' END, ended_at = helpline.now(),
            revision = h.revision + 1
        FROM changed c WHERE h.centre_id = $1 AND h.hold_id = c.hold_id AND h.state IN ('held', 'confirmed')
        RETURNING h.service_id, h.unit, h.count, h.state),
    given_back AS (
        UPDATE helpline.capacities k SET held = k.held - CASE f.state WHEN 'released' THEN f.count ELSE 0 END,
            occupied = k.occupied - CASE f.state WHEN 'vacated' THEN f.count ELSE 0 END, updated_at = helpline.now(),
            revision = k.revision + 1
        FROM freed f WHERE k.centre_id = $1 AND k.service_id = f.service_id AND k.unit = f.unit),
    lapsed AS (
        UPDATE helpline.service_offers o SET state = 'lapsed', revision = o.revision + 1
        FROM changed c WHERE o.centre_id = $1 AND o.admission_id = c.admission_id AND o.state = 'open'),
    called_for AS (
        UPDATE helpline.cases c SET revision = c.revision + 1
        WHERE c.centre_id = $1 AND cardinality($10::uuid[]) > 0 AND c.case_id = (
            SELECT f.case_id FROM changed JOIN helpline.referrals f ON f.centre_id = $1 AND f.referral_id = changed.referral_id
            WHERE changed.admitted_at IS NOT NULL) AND NOT ",
    are_called!("(SELECT admitted_at FROM changed)", "true"), "
        RETURNING c.case_id, c.owner_id, false AS called),
    ", calls!("true", "$10", "$11", "$12", "$13"),
);

/// Who did not come in time is not sent away: a place can be kept for them again.
const EXPIRE: &str = "
    WITH due AS MATERIALIZED (
        SELECT a.admission_id AS id, h.hold_id AS place FROM helpline.admissions a
        JOIN helpline.holds h ON h.centre_id = $1 AND h.hold_id = a.hold_id
        WHERE a.centre_id = $1 AND a.state = 'held' AND h.state = 'held' AND h.expires_at <= (SELECT helpline.now())
        ORDER BY h.expires_at LIMIT 1 FOR UPDATE OF a SKIP LOCKED),
    changed AS (
        UPDATE helpline.admissions a SET state = 'screened', hold_id = NULL, revision = a.revision + 1
        FROM due WHERE a.centre_id = $1 AND a.admission_id = id RETURNING a.*, place),
    ended AS (
        UPDATE helpline.holds h SET state = 'expired', ended_at = helpline.now(), revision = h.revision + 1
        FROM changed c WHERE h.centre_id = $1 AND h.hold_id = c.place RETURNING h.service_id, h.unit, h.count),
    counted AS (
        UPDATE helpline.capacities k SET held = k.held - e.count, updated_at = helpline.now(), revision = k.revision + 1
        FROM ended e WHERE k.centre_id = $1 AND k.service_id = e.service_id AND k.unit = e.unit),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'admission_hold_expired', revision,
            jsonb_build_object('admission_id', admission_id, 'referral_id', referral_id, 'service_id', service_id) FROM changed)
    SELECT admission_id FROM changed";

impl Store {
    /// Writes down that somebody needs a place. Refused unless the referral is the caller's and live, the service is asked or has it,
    /// and it has no other stay.
    pub async fn request_admission(
        &self,
        command: &Command,
        new: &NewAdmission,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<(Uuid,)>(REQUEST, command)
            .bind(new.admission_id.as_uuid())
            .bind(new.referral_id.as_uuid())
            .bind(new.service_id.as_uuid())
            .bind(new.unit.clone());
        Ok(self.change(command, query).await?.map(|(id,)| id))
    }

    /// Lets a stay go on. Refused when it does not stand so, when no place is left or the caller may not know whether one is, or when none
    /// is kept any more.
    pub async fn go_on_with_stay(
        &self,
        command: &Command,
        (id, step): (AdmissionId, StayStep),
        rules: &StayRules,
    ) -> Result<Change<Uuid>, StoreError> {
        let sql = match step {
            StayStep::Screen => SCREEN,
            StayStep::Hold(..) => HOLD,
            StayStep::Admit => ADMIT,
            StayStep::PlanExit(_) => PLAN,
            StayStep::DropExitPlan => DROP_PLAN,
            StayStep::Exit(_) => EXIT,
        };
        let query = change_query::<(Uuid,)>(sql, command).bind(id.as_uuid()).bind(agency_of(&command.caller));
        let query = match step {
            StayStep::Screen | StayStep::DropExitPlan => query,
            StayStep::Admit => {
                let offers = &rules.offers;
                let within: Vec<f64> = offers.iter().map(|one| f64::from(one.within_s)).collect();
                query.bind(offers.iter().map(|one| one.service.clone()).collect::<Vec<_>>()).bind(within)
            }
            StayStep::Hold(hold, seconds) => query.bind(hold.as_uuid()).bind(f64::from(seconds)),
            StayStep::PlanExit(at) => query.bind(at),
            StayStep::Exit(outcome) => {
                let calls = &rules.calls;
                let query = query.bind(outcome.key()).bind(calls.ids.clone()).bind(calls.tasks.clone());
                query.bind(calls.within_s.clone()).bind(calls.due_soon_s)
            }
        };
        Ok(self.change(command, query).await?.map(|(id,)| id))
    }

    /// Gives back the place of one who did not come in time; whether there was one.
    pub async fn expire_place_of_stay(&self, centre: CentreId) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, Uuid>(EXPIRE)
            .bind(centre.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(found)?.is_some())
    }
}
