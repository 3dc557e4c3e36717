//! Reintegration: two siblings come back from a conflict zone, and are looked after for two years.

use anyhow::{Result, ensure};
use helpline_proto::casework::v1::{
    AnswerMergeRequest, AskMergeRequest, Case, EndPersonLinkRequest, FindPersonsRequest, GetPersonRequest,
    IdentifierKind, Person, PersonIdentifier, PersonLink, Relation, StartPlanRequest, UndoMergeRequest,
};
use helpline_proto::intake::v1::Gender;
use helpline_proto::queueing::v1::AlertKind;

use super::cast::{Who, does, given, is_refused, so};
use super::desk::child;
use super::stage::{DAY, HOUR, Stage};

/// The telephone of the grandmother, with whom both live.
const TELEPHONE: &str = "+77000000011";
/// Visits and first steps that the plan asks for.
const PLANNED: usize = 22;
/// Which of them nobody makes in time.
const MISSED: usize = 9;

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
}

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let people = come(stage).await?;
    let family = at_home(stage, &people).await?;
    let of = planned(stage, &people, &family).await?;
    registry(stage, &people, &family).await?;
    two_years(stage, &people, &family, &of).await?;
    over(stage, &people, &of).await
}

async fn come(stage: &Stage<'_>) -> Result<People> {
    let aigul = stage.counsellor("Aigul", &["kk", "ru"]).await?;
    let nadia = stage.supervisor("Nadia").await?;
    Ok(People { aigul, nadia })
}

/// Two children behind one telephone, and one grandmother.
async fn at_home(stage: &Stage<'_>, people: &People) -> Result<Family> {
    let by = &people.aigul;
    let elder = stage.recorded(by, child("Samira", "2012-06-01", Gender::Female, TELEPHONE)).await?;
    let younger = stage.recorded(by, child("Adil", "2016-09-01", Gender::Male, TELEPHONE)).await?;
    let grandmother =
        stage.recorded(by, child("Their grandmother", "1958-01-01", Gender::Female, "")).await?;
    stage.linked(by, &elder, &younger, Relation::Sibling).await?;
    let guardian = stage.linked(by, &elder, &grandmother, Relation::Guardian).await?;
    stage.linked(by, &younger, &grandmother, Relation::Guardian).await?;
    stage.tell(by, "writes down a girl, her brother, and one grandmother who is the guardian of both");
    Ok(Family { elder, younger, guardian })
}

async fn planned(stage: &Stage<'_>, people: &People, family: &Family) -> Result<Case> {
    let by = &people.aigul;
    let of = stage.opened(by, &family.elder, "protection", None).await?;
    stage.opened(by, &family.younger, "protection", None).await?;
    let request = StartPlanRequest {
        request_id: stage.id(),
        case_id: of.case_id.clone(),
        plan: "reintegration".to_owned(),
        ..StartPlanRequest::default()
    };
    let tasks = does!(by, tasks.start_plan, request).tasks;
    so!(tasks.len(), PLANNED, "what the plan asks for");
    stage.tell(by, format!("begins her plan: a first step on seven sides of her life, and visits for two years, {PLANNED} tasks"));
    let identifier = PersonIdentifier { kind: IdentifierKind::Telephone.into(), value: TELEPHONE.to_owned() };
    let request = FindPersonsRequest { identifier: Some(identifier), ..FindPersonsRequest::default() };
    let found = does!(by, persons.find_persons, request).people;
    so!(found.len(), 2, "two children behind one telephone");
    Ok(of)
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
        (again.survivor_id.as_str(), again.profile == one.profile, again.links.len()),
        (family.elder.person_id.as_str(), true, 2),
        "an undone merge restores her record"
    );
    stage.tell(
        &people.nadia,
        "takes her and a girl in the civil registry for one, learns better, and undoes it: nothing is lost",
    );
    Ok(())
}

/// Each visit is made, but one; and the guardian changes.
async fn two_years(stage: &Stage<'_>, people: &People, family: &Family, of: &Case) -> Result<()> {
    let mut made = 0;
    while let Some(next) = stage.tasks(&people.aigul, of).await?.into_iter().next() {
        let due = next.due_time.map_or(0, |due| due.seconds);
        let ahead = |stage: &Stage<'_>| due - stage.later(0).seconds;
        if made == MISSED {
            stage.wait(ahead(stage) + DAY + HOUR).await?;
            stage.alarm(AlertKind::TaskOverdue).await?;
            stage.tell_of("Helpline", "a visit was not made: a day later supervisors are told");
            stage.wait(2 * DAY).await?;
            stage.alarm(AlertKind::TaskNeglected).await?;
            stage.tell_of("Helpline", "and three days later, that it is grave");
            guardian_changes(stage, people, family, of).await?;
        } else if ahead(stage) > HOUR {
            stage.wait(ahead(stage) - HOUR).await?;
        }
        stage.done(&people.aigul, &next).await?;
        made += 1;
    }
    so!(made, PLANNED, "each was done once");
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

async fn over(stage: &Stage<'_>, people: &People, of: &Case) -> Result<()> {
    let stranger = stage.counsellor("Somebody else", &["ru"]).await?;
    let request = helpline_proto::casework::v1::GetCaseRequest { case_id: of.case_id.clone() };
    so!(is_refused!(stranger, cases.get_case, request).reason, "NOT_FOUND", "a colleague without a right");
    stage.goes_on(&people.aigul, of, "closed", "goals_reached").await?;
    stage.tell(&people.aigul, "closes the case: she is at school, and at home");
    Ok(())
}
