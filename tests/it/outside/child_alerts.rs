//! An agency is told of a missing-child alert.

use helpline_proto::escalation::v1::GetChildAlertDocumentRequest;
use helpline_tests::child_alert::{a_child_is_missing, approve, ask, content, disclose_to, lets_send_alerts};
use helpline_tests::{Answer, Partner};
use serde_json::{Value, json};

use super::scene::{Scene, until};

#[tokio::test]
async fn an_agency_is_told_the_id_of_the_alert_alone_and_fetches_the_rest() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(204)]).await;
    scene.hook(&partner.url).await;
    lets_send_alerts(&scene.world).await;
    let escalation_id = a_child_is_missing(&scene.supervisor).await;
    disclose_to(&scene.supervisor, &escalation_id, &scene.agency).await;
    let asked = ask(&scene.supervisor, &escalation_id, content(&[&scene.agency])).await.unwrap();
    let colleague = scene.world.supervisor().await;
    let issued = approve(&colleague, &asked).await.unwrap();
    let heard = until("the agency hears of it", async || partner.heard().into_iter().next()).await;
    let mut body: Value = serde_json::from_slice(&heard.body).unwrap();
    body["timestamp"].take();
    let data = json!({"child_alert_id": issued.alert_id});
    assert_eq!(body, json!({"type": "child_alert.issued", "timestamp": null, "data": data}));

    let delivery = until("it is written down", async || {
        let told = scene.deliveries(&escalation_id).await;
        told.into_iter().find(|one| one.child_alert_id == issued.alert_id && one.deliver_time.is_some())
    })
    .await;
    assert_eq!(delivery.event, "child_alert.issued");
    let delivered = "SELECT delivered_at IS NOT NULL FROM helpline.escalations";
    assert_eq!(scene.one(delivered), "f", "the escalation itself has reached nobody by this");

    let responder = scene.world.responder(scene.agency.parse().unwrap()).await;
    let fetch =
        GetChildAlertDocumentRequest { alert_id: issued.alert_id, ..GetChildAlertDocumentRequest::default() };
    let answer = responder.child_alerts().get_child_alert_document(fetch).await.unwrap().into_inner();
    assert!(answer.document.contains("<headline>طفلة مفقودة</headline>"));
}
