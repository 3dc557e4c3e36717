//! Plans for emergencies, and an escalation that follows one.

use helpline_proto::escalation::v1::{
    GetPlanRequest, Layer, Plan, PublishPlanRequest, Rotation, Schedule, Target, TargetKind, TurnUnit,
};
use tonic::Status;

use crate::request_id;
use crate::world::{Centre, World};

/// Key of the schedule that [`counting_on`] lays down.
pub const WATCH: &str = "watch";

/// Makes the first step of a plan's last policy tell whoever is on call: these take turns, day by day.
pub fn counting_on(plan: &mut Plan, members: &[&str]) {
    plan.rotations = vec![Rotation {
        rotation: "duty".to_owned(),
        time_zone: "Asia/Qatar".to_owned(),
        begins_at: "2026-01-01T08:00".to_owned(),
        turn_unit: TurnUnit::Days.into(),
        turn: 1,
        members: members.iter().map(|&member| member.to_owned()).collect(),
    }];
    let layers = vec![Layer { rotation: "duty".to_owned(), hours: None }];
    plan.schedules = vec![Schedule { schedule: WATCH.to_owned(), layers }];
    let target = Target { kind: TargetKind::Schedule.into(), key: WATCH.to_owned(), ..Target::default() };
    plan.policies.last_mut().expect("a policy").steps[0].targets = vec![target];
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

    /// A raised escalation as its row, which somebody owns; its id.
    pub fn escalation_of(&self, owner: &str) -> String {
        self.escalation_in(&self.centre, owner)
    }

    /// The same in any centre.
    pub fn escalation_in(&self, centre: &Centre, owner: &str) -> String {
        let id = request_id();
        let sql = format!(
            "INSERT INTO helpline.escalations (centre_id, escalation_id, kind, risk, danger, plan_version, policy, state, due_at,
                 reach_due_at, owner_id, raised_by, raised_at, changed_at)
             VALUES ('{}', '{id}', 'emergency', 5, 'violence', 1, 'general', 'raised', helpline.now() + interval '1 day',
                 helpline.now() + interval '1 day', '{owner}', '{owner}', helpline.now(), helpline.now())",
            centre.id
        );
        self.database.query(&sql).expect("an escalation");
        id
    }
}
