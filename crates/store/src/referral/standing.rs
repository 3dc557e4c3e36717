//! A referral as far as its next step depends on it.

use chrono::{DateTime, NaiveDate, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{AgencyId, CentreId, ReferralId, ServiceId};
use helpline_domain::referral::choices::{Choice, ChoiceState};
use helpline_domain::referral::{AppointmentState, ReferralState, Side, Urgency};
use helpline_domain::service::rules::Rules;
use serde::Deserialize;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{in_force, inconsistent, not_full, sees_referral};
use crate::disclosure::not_feared;
use crate::escalation::agency_of;
use crate::sealing::SERVICE_RULES;
use crate::{Store, StoreError};

/// Whether everything that was sent to the agency of a choice `c` of a referral `r` has failed for good.
macro_rules! unreachable {
    () => {
        "(EXISTS (
            SELECT FROM helpline.deliveries d WHERE d.centre_id = $1 AND d.referral_id = r.referral_id AND d.agency_id = c.agency_id
                AND d.event = 'referral.requested')
          AND NOT EXISTS (
            SELECT FROM helpline.deliveries d WHERE d.centre_id = $1 AND d.referral_id = r.referral_id AND d.agency_id = c.agency_id
                AND d.event = 'referral.requested' AND d.state <> 'failed'))"
    };
}

/// It and its choices are read by one statement, so that nobody decides on some of a step without the rest. A service can be
/// asked while it is open to referrals, its agency is there and may know something or needs not to before it has it, and it has a
/// place or keeps one for this referral, of the unit that is needed if that is said. Of a service that counts nothing it is not
/// known that it is full. Nor is asked whose agreement on sharing data has ended, which the rules of the service say, nor the mission of a country that the
/// child is afraid of.
const NOW: &str = concat!(
    "SELECT helpline.now() AS clock, r.revision, r.state, r.state_before, r.cancel_asked_by, r.urgency, r.open_offer, r.answer_s,
        r.appointment_state, coalesce(r.due_at <= helpline.now(), false) AS late,
        ARRAY(
            SELECT jsonb_build_object('position', c.position, 'state', c.state, 'agency_id', c.agency_id, 'service_id', c.service_id,
                'answers', a.disabled_at IS NULL, 'unreachable', ", unreachable!(), ", 'consented', r.open_to_any OR EXISTS (
                    SELECT FROM helpline.disclosures x
                    WHERE x.centre_id = $1 AND x.referral_id = r.referral_id AND x.agency_id = c.agency_id AND ", in_force!(), "),
                'feared', NOT ", not_feared!("c.agency_id", "NULL", "r.referral_id", "NULL"), ",
                'there', s.status = 'active' AND s.agency_id = c.agency_id AND a.disabled_at IS NULL
                    AND ", not_feared!("c.agency_id", "NULL", "r.referral_id", "NULL"), " AND (
                    ", not_full!("c.service_id", "r.unit"), "
                    OR EXISTS (
                        SELECT FROM helpline.holds h
                        WHERE h.centre_id = $1 AND h.referral_id = r.referral_id AND h.service_id = c.service_id
                          AND h.state IN ('held', 'confirmed'))))
            FROM helpline.referral_choices c
            JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = c.service_id
            JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = c.agency_id
            WHERE c.centre_id = $1 AND c.referral_id = r.referral_id ORDER BY c.position) AS choices,
        ARRAY(
            SELECT s.rules_sealed FROM helpline.referral_choices c
            JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = c.service_id
            WHERE c.centre_id = $1 AND c.referral_id = r.referral_id ORDER BY c.position) AS rules
     FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = $5 AND ($3::text IS NULL OR ",
    sees_referral!("$2", "$3", "$4"),
    ")"
);

const MISDIRECTED: &str = concat!(
    "SELECT r.referral_id FROM helpline.referrals r
     WHERE r.centre_id = $1 AND r.state = 'requested' AND EXISTS (
        SELECT FROM helpline.referral_choices c JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = c.agency_id
        WHERE c.centre_id = $1 AND c.referral_id = r.referral_id AND c.state = 'offered' AND (
            a.disabled_at IS NOT NULL OR NOT ", not_feared!("c.agency_id", "NULL", "r.referral_id", "NULL"), " OR NOT r.open_to_any AND NOT EXISTS (
                SELECT FROM helpline.disclosures x
                WHERE x.centre_id = $1 AND x.referral_id = r.referral_id AND x.agency_id = c.agency_id AND ", in_force!(), ")
            OR ", unreachable!(), " AND EXISTS (
                SELECT FROM helpline.referral_choices n
                WHERE n.centre_id = $1 AND n.referral_id = r.referral_id AND n.state = 'waiting')))
     LIMIT $2"
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
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own about the same choice")]
pub struct Asked {
    /// The choice.
    pub choice: Choice,
    /// Who answers.
    pub agency_id: AgencyId,
    /// For which service.
    pub service_id: ServiceId,
    /// Whether the agency is there to answer.
    pub answers: bool,
    /// Whether it could be told by no way that it has.
    pub unreachable: bool,
    /// Whether it is the mission of a country that the child is afraid of.
    pub feared: bool,
    /// Whether they may be asked: something that was agreed to is in force for them, or it is open to any.
    pub consented: bool,
}

impl Standing {
    /// The choices alone.
    pub fn choices(&self) -> Vec<Choice> {
        self.choices.iter().map(|asked| asked.choice).collect()
    }

    /// The place of the choice of an agency that stands so, for one service if that is said.
    pub fn place_of(&self, agency: AgencyId, service: Option<ServiceId>, state: ChoiceState) -> Option<i32> {
        let found = |asked: &&Asked| {
            let meant = service.is_none_or(|service| service == asked.service_id);
            asked.agency_id == agency && meant && asked.choice.state == state
        };
        self.choices.iter().find(found).map(|asked| asked.choice.position)
    }
}

#[derive(FromRow)]
struct StandingRow {
    clock: DateTime<Utc>,
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
    rules: Vec<Option<Vec<u8>>>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is what the statement has found out")]
struct AskedRow {
    position: i32,
    state: String,
    agency_id: Uuid,
    service_id: Uuid,
    consented: bool,
    answers: bool,
    unreachable: bool,
    there: bool,
    feared: bool,
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
        let today = row.clock.date_naive();
        let choices = row.choices.into_iter().zip(row.rules).map(|(Json(row), rules)| {
            let state = ChoiceState::from_key(&row.state).ok_or(inconsistent("choice"))?;
            let until = self.agreement_until(centre, row.service_id, rules.as_deref())?;
            let agreed = until.is_none_or(|until| today <= until);
            let fits = row.there && row.consented && agreed;
            let choice = Choice { position: row.position, state, fits };
            Ok(Asked {
                choice,
                agency_id: row.agency_id.into(),
                service_id: row.service_id.into(),
                feared: row.feared,
                consented: row.consented,
                answers: row.answers,
                unreachable: row.unreachable,
            })
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

    /// The last day of the agreement on sharing data with a service, if it has one.
    fn agreement_until(
        &self,
        centre: CentreId,
        service: Uuid,
        rules: Option<&[u8]>,
    ) -> Result<Option<NaiveDate>, StoreError> {
        let rules =
            rules.map(|sealed| self.open_record(SERVICE_RULES, centre, service, sealed)).transpose()?;
        Ok(rules.and_then(|record| Rules::of(&record).agreement_until))
    }

    /// Referrals that ask somebody who must not be asked any more, because consent has gone or the agency has, or the child is afraid of
    /// them, or who could not be
    /// told although somebody else is left.
    pub async fn misdirected_referrals(
        &self,
        centre: CentreId,
        most: i64,
    ) -> Result<Vec<ReferralId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let ids = sqlx::query_scalar::<_, Uuid>(MISDIRECTED)
            .bind(centre.as_uuid())
            .bind(most)
            .fetch_all(connection.postgres())
            .await;
        Ok(connection.settle(ids)?.into_iter().map(ReferralId::from).collect())
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
