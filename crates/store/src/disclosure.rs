//! Disclosures: who may know what of an escalation, on which basis, until when.
//!
//! Each change writes its entry of the escalation's timeline in the same statement. Nothing is cached: what an agency may
//! know is asked of these rows each time, so that it is lost at once.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use helpline_domain::disclosure::{Basis, Purpose};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CentreId, DisclosureId, EscalationId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::escalation::{sees, settled_is_noted};
use crate::{Store, StoreError};

/// Whether a disclosure `x` opens anything at this moment: to the mission of a country that the child is afraid of none does.
macro_rules! in_force {
    () => {
        "x.revoked_at IS NULL AND x.expires_at > (SELECT helpline.now()) AND (x.basis <> 'override' OR x.approved_at IS NOT NULL)
            AND coalesce(cardinality(helpline.gate_of(x.centre_id, x.agency_id, x.escalation_id, x.referral_id, x.crossborder_id)) > 0, true)"
    };
}
pub(crate) use in_force;

/// Whether an agency is no mission of a country that the child of an escalation, a referral or a hand-over is afraid of, or an override lets
/// something through to it.
macro_rules! not_feared {
    ($agency:literal, $escalation:literal, $referral:literal, $crossborder:literal) => {
        concat!(
            "coalesce(cardinality(helpline.gate_of($1, ",
            $agency,
            "::uuid, ",
            $escalation,
            ", ",
            $referral,
            ", ",
            $crossborder,
            ")) > 0, true)"
        )
    };
}
pub(crate) use not_feared;

/// Whether a `class` of field of a disclosure `x` is among what may be let through to the mission of such a country.
macro_rules! let_through {
    () => {
        "coalesce(class.key = ANY (helpline.gate_of(x.centre_id, x.agency_id, x.escalation_id, x.referral_id, x.crossborder_id)), true)"
    };
}
pub(crate) use let_through;

/// The same of a disclosure that may be consent, about what a column names; and consent not against the child: once they have said no,
/// nobody else's yes opens anything to that agency until they have said yes themselves.
macro_rules! agreed {
    ($about:literal) => {
        concat!(
            $crate::disclosure::in_force!(),
            " AND (x.basis <> 'consent' OR x.assent IS DISTINCT FROM 'refused' AND NOT EXISTS (
                SELECT FROM helpline.disclosures no
                WHERE no.centre_id = x.centre_id AND no.",
            $about,
            " = x.",
            $about,
            " AND no.agency_id = x.agency_id AND no.assent = 'refused'
                  AND no.revoked_at IS NULL
                  AND NOT ((x.assent = 'given' OR x.consent_by IN ('child', 'both')) IS TRUE
                    AND (x.made_at, x.disclosure_id) > (no.made_at, no.disclosure_id))
                  AND NOT EXISTS (
                    SELECT FROM helpline.disclosures yes
                    WHERE yes.centre_id = x.centre_id AND yes.",
            $about,
            " = x.",
            $about,
            " AND yes.agency_id = x.agency_id
                      AND yes.revoked_at IS NULL AND (yes.assent = 'given' OR yes.consent_by IN ('child', 'both'))
                      AND (yes.made_at, yes.disclosure_id) > (no.made_at, no.disclosure_id))))"
        )
    };
}
pub(crate) use agreed;

/// A disclosure.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Disclosure {
    pub disclosure_id: DisclosureId,
    pub escalation_id: EscalationId,
    pub agency_id: AgencyId,
    pub purpose: Purpose,
    pub field_classes: BTreeSet<FieldClass>,
    pub basis: Basis,
    pub made_by: Option<Uuid>,
    pub made_at: DateTime<Utc>,
    pub approved_by: Option<Uuid>,
    pub approved_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_by: Option<Uuid>,
    pub revision: i64,
    /// Whether its time is over.
    pub expired: bool,
}

impl Disclosure {
    /// Whether it opens anything.
    pub const fn is_in_force(&self) -> bool {
        let approved = !matches!(self.basis, Basis::Override(_)) || self.approved_at.is_some();
        approved && self.revoked_at.is_none() && !self.expired
    }

    /// Where it stands: `in_force`, `asked`, `revoked`, `expired`.
    pub const fn state(&self) -> &'static str {
        if self.revoked_at.is_some() {
            "revoked"
        } else if self.expired {
            "expired"
        } else if self.is_in_force() {
            "in_force"
        } else {
            "asked"
        }
    }
}

/// A disclosure to make.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewDisclosure {
    pub disclosure_id: DisclosureId,
    pub escalation_id: EscalationId,
    pub agency_id: AgencyId,
    pub purpose: Purpose,
    pub field_classes: BTreeSet<FieldClass>,
    pub basis: Basis,
    pub lifetime_s: u32,
}

#[derive(FromRow)]
struct Row {
    disclosure_id: Uuid,
    escalation_id: Uuid,
    agency_id: Uuid,
    purpose: String,
    field_classes: Vec<String>,
    basis: String,
    consent_by: Option<String>,
    ground: Option<String>,
    made_by: Option<Uuid>,
    made_at: DateTime<Utc>,
    approved_by: Option<Uuid>,
    approved_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    revoked_by: Option<Uuid>,
    revision: i64,
    expired: bool,
}

macro_rules! columns {
    () => {
        "disclosure_id, escalation_id, agency_id, purpose, field_classes, basis, consent_by, ground, made_by, made_at, \
         approved_by, approved_at, expires_at, revoked_at, revoked_by, revision, expires_at <= helpline.now() AS expired"
    };
}

impl TryFrom<Row> for Disclosure {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "disclosures", column };
        let classes = row.field_classes.iter().map(|key| FieldClass::from_key(key));
        Ok(Self {
            disclosure_id: row.disclosure_id.into(),
            escalation_id: row.escalation_id.into(),
            agency_id: row.agency_id.into(),
            purpose: Purpose::from_key(&row.purpose).ok_or(wrong("purpose"))?,
            field_classes: classes.collect::<Option<_>>().ok_or(wrong("field_classes"))?,
            basis: Basis::from_keys(&row.basis, row.consent_by.as_deref(), row.ground.as_deref())
                .ok_or(wrong("basis"))?,
            made_by: row.made_by,
            made_at: row.made_at,
            approved_by: row.approved_by,
            approved_at: row.approved_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            revoked_by: row.revoked_by,
            revision: row.revision,
            expired: row.expired,
        })
    }
}

/// The entry of the timeline about the disclosure in `settled`, and `changed` with the contact it is about.
macro_rules! noted {
    ($event:literal) => {
        settled_is_noted!(
            $event,
            "agency_id",
            "jsonb_build_object('disclosure', disclosure_id, 'field_classes', field_classes, 'basis', basis)"
        )
    };
}

const DISCLOSE: &str = change!(
    event: "disclosure_made", resource: "disclosure_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('disclosure', disclosure_id, 'escalation', escalation_id, 'agency', agency_id, 'field_classes', field_classes, 'basis', basis)",
    with: "before AS MATERIALIZED (
        SELECT e.escalation_id AS id FROM helpline.escalations e
        WHERE e.centre_id = $1 AND e.escalation_id = $8 AND e.ended_at IS NULL AND ", sees!("$2", "$3", "NULL"), "
        FOR UPDATE OF e),
    settled AS (
        INSERT INTO helpline.disclosures (centre_id, disclosure_id, escalation_id, agency_id, purpose, field_classes, basis, consent_by,
            ground, made_by, made_at, expires_at)
        SELECT $1, $7, before.id, a.agency_id, $10, $11, $12, $13, $14, $2, helpline.now(), helpline.now() + make_interval(secs => $15)
        FROM before JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = $9
        WHERE a.disabled_at IS NULL AND $11 <@ a.field_classes AND ", not_feared!("$9", "$8", "NULL", "NULL"), "
        RETURNING *),", noted!("disclosed");
    returning: columns!(),
);

/// The escalation of disclosure $7, locked first, if the caller may see it.
macro_rules! locked_escalation {
    () => {
        concat!(
            "before AS MATERIALIZED (
                SELECT e.escalation_id AS id FROM helpline.escalations e
                WHERE e.centre_id = $1 AND e.escalation_id = (
                    SELECT escalation_id FROM helpline.disclosures WHERE centre_id = $1 AND disclosure_id = $7) AND ",
            sees!("$2", "$3", "NULL"), "
                FOR UPDATE OF e),"
        )
    };
}

/// Nobody approves their own.
const APPROVE: &str = change!(
    event: "disclosure_approved", resource: "disclosure_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('disclosure', disclosure_id, 'escalation', escalation_id, 'agency', agency_id, 'field_classes', field_classes)",
    with: locked_escalation!(), "
    settled AS (
        UPDATE helpline.disclosures d SET approved_by = $2, approved_at = helpline.now(), revision = d.revision + 1
        FROM before WHERE d.centre_id = $1 AND d.disclosure_id = $7 AND d.basis = 'override' AND d.made_by <> $2
          AND d.approved_at IS NULL AND d.revoked_at IS NULL AND d.expires_at > helpline.now()
        RETURNING d.*),", noted!("disclosure_approved");
    returning: columns!(),
);

const REVOKE: &str = change!(
    event: "disclosure_revoked", resource: "disclosure_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('disclosure', disclosure_id, 'escalation', escalation_id, 'agency', agency_id)",
    with: locked_escalation!(), "
    settled AS (
        UPDATE helpline.disclosures d SET revoked_by = $2, revoked_at = helpline.now(), revision = d.revision + 1
        FROM before WHERE d.centre_id = $1 AND d.disclosure_id = $7 AND d.revoked_at IS NULL
        RETURNING d.*),", noted!("disclosure_revoked");
    returning: columns!(),
);

impl Store {
    /// Makes a disclosure. Refused when the caller may not see the escalation, when it is over, when the agency is not
    /// there, and when it would be told more than it may ever be.
    pub async fn disclose(
        &self,
        command: &Command,
        new: &NewDisclosure,
    ) -> Result<Change<Disclosure>, StoreError> {
        let classes: Vec<String> = new.field_classes.iter().map(|class| class.key().to_owned()).collect();
        let (basis, consent_by, ground) = new.basis.keys();
        let query = change_query::<Row>(DISCLOSE, command)
            .bind(new.disclosure_id.as_uuid())
            .bind(new.escalation_id.as_uuid())
            .bind(new.agency_id.as_uuid())
            .bind(new.purpose.key())
            .bind(classes)
            .bind(basis)
            .bind(consent_by)
            .bind(ground)
            .bind(f64::from(new.lifetime_s));
        self.change(command, query).await?.try_map(Disclosure::try_from)
    }

    /// Approves an override that another has asked for. Refused when it is approved, revoked or over, or the caller's own.
    pub async fn approve_disclosure(
        &self,
        command: &Command,
        disclosure: DisclosureId,
    ) -> Result<Change<Disclosure>, StoreError> {
        let query = change_query::<Row>(APPROVE, command).bind(disclosure.as_uuid());
        self.change(command, query).await?.try_map(Disclosure::try_from)
    }

    /// Revokes a disclosure. Refused when it is revoked already.
    pub async fn revoke_disclosure(
        &self,
        command: &Command,
        disclosure: DisclosureId,
    ) -> Result<Change<Disclosure>, StoreError> {
        let query = change_query::<Row>(REVOKE, command).bind(disclosure.as_uuid());
        self.change(command, query).await?.try_map(Disclosure::try_from)
    }

    /// One disclosure about an escalation.
    pub async fn disclosure(
        &self,
        centre: CentreId,
        disclosure: DisclosureId,
    ) -> Result<Option<Disclosure>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.disclosures WHERE centre_id = $1 AND disclosure_id = $2 AND escalation_id IS NOT NULL"
        ))
        .bind(centre.as_uuid())
        .bind(disclosure.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Disclosure::try_from).transpose()
    }

    /// Disclosures about an escalation, oldest first.
    pub async fn disclosures(
        &self,
        centre: CentreId,
        escalation: EscalationId,
        after: Option<DisclosureId>,
        limit: u32,
    ) -> Result<Vec<Disclosure>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.disclosures WHERE centre_id = $1 AND escalation_id = $2 AND disclosure_id > $3
              ORDER BY disclosure_id LIMIT $4"
        ))
        .bind(centre.as_uuid())
        .bind(escalation.as_uuid())
        .bind(after.map_or(Uuid::nil(), |id| id.as_uuid()))
        .bind(i64::from(limit))
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(Disclosure::try_from).collect()
    }
}
