//! A report of abuse in a school: one child, many agencies, each of which sees its part.

mod reports;

use anyhow::{Context as _, Result, ensure};
use helpline_proto::casework::v1::{Case, SectionKind, WriteCaseSectionRequest};
use helpline_proto::directory::v1::AgencyKind;
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, ApproveDisclosureRequest, Danger, DiscloseRequest, DisclosureBasis,
    DisclosureGround, DisclosurePurpose, Escalation, EscalationKind, GetEscalationRequest, GetPlanRequest,
    Outcome, Particulars, PublishPlanRequest, RaiseEscalationRequest, Report, ResolveEscalationRequest, Step,
    Target, TargetKind,
};
use helpline_proto::intake::v1::{ActionTaken, AgeBand, CompleteContactRequest, Contact, Gender};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::ReferralParticulars;
use helpline_proto::reporting::v1::{CountContactsRequest, Dimension, ListCountedContactsRequest};
use helpline_proto::terms::v1::{Channel, Risk};

use super::cast::{Who, does, given, is_refused, so};
use super::desk::{child, closing, contact};
use super::places::Offered;
use super::stage::{DAY, Stage};

const NOTES: &str = "Made up: what the boy told the counsellor alone.";
const WHO: &str = "Yousef (made up), eleven";
const TEACHER: &str = "a teacher of mathematics";
const NEED: &str = "psychological_help";

/// Who takes part.
struct People {
    huda: Who,
    nadia: Who,
    samira: Who,
    authority: Who,
    prosecution: Who,
    clinic: Offered,
}

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let people = come(stage).await?;
    let mothers = reports::a_mother_writes(stage, &people).await?;
    let (call, case) = a_teacher_calls(stage, &people).await?;
    let teachers = reports::linked(stage, &people, &call, &mothers).await?;
    let report = reported(stage, &people, &call, &case).await?;
    reports::both_reported(stage, &people, [&mothers, &teachers], &report).await?;
    each_its_part(stage, &people, &report, &call, &case).await?;
    the_authority_is_late(stage, &people, &report).await?;
    reports::answered(stage, &people, [&mothers, &teachers]).await?;
    over(stage, &people, &call, &case).await?;
    figures(stage, &people).await
}

async fn come(stage: &Stage<'_>) -> Result<People> {
    use FieldClass::{Contact, Health, Identity, Legal, Narrative, Perpetrator};
    let huda = stage.counsellor("Huda", &["ar"]).await?;
    let nadia = stage.supervisor("Nadia").await?;
    let samira = stage.supervisor("Samira").await?;
    let authority = stage
        .agency("Child protection authority", AgencyKind::ChildProtection, &[Identity, Contact, Legal])
        .await?;
    let prosecution =
        stage.agency("Prosecution", AgencyKind::Justice, &[Identity, Legal, Perpetrator]).await?;
    let clinic = stage.agency("Hope Clinic", AgencyKind::Health, &[Identity, Narrative, Health]).await?;
    let clinic = stage.services(NEED, &nadia, &[(&clinic, 0)]).await?.remove(0);
    let plan = does!(stage.administrator, plans.get_plan, GetPlanRequest::default());
    let mut plan = given!(plan, plan);
    let target =
        Target { kind: TargetKind::Agency.into(), agency_id: authority.agency_id(), ..Target::default() };
    for policy in plan.policies.iter_mut().filter(|policy| policy.policy == "reports") {
        let wait = policy.steps.first().and_then(|step| step.wait);
        policy.steps = vec![Step { targets: vec![target.clone()], wait }];
    }
    let request = PublishPlanRequest { request_id: stage.id(), plan: Some(plan), expected_version: 0 };
    does!(stage.administrator, plans.publish_plan, request);
    Ok(People { huda, nadia, samira, authority, prosecution, clinic })
}

async fn a_teacher_calls(stage: &Stage<'_>, people: &People) -> Result<(Contact, Case)> {
    let call = stage.answered(&people.huda, contact(Channel::Voice, "ar", Risk::High)).await?;
    stage.tell(&people.huda, "answers a teacher who has seen bruises on a boy of eleven");
    let boy = child("Yousef", "2015-03-03", Gender::Male, "+97450000009");
    let boy = stage.recorded(&people.huda, boy).await?;
    let case = stage.opened(&people.huda, &boy, "protection", Some(&call)).await?;
    let request = WriteCaseSectionRequest {
        request_id: stage.id(),
        case_id: case.case_id.clone(),
        kind: SectionKind::Note.into(),
        text: NOTES.to_owned(),
        ..WriteCaseSectionRequest::default()
    };
    does!(people.huda, cases.write_case_section, request);
    Ok((call, case))
}

async fn reported(stage: &Stage<'_>, people: &People, call: &Contact, of: &Case) -> Result<Escalation> {
    let request = RaiseEscalationRequest {
        request_id: stage.id(),
        kind: EscalationKind::MandatoryReport.into(),
        contact_id: call.contact_id.clone(),
        case_id: of.case_id.clone(),
        danger: Danger::Violence.into(),
        particulars: Some(Particulars {
            identity: WHO.to_owned(),
            narrative: NOTES.to_owned(),
            perpetrator: TEACHER.to_owned(),
            ..Particulars::default()
        }),
        report: Some(Report {
            legal_basis: "child_act_12".to_owned(),
            deadline: Some(stage.later(10 * DAY)),
            not_informed_reason: "danger".to_owned(),
            authority_id: people.authority.agency_id(),
            ..Report::default()
        }),
        ..RaiseEscalationRequest::default()
    };
    let raised = given!(does!(people.huda, escalations.raise_escalation, request), escalation);
    stage.tell(&people.huda, "makes the report that the law demands: the authority has ten days");
    let early = CompleteContactRequest {
        request_id: stage.id(),
        contact_id: call.contact_id.clone(),
        closing: Some(signed()),
        ..CompleteContactRequest::default()
    };
    let why = is_refused!(people.huda, contacts.complete_contact, early);
    ensure!(!why.reason.is_empty(), "a contact with an open report is signed off");
    Ok(raised)
}

fn signed() -> helpline_proto::intake::v1::Closing {
    closing("violence.physical", Gender::Male, AgeBand::AgeBand1012, ActionTaken::Escalated)
}

async fn read(who: &Who, of: &Escalation) -> Result<Particulars> {
    let request = GetEscalationRequest { escalation_id: of.escalation_id.clone() };
    let read = given!(does!(who, escalations.get_escalation, request), escalation);
    Ok(read.particulars.unwrap_or_default())
}

/// Prosecution and clinic each read their part, and nothing else.
async fn each_its_part(
    stage: &Stage<'_>,
    people: &People,
    report: &Escalation,
    call: &Contact,
    of: &Case,
) -> Result<()> {
    use FieldClass::{Health, Identity, Narrative, Perpetrator};
    let request = DiscloseRequest {
        request_id: stage.id(),
        escalation_id: report.escalation_id.clone(),
        agency_id: people.prosecution.agency_id(),
        purpose: DisclosurePurpose::MandatoryReport.into(),
        field_classes: vec![Identity.into(), Perpetrator.into()],
        basis: DisclosureBasis::Override.into(),
        ground: DisclosureGround::LegalDuty.into(),
        ..DiscloseRequest::default()
    };
    let asked = given!(does!(people.nadia, disclosures.disclose, request), disclosure);
    let approve =
        || ApproveDisclosureRequest { request_id: stage.id(), disclosure_id: asked.disclosure_id.clone() };
    is_refused!(people.nadia, disclosures.approve_disclosure, approve());
    does!(people.samira, disclosures.approve_disclosure, approve());
    let known = read(&people.prosecution, report).await?;
    so!((known.identity.as_str(), known.perpetrator.as_str()), (WHO, TEACHER), "what the prosecution reads");
    so!(known.narrative.as_str(), "", "the prosecution reads no counselling notes");
    stage.tell(
        &people.samira,
        "approves what Nadia asked for: the prosecution learns who he is and whom he names, not what he told",
    );

    let said = ReferralParticulars {
        identity: WHO.to_owned(),
        narrative: "He does not sleep.".to_owned(),
        health: "bruises".to_owned(),
        perpetrator: TEACHER.to_owned(),
        ..ReferralParticulars::default()
    };
    let origin = (of.case_id.as_str(), call.contact_id.as_str());
    let classes = [Identity, Narrative, Health];
    let referral = stage.drafted(&people.huda, origin, (NEED, &[&people.clinic]), &classes, said).await?;
    stage.sent(&people.huda, &referral).await?;
    let known =
        stage.taken_on(&people.clinic.by, &referral).await?.particulars.context("what the clinic reads")?;
    so!((known.identity.as_str(), known.perpetrator.as_str()), (WHO, ""), "what the clinic reads");
    stage.tell(&people.clinic.by, "sees him this week, and does not learn who hit him");
    stage.served(&people.clinic.by, &referral).await
}

async fn the_authority_is_late(stage: &Stage<'_>, people: &People, report: &Escalation) -> Result<()> {
    let accept =
        AcceptEscalationRequest { request_id: stage.id(), escalation_id: report.escalation_id.clone() };
    does!(people.authority, escalations.accept_escalation, accept);
    stage.tell(&people.authority, "has the report, and lies over it");
    stage.wait(9 * DAY).await?;
    stage.alarm(AlertKind::LongContact).await?;
    stage.alarm(AlertKind::ReportOverdue).await?;
    stage.tell_of("Helpline", "the deadline of the law has passed: supervisors are told");
    let request = ResolveEscalationRequest {
        request_id: stage.id(),
        escalation_id: report.escalation_id.clone(),
        outcome: Outcome::ChildProtection.into(),
        reference_number: "2026/55".to_owned(),
        remark: String::new(),
    };
    does!(people.nadia, escalations.resolve_escalation, request);
    stage.tell(&people.nadia, "rings the authority, which acts now, and writes down its number");
    Ok(())
}

async fn over(stage: &Stage<'_>, people: &People, call: &Contact, of: &Case) -> Result<()> {
    stage.signed_off(&people.huda, call, signed()).await?;
    stage.goes_on(&people.huda, of, "closed", "goals_reached").await?;
    stage.tell(&people.huda, "signs the call off and closes the case");
    Ok(())
}

/// Every number leads to its contacts, and the parts are the whole.
async fn figures(stage: &Stage<'_>, people: &People) -> Result<()> {
    let (first, last) = (stage.date(-30 * DAY), stage.date(DAY));
    let dimensions = vec![Dimension::MainCategory.into(), Dimension::Gender.into()];
    let request = CountContactsRequest {
        first_date: first.clone(),
        last_date: last.clone(),
        dimensions: dimensions.clone(),
    };
    let counted = does!(people.nadia, reports.count_contacts, request);
    let mut sum = 0;
    for count in counted.counts {
        let request = ListCountedContactsRequest {
            first_date: first.clone(),
            last_date: last.clone(),
            dimensions: dimensions.clone(),
            cell: count.cell,
            ..ListCountedContactsRequest::default()
        };
        let behind = does!(people.nadia, reports.list_counted_contacts, request).contact_ids.len();
        so!(i64::try_from(behind)?, count.contacts, "a number leads to its contacts");
        sum += count.contacts;
    }
    so!(sum, counted.total_contacts, "the parts are the whole");
    stage.tell(
        &people.nadia,
        format!("counts {sum} contacts by category and gender: each number leads to its contacts"),
    );
    Ok(())
}
