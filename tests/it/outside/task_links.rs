//! Who came by a link sees and answers what their agency is to do under the one referral that it led to.

use helpline_proto::casework::v1::{
    AnswerTaskRequest, CompleteTaskRequest, GetTaskRequest, ListTasksRequest, Task, TaskState,
};
use helpline_proto::directory::v1::DisableAgencyRequest;
use helpline_proto::referral::v1::{ListConsentsRequest, RevokeReferralRequest, WithdrawConsentRequest};
use helpline_tests::migrant::fear;
use helpline_tests::{Actor, Linked, World, refused, request_id};
use tonic::{Code, Status};

async fn list(actor: &Actor) -> Vec<String> {
    let found = actor.tasks().list_tasks(ListTasksRequest::default()).await.unwrap().into_inner().tasks;
    found.into_iter().map(|task| task.task_id).collect()
}

async fn get(actor: &Actor, task: &Task) -> Result<Task, Status> {
    let request = GetTaskRequest { task_id: task.task_id.clone() };
    Ok(actor.tasks().get_task(request).await?.into_inner().task.unwrap())
}

fn answer(task: &Task, accept: bool) -> AnswerTaskRequest {
    let (task_id, remark) = (task.task_id.clone(), "On Monday.".to_owned());
    AnswerTaskRequest { request_id: request_id(), task_id, accept, remark }
}

fn complete(task: &Task) -> CompleteTaskRequest {
    let (task_id, remark) = (task.task_id.clone(), "She was at home.".to_owned());
    CompleteTaskRequest { request_id: request_id(), task_id, remark }
}

/// What every call about a task is refused with.
async fn shut(actor: &Actor, task: &Task) -> Code {
    let mut tasks = actor.tasks();
    let codes = [
        get(actor, task).await.unwrap_err().code(),
        tasks.answer_task(answer(task, true)).await.unwrap_err().code(),
        tasks.answer_task(answer(task, false)).await.unwrap_err().code(),
        tasks.complete_task(complete(task)).await.unwrap_err().code(),
    ];
    assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
    codes[0]
}

/// What was noted of a task, and by whom.
fn noted(world: &World, task: &Task) -> Vec<(String, String)> {
    let sql = format!(
        "SELECT event, actor_role || ' ' || actor_id FROM helpline.case_events WHERE detail ->> 'task_id' = '{}' ORDER BY sequence",
        task.task_id
    );
    let rows = world.database.query(&sql).unwrap().into_iter();
    rows.map(|mut row| (row.remove(0).unwrap(), row.remove(0).unwrap())).skip(1).collect()
}

async fn revoke(world: &World, of: &Linked) {
    let request = RevokeReferralRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        reason: "safety".to_owned(),
        remark: String::new(),
    };
    world.supervisor().await.referrals().revoke_referral(request).await.unwrap();
}

#[tokio::test]
async fn a_visitor_does_what_is_asked_under_the_referral_of_the_link_and_sees_nothing_else() {
    let world = World::start().await;
    let agency = world.agency().await;
    let (linked, task) = world.link_to_task(agency).await;
    let (_, others) = world.link_to_task(agency).await;
    let (_, strangers) = world.link_to_task(world.agency().await).await;
    let visitor = linked.opened().await;
    assert_eq!(list(&world.responder(agency).await).await.len(), 2, "a responder sees both");
    assert_eq!(list(&visitor).await, [task.task_id.as_str()]);
    let seen = get(&visitor, &task).await.unwrap();
    assert_eq!((seen.task.as_str(), seen.note.as_str()), ("visit", "The aunt has moved."));
    assert_eq!((seen.case_id.as_str(), seen.owner_id.as_str()), ("", ""), "neither the case nor whose it is");
    for other in [&others, &strangers] {
        assert_eq!(shut(&visitor, other).await, Code::NotFound);
    }
    let emergency = world.link(agency).await.opened().await;
    assert!(list(&emergency).await.is_empty());
    assert_eq!(shut(&emergency, &task).await, Code::NotFound);

    let (accept, mut one, mut again) = (answer(&task, true), visitor.tasks(), visitor.tasks());
    let clicks = tokio::join!(one.answer_task(accept.clone()), again.answer_task(accept.clone()));
    for click in [clicks.0, clicks.1] {
        assert_eq!(click.unwrap().into_inner().task.unwrap().state(), TaskState::Accepted);
    }
    let twice = refused(visitor.tasks().answer_task(answer(&task, true)).await);
    assert_eq!((twice.reason.as_str(), twice.metadata("state")), ("STATE_REFUSED", "accepted"));
    let done = complete(&task);
    for _ in 0..2 {
        let now = visitor.tasks().complete_task(done.clone()).await.unwrap().into_inner().task.unwrap();
        assert_eq!(now.state(), TaskState::Completed);
    }
    let by = format!("agency_responder {}", visited(&linked));
    let steps = ["task_accepted", "task_completed"].map(|event| (event.to_owned(), by.clone()));
    assert_eq!(noted(&world, &task), steps, "each once, by who showed the link");
    assert_eq!(list(&visitor).await, [task.task_id.as_str()], "what is done stays to be seen");
    for other in [&others, &strangers] {
        assert!(noted(&world, other).is_empty());
    }
}

/// By which id somebody is known who opened a link.
fn visited(linked: &Linked) -> &str {
    &linked.actor.token_id
}

#[tokio::test]
async fn what_a_visitor_declines_is_the_centre_s_again_and_a_second_click_says_the_same() {
    let world = World::start().await;
    let agency = world.agency().await;
    let (linked, task) = world.link_to_task(agency).await;
    let visitor = linked.opened().await;
    let decline = answer(&task, false);
    for _ in 0..2 {
        let gone = visitor.tasks().answer_task(decline.clone()).await.unwrap().into_inner().task.unwrap();
        assert_eq!((gone.task_id.as_str(), gone.task.as_str()), (task.task_id.as_str(), ""));
    }
    assert_eq!(shut(&visitor, &task).await, Code::NotFound);
    assert!(list(&visitor).await.is_empty());
    let left = world.supervisor().await.task(&task.task_id).await.unwrap();
    assert_eq!((left.state(), left.agency_id.as_str()), (TaskState::Open, ""));
    assert_eq!(left.declined_agency_ids, [agency.to_string()]);
    assert_eq!(noted(&world, &task).len(), 1);
}

#[tokio::test]
async fn what_ends_the_sight_of_the_referral_ends_that_of_its_tasks_at_the_next_call() {
    let world = World::start().await;
    let agency = world.agency().await;
    let (withdrawn, known) = world.link_to_task(agency).await;
    let visitor = withdrawn.opened().await;
    let by = world.supervisor().await;
    let all = ListConsentsRequest { referral_id: withdrawn.referral_id.clone(), ..Default::default() };
    for consent in by.consents().list_consents(all).await.unwrap().into_inner().consents {
        let request = WithdrawConsentRequest { request_id: request_id(), consent_id: consent.consent_id };
        by.consents().withdraw_consent(request).await.unwrap();
    }
    let blank = get(&visitor, &known).await.unwrap();
    assert_eq!([blank.task, blank.domain, blank.note], [""; 3], "nothing is agreed to any more");

    let (taken_back, task) = world.link_to_task(agency).await;
    let (visitor, late) = (taken_back.opened().await, world.link_again(&taken_back).await);
    assert_eq!(list(&visitor).await.len(), 1);
    revoke(&world, &taken_back).await;
    assert_eq!(shut(&visitor, &task).await, Code::NotFound);
    assert!(list(&visitor).await.is_empty());
    assert_eq!(shut(&late.actor, &task).await, Code::PermissionDenied, "a link is no visit");

    let embassy = world.embassy("NP").await;
    let (linked, task) = world.link_to_task(embassy).await;
    let visitor = linked.opened().await;
    get(&visitor, &task).await.unwrap();
    by.protect(fear(&task.case_id, "NP")).await.unwrap();
    assert_eq!(shut(&visitor, &task).await, Code::NotFound, "whom the child is afraid of");

    let (linked, task) = world.link_to_task(agency).await;
    let visitor = linked.opened().await;
    get(&visitor, &task).await.unwrap();
    let disable = DisableAgencyRequest { request_id: request_id(), agency_id: agency.to_string() };
    world.administrator().agencies().disable_agency(disable).await.unwrap();
    assert_eq!(shut(&visitor, &task).await, Code::Unauthenticated);

    let (linked, task) = world.link_to_task(world.agency().await).await;
    let visitor = linked.opened().await;
    world.advance(8.0 * 3600.0 + 60.0);
    assert_eq!(shut(&visitor, &task).await, Code::Unauthenticated, "a visit ends by itself");
}
