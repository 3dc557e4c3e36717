//! An agency that was given a task is told so, that it is late, and that it is not to be done any more: ids and nothing else.

use helpline_domain::id::AgencyId;
use helpline_proto::casework::v1::{
    AddTaskRequest, CancelTaskRequest, HandTaskRequest, LinkCaseContactRequest, ListTasksRequest,
};
use helpline_proto::referral::v1::{AcceptReferralRequest, DraftReferralRequest};
use helpline_tests::casework::visit;
use helpline_tests::migrant::{held, released};
use helpline_tests::referral::draft;
use helpline_tests::{Answer, Partner, request_id};

use super::referrals::contact;
use super::scene::{Scene, until};

#[tokio::test]
async fn an_agency_is_told_of_its_task_that_it_is_late_and_that_it_is_cancelled() {
    let scene = Scene::set().await;
    let by = &scene.supervisor;
    let partner = Partner::answering([Answer::Status(200)]).await;
    let agency: AgencyId = scene.agency.parse().unwrap();
    let service = scene.world.service(agency).await;
    let (case, contact) = (by.case_of_child().await, contact(&scene).await);
    let link = LinkCaseContactRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        contact_id: contact.clone(),
    };
    by.cases().link_case_contact(link).await.unwrap();
    let of_case = DraftReferralRequest { case_id: case.case_id.clone(), ..draft(&contact, &[&service]) };
    let referral = by.refer(of_case).await;
    let take = AcceptReferralRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        ..AcceptReferralRequest::default()
    };
    scene.world.responder(agency).await.referrals().accept_referral(take).await.unwrap();
    scene.hook(&partner.url).await;
    let heard = |of: &str| {
        let of = format!("\"referral.{of}\"");
        let bodies = partner.heard().into_iter().map(|one| String::from_utf8_lossy(&one.body).into_owned());
        bodies.filter(|body| body.contains(&of)).collect::<Vec<_>>()
    };
    let told = async |what: &str, times: usize| {
        until(what, async || (heard(what).len() == times).then_some(())).await;
        let body = heard(what).remove(times - 1);
        assert!(body.contains(&referral.referral_id), "{body}");
        assert!(!body.contains("visit") && !body.contains("aunt") && !body.contains(&case.case_id), "{body}");
    };

    let due = scene.world.soon();
    let give = AddTaskRequest { referral_id: referral.referral_id.clone(), ..visit(&case.case_id, due) };
    let task = by.add_task(give).await.unwrap();
    assert_eq!(task.agency_id, scene.agency);
    told("task_given", 1).await;
    scene.world.advance(2.0 * 86_400.0);
    told("task_overdue", 1).await;
    let cancel = CancelTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        remark: "The aunt has come herself.".to_owned(),
    };
    by.tasks().cancel_task(cancel).await.unwrap();
    told("task_cancelled", 1).await;
    // A task inside the centre is nobody else's news, until they are to do it, and until they are not any more.
    let inside = by.add_task(visit(&case.case_id, scene.world.soon())).await.unwrap();
    told("task_given", 1).await;
    let hand = |referral_id: &str| HandTaskRequest {
        request_id: request_id(),
        task_id: inside.task_id.clone(),
        referral_id: referral_id.to_owned(),
        ..HandTaskRequest::default()
    };
    by.tasks().hand_task(hand(&referral.referral_id)).await.unwrap();
    told("task_given", 2).await;
    by.tasks().hand_task(hand("")).await.unwrap();
    told("task_cancelled", 2).await;
    // The same hands a second time are told a second time.
    by.tasks().hand_task(hand(&referral.referral_id)).await.unwrap();
    told("task_given", 3).await;
    // What ends because of something else ends for them, too.
    let mut since = scene.world.soon();
    since.seconds -= 100_000;
    let detained = by.detain(held(&case.case_id, since)).await.unwrap();
    let all = ListTasksRequest { open: true, case_id: case.case_id.clone(), ..ListTasksRequest::default() };
    let all = by.tasks().list_tasks(all).await.unwrap().into_inner().tasks;
    let screening = all.into_iter().find(|task| task.task == "detention_screening").unwrap();
    let hand = HandTaskRequest { task_id: screening.task_id, ..hand(&referral.referral_id) };
    by.tasks().hand_task(hand).await.unwrap();
    told("task_given", 4).await;
    by.release_child(released(&detained.detention_id)).await.unwrap();
    told("task_cancelled", 3).await;
}
