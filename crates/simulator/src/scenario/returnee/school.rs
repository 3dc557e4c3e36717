//! A place at school, of which the school learns who she is and nothing of where she was.

use anyhow::Result;
use helpline_proto::casework::v1::{AddTaskRequest, Case, CompleteTaskRequest, LinkCaseContactRequest};
use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_proto::intake::v1::{ActionTaken, AgeBand, Gender};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::ReferralParticulars;
use helpline_proto::terms::v1::{Channel, Risk};

use super::People;
use super::cohort::ORIGIN;
use crate::scenario::cast::{does, given, is_refused, so};
use crate::scenario::desk::{closing, contact};
use crate::scenario::stage::{DAY, Stage};

const NEED: &str = "school_placement";

pub(super) async fn found(stage: &Stage<'_>, people: &People, of: &Case) -> Result<()> {
    let by = &people.aigul;
    let curious = Agency {
        display_name: "A curious school".to_owned(),
        kind: AgencyKind::School.into(),
        field_classes: vec![FieldClass::Identity.into(), FieldClass::Narrative.into()],
        ..Agency::default()
    };
    let request = CreateAgencyRequest { request_id: stage.id(), agency: Some(curious) };
    let why = is_refused!(stage.administrator, agencies.create_agency, request);
    so!(why.fields, ["agency.field_classes"], "what a school may be told at most");
    let school = stage.agency("School No. 7", AgencyKind::School, &[FieldClass::Identity]).await?;
    let service = stage.services(NEED, &people.nadia, &[(&school, 0)]).await?.remove(0);

    let call = stage.answered(by, contact(Channel::Voice, "kk", Risk::Low)).await?;
    let request = LinkCaseContactRequest {
        request_id: stage.id(),
        case_id: of.case_id.clone(),
        contact_id: call.contact_id.clone(),
    };
    does!(by, cases.link_case_contact, request);
    let how = closing("education.access", Gender::Female, AgeBand::AgeBand1315, ActionTaken::Referred);
    stage.signed_off(by, &call, how).await?;
    let said = ReferralParticulars {
        identity: "Samira (made up), fourteen, speaks Arabic".to_owned(),
        narrative: ORIGIN.to_owned(),
        ..ReferralParticulars::default()
    };
    let classes = [FieldClass::Identity, FieldClass::Narrative];
    let origin = (of.case_id.as_str(), call.contact_id.as_str());
    let referral = stage.drafted(by, origin, (NEED, &[&service]), &classes[..1], said).await?;
    stage.sent(by, &referral).await?;
    let read = stage.taken_on(&school, &referral).await?.particulars.unwrap_or_default();
    so!((read.identity.is_empty(), read.narrative.as_str()), (false, ""), "what the school reads");
    let request = AddTaskRequest {
        request_id: stage.id(),
        case_id: of.case_id.clone(),
        task: "attendance".to_owned(),
        due_time: Some(stage.later(5 * DAY)),
        referral_id: referral.referral_id.clone(),
        ..AddTaskRequest::default()
    };
    let task = given!(does!(by, tasks.add_task, request), task);
    let request = CompleteTaskRequest {
        request_id: stage.id(),
        task_id: task.task_id,
        ..CompleteTaskRequest::default()
    };
    does!(school, tasks.complete_task, request);
    stage.served(&school, &referral).await?;
    stage.tell(&school, "has a place for her, says that she comes, and learns nothing of where she was");
    Ok(())
}
