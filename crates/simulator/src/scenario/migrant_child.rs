//! Child-friendly spaces: two children who are alone in the country, one place, and what follows for months.

mod consulate;
mod redirect;

use anyhow::{Result, bail};
use helpline_proto::casework::v1::{AddTaskRequest, Case, Relation, Task};
use helpline_proto::directory::v1::AgencyKind;
use helpline_proto::intake::v1::{ActionTaken, AgeBand, Gender};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{ListCapacitiesRequest, Referral, ReferralParticulars, ReferralState};
use helpline_proto::terms::v1::{Channel, Risk};

use super::cast::{Who, does, given, so};
use super::desk::{NO_GUARDIAN, child, closing, contact};
use super::places::Offered;
use super::stage::{DAY, HOUR, Stage};

const NEED: &str = "temporary_stay";
const CLASSES: [FieldClass; 3] = [FieldClass::Identity, FieldClass::Narrative, FieldClass::Health];

/// Who takes part.
struct People {
    dana: Who,
    yerlan: Who,
    nadia: Who,
    spaces: Vec<Offered>,
}

/// A child who is alone, with the counsellor who has the case.
struct Alone {
    by: Who,
    case: Case,
    referral: Referral,
}

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let people = come(stage).await?;
    let aliya = alone(stage, &people, &people.dana, ("Aliya", Gender::Female, "+77000000001")).await?;
    let timur = alone(stage, &people, &people.yerlan, ("Timur", Gender::Male, "+77000000002")).await?;
    let (first, second) = race(stage, &people, aliya, timur).await?;
    nobody_answers(stage, &people, &second).await?;
    redirect::closed(stage, &first).await?;
    watched_over(stage, &second).await?;
    consulate::feared(stage, &people, &second).await?;
    over(stage, &people, &second).await
}

async fn come(stage: &Stage<'_>) -> Result<People> {
    let dana = stage.counsellor("Dana in Almaty", &["ru"]).await?;
    let yerlan = stage.counsellor("Yerlan in Shymkent", &["kk"]).await?;
    let nadia = stage.supervisor("Nadia").await?;
    let steppe = stage.agency("Steppe House", AgencyKind::Ngo, &CLASSES).await?;
    let bridge = stage.agency("Bridge House", AgencyKind::Ngo, &CLASSES).await?;
    let spaces = stage.services(NEED, &nadia, &[(&steppe, 1), (&bridge, 5)]).await?;
    stage.tell(&steppe, "has one place left");
    Ok(People { dana, yerlan, nadia, spaces })
}

async fn alone(
    stage: &Stage<'_>,
    people: &People,
    by: &Who,
    (name, gender, number): (&str, Gender, &str),
) -> Result<Alone> {
    let language = if by.name() == people.dana.name() { "ru" } else { "kk" };
    let chat = stage.answered(by, contact(Channel::WebChat, language, Risk::High)).await?;
    let person = stage.recorded(by, child(name, "2013-04-02", gender, number)).await?;
    let case = stage.opened(by, &person, "migration", Some(&chat)).await?;
    let assessed = stage.assessed(by, &case, "best_interests_short", &NO_GUARDIAN).await?;
    stage.approved(by, &people.nadia, &assessed).await?;
    let how = closing("family.separated_from_family", gender, AgeBand::AgeBand1012, ActionTaken::Referred);
    stage.signed_off(by, &chat, how).await?;
    stage.tell(
        by,
        format!(
            "answers {name}, who is alone in the country, and assesses what is best: a place, a guardian"
        ),
    );
    let services: Vec<&Offered> = people.spaces.iter().collect();
    let known = ReferralParticulars {
        identity: format!("{name} (made up), thirteen"),
        narrative: "Alone for three days.".to_owned(),
        ..ReferralParticulars::default()
    };
    let referral =
        stage.drafted(by, (&case.case_id, &chat.contact_id), (NEED, &services), &CLASSES, known).await?;
    Ok(Alone { by: by.clone(), case, referral })
}

/// Counsellors of two sites want the last place at the same instant: who has it, and who is told so and has another.
async fn race(stage: &Stage<'_>, people: &People, one: Alone, other: Alone) -> Result<(Alone, Alone)> {
    let (steppe, bridge) = (&people.spaces[0], &people.spaces[1]);
    let wanted = [steppe];
    let (first, second) = tokio::join!(
        stage.asks_to_keep(&one.by, &one.referral, &wanted),
        stage.asks_to_keep(&other.by, &other.referral, &wanted),
    );
    let (won, lost, why) = match (first, second) {
        (Ok(_), Err(why)) => (one, other, why),
        (Err(why), Ok(_)) => (other, one, why),
        both => bail!("one of two has the last place, and no more: {both:?}"),
    };
    so!(why.reason, "NO_ROOM", "what the other is told");
    let counted = does!(people.nadia, capacity.list_capacities, ListCapacitiesRequest::default()).capacities;
    let counted = counted.iter().find(|unit| unit.service_id == steppe.service_id);
    so!(counted.map(|unit| (unit.held, unit.available)), Some((1, 0)), "the last place is given once");
    stage.tell(&won.by, "has the last place of Steppe House");
    let kept = stage.kept(&lost.by, &lost.referral, &[steppe, bridge]).await?;
    so!(kept, bridge.service_id, "who was later has the next");
    stage.tell(&lost.by, "was a moment later, is told so, and has a place with Bridge House");
    for child in [&won, &lost] {
        stage.sent(&child.by, &child.referral).await?;
    }
    redirect::asked(stage, &won).await?;
    let taken = stage.taken_on(&people.spaces[0].by, &won.referral).await?;
    so!(
        taken.particulars.is_some_and(|known| !known.identity.is_empty()),
        true,
        "who accepts learns who it is"
    );
    stage.tell(&people.spaces[0].by, "takes the child in");
    Ok((won, lost))
}

/// The second organisation does not answer; the first has room by then.
async fn nobody_answers(stage: &Stage<'_>, people: &People, of: &Alone) -> Result<()> {
    stage.wait(5 * HOUR).await?;
    stage.alarm(AlertKind::ReferralUnmet).await?;
    let expired = stage.referral(&people.nadia, &of.referral).await?;
    so!(expired.state(), ReferralState::Expired, "nobody has answered");
    stage.tell(&people.spaces[1].by, "has not answered in four hours: supervisors are told of an unmet need");
    stage.has_places(&people.nadia, &people.spaces[0], 2).await?;
    let known =
        ReferralParticulars { narrative: "Still alone.".to_owned(), ..ReferralParticulars::default() };
    let to: [&Offered; 1] = [&people.spaces[0]];
    let again = stage
        .drafted(&people.nadia, (&of.case.case_id, &of.referral.contact_id), (NEED, &to), &CLASSES, known)
        .await?;
    stage.kept(&people.nadia, &again, &to).await?;
    stage.sent(&people.nadia, &again).await?;
    stage.taken_on(&people.spaces[0].by, &again).await?;
    stage.tell(&people.nadia, "Steppe House sets up another bed: the second child goes there, too");
    stage.served(&people.spaces[0].by, &again).await
}

async fn task(stage: &Stage<'_>, of: &Alone, task: &str, days: i64) -> Result<Task> {
    let request = AddTaskRequest {
        request_id: stage.id(),
        case_id: of.case.case_id.clone(),
        task: task.to_owned(),
        due_time: Some(stage.later(days * DAY)),
        ..AddTaskRequest::default()
    };
    Ok(given!(does!(of.by, tasks.add_task, request), task))
}

/// Guardian, documents, school, health: one of them is late.
async fn watched_over(stage: &Stage<'_>, of: &Alone) -> Result<()> {
    let guardian = task(stage, of, "guardian", 7).await?;
    let school = task(stage, of, "school", 20).await?;
    let aunt = stage.recorded(&of.by, child("An aunt", "1985-01-01", Gender::Female, "+77000000003")).await?;
    stage.wait(9 * DAY).await?;
    stage.alarm(AlertKind::TaskOverdue).await?;
    stage.tell_of("Helpline", "nobody has become the guardian within a week: supervisors are told");
    let person = helpline_proto::casework::v1::Person {
        person_id: of.case.child_id.clone(),
        ..helpline_proto::casework::v1::Person::default()
    };
    stage.linked(&of.by, &person, &aunt, Relation::Guardian).await?;
    stage.done(&of.by, &guardian).await?;
    stage.tell(&of.by, "an aunt is found and becomes the guardian");
    stage.done(&of.by, &school).await?;
    stage.tell(&of.by, "the child goes to school, and moves to the aunt");
    Ok(())
}

async fn over(stage: &Stage<'_>, people: &People, of: &Alone) -> Result<()> {
    for left in stage.tasks(&people.nadia, &of.case).await? {
        stage.done(&people.nadia, &left).await?;
    }
    stage.goes_on(&of.by, &of.case, "closed", "goals_reached").await?;
    stage.tell(&of.by, "closes the case");
    Ok(())
}
