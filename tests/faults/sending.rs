//! A server dies while it tells an agency.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, SignatureScheme};
use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_service_kit::fail_point::FAIL_POINTS;
use helpline_tests::process::{Fleet, FleetOptions, until};
use helpline_tests::{Answer, Partner, request_id};

const PATIENCE: Duration = Duration::from_secs(30);
/// The server may tell this machine.
const CHANNELS: &str = "[channels]\nprivate_targets = true";

/// Something due to be told of an emergency; its id.
pub(crate) async fn due(fleet: &Fleet, kind: EndpointKind, address: &str) -> String {
    let administrator = fleet.bearer(Role::Administrator, None);
    let agency =
        Agency { display_name: "An agency".to_owned(), kind: AgencyKind::Police.into(), ..Agency::default() };
    let request = CreateAgencyRequest { request_id: request_id(), agency: Some(agency) };
    let agency = administrator.agencies().create_agency(request).await.expect("an agency");
    let agency = agency.into_inner().agency.expect("the agency");
    let request = CreateEndpointRequest {
        request_id: request_id(),
        agency_id: agency.agency_id,
        kind: kind.into(),
        address: address.to_owned(),
        signature: if kind == EndpointKind::Webhook { SignatureScheme::V1.into() } else { 0 },
    };
    administrator.endpoints().create_endpoint(request).await.expect("an endpoint");
    let centre = fleet.centre;
    let made = fleet.sql(&format!(
        "WITH escalation AS (
             INSERT INTO helpline.escalations (centre_id, escalation_id, kind, risk, danger, plan_version, policy, state, rung, due_at,
                 reach_due_at, owner_id, raised_by, raised_at, changed_at)
             SELECT '{centre}', id, 'emergency', 5, 'violence', 1, 'usual', 'notifying', 1, helpline.now() + interval '1 hour',
                 helpline.now() + interval '2 hours', id, id, helpline.now(), helpline.now()
             FROM gen_random_uuid() id RETURNING escalation_id)
         INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, rung, event, kind, agency_id, endpoint_id, state,
             next_attempt_at, made_at)
         SELECT '{centre}', gen_random_uuid(), escalation_id, 1, 'escalation.notified', endpoints.kind, agency_id, endpoint_id, 'pending',
             helpline.now(), helpline.now()
         FROM escalation CROSS JOIN helpline.endpoints RETURNING delivery_id"
    ));
    made[0][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_is_told_under_one_id_wherever_a_server_is_killed() {
    let places: Vec<_> = FAIL_POINTS.iter().filter(|place| place.starts_with("delivery.")).collect();
    assert_eq!(places.len(), 3);
    for place in places {
        let testing = format!("kill_at = \"{place}\"\n{CHANNELS}");
        let mut fleet = Fleet::start(FleetOptions { testing, ..FleetOptions::default() }).await;
        let partner = Partner::answering([Answer::Status(200)]).await;
        let delivery = due(&fleet, EndpointKind::Webhook, &partner.url).await;
        let (status, _) = until(&format!("the server dies at {place}"), PATIENCE, || {
            std::future::ready(fleet.server(0).status())
        })
        .await;
        assert_eq!(status.signal(), Some(9), "{place}: {status}");
        // Only what was written down before the server died is known to have arrived.
        let told = partner.heard().len();
        assert_eq!(told, usize::from(*place != "delivery.after_claim"), "{place}");
        fleet.restart(0, CHANNELS);
        fleet.advance(Duration::from_secs(14));
        let arrived = "SELECT count(*) FROM helpline.deliveries WHERE state = 'delivered'";
        until("it is delivered", PATIENCE, || std::future::ready((fleet.count(arrived) == 1).then_some(())))
            .await;
        let heard = partner.heard();
        assert_eq!(heard.len(), told + usize::from(*place != "delivery.after_commit"), "{place}");
        assert!(heard.iter().all(|one| one.header("webhook-id") == delivery), "{place}");
        assert_eq!(
            fleet.count("SELECT count(*) FROM helpline.escalation_events WHERE event = 'delivered'"),
            1
        );
    }
}
