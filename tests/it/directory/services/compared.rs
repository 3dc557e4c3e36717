//! What is compared when a service is looked for: languages however they are written, places of a unit.

use helpline_proto::directory::v1::{FoundService, SearchServicesRequest, ServiceRule, ServiceVerdict};
use helpline_tests::{World, refused};
use serde_json::json;

use super::{Package, id, service};

/// What a search says by a rule of the service with this name; nothing if it is not found.
fn verdict(found: &[FoundService], name: &str, rule: ServiceRule) -> Option<ServiceVerdict> {
    let named = |found: &&FoundService| found.service.as_ref().is_some_and(|one| one.display_name == name);
    let compared = &found.iter().find(named)?.comparisons;
    Some(compared.iter().find(|one| one.rule() == rule)?.verdict())
}

#[tokio::test]
async fn a_language_is_the_same_by_two_letters_and_by_three() {
    use ServiceVerdict::{Fails, Fits, NotStated};
    let listed: [&[&str]; 9] = [
        &["ara"],
        &["rus", "ENG"],
        &["ar-QA"],
        &["per"],
        &[""],
        &["ar", ""],
        &["Arabic"],
        &["und"],
        &["kmr"],
    ];
    let services = (1..).zip(listed).map(|(number, codes)| {
        let languages = (1..).zip(codes);
        let languages: Vec<_> = languages
            .map(|(at, code)| json!({"id": id(4, number * 10 + at), "code": code, "name": "A language"}))
            .collect();
        service(number, &format!("Speaks {}.", codes.join("+")), &json!({"languages": languages}))
    });
    let world = World::start().await;
    let plan = world.import(Package::of(&services.collect()).path(), None, false).await;
    assert!(plan.usable, "{}", plan.in_words());
    let supervisor = world.supervisor().await;
    for (wanted, expected) in [
        ("ar", [Fits, Fails, Fits, Fails, NotStated, Fits, NotStated, NotStated, Fails]),
        ("ara", [Fits, Fails, Fits, Fails, NotStated, Fits, NotStated, NotStated, Fails]),
        ("ru-RU", [Fails, Fits, Fails, Fails, NotStated, NotStated, NotStated, NotStated, Fails]),
        ("fa", [Fails, Fails, Fails, Fits, NotStated, NotStated, NotStated, NotStated, Fails]),
        ("kmr", [Fails, Fails, Fails, Fails, NotStated, NotStated, NotStated, NotStated, Fits]),
    ] {
        let request =
            SearchServicesRequest { languages: vec![wanted.to_owned()], ..SearchServicesRequest::default() };
        let found = supervisor.services().search_services(request).await.unwrap().into_inner().services;
        for (codes, expected) in listed.iter().zip(expected) {
            let said = verdict(&found, &format!("Speaks {}.", codes.join("+")), ServiceRule::Language);
            assert_eq!(said, Some(expected), "{codes:?} for {wanted}");
        }
    }
}

#[tokio::test]
async fn hours_of_advice_are_not_beds() {
    use ServiceVerdict::{Fails, Fits, NotStated};
    let world = World::start().await;
    let capacity = |at: u64, available: u32, unit: &str| json!({"id": id(14, at), "available": available, "unit": {"id": id(15, at), "name": unit}});
    let package = json!([
        service(
            1,
            "A shelter",
            &json!({"capacities": [capacity(1, 1, "Bed"), capacity(2, 5, "Hour of advice")]})
        ),
        service(2, "A clinic", &json!({"capacities": [capacity(3, 5, "hour_of_advice")]})),
        service(3, "A school", &json!({})),
    ]);
    let plan = world.import(Package::of(&package).path(), None, false).await;
    assert!(plan.usable, "{}", plan.in_words());
    let supervisor = world.supervisor().await;
    let asked = |places: i32, unit: &str| SearchServicesRequest {
        places,
        unit: unit.to_owned(),
        ..SearchServicesRequest::default()
    };
    for (places, unit, expected) in [
        (1, "bed", [Fits, NotStated, NotStated]),
        (2, "bed", [Fails, NotStated, NotStated]),
        (5, "hour_of_advice", [Fits, Fits, NotStated]),
        (6, "hour_of_advice", [Fails, Fails, NotStated]),
        (5, "", [Fits, Fits, NotStated]),
        // One and five are not six: nobody sleeps in an hour.
        (6, "", [Fails, Fails, NotStated]),
    ] {
        let found =
            supervisor.services().search_services(asked(places, unit)).await.unwrap().into_inner().services;
        let said =
            ["A shelter", "A clinic", "A school"].map(|name| verdict(&found, name, ServiceRule::Places));
        assert_eq!(said, expected.map(Some), "{places} of {unit:?}");
    }
    assert_eq!(refused(supervisor.services().search_services(asked(1, "No key")).await).fields, ["unit"]);
    assert_eq!(refused(supervisor.services().search_services(asked(0, "bed")).await).fields, ["places"]);
}
