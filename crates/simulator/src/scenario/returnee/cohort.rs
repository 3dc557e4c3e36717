//! The two are announced before they arrive, and nobody learns that they came but who must.

use anyhow::{Context as _, Result, ensure};
use helpline_proto::casework::v1::{GetPersonRequest, Person, Relation};
use helpline_proto::intake::v1::Gender;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::reintegration::v1::{
    AnnounceReturneesRequest, AnnouncedChild, CloseReturneeRequest, CreateCohortRequest, GetReturneeRequest,
    GetScorecardRequest, GrantCohortRequest, ListCohortsRequest, RecordReturneeArrivalRequest, Returnee,
    SettleReturneeRequest, StartFirstRehabilitationRequest, StartReturneeMonitoringRequest,
};

use super::{Family, People, TELEPHONE};
use crate::scenario::cast::{does, given, is_refused, so};
use crate::scenario::desk::child;
use crate::scenario::stage::{DAY, HOUR, Stage};

/// What the cohort is called.
pub(super) const FLIGHT: &str = "The spring flight";
/// What nobody outside the helpline is told.
pub(super) const ORIGIN: &str = "Where she was until now.";

/// Both are announced as siblings; one arrives, of the other nobody says anything.
pub(super) async fn announced(stage: &Stage<'_>, people: &People) -> Result<Family> {
    let (by, nadia) = (&people.aigul, &people.nadia);
    let request = CreateCohortRequest {
        request_id: stage.id(),
        display_name: FLIGHT.to_owned(),
        expected_time: Some(stage.later(10 * DAY)),
    };
    let cohort_id = given!(does!(nadia, cohorts.create_cohort, request), cohort).cohort_id;
    let announced = |list_key: &str, birth_date, gender| AnnouncedChild {
        list_key: list_key.to_owned(),
        family_key: "one".to_owned(),
        profile: Some(child(list_key, birth_date, gender, TELEPHONE)),
        expected_time: None,
    };
    let request = AnnounceReturneesRequest {
        request_id: stage.id(),
        cohort_id: cohort_id.clone(),
        children: vec![
            announced("Samira", "2012-06-01", Gender::Female),
            announced("Adil", "2016-09-01", Gender::Male),
        ],
    };
    let returnees = does!(nadia, cohorts.announce_returnees, request).returnees;
    let known = |list_key: &str| {
        let found = returnees.iter().find(|one| one.list_key == list_key).cloned();
        found.with_context(|| format!("{list_key} is announced"))
    };
    let (elder, younger) = (known("Samira")?, known("Adil")?);
    stage.tell(nadia, "announces a girl and her brother ten days before they are to arrive");
    hidden(stage, people, &elder).await?;
    let request = GrantCohortRequest {
        request_id: stage.id(),
        cohort_id: cohort_id.clone(),
        counsellor_id: by.counsellor_id(),
    };
    does!(nadia, cohorts.grant_cohort, request);
    stage.wait(10 * DAY + HOUR).await?;
    arrives(stage, people, &elder).await?;
    stage.wait(DAY).await?;
    stage.alarm(AlertKind::ReturneeNotArrived).await?;
    stage.tell_of(
        "Helpline",
        "the girl has arrived; of her brother nobody says anything: supervisors are told",
    );
    arrives(stage, people, &younger).await?;
    stage.tell(by, "finds him in another bus: he is there");
    let (elder_person, younger_person) = (person(people, &elder).await?, person(people, &younger).await?);
    ensure!(elder_person.links.iter().any(|link| link.relation() == Relation::Sibling), "they are siblings");
    let grandmother =
        stage.recorded(by, child("Their grandmother", "1958-01-01", Gender::Female, "")).await?;
    let guardian = stage.linked(by, &elder_person, &grandmother, Relation::Guardian).await?;
    stage.linked(by, &younger_person, &grandmother, Relation::Guardian).await?;
    stage.tell(by, "writes down one grandmother, who is the guardian of both");
    let request = GetScorecardRequest { cohort_id };
    let card = given!(does!(nadia, cohorts.get_scorecard, request), scorecard);
    so!(card.regions.len(), 0, "of two children no score is told");
    Ok(Family { elder: elder_person, younger: younger_person, guardian, returnees: [elder, younger] })
}

/// To whom the cohort is not granted, neither it nor its children are there.
async fn hidden(stage: &Stage<'_>, people: &People, of: &Returnee) -> Result<()> {
    let by = &people.aigul;
    let get = |returnee_id: &str| GetReturneeRequest { returnee_id: returnee_id.to_owned() };
    let there = is_refused!(by, cohorts.get_returnee, get(&of.returnee_id));
    let nowhere = is_refused!(by, cohorts.get_returnee, get(&stage.id()));
    so!(there, nowhere, "who is of a cohort");
    so!(does!(by, cohorts.list_cohorts, ListCohortsRequest::default()).cohorts.len(), 0, "cohorts");
    let request = GetPersonRequest { person_id: of.person_id.clone() };
    so!(is_refused!(by, persons.get_person, request).reason, "NOT_FOUND", "a child of a cohort");
    stage.tell(by, "to whom it is not granted yet, sees neither the flight nor the children");
    Ok(())
}

async fn arrives(stage: &Stage<'_>, people: &People, of: &Returnee) -> Result<()> {
    let returnee_id = of.returnee_id.clone();
    let request = RecordReturneeArrivalRequest {
        request_id: stage.id(),
        returnee_id: returnee_id.clone(),
        expected_revision: 0,
    };
    does!(people.aigul, cohorts.record_returnee_arrival, request);
    let request =
        StartFirstRehabilitationRequest { request_id: stage.id(), returnee_id, expected_revision: 0 };
    does!(people.aigul, cohorts.start_first_rehabilitation, request);
    Ok(())
}

async fn person(people: &People, of: &Returnee) -> Result<Person> {
    let request = GetPersonRequest { person_id: of.person_id.clone() };
    Ok(given!(does!(people.aigul, persons.get_person, request), person))
}

fn settle(stage: &Stage<'_>, of: &Returnee) -> SettleReturneeRequest {
    SettleReturneeRequest {
        request_id: stage.id(),
        returnee_id: of.returnee_id.clone(),
        region: "turkestan".to_owned(),
        expected_revision: 0,
    }
}

/// Nobody is settled without a plan.
pub(super) async fn not_settled(stage: &Stage<'_>, people: &People, family: &Family) -> Result<()> {
    let request = settle(stage, &family.returnees[0]);
    so!(
        is_refused!(people.aigul, cohorts.settle_returnee, request).state,
        "no_plan",
        "settled without a plan"
    );
    Ok(())
}

/// They live with her, and the plan goes on.
pub(super) async fn settled(stage: &Stage<'_>, people: &People, family: &Family) -> Result<()> {
    for one in &family.returnees {
        does!(people.aigul, cohorts.settle_returnee, settle(stage, one));
        let request = StartReturneeMonitoringRequest {
            request_id: stage.id(),
            returnee_id: one.returnee_id.clone(),
            expected_revision: 0,
        };
        does!(people.aigul, cohorts.start_returnee_monitoring, request);
    }
    stage.tell(&people.aigul, "both live with her now");
    Ok(())
}

/// Their parts in the cohort end with their cases.
pub(super) async fn ended(stage: &Stage<'_>, people: &People, family: &Family) -> Result<()> {
    for one in &family.returnees {
        let request = CloseReturneeRequest {
            request_id: stage.id(),
            returnee_id: one.returnee_id.clone(),
            expected_revision: 0,
        };
        does!(people.aigul, cohorts.close_returnee, request);
    }
    Ok(())
}
