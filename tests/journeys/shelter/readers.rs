//! Who reads the case of a child learns of no stay by it; its owner, who has to see to the child, does.

use helpline_proto::casework::v1::{
    AddTaskRequest, Case, CompleteTaskRequest, GrantCaseAccessRequest, LinkCaseContactRequest,
    ListCasesRequest, ListTasksRequest, Task, TaskState, TransferCaseRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{DraftReferralRequest, RequestAdmissionRequest};
use helpline_tests::casework::{open, transfer, visit};
use helpline_tests::referral::draft;
use helpline_tests::shelter::departs;
use helpline_tests::{Abilities, Actor, request_id};
use prost_types::Duration;
use tonic::Status;

use super::room::{DAY, House, calls};
use crate::stage::{chat, until, why};

/// A house, a case of a child, its owner, and two who read it.
struct Read {
    house: House,
    amina: Actor,
    case: Case,
    let_in: Actor,
    offered: Actor,
}

impl Read {
    async fn new() -> Self {
        let house = House::new(1).await;
        let [amina, let_in, offered] = [
            house.stage.world.counsellor(Abilities::speaking(&["ar"])).await,
            house.stage.world.counsellor(Abilities::speaking(&["ar"])).await,
            house.stage.world.counsellor(Abilities::speaking(&["ar"])).await,
        ];
        let child = amina.record_person("Mariam", &request_id()).await;
        let case = amina.open_case(open(&child.person_id)).await.unwrap();
        let grant = GrantCaseAccessRequest {
            request_id: request_id(),
            case_id: case.case_id.clone(),
            counsellor_id: let_in.counsellor_id.clone(),
            lifetime: Some(Duration { seconds: 30 * DAY, nanos: 0 }),
        };
        amina.case_access().grant_case_access(grant).await.unwrap();
        let offer = TransferCaseRequest { ..transfer(&case.case_id, &offered.counsellor_id) };
        amina.cases().transfer_case(offer).await.unwrap();
        Self { house, amina, case, let_in, offered }
    }

    /// Everything that is answered about the child and the case to who reads it.
    async fn seen_by(&self, reader: &Actor) -> String {
        let case_id = self.case.case_id.clone();
        let case = reader.case(&case_id).await.unwrap();
        let person = reader.person(&self.case.child_id).await.unwrap();
        let timeline = reader.case_timeline(&case_id).await.unwrap();
        let cases = reader.cases().list_cases(ListCasesRequest::default()).await.unwrap().into_inner();
        let mut tasks = Vec::new();
        for of in [case_id, String::new()] {
            let list = ListTasksRequest { case_id: of, ..ListTasksRequest::default() };
            tasks.push(reader.tasks().list_tasks(list).await.unwrap().into_inner());
        }
        format!("{case:?} {person:?} {timeline:?} {cases:?} {tasks:?}")
    }

    async fn seen(&self) -> [String; 2] {
        [self.seen_by(&self.let_in).await, self.seen_by(&self.offered).await]
    }

    /// A contact of the child.
    async fn linked(&self) -> String {
        let contact_id = self.house.stage.receive(chat("ar")).await.contact_id;
        let link = LinkCaseContactRequest {
            request_id: request_id(),
            case_id: self.case.case_id.clone(),
            contact_id: contact_id.clone(),
        };
        self.house.by().cases().link_case_contact(link).await.unwrap();
        contact_id
    }

    /// The child is referred from the case, and comes to live there.
    async fn lives_there(&self, contact_id: &str) -> String {
        let by = self.house.by();
        let new = DraftReferralRequest {
            case_id: self.case.case_id.clone(),
            ..draft(contact_id, &[&self.house.service])
        };
        let request = RequestAdmissionRequest {
            request_id: request_id(),
            referral_id: by.refer(new).await.referral_id,
            service_id: self.house.service.clone(),
            unit: "bed".to_owned(),
        };
        let stay = by.admissions().request_admission(request).await.unwrap().into_inner();
        let id = stay.admission.unwrap().admission_id;
        by.screens(&id).await.unwrap();
        by.keeps_place(&id).await.unwrap();
        by.takes_in(&id).await.unwrap().admission_id
    }

    /// What is to be done for the child, as its owner sees it.
    async fn tasks(&self) -> Vec<Task> {
        let list = ListTasksRequest { case_id: self.case.case_id.clone(), ..ListTasksRequest::default() };
        self.amina.tasks().list_tasks(list).await.unwrap().into_inner().tasks
    }
}

async fn respond(by: &Actor, complete: CompleteTaskRequest) -> Result<Task, Status> {
    let complete = CompleteTaskRequest { request_id: request_id(), ..complete };
    Ok(by.tasks().complete_task(complete).await?.into_inner().task.unwrap())
}

#[tokio::test]
async fn who_reads_the_case_sees_nothing_of_a_stay_from_the_referral_to_the_calls_afterwards() {
    let read = Read::new().await;
    let by = read.house.by();
    let contact_id = read.linked().await;
    let before = read.seen().await;
    let stay = read.lives_there(&contact_id).await;
    assert_eq!(read.seen().await, before);
    let limited = "SELECT count(*) FROM helpline.stay_limits WHERE guardian_at IS NOT NULL";
    until("it has a limit", async || (read.house.stage.value(limited) == "1").then_some(())).await;
    read.house.wait(4 * DAY);
    until("a guardian is to be named", async || (read.tasks().await.len() == 1).then_some(())).await;
    assert_eq!(read.seen().await, before);
    // Its owner names one and says whom; that is not told to who reads the case either.
    let task = read.tasks().await.remove(0);
    assert!(task.confidential && task.task == "name_guardian");
    let complete = CompleteTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        remark: "Her aunt in Salmiya.".to_owned(),
    };
    respond(&read.amina, complete.clone()).await.unwrap();
    let done = read.amina.task(&task.task_id).await.unwrap();
    assert_eq!((done.remark.as_str(), done.end_time.is_some()), ("Her aunt in Salmiya.", true));
    by.lets_go(&stay).await.unwrap();
    assert_eq!(read.seen().await, before);
    assert_eq!(read.house.tasks(&read.case.case_id).await, calls(&[30, 90, 180]));
    assert_eq!(read.amina.case(&read.case.case_id).await.unwrap().open_tasks, 3);
    let answers = async |task_id: String| {
        let complete = CompleteTaskRequest { task_id, ..complete.clone() };
        let [read, done] =
            [read.let_in.task(&complete.task_id).await, respond(&read.let_in, complete).await].map(why);
        format!("{read:?} {done:?}")
    };
    let nobody = answers(request_id()).await;
    assert!(nobody.contains("NotFound"), "{nobody}");
    for task in read.tasks().await {
        assert_eq!(answers(task.task_id).await, nobody);
    }
}

#[tokio::test]
async fn who_leaves_the_country_is_called_as_if_they_had_never_lived_there() {
    let (mut there, mut elsewhere) = (Vec::new(), Vec::new());
    for (resident, seen) in [(true, &mut there), (false, &mut elsewhere)] {
        let read = Read::new().await;
        let by = read.house.by();
        let contact_id = read.linked().await;
        if resident {
            let stay = read.lives_there(&contact_id).await;
            by.lets_go(&stay).await.unwrap();
        }
        let id = by.adult_ready_to_return(&read.case.case_id).await;
        by.departs_home(departs(&id)).await.unwrap();
        let list = ListTasksRequest { case_id: read.case.case_id.clone(), ..ListTasksRequest::default() };
        let tasks = read.let_in.tasks().list_tasks(list).await.unwrap().into_inner().tasks;
        let task = |one: &Task| format!("{} {} {} {}", one.task, one.state, one.plan, one.plan_step);
        seen.extend(tasks.iter().map(task));
        let entries = read.let_in.case_timeline(&read.case.case_id).await.unwrap();
        seen.extend(entries.into_iter().map(|one| format!("{} {}", one.sequence, one.event)));
        let case = read.let_in.case(&read.case.case_id).await.unwrap();
        seen.push(format!("{} {} {}", case.open_tasks, case.open_referrals, case.revision));
        // Whoever sees all of them does not see them twice.
        let asked = vec![("confirm_arrival".to_owned(), 3)];
        assert_eq!(read.house.tasks(&read.case.case_id).await, [asked, calls(&[30, 90, 180])].concat());
    }
    assert_eq!(there, elsewhere);
    assert!(there.iter().any(|one| one.starts_with("follow_up_call")), "{there:?}");
}

#[tokio::test]
async fn who_reads_the_case_sees_a_task_of_the_shelter_and_not_whose_it_is() {
    let read = Read::new().await;
    let (by, shelter) = (read.house.by(), &read.house.responder);
    let contact_id = read.linked().await;
    let new = DraftReferralRequest {
        case_id: read.case.case_id.clone(),
        field_classes: vec![FieldClass::Narrative.into()],
        ..draft(&contact_id, &[&read.house.service])
    };
    let referral = by.refer(new).await;
    let referral_id = shelter.accept_referral(&referral).await.unwrap().referral_id;
    let due_time = read.house.later(DAY);
    let task = AddTaskRequest { referral_id: referral_id.clone(), ..visit(&read.case.case_id, due_time) };
    let task = by.add_task(task).await.unwrap();
    let complete = CompleteTaskRequest {
        request_id: String::new(),
        task_id: task.task_id.clone(),
        remark: "She has a room of her own.".to_owned(),
    };
    respond(shelter, complete).await.unwrap();
    let agency = read.house.agency.to_string();
    let of_agency = ListTasksRequest { agency_id: agency.clone(), ..ListTasksRequest::default() };
    for reader in [&read.let_in, &read.offered] {
        let seen = reader.task(&task.task_id).await.unwrap();
        assert_eq!(
            (seen.agency_id, seen.referral_id, seen.state),
            (String::new(), String::new(), TaskState::Completed.into())
        );
        let listed = reader.tasks().list_tasks(of_agency.clone()).await.unwrap().into_inner().tasks;
        assert_eq!(listed.len(), 0);
        let entries = reader.case_timeline(&read.case.case_id).await.unwrap();
        let done = entries.iter().find(|one| one.event == "task_completed").unwrap();
        assert_eq!((&*done.actor_id, &*done.actor_role, &*done.text), ("", "", ""));
        let said = entries.iter().map(|one| one.detail.as_str()).collect::<String>();
        assert!(!said.contains(&agency) && !said.contains(&referral_id), "{said}");
    }
    // Its owner knows.
    assert_eq!(read.amina.task(&task.task_id).await.unwrap().agency_id, agency);
    let listed = read.amina.tasks().list_tasks(of_agency).await.unwrap().into_inner().tasks;
    assert_eq!(listed.len(), 1);
    let entries = read.amina.case_timeline(&read.case.case_id).await.unwrap();
    assert!(
        entries.iter().any(|one| one.detail.contains(&agency) && one.text == "She has a room of her own.")
    );
}
