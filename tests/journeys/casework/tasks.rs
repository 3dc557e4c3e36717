//! What is to be done: given, done, given back; late, it tells upward; and an agency sees its own alone.

use helpline_proto::casework::v1::{
    AddTaskRequest, AnswerCaseTransferRequest, AnswerTaskRequest, Case, CompleteTaskRequest,
    LinkCaseContactRequest, ListTasksRequest, StartPlanRequest, Task, TaskAlarm, TaskState,
};
use helpline_proto::directory::v1::Settings;
use helpline_proto::options::v1::FieldClass;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{
    DraftReferralRequest, RecordConsentRequest, Referral, RevokeReferralRequest,
};
use helpline_tests::casework::{transfer, visit};
use helpline_tests::referral::{consent, draft};
use helpline_tests::{Abilities, Actor, request_id};
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::alerts::listed;
use crate::referral::room::Partner;
use crate::stage::{Stage, chat, until, why};

pub(super) const DAY: i64 = 86_400;

pub(super) async fn respond(by: &Actor, task: &Task, accept: bool) -> Result<Task, Status> {
    let request = AnswerTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        accept,
        remark: String::new(),
    };
    Ok(by.tasks().answer_task(request).await?.into_inner().task.unwrap())
}

pub(super) async fn complete(by: &Actor, task: &Task) -> Result<Task, Status> {
    let request = CompleteTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        remark: "Done.".to_owned(),
    };
    Ok(by.tasks().complete_task(request).await?.into_inner().task.unwrap())
}

/// So many seconds from the stage's clock.
pub(super) fn later(stage: &Stage, seconds: i64) -> Timestamp {
    let now: f64 = stage.value("SELECT extract(epoch FROM helpline.now())").parse().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
    Timestamp { seconds: now as i64 + seconds, nanos: 0 }
}

#[tokio::test]
async fn a_late_task_tells_its_owner_then_supervisors_then_the_coordinator_each_once() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case = by.case_of_child().await;
    let task = by.add_task(visit(&case.case_id, later(&stage, 2 * DAY))).await.unwrap();
    assert_eq!(task.alarm(), TaskAlarm::Unspecified);
    #[expect(clippy::cast_precision_loss, reason = "days in seconds")]
    let climbs = async |seconds: i64, alarm: TaskAlarm| {
        stage.world.advance(seconds as f64);
        let reached = async || (by.task(&task.task_id).await.unwrap().alarm() == alarm).then_some(());
        until(alarm.as_str_name(), reached).await;
    };
    let alerts = async |kind: AlertKind| {
        let open = listed(by, true).await;
        open.into_iter().filter(|one| one.kind() == kind && one.task_id == task.task_id).count()
    };
    climbs(DAY + 1, TaskAlarm::DueSoon).await;
    climbs(DAY, TaskAlarm::Overdue).await;
    assert_eq!(alerts(AlertKind::TaskOverdue).await, 0, "its owner knows");
    climbs(DAY, TaskAlarm::Supervisor).await;
    until("supervisors are alerted", async || (alerts(AlertKind::TaskOverdue).await == 1).then_some(()))
        .await;
    climbs(2 * DAY, TaskAlarm::Coordinator).await;
    until("it is grave", async || (alerts(AlertKind::TaskNeglected).await == 1).then_some(())).await;
    complete(by, &task).await.unwrap();
    until("the alarm is over", async || {
        let open = alerts(AlertKind::TaskOverdue).await + alerts(AlertKind::TaskNeglected).await;
        (open == 0).then_some(())
    })
    .await;
    let told = "SELECT string_agg(event, ' ' ORDER BY entry_id) FROM helpline.journal WHERE event ~ '^task_(due|over)'";
    assert_eq!(
        stage.value(told),
        "task_due_soon task_overdue task_overdue_told_supervisor task_overdue_told_coordinator"
    );
}

#[tokio::test]
async fn after_an_outage_every_rung_that_was_missed_is_climbed_once() {
    let mut stage = Stage::set().await;
    let case = stage.supervisor.case_of_child().await;
    stage.supervisor.add_task(visit(&case.case_id, later(&stage, 2 * DAY))).await.unwrap();
    assert!(stage.world.stop_servers().await);
    stage.world.advance(30.0 * 86_400.0 - 3600.0);
    stage.world.start_again().await;
    let told = "SELECT count(*) || ' ' || count(DISTINCT event) FROM helpline.journal WHERE event ~ '^task_(due|over)'";
    until("all of them", async || (stage.value(told) == "4 4").then_some(())).await;
}

#[tokio::test]
async fn a_task_that_somebody_does_not_do_goes_back_to_who_gave_it() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let colleague = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let case = by.case_of_child().await;
    let to = AddTaskRequest {
        counsellor_id: colleague.counsellor_id.clone(),
        ..visit(&case.case_id, later(&stage, DAY))
    };
    let task = by.add_task(to).await.unwrap();
    assert_eq!(colleague.task(&task.task_id).await.unwrap().note, "The aunt has moved.");
    assert_eq!(colleague.case(&case.case_id).await.unwrap_err().code(), Code::NotFound, "a task is no case");
    assert_eq!(why(respond(by, &task, true).await).metadata("state"), "not_yours");
    respond(&colleague, &task, false).await.unwrap();
    assert_eq!(colleague.task(&task.task_id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(by.task(&task.task_id).await.unwrap().owner_id, by.token_id);
    assert_eq!(why(respond(by, &task, false).await).metadata("state"), "own");
    assert_eq!(respond(by, &task, true).await.unwrap().state(), TaskState::Accepted);
    complete(by, &task).await.unwrap();
    assert_eq!(why(complete(by, &task).await).metadata("state"), "completed");
}

#[tokio::test]
async fn a_plan_gives_its_tasks_for_two_years_once() {
    let stage = Stage::set().await;
    let owner = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let case = owner.case_of_child().await;
    let plan = |plan: &str| StartPlanRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        plan: plan.to_owned(),
        start_time: None,
    };
    assert_eq!(why(owner.tasks().start_plan(plan("gardening")).await).fields, ["plan"]);
    let (mut here, mut there) = (owner.tasks(), owner.tasks());
    let (one, two) = tokio::join!(here.start_plan(plan("new_start")), there.start_plan(plan("new_start")));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let (given, refused) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(why(refused).metadata("state"), "begun");
    let tasks = given.unwrap().into_inner().tasks;
    assert_eq!(tasks.len(), 22);
    assert!(tasks.iter().all(|task| task.owner_id == owner.counsellor_id));
    let days = "SELECT string_agg(DISTINCT round(extract(epoch FROM due_at - made_at) / 86400)::text, ' ')
        FROM helpline.tasks WHERE task = 'follow_up'";
    assert_eq!(stage.value(days).split(' ').count(), 15);
    let domains = "SELECT count(DISTINCT domain) FROM helpline.tasks";
    assert_eq!(stage.value(domains), "7");
    assert_eq!(owner.case(&case.case_id).await.unwrap().open_tasks, 22);
    // A child comes home a second time: when all of it is over it can be begun once more.
    for task in &tasks {
        assert_eq!(why(owner.tasks().start_plan(plan("new_start")).await).metadata("state"), "begun");
        complete(&owner, task).await.unwrap();
    }
    let again = owner.tasks().start_plan(plan("new_start")).await.unwrap().into_inner().tasks;
    assert_eq!(again.len(), 22);
    assert!(again.iter().all(|task| task.state() == TaskState::Open), "its own tasks, and no older ones");
}

#[tokio::test]
async fn a_time_that_nobody_means_is_refused() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case = by.case_of_child().await.case_id;
    for seconds in [0, 253_402_300_799] {
        let far = Timestamp { seconds, nanos: 0 };
        assert_eq!(why(by.add_task(visit(&case, far)).await).fields, ["due_time"]);
        let plan = StartPlanRequest {
            request_id: request_id(),
            case_id: case.clone(),
            plan: "follow_up".to_owned(),
            start_time: Some(far),
        };
        assert_eq!(why(by.tasks().start_plan(plan).await).fields, ["start_time"]);
    }
}

#[tokio::test]
async fn settings_that_are_made_stricter_reach_what_waits() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case = by.case_of_child().await;
    let task = by.add_task(visit(&case.case_id, later(&stage, 3600))).await.unwrap();
    stage.world.advance(3601.0);
    let reached = async |alarm: TaskAlarm| {
        let look = async || (by.task(&task.task_id).await.unwrap().alarm() == alarm).then_some(());
        until(alarm.as_str_name(), look).await;
    };
    reached(TaskAlarm::Overdue).await;
    // A day was given until supervisors know.
    let soon = prost_types::Duration { seconds: 60, nanos: 0 };
    let set = |settings: &mut Settings| settings.cases.as_mut().unwrap().supervisor_after = Some(soon);
    stage.world.change_settings(set).await;
    stage.world.advance(60.0);
    reached(TaskAlarm::Supervisor).await;
}

/// A referral about the child of a case, which an agency has taken; the child agrees to these classes.
pub(super) async fn taken(stage: &Stage, partner: &Partner, case: &Case, classes: &[FieldClass]) -> Referral {
    let by = &stage.supervisor;
    let contact = stage.receive(chat("ar")).await;
    let mut new = draft(&contact.contact_id, &[&partner.service]);
    new.case_id.clone_from(&case.case_id);
    let strange =
        why(by.draft_referral(DraftReferralRequest { request_id: request_id(), ..new.clone() }).await);
    assert_eq!(strange.fields, ["case_id"], "what is agreed to for one child opens nothing of another");
    let link = LinkCaseContactRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        contact_id: contact.contact_id,
    };
    by.cases().link_case_contact(link).await.unwrap();
    let referral = by.draft_referral(new).await.unwrap();
    assert_eq!(referral.case_id, case.case_id);
    let field_classes = classes.iter().map(|class| i32::from(*class)).collect();
    let agree = RecordConsentRequest { field_classes, ..consent(&referral, partner.agency) };
    by.consents().record_consent(agree).await.unwrap();
    by.send_referral(&referral).await.unwrap();
    partner.responder.accept_referral(&referral).await.unwrap()
}

#[tokio::test]
async fn an_agency_sees_its_task_as_far_as_was_agreed_and_nothing_else() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let (partner, other) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let (case, sibling) = (by.case_of_child().await, by.case_of_child().await);
    let told = taken(&stage, &partner, &case, &[FieldClass::Narrative]).await;
    let give = |case: &Case, referral: &Referral| AddTaskRequest {
        referral_id: referral.referral_id.clone(),
        ..visit(&case.case_id, later(&stage, DAY))
    };
    // What was agreed about one child opens nothing about another.
    let mixed = by.add_task(give(&sibling, &told)).await.unwrap_err();
    assert_eq!(mixed.code(), Code::NotFound);
    let task = by.add_task(give(&case, &told)).await.unwrap();
    let mine = by.add_task(visit(&case.case_id, later(&stage, DAY))).await.unwrap();

    let responder = &partner.responder;
    let seen = responder.task(&task.task_id).await.unwrap();
    assert_eq!((seen.note.as_str(), seen.task.as_str()), ("The aunt has moved.", "visit"));
    assert_eq!((seen.case_id.as_str(), seen.owner_id.as_str()), ("", ""));
    assert_eq!(responder.task(&mine.task_id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(other.responder.task(&task.task_id).await.unwrap_err().code(), Code::NotFound);
    let list = async |by: &Actor| {
        let request = ListTasksRequest { open: true, ..ListTasksRequest::default() };
        by.tasks().list_tasks(request).await.unwrap().into_inner().tasks
    };
    let listed = list(responder).await;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].note.is_empty(), "lists tell nothing of the child");
    assert!(list(&other.responder).await.is_empty());
    assert_eq!(why(complete(&other.responder, &task).await).code, Code::NotFound);
    respond(responder, &task, true).await.unwrap();
    complete(responder, &task).await.unwrap();

    // Less was agreed with another: the task, and not the note.
    let silent = taken(&stage, &other, &case, &[FieldClass::Location]).await;
    let second = by.add_task(give(&case, &silent)).await.unwrap();
    assert!(other.responder.task(&second.task_id).await.unwrap().note.is_empty());
    let revoke = RevokeReferralRequest {
        request_id: request_id(),
        referral_id: silent.referral_id.clone(),
        reason: "safety".to_owned(),
        remark: String::new(),
    };
    by.referrals().revoke_referral(revoke).await.unwrap();
    assert_eq!(other.responder.task(&second.task_id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(why(respond(&other.responder, &second, true).await).code, Code::NotFound);
    // It is still to be done, and its owner can see to it.
    complete(by, &second).await.unwrap();
}

#[tokio::test]
async fn what_an_agency_does_not_do_its_giver_has() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let partner = Partner::new(&stage).await;
    let case = by.case_of_child().await;
    let told = taken(&stage, &partner, &case, &[FieldClass::Narrative]).await;
    let task = by
        .add_task(AddTaskRequest {
            referral_id: told.referral_id,
            ..visit(&case.case_id, later(&stage, DAY))
        })
        .await
        .unwrap();
    assert_eq!(why(respond(by, &task, true).await).metadata("state"), "not_yours");
    respond(&partner.responder, &task, false).await.unwrap();
    assert_eq!(partner.responder.task(&task.task_id).await.unwrap_err().code(), Code::NotFound);
    let back = by.task(&task.task_id).await.unwrap();
    assert_eq!((back.owner_id.as_str(), back.agency_id.as_str()), (by.token_id.as_str(), ""));
    assert_eq!(back.state(), TaskState::Open);
}

#[tokio::test]
async fn what_is_to_be_done_goes_with_the_case() {
    let stage = Stage::set().await;
    let owner = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let next = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let case = owner.case_of_child().await;
    let task = owner.add_task(visit(&case.case_id, stage.world.soon())).await.unwrap();
    owner.cases().transfer_case(transfer(&case.case_id, &next.counsellor_id)).await.unwrap();
    let accept = AnswerCaseTransferRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        accept: true,
        remark: String::new(),
    };
    next.cases().answer_case_transfer(accept).await.unwrap();
    assert_eq!(owner.task(&task.task_id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(next.task(&task.task_id).await.unwrap().owner_id, next.counsellor_id);
    let done = CompleteTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        remark: String::new(),
    };
    let done = next.tasks().complete_task(done).await.unwrap().into_inner().task.unwrap();
    assert_eq!(done.state(), TaskState::Completed);
    next.move_case(&case.case_id, "closed").await.expect("nothing of it is open");
}
