//! Who sees what of hand-overs. A sealed column is opened for those alone who may read its class of field.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::closing::{AgeBand, Gender};
use helpline_domain::crossborder::rule::Decision;
use helpline_domain::crossborder::{
    CrossBorderDeclineReason, CrossBorderEscort, CrossBorderOfferState, CrossBorderRoute, CrossBorderState,
};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CaseId, CentreId, CrossBorderId, EscalationId};
use helpline_domain::settings::crossborder::CrossBorder as Rules;
use helpline_vault::Sensitive;
use serde::Deserialize;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::prepare::Profile;
use super::{
    CONDITIONS, CONTACT, HEALTH, IDENTITY, LEGAL, LOCATION, NARRATIVE, PERPETRATOR, TRAVEL, in_force,
    inconsistent, sees_crossborder,
};
use crate::escalation::agency_of;
use crate::referral::Particulars;
use crate::sealing::Column;
use crate::{Store, StoreError};

/// A hand-over as far as somebody may see it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct CrossBorder {
    pub crossborder_id: CrossBorderId,
    pub number: i64,
    pub case_id: CaseId,
    pub country: String,
    pub profile: Profile,
    pub field_classes: BTreeSet<FieldClass>,
    pub state: CrossBorderState,
    pub decision: Option<Decision>,
    pub due_at: Option<DateTime<Utc>>,
    pub alarms: i32,
    pub prepared_at: DateTime<Utc>,
    pub agency_id: Option<AgencyId>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub travel: Option<Travel>,
    pub departed_at: Option<DateTime<Utc>>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub certificate: Option<(String, String)>,
    pub sending_signed: Option<(Uuid, DateTime<Utc>)>,
    pub receiving_signed: Option<(Uuid, DateTime<Utc>)>,
    pub receiving_key: Option<String>,
    pub receiving_signature: Option<String>,
    pub first_visit_at: Option<DateTime<Utc>>,
    pub reports: i32,
    pub monitor_until: Option<DateTime<Utc>>,
    pub escalation_id: Option<EscalationId>,
    pub ended_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    pub particulars: Particulars,
    pub conditions: Option<Sensitive<String>>,
    pub offers: Vec<Offer>,
    pub revision: i64,
    /// The database's time at which it was read.
    pub clock: DateTime<Utc>,
    /// Which classes of fields its reader may read.
    pub classes: BTreeSet<FieldClass>,
    /// Whether the last decision, by the rules of now, lets something be told abroad.
    pub lets: bool,
}

/// When and how a child travels.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Travel {
    pub departs_at: DateTime<Utc>,
    pub arrives_at: DateTime<Utc>,
    pub escort: CrossBorderEscort,
    pub route: CrossBorderRoute,
    pub details: Option<Sensitive<String>>,
}

/// An offer as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Offer {
    pub position: i32,
    pub agency_id: AgencyId,
    pub state: CrossBorderOfferState,
    pub reason: Option<CrossBorderDeclineReason>,
    pub offered_at: DateTime<Utc>,
    pub answered_at: Option<DateTime<Utc>>,
}

impl CrossBorder {
    /// Who is asked, assesses, or has accepted.
    pub fn open_offer(&self) -> Option<&Offer> {
        self.offers.iter().find(|one| one.state.is_open())
    }

    /// How the last offer to an agency ended, if none of its offers is open.
    pub fn over_for(&self, agency: AgencyId) -> Option<CrossBorderOfferState> {
        let own = || self.offers.iter().filter(|one| one.agency_id == agency);
        let last = own().max_by_key(|one| one.position)?;
        (!own().any(|one| one.state.is_open())).then_some(last.state)
    }
}

/// Whether the last decision lets something be told abroad, and the rules of now still let what it was made from. Parameters 6 and 7: legal
/// bases that are accepted where, and what must not be where.
macro_rules! lets {
    () => {
        "(h.allowed AND h.country || ':' || (h.decision -> 'inputs' ->> 'legal_basis') = ANY ($6::text[])
            AND (h.country || ':fear' <> ALL ($7::text[]) OR (h.decision -> 'inputs' -> 'fear_recorded') = 'false'::jsonb
                AND NOT helpline.is_feared($1, ARRAY[h.case_id], h.country))) IS TRUE"
    };
}

/// What a focal point may read: what is granted, within consent or an override that the country lets do, without what is withheld and what
/// the rules of the country forbid, within the most it may ever be told; and only from accepting until it is over.
macro_rules! classes {
    () => {
        concat!(
            "CASE WHEN $4::uuid IS NULL THEN NULL ELSE ARRAY(
                SELECT DISTINCT class.key FROM helpline.disclosures x
                JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = x.agency_id AND a.disabled_at IS NULL
                CROSS JOIN LATERAL unnest(x.field_classes) AS class (key)
                WHERE x.centre_id = $1 AND x.crossborder_id = h.crossborder_id AND x.agency_id = $4 AND h.agency_id = $4
                  AND h.ended_at IS NULL AND class.key = ANY (a.field_classes) AND class.key = ANY (h.field_classes)
                  AND h.country || ':' || class.key <> ALL ($7::text[])
                  AND (x.basis <> 'override' OR h.country || ':override' <> ALL ($7)) AND ",
            $crate::crossborder::read::lets!(),
            " AND ",
            in_force!(),
            " AND ",
            $crate::disclosure::let_through!(),
            " AND NOT EXISTS (
                    SELECT FROM helpline.disclosures w
                    WHERE w.centre_id = $1 AND w.crossborder_id = h.crossborder_id AND w.agency_id = $4 AND w.revoked_at IS NULL
                      AND class.key = ANY (w.withheld))
                ORDER BY 1) END"
        )
    };
}

/// Columns of [`CrossBorderRow`]; what is sealed is read if parameter 5 says so. Its offers are read by the same statement.
macro_rules! select {
    ($($rest:expr),+) => {
        concat!(
            "SELECT h.crossborder_id, h.number, h.case_id, h.country, h.age_band, h.gender, h.needs, h.region, h.language, h.field_classes,
                h.state, h.decision, h.due_at, h.alarms, h.prepared_at, h.agency_id, h.accepted_at, h.departs_at, h.arrives_at, h.escort,
                h.route, h.departed_at, h.arrived_at, h.certificate, h.certificate_sha256, h.sending_signed_by, h.sending_signed_at,
                h.receiving_signed_by, h.receiving_signed_at, h.receiving_key, h.receiving_signature, h.first_visit_at, h.reports, h.monitor_until, h.escalation_id, h.ended_at,
                h.reason, h.revision, helpline.now() AS clock,
                CASE WHEN $5 THEN h.identity_sealed END AS identity_sealed, CASE WHEN $5 THEN h.contact_sealed END AS contact_sealed,
                CASE WHEN $5 THEN h.location_sealed END AS location_sealed, CASE WHEN $5 THEN h.narrative_sealed END AS narrative_sealed,
                CASE WHEN $5 THEN h.health_sealed END AS health_sealed, CASE WHEN $5 THEN h.legal_sealed END AS legal_sealed,
                CASE WHEN $5 THEN h.perpetrator_sealed END AS perpetrator_sealed, CASE WHEN $5 THEN h.travel_sealed END AS travel_sealed,
                CASE WHEN $5 THEN h.conditions_sealed END AS conditions_sealed, ",
            $crate::crossborder::read::classes!(),
            " AS classes, ",
            $crate::crossborder::read::lets!(),
            " AS lets, ARRAY(
                SELECT jsonb_build_object('position', o.position, 'agency_id', o.agency_id, 'state', o.state, 'reason', o.reason,
                    'offered_at', o.offered_at, 'answered_at', o.answered_at)
                FROM helpline.crossborder_offers o
                WHERE o.centre_id = $1 AND o.crossborder_id = h.crossborder_id AND ($4::uuid IS NULL OR o.agency_id = $4)
                ORDER BY o.position) AS offers
             FROM helpline.crossborder_handovers h WHERE h.centre_id = $1 AND ",
            $($rest),+
        )
    };
}
pub(super) use {classes, lets, select};

/// Nothing of a child is read outside the centre without a record of who has read which classes, nor inside without one of who has looked.
const BY_ID: &str = concat!(
    "WITH seen AS MATERIALIZED (",
    select!("h.crossborder_id = $8 AND ($3::text IS NULL OR ", sees_crossborder!("$2", "$3", "$4"), ")"),
    "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, revision, detail)
        SELECT $1, helpline.now(), 'particulars_read', $2, $3, revision,
            jsonb_build_object('crossborder_id', crossborder_id, 'agency_id', $4::uuid, 'field_classes', classes)
        FROM seen WHERE $5 AND $4::uuid IS NOT NULL AND cardinality(classes) > 0
        UNION ALL
        SELECT $1, helpline.now(), 'crossborder_seen', $2, $3, revision,
            jsonb_build_object('crossborder_id', crossborder_id, 'case_id', case_id)
        FROM seen WHERE $5 AND $4 IS NULL AND $2 IS NOT NULL)
    SELECT * FROM seen"
);

#[derive(FromRow)]
pub(super) struct CrossBorderRow {
    crossborder_id: Uuid,
    number: i64,
    case_id: Uuid,
    country: String,
    age_band: String,
    gender: String,
    needs: Vec<String>,
    region: Option<String>,
    language: String,
    field_classes: Vec<String>,
    state: String,
    decision: Option<Json<Decision>>,
    due_at: Option<DateTime<Utc>>,
    alarms: i32,
    prepared_at: DateTime<Utc>,
    agency_id: Option<Uuid>,
    accepted_at: Option<DateTime<Utc>>,
    departs_at: Option<DateTime<Utc>>,
    arrives_at: Option<DateTime<Utc>>,
    escort: Option<String>,
    route: Option<String>,
    departed_at: Option<DateTime<Utc>>,
    arrived_at: Option<DateTime<Utc>>,
    certificate: Option<String>,
    certificate_sha256: Option<String>,
    sending_signed_by: Option<Uuid>,
    sending_signed_at: Option<DateTime<Utc>>,
    receiving_signed_by: Option<Uuid>,
    receiving_signed_at: Option<DateTime<Utc>>,
    receiving_key: Option<String>,
    receiving_signature: Option<String>,
    first_visit_at: Option<DateTime<Utc>>,
    reports: i32,
    monitor_until: Option<DateTime<Utc>>,
    escalation_id: Option<Uuid>,
    ended_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    revision: i64,
    clock: DateTime<Utc>,
    identity_sealed: Option<Vec<u8>>,
    contact_sealed: Option<Vec<u8>>,
    location_sealed: Option<Vec<u8>>,
    narrative_sealed: Option<Vec<u8>>,
    health_sealed: Option<Vec<u8>>,
    legal_sealed: Option<Vec<u8>>,
    perpetrator_sealed: Option<Vec<u8>>,
    travel_sealed: Option<Vec<u8>>,
    conditions_sealed: Option<Vec<u8>>,
    classes: Option<Vec<String>>,
    lets: bool,
    offers: Vec<Json<Asked>>,
}

#[derive(Deserialize)]
struct Asked {
    position: i32,
    agency_id: Uuid,
    state: String,
    reason: Option<String>,
    offered_at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
}

fn classes_of(keys: &[String]) -> BTreeSet<FieldClass> {
    keys.iter().filter_map(|key| FieldClass::from_key(key)).collect()
}

fn offer(Json(row): Json<Asked>) -> Result<Offer, StoreError> {
    let reason = row.reason.map(|key| CrossBorderDeclineReason::from_key(&key).ok_or(inconsistent("offer")));
    Ok(Offer {
        position: row.position,
        agency_id: row.agency_id.into(),
        state: CrossBorderOfferState::from_key(&row.state).ok_or(inconsistent("offer"))?,
        reason: reason.transpose()?,
        offered_at: row.offered_at,
        answered_at: row.answered_at,
    })
}

impl Store {
    pub(super) fn crossborder_from(
        &self,
        caller: Option<&Caller>,
        centre: CentreId,
        row: CrossBorderRow,
    ) -> Result<CrossBorder, StoreError> {
        let id = row.crossborder_id;
        // Inside the centre everything is read by who may know of it at all.
        let classes = row.classes.map_or_else(|| FieldClass::ALL.into(), |keys| classes_of(&keys));
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
        // The conditions are the focal point's own words.
        let own =
            caller.is_none_or(|caller| caller.agency_id.is_none() || agency_of(caller) == row.agency_id);
        let conditions = row.conditions_sealed.as_deref().filter(|_| own);
        let details = open(TRAVEL, FieldClass::Location, &row.travel_sealed)?;
        let travel = row.departs_at.zip(row.arrives_at).zip(row.escort.zip(row.route)).map(
            |((departs_at, arrives_at), (escort, route))| {
                Ok::<_, StoreError>(Travel {
                    departs_at,
                    arrives_at,
                    escort: CrossBorderEscort::from_key(&escort).ok_or(inconsistent("escort"))?,
                    route: CrossBorderRoute::from_key(&route).ok_or(inconsistent("route"))?,
                    details,
                })
            },
        );
        Ok(CrossBorder {
            crossborder_id: id.into(),
            number: row.number,
            case_id: row.case_id.into(),
            country: row.country,
            profile: Profile {
                age_band: AgeBand::from_key(&row.age_band).ok_or(inconsistent("age_band"))?,
                gender: Gender::from_key(&row.gender).ok_or(inconsistent("gender"))?,
                needs: row.needs,
                region: row.region,
                language: row.language,
            },
            field_classes: classes_of(&row.field_classes),
            state: CrossBorderState::from_key(&row.state).ok_or(inconsistent("state"))?,
            decision: row.decision.map(|Json(decision)| decision),
            due_at: row.due_at,
            alarms: row.alarms,
            prepared_at: row.prepared_at,
            agency_id: row.agency_id.map(AgencyId::from),
            accepted_at: row.accepted_at,
            travel: travel.transpose()?,
            departed_at: row.departed_at,
            arrived_at: row.arrived_at,
            certificate: row.certificate.zip(row.certificate_sha256),
            sending_signed: row.sending_signed_by.zip(row.sending_signed_at),
            receiving_signed: row.receiving_signed_by.zip(row.receiving_signed_at),
            receiving_key: row.receiving_key,
            receiving_signature: row.receiving_signature,
            first_visit_at: row.first_visit_at,
            reports: row.reports,
            monitor_until: row.monitor_until,
            escalation_id: row.escalation_id.map(EscalationId::from),
            ended_at: row.ended_at,
            reason: row.reason,
            particulars,
            conditions: self.open_some(CONDITIONS, centre, id, conditions)?,
            offers: row.offers.into_iter().map(offer).collect::<Result<_, _>>()?,
            revision: row.revision,
            clock: row.clock,
            classes,
            lets: row.lets,
        })
    }

    /// A hand-over, if the caller may know of it; for nobody in particular, whoever it is of. What an agency may read follows the rules in
    /// force; that it has read is journalled, unless nothing is shown.
    pub async fn crossborder(
        &self,
        centre: CentreId,
        (caller, shown): (Option<&Caller>, bool),
        rules: &Rules,
        id: CrossBorderId,
    ) -> Result<Option<CrossBorder>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, CrossBorderRow>(BY_ID)
            .bind(centre.as_uuid())
            .bind(caller.map(Caller::principal))
            .bind(caller.map(|caller| caller.role.key()))
            .bind(caller.and_then(agency_of))
            .bind(shown)
            .bind(rules.accepted_bases())
            .bind(rules.forbidden())
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.crossborder_from(caller, centre, row)).transpose()
    }
}
