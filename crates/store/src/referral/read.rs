//! Who sees what of referrals. A sealed column is opened for those alone who may read its class of field.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CaseId, ContactId, ReferralId, ServiceId};
use helpline_domain::referral::choices::ChoiceState;
use helpline_domain::referral::{
    AppointmentState, ReferralOutcome, ReferralState, RejectReason, Side, Urgency,
};
use helpline_vault::Sensitive;
use serde::Deserialize;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    CONTACT, HEALTH, IDENTITY, LEGAL, LOCATION, NARRATIVE, PERPETRATOR, Particulars, THEIR_REFERENCE,
    in_force, inconsistent, sees_referral,
};
use crate::escalation::agency_of;
use crate::sealing::Column;
use crate::{Store, StoreError};

/// A referral as far as somebody may see it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Referral {
    pub referral_id: ReferralId,
    pub number: i64,
    pub contact_id: Option<ContactId>,
    pub part_of: Option<ReferralId>,
    pub case_id: Option<CaseId>,
    pub urgency: Urgency,
    pub need: String,
    pub open_offer: bool,
    pub open_to_any: bool,
    pub unit: Option<String>,
    pub field_classes: BTreeSet<FieldClass>,
    pub state: ReferralState,
    pub due_at: Option<DateTime<Utc>>,
    pub alarms: i32,
    pub owner_id: Uuid,
    pub drafted_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub agency_id: Option<AgencyId>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub outcome: Option<ReferralOutcome>,
    pub reason: Option<String>,
    pub cancel_asked_by: Option<Side>,
    pub appointment_at: Option<DateTime<Utc>>,
    pub appointment_state: Option<AppointmentState>,
    pub no_shows: i32,
    pub unmet: bool,
    pub their_reference: Option<Sensitive<String>>,
    pub particulars: Particulars,
    pub choices: Vec<ChoiceRow>,
    pub revision: i64,
    /// Which classes of fields its reader may read.
    pub classes: BTreeSet<FieldClass>,
}

/// A choice as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct ChoiceRow {
    pub position: i32,
    pub service_id: ServiceId,
    pub agency_id: AgencyId,
    pub state: ChoiceState,
    pub reason: Option<RejectReason>,
    pub offered_at: Option<DateTime<Utc>>,
    pub answered_at: Option<DateTime<Utc>>,
    pub consented: bool,
}

impl Referral {
    /// How the choices of an agency stand, if none of them is asked or has it any more: the last that ended.
    pub fn over_for(&self, agency: AgencyId) -> Option<ChoiceState> {
        let own = || self.choices.iter().filter(|one| one.agency_id == agency && one.offered_at.is_some());
        let last = own().max_by_key(|one| one.answered_at)?;
        (!own().any(|one| one.state.opens())).then_some(last.state)
    }
}

/// What a reader may read: an agency what is granted, within consent, without what is withheld, within the most it may ever be
/// told, and only while it is asked or has the referral.
macro_rules! referral_classes {
    () => {
        concat!(
            "CASE WHEN $4::uuid IS NULL THEN NULL ELSE ARRAY(
                SELECT DISTINCT class.key FROM helpline.disclosures x
                JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = x.agency_id AND a.disabled_at IS NULL
                CROSS JOIN LATERAL unnest(x.field_classes) AS class (key)
                WHERE x.centre_id = $1 AND x.referral_id = r.referral_id AND x.agency_id = $4 AND r.ended_at IS NULL
                  AND class.key = ANY (a.field_classes) AND class.key = ANY (r.field_classes) AND ",
            in_force!(),
            " AND ",
            $crate::disclosure::let_through!(),
            " AND NOT (x.basis = 'consent' AND EXISTS (
                    SELECT FROM helpline.disclosures w
                    WHERE w.centre_id = $1 AND w.referral_id = r.referral_id AND w.agency_id = $4 AND w.basis = 'consent'
                      AND w.revoked_at IS NULL AND class.key = ANY (w.withheld)))
                  AND EXISTS (
                    SELECT FROM helpline.referral_choices c
                    WHERE c.centre_id = $1 AND c.referral_id = r.referral_id AND c.agency_id = $4 AND c.state IN ('offered', 'accepted'))
                ORDER BY 1) END"
        )
    };
}
pub(crate) use referral_classes;

/// Columns of [`ReferralRow`]; what is sealed is read if parameter 5 says so. Its choices are read by the same statement: nobody sees
/// some of a step and not the rest.
macro_rules! select {
    ($($rest:literal),+) => {
        concat!(
            "SELECT r.referral_id, r.number, r.contact_id, r.part_of, r.case_id, r.urgency, r.need, r.open_offer, r.open_to_any, r.unit,
                r.field_classes, r.state, r.due_at, r.alarms,
                r.owner_id, r.drafted_at, r.sent_at, r.agency_id, r.accepted_at, r.ended_at, r.outcome, r.reason, r.cancel_asked_by,
                r.appointment_at, r.appointment_state, r.no_shows, r.unmet, r.revision,
                CASE WHEN $5 THEN r.their_reference_sealed END AS their_reference_sealed, CASE WHEN $5 THEN r.identity_sealed END AS identity_sealed,
                CASE WHEN $5 THEN r.contact_sealed END AS contact_sealed, CASE WHEN $5 THEN r.location_sealed END AS location_sealed,
                CASE WHEN $5 THEN r.narrative_sealed END AS narrative_sealed, CASE WHEN $5 THEN r.health_sealed END AS health_sealed,
                CASE WHEN $5 THEN r.legal_sealed END AS legal_sealed, CASE WHEN $5 THEN r.perpetrator_sealed END AS perpetrator_sealed, ",
            referral_classes!(),
            " AS classes, ARRAY(
                SELECT jsonb_build_object('position', c.position, 'service_id', c.service_id, 'agency_id', c.agency_id, 'state', c.state,
                    'reason', c.reason, 'offered_at', c.offered_at, 'answered_at', c.answered_at, 'consented', EXISTS (
                        SELECT FROM helpline.disclosures x WHERE x.centre_id = $1 AND x.referral_id = r.referral_id AND x.agency_id = c.agency_id
                            AND ",
            in_force!(),
            "))
                FROM helpline.referral_choices c
                WHERE c.centre_id = $1 AND c.referral_id = r.referral_id AND ($4::uuid IS NULL OR c.agency_id = $4 AND c.offered_at IS NOT NULL)
                ORDER BY c.position) AS choices
             FROM helpline.referrals r WHERE r.centre_id = $1 AND ",
            sees_referral!("$2", "$3", "$4"),
            $($rest),+
        )
    };
}

pub(super) use select;

/// Nothing of a child is read outside the centre without a record of who has read which classes.
const BY_ID: &str = concat!(
    "WITH seen AS MATERIALIZED (",
    select!(" AND r.referral_id = ANY ($6)"),
    "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'particulars_read', $2, $3, contact_id, revision,
            jsonb_build_object('referral_id', referral_id, 'agency_id', $4::uuid, 'field_classes', classes)
        FROM seen WHERE $4::uuid IS NOT NULL AND cardinality(classes) > 0)
    SELECT * FROM seen"
);

#[derive(FromRow)]
pub(super) struct ReferralRow {
    referral_id: Uuid,
    number: i64,
    contact_id: Option<Uuid>,
    part_of: Option<Uuid>,
    case_id: Option<Uuid>,
    urgency: String,
    need: String,
    open_offer: bool,
    open_to_any: bool,
    unit: Option<String>,
    field_classes: Vec<String>,
    state: String,
    due_at: Option<DateTime<Utc>>,
    alarms: i32,
    owner_id: Uuid,
    drafted_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    agency_id: Option<Uuid>,
    accepted_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    outcome: Option<String>,
    reason: Option<String>,
    cancel_asked_by: Option<String>,
    appointment_at: Option<DateTime<Utc>>,
    appointment_state: Option<String>,
    no_shows: i32,
    unmet: bool,
    revision: i64,
    their_reference_sealed: Option<Vec<u8>>,
    identity_sealed: Option<Vec<u8>>,
    contact_sealed: Option<Vec<u8>>,
    location_sealed: Option<Vec<u8>>,
    narrative_sealed: Option<Vec<u8>>,
    health_sealed: Option<Vec<u8>>,
    legal_sealed: Option<Vec<u8>>,
    perpetrator_sealed: Option<Vec<u8>>,
    classes: Option<Vec<String>>,
    choices: Vec<Json<Chosen>>,
}

#[derive(Deserialize)]
struct Chosen {
    position: i32,
    service_id: Uuid,
    agency_id: Uuid,
    state: String,
    reason: Option<String>,
    offered_at: Option<DateTime<Utc>>,
    answered_at: Option<DateTime<Utc>>,
    consented: bool,
}

pub(super) fn read_classes(keys: &[String]) -> BTreeSet<FieldClass> {
    keys.iter().filter_map(|key| FieldClass::from_key(key)).collect()
}

/// A value that is stored under a key, if there is one.
fn stored<T>(
    key: Option<String>,
    column: &'static str,
    from_key: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, StoreError> {
    key.map(|key| from_key(&key).ok_or(inconsistent(column))).transpose()
}

fn choice(row: Chosen) -> Result<ChoiceRow, StoreError> {
    Ok(ChoiceRow {
        position: row.position,
        service_id: row.service_id.into(),
        agency_id: row.agency_id.into(),
        state: ChoiceState::from_key(&row.state).ok_or(inconsistent("choice"))?,
        reason: stored(row.reason, "choice", RejectReason::from_key)?,
        offered_at: row.offered_at,
        answered_at: row.answered_at,
        consented: row.consented,
    })
}

impl Store {
    pub(super) fn referral_from(&self, caller: &Caller, row: ReferralRow) -> Result<Referral, StoreError> {
        let (centre, id) = (caller.centre_id, row.referral_id);
        // Inside the centre everything is read by who may know of it at all.
        let classes = row.classes.map_or_else(|| FieldClass::ALL.into(), |keys| read_classes(&keys));
        let open = |column: Column, class: FieldClass, sealed: &Option<Vec<u8>>| {
            let sealed = sealed.as_deref().filter(|_| classes.contains(&class));
            self.open_some(column, centre, id, sealed)
        };
        let particulars = Particulars {
            identity: open(IDENTITY, FieldClass::Identity, &row.identity_sealed)?,
            contact: open(CONTACT, FieldClass::Contact, &row.contact_sealed)?,
            location: open(LOCATION, FieldClass::Location, &row.location_sealed)?,
            narrative: open(NARRATIVE, FieldClass::Narrative, &row.narrative_sealed)?,
            health: open(HEALTH, FieldClass::Health, &row.health_sealed)?,
            legal: open(LEGAL, FieldClass::Legal, &row.legal_sealed)?,
            perpetrator: open(PERPETRATOR, FieldClass::Perpetrator, &row.perpetrator_sealed)?,
        };
        // It is the agency's own number: whoever has the referral may read it.
        let own = caller.role != Role::AgencyResponder || agency_of(caller) == row.agency_id;
        let reference = row.their_reference_sealed.as_deref().filter(|_| own);
        Ok(Referral {
            referral_id: id.into(),
            number: row.number,
            contact_id: row.contact_id.map(ContactId::from),
            part_of: row.part_of.map(ReferralId::from),
            case_id: row.case_id.map(CaseId::from),
            urgency: Urgency::from_key(&row.urgency).ok_or(inconsistent("urgency"))?,
            need: row.need,
            open_offer: row.open_offer,
            open_to_any: row.open_to_any,
            unit: row.unit,
            field_classes: read_classes(&row.field_classes),
            state: ReferralState::from_key(&row.state).ok_or(inconsistent("state"))?,
            due_at: row.due_at,
            alarms: row.alarms,
            owner_id: row.owner_id,
            drafted_at: row.drafted_at,
            sent_at: row.sent_at,
            agency_id: row.agency_id.map(AgencyId::from),
            accepted_at: row.accepted_at,
            ended_at: row.ended_at,
            outcome: stored(row.outcome, "outcome", ReferralOutcome::from_key)?,
            reason: row.reason,
            cancel_asked_by: stored(row.cancel_asked_by, "cancel_asked_by", Side::from_key)?,
            appointment_at: row.appointment_at,
            appointment_state: stored(
                row.appointment_state,
                "appointment_state",
                AppointmentState::from_key,
            )?,
            no_shows: row.no_shows,
            unmet: row.unmet,
            their_reference: self.open_some(THEIR_REFERENCE, centre, id, reference)?,
            particulars,
            choices: row.choices.into_iter().map(|Json(one)| choice(one)).collect::<Result<_, _>>()?,
            revision: row.revision,
            classes,
        })
    }

    /// Referrals with these ids, as far as the caller may see them.
    pub async fn referrals_by_id(
        &self,
        caller: &Caller,
        ids: &[ReferralId],
    ) -> Result<Vec<Referral>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(ReferralId::as_uuid).collect();
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, ReferralRow>(BY_ID)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(true)
            .bind(ids)
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.referral_from(caller, row)).collect()
    }
}
