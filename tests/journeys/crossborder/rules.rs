//! The rules of a country, and whom they let ask.

use helpline_proto::crossborder::v1::{
    CheckCrossBorderTransferRequest, CrossBorderState, OfferCrossBorderHandoverRequest,
    PrepareCrossBorderHandoverRequest,
};
use helpline_tests::crossborder::{check, consent, decline, lets_hand_over, offer, prepare};

use super::room::{Border, DAY};
use crate::alerts::listed;
use crate::stage::{until, why};
use helpline_proto::queueing::v1::AlertKind;

#[tokio::test]
async fn the_rules_of_the_country_are_asked_before_anything_is_sent_and_the_decision_stands() {
    let border = Border::new().await;
    let (amina, agency) = (&border.amina, border.first.0);
    let case = amina.case_of_child().await;
    let nowhere = PrepareCrossBorderHandoverRequest { country: "ZZ".to_owned(), ..prepare(&case.case_id) };
    assert_eq!(why(amina.prepare_handover(nowhere).await).fields, ["country"]);
    let id = amina.prepare_handover(prepare(&case.case_id)).await.unwrap().crossborder_id;
    assert_eq!(why(amina.offer_abroad(offer(&id)).await).metadata("state"), "prepared");
    amina.agree_abroad(consent(&id, agency)).await.unwrap();
    let rumour = CheckCrossBorderTransferRequest { legal_basis: "rumour".to_owned(), ..check(&id, true) };
    let refused = amina.check_handover(rumour).await.unwrap();
    let decision = refused.decision.clone().unwrap();
    assert_eq!((refused.state(), decision.allowed), (CrossBorderState::Prepared, false));
    assert_eq!(decision.obstacles, ["fear_recorded", "legal_basis"]);
    let kept =
        "SELECT detail #>> '{decision,obstacles,1}' FROM helpline.crossborder_events WHERE event = 'checked'";
    assert_eq!(border.stage.value(kept), "legal_basis");
    border.stage.world.lift_all(&case.case_id).await;
    let lifted = amina.check_handover(check(&id, false)).await.unwrap();
    assert!(lifted.decision.unwrap().allowed);
    assert_eq!((decision.agreed.as_str(), decision.country.as_str()), ("consent", "JO"));
    let version = amina.check_handover(check(&id, false)).await.unwrap().decision.unwrap().rules_version;

    // The rules in force are asked again, and what is open to be read is closed with them.
    border
        .stage
        .world
        .change_settings(|settings| {
            settings.cross_border.as_mut().unwrap().countries[0].closed = true;
        })
        .await;
    let closed = until("the settings are known", async || {
        let answer = amina.offer_abroad(offer(&id)).await;
        Some(why(answer)).filter(|refusal| refusal.reason == "TRANSFER_REFUSED")
    })
    .await;
    assert_eq!(closed.metadata("why"), "country_closed");
    assert!(version > 0);
}

#[tokio::test]
async fn fear_that_is_recorded_later_closes_what_was_open() {
    let border = Border::new().await;
    let (agency, there) = &border.first;
    let id = border.amina.accepted_abroad(*agency, there).await;
    assert!(there.handover_abroad(&id).await.unwrap().particulars.is_some());
    border.amina.check_handover(check(&id, true)).await.unwrap();
    let closed = there.handover_abroad(&id).await.unwrap();
    assert_eq!((closed.particulars, closed.profile), (None, None));
    assert!(border.amina.handover_abroad(&id).await.unwrap().decision.unwrap().fear_recorded);

    // It is recorded for the case, and nobody but a supervisor says that it is not so.
    let again = border.amina.check_handover(check(&id, false)).await.unwrap().decision.unwrap();
    assert_eq!(again.obstacles, ["fear_recorded"]);
    let case = border.amina.handover_abroad(&id).await.unwrap().case_id;
    let recorded = border.amina.protections_of(&case).await.unwrap();
    assert_eq!(recorded.iter().map(|one| one.country.as_str()).collect::<Vec<_>>(), ["JO"]);
    let timeline = border.amina.case_timeline(&case).await.unwrap();
    assert_eq!(timeline.iter().filter(|entry| entry.event == "protection_recorded").count(), 1);
    let journalled = "SELECT count(*) FROM helpline.journal WHERE event = 'protection_recorded'";
    assert_eq!(border.stage.value(journalled), "1");
    border.stage.world.lift_all(&case).await;
    let lifted = border.stage.supervisor.check_handover(check(&id, false)).await.unwrap();
    assert!(lifted.decision.unwrap().allowed);
    assert!(there.handover_abroad(&id).await.unwrap().particulars.is_some());
}

#[tokio::test]
async fn rules_that_are_tightened_close_what_was_open() {
    let border = Border::new().await;
    let (agency, there) = &border.first;
    let id = border.amina.accepted_abroad(*agency, there).await;
    assert!(there.handover_abroad(&id).await.unwrap().particulars.is_some());
    border
        .stage
        .world
        .change_settings(|settings| {
            settings.cross_border.as_mut().unwrap().countries[0].legal_bases =
                vec!["repatriation".to_owned()];
        })
        .await;
    until("the settings are known", async || {
        let now = there.handover_abroad(&id).await.unwrap();
        (now.particulars.is_none() && now.profile.is_none()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn declined_it_is_offered_to_another_who_alone_knows_of_it_from_then_on() {
    let border = Border::new().await;
    let (amina, (one, first), (two, second)) = (&border.amina, &border.first, &border.second);
    let id = amina.offers_abroad(*one).await;
    let elsewhere = border.stage.world.agency().await;
    let declined = first.decline_child(decline(&id)).await.unwrap();
    assert_eq!((declined.state(), declined.profile), (CrossBorderState::Declined, None));
    let to = |agency: &helpline_domain::id::AgencyId| OfferCrossBorderHandoverRequest {
        agency_id: agency.to_string(),
        ..offer(&id)
    };
    assert_eq!(why(amina.offer_abroad(to(&elsewhere)).await).fields, ["agency_id"]);
    let offered = amina.offer_abroad(offer(&id)).await.unwrap();
    assert_eq!(offered.offers.last().unwrap().agency_id, two.to_string());
    assert_eq!(second.handover_abroad(&id).await.unwrap().offers.len(), 1);
    let over = first.handover_abroad(&id).await.unwrap();
    assert_eq!((over.state(), over.offers.len()), (CrossBorderState::Declined, 1));
    assert_eq!(why(first.decline_child(decline(&id)).await).metadata("state"), "declined");
}

#[tokio::test]
async fn an_offer_that_nobody_answers_goes_to_the_fallback_and_then_to_supervisors_once() {
    let border = Border::new().await;
    let (amina, by) = (&border.amina, &border.stage.supervisor);
    let id = amina.offers_abroad(border.first.0).await;
    border.wait(2 * DAY + 1);
    until("the fallback is asked", async || border.second.1.handover_abroad(&id).await.ok()).await;
    let over = border.first.1.handover_abroad(&id).await.unwrap();
    assert_eq!(over.state(), CrossBorderState::Withdrawn);
    let alerts = async || {
        let kind = AlertKind::CrossBorderOverdue;
        listed(by, true)
            .await
            .into_iter()
            .filter(|one| one.kind() == kind && one.crossborder_id == id)
            .count()
    };
    assert_eq!(alerts().await, 0);
    border.wait(2 * DAY + 1);
    until("supervisors are alerted", async || (alerts().await == 1).then_some(())).await;
    assert_eq!(amina.handover_abroad(&id).await.unwrap().state(), CrossBorderState::Declined);
    let told = "SELECT count(*) FROM helpline.crossborder_events WHERE event = 'overdue'";
    border.wait(20 * DAY);
    border.stage.world.change_settings(|settings| lets_hand_over(settings, "SY", &[border.first.0])).await;
    assert_eq!(border.stage.value(told), "1", "once");
    amina.withdraw_handover(helpline_tests::crossborder::withdraw(&id)).await.unwrap();
    until("the alarm is over", async || (alerts().await == 0).then_some(())).await;
}
