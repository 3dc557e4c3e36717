//! What deliveries that did not arrive mean for the ladder.

use helpline_proto::channels::v1::{DeliveryState, ListDeliveriesRequest, ReplayDeliveryRequest};
use helpline_store::delivery::sending::{Settled, Settlement};
use helpline_tests::{Answer, Partner, refused, request_id};
use sqlx::Connection as _;

use super::scene::{Danger, NOW, Scene, until};

fn moved_on(scene: &Scene, escalation: &str) -> bool {
    // The servers may have seen it already.
    let sql = format!(
        "SELECT due_at <= helpline.now() OR state = 'unanswered' FROM helpline.escalations WHERE escalation_id = '{escalation}'"
    );
    scene.one(&sql) == "t"
}

#[tokio::test]
async fn a_step_of_which_nothing_arrived_is_over_at_once() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(410)]).await;
    let hooks = [scene.hook(&partner.url).await, scene.number().await];
    let escalation = scene.escalation(NOW);
    let ids = scene.due_all(&escalation, &[&hooks[0], &hooks[1]]);
    for id in &ids {
        scene.tried(&escalation, id, 1).await;
    }
    let mut timeline = scene.timeline(&escalation);
    assert_eq!(timeline.pop().unwrap(), "step_failed");
    assert_eq!(timeline, ["delivery_failed"; 2]);
    assert!(moved_on(&scene, &escalation));
    let held = scene.deliveries(&escalation).await;
    let held = held.iter().find(|one| one.endpoint_id == hooks[1]).unwrap();
    assert_eq!((held.state(), held.last_result.as_str()), (DeliveryState::HeldBack, "not_configured"));
}

#[tokio::test]
async fn a_step_of_which_something_arrived_waits_for_its_time() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(200)]).await;
    let hooks = [scene.hook(&partner.url).await, scene.number().await];
    let escalation = scene.escalation(NOW);
    for id in scene.due_all(&escalation, &[&hooks[0], &hooks[1]]) {
        scene.tried(&escalation, &id, 1).await;
    }
    assert!(!scene.timeline(&escalation).contains(&"step_failed".to_owned()));
    assert!(!moved_on(&scene, &escalation));
}

#[tokio::test]
async fn deliveries_are_listed_in_the_order_in_which_they_were_made() {
    let scene = Scene::set().await;
    let number = scene.number().await;
    let escalation = scene.escalation(NOW);
    let mut ids: Vec<String> = (0..4).map(|_| scene.due(&escalation, &number)).collect();
    // Ids of what goes to endpoints say nothing about when it was made.
    ids.sort_unstable_by(|one, other| other.cmp(one));
    for (place, id) in ids.iter().enumerate() {
        scene.sql(&format!(
            "UPDATE helpline.deliveries SET made_at = made_at - interval '1 hour' + make_interval(secs => {place})
             WHERE delivery_id = '{id}'"
        ));
    }
    let (mut listed, mut request) = (Vec::new(), ListDeliveriesRequest::default());
    (request.escalation_id, request.page_size) = (escalation, 3);
    loop {
        let page = scene.supervisor.deliveries().list_deliveries(request.clone()).await.unwrap().into_inner();
        listed.extend(page.deliveries.into_iter().map(|delivery| delivery.delivery_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn a_step_that_is_past_moves_nothing() {
    let scene = Scene::set().await;
    let number = scene.number().await;
    let escalation = scene.escalation(NOW);
    scene.sql(&format!("UPDATE helpline.escalations SET rung = 2 WHERE escalation_id = '{escalation}'"));
    let id = scene.due(&escalation, &number);
    scene.tried(&escalation, &id, 1).await;
    assert_eq!(scene.timeline(&escalation), ["delivery_failed"]);
    assert!(!moved_on(&scene, &escalation));
}

#[tokio::test]
async fn of_deliveries_that_fail_at_the_same_moment_exactly_one_moves_the_ladder() {
    let mut scene = Scene::set().await;
    let (first, second) = (scene.number().await, scene.number().await);
    let store = scene.store_alone().await;
    let centre = scene.world.centre.id;
    let escalation = scene.escalation(NOW);
    scene.due_all(&escalation, &[&first, &second]);
    let claimed = store.claim_deliveries(centre, 9, false).await.unwrap();
    assert_eq!(claimed.len(), 2);

    // Both begin before either is through: somebody holds the escalation.
    let mut holder = sqlx::PgConnection::connect(&scene.world.database.url()).await.unwrap();
    let mut held = holder.begin().await.unwrap();
    sqlx::query("SELECT FROM helpline.escalations FOR UPDATE").execute(&mut *held).await.unwrap();
    let failed = Settlement {
        settled: Settled::Failed,
        result: "http_500".to_owned(),
        gone: false,
        throttle_s: None,
        unheard: false,
    };
    let settle = async |outgoing| store.settle_delivery(centre, outgoing, &failed).await.unwrap().unwrap();
    let release = async {
        until("both wait", async || {
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            (scene.one(waiting) == "2").then_some(())
        })
        .await;
        held.commit().await.unwrap();
    };
    let (one, other, ()) = tokio::join!(settle(&claimed[0]), settle(&claimed[1]), release);
    assert!(one != other, "one of them sees that it is the last");
    assert_eq!(scene.timeline(&escalation), ["delivery_failed", "delivery_failed", "step_failed"]);
    assert!(moved_on(&scene, &escalation));
}

#[tokio::test]
async fn an_exercise_never_leaves_the_building() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(200)]).await;
    let escalation = scene.escalation(Danger { exercise: true, ..NOW });
    let delivery = scene.due(&escalation, &scene.hook(&partner.url).await);
    let held = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((held.state(), held.last_result.as_str()), (DeliveryState::HeldBack, "exercise"));
    let replay = ReplayDeliveryRequest { request_id: request_id(), delivery_id: delivery };
    let refused = refused(scene.supervisor.deliveries().replay_delivery(replay).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "exercise"));
    assert!(partner.heard().is_empty());
}
