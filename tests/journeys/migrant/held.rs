//! A child is held: it is found out at once where else they could live, and told again and again while it lasts.

use helpline_proto::casework::v1::{
    AssessmentOutcome, DetentionOutcome, GetDetentionRequest, RecordDetentionRequest, TaskState,
};
use helpline_proto::queueing::v1::AlertKind;
use helpline_tests::Abilities;
use helpline_tests::migrant::{held, released};
use tonic::Code;

use super::room::{DAY, HOUR, Room};
use crate::referral::room::Partner;
use crate::stage::{until, why};

impl Room {
    async fn told(&self, times: i32) {
        let told = async || {
            let request = GetDetentionRequest { case_id: self.case.case_id.clone() };
            let one =
                self.by().detentions().get_detention(request).await.unwrap().into_inner().detention.unwrap();
            (one.alarms == times).then_some(())
        };
        until("it is told", told).await;
    }
}

#[tokio::test]
async fn a_child_who_is_held_is_screened_reviewed_and_told_of_each_period_until_it_ends() {
    let room = Room::new().await;
    let detention = room.by().detain(held(&room.case.case_id, room.later(-HOUR))).await.unwrap();
    let screening = room.tasks("detention_screening").await.remove(0);
    let within = screening.due_time.unwrap().seconds - room.later(0).seconds;
    assert!((DAY - HOUR..=DAY).contains(&within), "{within} s");
    assert_eq!(
        why(room.by().detain(held(&room.case.case_id, room.later(-HOUR))).await).reason,
        "ALREADY_EXISTS"
    );
    let open = why(room.by().move_case(&room.case.case_id, "closed").await);
    assert_eq!(open.metadata("detentions"), "1");
    room.wait(3 * DAY);
    room.told(1).await;
    let one = async || (room.alerts(AlertKind::ChildDetained).await == 1).then_some(());
    until("the alert is open", one).await;
    room.wait(3 * DAY);
    room.told(2).await;
    // Of periods that nobody was there for it is told once.
    room.wait(9 * DAY);
    room.told(3).await;
    assert_eq!(room.tasks("detention_review").await.len(), 1);
    let told = "SELECT count(*) FROM helpline.journal WHERE event = 'detention_lasts'";
    assert_eq!(room.stage.value(told), "3");

    let ended = room.by().release_child(released(&detention.detention_id)).await.unwrap();
    assert_eq!(ended.outcome(), DetentionOutcome::FosterCare);
    let none = async || (room.alerts(AlertKind::ChildDetained).await == 0).then_some(());
    until("the alert is over", none).await;
    let left =
        room.tasks("detention_screening").await.into_iter().chain(room.tasks("detention_review").await);
    assert!(left.into_iter().all(|task| task.end_time.is_some()), "nothing of it is to be done");
    room.wait(7 * DAY);
    room.stage.a_pass().await;
    assert_eq!((room.stage.value(told).as_str(), room.opened("child_detained").as_str()), ("3", "1"));
    assert_eq!(
        why(room.by().release_child(released(&detention.detention_id)).await).metadata("state"),
        "ended"
    );
}

#[tokio::test]
async fn who_was_held_for_long_already_is_told_of_at_once_and_times_nobody_means_are_refused() {
    let room = Room::new().await;
    for seconds in [HOUR, -11 * 365 * DAY] {
        let refused = why(room.by().detain(held(&room.case.case_id, room.later(seconds))).await);
        assert_eq!(refused.fields, ["since_time"]);
    }
    let placeless = RecordDetentionRequest { place: 0, ..held(&room.case.case_id, room.later(-HOUR)) };
    assert_eq!(why(room.by().detain(placeless).await).fields, ["place"]);
    let nobody = room.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let hidden = nobody.detain(held(&room.case.case_id, room.later(-HOUR))).await.unwrap_err();
    assert_eq!(hidden.code(), Code::NotFound);
    let detention = room.by().detain(held(&room.case.case_id, room.later(-10 * DAY))).await.unwrap();
    room.told(1).await;
    assert_eq!(
        nobody.release_child(released(&detention.detention_id)).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn what_finds_out_where_else_they_could_live_ends_the_task_that_asks_for_it() {
    let room = Room::new().await;
    let (by, case) = (room.by(), room.case.case_id.as_str());
    let detention = by.detain(held(case, room.later(-HOUR))).await.unwrap();
    let answers = [
        ("kinship", "no"),
        ("foster", "yes"),
        ("kafala", "no"),
        ("supervised_group", "no"),
        ("community", "no"),
    ];
    let found = by.assessed(case, "detention_alternative", &answers).await;
    assert_eq!(found.outcome(), AssessmentOutcome::Positive);
    let [screening] = &room.tasks("detention_screening").await[..] else { panic!("one") };
    assert_eq!(screening.state(), TaskState::Completed, "it is done by what it asks for");
    let [place] = &room.tasks("place_without_detention").await[..] else { panic!("one") };
    assert_eq!(place.state(), TaskState::Open);

    // The place is asked for as any other, and where it is found they are held no longer.
    let house = Partner::new(&room.stage).await;
    let referral = by.refer(room.draft(&[&house])).await;
    house.responder.accept_referral(&referral).await.unwrap();
    let ended = by.release_child(released(&detention.detention_id)).await.unwrap();
    assert_eq!(ended.outcome(), DetentionOutcome::FosterCare);
    // Held once more they are screened once more.
    by.detain(held(case, room.later(-60))).await.unwrap();
    let open = room.tasks("detention_screening").await;
    assert_eq!(open.iter().filter(|task| task.state() == TaskState::Open).count(), 1);
    by.assessed(case, "detention_alternative", &answers).await;
    let all = room.tasks("detention_screening").await;
    assert!(all.iter().all(|task| task.state() == TaskState::Completed), "{all:?}");
}
