//! A referral is written down.

use std::collections::BTreeSet;

use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{CaseId, CentreId, ContactId, ReferralId, ServiceId};
use helpline_domain::referral::Urgency;
use sqlx::FromRow;
use uuid::Uuid;

use super::{CONTACT, HEALTH, IDENTITY, LEGAL, LOCATION, NARRATIVE, PERPETRATOR, Particulars, sees_referral};
use crate::casework::sees_case;
use crate::change::{Change, Command, change, change_query};
use crate::escalation::agency_of;
use crate::{Store, StoreError};

/// A referral to write down.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewReferral {
    pub referral_id: ReferralId,
    pub contact_id: ContactId,
    pub part_of: Option<ReferralId>,
    pub urgency: Urgency,
    pub need: String,
    pub service_ids: Vec<ServiceId>,
    pub open_offer: bool,
    pub field_classes: BTreeSet<FieldClass>,
    pub particulars: Particulars,
    pub answer_s: u32,
    pub case_id: Option<CaseId>,
}

/// What is asked for must be there: the contact of the caller, each service with an agency that can answer, and what it is a
/// part of.
const DRAFT: &str = change!(
    event: "referral_drafted", resource: "referral_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('referral_id', referral_id, 'urgency', urgency, 'need', need)",
    with: "named AS MATERIALIZED (
        SELECT s.service_id, s.agency_id, w.place::int AS place
        FROM unnest($14::uuid[]) WITH ORDINALITY AS w (service_id, place)
        JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = w.service_id
        JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = s.agency_id AND a.disabled_at IS NULL),
    changed AS (
        INSERT INTO helpline.referrals (centre_id, referral_id, contact_id, part_of, urgency, need, open_offer, field_classes, state, answer_s,
            owner_id, drafted_by, drafted_at, identity_sealed, contact_sealed, location_sealed, narrative_sealed, health_sealed, legal_sealed,
            perpetrator_sealed, event_count, changed_at, case_id)
        SELECT $1, $7, c.contact_id, $9, $10, $11, $12, $13, 'draft', $15, $2, $2, helpline.now(), $16, $17, $18, $19, $20, $21, $22, 1,
            helpline.now(), $24
        FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.contact_id = $8 AND ($3 = 'supervisor' OR c.counsellor_id = $2)
          AND (SELECT count(*) FROM named) = cardinality($14)
          AND ($9::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = $9 AND r.ended_at IS NULL AND ",
    sees_referral!("$2", "$3", "$23"), "))
          AND ($24::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.cases c WHERE c.centre_id = $1 AND c.case_id = $24 AND c.closed_at IS NULL AND ",
    sees_case!("$2", "$3"), "))
        RETURNING *),
    chosen AS (
        INSERT INTO helpline.referral_choices (centre_id, referral_id, position, service_id, agency_id, state)
        SELECT $1, referral_id, place, service_id, named.agency_id, 'waiting' FROM changed CROSS JOIN named),
    noted AS (
        INSERT INTO helpline.referral_events (centre_id, referral_id, sequence, at, event, actor_id, actor_role, detail)
        SELECT $1, referral_id, 1, helpline.now(), 'drafted', $2, $3, jsonb_build_object('urgency', urgency, 'need', need) FROM changed)";
    returning: "referral_id AS resource_id",
);

#[derive(FromRow)]
struct Drafted {
    resource_id: Uuid,
}

impl Store {
    /// Writes a referral down. Refused when something that it names is not there for the caller.
    pub async fn draft_referral(
        &self,
        command: &Command,
        new: &NewReferral,
    ) -> Result<Change<ReferralId>, StoreError> {
        let (centre, row, known) = (command.centre(), new.referral_id.as_uuid(), &new.particulars);
        let classes: Vec<String> = new.field_classes.iter().map(|class| class.key().to_owned()).collect();
        let services: Vec<Uuid> = new.service_ids.iter().map(ServiceId::as_uuid).collect();
        let query = change_query::<Drafted>(DRAFT, command)
            .bind(row)
            .bind(new.contact_id.as_uuid())
            .bind(new.part_of.map(|id| id.as_uuid()))
            .bind(new.urgency.key())
            .bind(new.need.clone())
            .bind(new.open_offer)
            .bind(classes)
            .bind(services)
            .bind(i32::try_from(new.answer_s).unwrap_or(i32::MAX))
            .bind(self.seal_some(IDENTITY, centre, row, known.identity.as_ref()))
            .bind(self.seal_some(CONTACT, centre, row, known.contact.as_ref()))
            .bind(self.seal_some(LOCATION, centre, row, known.location.as_ref()))
            .bind(self.seal_some(NARRATIVE, centre, row, known.narrative.as_ref()))
            .bind(self.seal_some(HEALTH, centre, row, known.health.as_ref()))
            .bind(self.seal_some(LEGAL, centre, row, known.legal.as_ref()))
            .bind(self.seal_some(PERPETRATOR, centre, row, known.perpetrator.as_ref()))
            .bind(agency_of(&command.caller))
            .bind(new.case_id.map(|id| id.as_uuid()));
        Ok(self.change(command, query).await?.map(|row| row.resource_id.into()))
    }

    /// Which of these services have an agency that can answer, by their place in the list; `None` for those that are not there.
    pub async fn services_answer(
        &self,
        centre: CentreId,
        services: &[ServiceId],
    ) -> Result<Vec<Option<bool>>, StoreError> {
        let ids: Vec<Uuid> = services.iter().map(ServiceId::as_uuid).collect();
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (Option<bool>,)>(
            "SELECT CASE WHEN s.service_id IS NOT NULL THEN a.agency_id IS NOT NULL AND a.disabled_at IS NULL END
             FROM unnest($2::uuid[]) WITH ORDINALITY AS w (service_id, place)
             LEFT JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = w.service_id
             LEFT JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = s.agency_id
             ORDER BY w.place",
        )
        .bind(centre.as_uuid())
        .bind(ids)
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(rows)?.into_iter().map(|row| row.0).collect())
    }
}
