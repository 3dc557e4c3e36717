//! Nobody is sent, and who goes has what they need.

use helpline_proto::casework::v1::{AssessmentOutcome, EndPersonLinkRequest, LinkPersonsRequest, Relation};
use helpline_proto::shelter::v1::{
    CancelReturnAssistanceRequest, RecordReturnConsentRequest, ReturnAssistance, ReturnCancelReason,
    ReturnConsentBy, ReturnItemReason, ReturnItemState, ReturnState as Is, ReturnSubject,
    SetReturnItemRequest, WithdrawReturnConsentRequest,
};
use helpline_tests::assessments::{BEST_INTERESTS, judge};
use helpline_tests::casework::to_status;
use helpline_tests::crossborder::{check, lets_hand_over, prepare, withdraw};
use helpline_tests::shelter::{
    NOTHING_AGAINST, approves, asks, cancels, consents, departs, done, ready, start, withdraws,
};
use helpline_tests::{Abilities, request_id};
use tonic::{Code, Status};

use super::room::{DAY, House, calls};
use crate::gate::{Gate, meet};
use crate::stage::why;

/// What is in the way of who would leave now.
fn in_the_way(answer: Result<ReturnAssistance, Status>) -> String {
    let refused = why(answer);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "RETURN_REFUSED"));
    refused.metadata("why").to_owned()
}

#[tokio::test]
async fn nobody_is_ready_while_something_is_open_and_what_is_open_anew_makes_them_not_ready() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let help = by.start_return(start(&case, ReturnSubject::Adult)).await.unwrap();
    let id = help.return_id.as_str();
    let items: Vec<_> = help.items.iter().map(|one| one.item.as_str()).collect();
    assert_eq!(items, ["travel_document", "exit_permit", "ticket", "escort", "arrival_contact"]);
    let open = why(by.ready_to_return(ready(id)).await);
    assert_eq!(
        (open.reason.as_str(), open.metadata("items")),
        ("RETURN_ITEMS_OPEN", items.join(",").as_str())
    );
    let not_needed = SetReturnItemRequest {
        state: ReturnItemState::NotNeeded.into(),
        reason: ReturnItemReason::NotWanted.into(),
        ..done(id, "escort")
    };
    let no_reason = SetReturnItemRequest { reason: 0, request_id: request_id(), ..not_needed.clone() };
    assert_eq!(why(by.set_return_item(no_reason).await).fields, ["reason"]);
    by.set_return_item(not_needed).await.unwrap();
    assert_eq!(why(by.set_return_item(done(id, "piano")).await).metadata("resource"), "item");
    for item in ["travel_document", "exit_permit", "ticket", "arrival_contact"] {
        by.set_return_item(done(id, item)).await.unwrap();
    }
    assert_eq!(by.ready_to_return(ready(id)).await.unwrap().state(), Is::Ready);
    let lost = SetReturnItemRequest { state: ReturnItemState::Open.into(), ..done(id, "ticket") };
    assert_eq!(by.set_return_item(lost).await.unwrap().state(), Is::Preparing);
    assert_eq!(why(by.departs_home(departs(id)).await).metadata("state"), "preparing");
    assert_eq!(why(by.start_return(start(&case, ReturnSubject::Adult)).await).metadata("state"), "open");
    assert_eq!(why(by.move_case(&case, "closed").await).metadata("returns"), "1");
    by.cancel_return(cancels(id)).await.unwrap();
    by.cases().change_case_status(to_status(&case, "closed")).await.unwrap();
    assert_eq!(why(by.start_return(start(&case, ReturnSubject::Adult)).await).metadata("state"), "closed");
}

#[tokio::test]
async fn consent_that_is_withdrawn_on_the_last_day_stops_her_journey() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let id = by.adult_ready_to_return(&case).await;
    let stopped = by.refuse_to_return(withdraws(&id)).await.unwrap();
    assert_eq!((stopped.state(), stopped.consent_time), (Is::Preparing, None));
    assert_eq!(why(by.refuse_to_return(withdraws(&id)).await).metadata("state"), "missing");
    by.ready_to_return(ready(&id)).await.unwrap();
    assert_eq!(in_the_way(by.departs_home(departs(&id)).await), "consent_missing");
    by.agree_to_return(consents(&id)).await.unwrap();
    let request = departs(&id);
    let gone = by.departs_home(request.clone()).await.unwrap();
    assert_eq!(by.departs_home(request).await.unwrap(), gone, "the same command");
    assert_eq!(why(by.refuse_to_return(withdraws(&id)).await).metadata("state"), "departed");
    let given = house.tasks(&case).await;
    assert_eq!(given[1..], calls(&[30, 90, 180]));
    let back = ReturnCancelReason::TurnedBack.into();
    by.cancel_return(CancelReturnAssistanceRequest { reason: back, ..cancels(&id) }).await.unwrap();
    assert_eq!(house.tasks(&case).await, calls(&[30, 90, 180]), "she is called all the same");
}

#[tokio::test]
async fn consent_and_departure_at_the_same_instant_leave_nobody_sent() {
    let house = House::new(1).await;
    for stays in [true, false] {
        let case = house.by().case_of_child().await.case_id;
        let id = house.by().adult_ready_to_return(&case).await;
        let gate = Gate::at(&house.stage, ("cases", "case_id"), &case).await;
        let (no, go) =
            (house.another.refuse_to_return(withdraws(&id)), house.by().departs_home(departs(&id)));
        if stays {
            let (no, gone) = meet(gate, no, go).await;
            assert_eq!(no.unwrap().state(), Is::Preparing);
            assert_eq!(why(gone).metadata("state"), "preparing");
        } else {
            let (gone, no) = meet(gate, go, no).await;
            assert_eq!(gone.unwrap().state(), Is::Departed);
            assert_eq!(why(no).metadata("state"), "departed");
        }
    }
}

#[tokio::test]
async fn a_child_goes_with_its_guardian_s_consent_and_an_assessment_that_another_approved() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await;
    let help = by.start_return(start(&case.case_id, ReturnSubject::Unspecified)).await.unwrap();
    assert_eq!(help.subject(), ReturnSubject::Child, "whose age is in doubt");
    let id = help.return_id.as_str();
    by.agree_to_return(consents(id)).await.unwrap();
    by.has_everything(&help).await;
    assert_eq!(in_the_way(by.departs_home(departs(id)).await), "guardian_consent_missing,assessment_missing");
    assert_eq!(why(by.ask_return_override(asks(id)).await).metadata("state"), "nothing_to_lift");
    let (link_id, guardian_id) = by.guardian_of(&case.child_id).await;
    let agrees = |guardian_id: &str| RecordReturnConsentRequest {
        consent_by: ReturnConsentBy::Guardian.into(),
        guardian_id: guardian_id.to_owned(),
        ..consents(id)
    };
    let sister = by.record_person("Leyla", &request_id()).await.person_id;
    let link = LinkPersonsRequest {
        request_id: request_id(),
        person_id: case.child_id.clone(),
        relative_id: sister.clone(),
        relation: Relation::Sibling.into(),
        from_time: None,
    };
    by.persons().link_persons(link).await.unwrap();
    for nobody in [&request_id(), &case.child_id, &sister] {
        assert_eq!(why(by.agree_to_return(agrees(nobody)).await).metadata("resource"), "person");
    }
    by.agree_to_return(agrees(&guardian_id)).await.unwrap();
    let concern: Vec<_> = NOTHING_AGAINST
        .iter()
        .map(|&(question, value)| (question, if question == "safe_now" { "no" } else { value }))
        .collect();
    let unapproved = by.assessed(&case.case_id, BEST_INTERESTS, &NOTHING_AGAINST).await;
    assert_eq!(in_the_way(by.departs_home(departs(id)).await), "assessment_missing", "{unapproved:?}");
    house.wait(60);
    by.best_interests(&case.case_id, &concern, &house.another).await;
    assert_eq!(in_the_way(by.departs_home(departs(id)).await), "best_interests_concern");
    house.wait(60);
    by.best_interests(&case.case_id, &NOTHING_AGAINST, &house.another).await;
    let last =
        house.stage.value("SELECT assessment_id FROM helpline.assessments ORDER BY ordinal DESC LIMIT 1");
    by.assessments().override_assessment(judge(&last, AssessmentOutcome::Positive)).await.unwrap();
    assert_eq!(in_the_way(by.departs_home(departs(id)).await), "best_interests_concern", "as it is judged");
    house.wait(60);
    by.best_interests(&case.case_id, &NOTHING_AGAINST, &house.another).await;

    let end = EndPersonLinkRequest { request_id: request_id(), link_id, until_time: None };
    by.persons().end_person_link(end).await.unwrap();
    assert_eq!(
        in_the_way(by.departs_home(departs(id)).await),
        "guardian_consent_missing",
        "she is no guardian now"
    );
    let (_, next) = by.guardian_of(&case.child_id).await;
    by.agree_to_return(agrees(&next)).await.unwrap();
    let no = WithdrawReturnConsentRequest { consent_by: ReturnConsentBy::Guardian.into(), ..withdraws(id) };
    let stopped = by.refuse_to_return(no).await.unwrap();
    assert_eq!((stopped.state(), stopped.guardian_id.as_str()), (Is::Preparing, ""));
    by.agree_to_return(agrees(&next)).await.unwrap();
    by.ready_to_return(ready(id)).await.unwrap();
    assert_eq!(by.departs_home(departs(id)).await.unwrap().state(), Is::Departed);
}

#[tokio::test]
async fn who_is_afraid_goes_only_when_another_supervisor_has_said_so() {
    let house = House::new(1).await;
    let (by, another) = (house.by(), &house.another);
    let case = by.case_of_child().await.case_id;
    let id = by.adult_ready_to_return(&case).await;
    by.agree_to_return(RecordReturnConsentRequest { fear_recorded: true, ..consents(&id) }).await.unwrap();
    assert!(by.agree_to_return(consents(&id)).await.unwrap().fear_recorded, "nobody takes it back");
    assert_eq!(in_the_way(by.departs_home(departs(&id)).await), "fear_recorded");
    assert_eq!(why(another.approve_return_override(approves(&id)).await).metadata("state"), "not_asked");
    let asked = by.ask_return_override(asks(&id)).await.unwrap().return_override.unwrap();
    assert_eq!((asked.lifts, asked.approved_by), (vec!["fear_recorded".to_owned()], String::new()));
    assert_eq!(why(by.approve_return_override(approves(&id)).await).metadata("state"), "own");
    assert_eq!(in_the_way(by.departs_home(departs(&id)).await), "fear_recorded");
    let lifted = another.approve_return_override(approves(&id)).await.unwrap();
    assert_eq!(lifted.obstacles, [] as [String; 0]);
    assert_eq!(by.departs_home(departs(&id)).await.unwrap().state(), Is::Departed);
}

#[tokio::test]
async fn fear_that_was_recorded_for_a_hand_over_there_is_known_to_who_helps_her_return() {
    let house = House::new(1).await;
    let by = house.by();
    house.stage.world.change_settings(|settings| lets_hand_over(settings, "JO", &[house.agency])).await;
    let case = by.case_of_child().await.case_id;
    let handover = by.prepare_handover(prepare(&case)).await.unwrap().crossborder_id;
    by.check_handover(check(&handover, true)).await.unwrap();
    let to = |country: &str| helpline_proto::shelter::v1::StartReturnAssistanceRequest {
        country: country.to_owned(),
        ..start(&case, ReturnSubject::Adult)
    };
    let there = by.start_return(to("JO")).await.unwrap();
    assert!(there.fear_recorded && there.obstacles.contains(&"fear_recorded".to_owned()));
    by.cancel_return(cancels(&there.return_id)).await.unwrap();
    let elsewhere = by.start_return(to("NP")).await.unwrap();
    assert!(!elsewhere.fear_recorded, "it is of that country");
    by.cancel_return(cancels(&elsewhere.return_id)).await.unwrap();
    by.withdraw_handover(withdraw(&handover)).await.unwrap();
    let next = by.prepare_handover(prepare(&case)).await.unwrap().crossborder_id;
    let there = by.start_return(to("JO")).await.unwrap();
    assert!(there.fear_recorded, "it stands until it is checked again");
    // Who is not afraid any more says so, and is asked again.
    house.stage.world.lift_all(&case).await;
    by.check_handover(check(&next, false)).await.unwrap();
    assert!(!by.return_of(&there.return_id).await.unwrap().fear_recorded);
}

#[tokio::test]
async fn who_may_not_read_the_case_finds_no_help_to_return() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let id = by.adult_ready_to_return(&case).await;
    let stranger = house.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    for answer in [
        stranger.return_of(&id).await,
        stranger.departs_home(departs(&id)).await,
        stranger.cancel_return(cancels(&id)).await,
        stranger.agree_to_return(consents(&id)).await,
        stranger.ask_return_override(asks(&id)).await,
    ] {
        let refused = why(answer);
        assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "return"));
    }
    let other = by.case_of_child().await.case_id;
    for case in [&case, &other] {
        let refused = why(stranger.start_return(start(case, ReturnSubject::Adult)).await);
        assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "case"));
    }
    assert_eq!(
        why(house.responder.return_of(&id).await).code,
        Code::PermissionDenied,
        "the shelter has tasks"
    );
    by.return_of(&id).await.unwrap();
    let seen = "SELECT count(*) FROM helpline.journal WHERE event = 'return_seen'";
    assert_eq!(house.stage.value(seen), "1");
}

#[tokio::test]
async fn who_leaves_the_shelter_first_and_the_country_later_is_called_once() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let stay = house.resident(&case).await.admission_id;
    by.lets_go(&stay).await.unwrap();
    assert_eq!(house.tasks(&case).await, calls(&[30, 90, 180]));
    house.wait(10 * DAY);
    let id = by.adult_ready_to_return(&case).await;
    by.departs_home(departs(&id)).await.unwrap();
    let asked = vec![("confirm_arrival".to_owned(), 3)];
    assert_eq!(house.tasks(&case).await, [asked, calls(&[30, 90, 180])].concat(), "anew from that day");
    // Who never lived there is not called, nor who has no case.
    let contact = house.stage.receive(crate::stage::chat("ar")).await.contact_id;
    let second = by.case_of_child().await.case_id;
    let asked = by.asks_for_bed(&contact, &house.service, &second).await.admission_id;
    by.lets_go(&asked).await.unwrap();
    assert_eq!(house.tasks(&second).await, []);
    let without = house.resident("").await.admission_id;
    by.lets_go(&without).await.unwrap();
}
