//! Imports: whole, repeatable, and every fault said by row and field.

use helpline_domain::service::kind::Kind;
use helpline_tests::World;
use serde_json::json;

use super::{Package, faults, id, service};

fn rows(world: &World) -> Vec<Vec<Option<String>>> {
    let sql =
        "SELECT (SELECT count(*) FROM helpline.services), (SELECT count(*) FROM helpline.service_records),
                      (SELECT coalesce(max(revision), 0) FROM helpline.service_directories)";
    world.database.query(sql).unwrap()
}

#[tokio::test]
async fn the_same_package_twice_changes_nothing() {
    let world = World::start().await;
    let more = json!({
        "organization": {"id": id(2, 1), "name": "Harbour", "description": "An organisation"},
        "phones": [{"id": id(3, 1), "number": "+97455550100", "languages": [{"id": id(4, 1), "code": "ar"}]}],
        "attributes": [{"id": id(5, 1), "taxonomy_term": {"id": id(6, 1), "name": "Shelter", "code": "shelter", "description": "Beds"}}],
        "helpline_rule": {"genders": ["female"], "protected_address": true, "intake_at_any_hour": false},
    });
    let package = Package::of(&json!([service(1, "A shelter", &more)]));
    let first = world.import(package.path(), None, false).await;
    assert!(first.usable, "{}", first.in_words());
    assert_eq!(first.difference.added.len(), 7, "{}", first.in_words());
    let before = rows(&world);
    let again = world.import(package.path(), None, false).await;
    assert!(again.usable && again.difference.is_empty(), "{}", again.in_words());
    assert_eq!(again.difference.same, 7);
    assert_eq!(rows(&world), before);
}

#[tokio::test]
async fn what_is_no_longer_in_a_package_goes_with_its_service_alone() {
    let world = World::start().await;
    let phones = json!({"phones": [{"id": id(3, 1), "number": "1"}, {"id": id(3, 2), "number": "2"}]});
    let package = Package::of(&json!([
        service(1, "A shelter", &phones),
        service(2, "A clinic", &json!({"phones": [{"id": id(3, 3), "number": "3"}]}))
    ]));
    world.import(package.path(), None, false).await;
    let fewer = json!({"phones": [{"id": id(3, 1), "number": "1"}]});
    let package = Package::of(&json!([service(1, "The shelter", &fewer)]));
    let plan = world.import(package.path(), None, false).await;
    assert_eq!(plan.difference.removed.len(), 1, "{}", plan.in_words());
    assert_eq!((plan.difference.changed.len(), plan.difference.same), (1, 1), "{}", plan.in_words());
    let left = world
        .database
        .query("SELECT record_id FROM helpline.service_records WHERE kind = 'phone' ORDER BY 1");
    assert_eq!(left.unwrap(), [[Some(id(3, 1))], [Some(id(3, 3))]]);
}

#[tokio::test]
async fn a_bad_package_changes_nothing_and_every_fault_is_said_by_row_and_field() {
    let world = World::start().await;
    let services = format!(
        "id,name,status,email,minimum_age,maximum_age,organization_id,colour\n\
         {one},A shelter,active,nobody,18,12,{gone},red\n\
         {one},Another,active,,,,,\n\
         ,Nameless,perhaps,,,,,\n\
         {two},=HYPERLINK(1),active,,,,,\n\
         {three},Short,active\n",
        one = id(1, 1),
        two = id(1, 2),
        three = id(1, 3),
        gone = id(2, 9),
    );
    let terms =
        format!("id,name,description,parent_id\n{a},A,a,{b}\n{b},B,b,{a}\n", a = id(6, 1), b = id(6, 2));
    let tables: [(&str, &[u8]); 3] = [
        ("services.csv", services.as_bytes()),
        ("taxonomy_terms.csv", terms.as_bytes()),
        ("phones.csv", b"id,number\nx,\xff\xfe\n"),
    ];
    let package = Package::tables(&tables);
    let plan = world.import(package.path(), None, true).await;
    assert!(!plan.usable);
    assert_eq!(rows(&world), [[Some("0".to_owned()), Some("0".to_owned()), Some("0".to_owned())]]);
    let faults = faults(&plan);
    for expected in [
        "line 2 : is not UTF-8; save it as UTF-8 and import again",
        "line 2 email: is not an e-mail address",
        "line 2 maximum_age: is below minimum_age",
        "line 2 organization_id: refers to a record that is not there",
        "line 3 id: another service has this id",
        "line 4 id: is required",
        "line 4 status: is not one of active, inactive, defunct, temporarily closed",
        "line 5 name: begins like a formula of a spreadsheet",
        "line 6 : has another number of cells than the first row has",
        "line 2 parent_id: is, over others, above itself",
        "line 3 parent_id: is, over others, above itself",
    ] {
        assert!(faults.iter().any(|fault| fault == expected), "{expected:?} is not among {faults:#?}");
    }
    assert!(plan.unknown.contains(&("services.csv".to_owned(), "colour".to_owned())));
    for secret in ["nobody", "HYPERLINK", &id(2, 9)] {
        assert!(!plan.in_words().contains(secret), "{secret} is repeated");
    }
}

#[tokio::test]
async fn files_that_cannot_be_read_are_explained() {
    let world = World::start().await;
    for (text, expected) in [
        (&b"{\"id\": 1,"[..], "is no JSON from there on"),
        (b"42", "is neither a record nor a list of records"),
        (b"[{\"colour\": \"red\"}]", "is no record of the standard that is known by its fields"),
        (b"[]", "has no file of the standard with a row in it"),
    ] {
        let package = Package::tables(&[("services.json", text)]);
        let plan = world.plan_import(package.path(), None, true).await;
        assert!(!plan.usable && plan.in_words().contains(expected), "{expected}: {}", plan.in_words());
    }
    let package = Package::tables(&[("services.csv", b"")]);
    let huge = std::fs::OpenOptions::new().write(true).open(package.path().join("services.csv")).unwrap();
    huge.set_len(100 << 20).unwrap();
    let plan = world.plan_import(package.path(), None, true).await;
    assert!(!plan.usable && plan.in_words().contains("is longer than 50 MiB"), "{}", plan.in_words());
}

#[tokio::test]
async fn the_official_examples_come_in_and_what_leads_nowhere_is_said() {
    let Some(examples) = helpline_devstack::shared_data("data/hsds-3/examples") else { return };
    let world = World::start().await;
    for (file, kind) in [
        ("service_full.json", Kind::Service),
        ("organization_full.json", Kind::Organization),
        ("service_at_location_full.json", Kind::ServiceAtLocation),
        ("location.json", Kind::Location),
        ("taxonomy_term_list.json", Kind::TaxonomyTerm),
    ] {
        let strictly = world.plan_import(&examples.join(file), None, false).await;
        assert!(!strictly.usable, "{file} refers to what it does not hold, or is somewhere the earth is not");
        let plan = world.import(&examples.join(file), None, true).await;
        assert!(plan.usable, "{file}: {}", plan.in_words());
        let sql = format!("SELECT count(*) > 0 FROM helpline.service_records WHERE kind = '{}'", kind.key());
        let held = match kind {
            Kind::Service => world.database.query("SELECT count(*) > 0 FROM helpline.services"),
            _ => world.database.query(&sql),
        };
        assert_eq!(held.unwrap()[0][0].as_deref(), Some("t"), "{file}");
    }
    let world = World::start().await;
    let plan = world.import(&examples.join("csv"), None, true).await;
    let faults = faults(&plan);
    assert!(faults.contains(&"line 2 latitude: is not a number from -90 to 90".to_owned()), "{faults:#?}");
    assert!(
        faults.contains(&"line 2 parent_id: refers to a record that is not there".to_owned()),
        "{faults:#?}"
    );
    assert!(plan.usable && plan.difference.added.len() >= 15, "{}", plan.in_words());
}

/// How the tables of Florida's legal aid become those of the standard.
const FLORIDA: &str = r#"
[[table]]
file = "organizations.csv"
into = "organization"
id = "organization_uuid"
[table.fields]
name = "organization_name"
alternate_name = "organization_alternate_name"
description = "organization_description"
email = "organization_email"
website = { column = "organization_url", scheme = "https://" }
tax_id = "organization_tax_id"
legal_status = "organization_legal_status"
year_incorporated = "organization_year_incorporated"

[[table]]
file = "services.csv"
into = "service"
id = "service_uuid"
[table.fields]
name = "service_name"
alternate_name = "service_alternate_name"
description = "service_description"
organization_id = "organization_uuid"
email = "service_email"
url = { column = "service_url", scheme = "https://" }
minimum_age = "service_min_age"
maximum_age = { column = "service_max_age", none = ["999", "200"] }
eligibility_description = "service_immigration_status"
[table.constants]
status = "active"
[[table.lists]]
into = "service_area"
column = "service_areas"
separator = ";"
field = "name"
[[table.lists]]
into = "attribute"
column = "service_problem_codes"
separator = ";"
field = "value"
taxonomy = "Legal problems"

[[table]]
file = "locations.csv"
into = "location"
id = "location_uuid"
[table.fields]
name = "location_name"
organization_id = "organization_uuid"
url = { column = "location_url", scheme = "https://" }
[table.constants]
location_type = "physical"

[[table]]
file = "locations.csv"
into = "address"
made_from = ["location_uuid"]
[table.fields]
location_id = "location_uuid"
address_1 = "location_address"
[table.constants]
address_type = "physical"
country = "US"
"#;

#[tokio::test]
async fn a_directory_of_somebodys_own_comes_in_by_a_mapping() {
    let Some(florida) = helpline_devstack::shared_data("data/hsds-florida-legal-aid") else { return };
    let world = World::start().await;
    let plan = world.import(&florida, Some(FLORIDA), true).await;
    assert!(plan.usable, "{}", plan.in_words());
    let added = |kind| plan.difference.added.of(kind).count();
    assert_eq!((added(Kind::Organization), added(Kind::Service), added(Kind::Location)), (20, 135, 378));
    // One row has slipped: a link stands where an age should, words where an address should.
    let faults = faults(&plan);
    assert!(faults.iter().any(|fault| fault.ends_with("minimum_age: is not a number")), "{faults:#?}");
    assert!(faults.iter().any(|fault| fault.ends_with("email: is not an e-mail address")), "{faults:#?}");
    let again = world.import(&florida, Some(FLORIDA), true).await;
    assert!(again.difference.is_empty(), "{}", again.in_words());
}

#[tokio::test]
async fn an_import_that_was_compared_with_an_older_directory_is_not_written() {
    let world = World::start().await;
    let package = Package::of(&json!([service(1, "A shelter", &json!({}))]));
    let late = world.plan_import(package.path(), None, false).await;
    let other = Package::of(&json!([service(1, "Another name", &json!({}))]));
    world.import(other.path(), None, false).await;
    let written = world.carry_out(&late).await;
    assert!(!written, "it would undo what it never saw");
    let name = world.database.query("SELECT fields ->> 'name' FROM helpline.services").unwrap();
    assert_eq!(name, [[Some("Another name".to_owned())]]);
}
