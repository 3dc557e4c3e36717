//! A server dies, or Postgres does, in the middle of an emergency: nothing is lost, nothing happens twice.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;
use std::time::Duration;

use helpline_devstack::StackOptions;
use helpline_domain::caller::Role;
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, SignatureScheme};
use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, ConsentBy, Danger, DiscloseRequest, DisclosureBasis, DisclosurePurpose,
    EscalationKind, GetPlanRequest, PublishPlanRequest, RaiseEscalationRequest, WatchEscalationsRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use helpline_tests::process::{Fleet, FleetOptions, private_stack, retry, until};
use helpline_tests::{Actor, request_id};

const PATIENCE: Duration = Duration::from_mins(1);
/// The server may tell this machine.
const CHANNELS: &str = "[channels]\nprivate_targets = true";
/// What is not under load: each is brought about by itself.
pub(crate) const PLACES: [&str; 5] = [
    "alarm.after_commit",
    "shown.after_commit",
    "disclosure.after_commit",
    "plan.after_commit",
    "endpoint.after_commit",
];

fn report() -> RaiseEscalationRequest {
    RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::Emergency.into(),
        risk: Risk::HarmNow.into(),
        danger: Danger::Violence.into(),
        ..RaiseEscalationRequest::default()
    }
}

async fn raise(by: &Actor) -> String {
    let raised = by.escalations().raise_escalation(report()).await.expect("an escalation").into_inner();
    raised.escalation.expect("the escalation").escalation_id
}

/// What comes past a place, asked again until it is answered; the SQL that counts what it made.
async fn come_past(place: &str, fleet: &Fleet, by: &Actor, administrator: &Actor) -> &'static str {
    match place {
        "alarm.after_commit" => {
            let escalation_id = raise(by).await;
            let accept = AcceptEscalationRequest { request_id: request_id(), escalation_id };
            by.escalations().accept_escalation(accept).await.expect("somebody takes it on");
            fleet.advance(Duration::from_secs(1801));
            "SELECT count(*) FROM helpline.escalation_events WHERE event = 'child_not_reached'"
        }
        "shown.after_commit" => {
            raise(by).await;
            let by = by.clone();
            // The stream breaks with the server, and somebody watches again.
            tokio::spawn(async move {
                loop {
                    let request = WatchEscalationsRequest {};
                    if let Ok(stream) = by.escalations().watch_escalations(request).await {
                        let mut stream = stream.into_inner();
                        while let Ok(Some(_)) = stream.message().await {}
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
            "SELECT max(times) FROM (
                 SELECT count(*) AS times FROM helpline.escalation_events WHERE event = 'delivered' GROUP BY delivery_id) shown"
        }
        "disclosure.after_commit" => {
            let request = DiscloseRequest {
                request_id: request_id(),
                escalation_id: raise(by).await,
                agency_id: agency(administrator).await,
                purpose: DisclosurePurpose::Emergency.into(),
                field_classes: vec![FieldClass::Location.into()],
                basis: DisclosureBasis::Consent.into(),
                consent_by: ConsentBy::Child.into(),
                ..DiscloseRequest::default()
            };
            let by = by.clone();
            tokio::spawn(async move {
                let asked = retry("disclose", PATIENCE, || {
                    let (mut client, request) = (by.disclosures(), request.clone());
                    async move { client.disclose(request).await }
                });
                asked.await.expect("a disclosure");
            });
            "SELECT count(*) FROM helpline.disclosures"
        }
        "plan.after_commit" => {
            let plan = administrator.plans().get_plan(GetPlanRequest::default()).await.expect("the plan");
            let mut plan = plan.into_inner().plan.expect("the plan");
            plan.policies[0].repeats = 2;
            let request =
                PublishPlanRequest { request_id: request_id(), plan: Some(plan), expected_version: 1 };
            let administrator = administrator.clone();
            tokio::spawn(async move {
                let asked = retry("publish", PATIENCE, || {
                    let (mut client, request) = (administrator.plans(), request.clone());
                    async move { client.publish_plan(request).await }
                });
                asked.await.expect("a plan");
            });
            "SELECT count(*) FROM helpline.escalation_plans WHERE version > 1"
        }
        _ => {
            let request = CreateEndpointRequest {
                request_id: request_id(),
                agency_id: agency(administrator).await,
                kind: EndpointKind::Webhook.into(),
                address: "http://127.0.0.1:1/".to_owned(),
                signature: SignatureScheme::V1.into(),
            };
            let administrator = administrator.clone();
            tokio::spawn(async move {
                let asked = retry("create an endpoint", PATIENCE, || {
                    let (mut client, request) = (administrator.endpoints(), request.clone());
                    async move { client.create_endpoint(request).await }
                });
                asked.await.expect("an endpoint");
            });
            "SELECT count(*) FROM helpline.endpoints"
        }
    }
}

async fn agency(administrator: &Actor) -> String {
    let agency = Agency {
        display_name: "An agency".to_owned(),
        kind: AgencyKind::Police.into(),
        field_classes: vec![FieldClass::Location.into()],
        ..Agency::default()
    };
    let request = CreateAgencyRequest { request_id: request_id(), agency: Some(agency) };
    let made = administrator.agencies().create_agency(request).await.expect("an agency").into_inner();
    made.agency.expect("the agency").agency_id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_or_alarmed_stands_once_wherever_a_server_is_killed() {
    let stack = private_stack(StackOptions::default());
    for place in PLACES {
        let testing = format!("kill_at = \"{place}\"\n{CHANNELS}");
        let options = FleetOptions { testing, ..FleetOptions::default() };
        let mut fleet = Fleet::start_on(Arc::clone(&stack), options).await;
        let administrator = fleet.bearer(Role::Administrator, None);
        let supervisor = fleet.bearer(Role::Supervisor, None);
        let made = come_past(place, &fleet, &supervisor, &administrator).await;
        let (status, _) = until(&format!("the server dies at {place}"), PATIENCE, || {
            std::future::ready(fleet.server(0).status())
        })
        .await;
        assert_eq!(status.signal(), Some(9), "{place}: {status}");
        assert_eq!(fleet.count(made), 1, "{place}: it is written down");
        fleet.restart(0, CHANNELS);
        let ready = format!("the server is asked again after {place}");
        until(&ready, PATIENCE, || async {
            administrator.plans().get_plan(GetPlanRequest::default()).await.ok()
        })
        .await;
        // Whatever looks by itself has had time for it when another has climbed and was shown.
        let other = raise(&supervisor).await;
        fleet.advance(Duration::from_secs(31));
        let shown = if place == "shown.after_commit" { "'delivered'" } else { "'step_taken'" };
        let both = format!(
            "SELECT count(DISTINCT event) FROM helpline.escalation_events
             WHERE escalation_id = '{other}' AND (event = 'step_taken' AND detail ->> 'rung' = '2' OR event = {shown})"
        );
        let wanted = if place == "shown.after_commit" { 2 } else { 1 };
        until("another climbs", PATIENCE, || {
            std::future::ready((fleet.count(&both) == wanted).then_some(()))
        })
        .await;
        assert_eq!(fleet.count(made), 1, "{place}: once");
    }
}

/// Escalations that climb while Postgres goes away.
const CLIMBERS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn postgres_restarted_and_a_server_killed_in_the_middle_of_steps_leave_each_taken_once() {
    let mut fleet = Fleet::start(FleetOptions { processes: 2, ..FleetOptions::default() }).await;
    let supervisors = fleet.bearers(Role::Supervisor, &[None, None]);
    let mut raising = tokio::task::JoinSet::new();
    for number in 0..CLIMBERS {
        let by = supervisors[number % 2].clone();
        raising.spawn(async move { raise(&by).await });
    }
    raising.join_all().await;
    // The plan that a centre begins with: two steps of half a minute, then the fallback.
    for (round, (step, rung)) in
        [("step_taken", "2"), ("fallback_rung", "2"), ("fallback_rung", "2")].into_iter().enumerate()
    {
        fleet.advance(Duration::from_secs(if round < 2 { 31 } else { 301 }));
        let taken = format!(
            "SELECT count(*) FROM helpline.escalation_events WHERE event = '{step}' AND detail ->> 'rung' = '{rung}'"
        );
        let before = i64::try_from(CLIMBERS * round.saturating_sub(1)).expect("a number");
        if round == 1 {
            fleet.restart(0, "");
        }
        fleet.stack.restart_postgres().expect("Postgres again");
        let all = before + i64::try_from(CLIMBERS).expect("a number");
        until(&format!("{step} of all"), PATIENCE, || {
            std::future::ready((fleet.count(&taken) == all).then_some(()))
        })
        .await;
    }
    let doubled = "SELECT count(*) FROM (
        SELECT escalation_id FROM helpline.escalation_events GROUP BY 1
        HAVING count(*) FILTER (WHERE event = 'step_taken') <> 2 OR count(*) FILTER (WHERE event = 'fallback_rung') <> 2
        UNION ALL
        SELECT escalation_id FROM helpline.escalations e WHERE look_at <= helpline.now()
            OR event_count <> (SELECT count(*) FROM helpline.escalation_events v WHERE v.escalation_id = e.escalation_id)) wrong";
    assert_eq!(fleet.count(doubled), 0, "a step twice, none, or one without its entry");
}
