//! Searches: who is found, why, and who not.

use helpline_proto::directory::v1::{
    FoundService, Position, SearchServicesRequest, SearchServicesResponse, ServiceRule, ServiceVerdict,
};
use helpline_proto::intake::v1::Gender;
use helpline_tests::{Actor, World, refused};
use serde_json::{Value, json};
use tonic::Code;

use super::{Package, id, service};

async fn search(actor: &Actor, request: SearchServicesRequest) -> SearchServicesResponse {
    actor.services().search_services(request).await.unwrap().into_inner()
}

fn names(answer: &SearchServicesResponse) -> Vec<&str> {
    answer.services.iter().map(|found| found.service.as_ref().unwrap().display_name.as_str()).collect()
}

fn verdict(found: &FoundService, rule: ServiceRule) -> Option<ServiceVerdict> {
    let comparison = found.comparisons.iter().find(|comparison| comparison.rule() == rule);
    comparison.map(helpline_proto::directory::v1::ServiceComparison::verdict)
}

fn for_text(text: &str) -> SearchServicesRequest {
    SearchServicesRequest { text: text.to_owned(), ..SearchServicesRequest::default() }
}

/// A place with a service, somewhere.
fn at(number: u64, latitude: f64, longitude: f64, city: &str) -> Value {
    json!([{
        "id": id(8, number), "location": {
            "id": id(9, number), "location_type": "physical", "name": "The house",
            "latitude": latitude, "longitude": longitude,
            "addresses": [{"id": id(10, number), "address_1": "Hidden street 1", "city": city, "address_type": "physical"}]
        }
    }])
}

fn term(number: u64, code: &str) -> Value {
    json!([{"id": id(11, number), "taxonomy_term": {"id": id(6, number), "name": code, "code": code, "description": code, "parent_id": id(6, 99)}}])
}

async fn stocked(world: &World) {
    let today = world.database.query("SELECT helpline.now()::date").unwrap()[0][0].clone().unwrap();
    let root = json!({"id": id(6, 99), "name": "Housing", "code": "housing", "description": "d", "taxonomy_id": id(7, 1), "taxonomy_detail": {"id": id(7, 1), "name": "Needs", "description": "d"}});
    let package = json!([
        root,
        service(
            1,
            "مأوى الأطفال",
            &json!({
                "attributes": term(1, "shelter"), "minimum_age": 6, "maximum_age": 17, "assured_date": today,
                "languages": [{"id": id(4, 1), "code": "ar", "name": "Arabic"}],
                "service_areas": [{"id": id(12, 1), "name": "Doha"}],
                "service_at_locations": at(1, 25.28, 51.53, "Doha"),
                "schedules": [{"id": id(13, 1), "opens_at": "00:00", "closes_at": "00:00"}],
                "capacities": [{"id": id(14, 1), "available": 2, "maximum": 5, "unit": {"id": id(15, 1), "name": "Bed"}}],
                "helpline_rule": {"genders": ["female"], "nationalities_refused": ["XX"], "protected_address": true},
            })
        ),
        service(
            2,
            "Приют для девочек",
            &json!({
                "attributes": term(2, "night_shelter"), "minimum_age": 12, "maximum_age": 17, "assured_date": today,
                "languages": [{"id": id(4, 2), "code": "ru", "name": "Russian"}],
                "service_areas": [{"id": id(12, 2), "name": "Алматы"}],
                "service_at_locations": at(2, 43.24, 76.89, "Алматы"),
            })
        ),
        service(3, "Shelter for families 24", &json!({"assured_date": "2001-01-01"})),
        service(4, "Closed shelter", &json!({"status": "inactive"})),
    ]);
    let plan = world.import(Package::of(&package).path(), None, false).await;
    assert!(plan.usable, "{}", plan.in_words());
}

#[tokio::test]
async fn a_service_is_found_by_its_name_in_other_letters_and_misspelled() {
    let world = World::start().await;
    stocked(&world).await;
    let counsellor = world.counsellor(helpline_tests::Abilities::speaking(&["ar"])).await;
    for (text, name) in [
        ("ماوي", "مأوى الأطفال"),
        ("اطفال", "مأوى الأطفال"),
        ("priyut", "Приют для девочек"),
        ("Приют для девачек", "Приют для девочек"),
        ("Almaty", "Приют для девочек"),
        ("sheltr familes", "Shelter for families 24"),
        ("shelter ٢٤", "Shelter for families 24"),
    ] {
        let answer = search(&counsellor, for_text(text)).await;
        assert_eq!(names(&answer).first(), Some(&name), "{text}");
    }
    assert!(names(&search(&counsellor, for_text("zebra")).await).is_empty());
    assert!(!names(&search(&counsellor, for_text("shelter")).await).contains(&"Closed shelter"));
}

#[tokio::test]
async fn each_result_says_why_it_fits_and_each_near_miss_which_rule_it_fails() {
    let world = World::start().await;
    stocked(&world).await;
    let supervisor = world.supervisor().await;
    let answer = search(
        &supervisor,
        SearchServicesRequest {
            terms: vec!["housing".to_owned()],
            age: Some(9),
            gender: Gender::Female.into(),
            languages: vec!["ar-QA".to_owned()],
            nationality: "KZ".to_owned(),
            area: "دوحة".to_owned(),
            open_now: true,
            places: 2,
            ..SearchServicesRequest::default()
        },
    )
    .await;
    assert_eq!(answer.fitting_count, 2, "one says nothing of most: {:?}", names(&answer));
    let first = &answer.services[0];
    assert_eq!(names(&answer)[0], "مأوى الأطفال");
    assert!(first.fits && first.open_now == Some(true));
    assert_eq!(first.comparisons.len(), 8);
    assert!(first.comparisons.iter().all(|one| one.verdict() == ServiceVerdict::Fits), "{first:?}");
    let last = answer.services.last().unwrap();
    assert_eq!(last.service.as_ref().unwrap().display_name, "Shelter for families 24", "nobody verified it");
    assert!(last.service.as_ref().unwrap().stale);
    assert_eq!(verdict(last, ServiceRule::Age), Some(ServiceVerdict::NotStated));

    let near = SearchServicesRequest {
        age: Some(9),
        languages: vec!["ru".to_owned()],
        ..SearchServicesRequest::default()
    };
    let answer = search(&supervisor, near).await;
    let miss = answer.services.iter().find(|found| names_of(found) == "Приют для девочек").unwrap();
    assert!(!miss.fits);
    assert_eq!(verdict(miss, ServiceRule::Age), Some(ServiceVerdict::Fails));
    assert_eq!(verdict(miss, ServiceRule::Language), Some(ServiceVerdict::Fits));
}

fn names_of(found: &FoundService) -> &str {
    &found.service.as_ref().unwrap().display_name
}

#[tokio::test]
async fn a_protected_address_is_told_to_those_who_keep_it_and_to_nobody_else() {
    let world = World::start().await;
    stocked(&world).await;
    let here = SearchServicesRequest {
        position: Some(Position { latitude: 25.0, longitude: 51.0 }),
        ..SearchServicesRequest::default()
    };
    let counsellor = world.counsellor(helpline_tests::Abilities::speaking(&["ar"])).await;
    let found = search(&counsellor, here.clone()).await;
    let shelter = found.services.iter().find(|found| names_of(found) == "مأوى الأطفال").unwrap();
    assert_eq!(shelter.distance_km, None, "three distances would be the address");
    let location = &shelter.service.as_ref().unwrap().locations[0];
    assert!(location.address_withheld && location.address_lines.is_empty() && location.position.is_none());
    assert!(location.display_name.is_empty());
    let open = found.services.iter().find(|found| names_of(found) == "Приют для девочек").unwrap();
    assert!(open.distance_km.is_some_and(|distance| (2900.0..3400.0).contains(&distance)), "{open:?}");
    // Its street finds nothing either.
    assert!(search(&counsellor, for_text("Hidden street")).await.services.is_empty());
    let known = search(&world.supervisor().await, here).await;
    let shelter = known.services.iter().find(|found| names_of(found) == "مأوى الأطفال").unwrap();
    assert_eq!(shelter.service.as_ref().unwrap().locations[0].address_lines[0], "Hidden street 1");
}

#[tokio::test]
async fn another_centre_finds_nothing_and_a_need_that_nobody_knows_is_said() {
    let world = World::start().await;
    stocked(&world).await;
    let other = world.another_centre().await.administrator;
    assert!(search(&other, for_text("shelter")).await.services.is_empty());
    let unknown =
        SearchServicesRequest { terms: vec!["nothing".to_owned()], ..SearchServicesRequest::default() };
    assert_eq!(refused(other.services().search_services(unknown).await).code, Code::NotFound);
}

#[tokio::test]
async fn what_no_place_or_child_can_be_is_refused_by_its_field() {
    let world = World::start().await;
    let request = SearchServicesRequest {
        text: "x".repeat(201),
        age: Some(-1),
        languages: vec!["ar".to_owned(), "!".to_owned()],
        nationality: "Qatar".to_owned(),
        position: Some(Position { latitude: f64::NAN, longitude: f64::INFINITY }),
        within_km: Some(f64::NEG_INFINITY),
        places: -1,
        ..SearchServicesRequest::default()
    };
    let refused_fields = refused(world.administrator().services().search_services(request).await).fields;
    let expected = [
        "text",
        "age",
        "languages[1]",
        "nationality",
        "position.latitude",
        "position.longitude",
        "within_km",
        "places",
    ];
    assert_eq!(refused_fields, expected);
    let alone = SearchServicesRequest { within_km: Some(3.0), ..SearchServicesRequest::default() };
    assert_eq!(refused(world.administrator().services().search_services(alone).await).fields, ["position"]);
}
