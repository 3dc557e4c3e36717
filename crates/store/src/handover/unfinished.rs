//! What a counsellor has not finished: contacts, and open escalations and referrals that they own.

use chrono::{DateTime, Utc};
use helpline_domain::channel::Channel;
use helpline_domain::contact::ContactState;
use helpline_domain::escalation::EscalationState;
use helpline_domain::id::{CentreId, ContactId, CounsellorId, EscalationId, ReferralId};
use helpline_domain::referral::{ReferralState, Urgency};
use helpline_domain::risk::{Class, Risk};
use sqlx::FromRow;
use uuid::Uuid;

use crate::contact::inconsistent;
use crate::{Store, StoreError, escalation, referral};

/// A contact that its counsellor has not finished. Nothing in it is personal.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct OpenWork {
    pub contact_id: ContactId,
    pub counsellor_id: CounsellorId,
    pub state: ContactState,
    pub channel: Channel,
    pub class: Class,
    pub queue: String,
    pub received_at: DateTime<Utc>,
}

/// An open escalation and its owner. Nothing in it is personal.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct OwnedEscalation {
    pub escalation_id: EscalationId,
    pub number: i64,
    pub owner_id: CounsellorId,
    pub state: EscalationState,
    pub risk: Risk,
    pub raised_at: DateTime<Utc>,
}

/// An open referral and its owner. Nothing in it is personal.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct OwnedReferral {
    pub referral_id: ReferralId,
    pub number: i64,
    pub owner_id: CounsellorId,
    pub state: ReferralState,
    pub urgency: Urgency,
    pub due_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct OpenWorkRow {
    contact_id: Uuid,
    counsellor_id: Uuid,
    state: String,
    channel: String,
    class: i16,
    queue: String,
    received_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct OwnedRow {
    escalation_id: Uuid,
    number: i64,
    owner_id: Uuid,
    state: String,
    risk: i16,
    raised_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct OwnedReferralRow {
    referral_id: Uuid,
    number: i64,
    owner_id: Uuid,
    state: String,
    urgency: String,
    due_at: Option<DateTime<Utc>>,
}

impl TryFrom<OwnedReferralRow> for OwnedReferral {
    type Error = StoreError;

    fn try_from(row: OwnedReferralRow) -> Result<Self, StoreError> {
        Ok(Self {
            referral_id: row.referral_id.into(),
            number: row.number,
            owner_id: row.owner_id.into(),
            state: ReferralState::from_key(&row.state).ok_or(referral::inconsistent("state"))?,
            urgency: Urgency::from_key(&row.urgency).ok_or(referral::inconsistent("urgency"))?,
            due_at: row.due_at,
        })
    }
}

impl TryFrom<OpenWorkRow> for OpenWork {
    type Error = StoreError;

    fn try_from(row: OpenWorkRow) -> Result<Self, StoreError> {
        Ok(Self {
            contact_id: row.contact_id.into(),
            counsellor_id: row.counsellor_id.into(),
            state: ContactState::from_key(&row.state).ok_or(inconsistent("state"))?,
            channel: Channel::from_key(&row.channel).ok_or(inconsistent("channel"))?,
            class: Class::from_number(row.class).ok_or(inconsistent("class"))?,
            queue: row.queue,
            received_at: row.received_at,
        })
    }
}

impl TryFrom<OwnedRow> for OwnedEscalation {
    type Error = StoreError;

    fn try_from(row: OwnedRow) -> Result<Self, StoreError> {
        Ok(Self {
            escalation_id: row.escalation_id.into(),
            number: row.number,
            owner_id: row.owner_id.into(),
            state: EscalationState::from_key(&row.state).ok_or(escalation::inconsistent("state"))?,
            risk: Risk::from_number(row.risk).ok_or(escalation::inconsistent("risk"))?,
            raised_at: row.raised_at,
        })
    }
}

impl Store {
    /// What a counsellor has not finished, or everybody who is not on shift, oldest first.
    pub async fn open_work(
        &self,
        centre: CentreId,
        counsellor: Option<CounsellorId>,
        most: i64,
    ) -> Result<Vec<OpenWork>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, OpenWorkRow>(
            "SELECT c.contact_id, c.counsellor_id, c.state, c.channel, c.class, c.queue, c.received_at
             FROM helpline.presences p
             JOIN helpline.contacts c ON c.centre_id = $1 AND c.counsellor_id = p.counsellor_id
                AND c.state IN ('in_progress', 'wrap_up', 'waiting_offline')
             WHERE p.centre_id = $1 AND CASE WHEN $2::uuid IS NULL THEN p.state IN ('offline', 'on_call') ELSE p.counsellor_id = $2 END
             ORDER BY c.received_at LIMIT $3",
        )
        .bind(centre.as_uuid())
        .bind(counsellor.map(|counsellor| counsellor.as_uuid()))
        .bind(most)
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(OpenWork::try_from).collect()
    }

    /// The open escalations that a counsellor owns, or everybody who is not on shift, the gravest first.
    pub async fn owned_escalations(
        &self,
        centre: CentreId,
        counsellor: Option<CounsellorId>,
        most: i64,
    ) -> Result<Vec<OwnedEscalation>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, OwnedRow>(
            "SELECT e.escalation_id, e.number, e.owner_id, e.state, e.risk, e.raised_at
             FROM helpline.presences p JOIN helpline.escalations e ON e.centre_id = $1 AND e.owner_id = p.counsellor_id AND e.ended_at IS NULL
             WHERE p.centre_id = $1 AND CASE WHEN $2::uuid IS NULL THEN p.state IN ('offline', 'on_call') ELSE p.counsellor_id = $2 END
             ORDER BY CASE e.risk WHEN -1 THEN 3 ELSE e.risk END DESC, e.raised_at LIMIT $3",
        )
        .bind(centre.as_uuid())
        .bind(counsellor.map(|counsellor| counsellor.as_uuid()))
        .bind(most)
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(OwnedEscalation::try_from).collect()
    }

    /// The open referrals that a counsellor owns, or everybody who is not on shift, the first due first and drafts last.
    pub async fn owned_referrals(
        &self,
        centre: CentreId,
        counsellor: Option<CounsellorId>,
        most: i64,
    ) -> Result<Vec<OwnedReferral>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, OwnedReferralRow>(
            "SELECT r.referral_id, r.number, r.owner_id, r.state, r.urgency, r.due_at
             FROM helpline.presences p JOIN helpline.referrals r ON r.centre_id = $1 AND r.owner_id = p.counsellor_id AND r.ended_at IS NULL
             WHERE p.centre_id = $1 AND CASE WHEN $2::uuid IS NULL THEN p.state IN ('offline', 'on_call') ELSE p.counsellor_id = $2 END
             ORDER BY r.due_at, r.referral_id LIMIT $3",
        )
        .bind(centre.as_uuid())
        .bind(counsellor.map(|counsellor| counsellor.as_uuid()))
        .bind(most)
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(OwnedReferral::try_from).collect()
    }

    /// How many contacts those have not finished who are not on shift.
    pub async fn unowned_work(&self, centre: CentreId) -> Result<i64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let count = sqlx::query_scalar(
            "SELECT count(*) FROM helpline.presences p
             JOIN helpline.contacts c ON c.centre_id = $1 AND c.counsellor_id = p.counsellor_id
                AND c.state IN ('in_progress', 'wrap_up', 'waiting_offline')
             WHERE p.centre_id = $1 AND p.state IN ('offline', 'on_call')",
        )
        .bind(centre.as_uuid())
        .fetch_one(connection.postgres())
        .await;
        connection.settle(count)
    }
}
