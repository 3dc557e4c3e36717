//! Plans for emergencies, and an escalation that follows one.

use helpline_domain::id::AgencyId;
use helpline_proto::escalation::v1::{
    Danger, EscalationKind, GetPlanRequest, Layer, Plan, PlannedCall, Policy, PublishPlanRequest,
    RaiseEscalationRequest, Rotation, Schedule, Step, Target, TargetKind, TurnUnit,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use prost_types::Duration;
use tonic::Status;

use crate::world::{Centre, World};
use crate::{Actor, request_id};

/// Key of the schedule that [`counting_on`] lays down.
pub const WATCH: &str = "watch";
/// What the plan that a centre begins with calls the policy of emergencies.
const GENERAL: &str = "general";

/// Makes the first step of a plan's last policy tell whoever is on call: these take turns, day by day.
pub fn counting_on(plan: &mut Plan, members: &[&str]) {
    take_turns(plan, "duty", "2026-01-01T08:00", members);
    plan.policies.last_mut().expect("a policy").steps[0].targets = vec![on_watch()];
}

/// Lays down one rotation, in which these take turns day by day from a time on, and the schedule [`WATCH`] of it.
pub fn take_turns(plan: &mut Plan, rotation: &str, begins_at: &str, members: &[&str]) {
    plan.rotations = vec![Rotation {
        rotation: rotation.to_owned(),
        time_zone: "Asia/Qatar".to_owned(),
        begins_at: begins_at.to_owned(),
        turn_unit: TurnUnit::Days.into(),
        turn: 1,
        members: members.iter().map(|&member| member.to_owned()).collect(),
    }];
    let layers = vec![Layer { rotation: rotation.to_owned(), hours: None }];
    plan.schedules = vec![Schedule { schedule: WATCH.to_owned(), layers }];
}

/// A time of a plan.
pub fn seconds(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

/// A step that tells these, and the time until the next.
pub fn step(targets: Vec<Target>, wait_s: i64) -> Step {
    Step { targets, wait: seconds(wait_s) }
}

/// Every supervisor.
pub fn supervisors() -> Target {
    Target { kind: TargetKind::Supervisors.into(), ..Target::default() }
}

/// A counsellor.
pub fn person(counsellor_id: &str) -> Target {
    let counsellor_id = counsellor_id.to_owned();
    Target { kind: TargetKind::Person.into(), counsellor_id, ..Target::default() }
}

/// Whoever has the turn in a rotation.
pub fn turn_of(rotation: &str) -> Target {
    Target { kind: TargetKind::Rotation.into(), key: rotation.to_owned(), ..Target::default() }
}

/// Whoever is on call in the schedule [`WATCH`].
pub fn on_watch() -> Target {
    Target { kind: TargetKind::Schedule.into(), key: WATCH.to_owned(), ..Target::default() }
}

/// A number that somebody is to ring.
pub fn ring(call: Option<PlannedCall>) -> Target {
    Target { kind: TargetKind::Call.into(), call, ..Target::default() }
}

/// The desk of an agency, and what it is told.
pub fn desk(agency: AgencyId, discloses: &[FieldClass]) -> Target {
    Target {
        kind: TargetKind::Agency.into(),
        agency_id: agency.to_string(),
        discloses: discloses.iter().map(|&class| class.into()).collect(),
        ..Target::default()
    }
}

/// A report of which no step but the first falls due while a test looks at it.
pub fn report() -> RaiseEscalationRequest {
    RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::Emergency.into(),
        risk: Risk::High.into(),
        danger: Danger::Violence.into(),
        ..RaiseEscalationRequest::default()
    }
}

impl Actor {
    /// Raises an escalation by a [`report`]; its id.
    pub async fn raises(&self) -> String {
        let answer = self.escalations().raise_escalation(report()).await.expect("an escalation");
        answer.into_inner().escalation.expect("the escalation").escalation_id
    }
}

impl Centre {
    /// The plan in force.
    pub async fn plan(&self) -> Plan {
        let answer = self.administrator.plans().get_plan(GetPlanRequest::default()).await;
        answer.expect("the plan").into_inner().plan.expect("the plan")
    }

    /// Publishes the plan in force with a change.
    ///
    /// # Errors
    /// What was refused.
    pub async fn change_plan(&self, change: impl FnOnce(&mut Plan)) -> Result<Plan, Status> {
        let mut plan = self.plan().await;
        change(&mut plan);
        let request = PublishPlanRequest { request_id: request_id(), plan: Some(plan), expected_version: 0 };
        let answer = self.administrator.plans().publish_plan(request).await?;
        Ok(answer.into_inner().plan.expect("the plan"))
    }
}

impl World {
    /// The plan in force.
    pub async fn plan(&self) -> Plan {
        self.centre.plan().await
    }

    /// Publishes the plan in force with a change.
    ///
    /// # Errors
    /// What was refused.
    pub async fn change_plan(&self, change: impl FnOnce(&mut Plan)) -> Result<Plan, Status> {
        self.centre.change_plan(change).await
    }

    /// Publishes the plan in force with a change of what it says of emergencies.
    pub async fn plan_emergencies(&self, change: impl FnOnce(&mut Policy, &mut Plan)) {
        let published = self.change_plan(|plan| {
            let place = plan.policies.iter().position(|policy| policy.policy == GENERAL);
            let mut policy = plan.policies.remove(place.expect("the policy"));
            change(&mut policy, plan);
            plan.policies.push(policy);
        });
        published.await.expect("a plan that can be relied on");
    }
}
