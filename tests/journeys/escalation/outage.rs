//! Every server was away, or its own clock is wrong: nothing is forgotten, nothing is hurried.

use helpline_domain::id::AgencyId;
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, SignatureScheme};
use helpline_proto::escalation::v1::{EscalationKind, RaiseEscalationRequest, Report};
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{desk, ring, step, supervisors};
use helpline_tests::{Answer, Partner, World, WorldOptions, request_id};
use prost_types::Timestamp;

use super::room::{a_look, get, raise, report};
use crate::stage::{Stage, until};

const RISKS: [Risk; 6] = [Risk::HarmNow, Risk::Imminent, Risk::High, Risk::Medium, Risk::Low, Risk::None];
/// Of each risk so many, and so many reports: together more than one look at what is due takes.
const EACH: usize = 40;
/// Gravities that are so far apart are never in one batch, of which two servers take some each in the same instant.
const APART: i32 = 3;
/// Seconds from the first step to the second.
const WAIT_S: u16 = 60;

#[tokio::test]
async fn after_an_outage_the_gravest_go_first_one_step_each_and_their_clocks_begin_anew() {
    let mut stage = Stage::set().await;
    stage
        .world
        .plan_emergencies(|policy, plan| {
            policy.steps = (0..4).map(|_| step(vec![supervisors()], WAIT_S.into())).collect();
            plan.policies[0].steps.clone_from(&policy.steps);
            // No plan may end with supervisors alone.
            policy.steps.push(step(vec![ring(plan.fallback.clone())], WAIT_S.into()));
        })
        .await;
    let deadline = Timestamp { seconds: stage.world.soon().seconds + 86_400 * 30, nanos: 0 };
    let law = Report {
        legal_basis: "act".to_owned(),
        deadline: Some(deadline),
        child_informed: true,
        ..Report::default()
    };
    let slow = || RaiseEscalationRequest {
        kind: EscalationKind::MandatoryReport.into(),
        report: Some(law.clone()),
        ..report(Risk::HarmNow)
    };
    // The least grave first, so that who has waited longest is not who goes first.
    for _ in 0..EACH {
        raise(&stage.supervisor, slow()).await;
        for risk in RISKS.into_iter().rev() {
            raise(&stage.supervisor, report(risk)).await;
        }
    }
    let all = (RISKS.len() + 1) * EACH;
    for server in stage.world.servers.drain(..) {
        assert!(server.shutdown().await);
    }
    assert_eq!(
        stage.value("SELECT count(*) FROM helpline.escalations WHERE rung = 1 AND state = 'notifying'"),
        all.to_string()
    );
    stage.world.advance(600.0);
    stage.world.another_server().await;
    stage.world.another_server().await;
    let taken = "SELECT count(*) FROM helpline.escalation_events WHERE event = 'step_taken' AND detail ->> 'rung' = '2'";
    until("everybody's next step", async || (stage.value(taken) == all.to_string()).then_some(())).await;

    let none =
        |what: &str, sql: &str| assert_eq!(stage.sql(sql), Vec::<Vec<Option<String>>>::new(), "{what}");
    none(
        "one step each, and the next a whole step away",
        &format!(
            "SELECT e.escalation_id, e.rung, e.due_at - v.at FROM helpline.escalations e
             JOIN helpline.escalation_events v ON v.escalation_id = e.escalation_id AND v.event = 'step_taken' AND v.sequence = e.event_count
             WHERE e.rung <> 2 OR e.due_at <> v.at + interval '{WAIT_S} s'"
        ),
    );
    none(
        "two steps in all, of which one was before the outage",
        "SELECT escalation_id FROM helpline.escalation_events WHERE event = 'step_taken' GROUP BY 1 HAVING count(*) <> 2",
    );
    let gravity = "CASE kind WHEN 'emergency' THEN risk ELSE -2 END";
    none(
        "nobody after somebody who is in less danger",
        &format!(
            "WITH climbed AS (
                 SELECT {gravity} AS gravity, min(v.at) AS first, max(v.at) AS last FROM helpline.escalations e
                 JOIN helpline.escalation_events v USING (escalation_id) WHERE v.event = 'step_taken' AND v.detail ->> 'rung' = '2' GROUP BY 1)
             SELECT * FROM climbed grave JOIN climbed other ON other.gravity <= grave.gravity - {APART} WHERE other.first < grave.last"
        ),
    );
    let order = format!(
        "SELECT count(DISTINCT v.at) FROM helpline.escalations e JOIN helpline.escalation_events v USING (escalation_id)
         WHERE v.event = 'step_taken' AND v.detail ->> 'rung' = '2' AND ({gravity} = 5 OR kind = 'mandatory_report')"
    );
    assert_ne!(
        stage.value(&order),
        "1",
        "they were not all taken in one instant: there was an order to keep"
    );
}

/// A webhook of an agency.
async fn hook(world: &World, agency: AgencyId, url: &str) {
    let request = CreateEndpointRequest {
        request_id: request_id(),
        agency_id: agency.to_string(),
        kind: EndpointKind::Webhook.into(),
        address: url.to_owned(),
        signature: SignatureScheme::V1.into(),
    };
    world.administrator().endpoints().create_endpoint(request).await.unwrap();
}

#[tokio::test]
async fn a_server_whose_clock_is_wrong_by_an_hour_takes_every_step_in_time() {
    for wrong_by in [-3600.0, 3600.0] {
        let config = "[timing]\npresence_ttl_s = 300\n[channels]\nprivate_targets = true\n".to_owned();
        let world = World::start_with(WorldOptions { config, ..WorldOptions::default() }).await;
        let agency = world.agency().await;
        let partner = Partner::answering([Answer::Status(200)]).await;
        hook(&world, agency, &partner.url).await;
        world
            .plan_emergencies(|policy, _| {
                policy.steps =
                    [desk(agency, &[]), supervisors()].map(|whom| step(vec![whom], WAIT_S.into())).to_vec();
            })
            .await;
        // What the database says counts; the server's own clock is an hour from it now.
        world.advance(wrong_by);
        let (adapter, supervisor) = (world.adapter().await, world.supervisor().await);
        let stage = Stage { world, adapter, supervisor };
        let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
        let (begun, due) = (raised.raise_time.unwrap(), raised.due_time.unwrap());
        let waits = due.seconds - begun.seconds - i64::from(WAIT_S);
        assert!((0..10).contains(&waits), "an hour would be seen: {waits} s");
        let heard = until("the agency is told", async || partner.heard().pop()).await;
        let sent: i64 = heard.header("webhook-timestamp").parse().unwrap();
        assert!((0..10).contains(&(sent - begun.seconds)), "told at {sent}, raised at {}", begun.seconds);

        stage.world.advance(f64::from(WAIT_S) - 20.0);
        a_look(&stage).await;
        assert_eq!(get(&stage.supervisor, &raised).await.unwrap().rung, 1, "not before its time");
        stage.world.advance(20.0);
        until("the next step", async || {
            (get(&stage.supervisor, &raised).await.unwrap().rung == 2).then_some(())
        })
        .await;
    }
}
