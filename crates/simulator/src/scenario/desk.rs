//! What a counsellor does in every story: answers, writes down who it is about, opens a case, assesses, signs off.

use std::time::Duration;

use anyhow::{Context as _, Result};
use helpline_proto::casework::v1::{
    AnswerAssessmentApprovalRequest, AskAssessmentApprovalRequest, Assessment, AssessmentAnswer,
    AssessmentApproval, Case, ChangeCaseStatusRequest, CompleteAssessmentRequest, CompleteTaskRequest,
    IdentifierKind, LinkPersonsRequest, ListTasksRequest, OpenCaseRequest, Person, PersonIdentifier,
    PersonLink, PersonProfile, RecordPersonRequest, Relation, SaveAssessmentRequest, StartAssessmentRequest,
    Task, TaskState,
};
use helpline_proto::intake::v1::{
    ActionTaken, AgeBand, Closing, CompleteContactRequest, Contact, ContactKind, Gender,
    ReceiveContactRequest,
};
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{
    AcceptOfferRequest, GoNotReadyRequest, GoReadyRequest, NotReadyReason, OfferState, WatchOffersRequest,
};
use helpline_proto::terms::v1::{Channel, Risk};

use super::cast::{Who, does, given};
use super::stage::Stage;

/// How long a contact may take to be offered on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Answers to the short form about a child's best interests by which there is no concern but the guardian.
pub(crate) const NO_GUARDIAN: [(&str, &str); 14] = [
    ("safe_now", "yes"),
    ("threatened", "no"),
    ("family_reachable", "yes"),
    ("family_safe", "yes"),
    ("child_was_heard", "yes"),
    ("has_guardian", "no"),
    ("needs_care", "no"),
    ("in_distress", "no"),
    ("has_papers", "no"),
    ("birth_registered", "yes"),
    ("place_tonight", "yes"),
    ("has_necessities", "yes"),
    ("goes_to_school", "no"),
    ("lives_with", "alone"),
];

/// The same by which there is no concern.
pub(crate) const WELL: [(&str, &str); 14] = [
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

/// A contact by a channel in a language, of this risk.
pub(crate) fn contact(channel: Channel, language: &str, risk: Risk) -> ReceiveContactRequest {
    ReceiveContactRequest {
        channel: channel.into(),
        language: language.to_owned(),
        risk: risk.into(),
        ..ReceiveContactRequest::default()
    }
}

/// What is written down of a child: a made-up name, and an identifier by which they are found.
pub(crate) fn child(name: &str, birth_date: &str, gender: Gender, telephone: &str) -> PersonProfile {
    let identifier = PersonIdentifier { kind: IdentifierKind::Telephone.into(), value: telephone.to_owned() };
    PersonProfile {
        names: vec![name.to_owned()],
        birth_date: birth_date.to_owned(),
        gender: gender.into(),
        identifiers: if telephone.is_empty() { Vec::new() } else { vec![identifier] },
        ..PersonProfile::default()
    }
}

/// What a contact is signed off with.
pub(crate) fn closing(category: &str, gender: Gender, age_band: AgeBand, action: ActionTaken) -> Closing {
    Closing {
        kind: ContactKind::Counselling.into(),
        categories: vec![category.to_owned()],
        gender: gender.into(),
        age_band: age_band.into(),
        region: "unknown".to_owned(),
        action_taken: action.into(),
        summary: "Made up for the demonstration.".to_owned(),
    }
}

impl Stage<'_> {
    /// Somebody reaches the helpline, is offered to a counsellor and answered.
    pub(crate) async fn answered(&self, by: &Who, mut request: ReceiveContactRequest) -> Result<Contact> {
        let watch = WatchOffersRequest::default();
        let mut offers = by.client().offers().watch_offers(watch).await.context("watch offers")?.into_inner();
        does!(by, presence.go_ready, GoReadyRequest { request_id: self.id() });
        request.request_id = self.id();
        let received = given!(does!(self.adapter, contacts.receive_contact, request), contact);
        let offered = async {
            loop {
                let next = offers.message().await?.context("the stream of offers ended")?;
                if let Some(Event::Opened(offer)) = next.event
                    && offer.state() == OfferState::Open
                    && offer.contact_id == received.contact_id
                {
                    return anyhow::Ok(offer);
                }
            }
        };
        let offer = tokio::time::timeout(PATIENCE, offered).await.context("it was not offered in time")??;
        let request = AcceptOfferRequest { request_id: self.id(), offer_id: offer.offer_id };
        let answer = given!(does!(by, offers.accept_offer, request), contact);
        let request =
            GoNotReadyRequest { request_id: self.id(), reason: NotReadyReason::Administration.into() };
        does!(by, presence.go_not_ready, request);
        Ok(answer)
    }

    /// A contact is signed off.
    pub(crate) async fn signed_off(&self, by: &Who, contact: &Contact, closing: Closing) -> Result<()> {
        let request = CompleteContactRequest {
            request_id: self.id(),
            contact_id: contact.contact_id.clone(),
            closing: Some(closing),
            ..CompleteContactRequest::default()
        };
        does!(by, contacts.complete_contact, request);
        Ok(())
    }

    /// A record of somebody.
    pub(crate) async fn recorded(&self, by: &Who, profile: PersonProfile) -> Result<Person> {
        let request = RecordPersonRequest { request_id: self.id(), profile: Some(profile) };
        Ok(given!(does!(by, persons.record_person, request), person))
    }

    /// Who somebody is to a person.
    pub(crate) async fn linked(
        &self,
        by: &Who,
        person: &Person,
        relative: &Person,
        relation: Relation,
    ) -> Result<PersonLink> {
        let request = LinkPersonsRequest {
            request_id: self.id(),
            person_id: person.person_id.clone(),
            relative_id: relative.person_id.clone(),
            relation: relation.into(),
            ..LinkPersonsRequest::default()
        };
        Ok(given!(does!(by, persons.link_persons, request), link))
    }

    /// A case of a child.
    pub(crate) async fn opened(
        &self,
        by: &Who,
        child: &Person,
        kind: &str,
        contact: Option<&Contact>,
    ) -> Result<Case> {
        let request = OpenCaseRequest {
            request_id: self.id(),
            child_id: child.person_id.clone(),
            kind: kind.to_owned(),
            contact_id: contact.map(|contact| contact.contact_id.clone()).unwrap_or_default(),
            additional: false,
        };
        Ok(given!(does!(by, cases.open_case, request), case))
    }

    /// A case goes on to a status, with a reason where that closes it.
    pub(crate) async fn goes_on(&self, by: &Who, case: &Case, status: &str, reason: &str) -> Result<Case> {
        let request = ChangeCaseStatusRequest {
            request_id: self.id(),
            case_id: case.case_id.clone(),
            status: status.to_owned(),
            close_reason: reason.to_owned(),
            remark: String::new(),
        };
        Ok(given!(does!(by, cases.change_case_status, request), case))
    }

    /// A completed assessment by a form.
    pub(crate) async fn assessed(
        &self,
        by: &Who,
        case: &Case,
        form: &str,
        answers: &[(&str, &str)],
    ) -> Result<Assessment> {
        let request = StartAssessmentRequest {
            request_id: self.id(),
            case_id: case.case_id.clone(),
            form: form.to_owned(),
            subject: 0,
        };
        let draft = given!(does!(by, assessments.start_assessment, request), assessment);
        let assessment_id = draft.assessment_id;
        let answer = |(question, value): &(&str, &str)| AssessmentAnswer {
            question: (*question).to_owned(),
            value: (*value).to_owned(),
        };
        let request = SaveAssessmentRequest {
            request_id: self.id(),
            assessment_id: assessment_id.clone(),
            answers: answers.iter().map(answer).collect(),
            expected_revision: 0,
        };
        does!(by, assessments.save_assessment, request);
        let request =
            CompleteAssessmentRequest { request_id: self.id(), assessment_id, expected_revision: 0 };
        Ok(given!(does!(by, assessments.complete_assessment, request), assessment))
    }

    /// What somebody has assessed is approved by another.
    pub(crate) async fn approved(&self, by: &Who, supervisor: &Who, assessment: &Assessment) -> Result<()> {
        let assessment_id = &assessment.assessment_id;
        let request = AskAssessmentApprovalRequest {
            request_id: self.id(),
            assessment_id: assessment_id.clone(),
            remark: String::new(),
        };
        does!(by, assessments.ask_assessment_approval, request);
        let request = AnswerAssessmentApprovalRequest {
            request_id: self.id(),
            assessment_id: assessment_id.clone(),
            approval: AssessmentApproval::Content.into(),
            approve: true,
            remark: String::new(),
        };
        does!(supervisor, assessments.answer_assessment_approval, request);
        Ok(())
    }

    /// The open tasks of a case, the first that is due first.
    pub(crate) async fn tasks(&self, by: &Who, case: &Case) -> Result<Vec<Task>> {
        let (mut tasks, mut page_token) = (Vec::new(), String::new());
        loop {
            let case_id = case.case_id.clone();
            let request = ListTasksRequest { open: true, case_id, page_token, ..ListTasksRequest::default() };
            let page = does!(by, tasks.list_tasks, request);
            tasks.extend(page.tasks);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        tasks.retain(|task| matches!(task.state(), TaskState::Open | TaskState::Accepted));
        tasks.sort_by_key(|task| task.due_time.map_or(i64::MAX, |due| due.seconds));
        Ok(tasks)
    }

    /// A task is done.
    pub(crate) async fn done(&self, by: &Who, task: &Task) -> Result<()> {
        let request = CompleteTaskRequest {
            request_id: self.id(),
            task_id: task.task_id.clone(),
            ..CompleteTaskRequest::default()
        };
        does!(by, tasks.complete_task, request);
        Ok(())
    }
}
