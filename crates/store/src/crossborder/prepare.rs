//! A hand-over is prepared.

use std::collections::BTreeSet;

use helpline_domain::closing::{AgeBand, Gender};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{CaseId, CrossBorderId};
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::{CONTACT, HEALTH, IDENTITY, LEGAL, LOCATION, Made, NARRATIVE, PERPETRATOR};
use crate::casework::sees_case;
use crate::change::{Change, Command, change, change_query};
use crate::referral::Particulars;
use crate::sealing::Column;
use crate::{Store, StoreError};

/// What is offered, by which nobody is known.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Profile {
    pub age_band: AgeBand,
    pub gender: Gender,
    pub needs: Vec<String>,
    pub region: Option<String>,
    pub language: String,
}

/// A hand-over to prepare.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewCrossBorder {
    pub crossborder_id: CrossBorderId,
    pub case_id: CaseId,
    pub country: String,
    pub profile: Profile,
    pub field_classes: BTreeSet<FieldClass>,
    pub particulars: Particulars,
    /// A new id: of the first entry of the timeline, and of that of the case.
    pub entry_id: Uuid,
}

const ONE_OPEN: &str = "one_open_crossborder_of_a_case";

/// The case is of another revision from then on: whoever closes it decides again.
const PREPARE: &str = change!(
    event: "crossborder_prepared", resource: "crossborder_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('crossborder_id', crossborder_id, 'case_id', case_id, 'country', country)",
    with: "parent AS (
        UPDATE helpline.cases c SET event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1
        WHERE c.centre_id = $1 AND c.case_id = $8 AND c.closed_at IS NULL AND ", sees_case!("$2", "$3"), "
        RETURNING c.case_id AS of_case, c.event_count),
    noted_in_case AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id)
        SELECT $1, of_case, event_count, helpline.now(), 'crossborder_prepared', $2, $3, jsonb_build_object('crossborder_id', $7::uuid), $23
        FROM parent),
    changed AS (
        INSERT INTO helpline.crossborder_handovers (centre_id, crossborder_id, case_id, country, age_band, gender, needs, region, language,
            field_classes, state, due_at, prepared_by, prepared_at, identity_sealed, contact_sealed, location_sealed, narrative_sealed,
            health_sealed, legal_sealed, perpetrator_sealed, changed_at)
        SELECT $1, $7, of_case, $9, $10, $11, $12, $13, $14, $15, 'prepared', helpline.now() + make_interval(secs => $24), $2, helpline.now(),
            $16, $17, $18, $19, $20, $21, $22, helpline.now()
        FROM parent RETURNING *),
    noted AS (
        INSERT INTO helpline.crossborder_events (centre_id, crossborder_id, sequence, at, event, actor_id, actor_role, detail, entry_id, shared)
        SELECT $1, crossborder_id, 1, helpline.now(), 'prepared', $2, $3, jsonb_build_object('country', country), $23, false FROM changed)";
    returning: "crossborder_id AS id",
);

impl Store {
    /// Prepares a hand-over; its next step is due in so many seconds. Refused when the case is not there for the caller, or closed, and when another of it is open.
    pub async fn prepare_crossborder(
        &self,
        command: &Command,
        new: &NewCrossBorder,
        due_s: u32,
    ) -> Result<Change<Uuid>, StoreError> {
        let (centre, id) = (command.centre(), new.crossborder_id.as_uuid());
        let seal = |column: Column, text: &Option<Sensitive<String>>| {
            self.seal_some(column, centre, id, text.as_ref())
        };
        let known = &new.particulars;
        let classes: Vec<String> = new.field_classes.iter().map(|class| class.key().to_owned()).collect();
        let query = change_query::<Made>(PREPARE, command)
            .bind(id)
            .bind(new.case_id.as_uuid())
            .bind(new.country.clone())
            .bind(new.profile.age_band.key())
            .bind(new.profile.gender.key())
            .bind(new.profile.needs.clone())
            .bind(new.profile.region.clone())
            .bind(new.profile.language.clone())
            .bind(classes)
            .bind(seal(IDENTITY, &known.identity))
            .bind(seal(CONTACT, &known.contact))
            .bind(seal(LOCATION, &known.location))
            .bind(seal(NARRATIVE, &known.narrative))
            .bind(seal(HEALTH, &known.health))
            .bind(seal(LEGAL, &known.legal))
            .bind(seal(PERPETRATOR, &known.perpetrator))
            .bind(new.entry_id)
            .bind(f64::from(due_s));
        match self.change(command, query).await {
            Err(error) if error.constraint() == Some(ONE_OPEN) => self.recall_change(command).await,
            change => Ok(change?.map(|made| made.id)),
        }
    }
}
