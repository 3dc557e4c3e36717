//! Referrals as they stand in the store.
//!
//! [`draft`] writes them down, [`step`] is the one statement by which everything happens to them, decided on their
//! [`standing`]; [`consent`] is what was agreed, [`read`], [`list`] and [`timeline`] who sees what of them.
//!
//! A step is decided on a revision and committed only while that revision stands: whoever lost the race reads again and decides
//! again. So each answer and each deadline has one outcome, and choices never disagree with their referral.

pub mod consent;
pub mod draft;
pub mod list;
pub mod read;
pub mod standing;
pub mod step;
pub mod timeline;

use helpline_vault::Sensitive;

use crate::StoreError;
use crate::sealing::Column;

/// Whether a caller may know of a referral `r`: supervisors of all; an agency of what it was asked and was not taken back, unless it is
/// the mission of a country that the child is afraid of, somebody of it who came by a link of the one that it is for; a counsellor of what they drafted or own, and of what comes
/// from a contact of theirs.
macro_rules! sees_referral {
    ($principal:literal, $role:literal, $agency:literal) => {
        concat!(
            "CASE ",
            $role,
            "::text WHEN 'supervisor' THEN true
                WHEN 'agency_responder' THEN r.state NOT IN ('draft', 'revoked', 'entered_in_error') AND NOT EXISTS (
                    SELECT FROM helpline.links bound
                    WHERE bound.centre_id = $1 AND bound.link_id = ",
            $principal,
            "::uuid AND bound.referral_id IS DISTINCT FROM r.referral_id) AND EXISTS (
                    SELECT FROM helpline.referral_choices v
                    WHERE v.centre_id = $1 AND v.referral_id = r.referral_id AND v.agency_id = ",
            $agency,
            "::uuid AND v.offered_at IS NOT NULL) AND ",
            $crate::disclosure::not_feared!($agency, "NULL", "r.referral_id", "NULL"),
            "
                WHEN 'counsellor' THEN ",
            $principal,
            "::uuid IN (r.owner_id, r.drafted_by) OR EXISTS (
                    SELECT FROM helpline.contacts v
                    WHERE v.centre_id = $1 AND v.contact_id = r.contact_id AND v.counsellor_id = ",
            $principal,
            "::uuid)
                ELSE false END"
        )
    };
}
pub(crate) use sees_referral;

/// Whether a disclosure `x` about a referral opens anything now.
macro_rules! in_force {
    () => {
        $crate::disclosure::agreed!("referral_id")
    };
}
pub(crate) use in_force;

/// Whether a service `s` is not known to be full: it counts nothing of the kind, or something is free. One with a protected address is
/// asked whether it is full or not: that it was passed over would tell who refers that somebody lives there.
macro_rules! not_full {
    ($service:literal, $unit:literal) => {
        concat!(
            "(s.protected OR NOT EXISTS (SELECT FROM helpline.capacities k WHERE k.centre_id = $1 AND k.service_id = ",
            $service,
            "
                AND k.unit = coalesce(",
            $unit,
            ", k.unit))
              OR EXISTS (SELECT FROM helpline.capacities k WHERE k.centre_id = $1 AND k.service_id = ",
            $service,
            "
                AND k.unit = coalesce(",
            $unit,
            ", k.unit) AND k.available > 0))"
        )
    };
}
pub(crate) use not_full;

/// What an agency may need to know, each class of field on its own.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Particulars {
    pub identity: Option<Sensitive<String>>,
    pub contact: Option<Sensitive<String>>,
    pub location: Option<Sensitive<String>>,
    pub narrative: Option<Sensitive<String>>,
    pub health: Option<Sensitive<String>>,
    pub legal: Option<Sensitive<String>>,
    pub perpetrator: Option<Sensitive<String>>,
}

const fn column(column: &'static str, kind: &'static str) -> Column {
    Column { table: "referrals", column, kind }
}

const IDENTITY: Column = column("identity", "identity");
const CONTACT: Column = column("contact", "contact");
const LOCATION: Column = column("location", "location");
const NARRATIVE: Column = column("narrative", "narrative");
const HEALTH: Column = column("health", "health");
const LEGAL: Column = column("legal", "legal");
const PERPETRATOR: Column = column("perpetrator", "perpetrator");
const THEIR_REFERENCE: Column = column("their_reference", "legal");
const REMARK: Column = Column { table: "referral_events", column: "remark", kind: "narrative" };

/// A column of referrals that holds what it cannot hold.
pub(crate) const fn inconsistent(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "referrals", column }
}
