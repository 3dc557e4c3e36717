//! Counsellors come, pause and leave.

use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::{
    GoNotReadyRequest, GoReadyRequest, NotReadyReason, OfferState, PresenceState,
};
use helpline_tests::{Abilities, refused, request_id};
use tonic::Code;

use crate::desk::{Desk, Watch};
use crate::stage::{Stage, call, chat};

#[tokio::test]
async fn two_devices_of_one_counsellor_are_one_counsellor() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let tablet = Desk::open(amina.actor.over(stage.world.connect().await)).await;
    let contact = stage.receive(call("ar")).await;
    let offer = amina.offered(&contact).await;
    assert_eq!(tablet.offered(&contact).await, offer, "both see the one offer");
    tablet.accept(&offer).await;
    for desk in [&amina, &tablet] {
        let end = desk.next_end().await;
        assert_eq!((end.offer_id, end.state), (offer.offer_id.clone(), OfferState::Accepted.into()));
        assert_eq!(desk.held().await, (1, 0, 0));
    }
    // The talk can be ended from where it was not begun.
    assert_eq!(amina.complete(&contact).await.state(), ContactState::Closed);
}

#[tokio::test]
async fn who_goes_on_a_break_gives_open_offers_back_and_keeps_what_they_hold() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 3, 0)).await;
    stage.receive(chat("ar")).await;
    let held = amina.take().await;
    let ringing = stage.receive(chat("ar")).await;
    let offer = amina.offered(&ringing).await;
    assert_eq!(amina.next_end().await.state(), OfferState::Accepted);
    let presence = amina.not_ready().await;
    assert_eq!((presence.state(), presence.reason()), (PresenceState::NotReady, NotReadyReason::Break));
    let end = amina.next_end().await;
    assert_eq!((end.offer_id, end.state), (offer.offer_id.clone(), OfferState::Withdrawn.into()));
    let over = refused(amina.try_accept(&offer).await);
    assert_eq!((over.reason.as_str(), over.metadata("state")), ("OFFER_OVER", "withdrawn"));
    assert_eq!(amina.held().await, (0, 1, 0));
    let now = stage.until_state(&ringing, ContactState::Waiting).await;
    assert_eq!((now.receive_time, now.deadline_time), (ringing.receive_time, ringing.deadline_time));
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    basma.offered(&ringing).await;
    assert_eq!(amina.complete(&held).await.state(), ContactState::Closed);
    stage.agrees().await;
}

#[tokio::test]
async fn who_goes_home_keeps_the_contacts_in_hand_and_can_finish_them() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(call("ar")).await;
    let held = amina.take().await;
    let presence = amina.offline().await;
    assert_eq!((presence.state(), presence.held.unwrap().voice), (PresenceState::Offline, 1));
    assert_eq!(amina.sees(&held).await.unwrap().state(), ContactState::InProgress);
    let released = amina.release(&held).await;
    assert_eq!(amina.complete(&released).await.state(), ContactState::Closed);
    assert_eq!(amina.presence().await.state(), PresenceState::Offline);
    let waiting = stage.receive(call("ar")).await;
    stage.a_pass().await;
    assert_eq!(stage.contact(&waiting.contact_id).await.state(), ContactState::Waiting);
}

#[tokio::test]
async fn saying_ready_again_changes_nothing() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let first = amina.presence().await;
    stage.world.advance(30.0);
    let request = GoReadyRequest { request_id: request_id() };
    let again = amina.actor.presence().go_ready(request.clone()).await.unwrap().into_inner();
    let presence = again.presence.clone().unwrap();
    assert_eq!((presence.state(), presence.since_time), (PresenceState::Ready, first.since_time));
    let contact = stage.receive(call("ar")).await;
    amina.offered(&contact).await;
    // Neither a new call nor a repeat of the old one takes the offer away.
    amina.ready().await;
    let repeated = amina.actor.presence().go_ready(request).await.unwrap().into_inner();
    assert_eq!(repeated.presence.unwrap().held.unwrap().voice, 1);
    assert!(!amina.watch.has_end().await);
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Offered);
}

#[tokio::test]
async fn only_the_system_gives_the_reasons_that_are_the_systems() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    for reason in [
        NotReadyReason::Unspecified,
        NotReadyReason::MissedOffers,
        NotReadyReason::ClientLost,
        NotReadyReason::Supervisor,
    ] {
        let request = GoNotReadyRequest { request_id: request_id(), reason: reason.into() };
        let refusal = refused(amina.actor.presence().go_not_ready(request).await);
        assert_eq!((refusal.code, refusal.fields), (Code::InvalidArgument, vec!["reason".to_owned()]));
    }
    assert_eq!(amina.presence().await.state(), PresenceState::Ready);
}

#[tokio::test]
async fn who_comes_back_to_the_stream_learns_what_ended_and_what_opened_meanwhile() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 3, 0)).await;
    let gone = stage.receive(chat("ar")).await;
    let stays = stage.receive(chat("ar")).await;
    let (offer, _) = (amina.offered(&gone).await, amina.offered(&stays).await);
    let cursor = amina.watch.cursor();
    let Desk { actor, watch } = amina;
    drop(watch);
    stage.leave(&gone).await;
    let later = stage.receive(chat("ar")).await;
    stage.until_state(&later, ContactState::Offered).await;

    let resumed = Watch::open(&actor, &cursor).await.unwrap();
    let end = resumed.next_end().await;
    assert_eq!((end.offer_id, end.state), (offer.offer_id, OfferState::Withdrawn.into()));
    let opened = [resumed.next_offer().await.contact_id, resumed.next_offer().await.contact_id];
    assert_eq!(
        opened,
        [stays.contact_id.clone(), later.contact_id.clone()],
        "in the order in which they were made"
    );
    let afresh = Watch::open(&actor, "").await.unwrap();
    let opened = [afresh.next_offer().await.contact_id, afresh.next_offer().await.contact_id];
    assert_eq!(opened, [stays.contact_id, later.contact_id]);
    assert!(!afresh.has_end().await);
}

#[tokio::test]
async fn a_cursor_older_than_a_day_or_of_somebody_else_is_refused() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let cursor = amina.watch.cursor();
    let foreign = Watch::open(&basma.actor, &cursor).await.map(drop);
    let foreign = crate::stage::why(foreign);
    assert_eq!((foreign.code, foreign.fields), (Code::InvalidArgument, vec!["after_cursor".to_owned()]));
    for made_up in ["x", "AAAA", "%%%"] {
        assert_eq!(
            crate::stage::why(Watch::open(&amina.actor, made_up).await.map(drop)).code,
            Code::InvalidArgument
        );
    }
    stage.world.advance(24.0 * 3600.0 + 5.0);
    // Tokens of tests do not live for a day; the counsellor has a new one.
    let id = amina.id().parse().unwrap();
    let role = helpline_domain::caller::Role::Counsellor;
    let renewed = stage.world.bearer(stage.world.centre.id, role, Some(id)).await;
    let old = crate::stage::why(Watch::open(&renewed, &cursor).await.map(drop));
    assert_eq!((old.code, old.reason.as_str()), (Code::OutOfRange, "CURSOR_TOO_OLD"));
    Watch::open(&renewed, "").await.unwrap();
}
