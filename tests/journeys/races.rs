//! Several want the same offer at once: exactly one wins, and the others learn what did.

use helpline_proto::directory::v1::CareSettings;
use helpline_proto::intake::v1::{Contact, ContactState};
use helpline_proto::queueing::v1::{DeclineReason, Offer};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, Refused};
use tonic::{Code, Status};

use crate::desk::Desk;
use crate::stage::{Stage, call, until};

/// What can happen to an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Accept,
    Decline,
    Leave,
    Pause,
}

const VERBS: [Verb; 4] = [Verb::Accept, Verb::Decline, Verb::Leave, Verb::Pause];
/// Races of one pair of verbs that run at once.
const LANES: usize = 6;

async fn act(stage: &Stage, desk: &Desk, offer: &Offer, verb: Verb) -> Result<(), Status> {
    match verb {
        Verb::Accept => desk.try_accept(offer).await.map(drop),
        Verb::Decline => desk.try_decline(offer, DeclineReason::Busy).await.map(drop),
        Verb::Leave => stage.try_leave(&offer.contact_id).await.map(drop),
        Verb::Pause => {
            desk.not_ready().await;
            Ok(())
        }
    }
}

/// How an offer stands in the end, and its contact.
fn outcome(stage: &Stage, offer: &Offer) -> (String, String) {
    let sql = format!(
        "SELECT o.state, c.state FROM helpline.offers o JOIN helpline.contacts c USING (contact_id)
         WHERE o.offer_id = '{}'",
        offer.offer_id
    );
    let mut row = stage.sql(&sql).remove(0).into_iter().map(Option::unwrap);
    (row.next().unwrap(), row.next().unwrap())
}

/// What a verb's answer says, given how the offer ended.
fn judge(verb: Verb, answer: &Result<(), Status>, ended: &str) {
    let own = match verb {
        Verb::Accept => "accepted",
        Verb::Decline => "declined",
        // The person may leave and the counsellor may pause whatever became of the offer.
        Verb::Leave | Verb::Pause => return assert!(answer.is_ok(), "{verb:?}: {answer:?}"),
    };
    match answer {
        Ok(()) => assert_eq!(own, ended, "{verb:?} was confirmed"),
        Err(status) => {
            let refused = Refused::from(status);
            assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "OFFER_OVER"));
            assert_eq!(refused.metadata("state"), ended, "{verb:?} was told what won");
        }
    }
}

async fn race(stage: &Stage, desk: &Desk, language: &str, first: Verb, second: Verb) {
    desk.ready().await;
    let contact = stage.receive(call(language)).await;
    let offer = desk.offered(&contact).await;
    let (one, two) = tokio::join!(act(stage, desk, &offer, first), act(stage, desk, &offer, second));
    let end = desk.next_end().await;
    assert_eq!(end.offer_id, offer.offer_id);
    let (offer_state, contact_state) = outcome(stage, &offer);
    let told = end.state().as_str_name().to_lowercase();
    assert_eq!(told, format!("offer_state_{offer_state}"), "{first:?} and {second:?}");
    if first == second {
        let confirmed = [&one, &two].iter().filter(|answer| answer.is_ok()).count();
        let every = matches!(first, Verb::Pause);
        assert_eq!(confirmed, if every { 2 } else { 1 }, "{first:?} twice");
    } else {
        judge(first, &one, &offer_state);
        judge(second, &two, &offer_state);
    }
    clear(stage, desk, &contact, &contact_state).await;
}

/// Takes everything away for the next race.
async fn clear(stage: &Stage, desk: &Desk, contact: &Contact, state: &str) {
    match state {
        "in_progress" | "wrap_up" => drop(desk.complete(contact).await),
        "waiting" | "offered" => drop(stage.leave(contact).await),
        state => assert!(matches!(state, "abandoned" | "short_abandoned"), "{state}"),
    }
    // A contact that came straight back is no part of the race.
    desk.not_ready().await;
    until("everything is over", async || (desk.held().await == (0, 0, 0)).then_some(())).await;
    desk.watch.forget().await;
}

#[tokio::test]
async fn of_any_two_who_act_on_an_offer_exactly_one_wins() {
    let stage = Stage::set().await;
    let languages = ["aa", "ab", "af", "ak", "am", "an"];
    let mut desks = Vec::new();
    for language in languages {
        desks.push((language, stage.desk_off_shift(Abilities::speaking(&[language])).await));
    }
    assert_eq!(desks.len(), LANES);
    for first in VERBS {
        for second in VERBS {
            let races = desks.iter().map(|(language, desk)| race(&stage, desk, language, first, second));
            all(races).await;
        }
    }
    stage.agrees().await;
}

/// Runs everything at once, to the end.
async fn all<F: Future<Output = ()>>(futures: impl Iterator<Item = F>) {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        running.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

#[tokio::test]
async fn an_offer_is_accepted_before_its_end_or_expires_but_never_both() {
    let stage = Stage::set().await;
    let languages = ["aa", "ab", "af", "ak", "am", "an", "as"];
    let mut rings = Vec::new();
    for language in languages {
        let desk = stage.desk(Abilities::speaking(&[language])).await;
        let contact = stage.receive(call(language)).await;
        let offer = desk.offered(&contact).await;
        rings.push((desk, offer));
    }
    stage.world.advance(19.5);
    // The offers end one after the other while they are being accepted.
    let races = rings.iter().enumerate().map(|(place, (desk, offer))| {
        let stage = &stage;
        async move {
            let pause = std::time::Duration::from_millis(90 * u64::try_from(place).unwrap());
            tokio::time::sleep(pause).await;
            let answer = desk.try_accept(offer).await.map(drop);
            let end = desk.next_end().await;
            let (state, _) = outcome(stage, offer);
            assert_eq!(end.state().as_str_name().to_lowercase(), format!("offer_state_{state}"));
            judge(Verb::Accept, &answer, &state);
            assert_eq!(state, if answer.is_ok() { "accepted" } else { "expired" });
        }
    });
    all(races).await;
    stage.agrees().await;
}

#[tokio::test]
async fn whoever_leaves_in_the_instant_of_the_offer_leaves_nothing_behind() {
    let stage = Stage::set().await;
    let mut desks = Vec::new();
    for _ in 0..6 {
        desks.push(stage.desk(Abilities::speaking(&["ar"])).await);
    }
    let children = (0..6).map(|child| {
        let stage = &stage;
        async move {
            for turn in 0..25_u64 {
                let contact = stage.receive(call("ar")).await;
                tokio::time::sleep(std::time::Duration::from_millis((turn + child) % 9)).await;
                let left = stage.leave(&contact).await;
                assert_eq!(left.state(), ContactState::ShortAbandoned);
            }
        }
    });
    all(children).await;
    until("nobody holds anything", async || {
        let mut free = true;
        for desk in &desks {
            free &= desk.held().await == (0, 0, 0);
        }
        free.then_some(())
    })
    .await;
    stage.agrees().await;
    assert_eq!(stage.value("SELECT count(*) FROM helpline.offers WHERE state = 'open'"), "0");
    assert_eq!(stage.value("SELECT count(*) FROM helpline.contacts WHERE state = 'short_abandoned'"), "150");
}

#[tokio::test]
async fn two_devices_of_one_counsellor_cannot_accept_one_offer_twice() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    for _ in 0..20 {
        let contact = stage.receive(call("ar")).await;
        let offer = amina.offered(&contact).await;
        let second = amina.actor.over(stage.world.connect().await);
        let second = Desk::open(second).await;
        let (one, two) = tokio::join!(amina.try_accept(&offer), second.try_accept(&offer));
        let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
        let epoch = won.unwrap().into_inner().contact.unwrap().epoch;
        assert_eq!(epoch, contact.epoch + 1);
        let lost = Refused::from(&lost.map(drop).unwrap_err());
        assert_eq!((lost.reason.as_str(), lost.metadata("state")), ("OFFER_OVER", "accepted"));
        amina.complete(&contact).await;
    }
}

#[tokio::test]
async fn a_contact_can_be_given_back_in_the_instant_in_which_it_is_assessed() {
    let stage = Stage::set().await;
    // Nobody pauses between one and the next.
    stage
        .world
        .change_settings(|settings| {
            settings.care = Some(CareSettings { severe_limit: 100, ..CareSettings::default() });
        })
        .await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    for turn in 0..20 {
        // An offer is told once more when it was assessed after that; then it may be over.
        let held = loop {
            let offer = amina.offered(&contact).await;
            if let Ok(accepted) = amina.try_accept(&offer).await {
                break accepted.into_inner().contact.unwrap();
            }
        };
        let risk = if turn % 2 == 0 { Risk::HarmNow } else { Risk::Low };
        let (given, assessed) = tokio::join!(amina.try_transfer(&held), stage.assess(&held, risk));
        assert_eq!(assessed.risk(), risk);
        assert!(given.is_ok(), "{given:?}");
        // At once, because nobody else is there.
        stage.until_state(&contact, ContactState::Offered).await;
    }
}
