//! A link opens one escalation for one agency, once, for a while.

use helpline_proto::channels::v1::{
    DisableEndpointRequest, GetVisitRequest, GetVisitResponse, OpenLinkRequest, RenewLinkRequest,
};
use helpline_proto::directory::v1::DisableAgencyRequest;
use helpline_proto::escalation::v1::{
    AcknowledgeEscalationRequest, Escalation, EscalationState, GetEscalationRequest, ListEscalationsRequest,
};
use helpline_tests::{Actor, Linked, Refused, World, refused, request_id};
use tonic::{Code, Status};

async fn open(linked: &Linked) -> Result<Actor, Refused> {
    let request = OpenLinkRequest { request_id: request_id() };
    match linked.actor.links().open_link(request).await {
        Ok(opened) => Ok(linked.actor.with(&opened.into_inner().secret)),
        Err(status) => Err(Refused::from(&status)),
    }
}

async fn renew(linked: &Linked) -> Result<String, Refused> {
    let request = RenewLinkRequest { request_id: request_id() };
    match linked.actor.links().renew_link(request).await {
        Ok(renewed) => Ok(renewed.into_inner().delivery_id),
        Err(status) => Err(Refused::from(&status)),
    }
}

async fn get(actor: &Actor, escalation_id: &str) -> Result<Escalation, Status> {
    let request = GetEscalationRequest { escalation_id: escalation_id.to_owned() };
    Ok(actor.escalations().get_escalation(request).await?.into_inner().escalation.unwrap())
}

async fn visit(actor: &Actor) -> Result<GetVisitResponse, Status> {
    Ok(actor.links().get_visit(GetVisitRequest {}).await?.into_inner())
}

/// What refuses a link, as `STATE_REFUSED` names it.
fn state<T: std::fmt::Debug>(answer: Result<T, Refused>) -> String {
    let refused = answer.unwrap_err();
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "STATE_REFUSED"));
    refused.metadata("state").to_owned()
}

#[tokio::test]
async fn of_many_who_open_a_link_at_once_one_visits() {
    let world = World::start().await;
    let linked = world.link(world.agency().await).await;
    let again = world.link_again(&linked).await;
    let all = tokio::join!(
        open(&linked),
        open(&again),
        open(&linked),
        open(&again),
        open(&linked),
        open(&again),
        open(&linked),
        open(&again)
    );
    let all = [all.0, all.1, all.2, all.3, all.4, all.5, all.6, all.7];
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "the links of one e-mail are one");
    for other in all.into_iter().filter(Result::is_err) {
        assert_eq!(state(other), "used");
    }
    let third = world.link_again(&linked).await;
    assert_eq!(state(open(&third).await), "used", "nor does one help that is sent afterwards");
    let opened = "SELECT count(*) FROM helpline.escalation_events WHERE event = 'link_opened'";
    assert_eq!(world.database.query(opened).unwrap()[0][0].as_deref(), Some("1"));
}

#[tokio::test]
async fn a_visitor_knows_of_one_escalation_though_the_agency_was_told_of_two() {
    let world = World::start().await;
    let agency = world.agency().await;
    let (one, other) = (world.link(agency).await, world.link(agency).await);
    let visitor = one.opened().await;
    let responder = world.responder(agency).await;
    let there = visit(&visitor).await.unwrap();
    assert_eq!(
        (there.escalation_id.as_str(), there.agency_id),
        (one.escalation_id.as_str(), agency.to_string())
    );
    assert_eq!(
        (there.agency_display_name.as_str(), there.centre_display_name.as_str()),
        ("An agency", "A centre")
    );

    for escalation in [&one.escalation_id, &other.escalation_id] {
        assert_eq!(&get(&responder, escalation).await.unwrap().escalation_id, escalation);
    }
    get(&visitor, &one.escalation_id).await.unwrap();
    assert_eq!(get(&visitor, &other.escalation_id).await.unwrap_err().code(), Code::NotFound);
    let acknowledge =
        AcknowledgeEscalationRequest { request_id: request_id(), escalation_id: other.escalation_id };
    let foreign = visitor.escalations().acknowledge_escalation(acknowledge).await;
    assert_eq!(refused(foreign).code, Code::NotFound);
    let list = visitor.escalations().list_escalations(ListEscalationsRequest::default()).await;
    assert_eq!(refused(list).reason, "ROLE_REFUSED");
    // The link itself opens nothing but the visit, and the visit no other.
    assert_eq!(get(&one.actor, &one.escalation_id).await.unwrap_err().code(), Code::PermissionDenied);
    let again = visitor.links().open_link(OpenLinkRequest { request_id: request_id() }).await;
    assert_eq!(refused(again).reason, "ROLE_REFUSED");
}

#[tokio::test]
async fn link_and_visit_end_by_themselves() {
    let world = World::start().await;
    let agency = world.agency().await;
    let (one, late) = (world.link(agency).await, world.link(agency).await);
    let visitor = one.opened().await;
    world.advance(8.0 * 3600.0 - 60.0);
    get(&visitor, &one.escalation_id).await.unwrap();
    world.advance(120.0);
    assert_eq!(get(&visitor, &one.escalation_id).await.unwrap_err().code(), Code::Unauthenticated);
    world.advance(16.0 * 3600.0);
    assert_eq!(state(open(&late).await), "expired");
    renew(&late).await.unwrap();
}

#[tokio::test]
async fn whoever_may_know_no_longer_is_cut_off_at_the_next_call() {
    let world = World::start().await;
    let agency = world.agency().await;
    let (one, other, third) = (world.link(agency).await, world.link(agency).await, world.link(agency).await);
    let (first, second) = (one.opened().await, other.opened().await);
    get(&first, &one.escalation_id).await.unwrap();
    let disable = DisableEndpointRequest { request_id: request_id(), endpoint_id: one.endpoint_id.clone() };
    world.administrator().endpoints().disable_endpoint(disable).await.unwrap();
    assert_eq!(get(&first, &one.escalation_id).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(renew(&one).await.unwrap_err().code, Code::Unauthenticated, "nobody reads that mailbox");

    let withdraw = |linked: &Linked| {
        let sql = format!(
            "UPDATE helpline.deliveries SET state = 'withdrawn' WHERE delivery_id = '{}'",
            linked.delivery_id
        );
        world.database.query(&sql).unwrap();
    };
    get(&second, &other.escalation_id).await.unwrap();
    withdraw(&other);
    assert_eq!(get(&second, &other.escalation_id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(state(renew(&other).await), "withdrawn");
    let fourth = world.link(agency).await;
    withdraw(&fourth);
    assert_eq!(state(open(&fourth).await), "withdrawn");

    let visitor = third.opened().await;
    get(&visitor, &third.escalation_id).await.unwrap();
    let disable = DisableAgencyRequest { request_id: request_id(), agency_id: agency.to_string() };
    world.administrator().agencies().disable_agency(disable).await.unwrap();
    assert_eq!(get(&visitor, &third.escalation_id).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_link_is_renewed_once_a_minute_and_five_times() {
    let world = World::start().await;
    let linked = world.link(world.agency().await).await;
    let at_once = tokio::join!(renew(&linked), renew(&linked), renew(&linked), renew(&linked));
    let at_once = [at_once.0, at_once.1, at_once.2, at_once.3];
    assert_eq!(at_once.iter().filter(|one| one.is_ok()).count(), 1);
    for other in at_once.into_iter().filter_map(Result::err) {
        assert_eq!((other.code, other.reason.as_str()), (Code::ResourceExhausted, "TOO_MANY"));
    }
    for _ in 0..4 {
        world.advance(61.0);
        renew(&linked).await.unwrap();
    }
    world.advance(61.0);
    assert_eq!(state(renew(&linked).await), "renewed");
    let made = format!(
        "SELECT count(*) FROM helpline.deliveries WHERE endpoint_id = '{}' AND event = 'escalation.link_renewed'",
        linked.endpoint_id
    );
    assert_eq!(world.database.query(&made).unwrap()[0][0].as_deref(), Some("5"));
}

#[tokio::test]
async fn nobody_is_told_anew_of_what_is_over() {
    let world = World::start().await;
    let linked = world.link(world.agency().await).await;
    let over = format!(
        "UPDATE helpline.escalations SET state = 'closed_unreached', ended_at = helpline.now(), due_at = NULL, reach_due_at = NULL,
             end_asked = 'closed_unreached', end_asked_by = gen_random_uuid(), end_reason = 'search_ended', end_asked_at = helpline.now(),
             end_approved_by = gen_random_uuid() WHERE escalation_id = '{}'",
        linked.escalation_id
    );
    world.database.query(&over).unwrap();
    assert_eq!(state(renew(&linked).await), "closed_unreached");
    let visitor = linked.opened().await;
    let seen = get(&visitor, &linked.escalation_id).await.unwrap();
    assert_eq!(seen.state(), EscalationState::ClosedUnreached, "what they were told of, they see end");
}

#[tokio::test]
async fn neither_token_stands_in_the_database_nor_a_hash_that_anybody_could_make() {
    let world = World::start().await;
    let linked = world.link(world.agency().await).await;
    let visitor = linked.opened().await;
    let row = world.database.query("SELECT row_to_json(l) FROM helpline.links l").unwrap();
    let row = row[0][0].as_ref().unwrap();
    for secret in [linked.actor.secret(), visitor.secret()] {
        let hash = helpline_vault::BearerToken::parse(secret).unwrap().hash();
        let hash = hash.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert!(!row.contains(secret) && !row.contains(&hash), "{row}");
    }
    let journal = world
        .database
        .query("SELECT coalesce(string_agg(j::text, ' '), '') FROM helpline.journal j")
        .unwrap();
    assert!(!journal[0][0].as_ref().unwrap().contains("hlp_"));
}
