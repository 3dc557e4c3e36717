//! Reports that the law demands: a slow clock, a deadline, and an authority that gives them a number.

use helpline_proto::escalation::v1::{
    ApproveDisclosureRequest, DiscloseRequest, DisclosureBasis, DisclosureGround, DisclosurePurpose,
    Escalation, EscalationKind, EscalationState, ListCallsRequest, ListReportsRequest, Outcome, PlannedCall,
    RaiseEscalationRequest, Report, ResolveEscalationRequest, WeekHours, WeekWindow,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{desk, ring, seconds, step, supervisors};
use helpline_tests::{Actor, request_id};
use prost_types::Timestamp;
use tonic::{Code, Status};

use super::room::{
    Watcher, accept, acknowledge, decline, get, progress, raise, report as emergency, timeline,
};
use crate::stage::{Stage, chat, until, why};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What the clock of the database says.
fn now(stage: &Stage) -> i64 {
    stage.value("SELECT extract(epoch FROM helpline.now())::int8").parse().unwrap()
}

/// A report by this law, which must have been made in so many seconds.
fn due_in(stage: &Stage, legal_basis: &str, seconds: i64) -> RaiseEscalationRequest {
    RaiseEscalationRequest {
        kind: EscalationKind::MandatoryReport.into(),
        report: Some(Report {
            legal_basis: legal_basis.to_owned(),
            deadline: Some(Timestamp { seconds: now(stage) + seconds, nanos: 0 }),
            not_informed_reason: "danger".to_owned(),
            ..Report::default()
        }),
        ..emergency(Risk::HarmNow)
    }
}

async fn resolve(actor: &Actor, of: &Escalation, number: &str) -> Result<Escalation, Status> {
    let request = ResolveEscalationRequest {
        request_id: request_id(),
        escalation_id: of.escalation_id.clone(),
        outcome: Outcome::ChildProtection.into(),
        reference_number: number.to_owned(),
        remark: String::new(),
    };
    Ok(actor.escalations().resolve_escalation(request).await?.into_inner().escalation.unwrap())
}

async fn open_reports(actor: &Actor) -> Vec<String> {
    let answer = actor.escalations().list_reports(ListReportsRequest::default()).await.unwrap();
    answer.into_inner().reports.into_iter().map(|report| report.escalation_id).collect()
}

#[tokio::test]
async fn it_ends_with_the_number_of_the_authority_and_no_child_is_said_to_be_reached() {
    let stage = Stage::set().await;
    let authority = stage.world.agency().await.to_string();
    let mut request = due_in(&stage, "child_act_12", 10 * DAY);
    request.report.as_mut().unwrap().authority_id = request_id();
    let refused = why(stage.supervisor.escalations().raise_escalation(request.clone()).await);
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "agency"));
    request.request_id = request_id();
    request.report.as_mut().unwrap().authority_id.clone_from(&authority);
    let raised = raise(&stage.supervisor, request).await;
    assert_eq!((raised.kind(), raised.policy.as_str()), (EscalationKind::MandatoryReport, "reports"));
    assert_eq!(why(resolve(&stage.supervisor, &raised, "2026/55").await).metadata("state"), "notifying");
    accept(&stage.supervisor, &raised).await.unwrap();
    let reached = why(progress(&stage.supervisor, &raised, EscalationState::ChildReached).await);
    assert_eq!((reached.code, reached.fields.as_slice()), (Code::InvalidArgument, &["state".to_owned()][..]));
    progress(&stage.supervisor, &raised, EscalationState::Responding).await.unwrap();
    assert_eq!(why(resolve(&stage.supervisor, &raised, "").await).fields, ["reference_number"]);
    let over = resolve(&stage.supervisor, &raised, "2026/55").await.unwrap();
    assert_eq!((over.state(), over.child_reach_time), (EscalationState::Resolved, None));
    assert!(over.reach_due_time.is_none() && over.end_time.is_some());
    let told = over.report.unwrap();
    assert_eq!((told.reference_number.as_str(), told.legal_basis.as_str()), ("2026/55", "child_act_12"));
    assert_eq!((told.authority_id, told.child_informed), (authority, false));
    assert_eq!(told.not_informed_reason, "danger");
}

#[tokio::test]
async fn it_is_reminded_of_before_its_deadline_and_alarms_day_after_day_when_that_has_passed() {
    let stage = Stage::set().await;
    let raised = raise(&stage.supervisor, due_in(&stage, "child_act_12", 10 * DAY)).await;
    accept(&stage.supervisor, &raised).await.unwrap();
    let alert = "SELECT count(*) FROM helpline.alerts WHERE kind = 'report_overdue' AND closed_at IS NULL";
    let mut supervisor = stage.supervisor.clone();
    for (passed, event, alarms) in
        [(9 * DAY + 60, "report_due", 0), (DAY, "report_overdue", 1), (DAY, "report_overdue", 2)]
    {
        stage.world.advance(f64::from(i32::try_from(passed).unwrap()));
        // Nobody's token lasts for days.
        supervisor = stage.world.supervisor().await;
        until(event, async || {
            let told = timeline(&supervisor, &raised).await;
            let last = told.iter().rfind(|event| *event != "delivered");
            let now = get(&supervisor, &raised).await.unwrap();
            (last.is_some_and(|last| last == event) && now.reach_alarms == alarms).then_some(())
        })
        .await;
        let open = if alarms == 0 { "0" } else { "1" };
        until("supervisors are alerted if it is overdue", async || {
            (stage.value(alert) == open).then_some(())
        })
        .await;
    }
    let told = "SELECT string_agg(event, ' ' ORDER BY made_at) FROM helpline.deliveries WHERE rung IS NULL";
    assert_eq!(stage.value(told), "escalation.report_due", "and not once more, until they have seen it");
    resolve(&supervisor, &raised, "2026/55").await.unwrap();
    until("the alert is over", async || (stage.value(alert) == "0").then_some(())).await;
}

#[tokio::test]
async fn reports_are_listed_by_their_deadlines_until_they_are_made() {
    let stage = Stage::set().await;
    let mut raised = Vec::new();
    for (days, law) in [(30, "a"), (2, "b"), (10, "c")] {
        raised.push(raise(&stage.supervisor, due_in(&stage, law, days * DAY)).await);
    }
    raise(&stage.supervisor, emergency(Risk::HarmNow)).await;
    let ids = |order: &[usize]| -> Vec<String> {
        order.iter().map(|&place| raised[place].escalation_id.clone()).collect()
    };
    assert_eq!(open_reports(&stage.supervisor).await, ids(&[1, 2, 0]));
    accept(&stage.supervisor, &raised[1]).await.unwrap();
    resolve(&stage.supervisor, &raised[1], "1").await.unwrap();
    assert_eq!(open_reports(&stage.supervisor).await, ids(&[2, 0]));
}

#[tokio::test]
async fn it_comes_after_every_emergency_and_never_rings_for_emergency_services() {
    let stage = Stage::set().await;
    let office = PlannedCall {
        label: "Child protection".to_owned(),
        number: "16 000".to_owned(),
        ..PlannedCall::default()
    };
    stage
        .world
        .plan_emergencies(|policy, plan| {
            policy.steps = vec![step(vec![supervisors(), ring(plan.fallback.clone())], 600)];
            plan.policies[0].repeats = 0;
            plan.policies[0].steps = vec![step(vec![ring(Some(office)), supervisors()], 600)];
        })
        .await;
    let slow = raise(&stage.supervisor, due_in(&stage, "child_act_12", 10 * DAY)).await;
    let quick = raise(&stage.supervisor, emergency(Risk::High)).await;
    let mut desk = Watcher::open(stage.world.supervisor().await).await;
    stage.world.advance(601.0);
    until("both have climbed", async || {
        let rung = "SELECT bool_and(state = 'unanswered') FROM helpline.escalations";
        (stage.value(rung) == "t").then_some(())
    })
    .await;
    let unanswered = desk.until_state(&slow, EscalationState::Unanswered).await;
    let left = unanswered.due_time.unwrap().seconds - now(&stage);
    assert!((590..=600).contains(&left), "slow to the end: {left}");
    let calls = stage.supervisor.escalations().list_calls(ListCallsRequest::default()).await.unwrap();
    let calls: Vec<_> = calls
        .into_inner()
        .calls
        .into_iter()
        .map(|call| (call.escalation_id, call.telephone_number))
        .collect();
    let expected = [(&quick, "112"), (&slow, "16 000")];
    let expected = expected.map(|(of, number)| (of.escalation_id.clone(), number.to_owned()));
    assert_eq!(calls.last(), expected.last(), "{calls:?}");
    assert!(calls[..calls.len() - 1].iter().all(|call| *call == expected[0]), "{calls:?}");
}

#[tokio::test]
async fn its_steps_wait_for_the_working_times_of_the_authority() {
    let stage = Stage::set().await;
    // They begin an hour or two from now, whenever this is run.
    let begins = (now(&stage) / HOUR + 2) * HOUR;
    let hour = |at: i64| format!("{:02}:00", at / HOUR % 24);
    let window = WeekWindow { days: Vec::new(), from: hour(begins), until: hour(begins + HOUR) };
    let hours = WeekHours { time_zone: "UTC".to_owned(), windows: vec![window] };
    stage
        .world
        .plan_emergencies(|_, plan| {
            plan.policies[0].steps = vec![step(vec![supervisors()], 60)];
            plan.policies[0].accept = seconds(60);
            plan.policies[0].working_hours = Some(hours);
        })
        .await;
    let raised = raise(&stage.supervisor, due_in(&stage, "child_act_12", 10 * DAY)).await;
    let due = |one: &Escalation| (begins..begins + 3).contains(&one.due_time.unwrap().seconds);
    assert!(raised.rung == 1 && due(&raised), "{:?}, not {begins}", raised.due_time);
    let other = stage.world.supervisor().await;
    let seen = acknowledge(&other, &raised).await.unwrap();
    assert!(due(&seen), "whoever has seen it has time until then too");
    let declined = decline(&other, &raised).await.unwrap();
    assert_eq!(declined.rung, 2, "who says no is not waited for");
}

#[tokio::test]
async fn each_law_is_a_report_of_its_own_and_of_two_deadlines_the_earlier_holds() {
    let stage = Stage::set().await;
    let contact_id = stage.receive(chat("ar")).await.contact_id;
    let about = |request: RaiseEscalationRequest| RaiseEscalationRequest {
        contact_id: contact_id.clone(),
        ..request
    };
    let send = async |request: RaiseEscalationRequest| {
        let answer = stage.supervisor.escalations().raise_escalation(about(request)).await.unwrap();
        let answer = answer.into_inner();
        (answer.joined, answer.escalation.unwrap())
    };
    let (joined, protection) = send(due_in(&stage, "child_act_12", 10 * DAY)).await;
    assert!(!joined);
    let (joined, police) = send(due_in(&stage, "penal_code_3", 5 * DAY)).await;
    assert!(!joined && police.escalation_id != protection.escalation_id, "another law, another authority");
    for (days, expected) in [(20, 10), (4, 4)] {
        let (joined, again) = send(due_in(&stage, "child_act_12", days * DAY)).await;
        assert_eq!((joined, &again.escalation_id), (true, &protection.escalation_id));
        let left = again.report.unwrap().deadline.unwrap().seconds - now(&stage);
        assert!((expected * DAY - 60..=expected * DAY).contains(&left), "{left}");
    }
    until("it is said that the deadline is nearer", async || {
        let told = timeline(&stage.supervisor, &protection).await;
        told.contains(&"report_due".to_owned()).then_some(())
    })
    .await;
    let then = get(&stage.supervisor, &protection).await.unwrap();
    assert_eq!((then.reach_due_time, then.reach_alarms), (then.report.unwrap().deadline, 0));
}

#[tokio::test]
async fn the_authority_reads_of_it_what_was_overridden_on_a_ground_and_approved_by_another() {
    let stage = Stage::set().await;
    let authority = stage.world.agency().await;
    let steps = vec![step(vec![desk(authority, &[])], 600)];
    stage.world.plan_emergencies(|_, plan| plan.policies[0].steps = steps).await;
    // Not even a plan that could not be published discloses anything of a report.
    stage.sql(
        "UPDATE helpline.escalation_plans
         SET plan = jsonb_set(plan, '{policies,0,steps,0,targets,0,agency,discloses}', '[\"narrative\"]') WHERE version > 1",
    );
    let responder = stage.world.responder(authority).await;
    let raised = raise(&stage.supervisor, due_in(&stage, "child_act_12", 10 * DAY)).await;
    let known = async || get(&responder, &raised).await.unwrap().particulars;
    assert_eq!(known().await, None);
    let ask = DiscloseRequest {
        request_id: request_id(),
        escalation_id: raised.escalation_id.clone(),
        agency_id: authority.to_string(),
        purpose: DisclosurePurpose::MandatoryReport.into(),
        field_classes: vec![FieldClass::Narrative.into()],
        basis: DisclosureBasis::Override.into(),
        ..DiscloseRequest::default()
    };
    let groundless = why(stage.supervisor.disclosures().disclose(ask.clone()).await);
    assert_eq!(groundless.fields, ["ground"]);
    let ask = DiscloseRequest { request_id: request_id(), ground: DisclosureGround::LegalDuty.into(), ..ask };
    let asked = stage.supervisor.disclosures().disclose(ask).await.unwrap().into_inner();
    let disclosure_id = asked.disclosure.unwrap().disclosure_id;
    let approve =
        || ApproveDisclosureRequest { request_id: request_id(), disclosure_id: disclosure_id.clone() };
    let own = why(stage.supervisor.disclosures().approve_disclosure(approve()).await);
    assert_eq!((own.code, own.metadata("state")), (Code::FailedPrecondition, "own"));
    assert_eq!(known().await, None, "nobody has approved it");
    stage.world.supervisor().await.disclosures().approve_disclosure(approve()).await.unwrap();
    let read = known().await.unwrap();
    assert_eq!((read.narrative.as_str(), read.identity.as_str()), ("Somebody is hitting her.", ""));
}
