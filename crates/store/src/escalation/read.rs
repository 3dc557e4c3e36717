//! Who sees what of escalations. A sealed column is opened for those alone who may read its class of field.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::escalation::{Danger, EscalationKind, EscalationState, LocationSource, Outcome};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CaseId, CentreId, ContactId, EscalationId};
use helpline_domain::risk::Risk;
use helpline_vault::Sensitive;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::raise::Particulars;
use super::{agency_of, inconsistent, sees};
use crate::sealing::{
    Column, ESCALATION_CONTACT, ESCALATION_HEALTH, ESCALATION_IDENTITY, ESCALATION_NARRATIVE,
    ESCALATION_PERPETRATOR, PLACE, THEIR_INCIDENT,
};
use crate::{Store, StoreError};

/// An escalation as far as somebody may see it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Escalation {
    pub escalation_id: EscalationId,
    pub number: i64,
    pub kind: EscalationKind,
    pub contact_id: Option<ContactId>,
    pub case_id: Option<CaseId>,
    pub risk: Risk,
    pub danger: Danger,
    pub region: Option<String>,
    pub exercise: bool,
    pub plan_version: i64,
    pub policy: String,
    pub state: EscalationState,
    pub rung: i32,
    pub due_at: Option<DateTime<Utc>>,
    pub reach_due_at: Option<DateTime<Utc>>,
    pub reach_alarms: i32,
    pub owner_id: Uuid,
    pub raised_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub acknowledged: Option<Answered>,
    pub accepted: Option<Answered>,
    pub responding_at: Option<DateTime<Utc>>,
    pub on_scene_at: Option<DateTime<Utc>>,
    pub child_reached_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub outcome: Option<Outcome>,
    pub end_asked: Option<EndAsked>,
    pub handed_to: Option<AgencyId>,
    pub their_incident: Option<Sensitive<String>>,
    pub report: Option<Value>,
    pub particulars: Particulars,
    pub locations: Vec<Location>,
    pub contact_ids: Vec<ContactId>,
    pub revision: i64,
    /// Which classes of fields its reader may read.
    pub classes: BTreeSet<FieldClass>,
}

impl Escalation {
    /// Of a mandatory report: when it must have been made, in seconds since 1970.
    pub fn deadline_s(&self) -> Option<i64> {
        self.report.as_ref()?.get("deadline_s")?.as_i64()
    }
}

/// Who answered, for which agency, when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answered {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Uuid,
    /// For which agency.
    pub agency_id: Option<AgencyId>,
}

/// The end that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndAsked {
    /// Which end.
    pub state: EscalationState,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: Uuid,
    /// When.
    pub at: DateTime<Utc>,
}

/// Where a child may be.
#[derive(Clone, Debug)]
pub struct Location {
    /// Address, coordinates or description.
    pub place: Sensitive<String>,
    /// Where it is known from.
    pub source: LocationSource,
    /// When the child was there.
    pub observed_at: Option<DateTime<Utc>>,
    /// Who reported it.
    pub reported_by: Uuid,
    /// When it was reported.
    pub reported_at: DateTime<Utc>,
}

/// What a reader may read: classes of an agency by the disclosures in force, within what it may ever be told.
macro_rules! classes {
    () => {
        concat!(
            "CASE WHEN $4::uuid IS NULL THEN NULL ELSE ARRAY(
            SELECT DISTINCT class.key FROM helpline.disclosures x
            JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = x.agency_id
            CROSS JOIN LATERAL unnest(x.field_classes) AS class (key)
            WHERE x.centre_id = $1 AND x.escalation_id = e.escalation_id AND x.agency_id = $4 AND class.key = ANY (a.field_classes)
              AND ", $crate::disclosure::in_force!(), " AND ", $crate::disclosure::let_through!(), "
            ORDER BY 1) END"
        )
    };
}
pub(super) use classes;

/// Columns of [`EscalationRow`]; what is sealed is read if parameter 5 says so.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT e.escalation_id, e.number, e.kind, e.contact_id, e.case_id, e.risk, e.danger, e.region, e.exercise, e.plan_version, e.policy, e.state,
                e.rung, e.due_at, e.reach_due_at, e.reach_alarms, e.owner_id, e.raised_at, e.delivered_at, e.acknowledged_at, e.acknowledged_by,
                e.acknowledged_agency_id, e.accepted_at, e.accepted_by, e.accepted_agency_id, e.responding_at, e.on_scene_at,
                e.child_reached_at, e.ended_at, e.outcome, e.end_asked, e.end_reason, e.end_asked_by, e.end_asked_at, e.handed_to_agency_id,
                e.report, e.revision, CASE WHEN $5 THEN e.their_incident_sealed END AS their_incident_sealed,
                CASE WHEN $5 THEN e.identity_sealed END AS identity_sealed, CASE WHEN $5 THEN e.contact_sealed END AS contact_sealed,
                CASE WHEN $5 THEN e.narrative_sealed END AS narrative_sealed, CASE WHEN $5 THEN e.health_sealed END AS health_sealed,
                CASE WHEN $5 THEN e.perpetrator_sealed END AS perpetrator_sealed,
                ARRAY(SELECT x.contact_id FROM helpline.escalation_contacts x
                    WHERE x.centre_id = $1 AND x.escalation_id = e.escalation_id ORDER BY x.joined_at, x.contact_id) AS contact_ids, ",
            classes!(),
            " AS classes FROM helpline.escalations e WHERE e.centre_id = $1 AND ",
            sees!("$2", "$3", "$4"),
            $rest
        )
    };
}

pub(super) use select;

const BY_ID: &str = select!(" AND e.escalation_id = ANY ($6)");

const LOCATIONS: &str = "
    SELECT escalation_id, location_id, source, place_sealed, observed_at, reported_by, reported_at FROM helpline.escalation_locations
    WHERE centre_id = $1 AND escalation_id = ANY ($2) ORDER BY escalation_id, sequence";

#[derive(FromRow)]
pub(super) struct EscalationRow {
    escalation_id: Uuid,
    number: i64,
    kind: String,
    contact_id: Option<Uuid>,
    case_id: Option<Uuid>,
    risk: i16,
    danger: String,
    region: Option<String>,
    exercise: bool,
    plan_version: i64,
    policy: String,
    state: String,
    rung: i32,
    due_at: Option<DateTime<Utc>>,
    reach_due_at: Option<DateTime<Utc>>,
    reach_alarms: i32,
    owner_id: Uuid,
    raised_at: DateTime<Utc>,
    delivered_at: Option<DateTime<Utc>>,
    acknowledged_at: Option<DateTime<Utc>>,
    acknowledged_by: Option<Uuid>,
    acknowledged_agency_id: Option<Uuid>,
    accepted_at: Option<DateTime<Utc>>,
    accepted_by: Option<Uuid>,
    accepted_agency_id: Option<Uuid>,
    responding_at: Option<DateTime<Utc>>,
    on_scene_at: Option<DateTime<Utc>>,
    child_reached_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    outcome: Option<String>,
    end_asked: Option<String>,
    end_reason: Option<String>,
    end_asked_by: Option<Uuid>,
    end_asked_at: Option<DateTime<Utc>>,
    handed_to_agency_id: Option<Uuid>,
    report: Option<Json<Value>>,
    revision: i64,
    their_incident_sealed: Option<Vec<u8>>,
    identity_sealed: Option<Vec<u8>>,
    contact_sealed: Option<Vec<u8>>,
    narrative_sealed: Option<Vec<u8>>,
    health_sealed: Option<Vec<u8>>,
    perpetrator_sealed: Option<Vec<u8>>,
    contact_ids: Vec<Uuid>,
    classes: Option<Vec<String>>,
}

#[derive(FromRow)]
struct LocationRow {
    escalation_id: Uuid,
    location_id: Uuid,
    source: String,
    place_sealed: Vec<u8>,
    observed_at: Option<DateTime<Utc>>,
    reported_by: Uuid,
    reported_at: DateTime<Utc>,
}

pub(super) fn classes_from(keys: Option<Vec<String>>) -> BTreeSet<FieldClass> {
    // Inside the centre everything is read by who may know of it at all.
    keys.map_or_else(
        || FieldClass::ALL.into(),
        |keys| keys.iter().filter_map(|key| FieldClass::from_key(key)).collect(),
    )
}

const fn answered(at: Option<DateTime<Utc>>, by: Option<Uuid>, agency: Option<AgencyId>) -> Option<Answered> {
    match (at, by) {
        (Some(at), Some(by)) => Some(Answered { at, by, agency_id: agency }),
        _ => None,
    }
}

impl Store {
    pub(super) fn escalation_from(
        &self,
        caller: &Caller,
        row: EscalationRow,
    ) -> Result<Escalation, StoreError> {
        let (centre, id) = (caller.centre_id, row.escalation_id);
        let classes = classes_from(row.classes);
        let open = |column: Column, class: FieldClass, sealed: &Option<Vec<u8>>| {
            let sealed = sealed.as_deref().filter(|_| classes.contains(&class));
            self.open_some(column, centre, id, sealed)
        };
        let particulars = Particulars {
            identity: open(ESCALATION_IDENTITY, FieldClass::Identity, &row.identity_sealed)?,
            contact: open(ESCALATION_CONTACT, FieldClass::Contact, &row.contact_sealed)?,
            narrative: open(ESCALATION_NARRATIVE, FieldClass::Narrative, &row.narrative_sealed)?,
            health: open(ESCALATION_HEALTH, FieldClass::Health, &row.health_sealed)?,
            perpetrator: open(ESCALATION_PERPETRATOR, FieldClass::Perpetrator, &row.perpetrator_sealed)?,
        };
        let end_asked = match (row.end_asked, row.end_reason, row.end_asked_by, row.end_asked_at) {
            (Some(state), Some(reason), Some(by), Some(at)) => {
                let state = EscalationState::from_key(&state).ok_or(inconsistent("end_asked"))?;
                Some(EndAsked { state, reason, by, at })
            }
            _ => None,
        };
        let outcome = row.outcome.map(|key| Outcome::from_key(&key).ok_or(inconsistent("outcome")));
        Ok(Escalation {
            escalation_id: id.into(),
            number: row.number,
            kind: EscalationKind::from_key(&row.kind).ok_or(inconsistent("kind"))?,
            contact_id: row.contact_id.map(ContactId::from),
            case_id: row.case_id.map(CaseId::from),
            risk: Risk::from_number(row.risk).ok_or(inconsistent("risk"))?,
            danger: Danger::from_key(&row.danger).ok_or(inconsistent("danger"))?,
            region: row.region,
            exercise: row.exercise,
            plan_version: row.plan_version,
            policy: row.policy,
            state: EscalationState::from_key(&row.state).ok_or(inconsistent("state"))?,
            rung: row.rung,
            due_at: row.due_at,
            reach_due_at: row.reach_due_at,
            reach_alarms: row.reach_alarms,
            owner_id: row.owner_id,
            raised_at: row.raised_at,
            delivered_at: row.delivered_at,
            acknowledged: answered(
                row.acknowledged_at,
                row.acknowledged_by,
                row.acknowledged_agency_id.map(AgencyId::from),
            ),
            accepted: answered(row.accepted_at, row.accepted_by, row.accepted_agency_id.map(AgencyId::from)),
            responding_at: row.responding_at,
            on_scene_at: row.on_scene_at,
            child_reached_at: row.child_reached_at,
            ended_at: row.ended_at,
            outcome: outcome.transpose()?,
            end_asked,
            handed_to: row.handed_to_agency_id.map(AgencyId::from),
            their_incident: open(THEIR_INCIDENT, FieldClass::Legal, &row.their_incident_sealed)?,
            report: row.report.map(|report| report.0).filter(|_| classes.contains(&FieldClass::Legal)),
            particulars,
            locations: Vec::new(),
            contact_ids: row.contact_ids.into_iter().map(ContactId::from).collect(),
            revision: row.revision,
            classes,
        })
    }

    /// Escalations with these ids, as far as the caller may see them.
    pub async fn escalations_by_id(
        &self,
        caller: &Caller,
        ids: &[EscalationId],
    ) -> Result<Vec<Escalation>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(EscalationId::as_uuid).collect();
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, EscalationRow>(BY_ID)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(true)
            .bind(ids.clone())
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        let places = sqlx::query_as::<_, LocationRow>(LOCATIONS)
            .bind(caller.centre_id.as_uuid())
            .bind(ids)
            .fetch_all(connection.postgres())
            .await;
        let places = connection.settle(places)?;
        drop(connection);
        let mut found = HashMap::<Uuid, Vec<LocationRow>>::new();
        for place in places {
            found.entry(place.escalation_id).or_default().push(place);
        }
        rows.into_iter()
            .map(|row| {
                let places = found.remove(&row.escalation_id).unwrap_or_default();
                let mut escalation = self.escalation_from(caller, row)?;
                if escalation.classes.contains(&FieldClass::Location) {
                    let open = |place| self.location_from(caller.centre_id, place);
                    escalation.locations = places.iter().map(open).collect::<Result<_, _>>()?;
                }
                Ok(escalation)
            })
            .collect()
    }

    fn location_from(&self, centre: CentreId, row: &LocationRow) -> Result<Location, StoreError> {
        let wrong = StoreError::Inconsistent { table: "escalation_locations", column: "source" };
        Ok(Location {
            place: self.open(PLACE, centre, row.location_id, &row.place_sealed)?,
            source: LocationSource::from_key(&row.source).ok_or(wrong)?,
            observed_at: row.observed_at,
            reported_by: row.reported_by,
            reported_at: row.reported_at,
        })
    }

    /// Where the first open escalation stands that a contact has part in.
    pub async fn escalation_open_for(
        &self,
        centre: CentreId,
        contact: ContactId,
    ) -> Result<Option<EscalationState>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let state = sqlx::query_scalar::<_, String>(
            "SELECT e.state FROM helpline.escalation_contacts x
             JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = x.escalation_id
             WHERE x.centre_id = $1 AND x.contact_id = $2 AND e.ended_at IS NULL ORDER BY e.escalation_id LIMIT 1",
        )
        .bind(centre.as_uuid())
        .bind(contact.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        let state = connection.settle(state)?;
        state.map(|key| EscalationState::from_key(&key).ok_or(inconsistent("state"))).transpose()
    }
}
