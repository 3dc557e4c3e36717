//! What an agency may know of an escalation: what was disclosed, as long as it is in force, and never more than it may be told.

use helpline_domain::id::AgencyId;
use helpline_proto::directory::v1::{GetAgencyRequest, UpdateAgencyRequest};
use helpline_proto::escalation::v1::{
    ApproveDisclosureRequest, ConsentBy, DiscloseRequest, Disclosure, DisclosureBasis, DisclosureGround,
    DisclosurePurpose, ListDisclosuresRequest, RevokeDisclosureRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use crate::desk::Desk;
use crate::stage::{Stage, why};

/// Somebody, an escalation that they own, an agency that may be told everything.
struct Play {
    stage: Stage,
    amina: Desk,
    escalation_id: String,
    agency: AgencyId,
}

impl Play {
    async fn begin() -> Self {
        let stage = Stage::set().await;
        let amina = stage.desk(Abilities::speaking(&["ar"])).await;
        let escalation_id = amina.actor.raises().await;
        let agency = stage.world.agency().await;
        Self { stage, amina, escalation_id, agency }
    }

    fn on_consent(&self, classes: &[FieldClass]) -> DiscloseRequest {
        DiscloseRequest {
            request_id: request_id(),
            escalation_id: self.escalation_id.clone(),
            agency_id: self.agency.to_string(),
            purpose: DisclosurePurpose::Emergency.into(),
            field_classes: classes.iter().map(|&class| class.into()).collect(),
            basis: DisclosureBasis::Consent.into(),
            consent_by: ConsentBy::Child.into(),
            ..DiscloseRequest::default()
        }
    }

    fn by_override(&self, classes: &[FieldClass]) -> DiscloseRequest {
        DiscloseRequest {
            basis: DisclosureBasis::Override.into(),
            consent_by: 0,
            ground: DisclosureGround::LifeInDanger.into(),
            ..self.on_consent(classes)
        }
    }

    /// What is in force, as one set of classes.
    async fn known(&self) -> Vec<i32> {
        let request = ListDisclosuresRequest {
            escalation_id: self.escalation_id.clone(),
            ..ListDisclosuresRequest::default()
        };
        let answer = self.amina.actor.disclosures().list_disclosures(request).await.unwrap().into_inner();
        let in_force = answer.disclosures.into_iter().filter(|one| one.in_force);
        let mut classes: Vec<i32> = in_force.flat_map(|one| one.field_classes).collect();
        classes.sort_unstable();
        classes
    }

    /// What has happened since it was raised.
    fn timeline(&self) -> Vec<String> {
        let sql = format!(
            "SELECT event FROM helpline.escalation_events WHERE escalation_id = '{}' AND event NOT IN ('raised', 'step_taken')
             ORDER BY sequence",
            self.escalation_id
        );
        self.stage.sql(&sql).into_iter().map(|row| row[0].clone().unwrap()).collect()
    }
}

async fn disclose(actor: &Actor, request: DiscloseRequest) -> Result<Disclosure, Status> {
    Ok(actor.disclosures().disclose(request).await?.into_inner().disclosure.unwrap())
}

async fn approve(actor: &Actor, one: &Disclosure) -> Result<Disclosure, Status> {
    let request =
        ApproveDisclosureRequest { request_id: request_id(), disclosure_id: one.disclosure_id.clone() };
    Ok(actor.disclosures().approve_disclosure(request).await?.into_inner().disclosure.unwrap())
}

async fn revoke(actor: &Actor, one: &Disclosure) -> Result<Disclosure, Status> {
    let request =
        RevokeDisclosureRequest { request_id: request_id(), disclosure_id: one.disclosure_id.clone() };
    Ok(actor.disclosures().revoke_disclosure(request).await?.into_inner().disclosure.unwrap())
}

fn state(refused: &helpline_tests::Refused) -> (&str, &str) {
    (refused.reason.as_str(), refused.metadata("state"))
}

#[tokio::test]
async fn consent_opens_at_once_and_ends_by_itself_or_when_it_is_revoked() {
    let play = Play::begin().await;
    let location = disclose(&play.amina.actor, play.on_consent(&[FieldClass::Location])).await.unwrap();
    let short = DiscloseRequest {
        lifetime: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        ..play.on_consent(&[FieldClass::Health])
    };
    disclose(&play.amina.actor, short).await.unwrap();
    assert_eq!(play.known().await, [FieldClass::Location as i32, FieldClass::Health as i32]);
    let lasts = location.expire_time.unwrap().seconds - location.make_time.unwrap().seconds;
    assert_eq!(lasts, 72 * 3600, "unless it says");
    play.stage.world.advance(61.0);
    assert_eq!(play.known().await, [FieldClass::Location as i32]);
    let revoked = revoke(&play.stage.supervisor, &location).await.unwrap();
    assert_eq!(revoked.revoked_by, play.stage.supervisor.token_id);
    assert!(play.known().await.is_empty());
    assert_eq!(state(&why(revoke(&play.stage.supervisor, &location).await)), ("STATE_REFUSED", "revoked"));
    assert_eq!(play.timeline(), ["disclosed", "disclosed", "disclosure_revoked"]);
}

#[tokio::test]
async fn an_override_opens_nothing_until_somebody_else_has_approved_it() {
    let play = Play::begin().await;
    let supervisor = &play.stage.supervisor;
    let asked = disclose(supervisor, play.by_override(&[FieldClass::Identity])).await.unwrap();
    assert!(!asked.in_force);
    assert_eq!(state(&why(approve(supervisor, &asked).await)), ("STATE_REFUSED", "own"));
    assert!(play.known().await.is_empty());
    let colleague = play.stage.world.supervisor().await;
    let approved = approve(&colleague, &asked).await.unwrap();
    assert!(approved.in_force);
    assert_eq!(approved.approved_by, colleague.token_id);
    assert_eq!(play.known().await, [FieldClass::Identity as i32]);
    assert_eq!(state(&why(approve(&colleague, &asked).await)), ("STATE_REFUSED", "in_force"));

    let declined = disclose(&play.amina.actor, play.by_override(&[FieldClass::Legal])).await.unwrap();
    revoke(&colleague, &declined).await.unwrap();
    assert_eq!(state(&why(approve(supervisor, &declined).await)), ("STATE_REFUSED", "revoked"));
}

#[tokio::test]
async fn nothing_is_disclosed_beyond_what_the_agency_may_ever_be_told() {
    let play = Play::begin().await;
    let agency_id = play.agency.to_string();
    let administrator = play.stage.world.administrator();
    let get = GetAgencyRequest { agency_id: agency_id.clone() };
    let mut agency = administrator.agencies().get_agency(get).await.unwrap().into_inner().agency.unwrap();
    agency.field_classes = vec![FieldClass::Location.into()];
    let less = UpdateAgencyRequest { request_id: request_id(), agency: Some(agency), expected_revision: 0 };
    administrator.agencies().update_agency(less).await.unwrap();
    let both = play.on_consent(&[FieldClass::Location, FieldClass::Health]);
    assert_eq!(why(disclose(&play.amina.actor, both).await).fields, ["field_classes"]);

    let nobody = DiscloseRequest { agency_id: request_id(), ..play.on_consent(&[FieldClass::Location]) };
    let refused = why(disclose(&play.amina.actor, nobody).await);
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "agency"));
    for (request, field) in [
        (DiscloseRequest { consent_by: 0, ..play.on_consent(&[FieldClass::Location]) }, "consent_by"),
        (DiscloseRequest { ground: 0, ..play.by_override(&[FieldClass::Location]) }, "ground"),
        (
            DiscloseRequest {
                basis: DisclosureBasis::Plan.into(),
                ..play.on_consent(&[FieldClass::Location])
            },
            "basis",
        ),
        (play.on_consent(&[]), "field_classes"),
    ] {
        assert_eq!(why(disclose(&play.amina.actor, request).await).fields, [field]);
    }
    assert!(play.timeline().is_empty(), "nothing happened");
}

#[tokio::test]
async fn a_counsellor_decides_about_no_escalation_that_they_cannot_see() {
    let play = Play::begin().await;
    let stranger = play.stage.desk(Abilities::speaking(&["ar"])).await;
    let refused = why(disclose(&stranger.actor, play.on_consent(&[FieldClass::Location])).await);
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "escalation"));
    let one = disclose(&play.amina.actor, play.on_consent(&[FieldClass::Location])).await.unwrap();
    let refused = why(revoke(&stranger.actor, &one).await);
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "disclosure"));
    let list = ListDisclosuresRequest {
        escalation_id: play.escalation_id.clone(),
        ..ListDisclosuresRequest::default()
    };
    assert_eq!(why(stranger.actor.disclosures().list_disclosures(list).await).code, Code::NotFound);
    assert_eq!(play.known().await, [FieldClass::Location as i32]);
}
