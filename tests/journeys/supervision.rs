//! A supervisor sets counsellors not ready.

use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::{
    ForceNotReadyRequest, ForceReason, GoReadyRequest, LiftPauseRequest, NotReadyReason, OfferState,
    Presence, PresenceState,
};
use helpline_tests::{Abilities, refused, request_id};
use tonic::{Code, Status};

use crate::desk::Desk;
use crate::stage::{Stage, call, chat, why};

impl Stage {
    pub(crate) async fn force(&self, desk: &Desk, reason: ForceReason, hold: bool) -> Presence {
        self.try_force(desk.id(), reason, hold).await.unwrap()
    }

    async fn try_force(&self, counsellor: &str, reason: ForceReason, hold: bool) -> Result<Presence, Status> {
        let request = ForceNotReadyRequest {
            request_id: request_id(),
            counsellor_id: counsellor.to_owned(),
            reason: reason.into(),
            hold,
        };
        let answer = self.supervisor.supervision().force_not_ready(request).await?;
        Ok(answer.into_inner().presence.unwrap())
    }

    pub(crate) async fn try_lift(&self, desk: &Desk) -> Result<Presence, Status> {
        let request = LiftPauseRequest { request_id: request_id(), counsellor_id: desk.id().to_owned() };
        Ok(self.supervisor.supervision().lift_pause(request).await?.into_inner().presence.unwrap())
    }
}

impl Desk {
    /// Says ready, which is refused.
    pub(crate) async fn refused_ready(&self) -> helpline_tests::Refused {
        let request = GoReadyRequest { request_id: request_id() };
        refused(self.actor.presence().go_ready(request).await)
    }
}

#[tokio::test]
async fn who_is_set_not_ready_is_told_by_whom_and_why_and_gives_open_offers_back() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 3, 0)).await;
    stage.receive(chat("ar")).await;
    let held = amina.take().await;
    amina.next_end().await;
    let ringing = stage.receive(chat("ar")).await;
    let offer = amina.offered(&ringing).await;
    amina.watch.until_presence(PresenceState::Ready).await;
    let forced = stage.force(&amina, ForceReason::Conversation, false).await;
    assert_eq!((forced.state(), forced.reason()), (PresenceState::NotReady, NotReadyReason::Supervisor));
    let told = amina.watch.until_presence(PresenceState::NotReady).await;
    assert_eq!(
        (told.reason(), told.force_reason(), told.forced_by.as_str(), told.on_hold),
        (NotReadyReason::Supervisor, ForceReason::Conversation, stage.supervisor.token_id.as_str(), false)
    );
    let end = amina.next_end().await;
    assert_eq!((end.offer_id, end.state), (offer.offer_id, OfferState::Withdrawn.into()));
    assert_eq!(amina.held().await, (0, 1, 0), "what is in hand stays");
    stage.until_state(&ringing, ContactState::Waiting).await;
    // It was no hold: they decide when to come back, and nothing of it is left then.
    let back = amina.ready().await;
    assert_eq!((back.forced_by.as_str(), back.force_reason()), ("", ForceReason::Unspecified));
    amina.complete(&held).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn who_is_held_comes_back_when_a_supervisor_lets_them() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.force(&amina, ForceReason::Rest, true).await;
    let kept = amina.refused_ready().await;
    assert_eq!((kept.code, kept.reason.as_str()), (Code::FailedPrecondition, "HELD"));
    assert_eq!(kept.metadata("by"), stage.supervisor.token_id);
    // Neither a break nor a night at home is a way around it.
    amina.not_ready().await;
    assert_eq!(amina.refused_ready().await.reason, "HELD");
    amina.offline().await;
    assert_eq!(amina.refused_ready().await.reason, "HELD");
    let waiting = stage.receive(call("ar")).await;
    let lifted = stage.try_lift(&amina).await.unwrap();
    assert_eq!((lifted.state(), lifted.on_hold), (PresenceState::Offline, false));
    amina.ready().await;
    amina.offered(&waiting).await;
    assert_eq!(why(stage.try_lift(&amina).await).reason, "PRESENCE_REFUSED", "nothing is left to lift");
}

#[tokio::test]
async fn nobody_is_set_not_ready_who_is_not_there() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let off = why(stage.try_force(amina.id(), ForceReason::Other, false).await);
    assert_eq!((off.reason.as_str(), off.metadata("state")), ("PRESENCE_REFUSED", "offline"));
    let summoned = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    crate::hours::on_call(&summoned).await;
    let at_home = why(stage.try_force(summoned.id(), ForceReason::Other, false).await);
    assert_eq!((at_home.reason.as_str(), at_home.metadata("state")), ("PRESENCE_REFUSED", "on_call"));
    assert_eq!(summoned.presence().await.state(), PresenceState::OnCall);
    let nobody = why(stage.try_force(&request_id(), ForceReason::Other, false).await);
    assert_eq!((nobody.code, nobody.reason.as_str()), (Code::NotFound, "NOT_FOUND"));
    let theirs = stage.world.another_centre().await;
    let stranger = stage.world.counsellor_of(&theirs, Abilities::speaking(&["ar"])).await;
    let foreign = why(stage.try_force(&stranger.counsellor_id, ForceReason::Other, true).await);
    assert_eq!(foreign.code, Code::NotFound);
}
