//! Whether somebody lives in a shelter is not told by the time of an answer either.

use std::time::Duration;

use helpline_tests::timing::{Comparison, compare};
use helpline_tests::{Abilities, request_id};

use super::room::House;

const ROUNDS: usize = 200;

#[tokio::test]
async fn slow_a_stranger_cannot_tell_a_resident_by_the_time_of_an_answer() {
    let house = House::new(1).await;
    let resident = house.resident("").await.admission_id;
    let nobody = request_id();
    let elsewhere = house.stage.world.agency().await;
    let counsellor = house.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let agency = house.stage.world.responder(elsewhere).await;
    for stranger in [&counsellor, &agency] {
        let get = async |stay: &str| drop(stranger.stay(stay).await.unwrap_err());
        let offers = async |stay: &str| drop(stranger.service_offers(stay).await.unwrap_err());
        let exit = async |stay: &str| drop(stranger.lets_go(stay).await.unwrap_err());
        let compared: [(&str, Comparison); 3] = [
            (
                "GetAdmission",
                compare(ROUNDS, async || get(&resident).await, async || get(&nobody).await).await,
            ),
            (
                "GetServiceOffers",
                compare(ROUNDS, async || offers(&resident).await, async || offers(&nobody).await).await,
            ),
            (
                "RecordExit",
                compare(ROUNDS, async || exit(&resident).await, async || exit(&nobody).await).await,
            ),
        ];
        for (method, compared) in compared {
            assert!(!compared.tells(), "{method}: {compared:?}");
        }
    }
    // The same look finds what there is to find: a little each time, and much now and then.
    let at_once = async || drop(counsellor.stay(&resident).await.unwrap_err());
    let later = async || {
        tokio::time::sleep(Duration::from_millis(2)).await;
        drop(counsellor.stay(&nobody).await.unwrap_err());
    };
    let steady = compare(ROUNDS, at_once, later).await;
    assert!(steady.tells(), "{steady:?}");
    let mut asked = 0;
    let seldom = async || {
        asked += 1;
        let late = if asked % 8 == 0 { 30 } else { 0 };
        tokio::time::sleep(Duration::from_millis(late)).await;
        drop(counsellor.stay(&nobody).await.unwrap_err());
    };
    let seldom = compare(ROUNDS, at_once, seldom).await;
    assert!(seldom.tells(), "{seldom:?}");
}
