//! What was agreed: within consent, without what the country's rules forbid, and cut at the next request.

use helpline_proto::crossborder::v1::{
    ApproveCrossBorderOverrideRequest, CrossBorderAssent, CrossBorderState, RecordCrossBorderConsentRequest,
    WithdrawCrossBorderConsentRequest,
};
use helpline_proto::escalation::v1::{ConsentBy, DisclosureGround};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::crossborder::{check, consent, depart, journey, offer, plan, prepare};
use helpline_tests::request_id;

use super::room::{Border, HOUR};
use crate::stage::{until, why};

#[tokio::test]
async fn withdrawn_consent_cuts_what_is_read_at_the_next_request_and_keeps_the_child_here() {
    let border = Border::new().await;
    let (amina, (agency, there)) = (&border.amina, &border.first);
    let id = amina.accepted_abroad(*agency, there).await;
    let travel = Some(journey(border.later(HOUR), border.later(8 * HOUR)));
    let planned = helpline_proto::crossborder::v1::PlanCrossBorderTravelRequest { travel, ..plan(&id) };
    amina.plan_travel(planned).await.unwrap();
    assert_eq!(there.handover_abroad(&id).await.unwrap().travel.unwrap().details, "The bus at six.");
    let agreed = border.stage.value("SELECT disclosure_id FROM helpline.disclosures");
    let request = WithdrawCrossBorderConsentRequest { request_id: request_id(), consent_id: agreed };
    amina.cross_border().withdraw_cross_border_consent(request).await.unwrap();
    let cut = there.handover_abroad(&id).await.unwrap();
    assert_eq!((cut.particulars, cut.readable_classes.len()), (None, 0));
    assert_eq!(
        (cut.travel, cut.depart_time, cut.due_time),
        (None, None, None),
        "nor when and how she travels"
    );
    let stays = why(amina.child_departs(depart(&id)).await);
    assert_eq!((stays.reason.as_str(), stays.metadata("why")), ("TRANSFER_REFUSED", "consent_missing"));
    amina.agree_abroad(consent(&id, *agency)).await.unwrap();
    amina.child_departs(depart(&id)).await.unwrap();
    let read = "SELECT count(*) FROM helpline.journal WHERE event = 'particulars_read' AND detail ? 'crossborder_id'";
    assert_eq!(border.stage.value(read), "2", "with the acceptance, and with the travel");
}

#[tokio::test]
async fn the_childs_no_cuts_what_a_guardian_agreed_to() {
    let border = Border::new().await;
    let (amina, (agency, there)) = (&border.amina, &border.first);
    let id = amina.accepted_abroad(*agency, there).await;
    let guardian = |assent: CrossBorderAssent| RecordCrossBorderConsentRequest {
        consent_by: ConsentBy::Guardian.into(),
        assent: assent.into(),
        ..consent(&id, *agency)
    };
    let no = amina.agree_abroad(guardian(CrossBorderAssent::Refused)).await.unwrap().consent_id;
    assert_eq!(there.handover_abroad(&id).await.unwrap().particulars, None);
    // What the guardian says again without the child opens nothing; only the child does.
    amina.agree_abroad(guardian(CrossBorderAssent::NotAsked)).await.unwrap();
    assert_eq!(there.handover_abroad(&id).await.unwrap().particulars, None);
    // Nor is a no taken back for the child.
    let request = WithdrawCrossBorderConsentRequest { request_id: request_id(), consent_id: no };
    let refused = why(amina.cross_border().withdraw_cross_border_consent(request).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "refused"));
    assert_eq!(there.handover_abroad(&id).await.unwrap().particulars, None);
    let travel = Some(journey(border.later(HOUR), border.later(8 * HOUR)));
    let planned = helpline_proto::crossborder::v1::PlanCrossBorderTravelRequest { travel, ..plan(&id) };
    amina.plan_travel(planned).await.unwrap();
    assert_eq!(why(amina.child_departs(depart(&id)).await).reason, "TRANSFER_REFUSED");
    let missing = RecordCrossBorderConsentRequest { assent: 0, ..guardian(CrossBorderAssent::Given) };
    assert_eq!(why(amina.agree_abroad(missing).await).fields, ["assent"]);
    amina.agree_abroad(guardian(CrossBorderAssent::Given)).await.unwrap();
    assert!(there.handover_abroad(&id).await.unwrap().particulars.is_some());
    // Who agrees with the guardian agrees.
    amina.agree_abroad(guardian(CrossBorderAssent::Refused)).await.unwrap();
    assert_eq!(there.handover_abroad(&id).await.unwrap().particulars, None);
    let both = RecordCrossBorderConsentRequest {
        assent: 0,
        consent_by: ConsentBy::Both.into(),
        ..consent(&id, *agency)
    };
    amina.agree_abroad(both).await.unwrap();
    assert!(there.handover_abroad(&id).await.unwrap().particulars.is_some());
}

#[tokio::test]
async fn an_override_opens_when_another_has_approved_it_and_no_more_than_it_says() {
    let border = Border::new().await;
    let (by, (agency, there)) = (&border.stage.supervisor, &border.first);
    let case = by.case_of_child().await;
    let id = by.prepare_handover(prepare(&case.case_id)).await.unwrap().crossborder_id;
    let asked = RecordCrossBorderConsentRequest {
        consent_by: 0,
        ground: DisclosureGround::BestInterests.into(),
        field_classes: vec![
            FieldClass::Identity.into(),
            FieldClass::Health.into(),
            FieldClass::Perpetrator.into(),
        ],
        withheld: vec![FieldClass::Health.into()],
        ..consent(&id, *agency)
    };
    let asked = by.agree_abroad(asked).await.unwrap();
    let nothing = by.check_handover(check(&id, false)).await.unwrap();
    assert_eq!(nothing.decision.unwrap().obstacles, ["consent_missing"]);
    let approve = || ApproveCrossBorderOverrideRequest {
        request_id: request_id(),
        consent_id: asked.consent_id.clone(),
    };
    let own = why(by.cross_border().approve_cross_border_override(approve()).await);
    assert_eq!(own.metadata("state"), "own");
    let other = border.stage.world.supervisor().await;
    other.cross_border().approve_cross_border_override(approve()).await.unwrap();
    let checked = by.check_handover(check(&id, false)).await.unwrap();
    assert_eq!(checked.state(), CrossBorderState::ConsentChecked);
    by.offer_abroad(offer(&id)).await.unwrap();
    there.assess_handover(helpline_tests::crossborder::assess(&id)).await.unwrap();
    let accepted = there.accept_child(helpline_tests::crossborder::accept(&id)).await.unwrap();
    assert_eq!(accepted.readable_classes, [i32::from(FieldClass::Identity)]);
}

#[tokio::test]
async fn an_override_opens_nothing_where_the_country_lets_none_do_whatever_else_is_agreed() {
    let border = Border::new().await;
    let (by, (agency, there)) = (&border.stage.supervisor, &border.first);
    let id = by.accepted_abroad(*agency, there).await;
    let agreed = border.stage.value("SELECT disclosure_id FROM helpline.disclosures");
    let identity = RecordCrossBorderConsentRequest {
        field_classes: vec![FieldClass::Identity.into()],
        ..consent(&id, *agency)
    };
    by.agree_abroad(identity).await.unwrap();
    let request = WithdrawCrossBorderConsentRequest { request_id: request_id(), consent_id: agreed };
    by.cross_border().withdraw_cross_border_consent(request).await.unwrap();
    let health = RecordCrossBorderConsentRequest {
        consent_by: 0,
        ground: DisclosureGround::BestInterests.into(),
        field_classes: vec![FieldClass::Health.into()],
        ..consent(&id, *agency)
    };
    let consent_id = by.agree_abroad(health).await.unwrap().consent_id;
    let request = ApproveCrossBorderOverrideRequest { request_id: request_id(), consent_id };
    let other = border.stage.world.supervisor().await;
    other.cross_border().approve_cross_border_override(request).await.unwrap();
    let both = [FieldClass::Identity, FieldClass::Health].map(i32::from);
    let mut readable = there.handover_abroad(&id).await.unwrap().readable_classes;
    readable.sort_unstable();
    assert_eq!(readable, both);
    border
        .stage
        .world
        .change_settings(|settings| {
            settings.cross_border.as_mut().unwrap().countries[0].override_allowed = false;
        })
        .await;
    let narrower = until("the settings are known", async || {
        let readable = there.handover_abroad(&id).await.unwrap().readable_classes;
        (readable != both).then_some(readable)
    })
    .await;
    assert_eq!(narrower, [i32::from(FieldClass::Identity)]);
}
