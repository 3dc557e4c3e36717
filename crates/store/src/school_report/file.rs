//! A report is filed, and its school with it.

use chrono::NaiveDate;
use helpline_domain::id::{ContactId, SchoolReportId};
use helpline_domain::school_report::{Reporter, SchoolPerpetrator};
use helpline_domain::settings::school::School;
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::{Made, NARRATIVE, REPORTER_CONTACT, SCHOOL, reads_contact};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A report to file.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewSchoolReport {
    pub school_report_id: SchoolReportId,
    pub reference: String,
    /// The id of the school if nobody has reported about it yet, and of the incident.
    pub new_ids: (Uuid, Uuid),
    pub contact_id: ContactId,
    pub reporter: Reporter,
    pub perpetrator: SchoolPerpetrator,
    pub categories: Vec<String>,
    pub days: (NaiveDate, NaiveDate),
    pub wants_feedback: bool,
    pub school: Sensitive<String>,
    pub narrative: Option<Sensitive<String>>,
    pub reporter_contact: Option<Sensitive<String>>,
}

/// All who report about a school meet on its row, so that whoever makes the pattern full sees the others. A pattern is told of again only
/// when its days are over.
const FILE: &str = change!(
    event: "school_report_filed", resource: "school_report_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('school_report_id', school_report_id, 'school_id', school_id)",
    with: "contact AS MATERIALIZED (
        SELECT c.contact_id FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.contact_id = $11
          AND ($3::text = 'supervisor' OR ", reads_contact!("$2"), ")),
    met AS (
        INSERT INTO helpline.schools AS s (centre_id, school_id, name_index, recent)
        SELECT $1, $9, $10, ARRAY[helpline.now()] FROM contact
        ON CONFLICT (centre_id, name_index) DO UPDATE SET
            recent = helpline.now() || (SELECT coalesce(array_agg(t ORDER BY t DESC), '{}')
                FROM (SELECT t FROM unnest(s.recent) t WHERE t > helpline.now() - $23 * interval '1 day' ORDER BY t DESC LIMIT 99) last),
            pattern_until = CASE
                WHEN s.pattern_until > helpline.now() THEN s.pattern_until
                WHEN (SELECT count(*) FROM unnest(s.recent) t WHERE t > helpline.now() - $23 * interval '1 day') + 1 >= $22
                    THEN helpline.now() + $23 * interval '1 day' END
        RETURNING s.school_id),
    changed AS (
        INSERT INTO helpline.school_reports (centre_id, school_report_id, reference, contact_id, school_id, incident_id, reporter, perpetrator,
            categories, first_day, last_day, wants_feedback, state, due_at, filed_by, filed_at, school_sealed, narrative_sealed,
            reporter_contact_sealed)
        SELECT $1, $7, $8, contact.contact_id, met.school_id, $12, $13, $14, $15, $16, $17, $18, 'received',
            helpline.now() + make_interval(secs => $24), $2, helpline.now(), $19, $20, $21
        FROM contact CROSS JOIN met RETURNING *)";
    returning: "school_report_id AS id",
);

impl Store {
    /// Files a report. Refused when the contact is not there for the caller. Error: the constraint `school_reports_reference` when another
    /// report has the reference by chance.
    pub async fn file_school_report(
        &self,
        command: &Command,
        new: &NewSchoolReport,
        rules: &School,
    ) -> Result<Change<Uuid>, StoreError> {
        let (centre, id) = (command.centre(), new.school_report_id.as_uuid());
        let query = change_query::<Made>(FILE, command)
            .bind(id)
            .bind(new.reference.clone())
            .bind(new.new_ids.0)
            .bind(self.school_index(centre, new.school.expose()))
            .bind(new.contact_id.as_uuid())
            .bind(new.new_ids.1)
            .bind(new.reporter.key())
            .bind(new.perpetrator.key())
            .bind(new.categories.clone())
            .bind(new.days.0)
            .bind(new.days.1)
            .bind(new.wants_feedback)
            .bind(self.seal(SCHOOL, centre, id, new.school.expose()))
            .bind(self.seal_some(NARRATIVE, centre, id, new.narrative.as_ref()))
            .bind(self.seal_some(REPORTER_CONTACT, centre, id, new.reporter_contact.as_ref()))
            .bind(i64::from(rules.pattern_reports))
            .bind(f64::from(rules.pattern_days))
            .bind(f64::from(rules.assess_s));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }
}
