//! Nobody says that she has arrived: an emergency, and an alert to those who look for missing children.

use anyhow::Result;
use helpline_proto::casework::v1::Case;
use helpline_proto::crossborder::v1::CrossBorderState;
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AcknowledgeChildAlertRequest, ApproveChildAlertRequest, AskChildAlertRequest,
    CancelChildAlertRequest, ChildAlertArea, ChildAlertCancelReason, ChildAlertCertainty, ChildAlertContent,
    ChildAlertEvent, ChildAlertGeocode, ChildAlertInfo, ChildAlertKind, ChildAlertScope, ChildAlertSeverity,
    ChildAlertUrgency, ConsentBy, Danger, DiscloseRequest, DisclosureBasis, DisclosurePurpose,
    EscalationState, GetChildAlertDocumentRequest, ListChildAlertsRequest, ListEscalationsRequest, Outcome,
    ReportProgressRequest, ResolveEscalationRequest,
};
use helpline_proto::options::v1::FieldClass;

use super::{NAME, People, read};
use crate::scenario::cast::{does, given, is_refused, so};
use crate::scenario::stage::{HOUR, Stage};

/// What an alert about her says.
const ALERT: [FieldClass; 2] = [FieldClass::Identity, FieldClass::Location];
/// To whom it may be told.
const RESTRICTION: &str = "Teams that look for missing children.";
/// Where to look.
const PLACE: &str = "Irbid";

/// Nobody says that she has arrived; the id of the escalation.
pub(super) async fn missing(stage: &Stage<'_>, people: &People, id: &str) -> Result<String> {
    stage.wait(21 * HOUR).await?;
    let escalation_id = stage
        .until("she is missing", async || {
            let now = read(&people.amina, id).await?;
            Ok((now.state() == CrossBorderState::Missing).then_some(now.escalation_id))
        })
        .await?;
    stage.tell_of("Helpline", "nobody has confirmed her arrival: an emergency is raised, once");
    for agency in [&people.second, &people.hotline] {
        let request = DiscloseRequest {
            request_id: stage.id(),
            escalation_id: escalation_id.clone(),
            agency_id: agency.agency_id(),
            purpose: DisclosurePurpose::MissingChild.into(),
            field_classes: ALERT.map(i32::from).to_vec(),
            basis: DisclosureBasis::Consent.into(),
            consent_by: ConsentBy::Guardian.into(),
            ..DiscloseRequest::default()
        };
        does!(people.amina, disclosures.disclose, request);
    }
    let request = AskChildAlertRequest {
        request_id: stage.id(),
        escalation_id: escalation_id.clone(),
        content: Some(content(people)),
    };
    let asked = given!(does!(people.amina, child_alerts.ask_child_alert, request), alert);
    let own = ApproveChildAlertRequest { request_id: stage.id(), alert_id: asked.alert_id.clone() };
    so!(
        is_refused!(people.amina, child_alerts.approve_child_alert, own).reason,
        "ROLE_REFUSED",
        "nobody approves their own"
    );
    let request = ApproveChildAlertRequest { request_id: stage.id(), alert_id: asked.alert_id };
    does!(people.nadia, child_alerts.approve_child_alert, request);
    stage.tell(&people.nadia, "approves a restricted alert to Irbid and to the hotline for missing children");
    is_read(stage, people, &escalation_id).await?;
    Ok(escalation_id)
}

/// However often the clock is looked at: of the child of a case one escalation is raised, and one alert is given.
pub(super) async fn once(people: &People, case: &Case, escalation_id: &str) -> Result<()> {
    let all = ListEscalationsRequest { page_size: 500, ..ListEscalationsRequest::default() };
    let all = does!(people.nadia, escalations.list_escalations, all).escalations;
    let raised: Vec<_> = all.iter().map(|one| (&*one.case_id, &*one.escalation_id, one.danger())).collect();
    so!(raised, [(&*case.case_id, escalation_id, Danger::Missing)], "escalations of the centre");
    let all = ListChildAlertsRequest { page_size: 500, ..ListChildAlertsRequest::default() };
    let mut alerts = does!(people.nadia, child_alerts.list_child_alerts, all).alerts;
    alerts.retain(|one| one.kind() == ChildAlertKind::Alert);
    let about: Vec<_> = alerts.iter().map(|alert| &*alert.escalation_id).collect();
    so!(about, [escalation_id], "alerts of the centre");
    Ok(())
}

/// Those to whom it is addressed read the document and say so; nobody else finds it.
async fn is_read(stage: &Stage<'_>, people: &People, escalation_id: &str) -> Result<()> {
    let all = ListChildAlertsRequest {
        escalation_id: escalation_id.to_owned(),
        ..ListChildAlertsRequest::default()
    };
    let sent = does!(people.nadia, child_alerts.list_child_alerts, all).alerts;
    so!(sent.len(), 1, "alerts");
    let alert_id = sent.into_iter().map(|alert| alert.alert_id).next().unwrap_or_default();
    let document = || GetChildAlertDocumentRequest { alert_id: alert_id.clone(), ..Default::default() };
    let read = || AcknowledgeChildAlertRequest { request_id: stage.id(), alert_id: alert_id.clone() };
    for agency in [&people.second, &people.hotline] {
        let told = does!(agency, child_alerts.get_child_alert_document, document()).document;
        so!(told.contains("<scope>Restricted</scope>"), true, "it is restricted");
        so!(told.contains(RESTRICTION), true, "to whom it may be told");
        so!(told.contains(PLACE), true, "where to look");
        does!(agency, child_alerts.acknowledge_child_alert, read());
    }
    let strange = is_refused!(people.first, child_alerts.get_child_alert_document, document());
    so!(strange.reason, "NOT_FOUND", "Amman is not told by an alert");
    stage.tell(&people.hotline, "reads the alert and says so, as does Irbid");
    Ok(())
}

fn content(people: &People) -> ChildAlertContent {
    let text = |text: &str| text.to_owned();
    let said = |language: &str, event: &str, place: &str| ChildAlertInfo {
        language: text(language),
        event: text(event),
        headline: text(event),
        description: text(NAME),
        instruction: text("116111"),
        audience: String::new(),
        contact: text("+974 4000 0000"),
        area_description: text(place),
    };
    ChildAlertContent {
        event: ChildAlertEvent::MissingChild.into(),
        scope: ChildAlertScope::Restricted.into(),
        restriction: text(RESTRICTION),
        agency_ids: vec![people.second.agency_id(), people.hotline.agency_id()],
        field_classes: ALERT.map(i32::from).to_vec(),
        urgency: ChildAlertUrgency::Immediate.into(),
        severity: ChildAlertSeverity::Severe.into(),
        certainty: ChildAlertCertainty::Likely.into(),
        lifetime: Some(prost_types::Duration { seconds: 6 * HOUR, nanos: 0 }),
        area: Some(ChildAlertArea {
            polygons: Vec::new(),
            circles: vec![text("32.5556,35.85 20")],
            geocodes: vec![ChildAlertGeocode { value_name: text("ISO 3166-2"), value: text("JO-IR") }],
        }),
        infos: vec![said("ar", "طفلة مفقودة", "إربد"), said("en", "A girl is missing", PLACE)],
    }
}

/// She is there: the alert is cancelled, and the emergency ended.
pub(super) async fn found(stage: &Stage<'_>, people: &People, escalation_id: &str) -> Result<()> {
    let open = ListChildAlertsRequest {
        escalation_id: escalation_id.to_owned(),
        ..ListChildAlertsRequest::default()
    };
    for alert in does!(people.nadia, child_alerts.list_child_alerts, open).alerts {
        let request = CancelChildAlertRequest {
            request_id: stage.id(),
            alert_id: alert.alert_id,
            reason: ChildAlertCancelReason::ChildFound.into(),
        };
        does!(people.nadia, child_alerts.cancel_child_alert, request);
    }
    let request = AcceptEscalationRequest { request_id: stage.id(), escalation_id: escalation_id.to_owned() };
    does!(people.nadia, escalations.accept_escalation, request);
    let request = ReportProgressRequest {
        request_id: stage.id(),
        escalation_id: escalation_id.to_owned(),
        state: EscalationState::ChildReached.into(),
        ..ReportProgressRequest::default()
    };
    does!(people.nadia, escalations.report_progress, request);
    let request = ResolveEscalationRequest {
        request_id: stage.id(),
        escalation_id: escalation_id.to_owned(),
        outcome: Outcome::TakenToSafety.into(),
        ..ResolveEscalationRequest::default()
    };
    does!(people.nadia, escalations.resolve_escalation, request);
    stage.tell(&people.nadia, "cancels the alert and ends the emergency: the child was reached");
    Ok(())
}
