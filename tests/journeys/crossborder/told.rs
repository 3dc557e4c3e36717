//! A focal point is told by its endpoints, by ids alone.

use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, SignatureScheme};
use helpline_proto::crossborder::v1::OfferCrossBorderHandoverRequest;
use helpline_tests::crossborder::{consent, offer, withdraw};
use helpline_tests::{Answer, Partner, World, WorldOptions, request_id};

use super::room::{Border, DAY};
use crate::stage::{Stage, until};

/// A border whose first focal point has a webhook, which answers so.
async fn reached(answers: impl IntoIterator<Item = Answer>) -> (Border, Partner) {
    // A helpline that may tell this machine.
    let config = "[channels]\nprivate_targets = true\n".to_owned();
    let world = World::start_with(WorldOptions { config, ..WorldOptions::default() }).await;
    let (adapter, supervisor) = (world.adapter().await, world.supervisor().await);
    let border = Border::on(Stage { world, adapter, supervisor }).await;
    let partner = Partner::answering(answers).await;
    let request = CreateEndpointRequest {
        request_id: request_id(),
        agency_id: border.first.0.to_string(),
        kind: EndpointKind::Webhook.into(),
        address: partner.url.clone(),
        signature: SignatureScheme::V1.into(),
    };
    border.stage.world.administrator().endpoints().create_endpoint(request).await.unwrap();
    (border, partner)
}

#[tokio::test]
async fn a_focal_point_is_told_of_an_offer_and_of_its_end_by_ids_alone() {
    let (border, partner) = reached([Answer::Status(204)]).await;
    let id = border.amina.offers_abroad(border.first.0).await;
    let bodies = || -> Vec<String> {
        partner.heard().into_iter().map(|heard| String::from_utf8(heard.body).unwrap()).collect()
    };
    until("the offer is told", async || (bodies().len() == 1).then_some(())).await;
    border.amina.withdraw_handover(withdraw(&id)).await.unwrap();
    until("its end is told", async || (bodies().len() == 2).then_some(())).await;
    let told = bodies();
    assert!(told[0].contains("crossborder.offered") && told[1].contains("crossborder.withdrawn"), "{told:?}");
    for body in told {
        assert!(body.contains(&id) && !body.contains("JO") && !body.contains("Salma"), "{body}");
    }
}

#[tokio::test]
async fn a_focal_point_hears_that_an_offer_was_taken_back_although_the_hand_over_ends_meanwhile() {
    let (border, partner) = reached([Answer::Status(204), Answer::Status(503), Answer::Status(204)]).await;
    let (amina, second) = (&border.amina, border.second.0);
    let id = amina.offers_abroad(border.first.0).await;
    until("the offer is told", async || (partner.heard().len() == 1).then_some(())).await;
    amina.agree_abroad(consent(&id, second)).await.unwrap();
    amina
        .offer_abroad(OfferCrossBorderHandoverRequest { agency_id: second.to_string(), ..offer(&id) })
        .await
        .unwrap();
    until("it does not get through", async || (partner.heard().len() == 2).then_some(())).await;
    amina.withdraw_handover(withdraw(&id)).await.unwrap();
    border.wait(DAY);
    until("it does", async || (partner.heard().len() == 3).then_some(())).await;
    let told = String::from_utf8(partner.heard().remove(2).body).unwrap();
    assert!(told.contains("crossborder.withdrawn") && told.contains(&id), "{told}");
}
