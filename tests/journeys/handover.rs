//! The shift changes: what is not finished is offered, accepted, and only then somebody else's.

use helpline_proto::directory::v1::RevokeTokenRequest;
use helpline_proto::escalation::v1::{
    GetEscalationRequest, RaiseEscalationRequest, TakeOverEscalationRequest,
};
use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::{
    AcceptHandoverRequest, AlertKind, Callback, CallbackKind, DeclineHandoverRequest, DeclineReason,
    GetCallbackRequest, GoOfflineRequest, Handover, HandoverState, ListHandoverRequest, ListHandoverResponse,
    OfferHandoverRequest, OwnedEscalation, PresenceState, PromiseCallbackRequest,
};
use helpline_tests::plan::report;
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use crate::alerts::listed;
use crate::desk::Desk;
use crate::stage::{Stage, call, chat, from, until, why};

pub(crate) async fn list(actor: &Actor, leaving: &str) -> Result<ListHandoverResponse, Status> {
    let request = ListHandoverRequest { leaving_counsellor_id: leaving.to_owned() };
    Ok(actor.handover().list_handover(request).await?.into_inner())
}

pub(crate) async fn offer(actor: &Actor, leaving: &str, to: &str) -> Result<Handover, Status> {
    let request = OfferHandoverRequest {
        request_id: request_id(),
        leaving_counsellor_id: leaving.to_owned(),
        to_counsellor_id: to.to_owned(),
    };
    Ok(actor.handover().offer_handover(request).await?.into_inner().handover.unwrap())
}

pub(crate) async fn accept(actor: &Actor, handover: &Handover) -> Result<Handover, Status> {
    let request =
        AcceptHandoverRequest { request_id: request_id(), handover_id: handover.handover_id.clone() };
    Ok(actor.handover().accept_handover(request).await?.into_inner().handover.unwrap())
}

async fn decline(actor: &Actor, handover: &Handover) -> Result<Handover, Status> {
    let request =
        DeclineHandoverRequest { request_id: request_id(), handover_id: handover.handover_id.clone() };
    Ok(actor.handover().decline_handover(request).await?.into_inner().handover.unwrap())
}

/// Amina with a finished wrap-up, one that still holds her, and a live chat, in this order.
async fn busy(stage: &Stage) -> (Desk, [String; 3]) {
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 5, 0)).await;
    let mut ids = Vec::new();
    for step in 0..3 {
        stage.receive(from(&format!("child {step}"), chat("ar"))).await;
        let contact = amina.take().await;
        if step < 2 {
            amina.release(&contact).await;
        }
        if step == 0 {
            amina.finish(&contact).await;
        }
        ids.push(contact.contact_id);
    }
    assert_eq!(amina.held().await, (0, 2, 0));
    (amina, ids.try_into().unwrap())
}

#[tokio::test]
async fn unfinished_work_is_listed_offered_and_somebody_elses_on_acceptance_only() {
    let stage = Stage::set().await;
    let (amina, [signed_off_later, in_wrap_up, live]) = busy(&stage).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    basma.not_ready().await;
    let work = list(&amina.actor, "").await.unwrap().work;
    let states: Vec<_> = work.iter().map(|one| (one.contact_id.clone(), one.state())).collect();
    assert_eq!(
        states,
        [
            (signed_off_later.clone(), ContactState::WrapUp),
            (in_wrap_up.clone(), ContactState::WrapUp),
            (live.clone(), ContactState::InProgress)
        ]
    );
    assert_eq!(why(list(&basma.actor, amina.id()).await).code, Code::NotFound, "not hers to know");
    assert_eq!(why(offer(&basma.actor, amina.id(), "").await).code, Code::NotFound, "nor to give away");

    let handover = offer(&amina.actor, "", basma.id()).await.unwrap();
    assert_eq!(why(offer(&amina.actor, "", "").await).metadata("state"), "open", "offered once at a time");
    let seen = list(&basma.actor, amina.id()).await.unwrap();
    assert_eq!((seen.work.len(), seen.handovers), (3, vec![handover.clone()]), "seen before it is accepted");
    assert_eq!(stage.contact(&in_wrap_up).await.counsellor_id, amina.id());
    assert_eq!(why(accept(&amina.actor, &handover).await).code, Code::FailedPrecondition);

    let accepted = accept(&basma.actor, &handover).await.unwrap();
    assert_eq!((accepted.state(), accepted.moved), (HandoverState::Accepted, 2));
    for moved in [&signed_off_later, &in_wrap_up] {
        let contact = stage.contact(moved).await;
        assert_eq!((contact.counsellor_id.as_str(), contact.state()), (basma.id(), ContactState::WrapUp));
        assert_eq!(why(amina.sees(&contact).await).code, Code::NotFound);
        assert!(basma.sees(&contact).await.unwrap().sender.starts_with("child"));
        assert!(stage.journal(&contact).iter().any(|(event, _)| event == "contact_handed_over"));
        basma.complete(&contact).await;
    }
    let talk = stage.contact(&live).await;
    assert_eq!((talk.counsellor_id.as_str(), talk.state()), (amina.id(), ContactState::InProgress));
    assert_eq!((amina.held().await, basma.held().await), ((0, 1, 0), (0, 0, 0)));
    amina.complete(&talk).await;
    stage.agrees().await;
}

#[tokio::test]
async fn of_several_who_accept_at_once_one_has_everything() {
    let stage = Stage::set().await;
    let (amina, [one, two, _]) = busy(&stage).await;
    let basma = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let dana = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let handover = offer(&amina.actor, "", "").await.unwrap();
    assert_eq!(why(decline(&basma.actor, &handover).await).code, Code::FailedPrecondition, "not for all");
    let answers = tokio::join!(
        accept(&basma.actor, &handover),
        accept(&dana.actor, &handover),
        decline(&amina.actor, &handover),
    );
    let won: Vec<HandoverState> =
        [answers.0, answers.1, answers.2].into_iter().flatten().map(|handover| handover.state()).collect();
    assert_eq!(won.len(), 1, "{won:?}");
    let owners = [stage.contact(&one).await.counsellor_id, stage.contact(&two).await.counsellor_id];
    assert_eq!(owners[0], owners[1], "all or nothing");
    assert_eq!(owners[0] == amina.id(), won == [HandoverState::Withdrawn]);
    stage.agrees().await;
}

#[tokio::test]
async fn nobody_is_kept_from_going_home_and_work_without_an_owner_is_shown_until_it_has_one() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(call("ar")).await;
    let contact = amina.take().await;
    amina.release(&contact).await;
    assert!(list(&stage.supervisor, "").await.unwrap().work.is_empty(), "she is on shift");
    let request = GoOfflineRequest { request_id: request_id() };
    let gone = amina.actor.presence().go_offline(request).await.unwrap().into_inner();
    assert_eq!(gone.presence.unwrap().state(), PresenceState::Offline);
    assert_eq!(gone.open_work.len(), 1);
    let unowned = list(&stage.supervisor, "").await.unwrap().work;
    assert_eq!(unowned.iter().map(|work| &work.contact_id).collect::<Vec<_>>(), [&contact.contact_id]);
    assert_eq!(why(offer(&stage.supervisor, "", "").await).fields, ["leaving_counsellor_id"]);

    // The supervisor offers it for her; the first declines, the second takes it on.
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let handover = offer(&stage.supervisor, amina.id(), basma.id()).await.unwrap();
    assert_eq!(decline(&basma.actor, &handover).await.unwrap().state(), HandoverState::Declined);
    assert_eq!(stage.contact(&contact.contact_id).await.counsellor_id, amina.id());
    let dana = stage.desk(Abilities::speaking(&["ar"])).await;
    let handover = offer(&stage.supervisor, amina.id(), dana.id()).await.unwrap();
    assert_eq!(why(accept(&basma.actor, &handover).await).code, Code::NotFound, "not offered to her");
    accept(&dana.actor, &handover).await.unwrap();
    assert!(list(&stage.supervisor, "").await.unwrap().work.is_empty());
    dana.complete(&contact).await;
    assert_eq!(amina.held().await, (0, 0, 0));
    stage.agrees().await;
}

#[tokio::test]
async fn who_knows_the_family_takes_over_everything_but_that_childs_contact() {
    let stage = Stage::set().await;
    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(0, 1, 0)).await;
    let known = stage.receive(from("a child she knows", chat("ar"))).await;
    let rings = basma.offered(&known).await;
    basma.decline(&rings, DeclineReason::Conflict).await;
    basma.not_ready().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 5, 0)).await;
    amina.take().await;
    let other = stage.receive(from("another child", chat("ar"))).await;
    amina.take().await;
    amina.release(&known).await;
    amina.release(&other).await;
    let handover = offer(&amina.actor, "", "").await.unwrap();
    let accepted = accept(&basma.actor, &handover).await.unwrap();
    assert_eq!(accepted.moved, 1);
    let owners = [&known, &other].map(|one| {
        let sql =
            format!("SELECT counsellor_id FROM helpline.contacts WHERE contact_id = '{}'", one.contact_id);
        stage.value(&sql)
    });
    assert_eq!(owners, [amina.id(), basma.id()]);
    assert_eq!(why(basma.sees(&known).await).code, Code::NotFound);
    assert_eq!(amina.held().await, (0, 1, 0), "what stays keeps her");
    stage.agrees().await;
}

#[tokio::test]
async fn who_goes_on_call_leaves_unfinished_work_behind_as_who_goes_home_does() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(call("ar")).await;
    let contact = amina.take().await;
    amina.release(&contact).await;
    amina.finish(&contact).await;
    crate::hours::on_call(&amina).await;
    let unowned = list(&stage.supervisor, "").await.unwrap().work;
    assert_eq!(unowned.iter().map(|work| &work.contact_id).collect::<Vec<_>>(), [&contact.contact_id]);
    let counted = stage.world.servers[0].ctx().store.unowned_work(stage.world.centre.id).await.unwrap();
    assert_eq!(counted, 1);
}

#[tokio::test]
async fn promised_callbacks_are_listed_and_are_kept_by_whoever_accepts() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(from("+974 5555 0177", call("ar"))).await;
    let talk = amina.take().await;
    let promise = |kind: CallbackKind, seconds: i64| PromiseCallbackRequest {
        request_id: request_id(),
        contact_id: talk.contact_id.clone(),
        kind: kind.into(),
        due_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        ..PromiseCallbackRequest::default()
    };
    let now: i64 = stage.value("SELECT floor(extract(epoch FROM helpline.now()))::int8").parse().unwrap();
    let mut promised = Vec::new();
    for request in [promise(CallbackKind::CheckIn, now + 7200), promise(CallbackKind::Callback, now + 3600)] {
        let answer = amina.actor.callbacks().promise_callback(request).await.unwrap();
        promised.push(answer.into_inner().callback.unwrap().callback_id);
    }
    amina.complete(&talk).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let get = |callback_id: &str| {
        let request = GetCallbackRequest { callback_id: callback_id.to_owned() };
        let mut callbacks = basma.actor.callbacks();
        async move { callbacks.get_callback(request).await }
    };
    assert_eq!(why(get(&promised[0]).await).code, Code::NotFound);
    let request = GoOfflineRequest { request_id: request_id() };
    let gone = amina.actor.presence().go_offline(request).await.unwrap().into_inner();
    let ids =
        |callbacks: &[Callback]| callbacks.iter().map(|one| one.callback_id.clone()).collect::<Vec<_>>();
    let first_due_first = [promised[1].clone(), promised[0].clone()];
    assert_eq!(ids(&gone.callbacks), first_due_first);
    assert_eq!(ids(&list(&stage.supervisor, "").await.unwrap().callbacks), first_due_first);

    let handover = offer(&amina.actor, "", basma.id()).await.unwrap();
    assert_eq!(ids(&list(&basma.actor, amina.id()).await.unwrap().callbacks), first_due_first);
    let accepted = accept(&basma.actor, &handover).await.unwrap();
    assert_eq!((accepted.moved, accepted.moved_callbacks), (0, 2));
    assert!(list(&amina.actor, "").await.unwrap().callbacks.is_empty());
    assert_eq!(ids(&list(&basma.actor, "").await.unwrap().callbacks), first_due_first);
    let kept = get(&promised[0]).await.unwrap().into_inner().callback.unwrap();
    assert_eq!((kept.kept_by.as_str(), kept.promised_by.as_str()), (basma.id(), amina.id()));
    assert_eq!(stage.journal(&talk).iter().filter(|(event, _)| event == "callback_handed_over").count(), 2);

    // Whoever accepted is asked first, although somebody else has been idle for longer.
    let dana = stage.desk(Abilities::speaking(&["ar"])).await;
    basma.not_ready().await;
    basma.ready().await;
    stage.world.advance(3601.0);
    assert_eq!(basma.take().await.callback_id, promised[1]);
    assert!(!dana.watch.has_offer().await);
    stage.agrees().await;
}

#[tokio::test]
async fn an_open_escalation_has_an_owner_at_every_instant_and_is_handed_on_with_the_work() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let escalation = amina.actor.raises().await;
    let owner = async || {
        let request = GetEscalationRequest { escalation_id: escalation.clone() };
        let answer = stage.supervisor.escalations().get_escalation(request).await.unwrap();
        answer.into_inner().escalation.unwrap().owner_id
    };
    let ids = |owned: &[OwnedEscalation]| {
        owned.iter().map(|one| (one.escalation_id.clone(), one.owner_id.clone())).collect::<Vec<_>>()
    };
    let hers = [(escalation.clone(), amina.id().to_owned())];
    assert_eq!(ids(&list(&amina.actor, "").await.unwrap().escalations), hers);
    assert!(list(&stage.supervisor, "").await.unwrap().escalations.is_empty(), "she is on shift");
    let request = GoOfflineRequest { request_id: request_id() };
    let gone = amina.actor.presence().go_offline(request).await.unwrap().into_inner();
    assert_eq!(ids(&gone.escalations), hers);
    assert_eq!(ids(&list(&stage.supervisor, "").await.unwrap().escalations), hers);
    let unowned = async || {
        let open = listed(&stage.supervisor, true).await;
        open.iter().any(|alert| alert.kind() == AlertKind::EscalationUnowned)
    };
    until("supervisors are alerted", async || unowned().await.then_some(())).await;
    assert_eq!(owner().await, amina.id(), "hers until somebody accepts it");

    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let handover = offer(&stage.supervisor, amina.id(), basma.id()).await.unwrap();
    assert_eq!(ids(&list(&basma.actor, amina.id()).await.unwrap().escalations), hers, "seen before");
    let accepted = accept(&basma.actor, &handover).await.unwrap();
    assert_eq!((accepted.moved, accepted.moved_callbacks, accepted.moved_escalations), (0, 0, 1));
    assert_eq!(owner().await, basma.id());
    until("it is owned again", async || (!unowned().await).then_some(())).await;
    let timeline = format!(
        "SELECT detail ->> 'from' FROM helpline.escalation_events WHERE escalation_id = '{escalation}' AND event = 'handed_on'"
    );
    assert_eq!(stage.value(&timeline), amina.id());

    // Who goes on call leaves it behind as well, and so does a supervisor whose token is good no longer.
    crate::hours::on_call(&basma).await;
    until("she is on call", async || unowned().await.then_some(())).await;
    let deputy = stage.world.supervisor().await;
    let take_over = TakeOverEscalationRequest { request_id: request_id(), escalation_id: escalation.clone() };
    deputy.escalations().take_over_escalation(take_over).await.unwrap();
    until("the deputy has it", async || (!unowned().await).then_some(())).await;
    let revoke = RevokeTokenRequest { request_id: request_id(), token_id: deputy.token_id.clone() };
    stage.world.administrator().tokens().revoke_token(revoke).await.unwrap();
    until("the deputy has gone", async || unowned().await.then_some(())).await;
    assert_eq!(owner().await, deputy.token_id);
}

#[tokio::test]
async fn who_knows_the_family_does_not_get_its_escalation() {
    let stage = Stage::set().await;
    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(0, 1, 0)).await;
    let known = stage.receive(from("a child she knows", chat("ar"))).await;
    let rings = basma.offered(&known).await;
    basma.decline(&rings, DeclineReason::Conflict).await;
    basma.not_ready().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 5, 0)).await;
    amina.take().await;
    let about = RaiseEscalationRequest { contact_id: known.contact_id.clone(), ..report() };
    let raised =
        amina.actor.escalations().raise_escalation(about).await.unwrap().into_inner().escalation.unwrap();
    let other = amina.actor.raises().await;
    let handover = offer(&amina.actor, "", "").await.unwrap();
    assert_eq!(accept(&basma.actor, &handover).await.unwrap().moved_escalations, 1);
    for (escalation, owner) in [(&raised.escalation_id, amina.id()), (&other, basma.id())] {
        let sql = format!("SELECT owner_id FROM helpline.escalations WHERE escalation_id = '{escalation}'");
        assert_eq!(stage.value(&sql), owner);
    }
    let request = GetEscalationRequest { escalation_id: raised.escalation_id };
    assert_eq!(why(basma.actor.escalations().get_escalation(request).await).code, Code::NotFound);
}
