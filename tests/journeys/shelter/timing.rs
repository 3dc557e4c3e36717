//! Whether somebody lives in a shelter is not told by the time of an answer either.

use std::time::Duration;

use helpline_tests::timing::{BESIDE, compare, told_apart};
use helpline_tests::{Abilities, Actor};

use super::presence::{METHODS, Who, ask};
use super::room::{House, hidden_house};
use super::unasked::{LISTS, Stranger};

/// How often each method is asked about each.
const ROUNDS: usize = 80;

/// Who asks about a resident and about nobody in turn is answered as fast.
async fn told_of_resident(house: &House, stranger: &Actor) {
    let (resident, nobody) = (Who::resident(house).await, Who::nobody(&house.service));
    let ask = async |method: &'static str, who: &Who| drop(ask(stranger, method, who).await);
    let told = told_apart((&METHODS, BESIDE, ROUNDS), (&resident, &nobody), ask).await;
    assert_eq!(told, []);
}

#[tokio::test]
async fn slow_a_counsellor_cannot_tell_a_resident_by_the_time_of_an_answer() {
    let house = House::new(1).await;
    let stranger = house.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    told_of_resident(&house, &stranger).await;
}

#[tokio::test]
async fn slow_another_agency_cannot_tell_a_resident_by_the_time_of_an_answer() {
    let house = House::new(1).await;
    let elsewhere = house.stage.world.agency().await;
    let stranger = house.stage.world.responder(elsewhere).await;
    told_of_resident(&house, &stranger).await;
}

#[tokio::test]
async fn slow_a_full_house_is_told_from_an_empty_one_by_no_list() {
    let (empty, full) = (House::at(&hidden_house(), true).await, House::at(&hidden_house(), true).await);
    full.resident("").await;
    let (of_empty, of_full) = (Stranger::of(&empty).await, Stranger::of(&full).await);
    for method in LISTS {
        assert_eq!(of_empty.ask(method).await, of_full.ask(method).await, "{method}");
    }
    let ask = async |method: &'static str, of: &Stranger| drop(of.ask(method).await);
    let told = told_apart((&LISTS, 1, ROUNDS), (&of_empty, &of_full), ask).await;
    assert_eq!(told, []);
}

#[tokio::test]
async fn slow_a_look_at_times_finds_what_there_is_to_find() {
    let house = House::new(1).await;
    let stranger = house.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let nobody = Who::nobody(&house.service);
    let at_once = async || drop(ask(&stranger, "GetAdmission", &nobody).await);
    // Twice as long each time.
    let twice = async || {
        at_once().await;
        at_once().await;
    };
    let steady = compare(ROUNDS, at_once, twice).await;
    assert!(steady.tells(METHODS.len()), "{steady:?}");
    // Late now and then, by more than this machine makes anybody wait.
    let mut asked = 0;
    let seldom = async || {
        asked += 1;
        let late = if asked % 3 == 0 { 150 } else { 0 };
        tokio::time::sleep(Duration::from_millis(late)).await;
        at_once().await;
    };
    let seldom = compare(ROUNDS, at_once, seldom).await;
    assert!(seldom.tells(METHODS.len()), "{seldom:?}");
}
