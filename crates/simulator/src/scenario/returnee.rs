//! Reintegration: two siblings come back from a conflict zone, and are looked after for two years.

mod board;
mod cohort;
mod school;

use anyhow::{Result, ensure};
use helpline_proto::casework::v1::{
    AnswerMergeRequest, AskMergeRequest, Case, EndPersonLinkRequest, FindPersonsRequest, GetCaseRequest,
    GetPersonRequest, IdentifierKind, Person, PersonIdentifier, PersonLink, Relation, StartPlanRequest, Task,
    UndoMergeRequest,
};
use helpline_proto::intake::v1::Gender;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::reintegration::v1::Returnee;

use super::cast::{Who, does, given, is_refused, so};
use super::desk::child;
use super::stage::{DAY, HOUR, Stage};

/// The telephone of the grandmother, with whom both live.
const TELEPHONE: &str = "+77000000011";
/// Visits and first steps that the plan asks for.
const PLANNED: usize = 22;
/// Which of them nobody makes in time.
const MISSED: usize = 18;

/// Who takes part.
struct People {
    aigul: Who,
    nadia: Who,
}

/// The children and who looks after them.
struct Family {
    elder: Person,
    younger: Person,
    guardian: PersonLink,
    returnees: [Returnee; 2],
}

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let people = come(stage).await?;
    let family = cohort::announced(stage, &people).await?;
    cohort::not_settled(stage, &people, &family).await?;
    let of = planned(stage, &people, &family).await?;
    cohort::settled(stage, &people, &family).await?;
    school::found(stage, &people, &of[0]).await?;
    board::shared(stage, &people, &family, &of[0]).await?;
    registry(stage, &people, &family).await?;
    two_years(stage, &people, &family, &of).await?;
    over(stage, &people, &family, &of).await
}

async fn come(stage: &Stage<'_>) -> Result<People> {
    let aigul = stage.counsellor("Aigul", &["kk", "ru"]).await?;
    let nadia = stage.supervisor("Nadia").await?;
    Ok(People { aigul, nadia })
}

async fn planned(stage: &Stage<'_>, people: &People, family: &Family) -> Result<[Case; 2]> {
    let by = &people.aigul;
    let hers = stage.opened(by, &family.elder, "protection", None).await?;
    let his = stage.opened(by, &family.younger, "protection", None).await?;
    for of in [&hers, &his] {
        let request = StartPlanRequest {
            request_id: stage.id(),
            case_id: of.case_id.clone(),
            plan: "new_start".to_owned(),
            ..StartPlanRequest::default()
        };
        so!(does!(by, tasks.start_plan, request).tasks.len(), PLANNED, "what the plan asks for");
    }
    stage.tell(by, format!("begins their plans: a first step on seven sides of life, and visits for two years, {PLANNED} tasks each"));
    let identifier = PersonIdentifier { kind: IdentifierKind::Telephone.into(), value: TELEPHONE.to_owned() };
    let request = FindPersonsRequest { identifier: Some(identifier), ..FindPersonsRequest::default() };
    let found = does!(by, persons.find_persons, request).people;
    so!(found.len(), 2, "two children behind one telephone");
    Ok([hers, his])
}

/// The civil registry takes somebody for her; it was another girl.
async fn registry(stage: &Stage<'_>, people: &People, family: &Family) -> Result<()> {
    let by = &people.aigul;
    let other = stage.recorded(by, child("Samira", "2012-06-01", Gender::Female, "")).await?;
    let request = AskMergeRequest {
        request_id: stage.id(),
        survivor_id: other.person_id.clone(),
        absorbed_id: family.elder.person_id.clone(),
        reason: "The civil registry has her.".to_owned(),
    };
    let asked = given!(does!(by, persons.ask_merge, request), merge);
    let answer = AnswerMergeRequest { request_id: stage.id(), merge_id: asked.merge_id.clone(), agree: true };
    does!(people.nadia, persons.answer_merge, answer);
    let read = GetPersonRequest { person_id: family.elder.person_id.clone() };
    let one = given!(does!(by, persons.get_person, read.clone()), person);
    ensure!(one.survivor_id == other.person_id, "the registry's record goes on for hers");
    let undo = UndoMergeRequest {
        request_id: stage.id(),
        merge_id: asked.merge_id,
        reason: "It is another girl of the same name.".to_owned(),
    };
    does!(people.nadia, persons.undo_merge, undo);
    let again = given!(does!(by, persons.get_person, read), person);
    so!(
        (again.survivor_id.as_str(), again.profile == one.profile, again.links == one.links),
        (family.elder.person_id.as_str(), true, true),
        "an undone merge restores her record"
    );
    stage.tell(
        &people.nadia,
        "takes her and a girl in the civil registry for one, learns better, and undoes it: nothing is lost",
    );
    Ok(())
}

/// What is due next for either of them.
async fn next(stage: &Stage<'_>, people: &People, of: &[Case; 2]) -> Result<Option<Task>> {
    let mut all = stage.tasks(&people.aigul, &of[0]).await?;
    all.extend(stage.tasks(&people.aigul, &of[1]).await?);
    Ok(all.into_iter().min_by_key(|task| task.due_time.map_or(i64::MAX, |due| due.seconds)))
}

/// Each visit is made, but one; and the guardian changes.
async fn two_years(stage: &Stage<'_>, people: &People, family: &Family, of: &[Case; 2]) -> Result<()> {
    let mut made = board::DONE;
    while let Some(next) = next(stage, people, of).await? {
        let due = next.due_time.map_or(0, |due| due.seconds);
        let ahead = |stage: &Stage<'_>| due - stage.later(0).seconds;
        if made == MISSED {
            stage.wait(ahead(stage) + DAY + HOUR).await?;
            for _ in of {
                stage.alarm(AlertKind::TaskOverdue).await?;
            }
            stage.tell_of("Helpline", "a visit to both was not made: a day later supervisors are told");
            stage.wait(2 * DAY).await?;
            for _ in of {
                stage.alarm(AlertKind::TaskNeglected).await?;
            }
            stage.tell_of("Helpline", "and three days later, that it is grave");
            guardian_changes(stage, people, family, &of[0]).await?;
        } else if ahead(stage) > HOUR {
            stage.wait(ahead(stage) - HOUR).await?;
        }
        stage.done(&people.aigul, &next).await?;
        made += 1;
    }
    so!(made, 2 * PLANNED, "each was done once");
    stage.tell(&people.aigul, format!("has made every visit, the last {} days after the first", 720));
    Ok(())
}

async fn guardian_changes(stage: &Stage<'_>, people: &People, family: &Family, of: &Case) -> Result<()> {
    let by = &people.aigul;
    let before = stage.tasks(by, of).await?.len();
    let request = EndPersonLinkRequest {
        request_id: stage.id(),
        link_id: family.guardian.link_id.clone(),
        ..EndPersonLinkRequest::default()
    };
    does!(by, persons.end_person_link, request);
    let aunt = stage.recorded(by, child("An aunt", "1990-01-01", Gender::Female, "")).await?;
    stage.linked(by, &family.elder, &aunt, Relation::Guardian).await?;
    so!(stage.tasks(by, of).await?.len(), before, "the plan goes on whoever the guardian is");
    stage.tell(by, "the grandmother has died: an aunt becomes the guardian, and the plan goes on");
    Ok(())
}

async fn over(stage: &Stage<'_>, people: &People, family: &Family, of: &[Case; 2]) -> Result<()> {
    let stranger = stage.counsellor("Somebody else", &["ru"]).await?;
    for one in of {
        let request = GetCaseRequest { case_id: one.case_id.clone() };
        so!(
            is_refused!(stranger, cases.get_case, request).reason,
            "NOT_FOUND",
            "a colleague without a right"
        );
        stage.goes_on(&people.aigul, one, "closed", "goals_reached").await?;
    }
    cohort::ended(stage, people, family).await?;
    stage.tell(&people.aigul, "closes the cases: they are at school, and at home");
    Ok(())
}
