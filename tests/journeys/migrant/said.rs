//! Wherever a child says that it is afraid, the missions of that country learn nothing; and nobody is helped to go there.

use helpline_proto::casework::v1::ProtectionKind;
use helpline_proto::casework::v1::{Protection, RecordProtectionRequest};
use helpline_proto::shelter::v1::RecordReturnConsentRequest;
use helpline_tests::crossborder::{check, consent as agrees, lets_hand_over, prepare};
use helpline_tests::migrant::{fear, lift};
use helpline_tests::shelter::{approves, asks, consents, departs};
use tonic::Code;

use super::room::{HOUR, Room};
use crate::referral::room::get;
use crate::stage::{until, why};

/// What stands of a case.
async fn standing(room: &Room) -> Vec<Protection> {
    let all = room.by().protections_of(&room.case.case_id).await.unwrap();
    all.into_iter().filter(|one| one.lift_time.is_none()).collect()
}

fn asylum(case_id: &str, country: &str) -> RecordProtectionRequest {
    RecordProtectionRequest { kind: ProtectionKind::Asylum.into(), ..fear(case_id, country) }
}

#[tokio::test]
async fn fear_that_is_said_with_help_to_return_shuts_the_mission_out() {
    let room = Room::new().await;
    let (by, case) = (room.by(), room.case.case_id.as_str());
    let embassy = room.embassy("NP").await;
    let referral = by.refer(room.draft(&[&embassy])).await;
    embassy.responder.accept_referral(&referral).await.unwrap();
    let help = by.adult_ready_to_return(case).await;
    by.agree_to_return(RecordReturnConsentRequest { fear_recorded: true, ..consents(&help) }).await.unwrap();
    assert_eq!(get(&embassy.responder, &referral).await.unwrap_err().code(), Code::NotFound);
    let [one] = &standing(&room).await[..] else { panic!("one stands") };
    assert_eq!((one.kind(), one.country.as_str()), (ProtectionKind::Fear, "NP"));
    let events: Vec<_> = by.case_timeline(case).await.unwrap().into_iter().map(|entry| entry.event).collect();
    assert_eq!(events.iter().filter(|event| *event == "protection_recorded").count(), 1);

    // Said again it stands once; lifted, it is recorded anew only when it is said anew.
    by.agree_to_return(RecordReturnConsentRequest { fear_recorded: true, ..consents(&help) }).await.unwrap();
    assert_eq!(standing(&room).await.len(), 1);
    room.stage.world.lift(&one.protection_id).await;
    by.agree_to_return(consents(&help)).await.unwrap();
    assert_eq!(standing(&room).await.len(), 0);
    by.agree_to_return(RecordReturnConsentRequest { fear_recorded: true, ..consents(&help) }).await.unwrap();
    assert_eq!(standing(&room).await.len(), 1);
}

#[tokio::test]
async fn who_is_protected_from_a_country_is_not_helped_to_go_there_until_another_says_so() {
    let room = Room::new().await;
    let (by, case) = (room.by(), room.case.case_id.as_str());
    let another = room.stage.world.supervisor().await;
    let help = by.adult_ready_to_return(case).await;
    by.protect(asylum(case, "JO")).await.unwrap();
    assert_eq!(by.return_of(&help).await.unwrap().obstacles, [] as [&str; 0], "that is another country");
    by.protect(asylum(case, "NP")).await.unwrap();
    assert_eq!(why(by.departs_home(departs(&help)).await).metadata("why"), "fear_recorded");
    room.wait(60);
    by.ask_return_override(asks(&help)).await.unwrap();
    another.approve_return_override(approves(&help)).await.unwrap();
    // What is recorded afterwards is not among what was approved.
    room.wait(60);
    by.protect(fear(case, "")).await.unwrap();
    assert_eq!(why(by.departs_home(departs(&help)).await).metadata("why"), "fear_recorded");
    by.ask_return_override(asks(&help)).await.unwrap();
    another.approve_return_override(approves(&help)).await.unwrap();
    by.departs_home(departs(&help)).await.unwrap();
}

#[tokio::test]
async fn fear_that_is_said_at_a_hand_over_outlives_what_protected_the_child_before() {
    let room = Room::new().await;
    let (by, case) = (room.by(), room.case.case_id.as_str());
    let agency = room.stage.world.agency().await;
    room.stage.world.change_settings(|settings| lets_hand_over(settings, "JO", &[agency])).await;
    by.protect(asylum(case, "JO")).await.unwrap();
    let prepared = async || by.prepare_handover(prepare(case)).await.ok();
    let id = until("it is prepared by the new settings", prepared).await.crossborder_id;
    by.agree_abroad(agrees(&id, agency)).await.unwrap();
    by.check_handover(check(&id, false)).await.unwrap();
    assert_eq!(standing(&room).await.len(), 1, "nothing new was said");
    by.check_handover(check(&id, true)).await.unwrap();
    by.check_handover(check(&id, true)).await.unwrap();
    let kinds: Vec<_> = standing(&room).await.iter().map(Protection::kind).collect();
    assert_eq!(kinds, [ProtectionKind::Fear, ProtectionKind::Asylum]);
}

#[tokio::test]
async fn a_mission_that_is_asked_to_receive_a_child_is_passed_over_when_the_child_is_afraid() {
    use helpline_proto::crossborder::v1::CrossBorderState;
    use helpline_tests::crossborder::{assess, offer};
    let room = Room::new().await;
    let world = &room.stage.world;
    let (embassy, next) = (room.embassy("JO").await, world.agency().await);
    world.change_settings(|settings| lets_hand_over(settings, "JO", &[embassy.agency, next])).await;
    for assesses in [false, true] {
        let by = room.by();
        let case = by.case_of_child().await.case_id;
        let prepared = async || by.prepare_handover(prepare(&case)).await.ok();
        let id = until("it is prepared by the new settings", prepared).await.crossborder_id;
        by.agree_abroad(agrees(&id, embassy.agency)).await.unwrap();
        by.agree_abroad(agrees(&id, next)).await.unwrap();
        by.check_handover(check(&id, false)).await.unwrap();
        by.offer_abroad(offer(&id)).await.unwrap();
        if assesses {
            embassy.responder.assess_handover(assess(&id)).await.unwrap();
        }
        by.protect(fear(&case, "")).await.unwrap();
        // Nobody is asked without being allowed: fear of the country stops it, and the sending side must go on.
        let now = until("the mission is not asked any more", async || {
            let now = by.handover_abroad(&id).await.unwrap();
            (now.state() == CrossBorderState::Declined).then_some(now)
        })
        .await;
        assert!(now.offers.iter().all(|one| one.answer_time.is_some()));
        assert_eq!(embassy.responder.handover_abroad(&id).await.unwrap_err().code(), Code::NotFound);
        room.wait(HOUR);
    }
}

#[tokio::test]
async fn fear_that_is_said_once_more_is_not_lifted_because_somebody_has_asked_for_it_before() {
    let room = Room::new().await;
    let (by, case) = (room.by(), room.case.case_id.as_str());
    let [amina, yusuf] = [room.stage.world.supervisor().await, room.stage.world.supervisor().await];
    let help = by.adult_ready_to_return(case).await;
    let said = || RecordReturnConsentRequest { fear_recorded: true, ..consents(&help) };
    by.agree_to_return(said()).await.unwrap();
    let id = standing(&room).await.remove(0).protection_id;
    amina.lift_protection(lift(&id)).await.unwrap();
    by.agree_to_return(said()).await.unwrap();
    assert_eq!(yusuf.lift_protection(lift(&id)).await.unwrap().lift_asked_by, yusuf.token_id);
    assert_eq!(standing(&room).await.len(), 1);

    // So at the check of a hand-over.
    let home = by.protect(fear(case, "JO")).await.unwrap().protection_id;
    let agency = room.stage.world.agency().await;
    room.stage.world.change_settings(|settings| lets_hand_over(settings, "JO", &[agency])).await;
    amina.lift_protection(lift(&home)).await.unwrap();
    let handover = by.prepare_handover(prepare(case)).await.unwrap().crossborder_id;
    by.check_handover(check(&handover, true)).await.unwrap();
    assert_eq!(yusuf.lift_protection(lift(&home)).await.unwrap().lift_asked_by, yusuf.token_id);
    assert_eq!(standing(&room).await.len(), 2);
    let timeline = by.case_timeline(case).await.unwrap();
    let kept = timeline.iter().filter(|entry| entry.event == "protection_kept").count();
    let mut sequences: Vec<_> = timeline.iter().map(|entry| entry.sequence).collect();
    sequences.sort_unstable();
    let whole: Vec<_> = (1..=sequences.len()).map(|place| i32::try_from(place).unwrap()).collect();
    assert_eq!((kept, sequences), (2, whole), "without gaps");
    let journalled = "SELECT count(*) FROM helpline.journal WHERE event = 'protection_kept'";
    assert_eq!(room.stage.value(journalled), "2");
}
