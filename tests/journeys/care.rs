//! Counsellors who had severe contacts in a row pause.

use helpline_proto::directory::v1::CareSettings;
use helpline_proto::queueing::v1::{GetPresenceRequest, NotReadyReason, PresenceState};
use helpline_proto::terms::v1::Risk;
use helpline_tests::Abilities;
use tonic::Code;

use crate::desk::Desk;
use crate::stage::{Stage, at, call, chat, why};

impl Stage {
    /// A stage on which one severe contact is enough for a pause.
    async fn pausing_after_one() -> Self {
        let stage = Self::set().await;
        let care = CareSettings { severe_limit: 1, ..CareSettings::default() };
        stage.world.change_settings(|settings| settings.care = Some(care)).await;
        stage
    }

    /// A counsellor has a contact from its offer to its end.
    async fn had(&self, desk: &Desk, risk: Risk) {
        self.receive(at(risk, call("ar"))).await;
        let contact = desk.take().await;
        desk.complete(&contact).await;
    }
}

#[tokio::test]
async fn after_three_severe_contacts_in_a_row_a_counsellor_pauses_for_five_minutes() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.watch.until_presence(PresenceState::Ready).await;
    for severe in 1..=2 {
        stage.had(&amina, Risk::High).await;
        let presence = amina.presence().await;
        assert_eq!((presence.severe_in_a_row, presence.state()), (severe, PresenceState::Ready));
    }
    stage.had(&amina, Risk::HarmNow).await;
    let told = amina.watch.until_presence(PresenceState::NotReady).await;
    assert_eq!((told.reason(), told.severe_in_a_row), (NotReadyReason::Care, 3));
    let pause = told.not_before_time.unwrap().seconds - told.since_time.unwrap().seconds;
    assert_eq!(pause, 300);

    let early = amina.refused_ready().await;
    assert_eq!((early.code, early.reason.as_str()), (Code::FailedPrecondition, "PAUSED"));
    let until: prost_types::Timestamp = early.metadata("until").parse().unwrap();
    assert_eq!(until.seconds, told.not_before_time.unwrap().seconds);
    let waiting = stage.receive(call("ar")).await;
    stage.world.advance(285.0);
    assert_eq!(amina.refused_ready().await.reason, "PAUSED");
    stage.world.advance(16.0);
    let back = amina.ready().await;
    assert_eq!((back.severe_in_a_row, back.not_before_time), (0, None));
    amina.offered(&waiting).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_contact_that_was_not_severe_ends_the_row() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    for risk in [Risk::High, Risk::High, Risk::Medium, Risk::High, Risk::High] {
        stage.had(&amina, risk).await;
    }
    let presence = amina.presence().await;
    assert_eq!((presence.severe_in_a_row, presence.state()), (2, PresenceState::Ready));
    // A break as long as the pause would be begins a new row, a shorter one does not.
    amina.not_ready().await;
    stage.world.advance(60.0);
    assert_eq!(amina.ready().await.severe_in_a_row, 2);
    amina.not_ready().await;
    stage.world.advance(301.0);
    assert_eq!(amina.ready().await.severe_in_a_row, 0);
}

#[tokio::test]
async fn the_risk_at_the_end_counts_and_the_pause_begins_when_the_paperwork_is_done() {
    let stage = Stage::pausing_after_one().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(at(Risk::None, call("ar"))).await;
    amina.take().await;
    stage.assess(&contact, Risk::Imminent).await;
    amina.release(&contact).await;
    assert_eq!(amina.presence().await.severe_in_a_row, 0, "the wrap-up belongs to it");
    stage.world.advance(400.0);
    amina.finish(&contact).await;
    assert_eq!(amina.refused_ready().await.reason, "PAUSED");
    assert_eq!(amina.presence().await.severe_in_a_row, 1);
    amina.complete(&contact).await;
    assert_eq!(amina.presence().await.severe_in_a_row, 1, "signing it off later is not another one");
}

#[tokio::test]
async fn a_supervisor_can_end_the_pause() {
    let stage = Stage::pausing_after_one().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 2, 0)).await;
    stage.receive(at(Risk::High, chat("ar"))).await;
    let severe = amina.take().await;
    stage.receive(chat("ar")).await;
    let other = amina.take().await;
    amina.complete(&severe).await;
    assert_eq!(amina.presence().await.reason(), NotReadyReason::Care);
    assert_eq!(amina.held().await, (0, 1, 0), "what is in hand stays");
    let lifted = stage.try_lift(&amina).await.unwrap();
    assert_eq!((lifted.state(), lifted.severe_in_a_row), (PresenceState::NotReady, 0));
    amina.ready().await;
    amina.complete(&other).await;
    assert_eq!(why(stage.try_lift(&amina).await).reason, "PRESENCE_REFUSED");
    stage.agrees().await;
}

#[tokio::test]
async fn who_went_home_without_a_word_leaves_the_shift_whatever_kept_them_from_contacts() {
    let stage = Stage::pausing_after_one().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.had(&amina, Risk::High).await;
    assert_eq!(amina.presence().await.reason(), NotReadyReason::Care);
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    basma.not_ready().await;
    let carla = stage.desk(Abilities::speaking(&["ar"])).await;
    carla.not_ready().await;
    let (Desk { actor: amina, watch: hers }, Desk { actor: basma, watch: too }) = (amina, basma);
    drop((hers, too));
    stage.lose_all_but(&carla, 600).await;
    for (actor, state) in [
        (&amina, PresenceState::Offline),
        (&basma, PresenceState::Offline),
        (&carla.actor, PresenceState::NotReady),
    ] {
        let presence = actor.presence().get_presence(GetPresenceRequest {}).await.unwrap().into_inner();
        assert_eq!(presence.presence.unwrap().state(), state);
    }
}

#[tokio::test]
async fn a_pause_does_not_hide_that_the_client_was_lost() {
    let stage = Stage::pausing_after_one().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(at(Risk::High, chat("ar"))).await;
    let contact = amina.take().await;
    stage.lose(&amina).await;
    assert_eq!(amina.presence().await.reason(), NotReadyReason::ClientLost);
    amina.complete(&contact).await;
    let presence = amina.presence().await;
    assert_eq!((presence.reason(), presence.severe_in_a_row), (NotReadyReason::ClientLost, 1));
    assert_eq!(amina.refused_ready().await.reason, "PAUSED");
}
