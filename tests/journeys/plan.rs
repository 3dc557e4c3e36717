//! What a centre has laid down for emergencies: what is published can be relied on, and it is known who is on call.

use helpline_proto::directory::v1::DisableCounsellorRequest;
use helpline_proto::escalation::v1::{
    Conditions, Danger, EscalationKind, GetPlanRequest, ListStandInsRequest, MakeStandInRequest, OnCall,
    PreviewPlanRequest, PublishPlanRequest, RevokeStandInRequest, StandIn, Step, Target, TargetKind,
    WhoIsOnCallRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::queueing::v1::{Alert, AlertKind};
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{WATCH, counting_on};
use helpline_tests::{Abilities, Actor, request_id};
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::alerts::listed;
use crate::stage::{Stage, until, why};

async fn on_call(actor: &Actor, time: Option<Timestamp>) -> OnCall {
    let answer = actor.plans().who_is_on_call(WhoIsOnCallRequest { time }).await.unwrap().into_inner();
    answer.on_call.into_iter().find(|one| one.schedule == WATCH).unwrap()
}

async fn stand_in(
    stage: &Stage,
    counsellor_id: &str,
    begin: Option<i64>,
    end: i64,
) -> Result<StandIn, Status> {
    let soon = stage.world.soon().seconds - 600;
    let in_seconds = |seconds: i64| Timestamp { seconds: soon + seconds, nanos: 0 };
    let request = MakeStandInRequest {
        request_id: request_id(),
        schedule: WATCH.to_owned(),
        counsellor_id: counsellor_id.to_owned(),
        begin_time: begin.map(in_seconds),
        end_time: Some(in_seconds(end)),
    };
    Ok(stage.supervisor.plans().make_stand_in(request).await?.into_inner().stand_in.unwrap())
}

async fn preview(stage: &Stage, kind: EscalationKind, risk: Risk) -> (String, Vec<(i64, Vec<Target>)>) {
    let request = PreviewPlanRequest {
        kind: kind.into(),
        risk: risk.into(),
        danger: Danger::Violence.into(),
        ..PreviewPlanRequest::default()
    };
    let answer = stage.supervisor.plans().preview_plan(request).await.unwrap().into_inner();
    let steps = answer.steps.into_iter().map(|step| {
        let targets = step.targets.into_iter().map(|one| one.target.unwrap()).collect();
        (step.after.unwrap().seconds, targets)
    });
    (answer.policy, steps.collect())
}

#[tokio::test]
async fn a_new_centre_has_a_plan_that_ends_at_its_emergency_number() {
    let stage = Stage::set().await;
    let plan = stage.world.plan().await;
    assert_eq!((plan.version, plan.fallback.unwrap().number.as_str()), (1, "112"));
    let (policy, steps) = preview(&stage, EscalationKind::Emergency, Risk::HarmNow).await;
    let last = steps.last().unwrap();
    assert_eq!((policy.as_str(), last.0), ("general", 60), "two steps of half a minute, then the fallback");
    assert_eq!(last.1[0].call.as_ref().unwrap().number, "112");
    let (policy, steps) = preview(&stage, EscalationKind::MandatoryReport, Risk::HarmNow).await;
    assert_eq!((policy.as_str(), steps[1].0), ("reports", 86_400), "a report has a slow clock");
}

#[tokio::test]
async fn every_fault_of_a_plan_is_named_and_none_is_published() {
    let stage = Stage::set().await;
    let agency = stage.world.agency().await;
    let nobody = request_id();
    let refused = why(stage
        .world
        .change_plan(|plan| {
            counting_on(plan, &[&nobody]);
            let steps = &mut plan.policies[1].steps;
            let desk =
                Target { kind: TargetKind::Agency.into(), agency_id: request_id(), ..Target::default() };
            steps.push(Step { targets: vec![desk], wait: None });
            plan.policies[1].conditions =
                Some(Conditions { regions: vec!["north".to_owned()], ..Conditions::default() });
            plan.fallback_every = Some(prost_types::Duration { seconds: 1, nanos: 0 });
            plan.fallback.as_mut().unwrap().number = "ask Amal".to_owned();
        })
        .await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    let expected = [
        "plan.rotations[0].members",
        "plan.policies[1].conditions",
        "plan.policies[1].steps[2].targets[0]",
        "plan.fallback.number",
        "plan.fallback_every",
    ];
    assert_eq!(refused.fields, expected);
    let refused = why(stage
        .world
        .change_plan(|plan| {
            let target = &mut plan.policies[1].steps[0].targets[0];
            target.agency_id = agency.to_string();
            target.discloses = vec![FieldClass::Secret.into()];
        })
        .await);
    assert_eq!(refused.fields, ["plan.policies[1].steps[0].targets[0].discloses[0]"]);
    assert_eq!(stage.world.plan().await.version, 1);
}

#[tokio::test]
async fn a_plan_comes_back_as_it_was_published_and_older_versions_stay() {
    let stage = Stage::set().await;
    let agency = stage.world.agency().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let published = stage
        .world
        .change_plan(|plan| {
            counting_on(plan, &[amina.id()]);
            plan.policies[1].steps[0].targets.push(Target {
                kind: TargetKind::Agency.into(),
                agency_id: agency.to_string(),
                discloses: vec![FieldClass::Identity.into(), FieldClass::Location.into()],
                ..Target::default()
            });
        })
        .await
        .unwrap();
    assert_eq!(published.version, 2);
    assert_eq!(stage.world.plan().await, published);
    let first = GetPlanRequest { version: 1 };
    let first = amina.actor.plans().get_plan(first).await.unwrap().into_inner().plan.unwrap();
    assert!(first.schedules.is_empty());
    let absent = why(amina.actor.plans().get_plan(GetPlanRequest { version: 3 }).await);
    assert_eq!(absent.code, Code::NotFound);
    let stale = PublishPlanRequest { request_id: request_id(), plan: Some(first), expected_version: 1 };
    let stale = why(stage.world.administrator().plans().publish_plan(stale).await);
    assert_eq!((stale.reason.as_str(), stale.metadata("revision")), ("REVISION_STALE", "2"));
}

#[tokio::test]
async fn who_stands_in_is_on_call_until_it_is_taken_back() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let badr = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.world.change_plan(|plan| counting_on(plan, &[amina.id()])).await.unwrap();
    assert_eq!(on_call(&amina.actor, None).await.counsellor_ids, [amina.id()]);

    let later = stand_in(&stage, badr.id(), Some(3600), 7200).await.unwrap();
    assert_eq!(on_call(&amina.actor, None).await.counsellor_ids, [amina.id()], "not yet");
    let then = later.begin_time;
    let found = on_call(&amina.actor, then).await;
    assert_eq!((found.counsellor_ids, found.stand_in), (vec![badr.id().to_owned()], true));

    for (begin, end, field) in
        [(Some(-300), 3600, "begin_time"), (None, -5, "end_time"), (None, 91 * 86_400, "end_time")]
    {
        assert_eq!(why(stand_in(&stage, badr.id(), begin, end).await).fields, [field]);
    }
    assert_eq!(why(stand_in(&stage, &request_id(), None, 60).await).metadata("resource"), "counsellor");

    let revoke = RevokeStandInRequest { request_id: request_id(), stand_in_id: later.stand_in_id.clone() };
    stage.supervisor.plans().revoke_stand_in(revoke.clone()).await.unwrap();
    assert_eq!(on_call(&amina.actor, then).await.counsellor_ids, [amina.id()]);
    let again = RevokeStandInRequest { request_id: request_id(), ..revoke };
    let again = why(stage.supervisor.plans().revoke_stand_in(again).await);
    assert_eq!((again.reason.as_str(), again.metadata("state")), ("STATE_REFUSED", "revoked"));
    for (include_past, count) in [(false, 0), (true, 1)] {
        let request = ListStandInsRequest { include_past, ..ListStandInsRequest::default() };
        let listed = stage.supervisor.plans().list_stand_ins(request).await.unwrap().into_inner();
        assert_eq!(listed.stand_ins.len(), count);
    }
}

async fn unattended(stage: &Stage) -> Option<Alert> {
    let open = listed(&stage.supervisor, true).await;
    open.into_iter().find(|alert| alert.kind() == AlertKind::NobodyOnCall)
}

#[tokio::test]
async fn supervisors_are_alerted_before_it_is_needed_that_nobody_is_on_call() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let badr = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.world.change_plan(|plan| counting_on(plan, &[amina.id()])).await.unwrap();
    let leave = DisableCounsellorRequest { request_id: request_id(), counsellor_id: amina.id().to_owned() };
    stage.world.administrator().counsellors().disable_counsellor(leave).await.unwrap();
    assert!(on_call(&badr.actor, None).await.counsellor_ids.is_empty());
    stage.world.advance(31.0);
    let alert = until("nobody is on call", async || unattended(&stage).await).await;
    assert_eq!((alert.on_call.as_str(), alert.grave), (WATCH, true));

    stand_in(&stage, badr.id(), None, 3600).await.unwrap();
    stage.world.advance(31.0);
    until("somebody is on call", async || unattended(&stage).await.is_none().then_some(())).await;
}
