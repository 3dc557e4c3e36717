//! A server dies between two centres, at every step there is between them.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;
use std::time::Duration;

use helpline_devstack::StackOptions;
use helpline_domain::caller::Role;
use helpline_domain::id::CentreId;
use helpline_proto::intake::v1::{CompleteContactRequest, ReceiveContactRequest};
use helpline_proto::queueing::v1::{AcceptOfferRequest, GoReadyRequest};
use helpline_proto::terms::v1::Channel;
use helpline_service_kit::ids::{Ids as _, SystemIds};
use helpline_tests::process::{Fleet, FleetOptions, private_stack, until};
use helpline_tests::{Actor, request_id};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::load::closing;

const PATIENCE: Duration = Duration::from_mins(1);
/// Fleets at once.
const AT_ONCE: usize = 2;
const SIGKILL: i32 = 9;
/// Steps from asking to the end of both sides: ask, release, place, answer and its note, and both ends.
const STEPS: usize = 7;

#[tokio::test(flavor = "multi_thread")]
async fn no_child_is_lost_or_had_twice_when_a_server_dies_between_two_centres() {
    let stack = private_stack(StackOptions::default());
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut places = JoinSet::new();
    for step in 1..=STEPS {
        let (stack, permits) = (Arc::clone(&stack), Arc::clone(&permits));
        places.spawn(async move {
            let _permit = permits.acquire_owned().await.expect("a permit");
            let options = FleetOptions { presence_ttl_s: 300, ..FleetOptions::default() };
            die_at(step, Fleet::start_on(stack, options).await).await;
        });
    }
    let mut failed = 0;
    while let Some(done) = places.join_next().await {
        failed += usize::from(done.is_err());
    }
    assert_eq!(failed, 0, "steps that failed; each has said why above");
}

/// A partner centre in the same database, an agreement with it, and somebody there who is ready.
async fn partner(fleet: &mut Fleet) -> (CentreId, Actor) {
    let (origin, partner) = (fleet.centre, CentreId::from(SystemIds.v7()));
    let from = format!(
        r#"{{"overflow": {{"from": [{{"partner_id": "{origin}", "queue": "general", "most": 5, "automatic": true, "connect_to": "there"}}]}}}}"#
    );
    fleet.sql(&format!(
        "INSERT INTO helpline.centres (centre_id, name) VALUES ('{partner}', 'A partner');
         INSERT INTO helpline.settings (centre_id, version, settings, published_by)
         SELECT '{partner}', 1, settings || '{from}', published_by FROM helpline.settings WHERE centre_id = '{origin}'"
    ));
    fleet.centre = partner;
    let counsellor = fleet.counsellors(1, (1, 2, 5)).remove(0);
    fleet.centre = origin;
    counsellor.presence().go_ready(GoReadyRequest { request_id: request_id() }).await.expect("ready");
    fleet.change_settings(&format!(r#"{{"overflow": {{"to": [{{"partner_id": "{partner}"}}]}}}}"#));
    (partner, counsellor)
}

async fn die_at(step: usize, mut fleet: Fleet) {
    let (partner, counsellor) = partner(&mut fleet).await;
    fleet.restart(0, &format!("kill_at = \"overflow.between_centres@{step}\""));
    let adapter = fleet.bearer(Role::ChannelAdapter, None);
    let arrival = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::WebChat.into(),
        language: "en".to_owned(),
        ..ReceiveContactRequest::default()
    };
    adapter.contacts().receive_contact(arrival).await.expect("a contact");
    let mut died = false;
    let begun = std::time::Instant::now();
    loop {
        if let Some(status) = fleet.server(0).status() {
            assert_eq!(status.signal(), Some(SIGKILL), "step {step}: {status}");
            assert!(!died, "step {step}: it died twice");
            died = true;
            fleet.restart(0, "");
        }
        let had =
            "SELECT count(*) FROM helpline.contacts WHERE state IN ('waiting', 'offered', 'in_progress')";
        assert!(fleet.count(had) <= 1, "step {step}: two centres have the child");
        let states = fleet.sql("SELECT state FROM helpline.contacts ORDER BY contact_id");
        let sides = fleet.sql("SELECT direction, state, contact_id FROM helpline.overflows");
        assert!(begun.elapsed() < PATIENCE, "step {step}: not over, died: {died}, {states:?} {sides:?}");
        if died && states == [["passed_on"], ["closed"]] && open(&fleet) == 0 {
            break;
        }
        serve(&fleet, partner, &counsellor).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ends = fleet.sql("SELECT direction, state FROM helpline.overflows ORDER BY direction DESC");
    assert_eq!(ends, [["out", "served"], ["in", "served"]], "step {step}");
    let placed = "SELECT count(*) FROM helpline.journal WHERE event = 'contact_received'";
    assert_eq!(fleet.count(placed), 2, "step {step}: one contact in each centre");
    let store = fleet.ctx().store;
    for centre in [fleet.centre, partner] {
        until("both centres agree", PATIENCE, || async {
            store.compare(centre).await.expect("a comparison").is_none().then_some(())
        })
        .await;
    }
}

fn open(fleet: &Fleet) -> i64 {
    fleet.count("SELECT count(*) FROM helpline.overflows WHERE ended_at IS NULL")
}

/// The partner's counsellor accepts what rings and signs off what they have; what fails is tried again.
async fn serve(fleet: &Fleet, partner: CentreId, counsellor: &Actor) {
    let offers =
        format!("SELECT offer_id FROM helpline.offers WHERE centre_id = '{partner}' AND state = 'open'");
    for row in fleet.sql(&offers) {
        let accept = AcceptOfferRequest { request_id: request_id(), offer_id: row[0].clone() };
        let _ = counsellor.offers().accept_offer(accept).await;
    }
    let talks = format!(
        "SELECT contact_id FROM helpline.contacts WHERE centre_id = '{partner}' AND state = 'in_progress'"
    );
    for row in fleet.sql(&talks) {
        let complete = CompleteContactRequest {
            request_id: request_id(),
            contact_id: row[0].clone(),
            closing: Some(closing("listened")),
            expected_revision: 0,
        };
        let _ = counsellor.contacts().complete_contact(complete).await;
    }
}
