//! A counsellor looks for a service, and an administrator says who is on call there.

use helpline_domain::caller::Role;
use helpline_proto::directory::v1::{SearchServicesRequest, ServiceRules, UpdateServiceRequest};
use helpline_tests::process::Fleet;
use helpline_tests::{Actor, request_id};
use tonic::Status;

use super::scan::Markers;

/// Searches with what is known of a child, and keeps a number of a person.
pub(super) async fn play(
    fleet: &Fleet,
    counsellor: &Actor,
    markers: &mut Markers,
    statuses: &mut Vec<(&'static str, Status)>,
) {
    let said = format!("said{}", request_id().replace('-', ""));
    markers.add("what a counsellor looks for", &said);
    let search = SearchServicesRequest {
        text: said.clone(),
        area: said.clone(),
        status: said.clone(),
        ..SearchServicesRequest::default()
    };
    counsellor.services().search_services(search.clone()).await.expect("an answer");
    let wrong = [
        ("a need that nobody knows", SearchServicesRequest { terms: vec![said.clone()], ..search.clone() }),
        ("a long search", SearchServicesRequest { text: said.repeat(20), ..search.clone() }),
        ("a marker as a country", SearchServicesRequest { nationality: said, ..search }),
    ];
    for (what, request) in wrong {
        statuses.push((what, counsellor.services().search_services(request).await.expect_err(what)));
    }
    let service_id = request_id();
    fleet.sql(&format!(
        "INSERT INTO helpline.services (centre_id, service_id, fields)
         SELECT centre_id, '{service_id}', '{{\"name\": \"A shelter\", \"status\": \"active\"}}' FROM helpline.centres"
    ));
    let rules = ServiceRules {
        on_call_name: markers.of("on_call_name").to_owned(),
        on_call_number: markers.of("on_call_number").to_owned(),
        delivery_address: markers.of("delivery_address").to_owned(),
        ..ServiceRules::default()
    };
    let update = UpdateServiceRequest {
        request_id: request_id(),
        service_id,
        rules: Some(rules.clone()),
        ..UpdateServiceRequest::default()
    };
    let administrator = fleet.bearer(Role::Administrator, None);
    let long = ServiceRules { on_call_number: rules.on_call_number.repeat(20), ..rules };
    let wrong = UpdateServiceRequest { request_id: request_id(), rules: Some(long), ..update.clone() };
    let refused = administrator.services().update_service(wrong).await;
    statuses.push(("a long number", refused.expect_err("a long number")));
    administrator.services().update_service(update).await.expect("the rules");
}
