//! What residents are offered. The offers are there from admission on ([`crate::admission`]).

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{AdmissionId, ReferralId};
use helpline_domain::shelter::{ServiceOfferState, ServiceUnavailableReason};
use sqlx::FromRow;
use uuid::Uuid;

use super::inconsistent;
use crate::admission::sees_stay;
use crate::change::{Change, Command, change, change_query};
use crate::escalation::agency_of;
use crate::referral::sees_referral;
use crate::{Store, StoreError};

/// A service that a resident is offered.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct ServiceOffer {
    pub admission_id: AdmissionId,
    pub service: String,
    pub state: ServiceOfferState,
    pub due_at: DateTime<Utc>,
    pub referral_id: Option<ReferralId>,
    pub reason: Option<ServiceUnavailableReason>,
    pub answered_at: Option<DateTime<Utc>>,
    pub revision: i64,
}

/// What became of an offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfferAnswer {
    /// The resident wants it, and this carries it out.
    Accepted(ReferralId),
    /// The resident does not want it now.
    Declined,
    /// It cannot be had.
    Unavailable(ServiceUnavailableReason),
    /// It is offered again, for so many seconds.
    Again(u32),
}

impl OfferAnswer {
    /// Where the offer stands then.
    pub const fn state(self) -> ServiceOfferState {
        match self {
            Self::Accepted(_) => ServiceOfferState::Accepted,
            Self::Declined => ServiceOfferState::DeclinedByResident,
            Self::Unavailable(_) => ServiceOfferState::Unavailable,
            Self::Again(_) => ServiceOfferState::Open,
        }
    }
}

/// Whether a referral `r` may carry out what a resident of the referral `f` is offered: it is of the same child. One contact may tell
/// of several, who have a case each.
macro_rules! carries_out {
    ($agency:literal) => {
        concat!(
            "r.ended_at IS NULL AND r.referral_id <> f.referral_id AND (r.case_id = f.case_id
                OR (r.case_id IS NULL OR f.case_id IS NULL) AND r.contact_id = f.contact_id) AND ",
            sees_referral!("$2", "$3", $agency)
        )
    };
}

/// The stay is locked first, and counts as changed: who leaves meanwhile is offered nothing more, and leaves nothing open.
const ANSWER: &str = change!(
    event: "service_offer_' || CASE $10::text WHEN 'open' THEN 'repeated' ELSE 'answered' END || '", resource: "admission_id",
    about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('admission_id', admission_id, 'service', service, 'state', state)",
    with: "stays AS MATERIALIZED (
        SELECT a.admission_id AS id, a.referral_id AS of_referral FROM helpline.admissions a
        WHERE a.centre_id = $1 AND a.admission_id = $7 AND a.state IN ('admitted', 'exit_planned') AND ",
    sees_stay!("$2", "$3", "$8"),
    " FOR NO KEY UPDATE OF a),
    changed AS (
        UPDATE helpline.service_offers o SET state = $10, reason = $11, referral_id = $12,
            answered_by = CASE WHEN $10 <> 'open' THEN $2 END, answered_at = CASE WHEN $10 <> 'open' THEN helpline.now() END,
            due_at = CASE WHEN $10 = 'open' THEN helpline.now() + make_interval(secs => $13) ELSE o.due_at END, revision = o.revision + 1
        FROM stays
        WHERE o.centre_id = $1 AND o.admission_id = $7 AND o.service = $9
          AND CASE $10 WHEN 'open' THEN o.state IN ('accepted', 'declined_by_resident', 'unavailable') ELSE o.state = 'open' END
          AND ($12::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.referrals r JOIN helpline.referrals f ON f.centre_id = $1 AND f.referral_id = of_referral
            WHERE r.centre_id = $1 AND r.referral_id = $12 AND ", carries_out!("$8"), "))
        RETURNING o.*),
    touched AS (
        UPDATE helpline.admissions a SET revision = a.revision + 1 FROM changed WHERE a.centre_id = $1 AND a.admission_id = changed.admission_id)";
    returning: "admission_id AS id",
);

/// A referral of somebody of whom the reader knows nothing stays unknown.
const OFFERS: &str = concat!(
    "SELECT o.admission_id, o.service, o.state, o.due_at, o.reason, o.answered_at, o.revision, (
        SELECT r.referral_id FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = o.referral_id AND ",
    sees_referral!("$2", "$3", "$4"),
    ") AS referral_id
     FROM helpline.admissions a JOIN helpline.service_offers o ON o.centre_id = $1 AND o.admission_id = a.admission_id
     WHERE a.centre_id = $1 AND a.admission_id = $5 AND ",
    sees_stay!("$2", "$3", "$4"),
    " ORDER BY o.position"
);

const CARRIES_OUT: &str = concat!(
    "SELECT EXISTS (
        SELECT FROM helpline.admissions a JOIN helpline.referrals f ON f.centre_id = $1 AND f.referral_id = a.referral_id
        JOIN helpline.referrals r ON r.centre_id = $1 AND r.referral_id = $5
        WHERE a.centre_id = $1 AND a.admission_id = $4 AND ",
    carries_out!("$6"),
    ")"
);

#[derive(FromRow)]
struct OfferRow {
    admission_id: Uuid,
    service: String,
    state: String,
    due_at: DateTime<Utc>,
    referral_id: Option<Uuid>,
    reason: Option<String>,
    answered_at: Option<DateTime<Utc>>,
    revision: i64,
}

impl TryFrom<OfferRow> for ServiceOffer {
    type Error = StoreError;

    fn try_from(row: OfferRow) -> Result<Self, StoreError> {
        let wrong = |column| inconsistent("service_offers", column);
        let reason = row.reason.map(|key| ServiceUnavailableReason::from_key(&key).ok_or(wrong("reason")));
        Ok(Self {
            admission_id: row.admission_id.into(),
            service: row.service,
            state: ServiceOfferState::from_key(&row.state).ok_or(wrong("state"))?,
            due_at: row.due_at,
            referral_id: row.referral_id.map(ReferralId::from),
            reason: reason.transpose()?,
            answered_at: row.answered_at,
            revision: row.revision,
        })
    }
}

impl Store {
    /// Says what became of an offer, or makes it again. Refused when they do not live there, the offer does not stand so, or the referral is
    /// not theirs or over.
    pub async fn answer_service_offer(
        &self,
        command: &Command,
        (id, service): (AdmissionId, &str),
        answer: OfferAnswer,
    ) -> Result<Change<Uuid>, StoreError> {
        let (mut reason, mut referral, mut within) = (None, None, None);
        match answer {
            OfferAnswer::Accepted(id) => referral = Some(id.as_uuid()),
            OfferAnswer::Unavailable(why) => reason = Some(why.key()),
            OfferAnswer::Again(seconds) => within = Some(f64::from(seconds)),
            OfferAnswer::Declined => {}
        }
        let query = change_query::<(Uuid,)>(ANSWER, command)
            .bind(id.as_uuid())
            .bind(agency_of(&command.caller))
            .bind(service.to_owned())
            .bind(answer.state().key())
            .bind(reason)
            .bind(referral)
            .bind(within);
        Ok(self.change(command, query).await?.map(|(id,)| id))
    }

    /// What a resident is offered, if the caller may know of the stay.
    pub async fn service_offers(
        &self,
        caller: &Caller,
        id: AdmissionId,
    ) -> Result<Vec<ServiceOffer>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, OfferRow>(OFFERS)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(id.as_uuid())
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)?.into_iter().map(ServiceOffer::try_from).collect()
    }

    /// Whether a referral may carry out what a resident is offered.
    pub async fn carries_out_offer(
        &self,
        caller: &Caller,
        (id, referral): (AdmissionId, ReferralId),
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let found = sqlx::query_scalar::<_, bool>(CARRIES_OUT)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(id.as_uuid())
            .bind(referral.as_uuid())
            .bind(agency_of(caller))
            .fetch_one(connection.postgres())
            .await;
        connection.settle(found)
    }
}
