//! Reports of abuse at schools as they stand in the store.
//!
//! [`file`] writes them down, [`step`] is the one statement by which each goes on, [`link`] says which are of one incident, [`read`] who
//! sees what of them.
//!
//! A step is decided on a revision and committed only while that stands. What it depends on beside its own row (who approves, whether the
//! report to the authority is about the incident, or over) is compared by the statement itself.

pub mod file;
pub mod link;
pub mod read;
pub mod step;

use helpline_domain::id::CentreId;
use helpline_domain::school_report::school_key;
use sqlx::FromRow;
use uuid::Uuid;

use crate::sealing::Column;
use crate::{Store, StoreError};

/// Whether a caller may know of a report `r`: supervisors, who filed it, and who may read the contact by which it came.
macro_rules! sees_school_report {
    ($principal:literal, $role:literal) => {
        concat!(
            "CASE ",
            $role,
            "::text WHEN 'supervisor' THEN true
                WHEN 'counsellor' THEN r.filed_by = ",
            $principal,
            "::uuid OR EXISTS (
                    SELECT FROM helpline.contacts c WHERE c.centre_id = $1 AND c.contact_id = r.contact_id
                      AND ",
            $crate::school_report::reads_contact!($principal),
            ")
                ELSE false END"
        )
    };
}
pub(crate) use sees_school_report;

/// Whether a counsellor may read a contact `c`: it is or was last theirs, or they have joined it and do more than advise.
macro_rules! reads_contact {
    ($principal:literal) => {
        concat!(
            "(c.counsellor_id = ",
            $principal,
            "::uuid OR EXISTS (
                SELECT FROM helpline.participations p
                WHERE p.centre_id = $1 AND p.contact_id = c.contact_id AND p.counsellor_id = ",
            $principal,
            "::uuid
                  AND p.state = 'joined' AND p.kind <> 'consult'))"
        )
    };
}
pub(crate) use reads_contact;

const fn column(column: &'static str, kind: &'static str) -> Column {
    Column { table: "school_reports", column, kind }
}

const SCHOOL: Column = column("school", "location");
const NARRATIVE: Column = column("narrative", "narrative");
const REPORTER_CONTACT: Column = column("reporter_contact", "contact");

/// What a change is about.
#[derive(FromRow)]
struct Made {
    id: Uuid,
}

/// A column of reports that holds what it cannot hold.
const fn inconsistent(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "school_reports", column }
}

impl Store {
    /// The keyed hash by which a school is found however its name is written.
    fn school_index(&self, centre: CentreId, name: &str) -> Vec<u8> {
        self.vault().blind_index(centre.as_uuid(), "school", &school_key(name)).to_vec()
    }
}
