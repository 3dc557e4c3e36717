//! What a resident is offered from admission on.

use helpline_proto::casework::v1::AssessmentOutcome;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{DraftReferralRequest, ReferralState};
use helpline_proto::shelter::v1::{
    AnswerServiceOfferRequest, ReturnState, ReturnSubject, ServiceOffer, ServiceOfferState as Is,
    ServiceUnavailableReason,
};
use helpline_tests::assessments::{FOUND, SCREENING};
use helpline_tests::referral::draft;
use helpline_tests::shelter::{answer, arrives, consents, departs, start};
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use super::room::{DAY, House, calls};
use crate::stage::{chat, seconds, why};

fn stands(offers: &[ServiceOffer]) -> Vec<(&str, Is)> {
    offers.iter().map(|one| (one.service.as_str(), one.state())).collect()
}

fn unavailable(admission_id: &str, service: &str) -> AnswerServiceOfferRequest {
    AnswerServiceOfferRequest {
        unavailable_reason: ServiceUnavailableReason::NoCapacity.into(),
        ..answer(admission_id, service, Is::Unavailable)
    }
}

#[tokio::test]
async fn who_was_trafficked_is_taken_in_offered_three_services_helped_home_and_called() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let screening = by.assessed(&case, SCREENING, &FOUND).await;
    assert_eq!(screening.outcome(), AssessmentOutcome::Positive);
    let contact = house.stage.receive(chat("ar")).await.contact_id;
    let asked = by.asks_for_bed(&contact, &house.service, &case).await.admission_id;
    assert_eq!(by.service_offers(&asked).await.unwrap(), [], "nothing before she lives there");
    by.screens(&asked).await.unwrap();
    by.keeps_place(&asked).await.unwrap();
    let stay = by.takes_in(&asked).await.unwrap();
    let offers = house.responder.service_offers(&asked).await.unwrap();
    assert_eq!(stands(&offers), [("legal", Is::Open), ("health", Is::Open), ("psychological", Is::Open)]);
    let within = seconds(offers[0].due_time) - seconds(stay.admit_time);
    assert!((within - 3.0 * 86_400.0).abs() < 1.0, "{within}");

    house.responder.answer_offer(answer(&asked, "legal", Is::DeclinedByResident)).await.unwrap();
    house.responder.answer_offer(unavailable(&asked, "psychological")).await.unwrap();
    house.wait(3 * DAY + 60);
    house.until_alerts(AlertKind::ServiceOfferOverdue, &asked, 1).await;
    let new = DraftReferralRequest { case_id: case.clone(), ..draft(&contact, &[&house.service]) };
    let health = by.draft_referral(new).await.unwrap();
    assert_eq!(health.state(), ReferralState::Draft);
    let accepts = AnswerServiceOfferRequest {
        referral_id: health.referral_id.clone(),
        ..answer(&asked, "health", Is::Accepted)
    };
    let accepted = by.answer_offer(accepts.clone()).await.unwrap();
    assert_eq!((accepted.state(), &accepted.referral_id), (Is::Accepted, &health.referral_id));
    assert_eq!(by.answer_offer(accepts).await.unwrap(), accepted, "the same command");
    house.until_alerts(AlertKind::ServiceOfferOverdue, &asked, 0).await;

    let from_there = helpline_proto::shelter::v1::StartReturnAssistanceRequest {
        admission_id: asked.clone(),
        grace_end_time: Some(house.later(10 * DAY)),
        ..start(&case, ReturnSubject::Adult)
    };
    let help = by.start_return(from_there).await.unwrap();
    assert_eq!((help.state(), &help.admission_id), (ReturnState::Preparing, &asked));
    house.until_alerts(AlertKind::GracePeriodEnding, &help.return_id, 1).await;
    by.agree_to_return(consents(&help.return_id)).await.unwrap();
    by.has_everything(&help).await;
    let gone = by.departs_home(departs(&help.return_id)).await.unwrap();
    assert_eq!(gone.state(), ReturnState::Departed);
    house.until_alerts(AlertKind::GracePeriodEnding, &help.return_id, 0).await;
    by.lets_go(&asked).await.unwrap();
    let given = |tasks: Vec<(String, i64)>| -> Vec<_> {
        tasks
            .into_iter()
            .filter(|(task, _)| task.starts_with("follow") || task.starts_with("confirm"))
            .collect()
    };
    let confirm = vec![("confirm_arrival".to_owned(), 3)];
    assert_eq!(given(house.tasks(&case).await), [confirm, calls(&[30, 90, 180])].concat(), "each once");
    assert_eq!(by.arrives_home(arrives(&help.return_id)).await.unwrap().state(), ReturnState::Arrived);
    assert_eq!(
        given(house.tasks(&case).await),
        calls(&[30, 90, 180]),
        "nobody asks any more whether she arrived"
    );
}

#[tokio::test]
async fn what_nobody_offered_in_time_alerts_once_after_an_outage_too_until_she_leaves() {
    let mut house = House::new(1).await;
    let stay = house.resident("").await.admission_id;
    assert!(house.stage.world.stop_servers().await);
    house.wait(30 * DAY);
    house.stage.world.start_again().await;
    house.stage.supervisor = house.stage.world.supervisor().await;
    house.until_alerts(AlertKind::ServiceOfferOverdue, &stay, 1).await;
    let by = house.by();
    by.answer_offer(unavailable(&stay, "legal")).await.unwrap();
    house.wait(DAY);
    let told = "SELECT count(*) FROM helpline.alerts WHERE kind = 'service_offer_overdue'";
    assert_eq!(house.stage.value(told), "1", "once for all that is late");
    by.lets_go(&stay).await.unwrap();
    house.until_alerts(AlertKind::ServiceOfferOverdue, &stay, 0).await;
    let left = by.service_offers(&stay).await.unwrap();
    assert_eq!(
        stands(&left),
        [("legal", Is::Unavailable), ("health", Is::Lapsed), ("psychological", Is::Lapsed)]
    );
    let late = why(by.answer_offer(answer(&stay, "health", Is::DeclinedByResident)).await);
    assert_eq!(late.metadata("state"), "lapsed");
    let again = why(by.offer_again(&stay, "legal").await);
    assert_eq!((again.reason.as_str(), again.metadata("state")), ("STATE_REFUSED", "exited"));
}

#[tokio::test]
async fn a_resident_may_change_her_mind_and_only_her_own_referral_carries_an_offer_out() {
    let house = House::new(2).await;
    let by = house.by();
    let (hers, other) = (house.resident("").await.admission_id, house.resident("").await);
    by.answer_offer(answer(&hers, "legal", Is::DeclinedByResident)).await.unwrap();
    let twice = why(by.answer_offer(answer(&hers, "legal", Is::DeclinedByResident)).await);
    assert_eq!(twice.metadata("state"), "declined_by_resident");
    let again = by.offer_again(&hers, "legal").await.unwrap();
    assert_eq!((again.state(), again.answer_time), (Is::Open, None));
    assert_eq!(why(by.offer_again(&hers, "legal").await).metadata("state"), "open");

    let accepts = |referral_id: &str| AnswerServiceOfferRequest {
        referral_id: referral_id.to_owned(),
        ..answer(&hers, "legal", Is::Accepted)
    };
    let of_hers = by.stay(&hers).await.unwrap().referral_id;
    for not_hers in [&other.referral_id, &of_hers, &request_id()] {
        let refused = why(by.answer_offer(accepts(not_hers)).await);
        assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "referral"));
    }
    let wrong = [
        answer(&hers, "legal", Is::Accepted),
        answer(&hers, "legal", Is::Unavailable),
        answer(&hers, "legal", Is::Open),
        answer(&hers, "legal", Is::Lapsed),
        AnswerServiceOfferRequest {
            referral_id: request_id(),
            ..answer(&hers, "legal", Is::DeclinedByResident)
        },
    ];
    for request in wrong {
        assert_eq!(why(by.answer_offer(request).await).code, Code::InvalidArgument);
    }
    let unknown = why(by.answer_offer(answer(&hers, "school", Is::DeclinedByResident)).await);
    assert_eq!(unknown.metadata("resource"), "service");
    let stranger = house.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let refused = why(stranger.answer_offer(answer(&hers, "legal", Is::DeclinedByResident)).await);
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "admission"));
}
