//! What a search says of places is what is free at that moment, whatever was imported.

use helpline_proto::directory::v1::{
    FoundService, GetServiceRequest, ListServicesRequest, SearchServicesRequest, Service, ServiceComparison,
    ServiceRule, ServiceVerdict,
};
use helpline_tests::Actor;

use super::holds::{hold, place, set};
use super::room::Partner;
use crate::stage::Stage;

/// How many places of a service are free.
fn free(service: &Service) -> Vec<u32> {
    service.capacities.iter().map(|one| one.available_count).collect()
}

/// What a search for so many places says of a service: whether it has them, and how many are free.
async fn says(actor: &Actor, service: &str, places: i32) -> (Option<ServiceVerdict>, Vec<u32>) {
    let request = SearchServicesRequest { places, ..SearchServicesRequest::default() };
    let found = actor.services().search_services(request).await.unwrap().into_inner().services;
    let of = |one: &FoundService| one.service.clone().expect("the service");
    let one = found.iter().find(|one| of(one).service_id == service).expect("the service is found");
    let compared = one.comparisons.iter().find(|one| one.rule() == ServiceRule::Places);
    (compared.map(ServiceComparison::verdict), free(&of(one)))
}

#[tokio::test]
async fn a_search_knows_that_the_last_place_is_held() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let (supervisor, service) = (&stage.supervisor, shelter.service.as_str());
    assert_eq!(says(supervisor, service, 1).await, (Some(ServiceVerdict::NotStated), vec![]));
    set(&shelter.responder, service, 1, 0).await.unwrap();
    assert_eq!(says(supervisor, service, 1).await, (Some(ServiceVerdict::Fits), vec![1]));
    place(supervisor, hold(&[service], 1)).await.unwrap();
    assert_eq!(says(supervisor, service, 1).await, (Some(ServiceVerdict::Fails), vec![0]));
    assert_eq!(says(supervisor, service, 0).await, (None, vec![0]), "who does not ask is told as well");
    let request = GetServiceRequest { service_id: service.to_owned() };
    let got = supervisor.services().get_service(request).await.unwrap().into_inner().service.unwrap();
    assert_eq!(free(&got), [0]);
    let listed =
        supervisor.services().list_services(ListServicesRequest::default()).await.unwrap().into_inner();
    let listed = listed.services.iter().find(|one| one.service_id == service).unwrap();
    assert_eq!(free(listed), [0]);
}
