//! A child is missing: agencies are told what was disclosed to them, in two names, and told when it is over.

use helpline_domain::id::AgencyId;
use helpline_proto::escalation::v1::{
    AcknowledgeChildAlertRequest, AskChildAlertUpdateRequest, CancelChildAlertRequest, ChildAlert,
    ChildAlertCancelReason, ChildAlertContent, ChildAlertKind, ChildAlertScope, ChildAlertState,
    DeclineChildAlertRequest, Escalation, EscalationState, GetChildAlertDocumentRequest,
    GetChildAlertRequest, ListChildAlertsRequest, RaiseEscalationRequest, RevokeDisclosureRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::terms::v1::Risk;
use helpline_tests::child_alert::{
    a_child_is_missing, approve, ask, content, disclose_to, lets_send_alerts, report_of_a_missing_child,
};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use super::room::{accept, get as get_escalation, progress, raise, report, timeline};
use crate::alerts::listed;
use crate::stage::{Stage, until, why};

/// A centre that sends alerts, a counsellor who owns the escalation of a missing child, two agencies of which each has a
/// responder and a way to be told, and a second supervisor.
pub(super) struct Search {
    pub(super) stage: Stage,
    pub(super) amina: Actor,
    pub(super) colleague: Actor,
    pub(super) escalation: Escalation,
    pub(super) police: Agency,
    pub(super) other: Agency,
}

/// An agency and somebody of theirs.
pub(super) struct Agency {
    pub(super) id: String,
    pub(super) responder: Actor,
}

impl Search {
    pub(super) async fn begin() -> Self {
        Self::of(report_of_a_missing_child()).await
    }

    pub(super) async fn of(report: RaiseEscalationRequest) -> Self {
        let stage = Stage::set().await;
        lets_send_alerts(&stage.world).await;
        let amina = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
        let colleague = stage.world.supervisor().await;
        let escalation = raise(&amina, report).await;
        let police = agency(&stage).await;
        let other = agency(&stage).await;
        Self { stage, amina, colleague, escalation, police, other }
    }

    /// Who was told what by which message, as the deliveries have it.
    pub(super) fn told(&self) -> Vec<(String, String, String)> {
        let rows = self.stage.sql(
            "SELECT agency_id, event, state FROM helpline.deliveries WHERE child_alert_id IS NOT NULL ORDER BY made_at, event, agency_id",
        );
        let text = |value: &Option<String>| value.clone().unwrap();
        rows.iter().map(|row| (text(&row[0]), text(&row[1]), text(&row[2]))).collect()
    }

    pub(super) async fn asked(&self, agencies: &[&Agency]) -> ChildAlert {
        ask(&self.amina, &self.escalation.escalation_id, to(agencies)).await.unwrap()
    }

    /// An alert that was issued to these, who may know it.
    pub(super) async fn issued(&self, agencies: &[&Agency]) -> ChildAlert {
        for agency in agencies {
            self.disclose(agency).await;
        }
        approve(&self.stage.supervisor, &self.asked(agencies).await).await.unwrap()
    }

    pub(super) async fn disclose(&self, agency: &Agency) -> String {
        disclose_to(&self.amina, &self.escalation.escalation_id, &agency.id).await
    }
}

async fn agency(stage: &Stage) -> Agency {
    let id: AgencyId = stage.world.agency().await;
    // Nothing listens there, and nothing has to: what is sent is looked at elsewhere.
    stage.sql(&format!(
        "INSERT INTO helpline.endpoints (centre_id, endpoint_id, agency_id, kind, address_sealed)
         SELECT centre_id, gen_random_uuid(), '{id}', 'sms', '\\x00' FROM helpline.centres"
    ));
    Agency { id: id.to_string(), responder: stage.world.responder(id).await }
}

/// What is said to these.
pub(super) fn to(agencies: &[&Agency]) -> ChildAlertContent {
    content(&agencies.iter().map(|agency| agency.id.as_str()).collect::<Vec<_>>())
}

pub(super) async fn get(actor: &Actor, alert: &ChildAlert) -> Result<ChildAlert, Status> {
    let request = GetChildAlertRequest { alert_id: alert.alert_id.clone() };
    Ok(actor.child_alerts().get_child_alert(request).await?.into_inner().alert.unwrap())
}

pub(super) async fn document(actor: &Actor, alert: &ChildAlert) -> Result<String, Status> {
    let request = GetChildAlertDocumentRequest {
        alert_id: alert.alert_id.clone(),
        ..GetChildAlertDocumentRequest::default()
    };
    Ok(actor.child_alerts().get_child_alert_document(request).await?.into_inner().document)
}

pub(super) async fn acknowledge(actor: &Actor, alert: &ChildAlert) -> Result<ChildAlert, Status> {
    let request = AcknowledgeChildAlertRequest { request_id: request_id(), alert_id: alert.alert_id.clone() };
    Ok(actor.child_alerts().acknowledge_child_alert(request).await?.into_inner().alert.unwrap())
}

pub(super) async fn ask_update(
    actor: &Actor,
    alert: &ChildAlert,
    content: ChildAlertContent,
) -> Result<ChildAlert, Status> {
    let request = AskChildAlertUpdateRequest {
        request_id: request_id(),
        alert_id: alert.alert_id.clone(),
        content: Some(content),
    };
    Ok(actor.child_alerts().ask_child_alert_update(request).await?.into_inner().alert.unwrap())
}

pub(super) async fn cancel(actor: &Actor, alert: &ChildAlert) -> Result<ChildAlert, Status> {
    let request = CancelChildAlertRequest {
        request_id: request_id(),
        alert_id: alert.alert_id.clone(),
        reason: ChildAlertCancelReason::ChildFound.into(),
    };
    Ok(actor.child_alerts().cancel_child_alert(request).await?.into_inner().alert.unwrap())
}

async fn decline(actor: &Actor, alert: &ChildAlert) -> Result<ChildAlert, Status> {
    let request = DeclineChildAlertRequest { request_id: request_id(), alert_id: alert.alert_id.clone() };
    Ok(actor.child_alerts().decline_child_alert(request).await?.into_inner().alert.unwrap())
}

async fn open(actor: &Actor) -> Vec<ChildAlert> {
    let request = ListChildAlertsRequest { open: true, ..ListChildAlertsRequest::default() };
    actor.child_alerts().list_child_alerts(request).await.unwrap().into_inner().alerts
}

#[track_caller]
fn refused<T>(answer: Result<T, Status>, reason: &str, state: &str) {
    let refused = why(answer);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), (reason, state));
}

#[track_caller]
fn not_there<T>(answer: Result<T, Status>) {
    assert_eq!(why(answer).code, Code::NotFound);
}

#[tokio::test]
async fn an_alert_leaves_the_building_when_another_approved_it_and_all_of_it_was_disclosed() {
    let search = Search::begin().await;
    let supervisor = &search.stage.supervisor;
    let asked = search.asked(&[&search.police, &search.other]).await;
    assert_eq!((asked.state(), asked.kind()), (ChildAlertState::Asked, ChildAlertKind::Alert));
    assert_eq!(asked.content, Some(sorted(to(&[&search.police, &search.other]))), "it reads as it was said");
    search.disclose(&search.police).await;
    let refusal = why(approve(supervisor, &asked).await);
    assert_eq!(
        (refusal.reason.as_str(), refusal.metadata("agency")),
        ("NOT_DISCLOSED", search.other.id.as_str())
    );
    assert!(search.told().is_empty());
    search.disclose(&search.other).await;
    let issued = approve(supervisor, &asked).await.unwrap();
    assert_eq!((issued.state(), issued.sender.as_str()), (ChildAlertState::Issued, "helpline.example.org"));
    assert_eq!(
        (issued.asked_by.as_str(), issued.decided_by.as_str()),
        (search.amina.counsellor_id.as_str(), supervisor.token_id.as_str())
    );
    assert_eq!(issued.expire_time.unwrap().seconds - issued.send_time.unwrap().seconds, 6 * 3600);
    assert_eq!(issued.send_time.unwrap().nanos, 0, "times of documents have no fractions");
    let mut told: Vec<_> = search.told().into_iter().map(|(agency, event, _)| (agency, event)).collect();
    told.sort();
    let mut expected =
        [&search.police, &search.other].map(|one| (one.id.clone(), "child_alert.issued".to_owned()));
    expected.sort();
    assert_eq!(told, expected);
    refused(approve(&search.colleague, &asked).await, "STATE_REFUSED", "issued");
    let events = timeline(supervisor, &search.escalation).await;
    let own: Vec<_> = events.iter().filter(|event| event.starts_with("child_alert")).collect();
    assert_eq!(own, ["child_alert_asked", "child_alert_issued"]);
}

/// The same with its agencies and classes in the order in which they are kept.
fn sorted(mut content: ChildAlertContent) -> ChildAlertContent {
    content.agency_ids.sort();
    let keys = [FieldClass::Identity, FieldClass::Location, FieldClass::Narrative];
    content.field_classes = keys.map(i32::from).to_vec();
    content
}

#[tokio::test]
async fn nobody_approves_their_own_alert_and_a_centre_without_a_name_sends_none() {
    let search = Search::begin().await;
    search.disclose(&search.police).await;
    let supervisor = &search.stage.supervisor;
    let own = ask(supervisor, &search.escalation.escalation_id, to(&[&search.police])).await.unwrap();
    refused(approve(supervisor, &own).await, "STATE_REFUSED", "own");
    search.stage.world.change_settings(|settings| settings.alert_sender.clear()).await;
    until("the settings hold", async || {
        (why(approve(&search.colleague, &own).await).reason == "SENDER_UNKNOWN").then_some(())
    })
    .await;
    assert!(search.told().is_empty());
    refused(decline(&search.amina, &own).await, "STATE_REFUSED", "anothers");
    assert_eq!(decline(supervisor, &own).await.unwrap().state(), ChildAlertState::Declined);
    refused(approve(&search.colleague, &own).await, "STATE_REFUSED", "declined");
    refused(decline(supervisor, &own).await, "STATE_REFUSED", "declined");
}

#[tokio::test]
async fn an_agency_knows_of_the_alerts_that_were_issued_to_it_and_of_nothing_else() {
    let search = Search::begin().await;
    search.disclose(&search.police).await;
    let asked = search.asked(&[&search.police]).await;
    let responder = &search.police.responder;
    not_there(get(responder, &asked).await);
    not_there(document(responder, &asked).await);
    assert!(open(responder).await.is_empty());
    refused(document(&search.amina, &asked).await, "STATE_REFUSED", "asked");
    let issued = approve(&search.stage.supervisor, &asked).await.unwrap();

    let seen = get(responder, &issued).await.unwrap();
    assert_eq!(seen.content.unwrap().infos[0].headline, "طفلة مفقودة");
    assert!(seen.escalation_id.is_empty() && seen.asked_by.is_empty() && seen.decided_by.is_empty());
    assert_eq!(seen.recipients.len(), 1);
    let listed = open(responder).await;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].content.is_none(), "lists tell nothing of it");

    let stranger = &search.other.responder;
    not_there(get(stranger, &issued).await);
    not_there(document(stranger, &issued).await);
    not_there(acknowledge(stranger, &issued).await);
    assert!(open(stranger).await.is_empty());
    let uninvolved = search.stage.world.counsellor(Abilities::speaking(&["ru"])).await;
    not_there(get(&uninvolved, &issued).await);
    not_there(ask(&uninvolved, &search.escalation.escalation_id, to(&[&search.police])).await);
    not_there(ask_update(&uninvolved, &issued, to(&[&search.police])).await);
    assert!(open(&uninvolved).await.is_empty());
}

#[tokio::test]
async fn what_an_agency_takes_and_acknowledges_stands_on_the_timeline_once() {
    let search = Search::begin().await;
    let issued = search.issued(&[&search.police]).await;
    let responder = &search.police.responder;
    refused(acknowledge(responder, &issued).await, "STATE_REFUSED", "not_fetched");
    document(responder, &issued).await.unwrap();
    document(responder, &issued).await.unwrap();
    document(&search.amina, &issued).await.unwrap();
    let known = acknowledge(responder, &issued).await.unwrap();
    assert_eq!(known.recipients[0].acknowledged_by, responder.token_id);
    refused(acknowledge(responder, &issued).await, "STATE_REFUSED", "acknowledged");
    let seen = get(&search.stage.supervisor, &issued).await.unwrap().recipients;
    assert!(seen[0].fetch_time.is_some() && seen[0].acknowledge_time.is_some());
    let events = timeline(&search.stage.supervisor, &search.escalation).await;
    let receipts: Vec<_> = events.iter().filter(|event| event.contains("child_alert")).skip(2).collect();
    assert_eq!(receipts, ["child_alert_fetched", "child_alert_acknowledged"]);
    let sql = "SELECT string_agg(event || ' ' || actor_role, ', ' ORDER BY entry_id) FROM helpline.journal WHERE event LIKE 'child_alert%'";
    assert_eq!(
        search.stage.value(sql),
        "child_alert_asked counsellor, child_alert_issued supervisor, child_alert_fetched agency_responder, \
         child_alert_acknowledged agency_responder"
    );
}

#[tokio::test]
async fn whom_it_is_not_disclosed_to_any_more_reads_it_no_more() {
    let search = Search::begin().await;
    let disclosure_id = search.disclose(&search.police).await;
    let issued = approve(&search.stage.supervisor, &search.asked(&[&search.police]).await).await.unwrap();
    let responder = &search.police.responder;
    assert!(get(responder, &issued).await.unwrap().content.is_some());
    let revoke = RevokeDisclosureRequest { request_id: request_id(), disclosure_id };
    search.amina.disclosures().revoke_disclosure(revoke).await.unwrap();
    assert!(get(responder, &issued).await.unwrap().content.is_none());
    refused(document(responder, &issued).await, "NOT_DISCLOSED", "");
    assert!(get(&search.amina, &issued).await.unwrap().content.is_some());
    // Part of it is not enough.
    search.stage.sql("UPDATE helpline.disclosures SET revoked_at = NULL, revoked_by = NULL, field_classes = '{identity,narrative}'");
    refused(document(responder, &issued).await, "NOT_DISCLOSED", "");
    search.stage.sql("UPDATE helpline.disclosures SET field_classes = '{identity,narrative,location}'");
    document(responder, &issued).await.unwrap();
    search.stage.sql("UPDATE helpline.agencies SET field_classes = '{identity}'");
    refused(document(responder, &issued).await, "NOT_DISCLOSED", "");
    // By the alert alone nobody knows of the escalation. That it is over they are told in any case.
    search.stage.sql("UPDATE helpline.disclosures SET revoked_at = helpline.now(), revoked_by = agency_id");
    not_there(get_escalation(responder, &search.escalation).await);
    assert_eq!(open(responder).await.len(), 1);
    let over = cancel(&search.stage.supervisor, &issued).await.unwrap();
    assert!(document(responder, &over).await.unwrap().contains("<msgType>Cancel</msgType>"));
}

#[tokio::test]
async fn an_update_replaces_what_went_before_once_and_reaches_whoever_has_that() {
    let search = Search::begin().await;
    let first = search.issued(&[&search.police]).await;
    search.disclose(&search.other).await;
    let one = ask_update(&search.amina, &first, to(&[&search.other])).await.unwrap();
    let two = ask_update(&search.stage.supervisor, &first, to(&[&search.other])).await.unwrap();
    assert_eq!(
        (one.kind(), one.replaces_alert_id.as_str()),
        (ChildAlertKind::Update, first.alert_id.as_str())
    );
    assert_eq!(one.recipients.len(), 2, "and to whom the first was addressed");
    let issued = approve(&search.stage.supervisor, &one).await.unwrap();
    assert_eq!(issued.first_alert_id, first.alert_id);
    assert_eq!(get(&search.police.responder, &first).await.unwrap().state(), ChildAlertState::Superseded);
    refused(approve(&search.colleague, &two).await, "STATE_REFUSED", "superseded");
    refused(ask_update(&search.amina, &first, to(&[&search.police])).await, "STATE_REFUSED", "superseded");
    refused(cancel(&search.stage.supervisor, &first).await, "STATE_REFUSED", "superseded");
    let mut updated: Vec<_> =
        search.told().into_iter().filter(|told| told.1 == "child_alert.updated").map(|told| told.0).collect();
    updated.sort();
    let mut both = [search.police.id.clone(), search.other.id.clone()];
    both.sort();
    assert_eq!(updated, both);
    let in_force: Vec<_> = open(&search.other.responder).await.into_iter().map(|one| one.alert_id).collect();
    assert_eq!(in_force, [issued.alert_id]);
}

#[tokio::test]
async fn a_cancel_is_told_to_everybody_and_ends_what_was_asked_for_too() {
    let search = Search::begin().await;
    let first = search.issued(&[&search.police]).await;
    search.disclose(&search.other).await;
    let update = ask_update(&search.amina, &first, to(&[&search.other])).await.unwrap();
    let second = approve(&search.stage.supervisor, &update).await.unwrap();
    let third = ask_update(&search.amina, &second, to(&[&search.other])).await.unwrap();
    let over = cancel(&search.stage.supervisor, &second).await.unwrap();
    assert_eq!((over.kind(), over.recipients.len()), (ChildAlertKind::Cancel, 2));
    assert_eq!(get(&search.amina, &second).await.unwrap().state(), ChildAlertState::Cancelled);
    refused(approve(&search.stage.supervisor, &third).await, "STATE_REFUSED", "declined");
    refused(cancel(&search.colleague, &second).await, "STATE_REFUSED", "cancelled");
    refused(cancel(&search.colleague, &over).await, "STATE_REFUSED", "cancel");
    refused(ask_update(&search.amina, &over, to(&[&search.other])).await, "STATE_REFUSED", "cancel");
    let cancelled = search.told().into_iter().filter(|told| told.1 == "child_alert.cancelled").count();
    assert_eq!(cancelled, 2);
    assert!(open(&search.police.responder).await.is_empty());
}

#[tokio::test]
async fn an_alert_that_outlives_its_cause_is_an_alarm_until_it_is_cancelled() {
    let search = Search::begin().await;
    let issued = search.issued(&[&search.police]).await;
    let late = search.asked(&[&search.police]).await;
    accept(&search.stage.supervisor, &search.escalation).await.unwrap();
    progress(&search.stage.supervisor, &search.escalation, EscalationState::ChildReached).await.unwrap();
    refused(approve(&search.stage.supervisor, &late).await, "STATE_REFUSED", "child_reached");
    refused(
        ask(&search.amina, &search.escalation.escalation_id, to(&[&search.police])).await,
        "STATE_REFUSED",
        "child_reached",
    );
    decline(&search.amina, &late).await.unwrap();
    let alarmed = async || {
        let open = listed(&search.stage.supervisor, true).await;
        open.into_iter().find(|alert| alert.kind() == AlertKind::ChildAlertUncancelled)
    };
    let alarm = until("the alarm is raised", alarmed).await;
    assert_eq!((alarm.escalation_id, alarm.grave), (search.escalation.escalation_id.clone(), true));
    cancel(&search.stage.supervisor, &issued).await.unwrap();
    until("the alarm is over", async || alarmed().await.is_none().then_some(())).await;
}

#[tokio::test]
async fn what_nobody_decides_on_is_an_alarm_after_a_minute() {
    let search = Search::begin().await;
    let asked = search.asked(&[&search.police]).await;
    search.stage.world.advance(61.0);
    let alarmed = async || {
        let open = listed(&search.stage.supervisor, true).await;
        open.into_iter().find(|alert| alert.kind() == AlertKind::ChildAlertUndecided)
    };
    until("the alarm is raised", alarmed).await;
    decline(&search.stage.supervisor, &asked).await.unwrap();
    until("the alarm is over", async || alarmed().await.is_none().then_some(())).await;
}

#[tokio::test]
async fn an_alert_says_when_it_has_expired_and_can_be_renewed_or_cancelled_still() {
    let search = Search::begin().await;
    search.disclose(&search.police).await;
    let short = ChildAlertContent {
        lifetime: Some(prost_types::Duration { seconds: 300, nanos: 0 }),
        ..to(&[&search.police])
    };
    let asked = ask(&search.amina, &search.escalation.escalation_id, short).await.unwrap();
    let first = approve(&search.stage.supervisor, &asked).await.unwrap();
    search.stage.world.advance(301.0);
    for actor in [&search.police.responder, &search.amina] {
        assert_eq!(get(actor, &first).await.unwrap().state(), ChildAlertState::Expired);
        assert!(open(actor).await.is_empty());
    }
    let update = ask_update(&search.amina, &first, to(&[&search.police])).await.unwrap();
    let second = approve(&search.stage.supervisor, &update).await.unwrap();
    assert_eq!(second.state(), ChildAlertState::Issued);
    search.stage.world.advance(301.0);
    assert_eq!(cancel(&search.stage.supervisor, &second).await.unwrap().kind(), ChildAlertKind::Cancel);
}

#[tokio::test]
async fn the_alert_of_an_exercise_never_leaves_the_building() {
    let report = RaiseEscalationRequest { exercise: true, ..report_of_a_missing_child() };
    let search = Search::of(report).await;
    let issued = search.issued(&[&search.police]).await;
    assert!(issued.exercise);
    assert!(document(&search.amina, &issued).await.unwrap().contains("<status>Exercise</status>"));
    let responder = &search.police.responder;
    not_there(get(responder, &issued).await);
    not_there(document(responder, &issued).await);
    not_there(acknowledge(responder, &issued).await);
    assert!(open(responder).await.is_empty());
    cancel(&search.stage.supervisor, &issued).await.unwrap();
    let states: Vec<_> = search.told().into_iter().map(|told| told.2).collect();
    assert_eq!(states, ["held_back", "held_back"]);
}

#[tokio::test]
async fn only_of_a_missing_child_and_within_what_an_agency_may_ever_be_told() {
    let search = Search::begin().await;
    let violence = raise(&search.amina, report(Risk::HarmNow)).await;
    let refusal = why(ask(&search.amina, &violence.escalation_id, to(&[&search.police])).await);
    assert_eq!((refusal.reason.as_str(), refusal.metadata("danger")), ("DANGER_REFUSED", "violence"));
    let id = &search.escalation.escalation_id;
    let nobody = request_id();
    let refusal = why(ask(&search.amina, id, content(&[&search.police.id, &nobody])).await);
    assert_eq!((refusal.code, refusal.metadata("resource")), (Code::NotFound, "agency"));
    search.stage.sql("UPDATE helpline.agencies SET field_classes = '{location}'");
    let refusal = why(ask(&search.amina, id, to(&[&search.police])).await);
    assert_eq!(refusal.fields, ["content.field_classes"]);

    let good = || to(&[&search.police]);
    let private = |restriction: &str| ChildAlertContent { restriction: restriction.to_owned(), ..good() };
    let restricted = || ChildAlertContent { scope: ChildAlertScope::Restricted.into(), ..good() };
    let without = |class: FieldClass| {
        let mut content = good();
        content.field_classes.retain(|&one| one != class as i32);
        content
    };
    let with_info = |change: &dyn Fn(&mut ChildAlertContent)| {
        let mut content = good();
        change(&mut content);
        content
    };
    for (content, field) in [
        (private("For hospitals"), "content.restriction"),
        (restricted(), "content.restriction"),
        (without(FieldClass::Location), "content.field_classes"),
        (ChildAlertContent { field_classes: Vec::new(), ..good() }, "content.field_classes"),
        (ChildAlertContent { agency_ids: Vec::new(), ..good() }, "content.agency_ids"),
        (ChildAlertContent { infos: Vec::new(), ..good() }, "content.infos"),
        (with_info(&|one| one.infos[2].language = "ar".to_owned()), "content.infos[2].language"),
        (with_info(&|one| one.infos[1].area_description.clear()), "content.infos[1].area_description"),
        (with_info(&|one| one.infos[0].headline = " \u{a0} ".to_owned()), "content.infos[0].headline"),
        (with_info(&|one| one.infos[0].description = "\u{ffff}".to_owned()), "content.infos[0].description"),
        (
            with_info(&|one| one.area.as_mut().unwrap().polygons[0] = "1,1 2,2 3,3 1,2".to_owned()),
            "content.area.polygons[0]",
        ),
        (
            with_info(&|one| one.area.as_mut().unwrap().circles[0] = "25.2,51.4".to_owned()),
            "content.area.circles[0]",
        ),
        (with_info(&|one| one.lifetime.as_mut().unwrap().seconds = 8 * 24 * 3600), "content.lifetime"),
    ] {
        assert_eq!(why(ask(&search.amina, id, content).await).fields, [field]);
    }
    assert_eq!(search.stage.value("SELECT count(*) FROM helpline.child_alerts"), "0");
}

#[tokio::test]
async fn of_those_who_decide_at_once_one_does() {
    let search = Search::begin().await;
    search.disclose(&search.police).await;
    let asked = search.asked(&[&search.police]).await;
    let (supervisor, colleague) = (&search.stage.supervisor, &search.colleague);
    let both = tokio::join!(approve(supervisor, &asked), approve(colleague, &asked));
    assert_eq!(usize::from(both.0.is_ok()) + usize::from(both.1.is_ok()), 1);
    for _ in 0..5 {
        let in_force =
            open(&search.amina).await.into_iter().find(|one| one.state() == ChildAlertState::Issued);
        let Some(in_force) = in_force else { break };
        let update = ask_update(&search.amina, &in_force, to(&[&search.police])).await.unwrap();
        let raced = tokio::join!(approve(supervisor, &update), cancel(colleague, &in_force));
        assert_eq!(usize::from(raced.0.is_ok()) + usize::from(raced.1.is_ok()), 1, "{raced:?}");
    }
    let twice =
        "SELECT count(*) FROM (SELECT FROM helpline.child_alerts WHERE state = 'issued' AND kind <> 'cancel'
                 GROUP BY series_id HAVING count(*) > 1) twice";
    assert_eq!(search.stage.value(twice), "0");
    let events = "SELECT count(*) FROM helpline.escalations e WHERE event_count <> (
                  SELECT count(*) FROM helpline.escalation_events v WHERE v.escalation_id = e.escalation_id)";
    assert_eq!(search.stage.value(events), "0");
}

#[tokio::test]
async fn what_is_told_of_an_alert_and_what_is_told_of_its_escalation_do_not_mix() {
    let search = Search::begin().await;
    search
        .stage
        .sql("UPDATE helpline.endpoints SET disabled_at = helpline.now(), disabled_because = 'by_hand'");
    let issued = search.issued(&[&search.police]).await;
    // Two ways to tell of it: one that has worked, one that is under way.
    search.stage.sql(&format!(
        "INSERT INTO helpline.endpoints (centre_id, endpoint_id, agency_id, kind, address_sealed)
         SELECT centre_id, gen_random_uuid(), '{}', 'email', '\\x00' FROM helpline.centres, generate_series(1, 2)",
        search.police.id
    ));
    search.stage.sql(&format!(
        "INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, child_alert_id, event, kind, agency_id, endpoint_id, state,
             next_attempt_at, made_at, delivered_at, ended_at)
         SELECT p.centre_id, gen_random_uuid(), e.escalation_id, '{}', 'child_alert.issued', p.kind, p.agency_id, p.endpoint_id,
             CASE one.n WHEN 1 THEN 'delivered' ELSE 'pending' END, CASE one.n WHEN 2 THEN helpline.now() + interval '1 day' END,
             helpline.now(), CASE one.n WHEN 1 THEN helpline.now() END, CASE one.n WHEN 1 THEN helpline.now() END
         FROM (SELECT *, row_number() OVER () AS n FROM helpline.endpoints WHERE disabled_at IS NULL) p
         JOIN (VALUES (1), (2)) one (n) ON one.n = p.n CROSS JOIN helpline.escalations e",
        issued.alert_id
    ));
    accept(&search.stage.supervisor, &search.escalation).await.unwrap();
    let states: Vec<_> = search.told().into_iter().map(|told| told.2).collect();
    assert_eq!(states.len(), 2);
    assert!(states.contains(&"pending".to_owned()), "whoever takes the escalation on withdraws no alert");
    let news = "SELECT count(*) FROM helpline.deliveries WHERE event = 'escalation.accepted'";
    assert_eq!(
        search.stage.value(news),
        "0",
        "who was told of the alert alone hears nothing of the escalation"
    );
}

#[tokio::test]
async fn a_list_is_narrowed_to_an_escalation_and_comes_in_pages() {
    let search = Search::begin().await;
    let first = search.issued(&[&search.police]).await;
    let elsewhere = a_child_is_missing(&search.stage.supervisor).await;
    ask(&search.stage.supervisor, &elsewhere, to(&[&search.police])).await.unwrap();
    let over = cancel(&search.stage.supervisor, &first).await.unwrap();
    let mut request = ListChildAlertsRequest {
        escalation_id: search.escalation.escalation_id.clone(),
        page_size: 1,
        ..ListChildAlertsRequest::default()
    };
    let mut client = search.stage.supervisor.child_alerts();
    let page = client.list_child_alerts(request.clone()).await.unwrap().into_inner();
    assert_eq!(page.alerts[0].alert_id, over.alert_id, "newest first");
    request.page_token = page.next_page_token;
    let rest = client.list_child_alerts(request).await.unwrap().into_inner();
    assert_eq!(
        (rest.alerts[0].alert_id.as_str(), rest.next_page_token.as_str()),
        (first.alert_id.as_str(), "")
    );
    assert_eq!(open(&search.stage.supervisor).await.len(), 1, "the one that was asked for elsewhere");
}
