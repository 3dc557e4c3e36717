//! A critical contact rings at several counsellors at once: the first who accepts has it, and the others are free again.

use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use helpline_proto::directory::v1::CareSettings;
use helpline_proto::intake::v1::{Contact, ContactState};
use helpline_proto::queueing::v1::{DeclineReason, Offer, OfferState, PresenceState};
use helpline_proto::terms::v1::{PriorityClass, Risk};
use helpline_store::offering::OfferDraft;
use helpline_tests::{Abilities, Refused};
use serde_json::json;
use tonic::{Code, Status};

use crate::chance::Chance;
use crate::desk::Desk;
use crate::stage::{Stage, at, call, chat, until, why};

/// Two counsellors who are free, and a critical call that rings at both.
async fn ringing(stage: &Stage) -> ([Desk; 2], Contact, [Offer; 2]) {
    let desks =
        [stage.desk(Abilities::speaking(&["ar"])).await, stage.desk(Abilities::speaking(&["ar"])).await];
    let contact = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    let offers = [desks[0].offered(&contact).await, desks[1].offered(&contact).await];
    (desks, contact, offers)
}

/// Nobody pauses after severe contacts: these tests are full of them.
async fn tireless(stage: &Stage) {
    let care = CareSettings { severe_limit: 100, ..CareSettings::default() };
    stage.world.change_settings(|settings| settings.care = Some(care)).await;
}

fn over(answer: Result<(), Status>, state: &str) {
    let refused = why(answer);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "OFFER_OVER"));
    assert_eq!(refused.metadata("state"), state);
}

async fn ended(desk: &Desk, offer: &Offer, state: OfferState, reason: &str) {
    let end = desk.next_end().await;
    assert_eq!((end.offer_id.as_str(), end.state()), (offer.offer_id.as_str(), state));
    assert_eq!(end.end_reason, reason);
}

async fn free(desk: &Desk) {
    until("the counsellor holds nothing", async || (desk.held().await == (0, 0, 0)).then_some(())).await;
}

#[tokio::test]
async fn the_first_who_accepts_has_it_and_the_other_is_free() {
    let stage = Stage::set().await;
    let ([amina, basma], contact, [hers, other]) = ringing(&stage).await;
    assert_ne!(hers.offer_id, other.offer_id);
    for offer in [&hers, &other] {
        assert!(offer.explanation.as_ref().unwrap().notes.contains(&"offered_to_several".to_owned()));
    }
    assert_eq!((amina.held().await, basma.held().await), ((1, 0, 0), (1, 0, 0)));
    let taken = amina.accept(&hers).await;
    assert_eq!((taken.state(), taken.counsellor_id.as_str()), (ContactState::InProgress, amina.id()));
    assert_eq!(taken.offer_count, 1, "it was offered once");
    ended(&amina, &hers, OfferState::Accepted, "").await;
    ended(&basma, &other, OfferState::Withdrawn, "answered_by_another").await;
    free(&basma).await;
    assert_eq!(basma.presence().await.missed_offers, 0, "nobody missed anything");
    over(basma.try_accept(&other).await.map(drop), "withdrawn");
    over(basma.try_decline(&other, DeclineReason::Busy).await.map(drop), "withdrawn");
    stage.agrees().await;
    // Being second is no refusal: given back, it may ring there at once.
    amina.transfer(&contact).await;
    basma.offered(&contact).await;
}

#[tokio::test]
async fn what_is_not_critical_rings_at_one_and_so_does_everything_where_the_centre_says_so() {
    let stage = Stage::set().await;
    let desks =
        [stage.desk(Abilities::speaking(&["ar"])).await, stage.desk(Abilities::speaking(&["ar"])).await];
    let high = stage.receive(at(Risk::High, call("ar"))).await;
    stage.until_state(&high, ContactState::Offered).await;
    stage.a_pass().await;
    let open = "SELECT count(*) FROM helpline.offers o JOIN helpline.contacts c USING (contact_id) WHERE o.state = 'open' AND c.language = 'ar'";
    assert_eq!(stage.value(open), "1");
    stage.leave(&high).await;
    for desk in &desks {
        free(desk).await;
    }
    stage.world.change_settings(|settings| settings.critical_offers = 1).await;
    let critical = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    assert_eq!(critical.priority_class(), PriorityClass::Critical);
    stage.until_state(&critical, ContactState::Offered).await;
    stage.a_pass().await;
    assert_eq!(stage.value(open), "1");
}

#[tokio::test]
async fn two_who_accept_in_the_same_instant_are_told_apart_every_time() {
    let stage = Stage::set().await;
    tireless(&stage).await;
    let desks =
        [stage.desk(Abilities::speaking(&["ar"])).await, stage.desk(Abilities::speaking(&["ar"])).await];
    let mut wins = [0, 0];
    for seed in 0..40 {
        let mut chance = Chance::new(seed);
        let contact = stage.receive(at(Risk::HarmNow, call("ar"))).await;
        let offers = [desks[0].offered(&contact).await, desks[1].offered(&contact).await];
        let pauses = [chance.below(300), chance.below(300)];
        let accept = async |place: usize| {
            tokio::time::sleep(std::time::Duration::from_micros(pauses[place] as u64)).await;
            desks[place].try_accept(&offers[place]).await
        };
        let (one, two) = tokio::join!(accept(0), accept(1));
        let winner = match (&one, &two) {
            (Ok(_), Err(_)) => 0,
            (Err(_), Ok(_)) => 1,
            both => panic!("seed {seed}: {both:?}"),
        };
        wins[winner] += 1;
        over(if winner == 0 { two.map(drop) } else { one.map(drop) }, "withdrawn");
        ended(&desks[winner], &offers[winner], OfferState::Accepted, "").await;
        ended(&desks[1 - winner], &offers[1 - winner], OfferState::Withdrawn, "answered_by_another").await;
        stage.agrees().await;
        let now = stage.contact(&contact.contact_id).await;
        assert_eq!((now.counsellor_id.as_str(), now.epoch), (desks[winner].id(), contact.epoch + 1));
        desks[winner].complete(&contact).await;
    }
    println!("{wins:?}");
}

#[tokio::test]
async fn whoever_drops_out_leaves_it_ringing_with_the_others_and_the_last_gives_it_back() {
    let stage = Stage::set().await;
    let ([amina, basma], contact, [hers, other]) = ringing(&stage).await;
    assert_eq!(amina.decline(&hers, DeclineReason::Conflict).await.state(), OfferState::Declined);
    ended(&amina, &hers, OfferState::Declined, "conflict").await;
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Offered);
    assert_eq!((amina.held().await, basma.held().await), ((0, 0, 0), (1, 0, 0)));
    stage.agrees().await;
    // The last one pauses.
    basma.not_ready().await;
    ended(&basma, &other, OfferState::Withdrawn, "break").await;
    let back = stage.until_state(&contact, ContactState::Waiting).await;
    assert_eq!((back.deadline_time, back.epoch), (contact.deadline_time, contact.epoch));
    stage.agrees().await;
    // Out of the shift altogether, then back for another: the first who accepts has it after all.
    stage.leave(&contact).await;
    basma.ready().await;
    let contact = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    let (_, other) = (amina.offered(&contact).await, basma.offered(&contact).await);
    amina.offline().await;
    assert_eq!(amina.next_end().await.state(), OfferState::Withdrawn);
    basma.accept(&other).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn an_offer_to_several_that_nobody_answers_is_missed_by_each_and_waits_once() {
    let stage = Stage::set().await;
    let ([amina, basma], contact, [hers, other]) = ringing(&stage).await;
    stage.world.advance(10.5);
    ended(&amina, &hers, OfferState::Expired, "no_answer").await;
    ended(&basma, &other, OfferState::Expired, "no_answer").await;
    for desk in [&amina, &basma] {
        until("the miss is counted", async || (desk.presence().await.missed_offers == 1).then_some(())).await;
    }
    // Nobody else is there, so it rings again, at whoever is free first or at both.
    let (rings, offer) = until("it rings again", async || {
        for desk in [&amina, &basma] {
            if desk.watch.has_offer().await {
                return Some((desk, desk.offered(&contact).await));
            }
        }
        None
    })
    .await;
    let taken = rings.accept(&offer).await;
    assert_eq!((taken.deadline_time, taken.offer_count), (contact.deadline_time, 2));
    assert_eq!(rings.presence().await.state(), PresenceState::Ready);
    stage.agrees().await;
}

#[tokio::test]
async fn when_the_person_leaves_it_stops_ringing_everywhere() {
    let stage = Stage::set().await;
    let ([amina, basma], contact, [hers, other]) = ringing(&stage).await;
    let left = stage.leave(&contact).await;
    assert!(matches!(left.state(), ContactState::Abandoned | ContactState::ShortAbandoned));
    ended(&amina, &hers, OfferState::Withdrawn, "person_left").await;
    ended(&basma, &other, OfferState::Withdrawn, "person_left").await;
    free(&amina).await;
    free(&basma).await;
    stage.agrees().await;
}

#[tokio::test]
async fn a_risk_that_rises_while_it_rings_is_told_at_once_and_can_only_shorten_the_ringing() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(at(Risk::Low, call("ar"))).await;
    let before = amina.offered(&contact).await;
    let raised = stage.assess(&contact, Risk::HarmNow).await;
    assert_eq!(raised.state(), ContactState::Offered, "the offer stays");
    let after = amina.offered(&contact).await;
    assert_eq!((after.offer_id.as_str(), after.risk()), (before.offer_id.as_str(), Risk::HarmNow));
    let seconds = |offer: &Offer| offer.expire_time.unwrap().seconds - offer.offer_time.unwrap().seconds;
    assert!(seconds(&before) >= 19 && seconds(&after) <= 11, "{before:?} {after:?}");
    amina.offline().await;
    stage.leave(&contact).await;

    // Told to everybody at whom it rings; what has little time left keeps no more.
    let ([amina, basma], contact, [hers, other]) = ringing(&stage).await;
    stage.world.advance(6.0);
    stage.assess(&contact, Risk::Imminent).await;
    for (desk, before) in [(&amina, &hers), (&basma, &other)] {
        let after = desk.offered(&contact).await;
        assert_eq!((after.offer_id.as_str(), after.risk()), (before.offer_id.as_str(), Risk::Imminent));
        assert_eq!(after.expire_time, before.expire_time);
    }
}

#[tokio::test]
async fn whoever_is_not_ready_any_more_at_the_commit_is_left_out_and_it_goes_to_the_others() {
    let stage = Stage::set().await;
    let gone = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    // Nobody speaks it, so the line leaves it alone.
    let contact = stage.receive(at(Risk::HarmNow, chat("tg"))).await;
    let ctx = stage.world.servers[0].ctx();
    let draft = |desk: &Desk| OfferDraft {
        offer_id: ctx.ids.v4().into(),
        contact_id: ContactId::from(contact.contact_id.parse::<uuid::Uuid>().unwrap()),
        counsellor_id: CounsellorId::from(desk.id().parse::<uuid::Uuid>().unwrap()),
        timeout_s: 10,
        explanation: json!({}),
        puts_aside: Vec::new(),
    };
    let drafts = [draft(&gone), draft(&amina)];
    let centre: CentreId = stage.world.centre.id;
    let made = ctx.store.commit_offers(centre, 0, &drafts).await.unwrap();
    assert_eq!(made.iter().map(|made| made.offer.offer_id).collect::<Vec<_>>(), [drafts[1].offer_id]);
    stage.agrees().await;
    let again = ctx.store.commit_offers(centre, 0, &[draft(&amina)]).await.unwrap();
    assert!(again.is_empty(), "it is being offered already");
    let offer = amina.offered(&contact).await;
    amina.accept(&offer).await;
    stage.agrees().await;
}

/// What can happen to one member of a group, or to all.
async fn act(stage: &Stage, desk: &Desk, offer: &Offer, verb: usize) -> Result<(), Status> {
    match verb {
        0 | 1 => desk.try_accept(offer).await.map(drop),
        2 => desk.try_decline(offer, DeclineReason::Busy).await.map(drop),
        3 => stage.try_leave(&offer.contact_id).await.map(drop),
        4 => {
            desk.not_ready().await;
            Ok(())
        }
        _ => {
            stage.world.advance(10.2);
            Ok(())
        }
    }
}

#[tokio::test]
async fn whatever_two_do_at_once_to_what_rings_at_both_one_thing_happens_and_nothing_is_left() {
    let stage = Stage::set().await;
    tireless(&stage).await;
    let desks =
        [stage.desk(Abilities::speaking(&["ar"])).await, stage.desk(Abilities::speaking(&["ar"])).await];
    for seed in 0..60 {
        let mut chance = Chance::new(seed);
        for desk in &desks {
            desk.ready().await;
            desk.watch.forget().await;
        }
        let contact = stage.receive(at(Risk::HarmNow, call("ar"))).await;
        let offers = [desks[0].offered(&contact).await, desks[1].offered(&contact).await];
        let verbs = [chance.below(6), chance.below(6)];
        let (one, two) = tokio::join!(
            act(&stage, &desks[0], &offers[0], verbs[0]),
            act(&stage, &desks[1], &offers[1], verbs[1])
        );
        for (verb, answer) in verbs.into_iter().zip([&one, &two]) {
            if let Err(status) = answer {
                let refused = Refused::from(status);
                let may_be = if verb == 3 { "STATE_REFUSED" } else { "OFFER_OVER" };
                assert_eq!(refused.reason, may_be, "seed {seed}: {verbs:?}");
            }
        }
        let accepted = format!(
            "SELECT count(*) FROM helpline.offers WHERE contact_id = '{}' AND state = 'accepted'",
            contact.contact_id
        );
        let confirmed =
            verbs.into_iter().zip([&one, &two]).filter(|(verb, answer)| *verb < 2 && answer.is_ok()).count();
        assert!(confirmed <= 1, "seed {seed}: both were told that it is theirs");
        assert_eq!(stage.value(&accepted), confirmed.to_string(), "seed {seed}: {verbs:?}");
        let now = stage.contact(&contact.contact_id).await;
        match now.state() {
            ContactState::InProgress | ContactState::WrapUp => {
                let holder = desks.iter().find(|desk| desk.id() == now.counsellor_id).unwrap();
                holder.complete(&contact).await;
            }
            ContactState::Waiting | ContactState::Offered => {
                for desk in &desks {
                    desk.not_ready().await;
                }
                stage.leave(&contact).await;
            }
            _ => {}
        }
        for desk in &desks {
            free(desk).await;
        }
        stage.agrees().await;
    }
    stage.agrees_with_the_view().await;
}
