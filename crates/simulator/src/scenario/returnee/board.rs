//! The board of all who help: what her plan asks for is handed to three bodies, of which one says no.

use anyhow::{Context as _, Result};
use helpline_proto::casework::v1::{
    AnswerTaskRequest, Case, GetTaskRequest, HandTaskRequest, ListTasksRequest, Task, TaskHands, TaskState,
};
use helpline_proto::directory::v1::AgencyKind;
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    GetReferralRequest, ListReferralTimelineRequest, ListReferralsRequest, Referral, ReferralParticulars,
};
use helpline_proto::reintegration::v1::Returnee;

use super::cohort::{FLIGHT, ORIGIN};
use super::{Family, People};
use crate::scenario::cast::{Who, does, given, is_refused, said, so};
use crate::scenario::stage::Stage;

/// What each body is told of her.
const WHO: &str = "Samira (made up), fourteen";
/// Which body is given what, by the side of life that it is about.
const GIVEN: [(usize, &str); 4] = [(0, "housing"), (1, "education"), (2, "health"), (2, "psychosocial")];
/// Tasks of her plan that bodies do.
pub(super) const DONE: usize = GIVEN.len();

/// A body that helps, and the referral by which it does.
struct Body {
    by: Who,
    referral: Referral,
}

/// What bodies are handed they do; what one of them declines, another does.
pub(super) async fn shared(stage: &Stage<'_>, people: &People, family: &Family, of: &Case) -> Result<()> {
    let bodies = joined(stage, people, of).await?;
    let plan = stage.tasks(&people.aigul, of).await?;
    let mut handed = Vec::new();
    for (body, domain) in GIVEN {
        let step = plan.iter().find(|task| task.domain == domain).context(domain)?;
        handed.push(hand(stage, &people.nadia, step, &bodies[body]).await?);
    }
    stage.tell(&people.nadia, "hands first steps of her plan to three bodies: each sees its own");
    so!(on_board(people, of, &bodies).await?, ([1, 1, 2], 0), "what each is to do");
    for body in &bodies {
        learns_nothing(people, (&family.returnees[0], of), body).await?;
    }
    let (social, clinic) = (&bodies[0], &bodies[2]);
    for (task, (body, _)) in handed.iter().zip(GIVEN).take(3) {
        answers(stage, &bodies[body].by, task, true).await?;
        stage.done(&bodies[body].by, task).await?;
    }
    let talks = &handed[3];
    answers(stage, &clinic.by, talks, false).await?;
    stage.tell(&clinic.by, "has examined her, and says no to the talks: nobody there speaks Arabic");
    so!(on_board(people, of, &bodies).await?, ([0, 0, 0], 1), "what one has declined and none is to do");
    let request = GetTaskRequest { task_id: talks.task_id.clone() };
    so!(
        is_refused!(clinic.by, tasks.get_task, request.clone()).reason,
        "NOT_FOUND",
        "who has declined sees it no more"
    );
    hand(stage, &people.nadia, talks, social).await?;
    so!(on_board(people, of, &bodies).await?, ([1, 0, 0], 0), "another is to do it");
    let seen = given!(does!(social.by, tasks.get_task, request.clone()), task);
    so!(seen.declined_agency_ids.len(), 0, "no body learns what another has said");
    answers(stage, &social.by, talks, true).await?;
    stage.done(&social.by, talks).await?;
    let done = given!(does!(people.nadia, tasks.get_task, request), task);
    so!(
        (done.state(), done.agency_id, done.declined_agency_ids),
        (TaskState::Completed, social.by.agency_id(), vec![clinic.by.agency_id()]),
        "the board keeps who has done it and who has not"
    );
    stage.tell(&social.by, "is given them instead, and does it: nothing of the plan is left lying");
    for body in &bodies {
        learns_nothing(people, (&family.returnees[0], of), body).await?;
        stage.served(&body.by, &body.referral).await?;
    }
    Ok(())
}

/// Each body takes a referral of her case on, and is told who she is.
async fn joined(stage: &Stage<'_>, people: &People, of: &Case) -> Result<Vec<Body>> {
    let mut bodies = Vec::new();
    for (name, kind, need) in [
        ("Social protection", AgencyKind::ChildProtection, "social_protection"),
        ("Education department", AgencyKind::Other, "education"),
        ("Clinic No. 2", AgencyKind::Health, "health"),
    ] {
        let by = stage.agency(name, kind, &[FieldClass::Identity]).await?;
        let service = stage.services(need, &people.nadia, &[(&by, 0)]).await?.remove(0);
        let said = ReferralParticulars {
            identity: WHO.to_owned(),
            narrative: ORIGIN.to_owned(),
            ..ReferralParticulars::default()
        };
        let classes = [FieldClass::Identity];
        let referral =
            stage.drafted(&people.aigul, (&of.case_id, ""), (need, &[&service]), &classes, said).await?;
        stage.sent(&people.aigul, &referral).await?;
        stage.taken_on(&by, &referral).await?;
        bodies.push(Body { by, referral });
    }
    Ok(bodies)
}

async fn hand(stage: &Stage<'_>, by: &Who, task: &Task, to: &Body) -> Result<Task> {
    let request = HandTaskRequest {
        request_id: stage.id(),
        task_id: task.task_id.clone(),
        referral_id: to.referral.referral_id.clone(),
        ..HandTaskRequest::default()
    };
    let handed = given!(does!(by, tasks.hand_task, request), task);
    so!(
        (handed.state(), handed.due_time, &handed.agency_id),
        (TaskState::Open, task.due_time, &to.by.agency_id()),
        "it waits for their answer, and is due when it was"
    );
    Ok(handed)
}

async fn answers(stage: &Stage<'_>, by: &Who, task: &Task, accept: bool) -> Result<()> {
    let request = AnswerTaskRequest {
        request_id: stage.id(),
        task_id: task.task_id.clone(),
        accept,
        ..AnswerTaskRequest::default()
    };
    does!(by, tasks.answer_task, request);
    Ok(())
}

/// How many tasks of her case each body is to do, and how many one has declined and none is to do.
async fn on_board(people: &People, of: &Case, bodies: &[Body]) -> Result<([usize; 3], usize)> {
    let board =
        || ListTasksRequest { open: true, case_id: of.case_id.clone(), ..ListTasksRequest::default() };
    let mut each = [0; 3];
    for (count, body) in each.iter_mut().zip(bodies) {
        let request = ListTasksRequest { agency_id: body.by.agency_id(), ..board() };
        *count = does!(people.nadia, tasks.list_tasks, request).tasks.len();
        let own = ListTasksRequest { open: true, ..ListTasksRequest::default() };
        let own = does!(body.by, tasks.list_tasks, own).tasks;
        so!(own.len(), *count, "a body sees its own");
    }
    let theirs = ListTasksRequest { hands: TaskHands::Agency.into(), ..board() };
    let theirs = does!(people.nadia, tasks.list_tasks, theirs).tasks;
    so!(theirs.len(), each.iter().sum::<usize>(), "what bodies are to do");
    let declined = ListTasksRequest { hands: TaskHands::Declined.into(), ..board() };
    Ok((each, does!(people.nadia, tasks.list_tasks, declined).tasks.len()))
}

/// Nothing that a body is answered names the flight, her part in it, where she was, or her case.
async fn learns_nothing(people: &People, (hidden, of): (&Returnee, &Case), body: &Body) -> Result<()> {
    let by = &body.by;
    let referral_id = body.referral.referral_id.clone();
    let get = GetReferralRequest { referral_id: referral_id.clone() };
    let timeline = ListReferralTimelineRequest { referral_id, ..ListReferralTimelineRequest::default() };
    let told = [
        said(&does!(by, referrals.get_referral, get.clone())),
        said(&does!(by, referrals.list_referrals, ListReferralsRequest::default())),
        said(&does!(by, referrals.list_referral_timeline, timeline)),
        said(&does!(by, tasks.list_tasks, ListTasksRequest::default())),
    ]
    .concat();
    so!(told.contains(WHO), true, "a body is told who she is");
    let written = said(&does!(people.aigul, referrals.get_referral, get));
    so!(written.contains(ORIGIN), true, "where she was is written down");
    let ids = [&*hidden.cohort_id, &*hidden.returnee_id, &*of.case_id];
    for word in [FLIGHT, ORIGIN, "cohort", "returnee"].into_iter().chain(ids) {
        so!(told.contains(word), false, format!("{} is told of {word}", by.name()));
    }
    Ok(())
}
