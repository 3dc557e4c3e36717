//! What the doctor says about emergencies.

use helpline::doctor::{Finding, Level, examine_with};
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind};
use helpline_proto::directory::v1::DisableAgencyRequest;
use helpline_proto::escalation::v1::{Target, TargetKind};
use helpline_tests::{World, request_id};

/// What is said about the centre itself.
async fn said(world: &World) -> Vec<Finding> {
    let findings = examine_with(world.config()).await;
    findings.into_iter().filter(|finding| finding.what.starts_with("A centre: ")).collect()
}

async fn only(world: &World, level: Level, what: &str) {
    let said = said(world).await;
    assert!(said.len() == 1 && said[0].level == level && said[0].what.contains(what), "{what}: {said:?}");
}

#[tokio::test]
async fn the_doctor_says_what_a_centre_lacks_for_emergencies_until_nothing_is_missing() {
    let world = World::start().await;
    let begun = said(&world).await;
    assert!(begun.len() == 2 && begun.iter().all(|finding| finding.level == Level::Warn), "{begun:?}");
    assert!(begun[0].what.contains("no plan of its own") && begun[0].what.contains("ring 112"), "{begun:?}");
    assert!(begun[1].what.contains("no supervisor has a token"), "{begun:?}");

    world.supervisor().await;
    let agency = world.agency().await;
    world
        .change_plan(|plan| {
            let target = Target {
                kind: TargetKind::Agency.into(),
                agency_id: agency.to_string(),
                ..Target::default()
            };
            plan.policies.last_mut().unwrap().steps[0].targets = vec![target];
        })
        .await
        .unwrap();
    only(&world, Level::Fail, "neither a responder with a token nor an endpoint").await;

    let mail = CreateEndpointRequest {
        request_id: request_id(),
        agency_id: agency.to_string(),
        kind: EndpointKind::Email.into(),
        address: "marker@agency.example".to_owned(),
        signature: 0,
    };
    world.administrator().endpoints().create_endpoint(mail).await.unwrap();
    only(&world, Level::Fail, "channels.smtp is not set").await;
    let mut config = world.config().clone();
    config.channels.smtp = "smtp://localhost".to_owned().into();
    let findings = examine_with(&config).await;
    assert!(findings.iter().any(|finding| finding.what.contains("nobody of it can answer")), "{findings:?}");
    assert!(!format!("{findings:?}").contains("marker"), "no address is said");

    world.responder(agency).await;
    only(&world, Level::Warn, "e-mails to An agency are held back").await;
    world.advance(2.0 * 3600.0);
    let late = said(&world).await;
    assert!(
        late.iter().any(|finding| finding.what.contains("channels.smtp")),
        "its token has ended: {late:?}"
    );

    let disable = DisableAgencyRequest { request_id: request_id(), agency_id: agency.to_string() };
    world.advance(-2.0 * 3600.0);
    world.administrator().agencies().disable_agency(disable).await.unwrap();
    only(&world, Level::Fail, "policies[1].steps[0].targets[0] must be an agency of the centre").await;
}
