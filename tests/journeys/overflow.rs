//! A partner centre takes contacts on: two centres, one child, one place in line.

mod by_itself;
mod races;

use helpline_domain::caller::Role;
use helpline_proto::intake::v1::{Contact, ContactState, GetContactRequest, ReceiveContactRequest};
use helpline_proto::queueing::v1::{
    AcceptOverflowRequest, DeclineOverflowRequest, GetOverflowRequest, ListOverflowsRequest, Overflow,
    OverflowDirection, OverflowFilter, OverflowReason, OverflowState, RequestOverflowRequest,
    ReturnContactRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, Actor, Centre, request_id};
use tonic::{Code, Status};

use crate::desk::Desk;
use crate::stage::{Stage, about, at, call, chat, from, seconds, until, why};

/// Where the partner's people are connected.
const ADDRESS: &str = "sip:overflow@partner.example";

/// The other centre.
struct Partner {
    centre: Centre,
    adapter: Actor,
    supervisor: Actor,
}

/// What the two centres agree, as far as tests differ in it.
#[derive(Clone, Copy, Default)]
struct Terms {
    automatic: bool,
    shares: bool,
}

impl Partner {
    /// Another centre, and an agreement with it.
    async fn agreed(stage: &Stage, terms: Terms) -> Self {
        let centre = stage.world.another_centre().await;
        let partner = Self {
            adapter: stage.world.bearer(centre.id, Role::ChannelAdapter, None).await,
            supervisor: stage.world.bearer(centre.id, Role::Supervisor, None).await,
            centre,
        };
        stage.world.agree_on_overflow(&partner.centre).await;
        stage
            .world
            .change_settings(|settings| {
                let to = &mut settings.overflow.as_mut().unwrap().to[0];
                (to.shares_identity, to.shares_contact) = (terms.shares, terms.shares);
            })
            .await;
        stage
            .world
            .change_settings_of(&partner.centre, |settings| {
                let from = &mut settings.overflow.as_mut().unwrap().from[0];
                from.automatic = terms.automatic;
                assert_eq!((from.connect_to.as_str(), from.most), (ADDRESS, 2));
            })
            .await;
        partner
    }

    /// A counsellor of the partner who watches their offers and is ready.
    async fn desk(&self, stage: &Stage, abilities: Abilities) -> Desk {
        let desk = Desk::open(stage.world.counsellor_of(&self.centre, abilities).await).await;
        desk.ready().await;
        desk
    }

    /// A contact as the partner's supervisor sees it.
    async fn contact(&self, contact_id: &str) -> Contact {
        let request = GetContactRequest { contact_id: contact_id.to_owned() };
        self.supervisor.contacts().get_contact(request).await.unwrap().into_inner().contact.unwrap()
    }

    /// The partner's contact, once the child is in its line.
    async fn linked(&self, overflow: &Overflow) -> Contact {
        let contact_id = until("the partner has a contact", async || {
            let listed = list(&self.supervisor, OverflowDirection::In).await;
            let known = listed.into_iter().find(|known| known.overflow_id == overflow.overflow_id)?;
            (!known.contact_id.is_empty()).then_some(known.contact_id)
        })
        .await;
        self.contact(&contact_id).await
    }

    /// Waits until the partner knows that it is asked.
    async fn asked(&self) -> Overflow {
        until("the partner is asked", async || {
            let open = list(&self.supervisor, OverflowDirection::In).await;
            open.into_iter().find(|one| one.state() == OverflowState::Requested)
        })
        .await
    }
}

async fn list(actor: &Actor, direction: OverflowDirection) -> Vec<Overflow> {
    let filter = OverflowFilter { direction: direction.into(), open_only: false };
    let request = ListOverflowsRequest { filter: Some(filter), ..ListOverflowsRequest::default() };
    actor.overflow().list_overflows(request).await.unwrap().into_inner().overflows
}

async fn ask(actor: &Actor, contact: &Contact) -> Result<Overflow, Status> {
    let request = RequestOverflowRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        partner_id: String::new(),
    };
    Ok(actor.overflow().request_overflow(request).await?.into_inner().overflow.unwrap())
}

async fn accept(actor: &Actor, overflow: &Overflow) -> Result<Overflow, Status> {
    let request =
        AcceptOverflowRequest { request_id: request_id(), overflow_id: overflow.overflow_id.clone() };
    Ok(actor.overflow().accept_overflow(request).await?.into_inner().overflow.unwrap())
}

async fn decline(actor: &Actor, overflow: &Overflow) -> Result<Overflow, Status> {
    let request =
        DeclineOverflowRequest { request_id: request_id(), overflow_id: overflow.overflow_id.clone() };
    Ok(actor.overflow().decline_overflow(request).await?.into_inner().overflow.unwrap())
}

async fn give_back(actor: &Actor, contact: &Contact) -> Result<Overflow, Status> {
    let request = ReturnContactRequest { request_id: request_id(), contact_id: contact.contact_id.clone() };
    Ok(actor.overflow().return_contact(request).await?.into_inner().overflow.unwrap())
}

async fn get(actor: &Actor, contact: &Contact) -> Result<Overflow, Status> {
    let request = GetOverflowRequest { contact_id: contact.contact_id.clone() };
    Ok(actor.overflow().get_overflow(request).await?.into_inner().overflow.unwrap())
}

/// Waits until the overflow of a contact of the origin is in a state.
async fn until_overflow(stage: &Stage, contact: &Contact, state: OverflowState) -> Overflow {
    until(&format!("the overflow is {state:?}"), async || {
        let now = get(&stage.supervisor, contact).await.ok()?;
        (now.state() == state).then_some(now)
    })
    .await
}

/// No child is between two centres, and everything else agrees in both.
async fn agree(stage: &Stage, partner: &Partner) {
    stage.agrees().await;
    let differences = stage.world.servers[0].ctx().store.compare(partner.centre.id).await.unwrap();
    assert!(differences.is_none(), "{differences:?}");
}

#[tokio::test]
async fn a_partner_that_accepts_has_the_contact_at_its_place_and_what_came_of_it_comes_back() {
    let stage = Stage::set().await;
    let partner = Partner::agreed(&stage, Terms::default()).await;
    let request = at(Risk::High, from("+974 5555 0177", call("ar")));
    let contact = stage.receive(request.clone()).await;
    assert_eq!(why(get(&stage.adapter, &contact).await).code, Code::NotFound, "nobody was asked");
    let asked = ask(&stage.supervisor, &contact).await.unwrap();
    assert_eq!(
        (asked.state(), asked.reason(), asked.direction()),
        (OverflowState::Requested, OverflowReason::ByHand, OverflowDirection::Out)
    );
    assert_eq!(
        stage.contact(&contact.contact_id).await.state(),
        ContactState::Waiting,
        "in line all the same"
    );
    assert_eq!(why(ask(&stage.supervisor, &contact).await).metadata("state"), "requested");

    let seen = partner.asked().await;
    assert_eq!((&seen.overflow_id, seen.contact_id.as_str()), (&asked.overflow_id, ""));
    assert_eq!(seen.partner_id, stage.world.centre.id.to_string());
    stage.world.advance(30.0);
    let accepted = accept(&partner.supervisor, &seen).await.unwrap();
    let linked = partner.contact(&accepted.contact_id).await;
    assert_eq!(linked.state(), ContactState::Waiting);
    assert_ne!(linked.contact_id, contact.contact_id);
    assert_eq!((linked.receive_time, linked.deadline_time), (contact.receive_time, contact.deadline_time));
    assert_eq!((linked.sender.as_str(), linked.display_name.as_str()), ("", ""), "not agreed");
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Overflowed);

    // The channel learns where to connect the person, and the partner's by what.
    let told = stage.received(request).await;
    assert!(told.existing);
    let told = told.overflow.unwrap();
    assert_eq!((told.connect_to.as_str(), told.state()), (ADDRESS, OverflowState::Accepted));
    assert_eq!(get(&stage.adapter, &contact).await.unwrap(), told);
    let connect = ReceiveContactRequest { external_id: told.overflow_id.clone(), ..call("ar") };
    let connected = partner.adapter.contacts().receive_contact(connect).await.unwrap().into_inner();
    assert!(connected.existing);
    assert_eq!(connected.contact.unwrap().contact_id, linked.contact_id);

    let basma = partner.desk(&stage, Abilities::speaking(&["ar"])).await;
    let talk = basma.take().await;
    assert_eq!(talk.contact_id, linked.contact_id);
    let serving = until_overflow(&stage, &contact, OverflowState::Serving).await;
    assert!(serving.answer_time.is_some());
    // Nobody at home can take them meanwhile.
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    basma.complete(&talk).await;
    let served = until_overflow(&stage, &contact, OverflowState::Served).await;
    let over = stage.contact(&contact.contact_id).await;
    assert_eq!(over.state(), ContactState::PassedOn);
    assert_eq!(
        (over.answer_time, over.closing),
        (served.answer_time, None),
        "times, and nothing that was said"
    );
    let told = |events: Vec<(String, String)>| events.into_iter().map(|(event, _)| event).collect::<Vec<_>>();
    assert_eq!(
        told(stage.journal(&contact)),
        [
            "contact_received",
            "contact_arranged",
            "overflow_requested",
            "contact_overflowed",
            "overflow_serving",
            "overflow_ended"
        ]
        .map(str::to_owned)
    );
    let there = told(stage.journal(&linked));
    assert_eq!(there[..2], ["contact_received", "contact_connected"].map(str::to_owned));
    agree(&stage, &partner).await;
}

#[tokio::test]
async fn who_is_not_served_by_the_partner_waits_again_at_the_old_place() {
    let stage = Stage::set().await;
    let partner = Partner::agreed(&stage, Terms::default()).await;
    let contact = stage.receive(at(Risk::High, call("ar"))).await;
    let waits_again = async |what: &str| {
        let now = stage.until_state(&contact, ContactState::Waiting).await;
        let place = (now.receive_time, now.deadline_time);
        assert_eq!(place, (contact.receive_time, contact.deadline_time), "{what}");
    };
    // Declined, not accepted in time, taken back.
    let asked = ask(&stage.supervisor, &contact).await.unwrap();
    decline(&partner.supervisor, &partner.asked().await).await.unwrap();
    let declined = until_overflow(&stage, &contact, OverflowState::Declined).await;
    assert_eq!(declined.overflow_id, asked.overflow_id);
    waits_again("declined").await;
    ask(&stage.supervisor, &contact).await.unwrap();
    let late = partner.asked().await;
    stage.world.advance(61.0);
    assert_eq!(why(accept(&partner.supervisor, &late).await).code, Code::FailedPrecondition);
    until_overflow(&stage, &contact, OverflowState::Expired).await;
    waits_again("too late").await;
    let asked = ask(&stage.supervisor, &contact).await.unwrap();
    assert_eq!(decline(&stage.supervisor, &asked).await.unwrap().state(), OverflowState::Withdrawn);
    until("the partner knows", async || {
        let known = list(&partner.supervisor, OverflowDirection::In).await;
        known.iter().all(|one| one.state() != OverflowState::Requested).then_some(())
    })
    .await;
    // Accepted, and given back by hand; not answered in time; abandoned there.
    ask(&stage.supervisor, &contact).await.unwrap();
    let accepted = accept(&partner.supervisor, &partner.asked().await).await.unwrap();
    let linked = partner.linked(&accepted).await;
    let returned = give_back(&partner.supervisor, &linked).await.unwrap();
    assert_eq!(returned.state(), OverflowState::Returned);
    assert_eq!(partner.contact(&linked.contact_id).await.state(), ContactState::PassedOn);
    waits_again("given back").await;
    assert_eq!(why(give_back(&partner.supervisor, &linked).await).metadata("state"), "passed_on");

    ask(&stage.supervisor, &contact).await.unwrap();
    let accepted = accept(&partner.supervisor, &partner.asked().await).await.unwrap();
    let linked = partner.linked(&accepted).await;
    stage.world.advance(121.0);
    until_overflow(&stage, &contact, OverflowState::Returned).await;
    assert_eq!(partner.contact(&linked.contact_id).await.state(), ContactState::PassedOn);
    waits_again("nobody answered").await;

    ask(&stage.supervisor, &contact).await.unwrap();
    let accepted = accept(&partner.supervisor, &partner.asked().await).await.unwrap();
    let linked = partner.linked(&accepted).await;
    let connect = ReceiveContactRequest { external_id: accepted.overflow_id.clone(), ..call("ar") };
    partner.adapter.contacts().receive_contact(connect).await.unwrap();
    let left = helpline_proto::intake::v1::RecordDepartureRequest {
        request_id: request_id(),
        contact_id: linked.contact_id.clone(),
        cause: 0,
    };
    partner.adapter.contacts().record_departure(left).await.unwrap();
    until_overflow(&stage, &contact, OverflowState::Returned).await;
    waits_again("left by the partner's channel").await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.offered(&contact).await;
    agree(&stage, &partner).await;
}

#[tokio::test]
async fn who_leaves_while_the_partner_has_them_leaves_both_centres() {
    let stage = Stage::set().await;
    let partner = Partner::agreed(&stage, Terms::default()).await;
    // Before anybody answered: abandoned at home, and called back if it was serious.
    let unanswered = stage.receive(at(Risk::High, from("+974 5555 0177", call("ar")))).await;
    ask(&stage.supervisor, &unanswered).await.unwrap();
    let accepted = accept(&partner.supervisor, &partner.asked().await).await.unwrap();
    let linked = partner.linked(&accepted).await;
    stage.leave(&unanswered).await;
    until_overflow(&stage, &unanswered, OverflowState::Returned).await;
    let left = stage.contact(&unanswered.contact_id).await;
    assert!(matches!(left.state(), ContactState::Abandoned | ContactState::ShortAbandoned), "{left:?}");
    let there = partner.contact(&linked.contact_id).await;
    assert!(matches!(there.state(), ContactState::Abandoned | ContactState::ShortAbandoned), "{there:?}");
    let promised = "SELECT count(*) FROM helpline.callbacks";
    assert_eq!(stage.value(promised), "1", "at home, where the number is known");

    // In the middle of the talk: the partner's counsellor writes it up. Nobody at home could take it: they are asked at once.
    let basma = partner.desk(&stage, Abilities::speaking(&["ar"])).await;
    let answered = stage.receive(chat("ar")).await;
    accept(&partner.supervisor, &partner.asked().await).await.unwrap();
    let talk = basma.take().await;
    until_overflow(&stage, &answered, OverflowState::Serving).await;
    stage.leave(&answered).await;
    until_overflow(&stage, &answered, OverflowState::Served).await;
    assert_eq!(stage.contact(&answered.contact_id).await.state(), ContactState::PassedOn);
    assert_eq!(partner.contact(&talk.contact_id).await.state(), ContactState::WrapUp);
    basma.complete(&talk).await;
    agree(&stage, &partner).await;
}

#[tokio::test]
async fn a_partner_sees_what_was_agreed_and_nothing_else() {
    let stage = Stage::set().await;
    let partner = Partner::agreed(&stage, Terms { shares: true, ..Terms::default() }).await;
    let contact = stage.receive(from("+974 5555 0177", call("ar"))).await;
    ask(&stage.supervisor, &contact).await.unwrap();
    let accepted = accept(&partner.supervisor, &partner.asked().await).await.unwrap();
    let linked = partner.linked(&accepted).await;
    assert_eq!((linked.sender.as_str(), linked.display_name.as_str()), ("+974 5555 0177", "Somebody"));
    assert_eq!(accepted.connect_to, "", "where to connect is for who asks");
    let plain = "SELECT (SELECT string_agg(c::text, '') FROM helpline.contacts c) || (SELECT string_agg(o::text, '') \
        FROM helpline.overflows o) || (SELECT string_agg(j::text, '') FROM helpline.journal j)";
    let plain = stage.value(plain);
    assert!(
        !plain.is_empty() && !plain.contains("5555") && !plain.contains("Somebody"),
        "sealed in both centres"
    );
    let request = GetContactRequest { contact_id: contact.contact_id.clone() };
    assert_eq!(why(partner.supervisor.contacts().get_contact(request).await).code, Code::NotFound);
    let request = GetContactRequest { contact_id: linked.contact_id.clone() };
    assert_eq!(why(stage.supervisor.contacts().get_contact(request).await).code, Code::NotFound);
    // Each is told of the one overflow with its own contact alone.
    let ours = list(&stage.supervisor, OverflowDirection::Out).await.remove(0);
    assert_eq!((&ours.contact_id, &ours.overflow_id), (&contact.contact_id, &accepted.overflow_id));
    assert!(list(&stage.supervisor, OverflowDirection::In).await.is_empty());
    let other_adapter = stage.world.adapter().await;
    assert_eq!(why(get(&other_adapter, &contact).await).code, Code::NotFound, "another brought it");
    let stranger = stage.world.another_centre().await;
    let stranger = stage.world.bearer(stranger.id, Role::Supervisor, None).await;
    assert_eq!(why(accept(&stranger, &ours).await).code, Code::NotFound);
}

#[tokio::test]
async fn nobody_is_asked_with_whom_nothing_is_agreed() {
    let stage = Stage::set().await;
    let contact = stage.receive(call("ar")).await;
    let refused = why(ask(&stage.supervisor, &contact).await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "PARTNER_REFUSED"));
    let partner = Partner::agreed(&stage, Terms::default()).await;
    // Three of which the partner has agreed to two at once.
    let mut accepted = Vec::new();
    for round in 0..3 {
        let contact = stage.receive(call("ar")).await;
        ask(&stage.supervisor, &contact).await.unwrap();
        let asked = partner.asked().await;
        if round < 2 {
            accepted.push(accept(&partner.supervisor, &asked).await.unwrap());
        } else {
            assert_eq!(why(accept(&partner.supervisor, &asked).await).reason, "TOO_MANY");
            decline(&partner.supervisor, &asked).await.unwrap();
        }
    }
    // Nobody is sent on from centre to centre, and a language that is not agreed goes nowhere.
    let linked = partner.linked(&accepted[0]).await;
    assert_eq!(why(ask(&partner.supervisor, &linked).await).code, Code::FailedPrecondition);
    stage
        .world
        .change_settings(|settings| {
            settings.overflow.as_mut().unwrap().to[0].languages = vec!["fr".to_owned()];
        })
        .await;
    assert_eq!(why(ask(&stage.supervisor, &contact).await).reason, "PARTNER_REFUSED");
    let unknown = stage.receive(chat("")).await;
    ask(&stage.supervisor, &unknown).await.unwrap();
    let asked = partner.asked().await;
    // The agreement ends with either side's word.
    stage.world.change_settings_of(&partner.centre, |settings| settings.overflow = None).await;
    assert_eq!(why(accept(&partner.supervisor, &asked).await).reason, "PARTNER_REFUSED");
    assert!(about(
        seconds(unknown.deadline_time),
        seconds(stage.contact(&unknown.contact_id).await.deadline_time)
    ));
}
