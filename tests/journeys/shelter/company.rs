//! Children who live in a shelter with somebody.

use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::AdmissionState;
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use super::room::House;
use crate::gate::{Gate, meet};
use crate::stage::why;

const LEFT: AlertKind = AlertKind::ChildLeftBehind;

#[tokio::test]
async fn a_child_keeps_its_own_stay_and_is_not_left_behind_silently() {
    let house = House::new(3).await;
    let by = house.by();
    let (mother, child, aunt) =
        (house.resident("").await, house.resident("").await, house.resident("").await);
    let [mother, child, aunt] = [mother, child, aunt].map(|stay| stay.admission_id);
    let linked = house.responder.lives_with(&child, &mother).await.unwrap();
    assert_eq!(linked.accompanies_admission_id, mother);
    assert_eq!(by.stay(&mother).await.unwrap().accompanying_admission_ids, std::slice::from_ref(&child));

    let gone = by.lets_go(&mother).await.unwrap();
    assert_eq!(
        (gone.state(), gone.accompanying_admission_ids),
        (AdmissionState::Exited, vec![child.clone()])
    );
    house.until_alerts(LEFT, &child, 1).await;
    assert!(house.alerts(LEFT, &child).await[0].grave);
    assert_eq!(by.stay(&child).await.unwrap().state(), AdmissionState::Admitted, "nobody said that it left");
    by.lives_with(&child, &aunt).await.unwrap();
    house.until_alerts(LEFT, &child, 0).await;
    by.lets_go(&aunt).await.unwrap();
    house.until_alerts(LEFT, &child, 1).await;
    assert_eq!(by.stay(&aunt).await.unwrap().accompanying_admission_ids, std::slice::from_ref(&child));
    by.lets_go(&child).await.unwrap();
    house.until_alerts(LEFT, &child, 0).await;
    assert_eq!(by.stay(&aunt).await.unwrap().accompanying_admission_ids, [] as [String; 0]);
}

#[tokio::test]
async fn nobody_lives_with_themselves_with_who_has_left_or_with_a_child_of_another() {
    let house = House::new(4).await;
    let by = house.by();
    let mut stays = Vec::new();
    for _ in 0..4 {
        stays.push(house.resident("").await.admission_id);
    }
    let [mother, child, other, gone] = [&stays[0], &stays[1], &stays[2], &stays[3]];
    by.lets_go(gone).await.unwrap();
    by.lives_with(child, mother).await.unwrap();
    assert_eq!(why(by.lives_with(child, child).await).fields, ["accompanies_admission_id"]);
    for (who, with, state) in [
        (other, gone, "exited"),
        (gone, other, "exited"),
        (other, child, "accompanies"),
        (mother, other, "accompanied"),
    ] {
        let refused = why(by.lives_with(who, with).await);
        assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", state));
    }
    let stranger = house.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    for (who, with) in [(child, other), (&request_id(), other), (other, &request_id())] {
        let by = if who == child { &stranger } else { by };
        assert_eq!(why(by.lives_with(who, with).await).code, Code::NotFound);
    }
    let alone = by.lives_with(child, "").await.unwrap();
    assert_eq!(alone.accompanies_admission_id, "");
    // Nor is anybody kept from it by a child who has left.
    by.lives_with(child, mother).await.unwrap();
    by.lets_go(child).await.unwrap();
    by.lives_with(mother, other).await.unwrap();
}

#[tokio::test]
async fn of_two_who_would_live_with_each_other_one_does() {
    let house = House::new(3).await;
    let (one, two, three) = (house.resident("").await, house.resident("").await, house.resident("").await);
    let [one, two, three] = [one, two, three].map(|stay| stay.admission_id);
    // Nor does anybody live with who goes to live with a third.
    for (with, state) in [(&one, "accompanies"), (&three, "accompanied")] {
        let gate = Gate::at(&house.stage, ("admissions", "admission_id"), &two).await;
        let (first, second) =
            meet(gate, house.by().lives_with(&one, &two), house.another.lives_with(&two, with)).await;
        assert_eq!(first.unwrap().accompanies_admission_id, two);
        assert_eq!(why(second).metadata("state"), state);
        house.by().lives_with(&one, "").await.unwrap();
    }
}

#[tokio::test]
async fn with_whom_a_child_lives_there_is_told_to_who_may_know_of_both_alone() {
    let house = House::new(2).await;
    let by = house.by();
    let mother = house.resident("").await.admission_id;
    let (agency, stage) = (house.stage.world.agency().await, &house.stage);
    let service = stage.world.service(agency).await;
    by.has_beds(&service, 1).await;
    let contact = stage.receive(crate::stage::chat("ar")).await.contact_id;
    let child = by.takes_in_from(&contact, &service, "").await.admission_id;
    by.lives_with(&child, &mother).await.unwrap();
    let there = stage.world.responder(agency).await;
    assert_eq!(there.stay(&child).await.unwrap().accompanies_admission_id, "", "she lives somewhere else");
    assert_eq!(house.responder.stay(&mother).await.unwrap().accompanying_admission_ids, [] as [String; 0]);
    assert_eq!(by.stay(&child).await.unwrap().accompanies_admission_id, mother);
    // Nor is it told by a refusal, or undone by who does not see it.
    let aunt = house.resident("").await.admission_id;
    let nobody = request_id();
    let of_nobody = format!("{:?}", why(there.lives_with(&child, &nobody).await));
    for answer in [
        there.lives_with(&child, "").await,
        house.responder.lives_with(&aunt, &child).await,
        house.responder.lives_with(&mother, &aunt).await,
    ] {
        assert_eq!(format!("{:?}", why(answer)), of_nobody);
    }
    house.responder.lives_with(&mother, "").await.unwrap();
    assert_eq!(by.stay(&child).await.unwrap().accompanies_admission_id, mother);
    by.lets_go(&mother).await.unwrap();
    house.until_alerts(LEFT, &child, 1).await;
}
