//! A link opens one referral for one agency, once, for a while: what the agency may read, as long as it may.

use helpline_proto::channels::v1::{GetVisitRequest, OpenLinkRequest, RenewLinkRequest};
use helpline_proto::directory::v1::DisableAgencyRequest;
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    AcceptReferralRequest, GetReferralRequest, ListConsentsRequest, RecordConsentRequest, Referral,
    ReferralParticulars, ReferralState, RejectReason, RejectReferralRequest, RevokeReferralRequest,
    WithdrawConsentRequest,
};
use helpline_tests::referral::{consent, every_class};
use helpline_tests::{Actor, Linked, Refused, World, refused, request_id};
use tonic::{Code, Status};

async fn get(actor: &Actor, of: &Linked) -> Result<Referral, Status> {
    let request = GetReferralRequest { referral_id: of.referral_id.clone() };
    Ok(actor.referrals().get_referral(request).await?.into_inner().referral.unwrap())
}

async fn known(actor: &Actor, of: &Linked) -> ReferralParticulars {
    get(actor, of).await.unwrap().particulars.unwrap_or_default()
}

async fn code(actor: &Actor, of: &Linked) -> Code {
    get(actor, of).await.unwrap_err().code()
}

async fn open(linked: &Linked) -> Result<(), Refused> {
    let request = OpenLinkRequest { request_id: request_id() };
    linked.actor.links().open_link(request).await.map(drop).map_err(|status| Refused::from(&status))
}

async fn renew(linked: &Linked) -> Result<String, Refused> {
    let request = RenewLinkRequest { request_id: request_id() };
    let renewed = linked.actor.links().renew_link(request).await;
    renewed.map(|one| one.into_inner().delivery_id).map_err(|status| Refused::from(&status))
}

async fn revoke(world: &World, of: &Linked) {
    let request = RevokeReferralRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        reason: "safety".to_owned(),
        remark: String::new(),
    };
    world.supervisor().await.referrals().revoke_referral(request).await.unwrap();
}

fn accept(of: &Linked, expected_revision: i64) -> AcceptReferralRequest {
    AcceptReferralRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        expected_revision,
        ..AcceptReferralRequest::default()
    }
}

fn reject(of: &Linked, expected_revision: i64) -> RejectReferralRequest {
    RejectReferralRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        reason: RejectReason::AtCapacity.into(),
        expected_revision,
        ..RejectReferralRequest::default()
    }
}

#[tokio::test]
async fn a_visitor_reads_what_a_responder_of_the_agency_reads_and_no_more() {
    let world = World::start().await;
    let agency = world.agency().await;
    let linked = world.link_to_referral(agency).await;
    let (visitor, responder) = (linked.opened().await, world.responder(agency).await);
    assert_eq!(known(&visitor, &linked).await.legal, "no papers");
    assert_eq!(get(&visitor, &linked).await.unwrap(), get(&responder, &linked).await.unwrap());
    let there = visitor.links().get_visit(GetVisitRequest {}).await.unwrap().into_inner();
    assert_eq!((there.referral_id.as_str(), there.escalation_id.as_str()), (linked.referral_id.as_str(), ""));
    assert_eq!((there.service_names.len(), there.time_zone.is_empty()), (1, false));

    let supervisor = world.supervisor().await;
    let withhold = RecordConsentRequest {
        withheld: vec![FieldClass::Location.into()],
        field_classes: every_class(),
        ..consent(&get(&visitor, &linked).await.unwrap(), agency)
    };
    supervisor.consents().record_consent(withhold).await.unwrap();
    let reads = known(&visitor, &linked).await;
    assert_eq!((reads.location.as_str(), reads.health.as_str()), ("", "asthma"), "withheld at the next call");
    let only_health = "UPDATE helpline.agencies SET field_classes = '{health}'";
    world.database.query(only_health).unwrap();
    let reads = known(&visitor, &linked).await;
    assert_eq!(reads, ReferralParticulars { health: "asthma".to_owned(), ..ReferralParticulars::default() });
    assert_eq!(reads, known(&responder, &linked).await);
}

#[tokio::test]
async fn withdrawn_consent_and_an_end_cut_a_visitor_off_from_the_child_at_the_next_call() {
    let world = World::start().await;
    let agency = world.agency().await;
    let (one, other) = (world.link_to_referral(agency).await, world.link_to_referral(agency).await);
    let (first, second) = (one.opened().await, other.opened().await);
    let supervisor = world.supervisor().await;
    let list = ListConsentsRequest { referral_id: one.referral_id.clone(), ..ListConsentsRequest::default() };
    let given = supervisor.consents().list_consents(list).await.unwrap().into_inner().consents;
    assert_ne!(known(&first, &one).await, ReferralParticulars::default());
    for consent in given {
        let request = WithdrawConsentRequest { request_id: request_id(), consent_id: consent.consent_id };
        supervisor.consents().withdraw_consent(request).await.unwrap();
    }
    assert_eq!(get(&first, &one).await.unwrap().particulars, None);

    assert_ne!(known(&second, &other).await, ReferralParticulars::default());
    second.referrals().reject_referral(reject(&other, 0)).await.unwrap();
    let ended = get(&second, &other).await.unwrap();
    assert_eq!((ended.state(), ended.particulars, ended.need.as_str()), (ReferralState::Rejected, None, ""));
    assert_eq!(
        renew(&other).await.unwrap_err().metadata("state"),
        "over",
        "nobody is told anew of what is over"
    );
    let there = second.links().get_visit(GetVisitRequest {}).await.unwrap().into_inner();
    assert!(there.service_names.is_empty());
}

#[tokio::test]
async fn whoever_may_know_no_longer_is_cut_off_at_the_next_call() {
    let world = World::start().await;
    let agency = world.agency().await;
    let (one, other) = (world.link_to_referral(agency).await, world.link_to_referral(agency).await);
    let late = world.link_again(&one).await;
    let (first, second) = (one.opened().await, other.opened().await);
    get(&first, &one).await.unwrap();
    revoke(&world, &one).await;
    assert_eq!(code(&first, &one).await, Code::NotFound);
    let answer = first.referrals().accept_referral(accept(&one, 0)).await;
    assert_eq!(refused(answer).code, Code::NotFound);
    assert_eq!(open(&late).await.unwrap_err().metadata("state"), "withdrawn");
    assert_eq!(renew(&one).await.unwrap_err().metadata("state"), "withdrawn");

    get(&second, &other).await.unwrap();
    let disable = DisableAgencyRequest { request_id: request_id(), agency_id: agency.to_string() };
    world.administrator().agencies().disable_agency(disable).await.unwrap();
    assert_eq!(code(&second, &other).await, Code::Unauthenticated);
    assert_eq!(renew(&other).await.unwrap_err().code, Code::Unauthenticated);
}

#[tokio::test]
async fn a_visit_ends_by_itself_and_the_next_link_is_renewed_once_a_minute() {
    let world = World::start().await;
    let linked = world.link_to_referral(world.agency().await).await;
    let request = OpenLinkRequest { request_id: request_id() };
    let opened = linked.actor.links().open_link(request.clone()).await.unwrap().into_inner();
    let again = linked.actor.links().open_link(request).await.unwrap().into_inner();
    assert_eq!((again.referral_id, again.secret.as_str()), (opened.referral_id, ""), "a secret is told once");
    let visitor = linked.actor.with(&opened.secret);
    assert_eq!(open(&linked).await.unwrap_err().metadata("state"), "used");
    let at_once = tokio::join!(renew(&linked), renew(&linked), renew(&linked));
    let at_once = [at_once.0, at_once.1, at_once.2];
    assert_eq!(at_once.iter().filter(|one| one.is_ok()).count(), 1);
    let made = "SELECT d.event, d.referral_id FROM helpline.deliveries d WHERE d.event LIKE '%.link_renewed'";
    let row = world.database.query(made).unwrap().remove(0);
    assert_eq!(row, [Some("referral.link_renewed".to_owned()), Some(linked.referral_id.clone())]);
    let told = "SELECT string_agg(event, ' ' ORDER BY sequence) FROM helpline.referral_events WHERE event LIKE 'link_%'";
    assert_eq!(world.database.query(told).unwrap()[0][0].as_deref(), Some("link_opened link_renewed"));
    world.advance(8.0 * 3600.0 + 60.0);
    assert_eq!(code(&visitor, &linked).await, Code::Unauthenticated);
}

#[tokio::test]
async fn of_two_who_answer_what_they_both_saw_one_does_and_the_other_learns_that_it_has_changed() {
    let world = World::start().await;
    let agency = world.agency().await;
    for _ in 0..8 {
        let linked = world.link_to_referral(agency).await;
        let visitor = linked.opened().await;
        let revision = get(&visitor, &linked).await.unwrap().revision;
        let (mut one, mut other) = (visitor.referrals(), visitor.referrals());
        let both = tokio::join!(
            one.accept_referral(accept(&linked, revision)),
            other.reject_referral(reject(&linked, revision))
        );
        let (accepted, rejected) = (both.0.is_ok(), both.1.is_ok());
        assert_ne!(accepted, rejected, "one has its way");
        let loser = if accepted { refused(both.1) } else { refused(both.0) };
        // Whoever comes after a no is told that it is over for them before it is asked what they had seen.
        let told = if accepted { "REVISION_STALE" } else { "STATE_REFUSED" };
        assert_eq!(loser.reason, told);
        let state = get(&visitor, &linked).await.unwrap().state();
        assert_eq!(state == ReferralState::Accepted, accepted);
    }
}

#[tokio::test]
async fn an_answer_to_what_has_changed_since_is_refused_and_its_repeat_is_the_same_answer() {
    let world = World::start().await;
    let linked = world.link_to_referral(world.agency().await).await;
    let visitor = linked.opened().await;
    let seen = get(&visitor, &linked).await.unwrap().revision;
    let stale = refused(visitor.referrals().accept_referral(accept(&linked, seen - 1)).await);
    assert_eq!((stale.code, stale.reason.as_str()), (Code::Aborted, "REVISION_STALE"));
    assert_eq!(stale.metadata("revision"), seen.to_string());
    let negative = refused(visitor.referrals().accept_referral(accept(&linked, -1)).await);
    assert_eq!(negative.fields, ["expected_revision"]);
    let request = accept(&linked, seen);
    visitor.referrals().accept_referral(request.clone()).await.unwrap();
    visitor.referrals().accept_referral(request).await.unwrap();
    let accepted = "SELECT count(*) FROM helpline.referral_events WHERE event = 'accepted'";
    assert_eq!(world.database.query(accepted).unwrap()[0][0].as_deref(), Some("1"));
}
