//! A contact is given back to the line.

use helpline_proto::directory::v1::Queue;
use helpline_proto::intake::v1::{Contact, ContactState};
use helpline_proto::queueing::v1::{TransferContactRequest, WaitingCause};
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use crate::stage::{Stage, call, chat, from, skill, why};

#[tokio::test]
async fn a_transferred_contact_is_back_at_its_place_with_other_needs_and_another_owner() {
    let stage = Stage::set().await;
    stage
        .world
        .change_settings(|settings| {
            settings.skills.push("night".to_owned());
            settings.queues.push(Queue {
                queue: "night".to_owned(),
                required_skills: vec![skill("night", 2)],
                ..Queue::default()
            });
        })
        .await;
    let amina = stage.desk(Abilities::speaking(&["ar", "ru"])).await;
    let expert = stage.desk(Abilities::speaking(&["ru"]).skilled("night", 3)).await;
    let contact = stage.receive(from("+974 5555 0105", call("ar"))).await;
    let held = amina.take().await;
    stage.world.advance(30.0);
    let request = TransferContactRequest {
        request_id: request_id(),
        contact_id: held.contact_id.clone(),
        queue: "night".to_owned(),
        language: "ru".to_owned(),
        required_skills: vec![skill("night", 3)],
        ..TransferContactRequest::default()
    };
    let given = amina.actor.handling().transfer_contact(request.clone()).await.unwrap().into_inner();
    let given = given.contact.unwrap();
    assert_eq!((given.queue.as_str(), given.language.as_str()), ("night", "ru"));
    assert_eq!(given.required_skills, [skill("night", 3)]);
    assert_eq!((given.receive_time, given.deadline_time), (contact.receive_time, contact.deadline_time));
    assert!(given.epoch > held.epoch);
    assert_eq!((given.sender.as_str(), given.display_name.as_str()), ("", ""), "no longer theirs to know");
    assert_eq!(amina.held().await, (0, 0, 0));
    assert_eq!(why(amina.sees(&contact).await).code, Code::NotFound);

    let offer = expert.offered(&contact).await;
    let taken = expert.accept(&offer).await;
    assert!(taken.epoch > given.epoch);
    assert_eq!((taken.sender.as_str(), taken.counsellor_id.as_str()), ("+974 5555 0105", expert.id()));
    assert_eq!(taken.answer_time, held.answer_time, "it was answered when it was first answered");
    // A late repeat shows what happened and nothing personal.
    let repeated = amina.actor.handling().transfer_contact(request).await.unwrap().into_inner();
    assert_eq!(repeated.contact.unwrap().sender, "");
    let owners = format!(
        "SELECT actor_id::text FROM helpline.journal WHERE contact_id = '{}' AND event = 'offer_accepted' ORDER BY entry_id",
        contact.contact_id
    );
    let owners = stage.sql(&owners);
    assert_eq!(owners, [amina.id(), expert.id()].map(|id| vec![Some(id.to_owned())]));
    stage.agrees().await;
}

#[tokio::test]
async fn who_gave_a_contact_away_is_not_offered_it_again_within_the_cool_down() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let one = stage.receive(call("ar")).await;
    let two = stage.receive(call("ar")).await;
    let held = amina.take().await;
    assert_eq!(held.contact_id, one.contact_id);
    let other = basma.take().await;
    assert_eq!(other.contact_id, two.contact_id);
    amina.transfer(&held).await;
    let waits = stage.until_cause(&one, WaitingCause::CoolDown).await;
    assert_eq!((waits.eligible_on_shift, waits.eligible_free), (2, 1));
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    basma.complete(&other).await;
    basma.offered(&one).await;
    basma.not_ready().await;
    stage.world.advance(61.0);
    amina.offered(&one).await;
}

#[tokio::test]
async fn only_who_holds_a_contact_gives_it_away_and_only_once() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let stranger = stage.desk(Abilities::speaking(&["ru"])).await;
    stage.receive(call("ar")).await;
    let held = amina.take().await;
    assert_eq!(why(stranger.try_transfer(&held).await).code, Code::NotFound);
    let (one, two) = tokio::join!(amina.try_transfer(&held), amina.try_transfer(&held));
    assert_eq!([&one, &two].iter().filter(|answer| answer.is_ok()).count(), 1);
    let lost = one.and(two).unwrap_err();
    assert!(matches!(lost.code(), Code::NotFound | Code::FailedPrecondition | Code::Aborted), "{lost:?}");
    let given = stage.journal(&held).iter().filter(|(event, _)| event == "contact_transferred").count();
    assert_eq!(given, 1);
}

/// A contact in every sample has exactly the owner its state asks for.
fn check_owner(contact: &Contact) {
    let owned = !contact.counsellor_id.is_empty();
    match contact.state() {
        ContactState::Waiting | ContactState::Offered => assert!(!owned, "{contact:?}"),
        ContactState::InProgress => assert!(owned, "{contact:?}"),
        state => panic!("never {state:?}"),
    }
}

#[tokio::test]
async fn a_contact_that_goes_from_hand_to_hand_has_one_owner_at_every_instant() {
    let stage = Stage::set().await;
    let desks = [
        stage.desk(Abilities::speaking(&["ar"])).await,
        stage.desk(Abilities::speaking(&["ar"])).await,
        stage.desk(Abilities::speaking(&["ar"])).await,
    ];
    let contact = stage.receive(chat("ar")).await;
    let hands = async {
        for turn in 0..9_usize {
            // Whoever is asked: the two others are cooling down or were.
            let mut offer = None;
            while offer.is_none() {
                for desk in &desks {
                    if desk.watch.has_offer().await {
                        offer = Some((desk, desk.next_offer().await));
                    }
                }
                tokio::task::yield_now().await;
            }
            let (desk, offer) = offer.unwrap();
            let held = desk.accept(&offer).await;
            assert!(held.epoch >= i64::try_from(2 * turn).unwrap(), "every change of hands grows the epoch");
            desk.transfer(&held).await;
        }
    };
    let watching = async {
        let (mut epoch, mut revision) = (0, 0);
        loop {
            let seen = stage.contact(&contact.contact_id).await;
            check_owner(&seen);
            assert!(seen.epoch >= epoch && seen.revision >= revision, "neither ever falls");
            (epoch, revision) = (seen.epoch, seen.revision);
        }
    };
    tokio::select! {
        () = hands => {}
        () = watching => {}
    }
    stage.agrees().await;
    let seen = stage.contact(&contact.contact_id).await;
    assert_eq!((seen.receive_time, seen.deadline_time), (contact.receive_time, contact.deadline_time));
}
