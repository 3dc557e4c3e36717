//! A contact is handed on while both counsellors are with the child.

use helpline_proto::intake::v1::{Contact, ContactState};
use helpline_proto::queueing::v1::{
    DeclineReason, NotReadyReason, ParticipationKind, ParticipationState, PresenceState,
};
use helpline_tests::Abilities;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tonic::Code;

use crate::desk::Desk;
use crate::guests::{BRIEFING, end_of, invitation, say};
use crate::stage::{Stage, call, chat, from, until, why};

const WARM: ParticipationKind = ParticipationKind::WarmTransfer;

/// Two counsellors, of whom the first has a chat of a child who has written.
async fn two() -> (Stage, Desk, Desk, Contact) {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(from("child-1", chat("ar"))).await;
    let contact = amina.take().await;
    say(&stage.adapter, &contact, "Are you there?").await.unwrap();
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    (stage, amina, basma, contact)
}

/// Streams tell of the end of what they have told of.
async fn both_are_told(owner: &Desk, guest: &Desk) {
    owner.watch.until_part(ParticipationState::Invited).await;
    guest.watch.until_part(ParticipationState::Invited).await;
}

/// The contact's counsellor, its holder and its state.
fn owner(stage: &Stage, contact: &Contact) -> (String, String, String) {
    let sql = format!(
        "SELECT coalesce(counsellor_id::text, ''), coalesce(holder_id::text, ''), state FROM helpline.contacts WHERE contact_id = '{}'",
        contact.contact_id
    );
    let mut row = stage.sql(&sql).remove(0).into_iter().map(Option::unwrap);
    (row.next().unwrap(), row.next().unwrap(), row.next().unwrap())
}

#[track_caller]
fn assert_owned(stage: &Stage, contact: &Contact, desk: &Desk) {
    let id = desk.id().to_owned();
    assert_eq!(owner(stage, contact), (id.clone(), id, "in_progress".to_owned()));
}

#[tokio::test]
async fn a_chat_is_handed_on_with_a_briefing_while_both_are_there() {
    let (stage, amina, basma, contact) = two().await;
    let part = amina.invite(&contact, WARM, &basma).await;
    assert_eq!((part.briefing.as_str(), part.owner_id.as_str()), (BRIEFING, amina.id()));
    assert_eq!(basma.held().await, (0, 1, 0), "held from the invitation on");

    // Who is invited sees the briefing and what is coded, and nothing of the contact itself.
    let told = basma.watch.until_part(ParticipationState::Invited).await;
    assert_eq!(
        (told.participation_id.as_str(), told.briefing.as_str()),
        (part.participation_id.as_str(), BRIEFING)
    );
    assert_eq!((told.risk(), told.queue.as_str(), told.language.as_str()), (contact.risk(), "general", "ar"));
    assert_eq!(why(basma.sees(&contact).await).code, Code::NotFound);
    assert_eq!(why(basma.try_read(&contact).await).code, Code::NotFound);
    assert_eq!(why(basma.try_say(&contact, "I am not there yet").await).code, Code::NotFound);
    assert_eq!(why(basma.try_take_over(&part).await).metadata("state"), "invited");

    let joined = basma.join(&part).await;
    assert_eq!((joined.sender.as_str(), joined.counsellor_id.as_str()), ("child-1", amina.id()));
    assert_eq!(joined.epoch, contact.epoch, "custody has not moved");
    amina.watch.until_part(ParticipationState::Joined).await;
    let (texts, _both) = basma.try_read(&contact).await.unwrap();
    assert_eq!(texts, ["Are you there?"]);
    amina.try_say(&contact, "This is Basma.").await.unwrap();
    basma.try_say(&contact, "Hello.").await.unwrap();
    assert_eq!(stage.contact(&contact.contact_id).await.participations.len(), 1);
    let (_, reading) = amina.try_read(&contact).await.unwrap();

    let taken = basma.try_take_over(&part).await.unwrap();
    assert_eq!((taken.counsellor_id.as_str(), taken.epoch), (basma.id(), contact.epoch + 1));
    assert_eq!((taken.receive_time, taken.deadline_time), (contact.receive_time, contact.deadline_time));
    assert_owned(&stage, &contact, &basma);
    assert_eq!((amina.held().await, basma.held().await), ((0, 0, 0), (0, 1, 0)));
    amina.watch.until_part(ParticipationState::TookOver).await;
    assert_eq!(end_of(reading).await.map(|end| end.code()), Some(Code::NotFound), "no longer theirs to read");
    assert_eq!(why(amina.sees(&contact).await).code, Code::NotFound);
    assert_eq!(why(amina.try_say(&contact, "One more thing").await).code, Code::NotFound);
    assert!(stage.contact(&contact.contact_id).await.participations.is_empty());
    basma.try_say(&contact, "I am here for you.").await.unwrap();
    basma.complete(&contact).await;
    assert_eq!(basma.held().await, (0, 0, 0));
    stage.agrees_with_the_view().await;
    let events: Vec<_> = stage.journal(&contact).into_iter().map(|(event, _)| event).collect();
    for event in ["participant_invited", "participant_joined", "contact_taken_over"] {
        assert_eq!(events.iter().filter(|one| *one == event).count(), 1, "{event} in {events:?}");
    }
}

#[tokio::test]
async fn a_call_is_handed_on_to_who_is_entirely_free() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(call("ar")).await;
    let contact = amina.take().await;
    let busy = stage.desk(Abilities::speaking(&["ru"])).await;
    stage.receive(chat("ru")).await;
    let other = busy.take().await;
    let refused = why(amina.try_invite(invitation(&contact, WARM, Some(&busy))).await);
    assert_eq!(refused.reason, "CAPACITY_EXCEEDED", "a call leaves no room for a chat beside it");
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let part = amina.invite(&contact, WARM, &basma).await;
    assert_eq!(basma.held().await, (1, 0, 0));
    stage.receive(chat("ar")).await;
    stage.a_pass().await;
    assert!(!basma.watch.has_offer().await, "nothing is offered to who is about to speak");
    basma.join(&part).await;
    basma.try_take_over(&part).await.unwrap();
    assert_owned(&stage, &contact, &basma);
    let waiting = amina.take().await;
    for (desk, contact) in [(&amina, &waiting), (&basma, &contact), (&busy, &other)] {
        desk.complete(contact).await;
    }
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_declined_a_missed_and_a_withdrawn_invitation_leave_the_contact_where_it_was() {
    let (stage, amina, basma, contact) = two().await;
    let part = amina.invite(&contact, WARM, &basma).await;
    both_are_told(&amina, &basma).await;
    let declined = basma.try_refuse(&part, DeclineReason::Busy).await.unwrap();
    assert_eq!((declined.state(), declined.reason.as_str()), (ParticipationState::Declined, "busy"));
    assert_eq!(declined.briefing, "", "no longer theirs to know");
    amina.watch.until_part(ParticipationState::Declined).await;
    assert_eq!(why(basma.try_join(&part).await).metadata("state"), "declined");

    let part = amina.invite(&contact, WARM, &basma).await;
    both_are_told(&amina, &basma).await;
    amina.try_remove(&part).await.unwrap();
    assert_eq!(stage.part(&part), ("withdrawn".to_owned(), "removed".to_owned()));
    basma.watch.until_part(ParticipationState::Withdrawn).await;

    let part = amina.invite(&contact, WARM, &basma).await;
    both_are_told(&amina, &basma).await;
    stage.world.advance(21.0);
    amina.watch.until_part(ParticipationState::Expired).await;
    assert_eq!(why(basma.try_join(&part).await).metadata("state"), "expired");
    assert_eq!(basma.presence().await.missed_offers, 1, "a missed invitation is a missed offer");
    assert_eq!(amina.presence().await.missed_offers, 0);
    // Twice in a row, as with offers, and who does not answer is not asked any more.
    amina.invite(&contact, WARM, &basma).await;
    stage.world.advance(21.0);
    let presence = basma.watch.until_presence(PresenceState::NotReady).await;
    assert_eq!(presence.reason(), NotReadyReason::MissedOffers);
    let refused = why(amina.try_invite(invitation(&contact, WARM, Some(&basma))).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("PRESENCE_REFUSED", "not_ready"));

    assert_owned(&stage, &contact, &amina);
    assert_eq!((amina.held().await, basma.held().await), ((0, 1, 0), (0, 0, 0)));
    assert_eq!(amina.sees(&contact).await.unwrap().epoch, contact.epoch);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn when_the_child_leaves_in_the_middle_everybody_is_free() {
    for joins in [false, true] {
        let (stage, amina, basma, contact) = two().await;
        let part = amina.invite(&contact, WARM, &basma).await;
        basma.watch.until_part(ParticipationState::Invited).await;
        if joins {
            basma.join(&part).await;
        }
        assert_eq!(stage.leave(&contact).await.state(), ContactState::WrapUp);
        let state = if joins { ParticipationState::Left } else { ParticipationState::Withdrawn };
        let told = basma.watch.until_part(state).await;
        assert_eq!(told.reason, "person_left");
        assert_eq!(basma.held().await, (0, 0, 0));
        assert_eq!(why(basma.try_take_over(&part).await).code, Code::FailedPrecondition);
        assert_eq!(why(basma.sees(&contact).await).code, Code::NotFound);
        assert_eq!(amina.complete(&contact).await.state(), ContactState::Closed);
        assert_eq!(amina.held().await, (0, 0, 0));
        stage.agrees_with_the_view().await;
    }
}

#[tokio::test]
async fn whatever_the_owner_does_with_the_contact_ends_everybodys_part_in_it() {
    let (stage, amina, basma, contact) = two().await;
    for (step, reason) in [
        ("transfer", "contact_transferred"),
        ("release", "contact_released"),
        ("complete", "contact_completed"),
    ] {
        let contact = if step == "transfer" {
            contact.clone()
        } else {
            {
                basma.not_ready().await;
                stage.receive(chat("ar")).await;
                let contact = amina.take().await;
                basma.ready().await;
                contact
            }
        };
        let part = amina.invite(&contact, WARM, &basma).await;
        basma.watch.until_part(ParticipationState::Invited).await;
        basma.join(&part).await;
        let (_, reading) = basma.try_read(&contact).await.unwrap();
        match step {
            "transfer" => drop(amina.transfer(&contact).await),
            "release" => drop(amina.release(&contact).await),
            _ => drop(amina.complete(&contact).await),
        }
        assert_eq!(stage.part(&part), ("left".to_owned(), reason.to_owned()));
        basma.watch.until_part(ParticipationState::Left).await;
        drop(end_of(reading).await);
        if step == "transfer" {
            // It waits, and is offered to who has just been in it: they know it best.
            basma.offered(&contact).await;
            stage.leave(&contact).await;
            basma.next_end().await;
        } else if step == "release" {
            amina.complete(&contact).await;
        }
        assert_eq!((amina.held().await, basma.held().await), ((0, 0, 0), (0, 0, 0)), "{step}");
        stage.agrees().await;
    }
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn when_the_owners_client_is_lost_the_contact_is_theirs_who_is_with_the_child() {
    let (stage, amina, basma, contact) = two().await;
    let part = amina.invite(&contact, WARM, &basma).await;
    basma.join(&part).await;
    stage.lose(&amina).await;
    stage.until_part(&part, "took_over", "owner_lost").await;
    assert_owned(&stage, &contact, &basma);
    assert_eq!(amina.held().await, (0, 0, 0));
    assert_eq!(basma.sees(&contact).await.unwrap().epoch, contact.epoch + 1);
    basma.complete(&contact).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_participant_whose_client_is_lost_leaves_and_the_owner_is_told() {
    let (stage, amina, basma, contact) = two().await;
    let part = amina.invite(&contact, WARM, &basma).await;
    both_are_told(&amina, &basma).await;
    basma.join(&part).await;
    stage.lose(&basma).await;
    let told = amina.watch.until_part(ParticipationState::Left).await;
    assert_eq!((told.participation_id, told.reason.as_str()), (part.participation_id, "client_lost"));
    assert_owned(&stage, &contact, &amina);
    assert_eq!(basma.held().await, (0, 0, 0));
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn who_goes_on_a_break_or_leaves_the_helpline_is_no_longer_invited() {
    let (stage, amina, basma, contact) = two().await;
    let part = amina.invite(&contact, WARM, &basma).await;
    basma.not_ready().await;
    stage.until_part(&part, "withdrawn", "not_ready").await;
    basma.ready().await;
    let part = amina.invite(&contact, WARM, &basma).await;
    basma.join(&part).await;
    let disable = helpline_proto::directory::v1::DisableCounsellorRequest {
        request_id: helpline_tests::request_id(),
        counsellor_id: basma.id().to_owned(),
    };
    stage.world.administrator().counsellors().disable_counsellor(disable).await.unwrap();
    stage.until_part(&part, "left", "client_lost").await;
    assert_owned(&stage, &contact, &amina);
    until("nothing is held", async || {
        let held = stage.value(&format!(
            "SELECT held_chat FROM helpline.presences WHERE counsellor_id = '{}'",
            basma.id()
        ));
        (held == "0").then_some(())
    })
    .await;
    assert_eq!(why(amina.try_invite(invitation(&contact, WARM, Some(&basma))).await).code, Code::NotFound);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn who_is_best_is_found_by_the_policy_and_never_who_must_not_have_it() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(chat("ar")).await;
    let contact = amina.take().await;
    assert_eq!(why(amina.try_invite(invitation(&contact, WARM, None)).await).reason, "NOBODY_FREE");
    let _russian = stage.desk(Abilities::speaking(&["ru"])).await;
    assert_eq!(why(amina.try_invite(invitation(&contact, WARM, None)).await).reason, "NOBODY_FREE");
    let rare = stage.desk(Abilities::speaking(&["ar", "ru", "fa"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let part = amina.try_invite(invitation(&contact, WARM, None)).await.unwrap();
    assert_eq!(part.counsellor_id, basma.id(), "the rare ones stay free");
    basma.try_refuse(&part, DeclineReason::Conflict).await.unwrap();
    let part = amina.try_invite(invitation(&contact, WARM, None)).await.unwrap();
    assert_eq!(part.counsellor_id, rare.id());
    rare.try_refuse(&part, DeclineReason::Busy).await.unwrap();
    assert_eq!(why(amina.try_invite(invitation(&contact, WARM, None)).await).reason, "NOBODY_FREE");
    stage.world.advance(61.0);
    let part = amina.try_invite(invitation(&contact, WARM, None)).await.unwrap();
    assert_eq!(part.counsellor_id, rare.id(), "the cool-down is over, the conflict never");
    amina.try_remove(&part).await.unwrap();
    let refused = why(amina.try_invite(invitation(&contact, WARM, Some(&basma))).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "conflict"));
    let refused = why(amina.try_invite(invitation(&contact, WARM, Some(&amina))).await);
    assert_eq!(refused.fields, ["to_counsellor_id"]);
    stage.agrees_with_the_view().await;
}

/// Two counsellors on a stage where clients are lost soon; the first loses theirs when the second has joined.
async fn joined_and_lost(kind: ParticipationKind) -> (Stage, Desk, helpline_tests::Actor, Contact) {
    let stage = Stage::set_with_presence_ttl(1).await;
    stage.settle(r#"{"resumption": {"resume_after_s": 1}}"#);
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(chat("ar")).await;
    let contact = amina.take().await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let part = amina.invite(&contact, kind, &basma).await;
    basma.join(&part).await;
    let Desk { actor, watch } = amina;
    drop(watch);
    (stage, basma, actor, contact)
}

#[tokio::test]
async fn a_contact_whose_counsellor_is_lost_does_not_go_to_the_line_while_somebody_is_with_the_child() {
    let (stage, basma, amina, contact) = joined_and_lost(WARM).await;
    until("the contact is theirs who is there", async || {
        (owner(&stage, &contact).0 == basma.id()).then_some(())
    })
    .await;
    assert!(!stage.journal(&contact).iter().any(|(event, _)| event == "contact_resumed"));
    assert_eq!(basma.held().await, (0, 1, 0));
    basma.try_say(&contact, "I am still here.").await.unwrap();
    basma.complete(&contact).await;
    let held = stage.value(&format!(
        "SELECT held_chat FROM helpline.presences WHERE counsellor_id = '{}'",
        amina.counsellor_id
    ));
    assert_eq!(held, "0");
    stage.agrees().await;
}

#[tokio::test]
async fn who_only_advised_is_free_when_the_conversation_goes_back_to_the_line() {
    let (stage, basma, _amina, contact) = joined_and_lost(ParticipationKind::Consult).await;
    let offer = basma.offered(&contact).await;
    assert_eq!(basma.held().await, (0, 1, 0), "by the offer alone");
    let taken = basma.accept(&offer).await;
    assert!(taken.epoch > contact.epoch && taken.participations.is_empty());
    stage.agrees().await;
}

#[tokio::test]
async fn who_is_back_is_not_gone_before_they_say_that_they_are_ready() {
    let (stage, amina, basma, contact) = two().await;
    let store = &stage.world.servers[0].ctx().store;
    let centre = stage.world.centre.id;
    stage.lose(&amina).await;
    assert_eq!(amina.presence().await.reason(), NotReadyReason::ClientLost);
    let lost = async || store.held_contacts(centre).await.unwrap().iter().map(|held| held.lost).collect();
    let before: Vec<bool> = lost().await;
    assert_eq!(before, [true]);
    store.touch_presences(centre, &[amina.id().parse().unwrap()]).await.unwrap();
    let after: Vec<bool> = lost().await;
    assert_eq!(after, [false]);
    let part = amina.invite(&contact, WARM, &basma).await;
    basma.join(&part).await;
    assert_eq!(store.due_participations(centre).await.unwrap(), []);
    assert_owned(&stage, &contact, &amina);
    amina.complete(&contact).await;
}

#[tokio::test]
async fn a_conversation_is_given_back_with_the_counsellors_locked_in_the_order_of_everybody() {
    let stage = Stage::set().await;
    let mut desks = [
        stage.desk_off_shift(Abilities::speaking(&["ar"])).await,
        stage.desk_off_shift(Abilities::speaking(&["ar"])).await,
    ];
    desks.sort_by(|one, other| one.id().cmp(other.id()));
    let [guest, lost] = desks;
    lost.ready().await;
    stage.receive(chat("ar")).await;
    let contact = lost.take().await;
    guest.ready().await;
    let part = lost.invite(&contact, ParticipationKind::Consult, &guest).await;
    guest.join(&part).await;
    let Desk { actor: lost, watch } = lost;
    drop(watch);
    stage.sql(&format!(
        "UPDATE helpline.presences SET last_seen_at = last_seen_at - interval '1 hour' WHERE counsellor_id = '{}'",
        lost.counsellor_id
    ));
    stage.sql("UPDATE helpline.contacts SET lost_at = helpline.now() - interval '30 minutes'");

    let row = |id: &str| format!("SELECT 1 FROM helpline.presences WHERE counsellor_id = '{id}' FOR UPDATE");
    let mut first = PgConnection::connect(&stage.world.database.url()).await.unwrap();
    let mut held = first.begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(row(guest.id()))).execute(&mut *held).await.unwrap();
    let store = stage.world.servers[0].ctx().store.clone();
    let centre = stage.world.centre.id;
    let resuming = tokio::spawn(async move { store.resume_one(centre, 1, 60).await });
    until("it waits for the first of them", async || {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        (stage.value(waits) != "0").then_some(())
    })
    .await;
    let second = stage.sql(&format!("{} SKIP LOCKED", row(&lost.counsellor_id)));
    assert_eq!(second.len(), 1, "the second is not locked before the first");
    held.rollback().await.unwrap();
    let resumed = resuming.await.unwrap().unwrap().unwrap();
    assert_eq!(resumed.contact.contact_id.to_string(), contact.contact_id);
    assert_eq!(guest.held().await, (0, 0, 0));
    stage.agrees().await;
}

#[tokio::test]
async fn who_speaks_with_the_child_stays_when_the_counsellor_is_lost() {
    let (stage, basma, _amina, contact) = joined_and_lost(ParticipationKind::Conference).await;
    until("the contact is theirs who is there", async || {
        (owner(&stage, &contact).0 == basma.id()).then_some(())
    })
    .await;
    assert!(!stage.journal(&contact).iter().any(|(event, _)| event == "contact_resumed"));
    basma.try_say(&contact, "I am still here.").await.unwrap();
    basma.complete(&contact).await;
    stage.agrees().await;
}
