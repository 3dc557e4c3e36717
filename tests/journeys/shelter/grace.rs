//! The time in which somebody may leave without a fine.

use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::shelter::v1::{ReturnSubject, SetGracePeriodRequest};
use helpline_tests::shelter::{cancels, done, grace, start};

use super::room::{DAY, House};

const ENDING: AlertKind = AlertKind::GracePeriodEnding;
#[tokio::test]
async fn a_grace_period_is_told_before_its_end_and_at_its_end_each_once_and_anew_when_it_is_changed() {
    let house = House::new(1).await;
    let by = house.by();
    let case = by.case_of_child().await.case_id;
    let id = by.start_return(start(&case, ReturnSubject::Adult)).await.unwrap().return_id;
    let other = by.case_of_child().await.case_id;
    let other = by.start_return(start(&other, ReturnSubject::Adult)).await.unwrap().return_id;
    let until =
        |days: i64| SetGracePeriodRequest { grace_end_time: Some(house.later(days * DAY)), ..grace(&id) };
    let told = || {
        let count = "SELECT count(*) FROM helpline.alerts WHERE kind = 'grace_period_ending'";
        house.stage.value(&format!("{count} AND subject LIKE '%{id}'"))
    };
    by.set_grace(until(20)).await.unwrap();
    by.set_grace(SetGracePeriodRequest { return_id: other.clone(), ..until(19) }).await.unwrap();
    house.wait(5 * DAY + 60);
    house.until_alerts(ENDING, &other, 1).await;
    assert_eq!(told(), "0", "of the other alone");
    house.wait(2 * DAY);
    house.until_alerts(ENDING, &id, 1).await;
    house.wait(13 * DAY + 60);
    crate::stage::until("it is told that it is over", async || (told() == "2").then_some(())).await;
    house.until_alerts(ENDING, &id, 1).await;
    by.set_grace(until(20)).await.unwrap();
    house.until_alerts(ENDING, &id, 0).await;
    house.wait(7 * DAY);
    house.until_alerts(ENDING, &id, 1).await;
    assert_eq!(told(), "3");
    // What was set by older settings stays so, whatever is said of it.
    let change = |settings: &mut helpline_proto::directory::v1::Settings| {
        settings.shelter.get_or_insert_default().grace_warning =
            Some(prost_types::Duration { seconds: 2 * DAY, nanos: 0 });
    };
    house.stage.world.change_settings(change).await;
    by.set_return_item(done(&id, "ticket")).await.unwrap();
    house.wait(60);
    house.until_alerts(ENDING, &id, 1).await;
    let begins = format!(
        "SELECT extract(day FROM grace_ends_at - warn_at) FROM helpline.return_assistances WHERE return_id = '{id}'"
    );
    assert_eq!(house.stage.value(&begins), "14");
    by.cancel_return(cancels(&id)).await.unwrap();
    house.until_alerts(ENDING, &id, 0).await;
}
