//! What was agreed about letting an agency know of a referral: disclosures about it.
//!
//! Each change counts as one of the referral, so that nothing is decided on consent that has gone; and nothing is cached: what
//! an agency may know is asked of these rows each time, so that it is lost at once.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::disclosure::{Assent, Basis};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, DisclosureId, ReferralId};
use sqlx::FromRow;
use uuid::Uuid;

use super::{in_force, sees_referral};
use crate::change::{Change, Command, change, change_query};
use crate::disclosure::not_feared;
use crate::{Store, StoreError};

/// What was agreed, or is to be without consent.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Consent {
    pub consent_id: DisclosureId,
    pub referral_id: ReferralId,
    pub agency_id: AgencyId,
    pub field_classes: BTreeSet<FieldClass>,
    pub withheld: BTreeSet<FieldClass>,
    pub basis: Basis,
    pub assent: Option<Assent>,
    pub made_by: Option<Uuid>,
    pub made_at: DateTime<Utc>,
    pub approved_by: Option<Uuid>,
    pub approved_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_by: Option<Uuid>,
    pub in_force: bool,
    pub expired: bool,
    pub revision: i64,
}

impl Consent {
    /// Where it stands: `in_force`, `asked`, `refused`, `withdrawn`, `expired`.
    pub fn state(&self) -> &'static str {
        if self.revoked_at.is_some() {
            "withdrawn"
        } else if self.expired {
            "expired"
        } else if self.in_force {
            "in_force"
        } else if matches!(self.basis, Basis::Consent(_)) {
            // Now, or at another time: the child's no stands against everybody else's yes.
            "refused"
        } else {
            "asked"
        }
    }
}

/// Something to agree on.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewConsent {
    pub consent_id: DisclosureId,
    pub referral_id: ReferralId,
    pub agency_id: AgencyId,
    pub field_classes: BTreeSet<FieldClass>,
    pub withheld: BTreeSet<FieldClass>,
    pub basis: Basis,
    pub assent: Option<Assent>,
    pub lifetime_s: u32,
}

#[derive(FromRow)]
struct Row {
    disclosure_id: Uuid,
    referral_id: Uuid,
    agency_id: Uuid,
    field_classes: Vec<String>,
    withheld: Vec<String>,
    basis: String,
    consent_by: Option<String>,
    ground: Option<String>,
    assent: Option<String>,
    made_by: Option<Uuid>,
    made_at: DateTime<Utc>,
    approved_by: Option<Uuid>,
    approved_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    revoked_by: Option<Uuid>,
    revision: i64,
    in_force: bool,
    expired: bool,
}

macro_rules! columns {
    () => {
        concat!(
            "x.disclosure_id, x.referral_id, x.agency_id, x.field_classes, x.withheld, x.basis, x.consent_by, x.ground, x.assent, x.made_by,
             x.made_at, x.approved_by, x.approved_at, x.expires_at, x.revoked_at, x.revoked_by, x.revision, ",
            in_force!(),
            " AS in_force, x.expires_at <= helpline.now() AS expired"
        )
    };
}

impl TryFrom<Row> for Consent {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "disclosures", column };
        let classes = |keys: &[String]| keys.iter().filter_map(|key| FieldClass::from_key(key)).collect();
        let assent = row.assent.map(|key| Assent::from_key(&key).ok_or(wrong("assent")));
        Ok(Self {
            consent_id: row.disclosure_id.into(),
            referral_id: row.referral_id.into(),
            agency_id: row.agency_id.into(),
            field_classes: classes(&row.field_classes),
            withheld: classes(&row.withheld),
            basis: Basis::from_keys(&row.basis, row.consent_by.as_deref(), row.ground.as_deref())
                .ok_or(wrong("basis"))?,
            assent: assent.transpose()?,
            made_by: row.made_by,
            made_at: row.made_at,
            approved_by: row.approved_by,
            approved_at: row.approved_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            revoked_by: row.revoked_by,
            in_force: row.in_force,
            expired: row.expired,
            revision: row.revision,
        })
    }
}

/// The entry of the timeline about the disclosure in `settled`, and `changed` with the contact it is about.
macro_rules! noted {
    ($event:literal) => {
        concat!(
            "referral AS (
                UPDATE helpline.referrals r SET event_count = r.event_count + 1, changed_at = helpline.now(), revision = r.revision + 1
                FROM settled WHERE r.centre_id = $1 AND r.referral_id = settled.referral_id
                RETURNING r.referral_id AS id, r.event_count, r.contact_id),
            noted AS (
                INSERT INTO helpline.referral_events (centre_id, referral_id, sequence, at, event, actor_id, actor_role, detail)
                SELECT $1, id, event_count, helpline.now(), ", $event, ", $2, $3, jsonb_build_object('consent', disclosure_id, 'agency', agency_id,
                    'field_classes', field_classes, 'withheld', withheld, 'basis', basis)
                FROM referral CROSS JOIN settled),
            changed AS (SELECT settled.*, contact_id FROM settled CROSS JOIN referral)"
        )
    };
}

/// Only an agency that the referral may go to, and within what it may ever be told.
const RECORD: &str = change!(
    event: "consent_' || CASE $12::text WHEN 'consent' THEN 'recorded' ELSE 'override_asked' END || '", resource: "disclosure_id",
    about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('consent', disclosure_id, 'referral_id', referral_id, 'agency', agency_id, 'field_classes', field_classes,
        'basis', basis)",
    with: "before AS MATERIALIZED (
        SELECT r.referral_id AS id FROM helpline.referrals r
        WHERE r.centre_id = $1 AND r.referral_id = $8 AND r.ended_at IS NULL AND ", sees_referral!("$2", "$3", "NULL"), "
        FOR UPDATE OF r),
    settled AS (
        INSERT INTO helpline.disclosures (centre_id, disclosure_id, referral_id, agency_id, purpose, field_classes, withheld, basis, consent_by,
            ground, assent, made_by, made_at, expires_at)
        SELECT $1, $7, before.id, a.agency_id, 'referral', $10, $11, $12, $13, $14, $15, $2, helpline.now(),
            helpline.now() + make_interval(secs => $16)
        FROM before JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = $9
        WHERE a.disabled_at IS NULL AND $10 <@ a.field_classes AND ", not_feared!("$9", "NULL", "$8", "NULL"), " AND EXISTS (
            SELECT FROM helpline.referral_choices c WHERE c.centre_id = $1 AND c.referral_id = $8 AND c.agency_id = $9)
        RETURNING *),", noted!("CASE $12 WHEN 'consent' THEN 'consented' ELSE 'override_asked' END");
    returning: columns!() ; from: "changed x"
);

/// The referral of disclosure $7, locked first, if the caller may see it.
macro_rules! locked_referral {
    () => {
        concat!(
            "before AS MATERIALIZED (
                SELECT r.referral_id AS id FROM helpline.referrals r
                WHERE r.centre_id = $1 AND r.referral_id = (
                    SELECT referral_id FROM helpline.disclosures WHERE centre_id = $1 AND disclosure_id = $7) AND ",
            sees_referral!("$2", "$3", "NULL"),
            " FOR UPDATE OF r),"
        )
    };
}

/// Nobody approves their own.
const APPROVE: &str = change!(
    event: "consent_override_approved", resource: "disclosure_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('consent', disclosure_id, 'referral_id', referral_id, 'agency', agency_id)",
    with: locked_referral!(), "settled AS (
        UPDATE helpline.disclosures d SET approved_by = $2, approved_at = helpline.now(), revision = d.revision + 1
        FROM before WHERE d.centre_id = $1 AND d.disclosure_id = $7 AND d.basis = 'override' AND d.made_by <> $2
          AND d.approved_at IS NULL AND d.revoked_at IS NULL AND d.expires_at > helpline.now()
        RETURNING d.*),", noted!("'override_approved'");
    returning: columns!() ; from: "changed x"
);

/// What the child has said no to they alone agree to: a no is not withdrawn.
const WITHDRAW: &str = change!(
    event: "consent_withdrawn", resource: "disclosure_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('consent', disclosure_id, 'referral_id', referral_id, 'agency', agency_id)",
    with: locked_referral!(), "settled AS (
        UPDATE helpline.disclosures d SET revoked_by = $2, revoked_at = helpline.now(), revision = d.revision + 1
        FROM before WHERE d.centre_id = $1 AND d.disclosure_id = $7 AND d.revoked_at IS NULL AND d.assent IS DISTINCT FROM 'refused'
        RETURNING d.*),", noted!("'consent_withdrawn'");
    returning: columns!() ; from: "changed x"
);

fn keys(classes: &BTreeSet<FieldClass>) -> Vec<String> {
    classes.iter().map(|class| class.key().to_owned()).collect()
}

impl Store {
    /// Records consent, or asks to do without. Refused when the caller may not see the referral, when it is over, when the agency
    /// is not one of its choices, and when it would be told more than it may ever be.
    pub async fn record_consent(
        &self,
        command: &Command,
        new: &NewConsent,
    ) -> Result<Change<Consent>, StoreError> {
        let (basis, consent_by, ground) = new.basis.keys();
        let query = change_query::<Row>(RECORD, command)
            .bind(new.consent_id.as_uuid())
            .bind(new.referral_id.as_uuid())
            .bind(new.agency_id.as_uuid())
            .bind(keys(&new.field_classes))
            .bind(keys(&new.withheld))
            .bind(basis)
            .bind(consent_by)
            .bind(ground)
            .bind(new.assent.map(Assent::key))
            .bind(f64::from(new.lifetime_s));
        self.change(command, query).await?.try_map(Consent::try_from)
    }

    /// Approves an override that another has asked for. Refused when it is approved, withdrawn or over, or the caller's own.
    pub async fn approve_consent_override(
        &self,
        command: &Command,
        id: DisclosureId,
    ) -> Result<Change<Consent>, StoreError> {
        let query = change_query::<Row>(APPROVE, command).bind(id.as_uuid());
        self.change(command, query).await?.try_map(Consent::try_from)
    }

    /// Withdraws what was agreed. Refused when it is withdrawn already, or is a child's no.
    pub async fn withdraw_consent(
        &self,
        command: &Command,
        id: DisclosureId,
    ) -> Result<Change<Consent>, StoreError> {
        let query = change_query::<Row>(WITHDRAW, command).bind(id.as_uuid());
        self.change(command, query).await?.try_map(Consent::try_from)
    }

    /// What was agreed under an id, about a referral that the caller may see.
    pub async fn consent(&self, caller: &Caller, id: DisclosureId) -> Result<Option<Consent>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.disclosures x JOIN helpline.referrals r ON r.centre_id = $1 AND r.referral_id = x.referral_id
              WHERE x.centre_id = $1 AND x.disclosure_id = $4 AND ",
            sees_referral!("$2", "$3", "NULL")
        ))
        .bind(caller.centre_id.as_uuid())
        .bind(caller.principal())
        .bind(caller.role.key())
        .bind(id.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Consent::try_from).transpose()
    }

    /// What was agreed about a referral, oldest first.
    pub async fn consents(
        &self,
        caller: &Caller,
        referral: ReferralId,
        after: Option<DisclosureId>,
        limit: u32,
    ) -> Result<Vec<Consent>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.disclosures x WHERE x.centre_id = $1 AND x.referral_id = $2 AND x.disclosure_id > $3 ORDER BY x.disclosure_id LIMIT $4"
        ))
        .bind(caller.centre_id.as_uuid())
        .bind(referral.as_uuid())
        .bind(after.map_or(Uuid::nil(), |id| id.as_uuid()))
        .bind(i64::from(limit))
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(Consent::try_from).collect()
    }
}
