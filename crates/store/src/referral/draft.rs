//! A referral is written down, and changed while nobody outside knows of it.

use std::collections::BTreeSet;

use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CaseId, CentreId, ContactId, ReferralId, ServiceId};
use helpline_domain::referral::{ReferralState, Urgency};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    CONTACT, HEALTH, IDENTITY, LEGAL, LOCATION, NARRATIVE, PERPETRATOR, Particulars, not_full, sees_referral,
};
use crate::casework::sees_case;
use crate::change::{Change, ChangeQuery, Command, change, change_query};
use crate::escalation::agency_of;
use crate::{Store, StoreError};

/// A referral to write down.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewReferral {
    pub referral_id: ReferralId,
    pub contact_id: Option<ContactId>,
    pub part_of: Option<ReferralId>,
    pub case_id: Option<CaseId>,
    pub need: String,
    pub terms: Terms,
}

/// What a draft says that may be changed while it is one.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Terms {
    pub urgency: Urgency,
    pub service_ids: Vec<ServiceId>,
    pub open_offer: bool,
    pub open_to_any: bool,
    pub unit: Option<String>,
    pub field_classes: BTreeSet<FieldClass>,
    pub particulars: Particulars,
    pub answer_s: u32,
}

impl Terms {
    fn services(&self) -> Vec<Uuid> {
        self.service_ids.iter().map(ServiceId::as_uuid).collect()
    }

    fn classes(&self) -> Vec<String> {
        self.field_classes.iter().map(|class| class.key().to_owned()).collect()
    }

    /// When somebody must have sent it, or it alarms.
    fn draft_due_s(&self) -> f64 {
        f64::from(ReferralState::Draft.due_s(self.urgency).unwrap_or_default())
    }

    fn answer_s(&self) -> i32 {
        i32::try_from(self.answer_s).unwrap_or(i32::MAX)
    }
}

/// The services that are to be asked, in order: those that are named, each with an agency that can answer and that the child of these cases
/// is not afraid of; or, where it is open to
/// any, one of each agency that has a service for the need or what is below it, and room for one more.
macro_rules! named {
    ($services:literal, $any:literal, $need:literal, $unit:literal, $about:literal) => {
        concat!(
            "able AS MATERIALIZED (
                WITH RECURSIVE below (term_id) AS (
                    SELECT t.record_id FROM helpline.service_records t
                    WHERE t.centre_id = $1 AND t.kind = 'taxonomy_term' AND ", $any, "
                      AND ", $need, " IN (t.fields ->> 'code', t.record_id::text)
                    UNION
                    SELECT t.record_id FROM below JOIN helpline.service_records t ON t.centre_id = $1 AND t.kind = 'taxonomy_term'
                        AND (t.fields ->> 'parent_id')::uuid = below.term_id)
                SELECT DISTINCT ON (s.agency_id) s.service_id, s.agency_id, s.verified_at FROM below
                JOIN helpline.service_records x ON x.centre_id = $1 AND x.kind = 'attribute' AND x.taxonomy_term_id = below.term_id
                JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = (x.fields ->> 'link_id')::uuid AND s.status = 'active'
                JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = s.agency_id AND a.disabled_at IS NULL
                WHERE ", not_full!("s.service_id", $unit), " AND helpline.gate($1, s.agency_id, ", $about, ") IS DISTINCT FROM '{}'
                ORDER BY s.agency_id, s.verified_at DESC NULLS LAST, s.service_id),
            named AS MATERIALIZED (
                SELECT s.service_id, s.agency_id, w.place::int AS place
                FROM unnest(", $services, "::uuid[]) WITH ORDINALITY AS w (service_id, place)
                JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = w.service_id
                JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = s.agency_id AND a.disabled_at IS NULL
                WHERE helpline.gate($1, s.agency_id, ", $about, ") IS DISTINCT FROM '{}'
                UNION ALL
                (SELECT service_id, agency_id, row_number() OVER (ORDER BY verified_at DESC NULLS LAST, service_id)::int FROM able
                 ORDER BY 3 LIMIT 20))"
        )
    };
}

/// Whether everybody who is to be asked was found, and somebody was.
macro_rules! all_named {
    ($services:literal) => {
        concat!(
            "EXISTS (SELECT FROM named) AND (cardinality(",
            $services,
            "::uuid[]) = 0
                OR (SELECT count(*) FROM named) = cardinality(",
            $services,
            "))"
        )
    };
}

/// What is asked for must be there: the contact of the caller or a case that they may read, each service with an agency that can answer,
/// and what it is a part of.
const DRAFT: &str = change!(
    event: "referral_drafted", resource: "referral_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('referral_id', referral_id, 'urgency', urgency, 'need', need)",
    with: named!("$14", "$24", "$11", "$25::text", "ARRAY(
        SELECT $27::uuid UNION SELECT k.case_id FROM helpline.case_contacts k WHERE k.centre_id = $1 AND k.contact_id = $8)"), ", changed AS (
        INSERT INTO helpline.referrals (centre_id, referral_id, contact_id, part_of, urgency, need, open_offer, field_classes, state, answer_s,
            owner_id, drafted_by, drafted_at, identity_sealed, contact_sealed, location_sealed, narrative_sealed, health_sealed, legal_sealed,
            perpetrator_sealed, event_count, changed_at, open_to_any, unit, due_at, case_id)
        SELECT $1, $7, $8, $9, $10, $11, $12, $13, 'draft', $15, $2, $2, helpline.now(), $16, $17, $18, $19, $20, $21, $22, 1,
            helpline.now(), $24, $25, helpline.now() + make_interval(secs => $26), $27
        WHERE ", all_named!("$14"), " AND CASE WHEN $8::uuid IS NULL THEN $27::uuid IS NOT NULL ELSE EXISTS (
            SELECT FROM helpline.contacts c WHERE c.centre_id = $1 AND c.contact_id = $8 AND ($3 = 'supervisor' OR c.counsellor_id = $2)) END
          AND ($9::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = $9 AND r.ended_at IS NULL
              AND (r.contact_id = $8 OR r.case_id = $27) AND ",
    sees_referral!("$2", "$3", "$23"), "))
          AND ($27::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.cases c
            WHERE c.centre_id = $1 AND c.case_id = $27 AND c.closed_at IS NULL AND ($8::uuid IS NULL OR EXISTS (
                SELECT FROM helpline.case_contacts k WHERE k.centre_id = $1 AND k.case_id = c.case_id AND k.contact_id = $8)) AND ",
    sees_case!("$2", "$3"), "))
        RETURNING *),
    chosen AS (
        INSERT INTO helpline.referral_choices (centre_id, referral_id, position, service_id, agency_id, state)
        SELECT $1, referral_id, place, service_id, named.agency_id, 'waiting' FROM changed CROSS JOIN named),
    noted AS (
        INSERT INTO helpline.referral_events (centre_id, referral_id, sequence, at, event, actor_id, actor_role, detail)
        SELECT $1, referral_id, 1, helpline.now(), 'drafted', $2, $3, jsonb_build_object('urgency', urgency, 'need', need) FROM changed),
    counted AS (
        UPDATE helpline.cases c SET revision = c.revision + 1 FROM changed WHERE c.centre_id = $1 AND c.case_id = changed.case_id)";
    returning: "referral_id AS resource_id",
);

/// The choices go before the new ones come: the same service may be among both.
const REVISE: &str = change!(
    event: "referral_revised", resource: "referral_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('referral_id', referral_id, 'urgency', urgency)",
    with: "before AS MATERIALIZED (
        SELECT r.referral_id AS id, r.need AS what, ARRAY(
                SELECT r.case_id UNION SELECT k.case_id FROM helpline.case_contacts k WHERE k.centre_id = $1 AND k.contact_id = r.contact_id) AS cases
            FROM helpline.referrals r
        WHERE r.centre_id = $1 AND r.referral_id = $7 AND r.state = 'draft' AND ($8::bigint IS NULL OR r.revision = $8) AND ",
    sees_referral!("$2", "$3", "$20"), " FOR UPDATE OF r), ", named!("$12", "$21", "(SELECT what FROM before)", "$23::text", "(SELECT cases FROM before)"), ",
    changed AS (
        UPDATE helpline.referrals r SET urgency = $9, open_offer = $10, field_classes = $11, answer_s = $22, identity_sealed = $13,
            contact_sealed = $14, location_sealed = $15, narrative_sealed = $16, health_sealed = $17, legal_sealed = $18,
            perpetrator_sealed = $19, open_to_any = $21, unit = $23,
            due_at = helpline.now() + make_interval(secs => $24), alarms = 0, event_count = r.event_count + 1, changed_at = helpline.now(), revision = r.revision + 1
        FROM before WHERE r.centre_id = $1 AND r.referral_id = id AND ", all_named!("$12"), "
        RETURNING r.*),
    gone AS (
        DELETE FROM helpline.referral_choices c USING changed WHERE c.centre_id = $1 AND c.referral_id = changed.referral_id RETURNING c.position),
    chosen AS (
        INSERT INTO helpline.referral_choices (centre_id, referral_id, position, service_id, agency_id, state)
        SELECT $1, referral_id, place, service_id, named.agency_id, 'waiting' FROM changed CROSS JOIN named
        WHERE (SELECT count(*) FROM gone) > 0),
    noted AS (
        INSERT INTO helpline.referral_events (centre_id, referral_id, sequence, at, event, actor_id, actor_role, detail)
        SELECT $1, referral_id, event_count, helpline.now(), 'revised', $2, $3, jsonb_build_object('urgency', urgency) FROM changed)";
    returning: "referral_id AS resource_id",
);

#[derive(FromRow)]
struct Drafted {
    resource_id: Uuid,
}

impl Store {
    /// Writes a referral down. Refused when something that it names is not there for the caller, or nobody is able.
    pub async fn draft_referral(
        &self,
        command: &Command,
        new: &NewReferral,
    ) -> Result<Change<ReferralId>, StoreError> {
        let (row, terms) = (new.referral_id.as_uuid(), &new.terms);
        let query = change_query::<Drafted>(DRAFT, command)
            .bind(row)
            .bind(new.contact_id.map(|id| id.as_uuid()))
            .bind(new.part_of.map(|id| id.as_uuid()))
            .bind(terms.urgency.key())
            .bind(new.need.clone())
            .bind(terms.open_offer)
            .bind(terms.classes())
            .bind(terms.services())
            .bind(terms.answer_s());
        let query = self.bind_particulars(query, command.centre(), row, &terms.particulars);
        let query = query.bind(agency_of(&command.caller)).bind(terms.open_to_any);
        let query = query.bind(terms.unit.clone()).bind(terms.draft_due_s());
        let query = query.bind(new.case_id.map(|id| id.as_uuid()));
        Ok(self.change(command, query).await?.map(|row| row.resource_id.into()))
    }

    /// Changes a draft as a whole. Refused when it is not one, is of another revision, or something that it names is not there.
    pub async fn revise_referral_draft(
        &self,
        command: &Command,
        (id, expected_revision): (ReferralId, Option<i64>),
        terms: &Terms,
    ) -> Result<Change<ReferralId>, StoreError> {
        let query = change_query::<Drafted>(REVISE, command)
            .bind(id.as_uuid())
            .bind(expected_revision)
            .bind(terms.urgency.key())
            .bind(terms.open_offer)
            .bind(terms.classes())
            .bind(terms.services());
        let query = self.bind_particulars(query, command.centre(), id.as_uuid(), &terms.particulars);
        let query = query.bind(agency_of(&command.caller)).bind(terms.open_to_any).bind(terms.answer_s());
        let query = query.bind(terms.unit.clone()).bind(terms.draft_due_s());
        Ok(self.change(command, query).await?.map(|row| row.resource_id.into()))
    }

    fn bind_particulars(
        &self,
        query: ChangeQuery<Drafted>,
        centre: CentreId,
        row: Uuid,
        known: &Particulars,
    ) -> ChangeQuery<Drafted> {
        query
            .bind(self.seal_some(IDENTITY, centre, row, known.identity.as_ref()))
            .bind(self.seal_some(CONTACT, centre, row, known.contact.as_ref()))
            .bind(self.seal_some(LOCATION, centre, row, known.location.as_ref()))
            .bind(self.seal_some(NARRATIVE, centre, row, known.narrative.as_ref()))
            .bind(self.seal_some(HEALTH, centre, row, known.health.as_ref()))
            .bind(self.seal_some(LEGAL, centre, row, known.legal.as_ref()))
            .bind(self.seal_some(PERPETRATOR, centre, row, known.perpetrator.as_ref()))
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

    /// Whose services these are.
    pub async fn agencies_of_services(
        &self,
        centre: CentreId,
        services: &[ServiceId],
    ) -> Result<Vec<AgencyId>, StoreError> {
        let ids: Vec<Uuid> = services.iter().map(ServiceId::as_uuid).collect();
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_scalar::<_, Option<Uuid>>(
            "SELECT agency_id FROM helpline.services WHERE centre_id = $1 AND service_id = ANY ($2)",
        )
        .bind(centre.as_uuid())
        .bind(ids)
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(rows)?.into_iter().flatten().map(AgencyId::from).collect())
    }
}
