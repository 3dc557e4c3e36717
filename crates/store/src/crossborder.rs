//! Hand-overs of children across borders as they stand in the store.
//!
//! [`prepare`] writes them down, [`step`] is the one statement by which everything happens to them, [`consent`] is what was agreed,
//! [`read`], [`list`] and [`timeline`] who sees what of them.
//!
//! A step is decided on a revision and committed only while that stands, as a referral's is.

pub mod consent;
pub mod list;
pub mod prepare;
pub mod read;
pub mod step;
pub mod timeline;

use sqlx::FromRow;
use uuid::Uuid;

use crate::StoreError;
use crate::sealing::Column;

/// Whether a caller may know of a hand-over `h`: who may read its case; of an agency, who was asked and is not the mission of a
/// country that the child is afraid of.
macro_rules! sees_crossborder {
    ($principal:literal, $role:literal, $agency:literal) => {
        concat!(
            "CASE ", $role, "::text WHEN 'agency_responder' THEN EXISTS (
                    SELECT FROM helpline.crossborder_offers v
                    WHERE v.centre_id = $1 AND v.crossborder_id = h.crossborder_id AND v.agency_id = ", $agency, "::uuid) AND ",
            $crate::disclosure::not_feared!($agency, "NULL", "NULL", "h.crossborder_id"), "
                ELSE EXISTS (SELECT FROM helpline.cases c WHERE c.centre_id = $1 AND c.case_id = h.case_id AND ",
            $crate::casework::sees_case!($principal, $role), ") END"
        )
    };
}
pub(crate) use sees_crossborder;

/// Whether a disclosure `x` about a hand-over opens anything now.
macro_rules! in_force {
    () => {
        $crate::disclosure::agreed!("crossborder_id")
    };
}
pub(crate) use in_force;

const fn column(column: &'static str, kind: &'static str) -> Column {
    Column { table: "crossborder_handovers", column, kind }
}

const IDENTITY: Column = column("identity", "identity");
const CONTACT: Column = column("contact", "contact");
const LOCATION: Column = column("location", "location");
const NARRATIVE: Column = column("narrative", "narrative");
const HEALTH: Column = column("health", "health");
const LEGAL: Column = column("legal", "legal");
const PERPETRATOR: Column = column("perpetrator", "perpetrator");
const TRAVEL: Column = column("travel", "location");
const CONDITIONS: Column = column("conditions", "narrative");
const REMARK: Column = Column { table: "crossborder_events", column: "remark", kind: "narrative" };

/// What a change is about.
#[derive(FromRow)]
pub(crate) struct Made {
    id: Uuid,
}

/// A column of hand-overs that holds what it cannot hold.
pub(crate) const fn inconsistent(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "crossborder_handovers", column }
}
