//! Ways around what keeps a mission out; and what keeps it out harms nobody and tells nothing.

use helpline_proto::casework::v1::{MoveCaseRequest, UndoMergeRequest};
use helpline_proto::directory::v1::DisableAgencyRequest;
use helpline_proto::referral::v1::{
    ChoiceState, DraftReferralRequest, ListHoldsRequest, PlaceHoldRequest, RejectReason,
    RequestAdmissionRequest,
};
use helpline_tests::casework::open;
use helpline_tests::migrant::{ask_override, fear, lift};
use helpline_tests::referral::draft;
use helpline_tests::{Abilities, Refused, request_id};
use serde_json::json;
use tonic::{Code, Status};

use super::room::Room;
use crate::gate::Gate;
use crate::referral::drafts::{able, about};
use crate::referral::holds::{hold, place, set};
use crate::referral::room::{Partner, choices, get, reject};
use crate::stage::{until, why};

/// How a refusal reads.
fn reads<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String, Vec<String>) {
    let Refused { code, reason, fields, .. } = why(answer);
    (code, reason, fields)
}

#[tokio::test]
async fn a_referral_open_to_any_goes_on_without_the_mission_that_was_asked_first() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let world = &room.stage.world;
    let service = world.listed(world.centre.id, &about(false)).await;
    world.answered_by(world.centre.id, service, embassy.agency).await;
    let other = able(&room.stage, false).await;
    let any = DraftReferralRequest { open_to_any: true, ..room.draft(&[]) };
    let referral = room.by().draft_referral(any).await.unwrap();
    let referral = room.by().send_referral(&referral).await.unwrap();
    assert_eq!(choices(&referral), [ChoiceState::Offered; 2]);
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    reject(&other.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    until("nobody is left, and that is known", async || {
        let now = get(room.by(), &referral).await.unwrap();
        now.unmet.then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_else_was_chosen_is_asked_although_the_child_is_afraid_of_one() {
    let room = Room::new().await;
    let (embassy, other) = (room.embassy("SY").await, Partner::new(&room.stage).await);
    let early = room.by().draft_referral(room.draft(&[&embassy, &other])).await.unwrap();
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    assert_eq!(why(room.by().send_referral(&early).await).reason, "CONSENT_MISSING");
    let agreed = helpline_tests::referral::consent(&early, other.agency);
    room.by().consents().record_consent(agreed).await.unwrap();
    let sent = room.by().send_referral(&early).await.unwrap();
    assert_eq!(choices(&sent), [ChoiceState::Skipped, ChoiceState::Offered]);
}

#[tokio::test]
async fn who_may_not_read_the_case_is_not_told_that_there_is_one() {
    let room = Room::new().await;
    let (embassy, world) = (room.embassy("SY").await, &room.stage.world);
    let (other, gone) = (world.supervisor().await, room.embassy("SY").await);
    let disable = DisableAgencyRequest { request_id: request_id(), agency_id: gone.agency.to_string() };
    world.administrator().agencies().disable_agency(disable).await.unwrap();
    // The contact is theirs, and of a child whose case is somebody else's.
    let desk = room.stage.desk(Abilities::speaking(&["ar"])).await;
    assert_eq!(desk.take().await.contact_id, room.contact_id);
    let amina = &desk.actor;
    let to = |partner: &Partner| draft(&room.contact_id, &[&partner.service]);
    let early = amina.draft_referral(to(&embassy)).await.unwrap();
    other.protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let feared = reads(amina.draft_referral(to(&embassy)).await);
    assert_eq!(feared, reads(amina.draft_referral(to(&gone)).await));
    assert_eq!(why(other.draft_referral(to(&embassy)).await).reason, "CONSULATE_REFUSED");
    assert_eq!(why(amina.send_referral(&early).await).reason, "NOBODY_FITS");
    assert_eq!(why(other.send_referral(&early).await).reason, "CONSULATE_REFUSED");
}

#[tokio::test]
async fn no_place_of_a_mission_is_kept_for_a_child_who_is_afraid_of_it() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    embassy.responder.has_beds(&embassy.service, 3).await;
    let referral = room.by().refer(room.draft(&[&embassy])).await;
    let keep =
        || PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&embassy.service], 1) };
    place(room.by(), keep()).await.unwrap();
    let kept = async || {
        let holds = embassy.responder.capacity().list_holds(ListHoldsRequest::default()).await.unwrap();
        holds.into_inner().holds.len()
    };
    assert_eq!(kept().await, 1);
    // Nobody gives it back before it is looked at.
    let gate = Gate::at(&room.stage, ("referrals", "referral_id"), &referral.referral_id).await;
    let recorded = room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    assert_eq!(kept().await, 0);
    room.stage.world.lift(&recorded.protection_id).await;
    assert_eq!(kept().await, 1);
    gate.open().await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    assert_eq!(why(place(room.by(), keep()).await).reason, "CONSULATE_REFUSED");
}

#[tokio::test]
async fn who_else_is_named_for_a_place_has_room_or_is_full_whoever_is_feared_beside() {
    let room = Room::new().await;
    let (embassy, other) = (room.embassy("SY").await, Partner::new(&room.stage).await);
    let world = &room.stage.world;
    // One that the centre answers for itself.
    let own = world.listed(world.centre.id, &json!({})).await.to_string();
    for service in [&embassy.service, &other.service, &own] {
        set(room.by(), service, 1, 0).await.unwrap();
    }
    let referral = room.by().refer(room.draft(&[&embassy, &other])).await;
    let keep = |services: &[&str]| PlaceHoldRequest {
        referral_id: referral.referral_id.clone(),
        ..hold(services, 1)
    };
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    for next in [&other.service, &own] {
        let services = [&*embassy.service, next];
        assert_eq!(&place(room.by(), keep(&services)).await.unwrap().service_id, next);
        assert_eq!(why(place(room.by(), keep(&services)).await).reason, "NO_ROOM");
        assert_eq!(why(place(room.by(), keep(&[next, &embassy.service])).await).reason, "NO_ROOM");
    }
    assert_eq!(why(place(room.by(), keep(&[&embassy.service])).await).reason, "CONSULATE_REFUSED");
}

#[tokio::test]
async fn who_has_asked_for_an_override_opens_the_door_by_no_other_way() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let (by, another) = (room.by(), room.stage.world.supervisor().await);
    let twin = by.record_person("Aigerim", &request_id()).await.person_id;
    let of_twin = by.open_case(open(&twin)).await.unwrap().case_id;
    let asked = by.ask_merge(&room.case.child_id, &twin).await.unwrap();
    let merge = another.answer_merge(&asked, true).await.unwrap();
    let fear = another.protect(fear(&of_twin, "SY")).await.unwrap();
    by.ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await.unwrap();

    let undo = || UndoMergeRequest {
        request_id: request_id(),
        merge_id: merge.merge_id.clone(),
        reason: "They are two.".to_owned(),
    };
    let away = by.record_person("Daniyar", &request_id()).await.person_id;
    let moves = || MoveCaseRequest {
        request_id: request_id(),
        case_id: of_twin.clone(),
        child_id: away.clone(),
        remark: "It is another's.".to_owned(),
    };
    for refused in [
        why(by.lift_protection(lift(&fear.protection_id)).await),
        why(by.persons().undo_merge(undo()).await),
        why(by.cases().move_case(moves()).await),
    ] {
        assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "own"));
    }
    another.persons().undo_merge(undo()).await.unwrap();
    let refused = why(by.lift_protection(lift(&fear.protection_id)).await);
    assert_eq!(refused.metadata("state"), "own", "also once they are two");
}

#[tokio::test]
async fn nobody_moves_in_where_the_child_is_afraid_to_be() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    embassy.responder.has_beds(&embassy.service, 1).await;
    let referral = room.by().refer(room.draft(&[&embassy])).await;
    embassy.responder.accept_referral(&referral).await.unwrap();
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let request = RequestAdmissionRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        service_id: embassy.service.clone(),
        unit: "bed".to_owned(),
    };
    assert_eq!(why(room.by().admissions().request_admission(request).await).reason, "CONSULATE_REFUSED");
}

/// What a step says of a stay in a mission that the child is afraid of now: that it is, or that the referral was taken from the mission, which
/// happens within a second, whichever comes first.
fn goes_no_further<T: std::fmt::Debug>(step: Result<T, Status>) {
    let refused = why(step);
    let over = refused.reason == "STATE_REFUSED" && refused.metadata("state") == "exited";
    assert!(refused.reason == "CONSULATE_REFUSED" || over, "{refused:?}");
}

#[tokio::test]
async fn a_stay_that_was_asked_for_before_the_fear_was_known_goes_no_further() {
    let room = Room::new().await;
    let (by, embassy) = (room.by(), room.embassy("SY").await);
    embassy.responder.has_beds(&embassy.service, 2).await;
    let asked = async || {
        let stay = by.asks_for_bed(&room.contact_id, &embassy.service, &room.case.case_id).await.admission_id;
        by.screens(&stay).await.unwrap();
        stay
    };
    // Fear that was lifted stands in nobody's way.
    let recorded = by.protect(fear(&room.case.case_id, "SY")).await.unwrap();
    room.stage.world.lift(&recorded.protection_id).await;
    let (first, kept) = (asked().await, asked().await);
    by.keeps_place(&kept).await.unwrap();
    by.protect(fear(&room.case.case_id, "SY")).await.unwrap();
    goes_no_further(by.keeps_place(&first).await);
    goes_no_further(by.takes_in(&kept).await);
}
