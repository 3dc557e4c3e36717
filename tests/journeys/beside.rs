//! Somebody is beside the counsellor: to advise, to speak, or from outside.

use helpline_proto::intake::v1::{
    Answer, ChangeRiskRequest, DepartureCause, RecordAnswersRequest, RecordDepartureRequest,
};
use helpline_proto::queueing::v1::{ParticipationKind, ParticipationState};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use crate::guests::{invitation, join, list, say};
use crate::stage::{Stage, call, chat, from, why};

#[tokio::test]
async fn who_advises_reads_and_neither_writes_nor_takes_over_nor_learns_who_it_is() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(from("child-2", chat("ar"))).await;
    let contact = amina.take().await;
    say(&stage.adapter, &contact, "I took pills.").await.unwrap();
    let doctor = stage.desk(Abilities::speaking(&["ru"])).await;
    let part = amina.invite(&contact, ParticipationKind::Consult, &doctor).await;
    let joined = doctor.join(&part).await;
    assert_eq!((joined.sender.as_str(), joined.display_name.as_str()), ("", ""));
    assert_eq!(doctor.sees(&contact).await.unwrap().sender, "");
    assert_eq!(doctor.try_read(&contact).await.unwrap().0, ["I took pills."]);
    let refused = why(doctor.try_say(&contact, "Which?").await);
    assert_eq!((refused.code, refused.metadata("state")), (Code::FailedPrecondition, "consult"));
    let reassess = ChangeRiskRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        risk: Risk::None.into(),
        expected_revision: 0,
    };
    let answered = RecordAnswersRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        answers: vec![Answer { question: "wounded".to_owned(), value: "no".to_owned() }],
    };
    let left = RecordDepartureRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        cause: DepartureCause::HangUp.into(),
    };
    for refused in [
        why(doctor.actor.contacts().change_risk(reassess).await),
        why(doctor.actor.contacts().record_answers(answered).await),
        why(doctor.actor.contacts().record_departure(left).await),
    ] {
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "STATE_REFUSED"));
        assert_eq!((refused.metadata("resource"), refused.metadata("state")), ("participation", "consult"));
    }
    assert_eq!(why(doctor.try_take_over(&part).await).code, Code::FailedPrecondition);
    assert_eq!(why(doctor.try_complete(&contact).await).code, Code::Aborted);
    amina.watch.until_part(ParticipationState::Joined).await;
    let left = doctor.try_leave(&part).await.unwrap();
    assert_eq!((left.state(), left.briefing.as_str()), (ParticipationState::Left, ""));
    amina.watch.until_part(ParticipationState::Left).await;
    assert_eq!(why(doctor.sees(&contact).await).code, Code::NotFound);
    assert_eq!(why(doctor.try_leave(&part).await).metadata("state"), "left");
    assert_eq!(doctor.held().await, (0, 0, 0));
    amina.complete(&contact).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_conference_of_three_goes_on_when_one_takes_the_contact_over() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(chat("ar")).await;
    let contact = amina.take().await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let carla = stage.desk(Abilities::speaking(&["ar"])).await;
    let beside = amina.invite(&contact, ParticipationKind::Conference, &carla).await;
    carla.join(&beside).await;
    let warm = amina.invite(&contact, ParticipationKind::WarmTransfer, &basma).await;
    let second = why(amina.try_invite(invitation(&contact, ParticipationKind::WarmTransfer, None)).await);
    assert!(matches!(second.reason.as_str(), "NOBODY_FREE" | "ALREADY_EXISTS"), "{second:?}");
    let twice = why(amina.try_invite(invitation(&contact, ParticipationKind::Consult, Some(&carla))).await);
    assert_eq!(twice.reason, "ALREADY_EXISTS");
    basma.join(&warm).await;
    carla.try_say(&contact, "Hello from Carla.").await.unwrap();
    let left = RecordDepartureRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        cause: DepartureCause::HangUp.into(),
    };
    let refused = why(carla.actor.contacts().record_departure(left).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "conference"));
    let reassess = ChangeRiskRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        risk: Risk::High.into(),
        expected_revision: 0,
    };
    carla.actor.contacts().change_risk(reassess).await.unwrap();
    assert_eq!(why(carla.try_take_over(&beside).await).code, Code::FailedPrecondition);
    basma.try_take_over(&warm).await.unwrap();
    // Who stays sees whose it is now, and the new counsellor may remove them.
    carla.try_say(&contact, "I am still here.").await.unwrap();
    assert_eq!(carla.sees(&contact).await.unwrap().counsellor_id, basma.id());
    assert_eq!(why(amina.try_remove(&beside).await).code, Code::NotFound);
    basma.try_remove(&beside).await.unwrap();
    assert_eq!(stage.part(&beside), ("left".to_owned(), "removed".to_owned()));
    assert_eq!(why(carla.try_say(&contact, "And now?").await).code, Code::NotFound);
    basma.complete(&contact).await;
    for desk in [&amina, &basma, &carla] {
        assert_eq!(desk.held().await, (0, 0, 0));
    }
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn somebody_outside_is_recorded_and_connected_by_the_adapter() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(call("ar")).await;
    let contact = amina.take().await;
    let refused = why(amina.try_call_in(&contact, ParticipationKind::WarmTransfer, "+974 4455 6677").await);
    assert_eq!(refused.fields, ["kind"], "custody never leaves the helpline");
    let part = amina.try_call_in(&contact, ParticipationKind::Conference, "+974 4455 6677").await.unwrap();
    assert_eq!((part.counsellor_id.as_str(), part.expire_time), ("", None));
    // The adapter learns where to call, and nothing of what was said.
    let seen = list(&stage.adapter, &contact).await.unwrap().remove(0);
    assert_eq!(seen.outside.unwrap().address, "+974 4455 6677");
    assert_eq!(seen.briefing, "");
    assert_eq!(why(list(&stage.world.adapter().await, &contact).await).code, Code::NotFound);
    let stranger = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    assert_eq!(why(stranger.try_list(&contact).await).code, Code::NotFound);
    assert_eq!(why(stranger.try_join(&part).await).code, Code::NotFound);
    let joined = join(&stage.adapter, &part).await.unwrap();
    assert_eq!((joined.counsellor_id.as_str(), joined.sender.as_str()), (amina.id(), ""));
    amina.watch.until_part(ParticipationState::Joined).await;
    stage.leave(&contact).await;
    assert_eq!(stage.part(&part), ("left".to_owned(), "person_left".to_owned()));
    let over = list(&stage.adapter, &contact).await.unwrap().remove(0);
    assert_eq!(over.outside.unwrap().address, "", "no longer needed");
    assert_eq!(amina.try_list(&contact).await.unwrap()[0].outside.clone().unwrap().address, "+974 4455 6677");
    amina.complete(&contact).await;
    stage.agrees_with_the_view().await;
}
