//! A child's situation is assessed by a form: in parts, by several, approved by another; what follows is done, and again in time.

use helpline_proto::casework::v1::{
    AnsweredAssessment, Assessment, AssessmentApproval, AssessmentApprovalState, AssessmentOutcome,
    AssessmentState, AssessmentSubject, GrantCaseAccessRequest, ListAssessmentsRequest, ListTasksRequest,
    SaveAssessmentRequest, StartAssessmentRequest, Task, TaskState,
};
use helpline_proto::directory::v1::{AssessmentForm, GetSettingsRequest, PublishSettingsRequest};
use helpline_proto::queueing::v1::AlertKind;
use helpline_tests::assessments::{
    BEST_INTERESTS, FOUND, SCREENING, answer, ask, complete, judge, revise, save, start,
};
use helpline_tests::{Abilities, Actor, request_id};
use prost_types::Duration;
use tonic::Code;

use crate::alerts::listed;
use crate::stage::{Stage, until, why};

const HOUR: f64 = 3600.0;
/// Everything that the short form must know, and nothing of it a concern.
pub(super) const WELL: [(&str, &str); 14] = [
    ("safe_now", "yes"),
    ("threatened", "no"),
    ("family_reachable", "yes"),
    ("family_safe", "yes"),
    ("child_was_heard", "yes"),
    ("has_guardian", "yes"),
    ("needs_care", "no"),
    ("in_distress", "no"),
    ("has_papers", "yes"),
    ("birth_registered", "yes"),
    ("place_tonight", "yes"),
    ("has_necessities", "yes"),
    ("goes_to_school", "yes"),
    ("lives_with", "kinship"),
];

async fn counsellor(stage: &Stage) -> Actor {
    stage.world.counsellor(Abilities::speaking(&["ar"])).await
}

async fn tasks(by: &Actor, case_id: &str) -> Vec<Task> {
    let request = ListTasksRequest { case_id: case_id.to_owned(), ..ListTasksRequest::default() };
    by.tasks().list_tasks(request).await.unwrap().into_inner().tasks
}

async fn events(by: &Actor, case_id: &str) -> Vec<String> {
    by.case_timeline(case_id).await.unwrap().into_iter().map(|entry| entry.event).collect()
}

/// What was answered to a question.
fn said<'a>(one: &'a AnsweredAssessment, question: &str) -> Option<&'a str> {
    one.answers.iter().find(|answer| answer.question == question).map(|answer| answer.value.as_str())
}

fn head(one: &AnsweredAssessment) -> &Assessment {
    one.assessment.as_ref().unwrap()
}

#[tokio::test]
async fn a_form_is_answered_in_parts_by_two_and_approved_by_a_third() {
    let stage = Stage::set().await;
    let (owner, second) = (counsellor(&stage).await, &stage.supervisor);
    let third = stage.world.supervisor().await;
    let case_id = owner.case_of_child().await.case_id;
    let id = owner.start_assessment(&case_id, BEST_INTERESTS).await.unwrap().assessment_id;
    let twice = why(second.start_assessment(&case_id, BEST_INTERESTS).await);
    assert_eq!((twice.code, twice.metadata("resource")), (Code::AlreadyExists, "assessment"));
    owner.save_assessment(save(&id, &[("wishes", "To my aunt."), ("safe_now", "yes")])).await.unwrap();
    let incomplete = why(owner.complete_assessment(&id).await);
    assert_eq!(incomplete.metadata("state"), "incomplete");
    let missing = second.assessment(&id).await.unwrap().missing_questions;
    assert_eq!(missing.len(), WELL.len() - 1);

    let rest: Vec<_> = WELL.into_iter().skip(1).collect();
    second.save_assessment(save(&id, &rest)).await.unwrap();
    second.save_assessment(save(&id, &[("has_guardian", "no"), ("lives_with", "unknown")])).await.unwrap();
    let done = second.complete_assessment(&id).await.unwrap();
    assert_eq!((done.state(), done.outcome()), (AssessmentState::Completed, AssessmentOutcome::Positive));
    assert_eq!(done.author_ids, [owner.counsellor_id.as_str(), &second.token_id]);
    let whole = owner.assessment(&id).await.unwrap();
    assert_eq!(said(&whole, "wishes"), Some("To my aunt."));
    let steps: Vec<_> = whole
        .recommended_steps
        .iter()
        .map(|one| (one.outcome(), one.step.as_ref().unwrap().task.as_str()))
        .collect();
    let expected =
        [(AssessmentOutcome::Positive, "appoint_guardian"), (AssessmentOutcome::Unclear, "find_a_place")];
    assert_eq!(steps, expected);
    assert!(tasks(&owner, &case_id).await.is_empty(), "what is recommended is somebody's to begin");

    let approve = || answer(&id, AssessmentApproval::Content, true);
    let not_asked = second.assessments().answer_assessment_approval(approve()).await;
    assert_eq!(why(not_asked).metadata("state"), "not_asked");
    owner.assessments().ask_assessment_approval(ask(&id)).await.unwrap();
    let own = second.assessments().answer_assessment_approval(approve()).await;
    assert_eq!(why(own).metadata("state"), "own", "an author approves nothing");
    let approved = third.assessments().answer_assessment_approval(approve()).await.unwrap();
    let approved = approved.into_inner().assessment.unwrap();
    assert_eq!(approved.approval(), AssessmentApprovalState::Approved);
    assert_eq!(approved.approval_answered_by, third.token_id);
    let story = [
        "opened",
        "assessment_started",
        "assessment_completed",
        "assessment_approval_asked",
        "assessment_approved",
    ];
    assert_eq!(events(&owner, &case_id).await, story);
}

#[tokio::test]
async fn nobody_approves_their_own_assessment_or_override_not_even_by_hand_in_the_tables() {
    let stage = Stage::set().await;
    let (by, other) = (&stage.supervisor, stage.world.supervisor().await);
    let case_id = by.case_of_child().await.case_id;
    let id = by.assessed(&case_id, BEST_INTERESTS, &WELL).await.assessment_id;
    by.assessments().ask_assessment_approval(ask(&id)).await.unwrap();
    let own =
        by.assessments().answer_assessment_approval(answer(&id, AssessmentApproval::Content, true)).await;
    assert_eq!(why(own).metadata("state"), "own");
    let by_hand = |set: &str| {
        let sql = format!("UPDATE helpline.assessments SET {set} WHERE assessment_id = '{id}'");
        stage.world.database.query(&sql).expect_err(set).to_string()
    };
    let approve = format!("approval = 'approved', approval_answered_by = '{}'", by.token_id);
    assert!(by_hand(&approve).contains("nobody_approves_their_own_assessment"));
    assert!(by_hand("outcome = 'positive'").contains("completed assessment"));
    let less = "override_outcome = 'negative', override_state = 'in_force', override_by = approval_asked_by,
        override_reason_sealed = findings_sealed";
    assert!(by_hand(less).contains("less_is_approved_by_another"));
    let refuse = answer(&id, AssessmentApproval::Content, false);
    other.assessments().answer_assessment_approval(refuse).await.unwrap();
    assert_eq!(
        by.assessment(&id).await.unwrap().assessment.unwrap().approval(),
        AssessmentApprovalState::Refused
    );
    by.assessments().ask_assessment_approval(ask(&id)).await.expect("once more");
}

#[tokio::test]
async fn a_positive_screening_gives_an_urgent_task_and_a_repeat_that_alarms_once() {
    let stage = Stage::set().await;
    let (owner, by) = (counsellor(&stage).await, &stage.supervisor);
    let case_id = owner.case_of_child().await.case_id;
    let first = by.assessed(&case_id, SCREENING, &FOUND).await;
    assert_eq!(first.outcome(), AssessmentOutcome::Positive);
    let given = tasks(&owner, &case_id).await;
    let keys: Vec<_> = given.iter().map(|one| one.task.as_str()).collect();
    assert_eq!(keys, ["positive_screening", "repeat_screening"]);
    assert!(given.iter().all(|one| one.owner_id == owner.counsellor_id), "whose the case is");
    let [urgent, again] = [&given[0], &given[1]];
    assert_eq!([&first.follow_up_task_id, &first.again_task_id], [&urgent.task_id, &again.task_id]);
    let due = |id: &str| {
        let sql = format!(
            "SELECT extract(epoch FROM due_at - made_at)::int FROM helpline.tasks WHERE task_id = '{id}'"
        );
        stage.value(&sql)
    };
    assert_eq!((due(&urgent.task_id), due(&again.task_id)), ("86400".to_owned(), "259200".to_owned()));

    let alarms = async || {
        let alerts = listed(by, true).await;
        alerts
            .iter()
            .filter(|one| one.kind() == AlertKind::TaskOverdue && one.task_id == again.task_id)
            .count()
    };
    stage.world.advance(71.0 * HOUR);
    assert_eq!(alarms().await, 0);
    stage.world.advance(26.0 * HOUR);
    until("the repeat alarms", async || (alarms().await == 1).then_some(())).await;
    let told = format!(
        "SELECT count(*) FROM helpline.journal WHERE event = 'task_overdue_told_supervisor' AND detail->>'task_id' = '{}'",
        again.task_id
    );
    assert_eq!(stage.value(&told), "1");

    // A correction of the first is no second.
    let draft = by.assessments().revise_assessment(revise(&first.assessment_id)).await.unwrap().into_inner();
    let draft = draft.assessment.unwrap().assessment_id;
    by.complete_assessment(&draft).await.unwrap();
    assert_eq!(owner.task(&again.task_id).await.unwrap().state(), TaskState::Open);
    let second = by.assessed(&case_id, SCREENING, &FOUND).await;
    assert_eq!(owner.task(&again.task_id).await.unwrap().state(), TaskState::Completed);
    assert_eq!((second.again_task_id.as_str(), second.follow_up_task_id.as_str()), ("", ""));
    assert_eq!(tasks(&owner, &case_id).await.len(), 2, "what is being done is not asked for twice");
    until("the alarm is over", async || (alarms().await == 0).then_some(())).await;
}

#[tokio::test]
async fn a_screening_is_completed_once_whoever_is_quicker() {
    let stage = Stage::set().await;
    let (by, other) = (&stage.supervisor, stage.world.supervisor().await);
    let case_id = by.case_of_child().await.case_id;
    let id = by.start_assessment(&case_id, SCREENING).await.unwrap().assessment_id;
    by.save_assessment(save(&id, &FOUND)).await.unwrap();
    let (one, two) = tokio::join!(by.complete_assessment(&id), other.complete_assessment(&id));
    let refused = if one.is_ok() { two } else { one };
    assert_eq!(why(refused).metadata("state"), "completed");
    assert_eq!(tasks(by, &case_id).await.len(), 2);
    assert_eq!(
        stage.value("SELECT count(*) FROM helpline.journal WHERE event = 'assessment_completed'"),
        "1"
    );
}

#[tokio::test]
async fn what_is_unknown_is_unclear_and_of_an_adult_means_are_asked() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case_id = by.case_of_child().await.case_id;
    let child =
        by.assessed(&case_id, SCREENING, &[("brought_by_others", "yes"), ("wages_kept", "yes")]).await;
    assert_eq!(child.outcome(), AssessmentOutcome::Unclear, "most is not answered");
    assert!(child.follow_up_task_id.is_empty());
    let other = by.case_of_child().await.case_id;
    let of = StartAssessmentRequest { subject: AssessmentSubject::Adult.into(), ..start(&other, SCREENING) };
    let adult = by.assessments().start_assessment(of).await.unwrap().into_inner().assessment.unwrap();
    let child_only = save(&adult.assessment_id, &[("wages_kept", "yes"), ("given_by_family", "yes")]);
    assert_eq!(why(by.save_assessment(child_only).await).fields, ["answers[1].question"]);
    let form = by.assessment(&adult.assessment_id).await.unwrap().form.unwrap();
    let denied: Vec<_> =
        form.questions.iter().filter(|one| one.adult).map(|one| (one.question.as_str(), "no")).collect();
    by.save_assessment(save(&adult.assessment_id, &denied)).await.unwrap();
    by.save_assessment(save(&adult.assessment_id, &FOUND)).await.unwrap();
    let done = by.complete_assessment(&adult.assessment_id).await.unwrap();
    assert_eq!(done.outcome(), AssessmentOutcome::Negative, "nobody holds or deceived them");
    let adults =
        StartAssessmentRequest { subject: AssessmentSubject::Adult.into(), ..start(&other, BEST_INTERESTS) };
    assert_eq!(why(by.assessments().start_assessment(adults).await).fields, ["subject"]);
    assert_eq!(why(by.start_assessment(&other, "gardening").await).fields, ["form"]);
}

#[tokio::test]
async fn a_graver_judgement_holds_at_once_and_a_milder_one_when_another_agrees() {
    let stage = Stage::set().await;
    let (owner, by) = (counsellor(&stage).await, &stage.supervisor);
    let case_id = owner.case_of_child().await.case_id;
    let unclear = owner.assessed(&case_id, SCREENING, &[("wages_kept", "yes")]).await;
    let same = judge(&unclear.assessment_id, AssessmentOutcome::Unclear);
    assert_eq!(why(owner.assessments().override_assessment(same).await).fields, ["outcome"]);
    let graver = judge(&unclear.assessment_id, AssessmentOutcome::Positive);
    let judged =
        owner.assessments().override_assessment(graver).await.unwrap().into_inner().assessment.unwrap();
    assert_eq!(
        (judged.outcome(), judged.computed_outcome()),
        (AssessmentOutcome::Positive, AssessmentOutcome::Unclear)
    );
    assert_eq!(judged.override_approval(), AssessmentApprovalState::NotNeeded);
    let urgent = owner.task(&judged.follow_up_task_id).await.unwrap();
    assert_eq!(urgent.task, "positive_screening");
    let again = judge(&unclear.assessment_id, AssessmentOutcome::Negative);
    assert_eq!(why(owner.assessments().override_assessment(again).await).metadata("state"), "in_force");

    let other = by.case_of_child().await.case_id;
    let found = by.assessed(&other, SCREENING, &FOUND).await;
    let milder = judge(&found.assessment_id, AssessmentOutcome::Negative);
    let asked = by.assessments().override_assessment(milder).await.unwrap().into_inner().assessment.unwrap();
    assert_eq!(
        (asked.outcome(), asked.override_outcome()),
        (AssessmentOutcome::Positive, AssessmentOutcome::Negative)
    );
    let say = async |who: &Actor, approve: bool| {
        let answer = answer(&found.assessment_id, AssessmentApproval::Override, approve);
        who.assessments().answer_assessment_approval(answer).await
    };
    assert_eq!(why(say(by, true).await).metadata("state"), "own");
    let third = stage.world.supervisor().await;
    let refused = say(&third, false).await.unwrap().into_inner().assessment.unwrap();
    assert_eq!(refused.outcome(), AssessmentOutcome::Positive);
    assert_eq!(why(say(&third, true).await).metadata("state"), "refused");
    let milder = judge(&found.assessment_id, AssessmentOutcome::Unclear);
    by.assessments().override_assessment(milder).await.expect("another try");
    let agreed = say(&third, true).await.unwrap().into_inner().assessment.unwrap();
    assert_eq!(
        (agreed.outcome(), agreed.computed_outcome()),
        (AssessmentOutcome::Unclear, AssessmentOutcome::Positive)
    );
    let whole = by.assessment(&found.assessment_id).await.unwrap();
    assert_eq!(whole.override_reason, "She told it again in her own language.");
}

#[tokio::test]
async fn a_draft_goes_on_by_the_form_it_was_begun_with_and_its_revision_by_the_one_in_force() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case_id = by.case_of_child().await.case_id;
    let draft = by.start_assessment(&case_id, SCREENING).await.unwrap();
    stage
        .world
        .change_settings(|settings| {
            let form = settings.assessment_forms.iter_mut().find(|one| one.form == SCREENING).unwrap();
            form.questions.retain(|one| one.question != "wages_kept");
            let asked = form.questions.iter_mut().find(|one| one.question == "confined").unwrap();
            asked.texts.insert("en".to_owned(), "Are the doors locked?".to_owned());
        })
        .await;
    let id = draft.assessment_id.as_str();
    by.save_assessment(save(id, &FOUND)).await.unwrap();
    let done = by.complete_assessment(id).await.unwrap();
    assert_eq!(
        (done.outcome(), done.settings_version),
        (AssessmentOutcome::Positive, draft.settings_version)
    );
    let revised =
        by.assessments().revise_assessment(revise(id)).await.unwrap().into_inner().assessment.unwrap();
    assert_eq!(revised.supersedes_id, id);
    assert!(revised.settings_version > draft.settings_version);
    let whole = by.assessment(&revised.assessment_id).await.unwrap();
    assert_eq!(said(&whole, "wages_kept"), None, "nobody asks that any more");
    assert_eq!(said(&whole, "forced_to_serve"), Some("yes"));
    let texts = |one: &AnsweredAssessment| {
        let form = one.form.as_ref().unwrap();
        form.questions.iter().find(|one| one.question == "confined").unwrap().texts["en"].clone()
    };
    assert_eq!(texts(&whole), "Are the doors locked?");
    assert_eq!(why(by.assessments().revise_assessment(revise(id)).await).code, Code::AlreadyExists);
    assert!(head(&by.assessment(id).await.unwrap()).superseded_by_id.is_empty(), "a draft takes no place");
    by.complete_assessment(&revised.assessment_id).await.unwrap();
    let old = by.assessment(id).await.unwrap();
    assert_eq!(head(&old).superseded_by_id, revised.assessment_id);
    assert_eq!((said(&old, "wages_kept"), head(&old).outcome()), (Some("yes"), AssessmentOutcome::Positive));
    assert_ne!(texts(&old), texts(&whole), "what was asked stays as it was asked");
    let judged = by.assessments().override_assessment(judge(id, AssessmentOutcome::Unclear)).await;
    assert_eq!(why(judged).metadata("state"), "superseded");
}

#[tokio::test]
async fn of_two_saves_of_one_revision_one_holds_and_without_one_both() {
    let stage = Stage::set().await;
    let (by, other) = (&stage.supervisor, stage.world.supervisor().await);
    let case_id = by.case_of_child().await.case_id;
    let draft = by.start_assessment(&case_id, SCREENING).await.unwrap();
    let of = |answers: &[(&str, &str)]| SaveAssessmentRequest {
        expected_revision: draft.revision,
        ..save(&draft.assessment_id, answers)
    };
    let (one, two) = tokio::join!(
        by.save_assessment(of(&[("watched", "yes")])),
        other.save_assessment(of(&[("confined", "yes")]))
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let refused = why(if one.is_ok() { two } else { one });
    assert_eq!((refused.code, refused.metadata("revision")), (Code::Aborted, "2"));
    let (one, two) = tokio::join!(
        by.save_assessment(save(&draft.assessment_id, &[("no_rest", "yes")])),
        other.save_assessment(save(&draft.assessment_id, &[("isolated", "unknown")]))
    );
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    by.save_assessment(save(&draft.assessment_id, &[("watched", ""), ("confined", "")])).await.unwrap();
    let whole = by.assessment(&draft.assessment_id).await.unwrap();
    let all: Vec<_> = whole.answers.iter().map(|one| one.question.as_str()).collect();
    assert_eq!(all, ["isolated", "no_rest"], "what is taken back is gone");
    let wrong = save(&draft.assessment_id, &[("no_rest", "perhaps"), ("isolated", "yes")]);
    assert_eq!(why(by.save_assessment(wrong).await).fields, ["answers[0].value"]);
    let stale = helpline_proto::casework::v1::CompleteAssessmentRequest {
        expected_revision: draft.revision,
        ..complete(&draft.assessment_id)
    };
    assert_eq!(why(by.assessments().complete_assessment(stale).await).code, Code::Aborted);
}

#[tokio::test]
async fn who_may_not_read_the_case_knows_nothing_of_its_assessments() {
    let stage = Stage::set().await;
    let (owner, stranger) = (counsellor(&stage).await, counsellor(&stage).await);
    let case_id = owner.case_of_child().await.case_id;
    let id = owner.assessed(&case_id, SCREENING, &FOUND).await.assessment_id;
    let listed = async |by: &Actor| {
        let request =
            ListAssessmentsRequest { case_id: case_id.clone(), ..ListAssessmentsRequest::default() };
        by.assessments().list_assessments(request).await.unwrap().into_inner().assessments.len()
    };
    let shut_out = async || {
        for (id, case_id) in [(id.as_str(), case_id.as_str()), (&request_id(), &request_id())] {
            let refusals = [
                (why(stranger.assessment(id).await), "assessment"),
                (why(stranger.save_assessment(save(id, &FOUND)).await), "assessment"),
                (why(stranger.complete_assessment(id).await), "assessment"),
                (why(stranger.assessments().revise_assessment(revise(id)).await), "assessment"),
                (why(stranger.assessments().ask_assessment_approval(ask(id)).await), "assessment"),
                (why(stranger.start_assessment(case_id, SCREENING).await), "case"),
                (why(stranger.start_assessment(case_id, "gardening").await), "case"),
            ];
            for (refused, resource) in refusals {
                assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, resource));
            }
        }
        assert_eq!(listed(&stranger).await, 0);
    };
    shut_out().await;
    let let_in = GrantCaseAccessRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        counsellor_id: stranger.counsellor_id.clone(),
        lifetime: Some(Duration { seconds: 600, nanos: 0 }),
    };
    owner.case_access().grant_case_access(let_in).await.unwrap();
    assert_eq!(listed(&stranger).await, 1);
    assert_eq!(said(&stranger.assessment(&id).await.unwrap(), "wages_kept"), Some("yes"));
    let read = format!(
        "SELECT count(*) FROM helpline.journal WHERE event = 'assessment_read' AND actor_id = '{}'
           AND detail->>'assessment_id' = '{id}'",
        stranger.counsellor_id
    );
    assert_eq!(stage.value(&read), "1");
    stage.world.advance(601.0);
    shut_out().await;
}

#[tokio::test]
async fn nothing_is_assessed_in_a_closed_case() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case_id = by.case_of_child().await.case_id;
    let id = by.start_assessment(&case_id, BEST_INTERESTS).await.unwrap().assessment_id;
    by.move_case(&case_id, "closed").await.unwrap();
    for refused in [
        why(by.save_assessment(save(&id, &WELL)).await),
        why(by.complete_assessment(&id).await),
        why(by.start_assessment(&case_id, SCREENING).await),
    ] {
        assert_eq!((refused.metadata("resource"), refused.metadata("state")), ("case", "closed"));
    }
    by.move_case(&case_id, "reopened").await.unwrap();
    by.save_assessment(save(&id, &WELL)).await.expect("it goes on");
}

#[tokio::test]
async fn a_form_that_could_not_decide_is_not_published() {
    let stage = Stage::set().await;
    let mut client = stage.world.centre.administrator.centre();
    let now =
        client.get_settings(GetSettingsRequest::default()).await.unwrap().into_inner().settings.unwrap();
    let publish = async |change: &dyn Fn(&mut AssessmentForm)| {
        let mut settings = now.clone();
        change(&mut settings.assessment_forms[1]);
        let request = PublishSettingsRequest {
            request_id: request_id(),
            settings: Some(settings),
            expected_version: 0,
        };
        stage.world.centre.administrator.centre().publish_settings(request).await
    };
    let form = |rest: &str| vec![format!("settings.assessment_forms[1].{rest}")];
    let always = publish(&|form| form.questions[2].counts.push("no".to_owned())).await;
    assert_eq!(why(always).fields, form("questions[2]"));
    let nowhere = publish(&|form| form.adult_elements = vec!["luck".to_owned()]).await;
    assert_eq!(why(nowhere).fields, form("child_elements"));
    let never =
        publish(&|form| form.dimensions[4].found_from.iter_mut().for_each(|one| one.strong = 99)).await;
    assert_eq!(why(never).fields, form("dimensions"));
    let twice = publish(&|form| form.form = BEST_INTERESTS.to_owned()).await;
    assert_eq!(why(twice).fields, form("form"));
    let as_it_is = publish(&|_| {}).await.unwrap().into_inner().settings.unwrap();
    assert_eq!(as_it_is.assessment_forms, now.assessment_forms);
}
