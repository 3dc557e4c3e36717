//! A cohort, somebody to whom it is granted, and times.

use helpline_domain::caller::Role;
use helpline_proto::casework::v1::{Case, CompleteTaskRequest, StartPlanRequest, Task};
use helpline_proto::reintegration::v1::Returnee;
use helpline_tests::casework::open;
use helpline_tests::reintegration::{announce, arrive, child, grant, rehabilitate, settle};
use helpline_tests::{Abilities, Actor, request_id};
use prost_types::Timestamp;

use crate::stage::Stage;

pub(crate) const DAY: i64 = 86_400;

/// A cohort that is granted to one counsellor and not to another.
pub(crate) struct Flight {
    pub(crate) stage: Stage,
    pub(crate) cohort_id: String,
    pub(crate) amina: Actor,
    pub(crate) stranger: Actor,
}

impl Flight {
    pub(crate) async fn new() -> Self {
        let stage = Stage::set().await;
        let amina = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
        let stranger = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
        let by = &stage.supervisor;
        let cohort_id = by.create_cohort(later(&stage, 7 * DAY)).await.cohort_id;
        by.cohorts().grant_cohort(grant(&cohort_id, &amina.counsellor_id)).await.unwrap();
        Self { stage, cohort_id, amina, stranger }
    }

    /// So many seconds from the stage's clock.
    pub(crate) fn later(&self, seconds: i64) -> Timestamp {
        later(&self.stage, seconds)
    }

    /// Moves the clock, and gives everybody tokens that are good then.
    pub(crate) async fn wait(&mut self, seconds: i64) {
        #[expect(clippy::cast_precision_loss, reason = "days in seconds")]
        self.stage.world.advance(seconds as f64);
        let world = &self.stage.world;
        self.stage.supervisor = world.supervisor().await;
        for one in [&mut self.amina, &mut self.stranger] {
            let id = one.counsellor_id.parse().unwrap();
            *one = world.bearer(world.centre.id, Role::Counsellor, Some(id)).await;
        }
    }

    /// Announces a child under each of these keys, each of the family that its first letter is.
    pub(crate) async fn announced(&self, keys: &[&str]) -> Vec<Returnee> {
        let children = keys.iter().map(|key| child(key, &key[..1])).collect();
        self.stage.supervisor.announce(announce(&self.cohort_id, children)).await.unwrap()
    }

    /// A child has arrived, has a case of Amina's with a plan, and is settled in the north; the case and the tasks.
    pub(crate) async fn settled(&self, one: &Returnee) -> (Case, Vec<Task>) {
        self.amina.returnee_arrives(arrive(&one.returnee_id)).await.unwrap();
        self.amina.rehabilitate_returnee(rehabilitate(&one.returnee_id)).await.unwrap();
        let case = self.amina.open_case(open(&one.person_id)).await.unwrap();
        let tasks = plan(&self.amina, &case).await;
        self.amina.settle_returnee(settle(&one.returnee_id)).await.unwrap();
        (case, tasks)
    }
}

/// Begins the plan.
pub(crate) async fn plan(by: &Actor, case: &Case) -> Vec<Task> {
    let start = StartPlanRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        plan: "new_start".to_owned(),
        start_time: None,
    };
    by.tasks().start_plan(start).await.unwrap().into_inner().tasks
}

/// Does a task.
pub(crate) async fn done(by: &Actor, task: &Task) {
    let request = CompleteTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        remark: String::new(),
    };
    by.tasks().complete_task(request).await.unwrap();
}

fn later(stage: &Stage, seconds: i64) -> Timestamp {
    let now: f64 = stage.value("SELECT extract(epoch FROM helpline.now())").parse().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
    Timestamp { seconds: now as i64 + seconds, nanos: 0 }
}
