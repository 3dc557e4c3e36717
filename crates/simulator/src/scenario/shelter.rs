//! A shelter for those who were trafficked: a screening, the last bed in a house of which nobody learns where it is, what is offered to her,
//! and the way home.

mod going_home;
mod offers;
mod protected;

use anyhow::Result;
use helpline_proto::casework::v1::{AssessmentOutcome, Case, Person};
use helpline_proto::directory::v1::AgencyKind;
use helpline_proto::intake::v1::{ActionTaken, AgeBand, Contact, Gender};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    Admission, AdmissionState, AdmitRequest, ChoiceState, ExitOutcome, HoldAdmissionPlaceRequest,
    RecordExitRequest, Referral, ReferralChoice, ReferralParticulars, RejectReason, RejectReferralRequest,
    RequestAdmissionRequest, ScreenAdmissionRequest,
};
use helpline_proto::terms::v1::{Channel, Risk};

use super::cast::{Who, does, given, is_refused, so};
use super::desk::{child, closing, contact};
use super::places::{Offered, UNIT};
use super::stage::{DAY, Stage};

const NEED: &str = "shelter";
const CLASSES: [FieldClass; 3] = [FieldClass::Identity, FieldClass::Narrative, FieldClass::Health];
/// Answers by which the screening of a child is positive.
const FOUND: [(&str, &str); 3] =
    [("brought_by_others", "yes"), ("forced_to_serve", "yes"), ("wages_kept", "yes")];

/// Who takes part.
struct People {
    huda: Who,
    colleague: Who,
    nadia: Who,
    employers: Who,
    shelters: Vec<Offered>,
}

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let people = come(stage).await?;
    let (girl, chat, of) = screened(stage, &people).await?;
    protected::room(stage, &people).await?;
    let referral = referred(stage, &people, &chat, &of).await?;
    let stay = admitted(stage, &people, &referral).await?;
    protected::nobody_is_told(stage, &people, &stay).await?;
    again_within_three_days(stage, &people, &of).await?;
    offers::made(stage, &people, (&chat, &of), &stay).await?;
    let home = going_home::prepared(stage, &people, (&girl, &of), &stay).await?;
    leaves(stage, &people, (&referral, &stay)).await?;
    going_home::gone(stage, &people, &home).await?;
    going_home::called(stage, &people, &of).await?;
    stage.goes_on(&people.huda, &of, "closed", "goals_reached").await?;
    stage.tell(&people.huda, "closes the case");
    Ok(())
}

async fn come(stage: &Stage<'_>) -> Result<People> {
    let huda = stage.counsellor("Huda", &["en"]).await?;
    let colleague = stage.counsellor("A colleague", &["en"]).await?;
    let nadia = stage.supervisor("Nadia").await?;
    let lily = stage.agency("Lily House", AgencyKind::Shelter, &CLASSES).await?;
    let palm = stage.agency("Palm House", AgencyKind::Shelter, &CLASSES).await?;
    let employers = stage.agency("Employers' office", AgencyKind::Other, &CLASSES).await?;
    let shelters = stage.protected_services(NEED, &nadia, &[(&lily, 0), (&palm, 1)]).await?;
    stage.has_places(&nadia, &shelters[0], 0).await?;
    Ok(People { huda, colleague, nadia, employers, shelters })
}

async fn screened(stage: &Stage<'_>, people: &People) -> Result<(Person, Contact, Case)> {
    let chat = stage.answered(&people.huda, contact(Channel::WebChat, "en", Risk::High)).await?;
    stage.tell(&people.huda, "answers a girl of sixteen who is kept in a house to work");
    let girl =
        stage.recorded(&people.huda, child("Grace", "2010-05-05", Gender::Female, "+96550000001")).await?;
    let of = stage.opened(&people.huda, &girl, "protection", Some(&chat)).await?;
    let result = stage.assessed(&people.huda, &of, "trafficking_screening", &FOUND).await?;
    so!(result.outcome(), AssessmentOutcome::Positive, "what the screening comes to");
    stage.tell(&people.huda, "screens: strong indicators of trafficking; urgent work is given at once");
    let urgent =
        stage.tasks(&people.huda, &of).await?.into_iter().find(|task| task.task == "positive_screening");
    if let Some(task) = urgent {
        stage.done(&people.huda, &task).await?;
    }
    let how = closing("violence.trafficking", Gender::Female, AgeBand::AgeBand1617, ActionTaken::Referred);
    stage.signed_off(&people.huda, &chat, how).await?;
    Ok((girl, chat, of))
}

/// Lily House is asked first, full or not, and answers itself; then it is Palm House.
async fn referred(stage: &Stage<'_>, people: &People, chat: &Contact, of: &Case) -> Result<Referral> {
    let both: Vec<&Offered> = people.shelters.iter().collect();
    let said = ReferralParticulars {
        identity: "Grace (made up), sixteen".to_owned(),
        narrative: "She was not paid and not let out.".to_owned(),
        ..ReferralParticulars::default()
    };
    let origin = (of.case_id.as_str(), chat.contact_id.as_str());
    let referral = stage.drafted(&people.huda, origin, (NEED, &both), &CLASSES, said).await?;
    let sent = stage.sent(&people.huda, &referral).await?;
    so!(asked(&sent), [ChoiceState::Offered, ChoiceState::Waiting], "a full house is asked as any other");
    let lily = &people.shelters[0].by;
    let request = RejectReferralRequest {
        request_id: stage.id(),
        referral_id: referral.referral_id.clone(),
        reason: RejectReason::AtCapacity.into(),
        ..RejectReferralRequest::default()
    };
    does!(lily, referrals.reject_referral, request);
    stage.tell(lily, "is asked first though it is full, and says no itself");
    let sent = stage.referral(&people.huda, &referral).await?;
    so!(asked(&sent), [ChoiceState::Rejected, ChoiceState::Offered], "the next house is asked at once");
    Ok(sent)
}

fn asked(referral: &Referral) -> Vec<ChoiceState> {
    referral.choices.iter().map(ReferralChoice::state).collect()
}

/// Palm House keeps its last bed, which nobody else can, and takes her in.
async fn admitted(stage: &Stage<'_>, people: &People, referral: &Referral) -> Result<Admission> {
    let palm = &people.shelters[1];
    let request = RequestAdmissionRequest {
        request_id: stage.id(),
        referral_id: referral.referral_id.clone(),
        service_id: palm.service_id.clone(),
        unit: UNIT.to_owned(),
    };
    let stay = given!(does!(people.huda, admissions.request_admission, request), admission);
    let admission_id = stay.admission_id.clone();
    let request = ScreenAdmissionRequest { request_id: stage.id(), admission_id: admission_id.clone() };
    does!(palm.by, admissions.screen_admission, request);
    let hold = || HoldAdmissionPlaceRequest {
        request_id: stage.id(),
        admission_id: admission_id.clone(),
        lifetime: Some(prost_types::Duration { seconds: 3600, nanos: 0 }),
    };
    let why = is_refused!(people.huda, admissions.hold_admission_place, hold());
    so!(why.state, "protected", "the house keeps a bed itself");
    does!(palm.by, admissions.hold_admission_place, hold());
    stage.taken_on(&palm.by, referral).await?;
    stage.tell(&palm.by, "keeps its last bed for her and says yes");
    let request = AdmitRequest { request_id: stage.id(), admission_id };
    let stay = given!(does!(palm.by, admissions.admit, request), admission);
    so!(stay.state(), AdmissionState::Admitted, "she lives there");
    stage.tell(&palm.by, "she is there");
    Ok(stay)
}

async fn again_within_three_days(stage: &Stage<'_>, people: &People, of: &Case) -> Result<()> {
    stage.wait(2 * DAY).await?;
    stage.assessed(&people.huda, of, "trafficking_screening", &FOUND).await?;
    for task in stage.tasks(&people.huda, of).await? {
        stage.done(&people.huda, &task).await?;
    }
    stage.tell(&people.huda, "screens again within 72 hours, in her own language");
    Ok(())
}

async fn leaves(stage: &Stage<'_>, people: &People, (referral, stay): (&Referral, &Admission)) -> Result<()> {
    let palm = &people.shelters[1];
    let request = RecordExitRequest {
        request_id: stage.id(),
        admission_id: stay.admission_id.clone(),
        outcome: ExitOutcome::Repatriated.into(),
    };
    does!(palm.by, admissions.record_exit, request);
    stage.served(&palm.by, referral).await?;
    stage.tell(&palm.by, "she leaves the house, which nobody may keep her from");
    Ok(())
}
