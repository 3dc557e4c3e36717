//! From the offer that names nobody to the last report.

use helpline_proto::crossborder::v1::{
    CloseCrossBorderHandoverRequest, CrossBorderOutcome, CrossBorderState, ListCrossBorderTimelineRequest,
    PlanCrossBorderTravelRequest, SignCrossBorderCertificateRequest,
};
use helpline_tests::crossborder::{
    accept, arrive, assess, close, depart, journey, plan, report, sign, visit, withdraw,
};
use tonic::Code;

use super::room::{Border, DAY, HOUR, signing};
use crate::stage::why;

#[tokio::test]
async fn a_child_is_handed_over_from_the_offer_that_names_nobody_to_the_last_report() {
    let border = Border::new().await;
    let (amina, (agency, there)) = (&border.amina, &border.first);
    let id = amina.offers_abroad(*agency).await;

    // The offer names nobody.
    let offered = there.handover_abroad(&id).await.unwrap();
    assert_eq!(offered.state(), CrossBorderState::Offered);
    assert_eq!(offered.profile.as_ref().unwrap().needs, ["family_tracing", "schooling"]);
    assert_eq!((offered.particulars, offered.readable_classes.len()), (None, 0));
    assert_eq!((offered.case_id.as_str(), offered.decision.is_none()), ("", true));

    // Accepted without an assessment nobody is.
    assert_eq!(why(there.accept_child(accept(&id)).await).metadata("state"), "offered");
    there.assess_handover(assess(&id)).await.unwrap();
    let accepted = there.accept_child(accept(&id)).await.unwrap();
    let known = accepted.particulars.unwrap();
    assert_eq!((known.identity.as_str(), known.perpetrator.as_str()), ("Salma, born in Irbid", ""));
    assert_eq!(amina.handover_abroad(&id).await.unwrap().conditions, "An escort speaks Arabic.");

    // The way there.
    assert_eq!(why(amina.child_departs(depart(&id)).await).metadata("state"), "accepted");
    let travel = Some(journey(border.later(HOUR), border.later(8 * HOUR)));
    amina.plan_travel(PlanCrossBorderTravelRequest { travel, ..plan(&id) }).await.unwrap();
    assert_eq!(why(there.child_arrives(arrive(&id)).await).metadata("state"), "travel_planned");
    amina.child_departs(depart(&id)).await.unwrap();
    assert_eq!(why(amina.withdraw_handover(withdraw(&id)).await).metadata("state"), "departed");
    let noted = amina.child_arrives(arrive(&id)).await.unwrap();
    assert_eq!(noted.state(), CrossBorderState::Departed, "who receives the child says that she is there");
    let arrived = there.child_arrives(arrive(&id)).await.unwrap();
    assert_eq!(arrived.state(), CrossBorderState::ArrivedConfirmed);

    // Both sign the same.
    let other = SignCrossBorderCertificateRequest { sha256: "0".repeat(64), ..sign(&id) };
    assert_eq!(why(amina.sign_certificate(other).await).fields, ["sha256"]);
    let once = amina.sign_certificate(signing(&arrived)).await.unwrap();
    assert_eq!(once.state(), CrossBorderState::ArrivedConfirmed);
    assert_eq!(why(amina.sign_certificate(signing(&arrived)).await).metadata("state"), "signed");
    let signed = there.sign_certificate(signing(&arrived)).await.unwrap();
    assert_eq!(signed.state(), CrossBorderState::HandedOver);
    let certificate = signed.certificate.unwrap();
    assert_eq!(
        (certificate.sending_signed_by, certificate.receiving_signed_by),
        (amina.counsellor_id.clone(), there.token_id.clone())
    );
    let document = certificate.document.replace('\'', "''");
    let hash = format!("SELECT encode(sha256(convert_to('{document}', 'UTF8')), 'hex')");
    assert_eq!(border.stage.value(&hash), certificate.sha256, "anybody can verify it");

    // From then on.
    let due = "SELECT round(extract(epoch FROM due_at - receiving_signed_at) / 86400) FROM helpline.crossborder_handovers";
    assert_eq!(border.stage.value(due), "7", "five working days");
    there.visit_child(visit(&id)).await.unwrap();
    for _ in 0..6 {
        border.wait(29 * DAY);
        border.anew().await.1.report_on_child(report(&id)).await.unwrap();
    }
    let (amina, there) = border.anew().await;
    let early = why(amina.close_handover(close(&id)).await);
    assert_eq!(early.metadata("state"), "monitored_too_short");
    border.wait(20 * DAY);
    let closed = amina.close_handover(close(&id)).await.unwrap();
    assert_eq!((closed.state(), closed.reports), (CrossBorderState::Closed, 6));
    assert_eq!(closed.outcome(), CrossBorderOutcome::Settled);
    let read = there.handover_abroad(&id).await.unwrap();
    assert_eq!((read.state(), read.particulars), (CrossBorderState::Closed, None), "over is over");
    assert_eq!(why(amina.close_handover(close(&id)).await).metadata("state"), "closed");

    let events = "SELECT string_agg(event, ' ' ORDER BY sequence) FROM helpline.crossborder_events";
    assert_eq!(
        border.stage.value(events),
        "prepared consented checked offered assessing accepted travel_planned departed arrival_noted arrived_confirmed \
         signed_by_sending signed_by_receiving first_visit_done monitoring_reported monitoring_reported monitoring_reported \
         monitoring_reported monitoring_reported monitoring_reported closed"
    );
}

#[tokio::test]
async fn a_case_with_an_open_handover_is_not_closed() {
    let border = Border::new().await;
    let id = border.amina.offers_abroad(border.first.0).await;
    let case_id = border.amina.handover_abroad(&id).await.unwrap().case_id;
    let open = why(border.amina.move_case(&case_id, "closed").await);
    assert_eq!((open.reason.as_str(), open.metadata("cross_border")), ("CASE_OPEN_WORK", "1"));
    border.amina.withdraw_handover(withdraw(&id)).await.unwrap();
    border.amina.move_case(&case_id, "closed").await.unwrap();
}

#[tokio::test]
async fn who_has_no_part_in_it_cannot_tell_it_from_nothing() {
    let border = Border::new().await;
    let id = border.departed().await;
    let colleague = border.stage.world.counsellor(helpline_tests::Abilities::speaking(&["ar"])).await;
    for stranger in [&colleague, &border.second.1] {
        let there = stranger.handover_abroad(&id).await.unwrap_err();
        let nowhere = stranger.handover_abroad(&helpline_tests::request_id()).await.unwrap_err();
        assert_eq!((there.code(), there.message()), (Code::NotFound, nowhere.message()));
        let request = ListCrossBorderTimelineRequest {
            crossborder_id: id.clone(),
            ..ListCrossBorderTimelineRequest::default()
        };
        let timeline = stranger.cross_border().list_cross_border_timeline(request).await;
        assert_eq!(timeline.unwrap_err().code(), Code::NotFound);
        assert_eq!(stranger.child_arrives(arrive(&id)).await.unwrap_err().code(), Code::NotFound);
    }
    let lost = CloseCrossBorderHandoverRequest { outcome: CrossBorderOutcome::Lost.into(), ..close(&id) };
    assert_eq!(colleague.close_handover(lost).await.unwrap_err().code(), Code::NotFound);
}
