//! A mission learns nothing of a child who is afraid of its country, whatever was agreed before.

use helpline_proto::casework::v1::{GetProtectionsRequest, RecordProtectionRequest, TaskState};
use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest, UpdateAgencyRequest};
use helpline_proto::referral::v1::{ChoiceState, DraftReferralRequest, ReferralState};
use helpline_tests::casework::visit;
use helpline_tests::migrant::{answer_override, ask_override, fear, lift};
use helpline_tests::referral::consent;
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use super::room::{DAY, HOUR, Room};
use crate::referral::room::{Partner, choices, get, inbox};
use crate::stage::{until, why};

#[tokio::test]
async fn fear_that_is_recorded_in_the_middle_of_a_referral_cuts_the_next_read() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let referral = room.by().refer(room.draft(&[&embassy])).await;
    let seen = get(&embassy.responder, &referral).await.unwrap();
    assert_eq!(seen.particulars.unwrap().identity, "Samir, eleven");
    embassy.responder.accept_referral(&referral).await.unwrap();
    let mut task = visit(&room.case.case_id, room.later(HOUR));
    task.referral_id.clone_from(&referral.referral_id);
    let task = room.by().add_task(task).await.unwrap();
    assert_eq!(embassy.responder.task(&task.task_id).await.unwrap().state(), TaskState::Open);

    let recorded = room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let unknown = embassy.responder.task(&request_id()).await.unwrap_err();
    for cut in [
        get(&embassy.responder, &referral).await.unwrap_err(),
        embassy.responder.task(&task.task_id).await.unwrap_err(),
        embassy.responder.accept_referral(&referral).await.unwrap_err(),
    ] {
        assert_eq!(cut.code(), unknown.code(), "as if there were nothing");
    }
    assert!(inbox(&embassy.responder).await.is_empty());

    // Lifted, what was agreed to opens again.
    room.stage.world.lift(&recorded.protection_id).await;
    assert!(get(&embassy.responder, &referral).await.unwrap().particulars.is_some());
    let again = why(room.by().lift_protection(lift(&recorded.protection_id)).await);
    assert_eq!((again.reason.as_str(), again.metadata("state")), ("STATE_REFUSED", "lifted"));
}

#[tokio::test]
async fn whoever_asks_to_tell_such_a_mission_is_refused_and_the_mission_of_another_country_is_not() {
    let room = Room::new().await;
    let (feared, other) = (room.embassy("SY").await, room.embassy("JO").await);
    let early = room.by().draft_referral(room.draft(&[&feared])).await.unwrap();
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let agency = feared.agency.to_string();
    let without_case = DraftReferralRequest { case_id: String::new(), ..room.draft(&[&other, &feared]) };
    for refused in [
        why(room.by().draft_referral(room.draft(&[&feared])).await),
        why(room.by().draft_referral(without_case).await),
        why(room.by().consents().record_consent(consent(&early, feared.agency)).await),
        why(room.by().send_referral(&early).await),
    ] {
        assert_eq!((refused.reason.as_str(), refused.metadata("agency")), ("CONSULATE_REFUSED", &*agency));
    }
    let sent = room.by().refer(room.draft(&[&other])).await;
    assert!(get(&other.responder, &sent).await.unwrap().particulars.is_some());
}

#[tokio::test]
async fn a_mission_that_is_asked_is_passed_over_and_never_told() {
    let room = Room::new().await;
    let (embassy, next) = (room.embassy("SY").await, Partner::new(&room.stage).await);
    let referral = room.by().refer(room.draft(&[&embassy, &next])).await;
    assert_eq!(choices(&referral)[0], ChoiceState::Offered);
    room.by().protect(fear(&room.case.case_id, "")).await.unwrap();
    let now = until("the next is asked", async || {
        let now = get(room.by(), &referral).await.unwrap();
        (choices(&now)[1] == ChoiceState::Offered).then_some(now)
    })
    .await;
    assert_eq!(now.state(), ReferralState::Requested);
    assert!(get(&next.responder, &referral).await.is_ok());
    assert_eq!(get(&embassy.responder, &referral).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn fear_holds_for_every_case_of_the_child_and_for_no_other_child() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let of_other = Room { case: room.by().case_of_child().await, ..room };
    let room = of_other;
    // The contact is of the first child; the second has none and is not afraid.
    let child = helpline_tests::casework::open(&room.case.child_id);
    let second = room
        .by()
        .open_case(helpline_proto::casework::v1::OpenCaseRequest { kind: "migration".to_owned(), ..child });
    let second = second.await.unwrap();
    room.by().protect(fear(&second.case_id, "SY")).await.unwrap();
    let asked = ask_override(&room.case.case_id, embassy.agency);
    assert!(room.by().ask_consulate(asked).await.is_ok(), "it stands for the first case, too");
    let other = DraftReferralRequest { case_id: String::new(), ..room.draft(&[&embassy]) };
    assert!(room.by().draft_referral(other).await.is_ok(), "the contact is another child's");
}

#[tokio::test]
async fn an_override_is_approved_by_another_lets_some_through_for_a_time_and_covers_nothing_recorded_later() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let amina = room.stage.world.supervisor().await;
    let referral = room.by().refer(room.draft(&[&embassy])).await;
    let none = why(room.by().ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await);
    assert_eq!((none.reason.as_str(), none.metadata("state")), ("STATE_REFUSED", "none"));
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let mut some = ask_override(&room.case.case_id, embassy.agency);
    some.field_classes = vec![helpline_proto::options::v1::FieldClass::Legal.into()];
    let asked = room.by().ask_consulate(some).await.unwrap();
    let own = why(room.by().answer_consulate(answer_override(&asked.override_id, true)).await);
    assert_eq!((own.reason.as_str(), own.metadata("state")), ("STATE_REFUSED", "own"));
    assert!(get(&embassy.responder, &referral).await.is_err());

    let approved = amina.answer_consulate(answer_override(&asked.override_id, true)).await.unwrap();
    assert!(approved.in_force);
    let seen = get(&embassy.responder, &referral).await.unwrap().particulars.unwrap();
    assert_eq!((seen.legal.as_str(), seen.identity.as_str()), ("no papers", ""));

    // Another fear is no part of what was approved.
    room.by().protect(fear(&room.case.case_id, "")).await.unwrap();
    assert!(get(&embassy.responder, &referral).await.is_err());
    room.stage.world.lift_all(&room.case.case_id).await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    assert!(get(&embassy.responder, &referral).await.is_err(), "what is recorded anew is new");

    let again = room.by().ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await.unwrap();
    amina.answer_consulate(answer_override(&again.override_id, true)).await.unwrap();
    assert!(get(&embassy.responder, &referral).await.is_ok());
    room.by().answer_consulate(answer_override(&again.override_id, false)).await.unwrap();
    assert!(get(&embassy.responder, &referral).await.is_err(), "taken back");
    let timely = room.by().ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await.unwrap();
    amina.answer_consulate(answer_override(&timely.override_id, true)).await.unwrap();
    room.wait(HOUR);
    assert!(get(&embassy.responder, &referral).await.is_err(), "its time is over");
}

#[tokio::test]
async fn an_embassy_says_of_which_country_it_is_and_stays_one() {
    let room = Room::new().await;
    let administrator = room.stage.world.administrator();
    let create = |kind: AgencyKind, country: &str| CreateAgencyRequest {
        request_id: request_id(),
        agency: Some(Agency {
            display_name: "An agency".to_owned(),
            kind: kind.into(),
            country: country.to_owned(),
            ..Agency::default()
        }),
    };
    for (kind, country) in [(AgencyKind::Embassy, ""), (AgencyKind::Embassy, "sy"), (AgencyKind::Ngo, "SY")] {
        let refused = why(administrator.agencies().create_agency(create(kind, country)).await);
        assert_eq!(refused.fields, ["agency.country"]);
    }
    let made = administrator.agencies().create_agency(create(AgencyKind::Embassy, "SY")).await.unwrap();
    let made = made.into_inner().agency.unwrap();
    let another = Agency { kind: AgencyKind::Ngo.into(), country: String::new(), ..made };
    let update =
        UpdateAgencyRequest { request_id: request_id(), agency: Some(another), expected_revision: 0 };
    let refused = why(administrator.agencies().update_agency(update).await);
    assert_eq!(refused.fields, ["agency.kind"]);
}

#[tokio::test]
async fn protections_are_told_to_who_may_read_the_case_and_are_recorded_once() {
    let room = Room::new().await;
    let recorded = room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    assert_eq!(why(room.by().protect(fear(&room.case.case_id, "SY")).await).reason, "ALREADY_EXISTS");
    let nobody = room.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    assert_eq!(nobody.protections_of(&room.case.case_id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(nobody.protect(fear(&room.case.case_id, "SY")).await.unwrap_err().code(), Code::NotFound);
    let known = room.by().protections_of(&room.case.case_id).await.unwrap();
    assert_eq!(known[0].protection_id, recorded.protection_id);
    let embassy = room.embassy("SY").await;
    let request = GetProtectionsRequest { case_id: room.case.case_id.clone() };
    let refused = embassy.responder.protections().get_protections(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let read = "SELECT count(*) FROM helpline.journal WHERE event = 'protections_read'";
    assert_eq!(room.stage.value(read), "1");
}

#[tokio::test]
async fn what_protects_a_child_is_lifted_by_two_within_a_day() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let referral = room.by().refer(room.draft(&[&embassy])).await;
    let [amina, yusuf] = [room.stage.world.supervisor().await, room.stage.world.supervisor().await];
    let id = room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap().protection_id;
    let asked = amina.lift_protection(lift(&id)).await.unwrap();
    assert_eq!((asked.lift_asked_by.as_str(), asked.lifted_by.as_str()), (amina.token_id.as_str(), ""));
    assert_eq!(get(&embassy.responder, &referral).await.unwrap_err().code(), Code::NotFound, "it stands");
    let alone = why(amina.lift_protection(lift(&id)).await);
    assert_eq!((alone.reason.as_str(), alone.metadata("state")), ("STATE_REFUSED", "asked"));

    // Nobody has agreed in a day: it is as if nobody had asked.
    room.wait(DAY);
    let anew = yusuf.lift_protection(lift(&id)).await.unwrap();
    assert_eq!((anew.lift_asked_by.as_str(), anew.lift_time), (yusuf.token_id.as_str(), None));
    assert_eq!(why(yusuf.lift_protection(lift(&id)).await).metadata("state"), "asked");
    room.wait(DAY - 60);
    let lifted = amina.lift_protection(lift(&id)).await.unwrap();
    assert_eq!((lifted.lift_asked_by, lifted.lifted_by), (yusuf.token_id.clone(), amina.token_id.clone()));
    assert!(lifted.lift_time.is_some() && get(&embassy.responder, &referral).await.is_ok());
    let events = room.by().case_timeline(&room.case.case_id).await.unwrap();
    let of = |event: &str| events.iter().filter(|entry| entry.event == event).count();
    assert_eq!([of("protection_lift_asked"), of("protection_lifted")], [2, 1]);
}

#[tokio::test]
async fn what_is_said_again_is_kept_and_who_wants_it_open_is_not_one_of_the_two() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let [amina, yusuf] = [room.stage.world.supervisor().await, room.stage.world.supervisor().await];
    let of_case = fear(&room.case.case_id, "SY");
    let id = room.by().protect(of_case.clone()).await.unwrap().protection_id;
    amina.lift_protection(lift(&id)).await.unwrap();
    let kept =
        room.by().protect(RecordProtectionRequest { request_id: request_id(), ..of_case.clone() }).await;
    let kept = kept.unwrap();
    assert_eq!((kept.protection_id.as_str(), kept.lift_asked_by.as_str()), (id.as_str(), ""));
    let again = RecordProtectionRequest { request_id: request_id(), ..of_case };
    assert_eq!(why(room.by().protect(again).await).reason, "ALREADY_EXISTS");
    let asked = yusuf.lift_protection(lift(&id)).await.unwrap();
    assert_eq!(asked.lift_asked_by, yusuf.token_id, "what was asked before counts no more");

    // Who asks for an override after having asked for that has not agreed with anybody.
    yusuf.ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await.unwrap();
    let anew = amina.lift_protection(lift(&id)).await.unwrap();
    assert_eq!((anew.lift_asked_by, anew.lift_time), (amina.token_id.clone(), None));
    assert_eq!(why(yusuf.lift_protection(lift(&id)).await).metadata("state"), "own");
    assert!(room.by().lift_protection(lift(&id)).await.unwrap().lift_time.is_some());
    let events = room.by().case_timeline(&room.case.case_id).await.unwrap();
    let of = |event: &str| events.iter().filter(|entry| entry.event == event).count();
    assert_eq!([of("protection_recorded"), of("protection_kept"), of("protection_lifted")], [1, 1, 1]);
}

#[tokio::test]
async fn two_who_say_so_in_the_same_instant_lift_it_once() {
    let room = Room::new().await;
    let [amina, yusuf] = [room.stage.world.supervisor().await, room.stage.world.supervisor().await];
    for round in 1..=8 {
        let id = room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap().protection_id;
        let (one, other) = tokio::join!(amina.lift_protection(lift(&id)), yusuf.lift_protection(lift(&id)));
        assert!(one.is_ok() && other.is_ok(), "the first has asked, the second agrees: {one:?} {other:?}");
        let events = room.by().case_timeline(&room.case.case_id).await.unwrap();
        assert_eq!(events.iter().filter(|entry| entry.event == "protection_lifted").count(), round);
    }
}
