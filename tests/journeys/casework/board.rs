//! The board of all who help: each body answers for its own tasks, and what one does not do another can.

use helpline_proto::casework::v1::{
    AddTaskRequest, Case, HandTaskRequest, ListTasksRequest, Task, TaskHands, TaskState,
};
use helpline_proto::directory::v1::DisableAgencyRequest;
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{Referral, RevokeReferralRequest};
use helpline_tests::casework::visit;
use helpline_tests::migrant::fear;
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use super::sight::grant;
use super::tasks::{DAY, complete, later, respond, taken};
use crate::referral::room::Partner;
use crate::stage::{Stage, until, why};

/// A case, and two bodies that have taken a referral about the child.
struct Board {
    stage: Stage,
    case: Case,
    bodies: [(Partner, Referral); 2],
}

impl Board {
    async fn new() -> Self {
        let stage = Stage::set().await;
        let (one, other) = (Partner::new(&stage).await, Partner::new(&stage).await);
        Self::of(stage, [one, other]).await
    }

    async fn of(stage: Stage, [one, other]: [Partner; 2]) -> Self {
        let case = stage.supervisor.case_of_child().await;
        let to_one = taken(&stage, &one, &case, &[FieldClass::Narrative]).await;
        let to_other = taken(&stage, &other, &case, &[FieldClass::Narrative]).await;
        Self { stage, case, bodies: [(one, to_one), (other, to_other)] }
    }

    fn by(&self) -> &Actor {
        &self.stage.supervisor
    }

    fn body(&self, which: usize) -> (&Actor, String) {
        let (partner, _) = &self.bodies[which];
        (&partner.responder, partner.agency.to_string())
    }

    /// A task that a body is to do.
    async fn given(&self, which: usize) -> Task {
        let referral_id = self.bodies[which].1.referral_id.clone();
        let new = AddTaskRequest { referral_id, ..visit(&self.case.case_id, later(&self.stage, DAY)) };
        self.by().add_task(new).await.unwrap()
    }

    /// A request to put a task into a body's hands.
    fn to_body(&self, task: &Task, which: usize) -> HandTaskRequest {
        let referral_id = self.bodies[which].1.referral_id.clone();
        HandTaskRequest { referral_id, ..to_nobody(task) }
    }
}

/// A request to take a task oneself.
fn to_nobody(task: &Task) -> HandTaskRequest {
    HandTaskRequest { request_id: request_id(), task_id: task.task_id.clone(), ..HandTaskRequest::default() }
}

async fn hand(by: &Actor, request: HandTaskRequest) -> Result<Task, Status> {
    Ok(by.tasks().hand_task(request).await?.into_inner().task.unwrap())
}

async fn ids(by: &Actor, request: ListTasksRequest) -> Vec<String> {
    let page = by.tasks().list_tasks(request).await.unwrap().into_inner();
    page.tasks.into_iter().map(|task| task.task_id).collect()
}

#[tokio::test]
async fn what_one_body_declines_another_is_given_and_does() {
    let board = Board::new().await;
    let by = board.by();
    let ((one, one_id), (other, other_id)) = (board.body(0), board.body(1));
    let task = board.given(0).await;
    let of = |agency_id: &str| ListTasksRequest { agency_id: agency_id.to_owned(), ..Default::default() };
    let in_hands = |hands: TaskHands| ListTasksRequest { hands: hands.into(), ..Default::default() };
    let declined = || in_hands(TaskHands::Declined);
    by.add_task(visit(&board.case.case_id, later(&board.stage, DAY))).await.unwrap();
    assert_eq!(
        ids(by, in_hands(TaskHands::Agency)).await,
        [task.task_id.as_str()],
        "and not its owner's own"
    );
    assert_eq!(ids(by, of(&one_id)).await, [task.task_id.as_str()]);
    assert!(ids(by, declined()).await.is_empty() && ids(by, of(&other_id)).await.is_empty());

    respond(one, &task, false).await.unwrap();
    let back = by.task(&task.task_id).await.unwrap();
    assert_eq!((back.agency_id.as_str(), back.declined_agency_ids), ("", vec![one_id.clone()]));
    assert_eq!(ids(by, declined()).await, [task.task_id.as_str()]);
    assert!(ids(by, of(&one_id)).await.is_empty());

    let handed = hand(by, board.to_body(&task, 1)).await.unwrap();
    assert_eq!((&handed.agency_id, handed.state()), (&other_id, TaskState::Open));
    assert_eq!((handed.due_time, &handed.owner_id), (task.due_time, &by.token_id), "due when it was");
    assert!(ids(by, declined()).await.is_empty(), "somebody has been asked again");
    assert_eq!(one.task(&task.task_id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(why(respond(one, &task, true).await).code, Code::NotFound);
    let seen = other.task(&task.task_id).await.unwrap();
    assert!(seen.declined_agency_ids.is_empty(), "no body learns what another has said");
    assert!(ids(other, declined()).await.is_empty());
    respond(other, &task, true).await.unwrap();
    complete(other, &task).await.unwrap();
    let done = by.task(&task.task_id).await.unwrap();
    assert_eq!((done.state(), done.declined_agency_ids), (TaskState::Completed, vec![one_id]));
    assert_eq!(why(hand(by, to_nobody(&task)).await).metadata("state"), "completed");
}

#[tokio::test]
async fn who_is_asked_again_has_not_declined_any_more() {
    let board = Board::new().await;
    let ((one, one_id), (other, other_id)) = (board.body(0), board.body(1));
    let task = board.given(0).await;
    respond(one, &task, false).await.unwrap();
    hand(board.by(), board.to_body(&task, 1)).await.unwrap();
    respond(other, &task, false).await.unwrap();
    let both = board.by().task(&task.task_id).await.unwrap().declined_agency_ids;
    assert_eq!(both, [one_id, other_id.clone()], "in their order");
    let again = hand(board.by(), board.to_body(&task, 0)).await.unwrap();
    assert_eq!(again.declined_agency_ids, [other_id]);
    respond(one, &task, true).await.unwrap();
    // Taken from who has it: they see it no more, and it waits for the answer of the next.
    let moved = hand(board.by(), board.to_body(&task, 1)).await.unwrap();
    assert_eq!(moved.state(), TaskState::Open);
    assert_eq!(why(complete(one, &task).await).code, Code::NotFound);
    let own = hand(board.by(), to_nobody(&task)).await.unwrap();
    assert_eq!((own.agency_id.as_str(), own.owner_id), ("", board.by().token_id.clone()));
    assert_eq!(why(complete(other, &task).await).code, Code::NotFound);
}

#[tokio::test]
async fn a_task_goes_only_where_it_can_be_done_and_by_who_may_read_the_case() {
    let board = Board::new().await;
    let by = board.by();
    let colleague = board.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let task = by.add_task(visit(&board.case.case_id, later(&board.stage, DAY))).await.unwrap();
    assert_eq!(why(hand(by, to_nobody(&task)).await).metadata("state"), "own");
    assert_eq!(why(hand(&colleague, to_nobody(&task)).await).code, Code::NotFound);
    assert_eq!(why(hand(board.body(0).0, to_nobody(&task)).await).code, Code::PermissionDenied);

    let strange = HandTaskRequest { counsellor_id: request_id(), ..to_nobody(&task) };
    let strange = why(hand(by, strange).await);
    assert_eq!((strange.code, strange.metadata("resource")), (Code::NotFound, "counsellor"));
    let sibling = by.case_of_child().await;
    let of_sibling = taken(&board.stage, &board.bodies[0].0, &sibling, &[FieldClass::Narrative]).await;
    let mixed = HandTaskRequest { referral_id: of_sibling.referral_id, ..to_nobody(&task) };
    let mixed = why(hand(by, mixed).await);
    assert_eq!((mixed.code, mixed.metadata("resource")), (Code::NotFound, "referral"));

    // Who has a task of a case that they may not read gives it back, and does not pass it on.
    let given = HandTaskRequest { counsellor_id: colleague.counsellor_id.clone(), ..to_nobody(&task) };
    assert_eq!(hand(by, given).await.unwrap().owner_id, colleague.counsellor_id);
    assert_eq!(why(hand(&colleague, board.to_body(&task, 0)).await).metadata("state"), "not_yours");
    respond(&colleague, &task, false).await.unwrap();
    assert_eq!(by.task(&task.task_id).await.unwrap().owner_id, by.token_id);
    // Nor does who was let in to read, and has nothing to do with it.
    let reader = board.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    by.case_access().grant_case_access(grant(&board.case.case_id, &reader)).await.unwrap();
    assert_eq!(reader.task(&task.task_id).await.unwrap().task_id, task.task_id);
    assert_eq!(why(hand(&reader, to_nobody(&task)).await).metadata("state"), "not_yours");
    assert!(by.task(&task.task_id).await.unwrap().declined_agency_ids.is_empty(), "no body has declined");
}

#[tokio::test]
async fn another_owner_inside_leaves_it_to_who_does_it() {
    let board = Board::new().await;
    let (by, one) = (board.by(), board.body(0).0);
    let colleague = board.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let task = board.given(0).await;
    respond(one, &task, true).await.unwrap();
    let counsellor_id = colleague.counsellor_id.clone();
    let moved = hand(by, HandTaskRequest { counsellor_id, ..board.to_body(&task, 0) }).await.unwrap();
    assert_eq!((moved.state(), &moved.owner_id), (TaskState::Accepted, &colleague.counsellor_id));
    complete(one, &task).await.unwrap();
}

#[tokio::test]
async fn an_agency_that_is_disabled_has_nothing_to_do_any_more() {
    let board = Board::new().await;
    let (by, (_, one_id)) = (board.by(), board.body(0));
    let task = board.given(0).await;
    let request = DisableAgencyRequest { request_id: request_id(), agency_id: one_id };
    board.stage.world.administrator().agencies().disable_agency(request).await.unwrap();
    until("it is its owner's", async || {
        by.task(&task.task_id).await.unwrap().agency_id.is_empty().then_some(())
    })
    .await;
    let refused = why(hand(by, board.to_body(&task, 0)).await);
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "referral"));
}

#[tokio::test]
async fn what_a_body_cannot_do_any_more_is_its_owners_again() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let agency = stage.world.embassy("NP").await;
    let embassy = Partner {
        agency,
        service: stage.world.service(agency).await,
        responder: stage.world.responder(agency).await,
    };
    let board = Board::of(stage, [shelter, embassy]).await;
    let by = board.by();
    let tasks = [board.given(0).await, board.given(1).await, board.given(0).await];
    respond(board.body(0).0, &tasks[0], true).await.unwrap();
    complete(board.body(0).0, &tasks[2]).await.unwrap();
    let returned = async |task: &Task| {
        until("it is its owner's", async || {
            let now = by.task(&task.task_id).await.unwrap();
            (now.agency_id.is_empty()).then_some(now)
        })
        .await
    };
    let revoke = RevokeReferralRequest {
        request_id: request_id(),
        referral_id: board.bodies[0].1.referral_id.clone(),
        reason: "safety".to_owned(),
        remark: String::new(),
    };
    by.referrals().revoke_referral(revoke).await.unwrap();
    let one = returned(&tasks[0]).await;
    assert_eq!((one.state(), one.declined_agency_ids.len()), (TaskState::Open, 0), "nobody has declined it");
    by.protect(fear(&board.case.case_id, "NP")).await.unwrap();
    returned(&tasks[1]).await;
    let feared = why(hand(by, board.to_body(&tasks[1], 1)).await);
    assert_eq!(feared.reason, "CONSULATE_REFUSED");
    assert_eq!(
        by.task(&tasks[2].task_id).await.unwrap().agency_id,
        board.body(0).1,
        "what is done stays theirs"
    );
    let events = by.case_timeline(&board.case.case_id).await.unwrap();
    assert_eq!(events.iter().filter(|entry| entry.event == "task_returned").count(), 2);
    assert_eq!(why(hand(by, board.to_body(&tasks[0], 0)).await).code, Code::NotFound, "it is over");
}
