//! Children who come back together, as they stand in the store.
//!
//! [`cohort`] is who comes together and who may know of it, [`announce`] writes down many children at once, [`step`] is the one statement
//! by which everything happens to each, [`read`] who sees what, [`score`] counts.
//!
//! A part in a cohort stays under the record that was made for it; merges are read. Nothing outside this module says that a person is of
//! a cohort, but for those to whom it was granted.

pub mod announce;
pub mod cohort;
pub mod read;
pub mod score;
pub mod step;

use sqlx::FromRow;
use uuid::Uuid;

use crate::StoreError;
use crate::sealing::Column;

/// Whether a caller may know of the cohort of a row `x`.
macro_rules! sees_cohort {
    ($principal:literal, $role:literal) => {
        concat!(
            "CASE ",
            $role,
            "::text WHEN 'supervisor' THEN true
                WHEN 'counsellor' THEN EXISTS (
                    SELECT FROM helpline.cohort_grants g
                    WHERE g.centre_id = $1 AND g.cohort_id = x.cohort_id AND g.counsellor_id = ",
            $principal,
            "::uuid AND g.revoked_at IS NULL)
                ELSE false END"
        )
    };
}
pub(crate) use sees_cohort;

/// Whether a person `p` is, under any of their records, of a cohort that is granted to a counsellor. To whom nothing is granted nothing
/// else is looked up.
macro_rules! is_of_cohort {
    ($principal:literal) => {
        concat!(
            "EXISTS (
                    SELECT FROM helpline.cohort_grants g
                    JOIN helpline.returnees t ON t.centre_id = $1 AND t.cohort_id = g.cohort_id
                      AND t.person_id IN (SELECT helpline.records_of($1, p.person_id))
                    WHERE g.centre_id = $1 AND g.counsellor_id = ",
            $principal,
            "::uuid AND g.revoked_at IS NULL)"
        )
    };
}
pub(crate) use is_of_cohort;

const DISPLAY_NAME: Column = Column { table: "cohorts", column: "display_name", kind: "legal" };
const LIST_KEY: Column = Column { table: "returnees", column: "list_key", kind: "identity" };
/// The domain of the keyed hash of a key of a list.
const LISTED: &str = "returnee list";

/// What a change is about.
#[derive(FromRow)]
pub(crate) struct Made {
    id: Uuid,
}

/// A column of children that holds what it cannot hold.
pub(crate) const fn inconsistent(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "returnees", column }
}
