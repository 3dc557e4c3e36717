//! Several act on the same participation at once: exactly one wins, and the contact has one owner.

use helpline_proto::intake::v1::Contact;
use helpline_proto::queueing::v1::{DeclineReason, Participation, ParticipationKind};
use helpline_tests::Abilities;
use tonic::{Code, Status};

use crate::desk::Desk;
use crate::guests::invitation;
use crate::stage::{Stage, chat, until};

/// What can happen to a participation, or to the contact it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Join,
    Decline,
    TakeOver,
    Leave,
    Remove,
    Depart,
    Release,
    Transfer,
    Complete,
    Expire,
}

const TO_AN_INVITATION: [Verb; 7] =
    [Verb::Join, Verb::Decline, Verb::Remove, Verb::Depart, Verb::Release, Verb::Transfer, Verb::Expire];
const TO_WHO_HAS_JOINED: [Verb; 7] =
    [Verb::TakeOver, Verb::Leave, Verb::Remove, Verb::Depart, Verb::Release, Verb::Transfer, Verb::Complete];

struct Scene<'a> {
    stage: &'a Stage,
    owner: &'a Desk,
    guest: &'a Desk,
    contact: Contact,
    part: Participation,
}

impl Scene<'_> {
    async fn act(&self, verb: Verb) -> Result<(), Status> {
        let Self { stage, owner, guest, contact, part } = self;
        match verb {
            Verb::Join => guest.try_join(part).await.map(drop),
            Verb::Decline => guest.try_refuse(part, DeclineReason::Busy).await.map(drop),
            Verb::TakeOver => guest.try_take_over(part).await.map(drop),
            Verb::Leave => guest.try_leave(part).await.map(drop),
            Verb::Remove => owner.try_remove(part).await.map(drop),
            Verb::Depart => stage.try_leave(&contact.contact_id).await.map(drop),
            Verb::Release => owner.try_release(contact).await.map(drop),
            Verb::Transfer => owner.try_transfer(contact).await.map(drop),
            Verb::Complete => owner.try_complete(contact).await.map(drop),
            Verb::Expire => {
                stage.world.advance(21.0);
                Ok(())
            }
        }
    }

    /// The counsellor of the contact by the row.
    fn owner_id(&self) -> String {
        self.stage.value(&format!(
            "SELECT counsellor_id FROM helpline.contacts WHERE contact_id = '{}'",
            self.contact.contact_id
        ))
    }

    /// What must hold whoever won.
    async fn judge(&self, pair: (Verb, Verb), answers: [Result<(), Status>; 2]) {
        for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            let may = [Code::FailedPrecondition, Code::NotFound, Code::Aborted];
            assert!(may.contains(&answer.code()), "{pair:?}: {answer:?}");
        }
        let (state, _) = self.stage.part(&self.part);
        let (first, second) = pair;
        for (verb, ended, answer) in [
            (Verb::TakeOver, "took_over", [first, second].iter().position(|one| *one == Verb::TakeOver)),
            (Verb::Decline, "declined", [first, second].iter().position(|one| *one == Verb::Decline)),
        ] {
            let Some(place) = answer else { continue };
            assert_eq!(answers[place].is_ok(), state == ended, "{verb:?} of {pair:?} ended as {state}");
        }
        let owner = self.owner_id();
        if state == "took_over" {
            assert_eq!(owner, self.guest.id(), "{pair:?}");
        } else {
            assert!(owner.is_empty() || owner == self.owner.id(), "{pair:?}: {owner}");
        }
        self.stage.agrees().await;
    }

    /// Ends everything for the next race.
    async fn clear(&self) {
        self.owner.not_ready().await;
        self.guest.not_ready().await;
        let _ = self.stage.try_leave(&self.contact.contact_id).await;
        let _ = self.owner.try_complete(&self.contact).await;
        let _ = self.guest.try_complete(&self.contact).await;
        until("everything is over", async || {
            (self.owner.held().await == (0, 0, 0) && self.guest.held().await == (0, 0, 0)).then_some(())
        })
        .await;
        self.stage.agrees().await;
        self.owner.watch.forget().await;
        self.guest.watch.forget().await;
    }
}

async fn race(
    stage: &Stage,
    (owner, guest, language): (&Desk, &Desk, &str),
    joins: bool,
    pair: (Verb, Verb),
) {
    owner.ready().await;
    stage.receive(chat(language)).await;
    let contact = owner.take().await;
    guest.ready().await;
    let part = owner.invite(&contact, ParticipationKind::WarmTransfer, guest).await;
    if joins {
        guest.join(&part).await;
    }
    let scene = Scene { stage, owner, guest, contact, part };
    let (first, second) = tokio::join!(scene.act(pair.0), scene.act(pair.1));
    if pair.0 == Verb::Expire || pair.1 == Verb::Expire {
        until("the invitation is over or was taken", async || {
            (scene.stage.part(&scene.part).0 != "invited").then_some(())
        })
        .await;
    }
    scene.judge(pair, [first, second]).await;
    scene.clear().await;
}

async fn races(joins: bool, verbs: [Verb; 7]) {
    let stage = Stage::set().await;
    stage.world.change_settings(|settings| settings.missed_offer_limit = 100).await;
    let owner = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let guest = stage.desk_off_shift(Abilities::speaking(&["ru"])).await;
    for first in verbs {
        for second in verbs.into_iter().filter(|second| *second != first) {
            race(&stage, (&owner, &guest, "ar"), joins, (first, second)).await;
        }
    }
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn of_any_two_who_act_on_an_invitation_exactly_one_decides_it() {
    races(false, TO_AN_INVITATION).await;
}

#[tokio::test]
async fn of_any_two_who_act_on_who_has_joined_exactly_one_decides_it() {
    races(true, TO_WHO_HAS_JOINED).await;
}

#[tokio::test]
async fn an_invitation_that_races_with_the_end_of_the_conversation_is_not_left_behind() {
    let stage = Stage::set().await;
    let owner = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let guest = stage.desk_off_shift(Abilities::speaking(&["ru"])).await;
    for turn in 0..12 {
        owner.ready().await;
        stage.receive(chat("ar")).await;
        let contact = owner.take().await;
        guest.ready().await;
        let request = invitation(&contact, ParticipationKind::WarmTransfer, Some(&guest));
        let (invited, ended) = tokio::join!(owner.try_invite(request), async {
            match turn % 3 {
                0 => stage.try_leave(&contact.contact_id).await.map(drop),
                1 => owner.try_release(&contact).await.map(drop),
                _ => owner.try_complete(&contact).await.map(drop),
            }
        });
        ended.unwrap();
        if let Ok(part) = invited {
            assert_eq!(stage.part(&part).0, "withdrawn", "turn {turn}");
        }
        assert_eq!(guest.held().await, (0, 0, 0), "turn {turn}");
        stage.agrees().await;
        let _ = owner.try_complete(&contact).await;
        owner.watch.forget().await;
    }
    stage.agrees_with_the_view().await;
}
