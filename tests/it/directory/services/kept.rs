//! What the centre itself says of services: rules, who answers, that they were verified.

use helpline_proto::directory::v1::{
    DisableAgencyRequest, GetServiceRequest, ListServicesRequest, SearchServicesRequest, Service,
    ServiceRules, ServiceStatus, UpdateServiceRequest, VerifyServiceRequest,
};
use helpline_proto::intake::v1::Gender;
use helpline_tests::{Actor, World, refused, request_id};
use serde_json::json;
use tonic::Code;

use super::{Package, service};

async fn get(actor: &Actor, service_id: &str) -> Service {
    let request = GetServiceRequest { service_id: service_id.to_owned() };
    actor.services().get_service(request).await.unwrap().into_inner().service.unwrap()
}

fn update(service_id: &str, rules: ServiceRules) -> UpdateServiceRequest {
    UpdateServiceRequest {
        request_id: request_id(),
        service_id: service_id.to_owned(),
        rules: Some(rules),
        ..UpdateServiceRequest::default()
    }
}

#[tokio::test]
async fn rules_stay_when_the_package_comes_again() {
    let world = World::start().await;
    let administrator = world.administrator();
    let package = Package::of(&json!([service(1, "A shelter", &json!({}))]));
    world.import(package.path(), None, false).await;
    let service_id = super::id(1, 1);
    let agency_id = world.agency().await.to_string();
    let rules = ServiceRules {
        genders: vec![Gender::Female.into()],
        exclusions: vec!["Needs a hospital".to_owned()],
        on_call_number: "+97455550100".to_owned(),
        agreement_end_date: "2030-12-31".to_owned(),
        ..ServiceRules::default()
    };
    let request = UpdateServiceRequest {
        agency_id: agency_id.clone(),
        suspended: true,
        ..update(&service_id, rules.clone())
    };
    let changed =
        administrator.services().update_service(request.clone()).await.unwrap().into_inner().service.unwrap();
    assert_eq!(
        (changed.agency_id.as_str(), changed.status()),
        (agency_id.as_str(), ServiceStatus::TemporarilyClosed)
    );
    assert_eq!(changed.rules, Some(rules.clone()));
    let again = administrator.services().update_service(request).await.unwrap().into_inner().service.unwrap();
    assert_eq!(again.revision, changed.revision, "a repeat happens once");

    let renamed = Package::of(&json!([service(1, "The shelter", &json!({}))]));
    world.import(renamed.path(), None, false).await;
    let now = get(&administrator, &service_id).await;
    assert_eq!((now.display_name.as_str(), now.rules, now.suspended), ("The shelter", Some(rules), true));
    let found = administrator.services().search_services(SearchServicesRequest::default()).await.unwrap();
    assert!(found.into_inner().services.is_empty(), "nobody is referred to what is suspended");
    let sealed = "SELECT rules_sealed IS NOT NULL, position('97455550100' in encode(rules_sealed, 'escape')) FROM helpline.services";
    assert_eq!(world.database.query(sealed).unwrap(), [[Some("t".to_owned()), Some("0".to_owned())]]);
}

#[tokio::test]
async fn an_update_from_an_older_revision_or_to_nobody_is_refused() {
    let world = World::start().await;
    let mut administrator = world.administrator().services();
    let service_id = world.service_of(world.centre.id).await.to_string();
    let request = update(&service_id, ServiceRules::default());
    let stale = UpdateServiceRequest { expected_revision: 7, ..request.clone() };
    assert_eq!(refused(administrator.update_service(stale).await).reason, "REVISION_STALE");
    let nobody = UpdateServiceRequest { agency_id: request_id(), ..request.clone() };
    assert_eq!(refused(administrator.update_service(nobody).await).code, Code::NotFound);
    let agency_id = world.agency().await.to_string();
    let disable = DisableAgencyRequest { request_id: request_id(), agency_id: agency_id.clone() };
    world.administrator().agencies().disable_agency(disable).await.unwrap();
    let disabled = UpdateServiceRequest { agency_id, ..request };
    assert_eq!(refused(administrator.update_service(disabled).await).reason, "STATE_REFUSED");
    let rules = ServiceRules {
        genders: vec![Gender::Unknown.into()],
        statuses: vec!["No key".to_owned()],
        nationalities: vec!["Qatar".to_owned()],
        agreement_end_date: "31.12.2030".to_owned(),
        ..ServiceRules::default()
    };
    let expected =
        ["rules.genders[0]", "rules.statuses[0]", "rules.nationalities[0]", "rules.agreement_end_date"];
    assert_eq!(refused(administrator.update_service(update(&service_id, rules)).await).fields, expected);
}

#[tokio::test]
async fn what_nobody_verified_for_a_year_is_due_until_somebody_does() {
    let world = World::start().await;
    let supervisor = world.supervisor().await;
    let today = world.database.query("SELECT helpline.now()::date").unwrap()[0][0].clone().unwrap();
    let package = Package::of(&json!([
        service(1, "Never", &json!({})),
        service(2, "Long ago", &json!({"assured_date": "2001-01-01"})),
        service(3, "Today", &json!({"assured_date": today})),
        service(4, "Closed", &json!({"status": "defunct"})),
    ]));
    world.import(package.path(), None, false).await;
    let due = async || {
        let mut names = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListServicesRequest { due_only: true, page_size: 1, page_token };
            let page = supervisor.services().list_services(request).await.unwrap().into_inner();
            names.extend(page.services.into_iter().map(|service| service.display_name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break names;
            }
        }
    };
    assert_eq!(due().await, ["Never", "Long ago"]);
    let request =
        VerifyServiceRequest { request_id: request_id(), service_id: super::id(1, 1), expected_revision: 1 };
    let verified =
        supervisor.services().verify_service(request.clone()).await.unwrap().into_inner().service.unwrap();
    assert!(!verified.stale && verified.verify_time.is_some());
    assert_eq!(due().await, ["Long ago"]);
    let other = VerifyServiceRequest { request_id: request_id(), ..request };
    assert_eq!(refused(supervisor.services().verify_service(other).await).reason, "REVISION_STALE");
    world.advance(366.0 * 86_400.0);
    // The tokens of the world have ended with the year.
    let supervisor = world.supervisor().await;
    let request = ListServicesRequest { due_only: true, ..ListServicesRequest::default() };
    let page = supervisor.services().list_services(request).await.unwrap().into_inner();
    let names: Vec<_> = page.services.into_iter().map(|service| service.display_name).collect();
    assert_eq!(names, ["Long ago", "Today", "Never"], "the longest unverified first");
}
