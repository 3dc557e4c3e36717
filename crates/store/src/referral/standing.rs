//! A referral as far as its next step depends on it.

use helpline_domain::caller::Caller;
use helpline_domain::id::{AgencyId, CentreId, ReferralId};
use helpline_domain::referral::choices::{Choice, ChoiceState};
use helpline_domain::referral::{AppointmentState, ReferralState, Side, Urgency};
use serde::Deserialize;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{in_force, inconsistent, sees_referral};
use crate::escalation::agency_of;
use crate::{Store, StoreError};

/// It and its choices are read by one statement, so that nobody decides on some of a step without the rest. A service can be
/// asked while it is open to referrals, its agency is there and may know something, and it has a place or keeps one for this
/// referral. Of a service that counts nothing it is not known that it is full.
const NOW: &str = concat!(
    "SELECT r.revision, r.state, r.state_before, r.cancel_asked_by, r.urgency, r.open_offer, r.answer_s, r.appointment_state,
        coalesce(r.due_at <= helpline.now(), false) AS late,
        ARRAY(
            SELECT jsonb_build_object('position', c.position, 'state', c.state, 'agency_id', c.agency_id, 'consented', EXISTS (
                    SELECT FROM helpline.disclosures x
                    WHERE x.centre_id = $1 AND x.referral_id = r.referral_id AND x.agency_id = c.agency_id AND ",
    in_force!(),
    "), 'there', s.status = 'active' AND s.agency_id = c.agency_id AND a.disabled_at IS NULL AND (
                    NOT EXISTS (SELECT FROM helpline.capacities k WHERE k.centre_id = $1 AND k.service_id = c.service_id)
                    OR EXISTS (SELECT FROM helpline.capacities k WHERE k.centre_id = $1 AND k.service_id = c.service_id AND k.available > 0)
                    OR EXISTS (
                        SELECT FROM helpline.holds h
                        WHERE h.centre_id = $1 AND h.referral_id = r.referral_id AND h.service_id = c.service_id
                          AND h.state IN ('held', 'confirmed'))))
            FROM helpline.referral_choices c
            JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = c.service_id
            JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = c.agency_id
            WHERE c.centre_id = $1 AND c.referral_id = r.referral_id ORDER BY c.position) AS choices
     FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = $5 AND ($3::text IS NULL OR ",
    sees_referral!("$2", "$3", "$4"),
    ")"
);

/// A referral as far as the next step depends on it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// As it was read.
    pub revision: i64,
    /// Where it stands.
    pub state: ReferralState,
    /// Where it stood before somebody asked to cancel it.
    pub before: Option<ReferralState>,
    /// Who asked to cancel it.
    pub cancel_asked_by: Option<Side>,
    /// How much it hurries.
    pub urgency: Urgency,
    /// Whether all are asked at once.
    pub open_offer: bool,
    /// How long each has to answer, in seconds.
    pub answer_s: u32,
    /// What became of the last appointment.
    pub appointment: Option<AppointmentState>,
    /// Whether its next step is overdue.
    pub late: bool,
    /// Whom it goes to.
    pub choices: Vec<Asked>,
}

/// A choice, with who it is and whether they may know anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The choice.
    pub choice: Choice,
    /// Who answers.
    pub agency_id: AgencyId,
    /// Whether something that was agreed to is in force for them.
    pub consented: bool,
}

impl Standing {
    /// The choices alone.
    pub fn choices(&self) -> Vec<Choice> {
        self.choices.iter().map(|asked| asked.choice).collect()
    }

    /// The place of the choice of an agency that stands so.
    pub fn place_of(&self, agency: AgencyId, state: ChoiceState) -> Option<i32> {
        let found = |asked: &&Asked| asked.agency_id == agency && asked.choice.state == state;
        self.choices.iter().find(found).map(|asked| asked.choice.position)
    }
}

#[derive(FromRow)]
struct StandingRow {
    revision: i64,
    state: String,
    state_before: Option<String>,
    cancel_asked_by: Option<String>,
    urgency: String,
    open_offer: bool,
    answer_s: i32,
    appointment_state: Option<String>,
    late: bool,
    choices: Vec<Json<AskedRow>>,
}

#[derive(Deserialize)]
struct AskedRow {
    position: i32,
    state: String,
    agency_id: Uuid,
    consented: bool,
    there: bool,
}

impl Store {
    /// A referral as far as the next step depends on it; of a caller, if they may know of it.
    pub async fn referral_standing(
        &self,
        centre: CentreId,
        caller: Option<&Caller>,
        id: ReferralId,
    ) -> Result<Option<Standing>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, StandingRow>(NOW)
            .bind(centre.as_uuid())
            .bind(caller.map(Caller::principal))
            .bind(caller.map(|caller| caller.role.key()))
            .bind(caller.and_then(agency_of))
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let Some(row) = connection.settle(row)? else { return Ok(None) };
        let choices = row.choices.into_iter().map(|Json(row)| {
            let state = ChoiceState::from_key(&row.state).ok_or(inconsistent("choice"))?;
            let choice = Choice { position: row.position, state, fits: row.there && row.consented };
            Ok(Asked { choice, agency_id: row.agency_id.into(), consented: row.consented })
        });
        let key = |key: Option<String>, column| {
            key.map(|key| ReferralState::from_key(&key).ok_or(inconsistent(column))).transpose()
        };
        let side = row.cancel_asked_by.map(|key| Side::from_key(&key).ok_or(inconsistent("cancel_asked_by")));
        let appointment = row
            .appointment_state
            .map(|key| AppointmentState::from_key(&key).ok_or(inconsistent("appointment_state")));
        Ok(Some(Standing {
            revision: row.revision,
            state: ReferralState::from_key(&row.state).ok_or(inconsistent("state"))?,
            before: key(row.state_before, "state_before")?,
            cancel_asked_by: side.transpose()?,
            urgency: Urgency::from_key(&row.urgency).ok_or(inconsistent("urgency"))?,
            open_offer: row.open_offer,
            answer_s: u32::try_from(row.answer_s).map_err(|_| inconsistent("answer_s"))?,
            appointment: appointment.transpose()?,
            late: row.late,
            choices: choices.collect::<Result<_, StoreError>>()?,
        }))
    }

    /// Referrals whose next step is overdue, the oldest first.
    pub async fn due_referrals(&self, centre: CentreId, most: i64) -> Result<Vec<ReferralId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let ids = sqlx::query_scalar::<_, Uuid>(
            "SELECT referral_id FROM helpline.referrals WHERE centre_id = $1 AND due_at <= (SELECT helpline.now())
             ORDER BY due_at LIMIT $2",
        )
        .bind(centre.as_uuid())
        .bind(most)
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(ids)?.into_iter().map(ReferralId::from).collect())
    }
}
