//! Who looks is looked at: broken glass is reviewed, and every look at a child stands in the journal.

use helpline_proto::casework::v1::{BreakGlassRequest, Case, ReviewGlassRequest};
use helpline_proto::directory::v1::DisableCounsellorRequest;
use helpline_proto::queueing::v1::AlertKind;
use helpline_tests::casework::{open, profile, record, visit};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use crate::alerts::listed;
use crate::stage::{Stage, until, why};

async fn counsellor(stage: &Stage) -> Actor {
    stage.world.counsellor(Abilities::speaking(&["ar"])).await
}

pub(super) async fn break_glass(by: &Actor, child: &str) -> Result<Vec<Case>, Status> {
    let request = BreakGlassRequest {
        request_id: request_id(),
        case_id: String::new(),
        reason: "The child is on the line.".to_owned(),
        child_id: child.to_owned(),
    };
    Ok(by.case_access().break_glass(request).await?.into_inner().cases)
}

async fn review(by: &Actor, case: &Case, whose: &Actor, justified: bool) -> Result<Case, Status> {
    let request = ReviewGlassRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        counsellor_id: whose.counsellor_id.clone(),
        justified,
        remark: "I have spoken with them.".to_owned(),
    };
    Ok(by.case_access().review_glass(request).await?.into_inner().case.unwrap())
}

async fn open_alerts(by: &Actor, kind: AlertKind) -> Vec<String> {
    let open = listed(by, true).await.into_iter().filter(|one| one.kind() == kind);
    let mut about: Vec<_> = open.map(|one| one.case_id).collect();
    about.sort_unstable();
    about
}

#[tokio::test]
async fn whoever_lets_themselves_in_is_reviewed_and_kept_out_without_a_good_reason() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let (owner, colleague) = (counsellor(&stage).await, counsellor(&stage).await);
    let child = owner.record_person("Aigerim", "+77015550100").await.person_id;
    let other = owner.record_person("Daniyar", "+77015550200").await.person_id;
    assert_eq!(break_glass(&colleague, &child).await.unwrap_err().code(), Code::NotFound, "no case yet");
    assert_eq!(break_glass(&colleague, &request_id()).await.unwrap_err().code(), Code::NotFound);
    let case = owner.open_case(open(&child)).await.unwrap();
    let untouched = owner.open_case(open(&other)).await.unwrap();
    assert_eq!(why(review(by, &case, &colleague, true).await).metadata("state"), "reviewed");

    // Whoever is shut out names the child.
    let opened = break_glass(&colleague, &child).await.unwrap();
    assert_eq!(opened.iter().map(|one| &one.case_id).collect::<Vec<_>>(), [&case.case_id]);
    assert_eq!(why(break_glass(&colleague, &child).await).metadata("state"), "granted");
    assert_eq!(colleague.case(&untouched.case_id).await.unwrap_err().code(), Code::NotFound);
    let alerted =
        async || (open_alerts(by, AlertKind::GlassBroken).await == [case.case_id.clone()]).then_some(());
    until("supervisors know", alerted).await;
    assert_eq!(why(review(&owner, &case, &colleague, true).await).reason, "ROLE_REFUSED");

    review(by, &case, &colleague, false).await.unwrap();
    assert_eq!(colleague.case(&case.case_id).await.unwrap_err().code(), Code::NotFound, "at once");
    let last = owner.case_timeline(&case.case_id).await.unwrap().pop().unwrap();
    assert_eq!((last.event.as_str(), last.text.as_str()), ("glass_reviewed", "I have spoken with them."));
    assert_eq!(why(review(by, &case, &colleague, true).await).metadata("state"), "reviewed");
    until("it was looked at", async || {
        stage.world.advance(60.0);
        open_alerts(by, AlertKind::GlassBroken).await.is_empty().then_some(())
    })
    .await;

    // Each time anew; and who had to know stays until the hour is over.
    break_glass(&colleague, &child).await.unwrap();
    until("supervisors know again", alerted).await;
    review(by, &case, &colleague, true).await.unwrap();
    colleague.case(&case.case_id).await.unwrap();
}

#[tokio::test]
async fn whoever_looks_at_a_person_a_case_or_a_task_is_in_the_journal() {
    let stage = Stage::set().await;
    let owner = counsellor(&stage).await;
    let child = owner.record_person("Aigerim", "+77015550100").await.person_id;
    let case = owner.open_case(open(&child)).await.unwrap().case_id;
    let task = owner.add_task(visit(&case, stage.world.soon())).await.unwrap().task_id;
    let looks = |of: &Actor| {
        let id = if of.counsellor_id.is_empty() { &of.token_id } else { &of.counsellor_id };
        stage.value(&format!(
            "SELECT coalesce(string_agg(event || ' ' || coalesce(detail ->> 'person_id', detail ->> 'case_id', detail ->> 'task_id',
                jsonb_array_length(detail -> 'person_ids')::text), ', ' ORDER BY entry_id), '')
             FROM helpline.journal WHERE actor_id = '{id}' AND event ~ '_(read|seen|found)$'"
        ))
    };
    assert_eq!(looks(&owner), "", "what an answer to a change shows is no look");
    let by = &stage.supervisor;
    by.person(&child).await.unwrap();
    by.case(&case).await.unwrap();
    by.task(&task).await.unwrap();
    // Who tries numbers leaves a trace, too.
    by.find_by_telephone("+77015550100").await;
    by.find_by_telephone("+77015550999").await;
    let expected =
        format!("person_read {child}, case_seen {case}, task_read {task}, person_found 1, person_found 0");
    assert_eq!(looks(by), expected);
    let stranger = counsellor(&stage).await;
    stranger.person(&child).await.unwrap_err();
    stranger.case(&case).await.unwrap_err();
    assert_eq!(looks(&stranger), "", "they saw nothing");
}

#[tokio::test]
async fn who_knows_a_number_learns_which_child_has_it_and_nothing_else() {
    let stage = Stage::set().await;
    let (owner, stranger) = (counsellor(&stage).await, counsellor(&stage).await);
    let mut known = profile("Aigerim", "+77015550100");
    known.identifiers.extend(profile("", "+77015550199").identifiers);
    known.nationalities = vec!["SY".to_owned()];
    owner.persons().record_person(record(known)).await.unwrap();
    let found = async |by: &Actor| {
        let request = helpline_proto::casework::v1::FindPersonsRequest {
            identifier: profile("", "+77015550100").identifiers.pop(),
            ..Default::default()
        };
        by.persons().find_persons(request).await.unwrap().into_inner().people.pop().unwrap()
    };
    let (whole, part) = (found(&owner).await, found(&stranger).await);
    assert_eq!((whole.partial, whole.profile.as_ref().unwrap().identifiers.len()), (false, 2));
    let told = part.profile.unwrap();
    assert!(part.partial);
    assert_eq!(told.names, whole.profile.unwrap().names, "which child it is");
    assert_eq!(told.identifiers, profile("", "+77015550100").identifiers, "no other number of the family");
    assert!(told.nationalities.is_empty());
}

#[tokio::test]
async fn a_case_whose_owner_has_left_is_alerted_of_and_its_tasks_find_somebody() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let (owner, colleague) = (counsellor(&stage).await, counsellor(&stage).await);
    let case = owner.case_of_child().await;
    let given = helpline_proto::casework::v1::AddTaskRequest {
        counsellor_id: colleague.counsellor_id.clone(),
        ..visit(&case.case_id, stage.world.soon())
    };
    // Given by somebody who was let in and has left since.
    let guest = counsellor(&stage).await;
    let grant = helpline_proto::casework::v1::GrantCaseAccessRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        counsellor_id: guest.counsellor_id.clone(),
        lifetime: Some(prost_types::Duration { seconds: 600, nanos: 0 }),
    };
    owner.case_access().grant_case_access(grant).await.unwrap();
    let task = guest.add_task(given).await.unwrap();
    assert_eq!(open_alerts(by, AlertKind::CaseUnowned).await, Vec::<String>::new());
    for leaves in [&guest, &owner] {
        let disable = DisableCounsellorRequest {
            request_id: request_id(),
            counsellor_id: leaves.counsellor_id.clone(),
        };
        stage.world.administrator().counsellors().disable_counsellor(disable).await.unwrap();
    }
    let alerted =
        async || (open_alerts(by, AlertKind::CaseUnowned).await == [case.case_id.clone()]).then_some(());
    until("supervisors know", alerted).await;
    let assign = helpline_proto::casework::v1::AssignCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        counsellor_id: colleague.counsellor_id.clone(),
        remark: String::new(),
    };
    by.cases().assign_case(assign).await.unwrap();
    let decline = helpline_proto::casework::v1::AnswerTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        accept: false,
        remark: String::new(),
    };
    // Back to the case's owner, who it is now: not to somebody who has gone.
    let own = colleague.tasks().answer_task(decline).await;
    assert_eq!(why(own).metadata("state"), "own");
}
