//! A missing child, and an alert about them.

use helpline_proto::escalation::v1::{
    ApproveChildAlertRequest, AskChildAlertRequest, ChildAlert, ChildAlertArea, ChildAlertCertainty,
    ChildAlertContent, ChildAlertEvent, ChildAlertGeocode, ChildAlertInfo, ChildAlertScope,
    ChildAlertSeverity, ChildAlertUrgency, ConsentBy, Danger, DiscloseRequest, DisclosureBasis,
    DisclosurePurpose, EscalationKind, RaiseEscalationRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use tonic::Status;

use crate::{Actor, World, request_id};

/// By which name a centre sends alerts.
pub const SENDER: &str = "helpline.example.org";

/// Which classes of fields [`content`] holds.
pub const CLASSES: [FieldClass; 3] = [FieldClass::Identity, FieldClass::Narrative, FieldClass::Location];

/// Makes a centre one that sends alerts.
pub async fn lets_send_alerts(world: &World) {
    world.change_settings(|settings| SENDER.clone_into(&mut settings.alert_sender)).await;
}

/// What an alert says to these agencies, in three languages.
pub fn content(agency_ids: &[&str]) -> ChildAlertContent {
    let said = |language: &str, [event, headline, description, place]: [&str; 4]| ChildAlertInfo {
        language: language.to_owned(),
        event: event.to_owned(),
        headline: headline.to_owned(),
        description: description.to_owned(),
        instruction: "116111 · 24/7".to_owned(),
        audience: String::new(),
        contact: "+974 4000 0000".to_owned(),
        area_description: place.to_owned(),
    };
    ChildAlertContent {
        event: ChildAlertEvent::ChildAbduction.into(),
        scope: ChildAlertScope::Private.into(),
        restriction: String::new(),
        agency_ids: agency_ids.iter().map(|&id| id.to_owned()).collect(),
        field_classes: CLASSES.map(i32::from).to_vec(),
        urgency: ChildAlertUrgency::Immediate.into(),
        severity: ChildAlertSeverity::Severe.into(),
        certainty: ChildAlertCertainty::Likely.into(),
        lifetime: Some(prost_types::Duration { seconds: 6 * 3600, nanos: 0 }),
        area: Some(ChildAlertArea {
            polygons: vec!["25.2,51.4 25.4,51.4 25.4,51.6 25.2,51.4".to_owned()],
            circles: vec!["25.2854,51.5310 12.5".to_owned()],
            geocodes: vec![ChildAlertGeocode {
                value_name: "ISO 3166-2".to_owned(),
                value: "QA-DA".to_owned(),
            }],
        }),
        infos: vec![
            said("ar", ["اختطاف طفل", "طفلة مفقودة", "سلمى، تسع سنوات، ثوب أحمر", "الدوحة"]),
            said("ru", ["Похищение ребёнка", "Пропала девочка", "Сальма, девять лет", "Доха"]),
            said("en", ["Child abduction", "A girl is missing", "Salma, nine, a red dress", "Doha"]),
        ],
    }
}

/// A report of a missing child, which no step follows for a while.
pub fn report_of_a_missing_child() -> RaiseEscalationRequest {
    RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::Emergency.into(),
        risk: Risk::HarmNow.into(),
        danger: Danger::Missing.into(),
        ..RaiseEscalationRequest::default()
    }
}

/// Somebody reports a missing child; the id of the escalation.
pub async fn a_child_is_missing(by: &Actor) -> String {
    let answer = by.escalations().raise_escalation(report_of_a_missing_child()).await;
    answer.expect("an escalation").into_inner().escalation.expect("the escalation").escalation_id
}

/// An agency may know what [`content`] says.
pub async fn disclose_to(by: &Actor, escalation_id: &str, agency_id: &str) -> String {
    let disclose = DiscloseRequest {
        request_id: request_id(),
        escalation_id: escalation_id.to_owned(),
        agency_id: agency_id.to_owned(),
        purpose: DisclosurePurpose::MissingChild.into(),
        field_classes: CLASSES.map(i32::from).to_vec(),
        basis: DisclosureBasis::Consent.into(),
        consent_by: ConsentBy::Guardian.into(),
        ..DiscloseRequest::default()
    };
    let answer = by.disclosures().disclose(disclose).await.expect("a disclosure").into_inner();
    answer.disclosure.expect("the disclosure").disclosure_id
}

/// Somebody asks for an alert.
pub async fn ask(by: &Actor, escalation_id: &str, content: ChildAlertContent) -> Result<ChildAlert, Status> {
    let request = AskChildAlertRequest {
        request_id: request_id(),
        escalation_id: escalation_id.to_owned(),
        content: Some(content),
    };
    Ok(by.child_alerts().ask_child_alert(request).await?.into_inner().alert.expect("the alert"))
}

/// Somebody approves a message.
pub async fn approve(by: &Actor, alert: &ChildAlert) -> Result<ChildAlert, Status> {
    let request = ApproveChildAlertRequest { request_id: request_id(), alert_id: alert.alert_id.clone() };
    Ok(by.child_alerts().approve_child_alert(request).await?.into_inner().alert.expect("the alert"))
}
