//! A person chooses: a supervisor assigns and pulls, a counsellor hands on to a colleague.

use helpline_proto::intake::v1::{Contact, ContactState};
use helpline_proto::queueing::v1::{
    AssignContactRequest, DeclineReason, OfferState, ParticipationKind, PullContactRequest, PullReason,
    TransferContactRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, request_id};
use tonic::{Code, Status};

use crate::desk::Desk;
use crate::stage::{Stage, at, call, chat, until, why};

async fn assign(stage: &Stage, contact: &Contact, to: &str) -> Result<Contact, Status> {
    let request = AssignContactRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        counsellor_id: to.to_owned(),
    };
    Ok(stage.supervisor.supervision().assign_contact(request).await?.into_inner().contact.unwrap())
}

pub(crate) async fn pull(stage: &Stage, contact: &Contact) -> Result<Contact, Status> {
    let request = PullContactRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        reason: PullReason::CounsellorUnreachable.into(),
    };
    Ok(stage.supervisor.supervision().pull_contact(request).await?.into_inner().contact.unwrap())
}

pub(crate) async fn hand(from: &Desk, contact: &Contact, to: &str) -> Result<Contact, Status> {
    let request = TransferContactRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        to_counsellor_id: to.to_owned(),
        ..TransferContactRequest::default()
    };
    Ok(from.actor.handling().transfer_contact(request).await?.into_inner().contact.unwrap())
}

fn not_available(answer: Result<Contact, Status>, because: &str) {
    let refused = why(answer);
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::FailedPrecondition, "COUNSELLOR_NOT_AVAILABLE")
    );
    assert_eq!(refused.metadata("why"), because);
}

/// A contact that the line leaves alone, because nobody has the skill it asks for.
async fn left_alone(stage: &Stage) -> Contact {
    stage
        .world
        .change_settings(|settings| {
            if settings.skills.is_empty() {
                settings.skills.push("rare".to_owned());
            }
        })
        .await;
    let mut request = chat("ar");
    request.required_skills = vec![crate::stage::skill("rare", 1)];
    stage.receive(request).await
}

#[tokio::test]
async fn a_supervisor_offers_a_contact_out_of_turn_and_it_keeps_its_place() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 2, 2)).await;
    let contact = left_alone(&stage).await;
    let assigned = assign(&stage, &contact, amina.id()).await.unwrap();
    assert_eq!(assigned.state(), ContactState::Offered);
    let offer = amina.offered(&contact).await;
    assert_eq!(offer.explanation.as_ref().unwrap().counsellor_rule, "assigned_by_supervisor");
    assert_eq!(amina.held().await, (0, 1, 0));
    stage.agrees().await;
    amina.decline(&offer, DeclineReason::Busy).await;
    let back = stage.until_state(&contact, ContactState::Waiting).await;
    assert_eq!((back.receive_time, back.deadline_time), (contact.receive_time, contact.deadline_time));
    assert_eq!(amina.held().await, (0, 0, 0));
    // Again: a person may insist.
    assign(&stage, &contact, amina.id()).await.unwrap();
    let offer = amina.offered(&contact).await;
    amina.accept(&offer).await;
    let refused = why(assign(&stage, &contact, amina.id()).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "in_progress"));
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn nobody_is_assigned_what_they_cannot_take() {
    let stage = Stage::set().await;
    let contact = left_alone(&stage).await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"]).taking(1, 1, 1)).await;
    not_available(assign(&stage, &contact, amina.id()).await, "not_ready");
    amina.ready().await;
    let other = stage.receive(chat("ar")).await;
    let offer = amina.offered(&other).await;
    not_available(assign(&stage, &contact, amina.id()).await, "no_room");
    amina.accept(&offer).await;
    amina.complete(&other).await;
    let foreign = stage.desk(Abilities::speaking(&["ru"]).taking(1, 1, 1)).await;
    not_available(assign(&stage, &contact, foreign.id()).await, "language");
    assign(&stage, &contact, amina.id()).await.unwrap();
    let offer = amina.offered(&contact).await;
    amina.decline(&offer, DeclineReason::Conflict).await;
    not_available(assign(&stage, &contact, amina.id()).await, "conflict");
    assert_eq!(why(assign(&stage, &contact, &request_id()).await).metadata("resource"), "counsellor");
    let nobody = Contact { contact_id: request_id(), ..Contact::default() };
    assert_eq!(why(assign(&stage, &nobody, amina.id()).await).metadata("resource"), "contact");
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Waiting);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn what_is_assigned_stops_ringing_where_it_rang() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    let (first, second) = (amina.offered(&contact).await, basma.offered(&contact).await);
    assign(&stage, &contact, basma.id()).await.unwrap();
    for (desk, offer) in [(&amina, &first), (&basma, &second)] {
        let end = desk.next_end().await;
        assert_eq!((end.offer_id.as_str(), end.state()), (offer.offer_id.as_str(), OfferState::Withdrawn));
        assert_eq!(end.end_reason, "assigned_elsewhere");
    }
    let own = basma.offered(&contact).await;
    assert_ne!(own.offer_id, second.offer_id);
    assert_eq!((amina.held().await, basma.held().await), ((0, 0, 0), (1, 0, 0)));
    stage.agrees().await;
    assert_eq!(why(amina.try_accept(&first).await.map(drop)).metadata("state"), "withdrawn");
    basma.accept(&own).await;
    stage.agrees().await;
}

#[tokio::test]
async fn a_contact_pulled_out_of_its_offers_waits_at_its_place() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    amina.offered(&contact).await;
    basma.offered(&contact).await;
    let carol = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let pulled = pull(&stage, &contact).await.unwrap();
    assert_eq!((pulled.state(), pulled.deadline_time), (ContactState::Waiting, contact.deadline_time));
    assert_eq!(pulled.epoch, contact.epoch, "nobody had it");
    for desk in [&amina, &basma] {
        assert_eq!(desk.next_end().await.end_reason, "pulled");
    }
    carol.ready().await;
    let offer = carol.offered(&contact).await;
    carol.accept(&offer).await;
    stage.agrees().await;
}

#[tokio::test]
async fn a_contact_pulled_from_a_counsellor_is_no_longer_theirs_and_they_are_told() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    let held = amina.take().await;
    assert_eq!(amina.next_end().await.state(), OfferState::Accepted);
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let pulled = pull(&stage, &contact).await.unwrap();
    assert_eq!(pulled.state(), ContactState::Waiting);
    assert_eq!(pulled.epoch, held.epoch + 1, "custody changed");
    assert_eq!((pulled.receive_time, pulled.counsellor_id.as_str()), (contact.receive_time, ""));
    let told = amina.next_end().await;
    assert_eq!((told.contact_id.as_str(), told.end_reason.as_str()), (contact.contact_id.as_str(), "pulled"));
    assert_eq!(amina.held().await, (0, 0, 0));
    assert_eq!(why(amina.sees(&contact).await).code, Code::NotFound);
    assert_eq!(why(amina.try_release(&contact).await).code, Code::NotFound);
    stage.agrees().await;
    // It does not come straight back, and cannot be pulled when the talk is over.
    let offer = basma.offered(&contact).await;
    basma.accept(&offer).await;
    assert!(!amina.watch.has_offer().await);
    basma.release(&contact).await;
    assert_eq!(why(pull(&stage, &contact).await).metadata("state"), "wrap_up");
}

#[tokio::test]
async fn a_contact_is_handed_to_a_colleague_who_can_take_it_and_stays_where_nobody_can() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    let held = amina.take().await;
    let basma = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    not_available(hand(&amina, &contact, basma.id()).await, "not_ready");
    let foreign = stage.desk(Abilities::speaking(&["ru"])).await;
    not_available(hand(&amina, &contact, foreign.id()).await, "language");
    assert_eq!(why(hand(&amina, &contact, amina.id()).await).code, Code::InvalidArgument);
    assert_eq!(amina.sees(&contact).await.unwrap().state(), ContactState::InProgress, "it stays");
    basma.ready().await;
    let given = hand(&amina, &contact, basma.id()).await.unwrap();
    assert_eq!((given.state(), given.epoch), (ContactState::Offered, held.epoch + 1));
    assert_eq!(given.deadline_time, contact.deadline_time);
    assert_eq!(amina.held().await, (0, 0, 0));
    assert_eq!(basma.held().await, (1, 0, 0));
    stage.agrees().await;
    let offer = basma.offered(&contact).await;
    assert_eq!(offer.explanation.as_ref().unwrap().contact_rule, "handed_on");
    // Not taken, it goes back to the line and on to the next, not to who gave it.
    let carol = stage.desk(Abilities::speaking(&["ar"])).await;
    basma.decline(&offer, DeclineReason::Busy).await;
    let offer = carol.offered(&contact).await;
    let taken = carol.accept(&offer).await;
    assert_eq!(taken.deadline_time, contact.deadline_time);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_supervisor_who_assigns_while_it_is_accepted_or_left_takes_nothing_from_anybody() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    for turn in 0..30 {
        let contact = stage.receive(call("ar")).await;
        stage.until_state(&contact, ContactState::Offered).await;
        let (rings, other, offer) = tokio::select! {
            offer = amina.watch.offer_of(&contact) => (&amina, &basma, offer),
            offer = basma.watch.offer_of(&contact) => (&basma, &amina, offer),
        };
        if turn % 3 == 0 {
            let (assigned, left) =
                tokio::join!(assign(&stage, &contact, other.id()), stage.try_leave(&contact.contact_id));
            assert!(left.is_ok(), "{left:?}");
            assert!(assigned.is_ok() || why(assigned).reason == "STATE_REFUSED");
        } else {
            let (assigned, accepted) =
                tokio::join!(assign(&stage, &contact, other.id()), rings.try_accept(&offer));
            assert!(assigned.is_ok() != accepted.is_ok(), "{assigned:?} {accepted:?}");
            if accepted.is_ok() {
                rings.complete(&contact).await;
            } else {
                let offer = other.watch.offer_of(&contact).await;
                other.accept(&offer).await;
                other.complete(&contact).await;
            }
        }
        for desk in [&amina, &basma] {
            until("nothing is held", async || (desk.held().await == (0, 0, 0)).then_some(())).await;
            desk.watch.forget().await;
        }
        stage.agrees().await;
    }
}

#[tokio::test]
async fn a_conflict_named_at_an_invitation_keeps_a_contact_away_for_good() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(chat("ar")).await;
    amina.take().await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let part = amina.invite(&contact, ParticipationKind::Consult, &basma).await;
    basma.try_refuse(&part, DeclineReason::Conflict).await.unwrap();
    not_available(hand(&amina, &contact, basma.id()).await, "conflict");
    amina.transfer(&contact).await;
    amina.not_ready().await;
    not_available(assign(&stage, &contact, basma.id()).await, "conflict");
}
