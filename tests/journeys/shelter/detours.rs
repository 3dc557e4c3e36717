//! What was said of somebody is not undone by a detour, and nobody is forgotten on the way.

use helpline_proto::casework::v1::{
    CancelTaskRequest, CompleteTaskRequest, ListTasksRequest, OpenCaseRequest,
};
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::DraftReferralRequest;
use helpline_proto::shelter::v1::{
    AnswerServiceOfferRequest, CancelReturnAssistanceRequest, RecordReturnConsentRequest, ReturnCancelReason,
    ReturnConsentBy, ReturnSubject, ServiceOfferState as Offer, StartReturnAssistanceRequest,
};
use helpline_tests::casework::open;
use helpline_tests::referral::draft;
use helpline_tests::shelter::{
    NOTHING_AGAINST, answer, approves, arrives, asks, cancels, consents, departs, start,
};
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use super::room::{DAY, House, calls};
use crate::alerts::listed;
use crate::gate::{Gate, meet};
use crate::stage::{chat, until, why};

/// The open task that asks whether they arrived.
async fn asked(house: &House, case: &str) -> String {
    let request = ListTasksRequest { case_id: case.to_owned(), ..ListTasksRequest::default() };
    let tasks = house.by().tasks().list_tasks(request).await.unwrap().into_inner().tasks;
    let mut open = tasks.into_iter().filter(|one| one.task == "confirm_arrival" && one.end_time.is_none());
    let task_id = open.next().unwrap().task_id;
    assert_eq!(open.next(), None, "one departure is asked about");
    task_id
}

/// Answers that tell of danger.
fn concern() -> Vec<(&'static str, &'static str)> {
    let worse = |&(question, value)| (question, if question == "safe_now" { "no" } else { value });
    NOTHING_AGAINST.iter().map(worse).collect()
}

#[tokio::test]
async fn whether_she_arrived_is_asked_until_it_is_known() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let id = by.adult_ready_to_return(&case).await;
    by.departs_home(departs(&id)).await.unwrap();
    let task_id = asked(&house, &case).await;
    let done =
        CompleteTaskRequest { request_id: request_id(), task_id: task_id.clone(), remark: String::new() };
    let remark = "She will be there.".to_owned();
    let back = CancelTaskRequest { request_id: request_id(), task_id: task_id.clone(), remark };
    assert_eq!(why(by.tasks().complete_task(done.clone()).await).metadata("state"), "awaits_arrival");
    assert_eq!(why(by.tasks().cancel_task(back).await).metadata("state"), "awaits_arrival");
    let missing = ReturnCancelReason::NotArrived.into();
    by.cancel_return(CancelReturnAssistanceRequest { reason: missing, ..cancels(&id) }).await.unwrap();
    assert_eq!(asked(&house, &case).await, task_id);
    house.wait(10 * DAY);
    until("it is late", async || {
        let open = listed(by, true).await;
        open.iter().any(|one| one.kind() == AlertKind::TaskOverdue && one.task_id == task_id).then_some(())
    })
    .await;
    // Help that was begun by mistake takes back what it asked for itself.
    let mistake = by.start_return(start(&case, ReturnSubject::Adult)).await.unwrap().return_id;
    let wrong = ReturnCancelReason::EnteredInError.into();
    by.cancel_return(CancelReturnAssistanceRequest { reason: wrong, ..cancels(&mistake) }).await.unwrap();
    let second = by.adult_ready_to_return(&case).await;
    by.departs_home(departs(&second)).await.unwrap();
    by.cancel_return(CancelReturnAssistanceRequest { reason: wrong, ..cancels(&second) }).await.unwrap();
    assert_eq!(asked(&house, &case).await, task_id, "of whom it was asked first is still missing");
    by.tasks().complete_task(CompleteTaskRequest { request_id: request_id(), ..done }).await.unwrap();
}

#[tokio::test]
async fn fear_stays_when_help_is_cancelled_and_begun_again() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let id = by.adult_ready_to_return(&case).await;
    by.agree_to_return(RecordReturnConsentRequest { fear_recorded: true, ..consents(&id) }).await.unwrap();
    by.cancel_return(cancels(&id)).await.unwrap();
    let again = by.adult_ready_to_return(&case).await;
    assert_eq!(why(by.departs_home(departs(&again)).await).metadata("why"), "fear_recorded");
    // What was approved does not hold for what is said afterwards.
    by.ask_return_override(asks(&again)).await.unwrap();
    house.another.approve_return_override(approves(&again)).await.unwrap();
    let worse = RecordReturnConsentRequest { fear_recorded: true, ..consents(&again) };
    assert_eq!(by.agree_to_return(worse).await.unwrap().obstacles, ["fear_recorded"]);
    by.cancel_return(cancels(&again)).await.unwrap();
    let elsewhere =
        StartReturnAssistanceRequest { country: "JO".to_owned(), ..start(&case, ReturnSubject::Adult) };
    assert!(!by.start_return(elsewhere).await.unwrap().fear_recorded, "it is of that country");
}

#[tokio::test]
async fn who_was_taken_for_a_child_is_an_adult_only_when_another_supervisor_says_so() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let id = by.start_return(start(&case, ReturnSubject::Child)).await.unwrap().return_id;
    by.cancel_return(cancels(&id)).await.unwrap();
    let refused = why(by.start_return(start(&case, ReturnSubject::Adult)).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "child"));
    house.another.start_return(start(&case, ReturnSubject::Adult)).await.unwrap();
    let assessed = by.case_of_child().await.case_id;
    by.best_interests(&assessed, &concern(), &house.another).await;
    let refused = why(by.start_return(start(&assessed, ReturnSubject::Adult)).await);
    assert_eq!(refused.metadata("state"), "child");
    let child = by.start_return(start(&assessed, ReturnSubject::Child)).await.unwrap();
    by.cancel_return(cancels(&child.return_id)).await.unwrap();
    house.another.start_return(start(&assessed, ReturnSubject::Adult)).await.unwrap();
    // A counsellor does not say so at all.
    let counsellor = house.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let own = counsellor.case_of_child().await.case_id;
    let child = by.start_return(start(&own, ReturnSubject::Child)).await.unwrap();
    by.cancel_return(cancels(&child.return_id)).await.unwrap();
    let refused = why(counsellor.start_return(start(&own, ReturnSubject::Adult)).await);
    assert_eq!(refused.metadata("state"), "child");
    // Nor by another case of the same child.
    let child_id = counsellor.case(&own).await.unwrap().child_id;
    let beside = OpenCaseRequest { kind: "welfare".to_owned(), ..open(&child_id) };
    let beside = counsellor.open_case(beside).await.unwrap().case_id;
    let refused = why(counsellor.start_return(start(&beside, ReturnSubject::Adult)).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "child"));
    house.another.start_return(start(&beside, ReturnSubject::Adult)).await.unwrap();
}

#[tokio::test]
async fn who_is_taken_for_a_child_meanwhile_does_not_leave_as_an_adult() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let id = by.adult_ready_to_return(&case).await;
    by.best_interests(&case, &NOTHING_AGAINST, &house.another).await;
    assert_eq!(why(by.departs_home(departs(&id)).await).metadata("why"), "taken_for_child");
    // A supervisor who says otherwise begins anew.
    by.cancel_return(cancels(&id)).await.unwrap();
    house.wait(60);
    let id = house.another.adult_ready_to_return(&case).await;
    house.another.departs_home(departs(&id)).await.unwrap();
}

#[tokio::test]
async fn what_was_approved_lifts_no_later_concern() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await;
    let help = by.start_return(start(&case.case_id, ReturnSubject::Child)).await.unwrap();
    let id = help.return_id.as_str();
    let (_, guardian_id) = by.guardian_of(&case.child_id).await;
    let consent_by = ReturnConsentBy::Guardian.into();
    by.agree_to_return(RecordReturnConsentRequest { fear_recorded: true, ..consents(id) }).await.unwrap();
    by.agree_to_return(RecordReturnConsentRequest { consent_by, guardian_id, ..consents(id) }).await.unwrap();
    by.best_interests(&case.case_id, &concern(), &house.another).await;
    by.has_everything(&help).await;
    house.wait(60);
    by.ask_return_override(asks(id)).await.unwrap();
    let lifted = house.another.approve_return_override(approves(id)).await.unwrap();
    assert_eq!(lifted.obstacles, [] as [String; 0]);
    house.wait(60);
    by.best_interests(&case.case_id, &concern(), &house.another).await;
    assert_eq!(why(by.departs_home(departs(id)).await).metadata("why"), "best_interests_concern");
    let asked = by.ask_return_override(asks(id)).await.unwrap().return_override.unwrap();
    assert_eq!(asked.lifts, ["best_interests_concern", "fear_recorded"], "with what was lifted before");
    // Nor one that comes between the question and its answer.
    house.wait(60);
    by.best_interests(&case.case_id, &concern(), &house.another).await;
    let lifted = house.another.approve_return_override(approves(id)).await.unwrap();
    assert_eq!(lifted.obstacles, ["best_interests_concern"]);
    by.ask_return_override(asks(id)).await.unwrap();
    house.another.approve_return_override(approves(id)).await.unwrap();
    by.departs_home(departs(id)).await.unwrap();
    by.arrives_home(arrives(id)).await.unwrap();
}

#[tokio::test]
async fn a_referral_of_a_child_carries_out_no_offer_of_another_of_the_same_contact() {
    let house = House::new(1).await;
    let by = house.by();
    let (one, other) = (by.case_of_child().await.case_id, by.case_of_child().await.case_id);
    let contact = house.stage.receive(chat("ar")).await.contact_id;
    let stay = by.takes_in_from(&contact, &house.service, &one).await.admission_id;
    let link = helpline_proto::casework::v1::LinkCaseContactRequest {
        request_id: request_id(),
        case_id: other.clone(),
        contact_id: contact.clone(),
    };
    by.cases().link_case_contact(link).await.unwrap();
    for (case_id, theirs) in [(other, false), (one, true)] {
        let new = DraftReferralRequest { case_id, ..draft(&contact, &[&house.service]) };
        let referral_id = by.draft_referral(new).await.unwrap().referral_id;
        let accepts = AnswerServiceOfferRequest { referral_id, ..answer(&stay, "health", Offer::Accepted) };
        let answer = by.answer_offer(accepts).await;
        if theirs {
            assert_eq!(answer.unwrap().state(), Offer::Accepted);
        } else {
            let refused = why(answer);
            assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "referral"));
        }
    }
}

#[tokio::test]
async fn who_leaves_while_something_is_offered_again_leaves_nothing_open() {
    let house = House::new(1).await;
    let by = house.by();
    for leaves_first in [true, false] {
        let stay = house.resident("").await.admission_id;
        by.answer_offer(answer(&stay, "legal", Offer::DeclinedByResident)).await.unwrap();
        // Whoever writes its limit down would wait before the gate, too.
        let limit = format!("SELECT count(*) FROM helpline.stay_limits WHERE admission_id = '{stay}'");
        until("it has a limit", async || (house.stage.value(&limit) == "1").then_some(())).await;
        let gate = Gate::at(&house.stage, ("admissions", "admission_id"), &stay).await;
        let (leaves, offered) = (by.lets_go(&stay), house.another.offer_again(&stay, "legal"));
        if leaves_first {
            let (gone, offered) = meet(gate, leaves, offered).await;
            gone.unwrap();
            assert_eq!(why(offered).metadata("state"), "exited");
        } else {
            let (offered, gone) = meet(gate, offered, leaves).await;
            offered.unwrap();
            gone.unwrap();
        }
    }
    let open = "SELECT count(*) FROM helpline.service_offers WHERE state = 'open'";
    assert_eq!(house.stage.value(open), "0");
}

#[tokio::test]
async fn who_comes_back_to_the_shelter_and_leaves_again_is_called_anew() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let first = house.resident(&case).await.admission_id;
    by.lets_go(&first).await.unwrap();
    house.wait(20 * DAY);
    let second = house.resident(&case).await.admission_id;
    by.lets_go(&second).await.unwrap();
    assert_eq!(house.tasks(&case).await, calls(&[10, 30, 70, 90, 160, 180]));
}

#[tokio::test]
async fn who_comes_back_from_home_and_goes_again_is_called_anew() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let first = by.adult_ready_to_return(&case).await;
    by.departs_home(departs(&first)).await.unwrap();
    house.wait(60);
    by.arrives_home(arrives(&first)).await.unwrap();
    house.wait(20 * DAY);
    let second = by.adult_ready_to_return(&case).await;
    by.departs_home(departs(&second)).await.unwrap();
    let asked = vec![("confirm_arrival".to_owned(), 3)];
    assert_eq!(house.tasks(&case).await, [asked, calls(&[10, 30, 70, 90, 160, 180])].concat());
}
