//! Continuity of protection across borders: from the offer that names nobody to the first visit and the last report.

mod missing;

use anyhow::{Result, anyhow};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use helpline_proto::casework::v1::{Case, ChangeCaseStatusRequest};
use helpline_proto::crossborder::v1::{
    AcceptCrossBorderHandoverRequest, CheckCrossBorderTransferRequest, CloseCrossBorderHandoverRequest,
    ConfirmCrossBorderArrivalRequest, CrossBorderEscort, CrossBorderHandover, CrossBorderOutcome,
    CrossBorderParticulars, CrossBorderProfile, CrossBorderRoute, CrossBorderState, CrossBorderTravel,
    CrossBorderWellBeing, GetCrossBorderHandoverRequest, ListCrossBorderConsentsRequest,
    OfferCrossBorderHandoverRequest, PlanCrossBorderTravelRequest, PrepareCrossBorderHandoverRequest,
    RecordCrossBorderConsentRequest, RecordCrossBorderDepartureRequest, RecordCrossBorderFirstVisitRequest,
    ReportCrossBorderMonitoringRequest, SignCrossBorderCertificateRequest, StartReceivingAssessmentRequest,
    WithdrawCrossBorderConsentRequest,
};
use helpline_proto::directory::v1::{AgencyKind, CrossBorderCountry, CrossBorderFocalPoint};
use helpline_proto::escalation::v1::ConsentBy;
use helpline_proto::intake::v1::{ActionTaken, AgeBand, Gender};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::terms::v1::{Channel, Risk};

use self::missing::{found, missing, once};
use super::cast::{Who, does, given, is_refused, so};
use super::desk::{NO_GUARDIAN, child, closing, contact};
use super::stage::{DAY, HOUR, Stage};

const CLASSES: [FieldClass; 4] =
    [FieldClass::Identity, FieldClass::Contact, FieldClass::Location, FieldClass::Health];
const NAME: &str = "Salma (made up), ten years old";

/// Who takes part.
struct People {
    amina: Who,
    nadia: Who,
    first: Who,
    second: Who,
    hotline: Who,
}

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let people = come(stage).await?;
    let case = taken_in(stage, &people).await?;
    let id = offered(stage, &people, &case).await?;
    accepted(stage, &people, &id).await?;
    on_the_way(stage, &people, &id).await?;
    let escalation = missing(stage, &people, &id).await?;
    once(&people, &case, &escalation).await?;
    there(stage, &people, &id, &escalation).await?;
    at_home(stage, &people, &id, &case).await?;
    once(&people, &case, &escalation).await
}

/// What the office in Irbid signs with.
fn key_of_irbid() -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).map_err(|_| anyhow!("no key"))
}

async fn come(stage: &Stage<'_>) -> Result<People> {
    let amina = stage.counsellor("Amina", &["ar"]).await?;
    let nadia = stage.supervisor("Nadia").await?;
    let first = stage.agency("Office in Amman", AgencyKind::ChildProtection, &CLASSES).await?;
    let second = stage.agency("Office in Irbid", AgencyKind::ChildProtection, &CLASSES).await?;
    let hotline = stage.agency("Missing children hotline", AgencyKind::Helpline, &CLASSES).await?;
    let point = |who: &Who, public_key: String| CrossBorderFocalPoint {
        agency_id: who.agency_id(),
        public_key,
        ..CrossBorderFocalPoint::default()
    };
    let key = format!("whpk_{}", STANDARD.encode(key_of_irbid()?.public_key().as_ref()));
    let country = CrossBorderCountry {
        country: "JO".to_owned(),
        focal_points: vec![point(&first, String::new()), point(&second, key)],
        legal_bases: vec!["court_order".to_owned()],
        forbidden_classes: vec![FieldClass::Perpetrator.into()],
        override_allowed: true,
        rest_days: vec![5, 6],
        ..CrossBorderCountry::default()
    };
    let settle = stage.settle(|settings| {
        settings.cross_border.get_or_insert_default().countries.push(country);
        "helpline.example.org".clone_into(&mut settings.alert_sender);
    });
    Box::pin(settle).await?;
    Ok(People { amina, nadia, first, second, hotline })
}

async fn taken_in(stage: &Stage<'_>, people: &People) -> Result<Case> {
    let call = stage.answered(&people.amina, contact(Channel::Voice, "ar", Risk::Medium)).await?;
    stage.tell(&people.amina, "answers a girl whose family is in Jordan, but for her");
    let girl = child("Salma", "2016-02-11", Gender::Female, "+97450000001");
    let girl = stage.recorded(&people.amina, girl).await?;
    let case = stage.opened(&people.amina, &girl, "migration", Some(&call)).await?;
    let assessed = stage.assessed(&people.amina, &case, "best_interests_short", &NO_GUARDIAN).await?;
    stage.approved(&people.amina, &people.nadia, &assessed).await?;
    stage.tell(&people.nadia, "approves the short assessment of her best interests: she has nobody here");
    let closing =
        closing("family.separated_from_family", Gender::Female, AgeBand::AgeBand1012, ActionTaken::FollowUp);
    stage.signed_off(&people.amina, &call, closing).await?;
    Ok(case)
}

async fn read(who: &Who, id: &str) -> Result<CrossBorderHandover> {
    let request = GetCrossBorderHandoverRequest { crossborder_id: id.to_owned() };
    Ok(given!(does!(who, cross_border.get_cross_border_handover, request), handover))
}

async fn offered(stage: &Stage<'_>, people: &People, case: &Case) -> Result<String> {
    let text = |text: &str| text.to_owned();
    let request = PrepareCrossBorderHandoverRequest {
        request_id: stage.id(),
        case_id: case.case_id.clone(),
        country: text("JO"),
        profile: Some(CrossBorderProfile {
            age_band: AgeBand::AgeBand1012.into(),
            gender: Gender::Female.into(),
            needs: vec![text("family_tracing"), text("schooling")],
            region: text("north"),
            language: text("ar"),
        }),
        field_classes: CLASSES.map(i32::from).to_vec(),
        particulars: Some(CrossBorderParticulars {
            identity: text(NAME),
            contact: text("her uncle's telephone"),
            location: text("to her uncle in Irbid"),
            health: text("asthma"),
            ..CrossBorderParticulars::default()
        }),
    };
    let prepared = given!(does!(people.amina, cross_border.prepare_cross_border_handover, request), handover);
    let id = prepared.crossborder_id;
    for office in [&people.first, &people.second] {
        agrees(stage, people, &id, office).await?;
    }
    let request = CheckCrossBorderTransferRequest {
        request_id: stage.id(),
        crossborder_id: id.clone(),
        legal_basis: text("court_order"),
        fear_recorded: false,
    };
    does!(people.amina, cross_border.check_cross_border_transfer, request);
    let request = OfferCrossBorderHandoverRequest {
        request_id: stage.id(),
        crossborder_id: id.clone(),
        ..OfferCrossBorderHandoverRequest::default()
    };
    does!(people.amina, cross_border.offer_cross_border_handover, request);
    stage.tell(
        &people.amina,
        "offers to hand her over: a girl from ten to twelve, in need of family tracing and a school",
    );
    let seen = read(&people.first, &id).await?;
    so!((seen.particulars, seen.case_id.as_str()), (None, ""), "an offer names nobody");
    so!(
        is_refused!(people.second, cross_border.get_cross_border_handover, get(&id)).reason,
        "NOT_FOUND",
        "who is not asked"
    );
    let due = seen.due_time.map_or(0, |due| due.seconds) - stage.later(0).seconds;
    stage.wait(due + 60).await?;
    stage
        .until("the second office is asked", async || {
            let request = get(&id);
            let answer = Box::pin(async {
                people.second.client().cross_border().get_cross_border_handover(request).await
            });
            Ok(answer.await.ok())
        })
        .await?;
    stage.tell(&people.first, "has not answered in time: the office in Irbid is asked instead");
    Ok(id)
}

fn get(id: &str) -> GetCrossBorderHandoverRequest {
    GetCrossBorderHandoverRequest { crossborder_id: id.to_owned() }
}

async fn agrees(stage: &Stage<'_>, people: &People, id: &str, office: &Who) -> Result<String> {
    let request = RecordCrossBorderConsentRequest {
        request_id: stage.id(),
        crossborder_id: id.to_owned(),
        agency_id: office.agency_id(),
        field_classes: CLASSES.map(i32::from).to_vec(),
        consent_by: ConsentBy::Child.into(),
        ..RecordCrossBorderConsentRequest::default()
    };
    Ok(given!(does!(people.amina, cross_border.record_cross_border_consent, request), consent).consent_id)
}

async fn accepted(stage: &Stage<'_>, people: &People, id: &str) -> Result<()> {
    let request = StartReceivingAssessmentRequest {
        request_id: stage.id(),
        expected_revision: 0,
        crossborder_id: id.to_owned(),
        remark: "We ask the family.".to_owned(),
    };
    does!(people.second, cross_border.start_receiving_assessment, request);
    let request = AcceptCrossBorderHandoverRequest {
        request_id: stage.id(),
        expected_revision: 0,
        crossborder_id: id.to_owned(),
        conditions: "Somebody who speaks Arabic travels with her.".to_owned(),
    };
    let accepted = given!(does!(people.second, cross_border.accept_cross_border_handover, request), handover);
    let known = accepted.particulars.map(|known| known.identity).unwrap_or_default();
    so!(known, NAME, "who has accepted learns who she is");
    stage.tell(&people.second, "asks the family, accepts on a condition, and learns who she is");
    let consents = ListCrossBorderConsentsRequest {
        crossborder_id: id.to_owned(),
        ..ListCrossBorderConsentsRequest::default()
    };
    let listed = does!(people.amina, cross_border.list_cross_border_consents, consents).consents;
    for consent in listed.into_iter().filter(|consent| consent.agency_id == people.second.agency_id()) {
        let request =
            WithdrawCrossBorderConsentRequest { request_id: stage.id(), consent_id: consent.consent_id };
        does!(people.amina, cross_border.withdraw_cross_border_consent, request);
    }
    let seen = read(&people.second, id).await?;
    so!(seen.readable_classes.len(), 0, "what was withdrawn is cut at the next request");
    stage.tell(
        &people.amina,
        "the girl is afraid and takes back what she agreed to: Irbid reads nothing more",
    );
    let planned = plan(stage, [HOUR, 8 * HOUR], id);
    does!(people.amina, cross_border.plan_cross_border_travel, planned);
    let why = is_refused!(people.amina, cross_border.record_cross_border_departure, departure(stage, id));
    so!(why.reason, "TRANSFER_REFUSED", "nobody leaves without consent");
    agrees(stage, people, id, &people.second).await?;
    stage.tell(&people.amina, "after a talk with her uncle she agrees again");
    Ok(())
}

fn plan(stage: &Stage<'_>, [depart, arrive]: [i64; 2], id: &str) -> PlanCrossBorderTravelRequest {
    PlanCrossBorderTravelRequest {
        request_id: stage.id(),
        expected_revision: 0,
        crossborder_id: id.to_owned(),
        travel: Some(CrossBorderTravel {
            depart_time: Some(stage.later(depart)),
            arrive_time: Some(stage.later(arrive)),
            escort: CrossBorderEscort::SendingSide.into(),
            route: CrossBorderRoute::Road.into(),
            details: "The bus at six.".to_owned(),
        }),
    }
}

fn departure(stage: &Stage<'_>, id: &str) -> RecordCrossBorderDepartureRequest {
    RecordCrossBorderDepartureRequest {
        request_id: stage.id(),
        crossborder_id: id.to_owned(),
        ..RecordCrossBorderDepartureRequest::default()
    }
}

async fn on_the_way(stage: &Stage<'_>, people: &People, id: &str) -> Result<()> {
    does!(people.amina, cross_border.record_cross_border_departure, departure(stage, id));
    stage.tell(&people.amina, "she leaves by bus, and is to arrive in eight hours");
    Ok(())
}

async fn there(stage: &Stage<'_>, people: &People, id: &str, escalation_id: &str) -> Result<()> {
    let request = ConfirmCrossBorderArrivalRequest {
        request_id: stage.id(),
        expected_revision: 0,
        crossborder_id: id.to_owned(),
        remark: "The bus had broken down.".to_owned(),
    };
    let arrived = given!(does!(people.second, cross_border.confirm_cross_border_arrival, request), handover);
    so!(arrived.state(), CrossBorderState::ArrivedConfirmed, "late is there all the same");
    stage.tell(&people.second, "she is there: the bus had broken down");
    found(stage, people, escalation_id).await?;
    let certificate = arrived.certificate.unwrap_or_default();
    let signature = STANDARD.encode(key_of_irbid()?.sign(certificate.document.as_bytes()));
    let sign = |signature: String| SignCrossBorderCertificateRequest {
        request_id: stage.id(),
        expected_revision: 0,
        crossborder_id: id.to_owned(),
        sha256: certificate.sha256.clone(),
        signature,
    };
    does!(people.amina, cross_border.sign_cross_border_certificate, sign(String::new()));
    let signed =
        given!(does!(people.second, cross_border.sign_cross_border_certificate, sign(signature)), handover);
    so!(signed.state(), CrossBorderState::HandedOver, "both have signed");
    stage.tell(&people.second, "both sides have signed that she was handed over, Irbid with its key");
    Ok(())
}

async fn at_home(stage: &Stage<'_>, people: &People, id: &str, case: &Case) -> Result<()> {
    stage.wait(8 * DAY).await?;
    stage.alarm(AlertKind::CrossBorderOverdue).await?;
    stage.tell_of("Helpline", "nobody has visited her within five working days: supervisors are told");
    let request = RecordCrossBorderFirstVisitRequest {
        request_id: stage.id(),
        expected_revision: 0,
        crossborder_id: id.to_owned(),
        well_being: CrossBorderWellBeing::Well.into(),
        remark: "She sleeps.".to_owned(),
    };
    does!(people.second, cross_border.record_cross_border_first_visit, request);
    stage.tell(&people.second, "visits her for the first time: she is well");
    for _ in 0..6 {
        stage.wait(29 * DAY).await?;
        let request = ReportCrossBorderMonitoringRequest {
            request_id: stage.id(),
            expected_revision: 0,
            crossborder_id: id.to_owned(),
            well_being: CrossBorderWellBeing::Well.into(),
            remark: "She is at school.".to_owned(),
        };
        does!(people.second, cross_border.report_cross_border_monitoring, request);
    }
    stage.tell(&people.second, "has reported each month for half a year: she is at school");
    let request = ChangeCaseStatusRequest {
        request_id: stage.id(),
        case_id: case.case_id.clone(),
        status: "closed".to_owned(),
        close_reason: "goals_reached".to_owned(),
        remark: String::new(),
    };
    let why = is_refused!(people.amina, cases.change_case_status, request);
    so!(why.reason, "CASE_OPEN_WORK", "a case with an open hand-over stays open");
    stage.wait(20 * DAY).await?;
    let request = CloseCrossBorderHandoverRequest {
        request_id: stage.id(),
        expected_revision: 0,
        crossborder_id: id.to_owned(),
        outcome: CrossBorderOutcome::Settled.into(),
        remark: String::new(),
    };
    does!(people.amina, cross_border.close_cross_border_handover, request);
    stage.goes_on(&people.amina, case, "closed", "goals_reached").await?;
    stage.tell(&people.amina, "closes the case: she is at home");
    Ok(())
}
