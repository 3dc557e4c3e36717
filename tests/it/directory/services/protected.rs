//! A protected address is a property of the place: whoever else is given there tells nothing of it either.

use helpline_proto::directory::v1::{
    FoundService, GetServiceRequest, ListServicesRequest, Position, SearchServicesRequest, Service,
    ServiceRule, ServiceRules, ServiceVerdict, UpdateServiceRequest,
};
use helpline_tests::{Abilities, Actor, World, request_id};
use serde_json::{Value, json};

use super::{Package, id, service};

/// A service at a place; the place may be that of others.
fn at(own: u64, place: u64) -> Value {
    json!({
        "service_at_locations": [{"id": id(8, own), "location": {
            "id": id(9, place), "location_type": "physical", "name": "The house",
            "latitude": 25.28, "longitude": 51.53, "transportation": "Behind the harbour",
            "addresses": [{"id": id(10, place), "address_1": "Hidden street 1", "city": "Doha", "address_type": "physical"}],
            "accessibility": [{"id": id(17, place), "description": "Ring at the blue door"}]}}]
    })
}

/// A shelter and a day centre in one house, a clinic elsewhere.
async fn stocked(world: &World) {
    let mut shelter = at(1, 1);
    shelter["helpline_rule"] = json!({"protected_address": true});
    let package = json!([
        service(1, "The shelter", &shelter),
        service(2, "The day centre", &at(2, 1)),
        service(3, "The clinic", &at(3, 2)),
    ]);
    let plan = world.import(Package::of(&package).path(), None, false).await;
    assert!(plan.usable, "{}", plan.in_words());
}

/// Everything that a search from a point says, by the name of the service.
async fn searched(actor: &Actor, name: &str) -> FoundService {
    let request = SearchServicesRequest {
        position: Some(Position { latitude: 25.0, longitude: 51.0 }),
        within_km: Some(100.0),
        area: "Doha".to_owned(),
        ..SearchServicesRequest::default()
    };
    let found = actor.services().search_services(request).await.unwrap().into_inner().services;
    let named = |found: &FoundService| found.service.as_ref().is_some_and(|one| one.display_name == name);
    found.into_iter().find(named).unwrap()
}

async fn got(actor: &Actor, number: u64) -> Service {
    let request = GetServiceRequest { service_id: id(1, number) };
    actor.services().get_service(request).await.unwrap().into_inner().service.unwrap()
}

/// Whether a service says where it is.
fn is_told(service: &Service) -> bool {
    let at = &service.locations[0];
    let told = [
        !at.location_id.is_empty(),
        !at.display_name.is_empty(),
        !at.address_lines.is_empty(),
        at.position.is_some(),
        !at.transportation.is_empty(),
        !at.accessibility.is_empty(),
    ];
    assert!(told.iter().all(|one| *one != at.address_withheld), "half of it is told: {told:?}");
    !at.address_withheld
}

fn verdict(found: &FoundService, rule: ServiceRule) -> ServiceVerdict {
    let comparison = found.comparisons.iter().find(|comparison| comparison.rule() == rule);
    comparison.unwrap().verdict()
}

async fn protect(world: &World, number: u64, protected_address: bool) {
    let request = UpdateServiceRequest {
        request_id: request_id(),
        service_id: id(1, number),
        rules: Some(ServiceRules { protected_address, ..ServiceRules::default() }),
        ..UpdateServiceRequest::default()
    };
    world.administrator().services().update_service(request).await.unwrap();
}

#[tokio::test]
async fn the_day_centre_in_the_house_of_a_shelter_does_not_tell_where_it_is() {
    let world = World::start().await;
    stocked(&world).await;
    let counsellor = world.counsellor(Abilities::speaking(&["ar"])).await;
    for (number, name) in [(1, "The shelter"), (2, "The day centre")] {
        let found = searched(&counsellor, name).await;
        assert_eq!(found.distance_km, None, "{name}: three distances would be the address");
        assert_eq!(verdict(&found, ServiceRule::Distance), ServiceVerdict::NotStated, "{name}");
        assert_eq!(
            verdict(&found, ServiceRule::Area),
            ServiceVerdict::NotStated,
            "{name}: its city is not told"
        );
        assert!(
            !is_told(found.service.as_ref().unwrap()) && !is_told(&got(&counsellor, number).await),
            "{name}"
        );
    }
    let clinic = searched(&counsellor, "The clinic").await;
    assert!(clinic.distance_km.is_some() && is_told(clinic.service.as_ref().unwrap()));

    let supervisor = world.supervisor().await;
    assert!(is_told(&got(&supervisor, 2).await), "who keeps the directory sees it");
    assert_eq!(searched(&supervisor, "The day centre").await.distance_km, None);
    let listed = supervisor.services().list_services(ListServicesRequest::default()).await.unwrap();
    assert!(listed.into_inner().services.iter().all(is_told));
}

#[tokio::test]
async fn a_place_is_protected_as_soon_and_as_long_as_one_service_in_it_is() {
    let world = World::start().await;
    stocked(&world).await;
    let counsellor = world.counsellor(Abilities::speaking(&["ar"])).await;
    assert!(!is_told(&got(&counsellor, 2).await));
    protect(&world, 1, false).await;
    assert!(is_told(&got(&counsellor, 2).await) && is_told(&got(&counsellor, 1).await));
    assert!(searched(&counsellor, "The day centre").await.distance_km.is_some());
    protect(&world, 2, true).await;
    assert!(!is_told(&got(&counsellor, 1).await), "what is in the house of a protected service");
    assert_eq!(searched(&counsellor, "The shelter").await.distance_km, None);
    protect(&world, 1, true).await;
    protect(&world, 2, false).await;
    assert!(!is_told(&got(&counsellor, 2).await), "one of them still is");
    // One that is given up is still in the house.
    let closed = json!([service(
        1,
        "The shelter",
        &json!({"status": "defunct", "service_at_locations": at(1, 1)["service_at_locations"]})
    )]);
    assert!(world.import(Package::of(&closed).path(), None, false).await.usable);
    assert!(!is_told(&got(&counsellor, 2).await));
}
