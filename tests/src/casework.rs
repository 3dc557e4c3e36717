//! Persons, cases and tasks.

use helpline_proto::casework::v1::{
    AddTaskRequest, AnswerMergeRequest, AskMergeRequest, Case, CaseEntry, ChangeCaseStatusRequest,
    FindPersonsRequest, GetCaseRequest, GetPersonRequest, GetTaskRequest, IdentifierKind,
    ListCaseTimelineRequest, OpenCaseRequest, Person, PersonIdentifier, PersonMerge, PersonProfile,
    RecordPersonRequest, SectionKind, Task, TransferCaseRequest, WriteCaseSectionRequest,
};
use helpline_proto::intake::v1::Gender;
use prost_types::Timestamp;
use tonic::Status;

use crate::{Actor, request_id};

/// A profile with a name and a telephone.
pub fn profile(name: &str, telephone: &str) -> PersonProfile {
    PersonProfile {
        names: vec![name.to_owned()],
        birth_date: "2014-03-09".to_owned(),
        gender: Gender::Female.into(),
        nationalities: vec!["KZ".to_owned()],
        languages: vec!["kk".to_owned(), "ru".to_owned()],
        identifiers: vec![PersonIdentifier {
            kind: IdentifierKind::Telephone.into(),
            value: telephone.to_owned(),
        }],
        ..PersonProfile::default()
    }
}

/// Records a person of this profile.
pub fn record(profile: PersonProfile) -> RecordPersonRequest {
    RecordPersonRequest { request_id: request_id(), profile: Some(profile) }
}

/// Opens a protection case for a child.
pub fn open(child_id: &str) -> OpenCaseRequest {
    OpenCaseRequest {
        request_id: request_id(),
        child_id: child_id.to_owned(),
        kind: "protection".to_owned(),
        ..OpenCaseRequest::default()
    }
}

/// Writes a note into a case.
pub fn note(case_id: &str, text: &str) -> WriteCaseSectionRequest {
    WriteCaseSectionRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        kind: SectionKind::Note.into(),
        text: text.to_owned(),
        ..WriteCaseSectionRequest::default()
    }
}

/// Moves a case to a status, closed because its goals were reached where that closes it.
pub fn to_status(case_id: &str, status: &str) -> ChangeCaseStatusRequest {
    let close_reason = if status == "closed" { "goals_reached" } else { "" };
    ChangeCaseStatusRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        status: status.to_owned(),
        close_reason: close_reason.to_owned(),
        remark: String::new(),
    }
}

/// Offers a case to a counsellor.
pub fn transfer(case_id: &str, counsellor_id: &str) -> TransferCaseRequest {
    TransferCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        counsellor_id: counsellor_id.to_owned(),
        remark: "Speaks Kazakh.".to_owned(),
    }
}

/// A visit that is due then, for the caller to make.
pub fn visit(case_id: &str, due_time: Timestamp) -> AddTaskRequest {
    AddTaskRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        task: "visit".to_owned(),
        domain: "housing".to_owned(),
        note: "The aunt has moved.".to_owned(),
        due_time: Some(due_time),
        ..AddTaskRequest::default()
    }
}

impl Actor {
    /// Records a person with a name and a telephone.
    pub async fn record_person(&self, name: &str, telephone: &str) -> Person {
        let answer = self.persons().record_person(record(profile(name, telephone))).await;
        answer.expect("a record").into_inner().person.expect("the record")
    }

    /// A record.
    ///
    /// # Errors
    /// What was refused.
    pub async fn person(&self, person_id: &str) -> Result<Person, Status> {
        let request = GetPersonRequest { person_id: person_id.to_owned() };
        Ok(self.persons().get_person(request).await?.into_inner().person.expect("the record"))
    }

    /// Names of everybody who has a telephone, by the alphabet: the answer is in no order.
    pub async fn find_by_telephone(&self, telephone: &str) -> Vec<String> {
        let identifier = profile("", telephone).identifiers.pop();
        let request = FindPersonsRequest { identifier, ..FindPersonsRequest::default() };
        let found = self.persons().find_persons(request).await.expect("an answer").into_inner().people;
        let name = |one: Person| one.profile.and_then(|known| known.names.first().cloned()).expect("a name");
        let mut names: Vec<_> = found.into_iter().map(name).collect();
        names.sort();
        names
    }

    /// Asks to read two records as one.
    ///
    /// # Errors
    /// What was refused.
    pub async fn ask_merge(&self, survivor: &str, absorbed: &str) -> Result<PersonMerge, Status> {
        let request = AskMergeRequest {
            request_id: request_id(),
            survivor_id: survivor.to_owned(),
            absorbed_id: absorbed.to_owned(),
            reason: "The same birth certificate.".to_owned(),
        };
        Ok(self.persons().ask_merge(request).await?.into_inner().merge.expect("the merge"))
    }

    /// Answers whether they are one person.
    ///
    /// # Errors
    /// What was refused.
    pub async fn answer_merge(&self, merge: &PersonMerge, agree: bool) -> Result<PersonMerge, Status> {
        let request =
            AnswerMergeRequest { request_id: request_id(), merge_id: merge.merge_id.clone(), agree };
        Ok(self.persons().answer_merge(request).await?.into_inner().merge.expect("the merge"))
    }

    /// Opens a case.
    ///
    /// # Errors
    /// What was refused.
    pub async fn open_case(&self, request: OpenCaseRequest) -> Result<Case, Status> {
        Ok(self.cases().open_case(request).await?.into_inner().case.expect("the case"))
    }

    /// A case of a new child.
    pub async fn case_of_child(&self) -> Case {
        let child = self.record_person("Aigerim", &request_id()).await;
        self.open_case(open(&child.person_id)).await.expect("a case")
    }

    /// A case.
    ///
    /// # Errors
    /// What was refused.
    pub async fn case(&self, case_id: &str) -> Result<Case, Status> {
        let request = GetCaseRequest { case_id: case_id.to_owned() };
        Ok(self.cases().get_case(request).await?.into_inner().case.expect("the case"))
    }

    /// Writes a section.
    ///
    /// # Errors
    /// What was refused.
    pub async fn write_section(&self, request: WriteCaseSectionRequest) -> Result<CaseEntry, Status> {
        Ok(self.cases().write_case_section(request).await?.into_inner().entry.expect("the entry"))
    }

    /// Moves a case to a status.
    ///
    /// # Errors
    /// What was refused.
    pub async fn move_case(&self, case_id: &str, status: &str) -> Result<Case, Status> {
        let answer = self.cases().change_case_status(to_status(case_id, status)).await?;
        Ok(answer.into_inner().case.expect("the case"))
    }

    /// The whole timeline of a case.
    ///
    /// # Errors
    /// What was refused.
    pub async fn case_timeline(&self, case_id: &str) -> Result<Vec<CaseEntry>, Status> {
        let request = ListCaseTimelineRequest {
            case_id: case_id.to_owned(),
            page_size: 500,
            ..ListCaseTimelineRequest::default()
        };
        Ok(self.cases().list_case_timeline(request).await?.into_inner().entries)
    }

    /// Gives a task.
    ///
    /// # Errors
    /// What was refused.
    pub async fn add_task(&self, request: AddTaskRequest) -> Result<Task, Status> {
        Ok(self.tasks().add_task(request).await?.into_inner().task.expect("the task"))
    }

    /// A task.
    ///
    /// # Errors
    /// What was refused.
    pub async fn task(&self, task_id: &str) -> Result<Task, Status> {
        let request = GetTaskRequest { task_id: task_id.to_owned() };
        Ok(self.tasks().get_task(request).await?.into_inner().task.expect("the task"))
    }
}
