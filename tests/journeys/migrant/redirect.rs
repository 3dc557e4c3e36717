//! A case is handed to an organisation as a whole, or it is found out what the child needs.

use helpline_proto::casework::v1::ChangeCaseStatusRequest;
use helpline_proto::casework::v1::{
    CancelTaskRequest, CompleteTaskRequest, ListTasksRequest, RedirectDecision, RedirectState,
    StartPlanRequest, Task,
};
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{ReferralState, RejectReason};
use helpline_tests::casework::{to_status, visit};
use helpline_tests::migrant::{answer_conference, conference, decide, depart};
use helpline_tests::{Abilities, Actor, request_id};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tonic::{Code, Status};

use super::room::{DAY, HOUR, Room};
use crate::referral::room::{Partner, ask_to_cancel, reject, revoke};
use crate::stage::{until, why};

async fn complete(by: &Actor, task: &Task) -> Result<Task, Status> {
    let request = CompleteTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        remark: String::new(),
    };
    Ok(by.tasks().complete_task(request).await?.into_inner().task.unwrap())
}

impl Room {
    async fn until_redirect(&self, state: RedirectState) {
        let is = async || {
            let now = self.by().redirect_of(&self.case.case_id).await.unwrap();
            (now.state() == state).then_some(())
        };
        until("the redirect goes on", is).await;
    }

    fn redirected(&self) -> ChangeCaseStatusRequest {
        ChangeCaseStatusRequest {
            close_reason: "redirected".to_owned(),
            ..to_status(&self.case.case_id, "closed")
        }
    }

    async fn close(&self, request: ChangeCaseStatusRequest) -> Result<(), Status> {
        self.by().cases().change_case_status(request).await.map(drop)
    }
}

#[tokio::test]
async fn the_next_organisation_takes_the_case_on_and_it_is_closed_with_whoever_sent_the_child_informed() {
    let room = Room::new().await;
    let (full, next) = (Partner::new(&room.stage).await, Partner::new(&room.stage).await);
    let redirect = room.by().begin_redirect(&room.case.case_id).await.unwrap();
    assert_eq!(redirect.state(), RedirectState::PreliminaryEnquiry);
    assert_eq!(why(room.by().begin_redirect(&room.case.case_id).await).reason, "ALREADY_EXISTS");
    let id = redirect.redirect_id;
    let care = room.by().decide_redirect(decide(&id, RedirectDecision::TemporaryCare)).await.unwrap();
    assert_eq!(care.state(), RedirectState::TemporaryCare);
    let referral = room.by().refer(room.draft(&[&full, &next])).await;
    room.by().ask_redirect(&id, &referral.referral_id).await.unwrap();
    assert_eq!(why(room.close(room.redirected()).await).reason, "REDIRECT_MISSING", "nobody has taken it on");
    reject(&full.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    next.responder.accept_referral(&referral).await.unwrap();
    room.until_redirect(RedirectState::Accepted).await;

    let inform = room.tasks("inform_referrer").await;
    assert_eq!((inform.len(), inform[0].owner_id.as_str()), (1, room.case.owner_id.as_str()));
    let open = why(room.close(room.redirected()).await);
    assert_eq!(
        (open.reason.as_str(), open.metadata("tasks"), open.metadata("referrals")),
        ("CASE_OPEN_WORK", "1", "0")
    );
    complete(room.by(), &inform[0]).await.unwrap();
    let other = why(room.by().move_case(&room.case.case_id, "closed").await);
    assert_eq!(other.metadata("referrals"), "1", "for another reason the referral is open work");
    room.close(room.redirected()).await.unwrap();
    let over = room.by().decide_redirect(decide(&id, RedirectDecision::Closed)).await.unwrap();
    assert_eq!(over.state(), RedirectState::Closed);
    assert_eq!(
        why(room.by().decide_redirect(decide(&id, RedirectDecision::Closed)).await).metadata("state"),
        "closed"
    );
}

#[tokio::test]
async fn when_every_organisation_declines_a_conference_advises_and_who_departs_from_it_must_answer() {
    let room = Room::new().await;
    let only = Partner::new(&room.stage).await;
    let id = room.by().begin_redirect(&room.case.case_id).await.unwrap().redirect_id;
    let early = why(room.by().record_conference(conference(&id)).await);
    assert_eq!((early.reason.as_str(), early.metadata("state")), ("STATE_REFUSED", "preliminary_enquiry"));
    let referral = room.by().refer(room.draft(&[&only])).await;
    room.by().ask_redirect(&id, &referral.referral_id).await.unwrap();
    reject(&only.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    room.until_redirect(RedirectState::SocialAssessment).await;
    assert_eq!(room.tasks("social_assessment").await.len(), 1);

    room.by().record_conference(conference(&id)).await.unwrap();
    let told = room.by().redirect_of(&room.case.case_id).await.unwrap();
    assert_eq!(told.advice, "He stays with his aunt.");
    assert_eq!(
        why(room.by().answer_conference(answer_conference(&id)).await).metadata("state"),
        "not_departed"
    );
    let departed = room.by().depart_from_advice(depart(&id)).await.unwrap();
    assert_eq!(
        (departed.advice.as_str(), departed.departure_reason.as_str()),
        ("", ""),
        "a step tells nothing"
    );
    assert_eq!(why(room.by().depart_from_advice(depart(&id)).await).metadata("state"), "departed");

    // Due within two days of work, and ended by the answer alone.
    let task = room.tasks("answer_conference").await.remove(0);
    assert_eq!(task.task_id, departed.answer_task_id);
    let within = task.due_time.unwrap().seconds - room.later(0).seconds;
    assert!((2 * DAY - HOUR..=4 * DAY).contains(&within), "{within} s");
    assert_eq!(why(complete(room.by(), &task).await).metadata("state"), "awaits_answer");
    let cancel = CancelTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        remark: "It is not wanted.".to_owned(),
    };
    assert_eq!(why(room.by().tasks().cancel_task(cancel).await).metadata("state"), "awaits_answer");
    let mut by_hand = visit(&room.case.case_id, room.later(DAY));
    by_hand.task = "answer_conference".to_owned();
    assert_eq!(why(room.by().add_task(by_hand).await).fields, ["task"]);
    let planned = room.by().decide_redirect(decide(&id, RedirectDecision::Plan)).await;
    assert_eq!(why(planned).metadata("state"), "awaits_answer");
    room.by().answer_conference(answer_conference(&id)).await.unwrap();
    assert!(room.by().task(&task.task_id).await.unwrap().end_time.is_some());
    for (decision, state) in [
        (RedirectDecision::Plan, RedirectState::Plan),
        (RedirectDecision::Reviews, RedirectState::Reviews),
        (RedirectDecision::Closed, RedirectState::Closed),
    ] {
        assert_eq!(room.by().decide_redirect(decide(&id, decision)).await.unwrap().state(), state);
    }
}

#[tokio::test]
async fn each_state_alarms_once_when_nobody_goes_on_also_after_an_outage() {
    let room = Room::new().await;
    let id = room.by().begin_redirect(&room.case.case_id).await.unwrap().redirect_id;
    room.wait(20 * DAY);
    let one = async || (room.alerts(AlertKind::RedirectOverdue).await == 1).then_some(());
    until("the alert is open", one).await;
    room.by().decide_redirect(decide(&id, RedirectDecision::TemporaryCare)).await.unwrap();
    let none = async || (room.alerts(AlertKind::RedirectOverdue).await == 0).then_some(());
    until("the alert is over", none).await;
    room.wait(4 * DAY);
    until("the alert is open again", one).await;
    assert_eq!(room.opened("redirect_overdue"), "2");
}

#[tokio::test]
async fn an_organisation_that_gives_up_a_closed_case_alarms_at_once() {
    let room = Room::new().await;
    let only = Partner::new(&room.stage).await;
    let id = room.by().begin_redirect(&room.case.case_id).await.unwrap().redirect_id;
    let referral = room.by().refer(room.draft(&[&only])).await;
    room.by().ask_redirect(&id, &referral.referral_id).await.unwrap();
    only.responder.accept_referral(&referral).await.unwrap();
    room.until_redirect(RedirectState::Accepted).await;
    complete(room.by(), &room.tasks("inform_referrer").await[0]).await.unwrap();
    room.close(room.redirected()).await.unwrap();
    assert_eq!(room.alerts(AlertKind::RedirectOverdue).await, 0);
    revoke(room.by(), &referral).await.unwrap();
    room.until_redirect(RedirectState::SocialAssessment).await;
    let one = async || (room.alerts(AlertKind::RedirectOverdue).await == 1).then_some(());
    until("the alert is open", one).await;
    assert!(room.tasks("social_assessment").await.is_empty(), "a closed case is given nothing");
    room.by().decide_redirect(decide(&id, RedirectDecision::Closed)).await.unwrap();
    let none = async || (room.alerts(AlertKind::RedirectOverdue).await == 0).then_some(());
    until("nothing is left of it", none).await;
}

#[tokio::test]
async fn a_case_is_redirected_by_an_open_referral_of_its_own_and_shown_to_nobody_else() {
    let room = Room::new().await;
    let only = Partner::new(&room.stage).await;
    let id = room.by().begin_redirect(&room.case.case_id).await.unwrap().redirect_id;
    let another = Room {
        case: room.by().case_of_child().await,
        contact_id: room.contact_id.clone(),
        stage: room.stage,
    };
    let foreign = helpline_tests::referral::draft(&another.contact_id, &[&only.service]);
    let foreign = another.by().draft_referral(foreign).await.unwrap();
    let refused = another.by().ask_redirect(&id, &foreign.referral_id).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let nobody = another.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    for hidden in [
        nobody.decide_redirect(decide(&id, RedirectDecision::NoAction)).await.unwrap_err(),
        nobody.begin_redirect(&another.case.case_id).await.unwrap_err(),
        nobody.redirect_of(&another.case.case_id).await.unwrap_err(),
    ] {
        assert_eq!(hidden.code(), Code::NotFound);
    }
}

#[tokio::test]
async fn a_child_who_came_alone_is_given_a_guardian_papers_a_school_and_a_doctor_to_find() {
    let room = Room::new().await;
    let request = StartPlanRequest {
        request_id: request_id(),
        case_id: room.case.case_id.clone(),
        plan: "unaccompanied_child".to_owned(),
        ..StartPlanRequest::default()
    };
    room.by().tasks().start_plan(request).await.unwrap();
    let request = ListTasksRequest { case_id: room.case.case_id.clone(), ..ListTasksRequest::default() };
    let tasks = room.by().tasks().list_tasks(request).await.unwrap().into_inner().tasks;
    let keys: Vec<&str> = tasks.iter().map(|task| task.task.as_str()).collect();
    assert_eq!(keys, ["appoint_guardian", "health_check", "register_birth", "enrol_in_school"]);
    assert!(tasks.iter().all(|task| task.due_time.is_some() && task.owner_id == room.case.owner_id));
}

#[tokio::test]
async fn an_answer_and_its_withdrawal_leave_the_redirect_where_the_referral_is() {
    let room = Room::new().await;
    let only = Partner::new(&room.stage).await;
    let id = room.by().begin_redirect(&room.case.case_id).await.unwrap().redirect_id;
    let referral = room.by().refer(room.draft(&[&only])).await;
    room.by().ask_redirect(&id, &referral.referral_id).await.unwrap();
    only.responder.accept_referral(&referral).await.unwrap();
    let asked = ask_to_cancel(&only.responder, &referral).await.unwrap();
    assert_eq!(asked.state(), ReferralState::CancelRequested);
    room.until_redirect(RedirectState::Accepted).await;
    revoke(room.by(), &referral).await.unwrap();
    room.until_redirect(RedirectState::SocialAssessment).await;
}

#[tokio::test]
async fn of_two_who_depart_at_once_one_does_and_one_task_is_given() {
    let room = Room::new().await;
    let only = Partner::new(&room.stage).await;
    let id = room.by().begin_redirect(&room.case.case_id).await.unwrap().redirect_id;
    let referral = room.by().refer(room.draft(&[&only])).await;
    room.by().ask_redirect(&id, &referral.referral_id).await.unwrap();
    reject(&only.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    room.until_redirect(RedirectState::SocialAssessment).await;
    room.by().record_conference(conference(&id)).await.unwrap();

    // Both have decided on the same revision when the case is let go.
    let mut other = PgConnection::connect(&room.stage.world.database.url()).await.unwrap();
    let lock =
        format!("BEGIN; SELECT FROM helpline.cases WHERE case_id = '{}' FOR UPDATE", room.case.case_id);
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut other).await.unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let let_go = async {
        let both = async || (room.stage.value(waiting).parse::<usize>().unwrap() >= 2).then_some(());
        until("both wait for the case", both).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    };
    let depart = || room.by().depart_from_advice(depart(&id));
    let (one, two, ()) = tokio::join!(depart(), depart(), let_go);
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    assert_eq!(room.tasks("answer_conference").await.len(), 1);
    let gaps = "SELECT count(*) FROM helpline.cases c
        WHERE event_count <> (SELECT count(*) FROM helpline.case_events e WHERE e.case_id = c.case_id)";
    assert_eq!(room.stage.value(gaps), "0");
    room.by().answer_conference(answer_conference(&id)).await.unwrap();
}
