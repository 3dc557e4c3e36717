//! A stay is for a time: its end is told before and when it comes, and who has no guardian is given one to be named.

use helpline_proto::casework::v1::{
    AssessmentSubject, Case, CompleteTaskRequest, ExtendStayRequest, GetStayLimitRequest, LinkPersonsRequest,
    ListTasksRequest, PersonMerge, Relation, StartAssessmentRequest, StayLimit, UndoMergeRequest,
};
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{DraftReferralRequest, ExitOutcome};
use helpline_tests::assessments::{SCREENING, save, start};
use helpline_tests::referral::draft;
use helpline_tests::request_id;
use tonic::Status;

use super::room::{DAY, Room};
use crate::referral::holds::set;
use crate::referral::room::Partner;
use crate::referral::stay::{admit, exit, keep, request, screen};
use crate::stage::{until, why};

async fn extend(room: &Room, id: &str, seconds: i64) -> Result<StayLimit, Status> {
    let request = ExtendStayRequest {
        request_id: request_id(),
        admission_id: id.to_owned(),
        until_time: Some(room.later(seconds)),
        reason: "No family is found yet.".to_owned(),
    };
    Ok(room.by().stays().extend_stay(request).await?.into_inner().limit.unwrap())
}

/// The child of a case is referred to a shelter, and lives there.
async fn lives_there(room: &Room, shelter: &Partner, case: &Case) {
    let from = DraftReferralRequest { case_id: case.case_id.clone(), ..draft("", &[&shelter.service]) };
    let referral = room.by().refer(from).await;
    let referral = shelter.responder.accept_referral(&referral).await.unwrap();
    let stay = request(room.by(), &referral, &shelter.service).await.unwrap();
    screen(&shelter.responder, &stay).await.unwrap();
    keep(&shelter.responder, &stay).await.unwrap();
    admit(&shelter.responder, &stay).await.unwrap();
}

#[tokio::test]
async fn a_stay_is_told_of_before_it_ends_and_when_it_lasts_too_long_and_begins_anew_when_extended() {
    let room = Room::new().await;
    let shelter = Partner::new(&room.stage).await;
    set(&shelter.responder, &shelter.service, 1, 0).await.unwrap();
    let referral = room.by().refer(room.draft(&[&shelter])).await;
    let referral = shelter.responder.accept_referral(&referral).await.unwrap();
    let stay = request(room.by(), &referral, &shelter.service).await.unwrap();
    screen(&shelter.responder, &stay).await.unwrap();
    keep(&shelter.responder, &stay).await.unwrap();
    admit(&shelter.responder, &stay).await.unwrap();
    let id = stay.admission_id.clone();
    let limited = async || {
        let request = GetStayLimitRequest { admission_id: id.clone() };
        room.by().stays().get_stay_limit(request).await.ok()
    };
    until("it has a limit", limited).await;

    // Tokens of a story do not last for three months: the limit is brought nearer.
    let nearer = "UPDATE helpline.stay_limits SET until_at = until_at - interval '80 days', warned_at = warned_at - interval '80 days'
        RETURNING until_at - warned_at";
    assert_eq!(room.stage.value(nearer), "7 days");

    // Nobody was named in time; it is looked at once.
    room.wait(4 * DAY);
    let named = async || (room.tasks("name_guardian").await.len() == 1).then_some(());
    until("a guardian is to be named", named).await;

    let soon = async |count: usize| {
        let is = async || (room.alerts(AlertKind::StayEndsSoon).await == count).then_some(());
        until("it is told that it ends soon, or not", is).await;
    };
    let long = async |count: usize| {
        let is = async || (room.alerts(AlertKind::StayTooLong).await == count).then_some(());
        until("it is told that it lasts too long, or not", is).await;
    };
    soon(1).await;
    room.wait(7 * DAY);
    long(1).await;
    soon(0).await;
    assert_eq!(why(extend(&room, &id, -DAY).await).fields, ["until_time"]);
    assert_eq!(why(extend(&room, &id, 800 * DAY).await).fields, ["until_time"]);
    let extended = extend(&room, &id, 3 * DAY).await.unwrap();
    assert_eq!(extended.reason, "No family is found yet.");
    long(0).await;
    room.wait(4 * DAY);
    long(1).await;
    assert_eq!(room.opened("stay_too_long"), "2");
    exit(&shelter.responder, &stay, ExitOutcome::Reunited).await.unwrap();
    long(0).await;
    assert_eq!(why(extend(&room, &id, 60 * DAY).await).metadata("state"), "exited");
    assert_eq!(room.tasks("name_guardian").await.len(), 1);
}

#[tokio::test]
async fn nobody_names_a_guardian_for_an_adult_or_for_a_child_who_came_with_a_parent() {
    let room = Room::new().await;
    let by = room.by();
    let shelter = Partner::new(&room.stage).await;
    set(&shelter.responder, &shelter.service, 3, 0).await.unwrap();
    let (adult, with_mother, alone) =
        (by.case_of_child().await, by.case_of_child().await, by.case_of_child().await);
    for case in [&adult, &with_mother, &alone] {
        lives_there(&room, &shelter, case).await;
    }
    let mother = by.record_person("Gulnara", &request_id()).await.person_id;
    let link = LinkPersonsRequest {
        request_id: request_id(),
        person_id: with_mother.child_id.clone(),
        relative_id: mother,
        relation: Relation::Parent.into(),
        from_time: None,
    };
    by.persons().link_persons(link).await.unwrap();
    let of = StartAssessmentRequest {
        subject: AssessmentSubject::Adult.into(),
        ..start(&adult.case_id, SCREENING)
    };
    let screening = by.assessments().start_assessment(of).await.unwrap().into_inner().assessment.unwrap();
    let form = by.assessment(&screening.assessment_id).await.unwrap().form.unwrap();
    let denied: Vec<(&str, &str)> =
        form.questions.iter().filter(|one| one.adult).map(|one| (one.question.as_str(), "no")).collect();
    by.save_assessment(save(&screening.assessment_id, &denied)).await.unwrap();
    by.complete_assessment(&screening.assessment_id).await.unwrap();

    let limited = "SELECT count(*) FROM helpline.stay_limits WHERE guardian_at IS NOT NULL";
    until("all have a limit", async || (room.stage.value(limited) == "3").then_some(())).await;
    room.wait(4 * DAY);
    until("all were looked at", async || (room.stage.value(limited) == "0").then_some(())).await;
    let named = |case_id: &str| {
        let sql = format!(
            "SELECT count(*) FROM helpline.tasks WHERE task = 'name_guardian' AND case_id = '{case_id}'"
        );
        room.stage.value(&sql)
    };
    assert_eq!([&adult, &with_mother, &alone].map(|case| named(&case.case_id)), ["0", "0", "1"]);
}

#[tokio::test]
async fn whose_guardian_was_another_childs_is_looked_at_again_when_the_records_are_parted() {
    let room = Room::new().await;
    let by = room.by();
    let shelter = Partner::new(&room.stage).await;
    set(&shelter.responder, &shelter.service, 1, 0).await.unwrap();
    let (case, other) = (by.case_of_child().await, by.case_of_child().await);
    let link = LinkPersonsRequest {
        request_id: request_id(),
        person_id: other.child_id.clone(),
        relative_id: by.record_person("Gulnara", &request_id()).await.person_id,
        relation: Relation::Guardian.into(),
        from_time: None,
    };
    by.persons().link_persons(link).await.unwrap();
    let merge = by.ask_merge(&other.child_id, &case.child_id).await.unwrap();
    let merge = room.stage.world.supervisor().await.answer_merge(&merge, true).await.unwrap();
    lives_there(&room, &shelter, &case).await;
    let (waits, looked) = ("(guardian_at > helpline.now())", "(guardian_at IS NULL)");
    let is = async |how: &str| {
        let sql = format!("SELECT count(*) FROM helpline.stay_limits WHERE {how}");
        until(how, async || (room.stage.value(&sql) == "1").then_some(())).await;
    };
    is(waits).await;
    room.wait(4 * DAY);
    is(looked).await;
    let named = "SELECT count(*) FROM helpline.tasks WHERE task = 'name_guardian'";
    assert_eq!(room.stage.value(named), "0");
    let parts = async |merge: &PersonMerge| {
        let reason = "It was another child.".to_owned();
        let undo = UndoMergeRequest { request_id: request_id(), merge_id: merge.merge_id.clone(), reason };
        by.persons().undo_merge(undo).await
    };
    let given = async |count: &str| {
        until("a guardian is to be named", async || (room.stage.value(named) == count).then_some(())).await;
        is(looked).await;
    };
    parts(&merge).await.unwrap();
    given("1").await;
    assert_eq!(why(parts(&merge).await).metadata("state"), "undone");
    // What was done because of a guardian who is another child's is to be done again.
    let list = ListTasksRequest { case_id: case.case_id.clone(), ..ListTasksRequest::default() };
    let task_id = by.tasks().list_tasks(list).await.unwrap().into_inner().tasks.remove(0).task_id;
    let done = CompleteTaskRequest { request_id: request_id(), task_id, remark: String::new() };
    by.tasks().complete_task(done).await.unwrap();
    let merge = by.ask_merge(&other.child_id, &case.child_id).await.unwrap();
    let merge = room.stage.world.supervisor().await.answer_merge(&merge, true).await.unwrap();
    parts(&merge).await.unwrap();
    given("2").await;
}
