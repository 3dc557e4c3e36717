//! A step of which nothing arrives is not waited for: told through real channels, by the very servers that climb.

use helpline_domain::id::AgencyId;
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, SignatureScheme};
use helpline_proto::escalation::v1::{Escalation, EscalationState};
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{desk, step, supervisors};
use helpline_tests::{Answer, Partner, World, WorldOptions, request_id};

use super::room::{Watcher, a_look, get, raise, report, timeline};
use crate::stage::{Stage, until};

/// A step that lasts this long has not ended by itself.
const LONG_S: i64 = 3600;

/// A helpline that may tell this machine.
pub(crate) async fn set() -> Stage {
    let config = "[timing]\npresence_ttl_s = 300\n[channels]\nprivate_targets = true\n".to_owned();
    let world = World::start_with(WorldOptions { config, ..WorldOptions::default() }).await;
    let (adapter, supervisor) = (world.adapter().await, world.supervisor().await);
    Stage { world, adapter, supervisor }
}

/// A way to tell an agency.
pub(crate) async fn endpoint(stage: &Stage, agency: AgencyId, kind: EndpointKind, address: &str) {
    let webhook = kind == EndpointKind::Webhook;
    let signature = if webhook { SignatureScheme::V1 } else { SignatureScheme::Unspecified };
    let request = CreateEndpointRequest {
        request_id: request_id(),
        agency_id: agency.to_string(),
        kind: kind.into(),
        address: address.to_owned(),
        signature: signature.into(),
    };
    stage.world.administrator().endpoints().create_endpoint(request).await.unwrap();
}

/// First these agencies, for long; then the supervisors.
async fn agencies_first(stage: &Stage, agencies: &[AgencyId]) {
    let first = agencies.iter().map(|&agency| desk(agency, &[])).collect();
    let steps = vec![step(first, LONG_S), step(vec![supervisors()], LONG_S)];
    stage.world.plan_emergencies(|policy, _| policy.steps = steps).await;
}

async fn until_second_step(stage: &Stage, raised: &Escalation) {
    until("the second step", async || {
        (get(&stage.supervisor, raised).await.unwrap().rung == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_agency_that_is_gone_or_cannot_be_told_is_not_waited_for() {
    let stage = set().await;
    let gone = Partner::answering([Answer::Status(410)]).await;
    for (kind, address) in [
        (EndpointKind::Webhook, gone.url.as_str()),
        // The centre has set up neither mail nor SMS.
        (EndpointKind::Email, "duty@agency.example"),
        (EndpointKind::Sms, "+97440000000"),
    ] {
        let agency = stage.world.agency().await;
        endpoint(&stage, agency, kind, address).await;
        agencies_first(&stage, &[agency]).await;
        let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
        until_second_step(&stage, &raised).await;
        let told = timeline(&stage.supervisor, &raised).await;
        assert_eq!(
            told,
            ["raised", "step_taken", "delivery_failed", "step_failed", "step_taken"],
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn an_agency_that_fails_to_the_end_is_given_up_on_and_the_next_step_is_taken_at_once() {
    let stage = set().await;
    let agency = stage.world.agency().await;
    let failing = Partner::answering([Answer::Status(500)]).await;
    endpoint(&stage, agency, EndpointKind::Webhook, &failing.url).await;
    agencies_first(&stage, &[agency]).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    for tries in 1..=8 {
        until(&format!("try {tries}"), async || {
            let settled = format!("SELECT attempts >= {tries} AND claimed_until IS NULL FROM helpline.deliveries WHERE kind = 'webhook'");
            (stage.value(&settled) == "t").then_some(())
        })
        .await;
        let now = get(&stage.supervisor, &raised).await.unwrap();
        assert!(now.rung == 1 || tries == 8, "given up after {tries} tries");
        if tries < 8 {
            stage.world.advance(67.0);
        }
    }
    until_second_step(&stage, &raised).await;
    assert_eq!(failing.heard().len(), 8);
    assert_eq!(
        stage.value("SELECT count(*) FROM helpline.escalation_events WHERE event = 'step_failed'"),
        "1"
    );
}

#[tokio::test]
async fn as_long_as_somebody_may_still_answer_the_step_lasts() {
    let stage = set().await;
    let (told, silent) = (stage.world.agency().await, stage.world.agency().await);
    let gone = Partner::answering([Answer::Status(410)]).await;
    // One agency is gone, the other has nothing but its screens, at which nobody sits yet.
    endpoint(&stage, told, EndpointKind::Webhook, &gone.url).await;
    agencies_first(&stage, &[told, silent]).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let failed = async |count: &str| {
        let failed = "SELECT count(*) FROM helpline.escalation_events WHERE event = 'delivery_failed'";
        until("it has failed", async || (stage.value(failed) == count).then_some(())).await;
    };
    failed("1").await;
    // Somebody of an agency has it on their screen when its webhook says that it is gone.
    let watching = stage.world.agency().await;
    let going = Partner::answering([Answer::Hang, Answer::Status(410)]).await;
    endpoint(&stage, watching, EndpointKind::Webhook, &going.url).await;
    let mut screen = Watcher::open(stage.world.responder(watching).await).await;
    agencies_first(&stage, &[watching]).await;
    let seen = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    screen.until_state(&seen, EscalationState::Notifying).await;
    until("it is on the screen", async || get(&stage.supervisor, &seen).await.unwrap().deliver_time).await;
    until("the webhook is asked", async || (going.heard().len() == 1).then_some(())).await;
    going.let_go();
    let again =
        "SELECT count(*) FROM helpline.deliveries WHERE last_result = 'http_500' AND claimed_until IS NULL";
    until("it is asked again", async || (stage.value(again) == "1").then_some(())).await;
    stage.world.advance(6.0);
    failed("2").await;
    a_look(&stage).await;
    for one in [&raised, &seen] {
        let now = get(&stage.supervisor, one).await.unwrap();
        let told = timeline(&stage.supervisor, one).await;
        assert_eq!(now.rung, 1, "{told:?}");
    }
}
