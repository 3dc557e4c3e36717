//! Several clients of one counsellor.

use helpline_proto::queueing::v1::{NotReadyReason, OfferState, PresenceState};
use helpline_tests::{Abilities, World, WorldOptions};

use crate::desk::{Desk, Watch};
use crate::stage::{Stage, call, until};

#[tokio::test]
async fn every_open_stream_is_a_session_of_one_counsellor() {
    let mut stage = Stage::set().await;
    let elsewhere = stage.world.another_server().await;
    let tab = stage.desk(Abilities::speaking(&["ar"])).await;
    assert_eq!(tab.presence().await.sessions, 1);
    let second_tab = Desk::open(tab.actor.clone()).await;
    let phone = Desk::open(tab.actor.over(elsewhere)).await;
    assert_eq!(phone.presence().await.sessions, 3, "whichever server they are connected to");
    let contact = stage.receive(call("ar")).await;
    let offers =
        [tab.offered(&contact).await, second_tab.offered(&contact).await, phone.offered(&contact).await];
    assert!(offers.iter().all(|offer| offer.offer_id == offers[0].offer_id), "one offer, shown in all");
    second_tab.accept(&offers[1]).await;
    for desk in [&tab, &second_tab, &phone] {
        let end = desk.next_end().await;
        assert_eq!((end.offer_id, end.state), (offers[0].offer_id.clone(), OfferState::Accepted.into()));
    }
    drop((second_tab, phone));
    until("two sessions are gone", async || (tab.presence().await.sessions == 1).then_some(())).await;
    assert_eq!(tab.presence().await.state(), PresenceState::Ready);
    stage.agrees().await;
}

#[tokio::test]
async fn presence_lapses_when_the_last_session_is_silent() {
    let config = "[timing]\npresence_ttl_s = 2\n".to_owned();
    let world = World::start_with(WorldOptions { config, ..WorldOptions::default() }).await;
    let (adapter, supervisor) = (world.adapter().await, world.supervisor().await);
    let stage = Stage { world, adapter, supervisor };
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ru"])).await;
    let phone = Watch::open(&amina.actor, "").await.unwrap();
    let state_of = async |desk: &Desk| {
        let presence = desk.presence().await;
        (presence.state(), presence.reason())
    };
    let Desk { actor: amina, watch: tab } = amina;
    let Desk { actor: basma, watch: hers } = basma;
    // Both lose a client; one has another.
    drop((tab, hers));
    let watch = Watch::open(&stage.world.counsellor(Abilities::speaking(&["kk"])).await, "").await.unwrap();
    let basma = Desk { actor: basma, watch };
    until("who has no session left is lost", async || {
        (state_of(&basma).await == (PresenceState::NotReady, NotReadyReason::ClientLost)).then_some(())
    })
    .await;
    let amina = Desk { actor: amina, watch: phone };
    let presence = amina.presence().await;
    assert_eq!((presence.state(), presence.sessions), (PresenceState::Ready, 1));
    drop(amina.watch);
    let other = Desk::open(stage.world.counsellor(Abilities::speaking(&["kk"])).await).await;
    let amina = Desk { actor: amina.actor, watch: other.watch };
    until("the last session is silent", async || {
        (state_of(&amina).await == (PresenceState::NotReady, NotReadyReason::ClientLost)).then_some(())
    })
    .await;
    assert_eq!(amina.presence().await.sessions, 0);
}
