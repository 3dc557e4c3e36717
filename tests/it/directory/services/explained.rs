//! Imports that must not come in as they are: what would vanish without a word, and what would weaken a rule.

use std::time::{Duration, Instant};

use helpline_directory::services::mapping::Mapping;
use helpline_directory::services::reading::read;
use helpline_proto::directory::v1::{
    GetServiceRequest, ListServicesRequest, SearchServicesRequest, Service, VerifyServiceRequest,
};
use helpline_tests::{World, request_id};
use serde_json::{Value, json};

use super::{Package, faults, id, service};

async fn got(world: &World, number: u64) -> Service {
    let request = GetServiceRequest { service_id: id(1, number) };
    world.administrator().services().get_service(request).await.unwrap().into_inner().service.unwrap()
}

#[tokio::test]
async fn a_lenient_import_never_weakens_the_rules_of_the_centre() {
    let world = World::start().await;
    let rules = json!({"protected_address": true, "nationalities_refused": ["QA"]});
    let shelter = service(1, "A shelter", &json!({"helpline_rule": rules}));
    assert!(world.import(Package::of(&json!([shelter])).path(), None, false).await.usable);
    let before = got(&world, 1).await.rules.unwrap();
    assert!(before.protected_address);
    for (table, fault) in [
        ("protected_address\n1,Y", "line 2 protected_address: is not yes or no"),
        ("statuses_refused\n1,=1", "line 2 statuses_refused: begins like a formula of a spreadsheet"),
        ("protected_adress\n1,yes", "line 2 protected_adress: is no rule that is known"),
    ] {
        let table = format!("id,{table}\n").replace("\n1,", &format!("\n{},", id(1, 1)));
        let package = Package::tables(&[("helpline_rules.csv", table.as_bytes())]);
        let plan = world.import(package.path(), None, true).await;
        assert!(!plan.usable, "{}", plan.in_words());
        assert_eq!(faults(&plan), [fault]);
    }
    for wrong in [json!({"protected_address": "oui"}), json!([rules]), json!("protected")] {
        let package = Package::of(&json!([service(1, "A shelter", &json!({"helpline_rule": wrong}))]));
        let plan = world.import(package.path(), None, true).await;
        assert!(!plan.usable, "{}", plan.in_words());
    }
    assert_eq!(got(&world, 1).await.rules, Some(before));
}

#[tokio::test]
async fn an_attribute_belongs_to_a_record_and_never_to_an_attribute() {
    let world = World::start().await;
    for (entity, to) in [("attribute", id(5, 1)), ("service_rule", id(1, 1)), ("taxonomy", id(7, 1))] {
        let table = format!("id,link_id,link_entity,value\n{},{to},{entity},a\n", id(5, 1));
        let services = format!("id,name,status\n{},A shelter,active\n", id(1, 1));
        let rules = format!("id,genders\n{},female\n", id(1, 1));
        let terms = format!("id,name\n{},Needs\n", id(7, 1));
        let package = Package::tables(&[
            ("attributes.csv", table.as_bytes()),
            ("services.csv", services.as_bytes()),
            ("helpline_rules.csv", rules.as_bytes()),
            ("taxonomies.csv", terms.as_bytes()),
        ]);
        let plan = world.plan_import(package.path(), None, false).await;
        assert_eq!(
            faults(&plan),
            ["line 2 link_id: is of a kind that has no attributes: see link_entity"],
            "{entity}"
        );
        assert!(!plan.usable);
    }
    // Such as came in before keep nobody from importing.
    let sql = format!(
        "INSERT INTO helpline.service_records (centre_id, kind, record_id, fields)
         SELECT centre_id, 'attribute', '{one}', '{{\"id\": \"{one}\", \"link_id\": \"{one}\", \"link_entity\": \"attribute\"}}'
         FROM helpline.centres",
        one = id(5, 1),
    );
    world.database.query(&sql).unwrap();
    let store = world.store();
    let centre = world.centre.id;
    let (told, heard) = std::sync::mpsc::channel();
    // On a thread of its own: what hangs there can be waited for.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let package = Package::of(&json!([service(2, "A clinic", &json!({}))]));
        let plan =
            helpline_directory::services::import::plan(&store, centre, read(package.path(), None), false);
        told.send(runtime.block_on(plan).unwrap().usable).unwrap();
    });
    assert_eq!(heard.recv_timeout(Duration::from_secs(20)), Ok(true), "the import hangs");
}

#[tokio::test]
async fn a_verification_that_is_yet_to_come_is_a_fault_and_makes_nothing_fresh() {
    let world = World::start().await;
    let day = |ahead: i32| {
        world.database.query(&format!("SELECT helpline.now()::date + {ahead}")).unwrap()[0][0]
            .clone()
            .unwrap()
    };
    let stale = async || {
        let request = ListServicesRequest { due_only: true, ..ListServicesRequest::default() };
        let page = world.supervisor().await.services().list_services(request).await.unwrap().into_inner();
        page.services.into_iter().map(|service| service.display_name).collect::<Vec<_>>()
    };
    let assured =
        |date: String| Package::of(&json!([service(1, "A shelter", &json!({"assured_date": date}))]));
    let plan = world.import(assured("2999-01-01".to_owned()).path(), None, false).await;
    assert_eq!(faults(&plan), ["[0] assured_date: is a day that is yet to come"]);
    assert!(!plan.usable);
    // Somewhere it is tomorrow already.
    assert!(world.import(assured(day(1)).path(), None, false).await.usable);
    assert!(stale().await.is_empty());
    assert!(world.import(assured(day(3)).path(), None, true).await.usable, "it can be left out");
    assert_eq!(stale().await, ["A shelter"]);
    // What came in before is worth nothing either, and hides nothing that is.
    world
        .database
        .query("UPDATE helpline.services SET fields = fields || '{\"assured_date\": \"2999-01-01\"}'")
        .unwrap();
    world.database.query("UPDATE helpline.service_directories SET revision = revision + 1, imported_revision = revision + 1").unwrap();
    assert_eq!(stale().await, ["A shelter"]);
    assert_eq!(got(&world, 1).await.verify_time, None);
    let request =
        VerifyServiceRequest { request_id: request_id(), service_id: id(1, 1), expected_revision: 0 };
    world.administrator().services().verify_service(request).await.unwrap();
    assert!(stale().await.is_empty() && got(&world, 1).await.verify_time.is_some());
}

#[tokio::test]
async fn nothing_of_a_document_vanishes_without_a_word() {
    let world = World::start().await;
    let plan_of = async |value: Value| world.plan_import(Package::of(&value).path(), None, true).await;
    for (more, fault) in [
        (json!({"phones": {"id": id(3, 1), "number": "1"}}), "[0].phones : is not a list"),
        (json!({"phones": "5550100"}), "[0].phones : is not a list"),
        (json!({"phones": [{"id": id(3, 1), "number": "1"}, "5550100"]}), "[0].phones[1] : is no record"),
        (json!({"organization": "Harbour"}), "[0].organization : is no record"),
        (json!({"helpline_rule": []}), "[0].helpline_rule : is no record"),
    ] {
        let plan = plan_of(json!([service(1, "A shelter", &more)])).await;
        assert_eq!(faults(&plan), [fault]);
        assert!(!plan.usable);
    }
    let empty = json!({"phones": null, "organization": null, "languages": []});
    assert!(plan_of(json!([service(1, "A shelter", &empty)])).await.usable, "nothing is nothing");
    let odd = plan_of(json!([service(1, "A shelter", &json!({"colours": {"wall": "red"}}))])).await;
    assert!(odd.usable && odd.unknown.contains(&("services.json".to_owned(), "colours".to_owned())));
    let tables = json!({
        "services": [{"id": id(1, 1), "name": "A", "status": "active"}, 7], "phones": {"id": id(3, 1)}, "telephones": [],
    });
    assert_eq!(
        faults(&plan_of(tables).await),
        ["phones : is not a list", "services[1] : is no record", "telephones : is no table of the standard"]
    );
}

#[tokio::test]
async fn a_head_that_stands_twice_is_refused_and_one_that_is_empty_is_named() {
    let world = World::start().await;
    let table = format!("id,name,status, name\n{},A shelter,active,B\n", id(1, 1));
    let plan =
        world.plan_import(Package::tables(&[("services.csv", table.as_bytes())]).path(), None, true).await;
    assert_eq!(faults(&plan), ["line 1 name: is the head of two columns"]);
    assert!(!plan.usable);
    let table = format!("id,name,status,\n{},A shelter,active,B\n", id(1, 1));
    let plan =
        world.plan_import(Package::tables(&[("services.csv", table.as_bytes())]).path(), None, true).await;
    assert!(plan.usable && plan.unknown.contains(&("services.csv".to_owned(), "column 4".to_owned())));
}

#[tokio::test]
async fn a_fault_is_said_by_the_line_where_its_row_begins() {
    let world = World::start().await;
    for end in ["\n", "\r\n", "\r"] {
        let rows = [
            "id,name,description,status".to_owned(),
            format!("{},A,\"one\ntwo\nthree\",active", id(1, 1)),
            String::new(),
            String::new(),
            format!("{},B,,open", id(1, 2)),
            format!("{},C", id(1, 3)),
            format!("{},D,\"one\n\ntwo\",open", id(1, 4)),
        ];
        let table = rows.map(|row| row.replace('\n', end)).join(end);
        let package = Package::tables(&[("services.csv", table.as_bytes())]);
        let plan = world.plan_import(package.path(), None, true).await;
        let open = "status: is not one of active, inactive, defunct, temporarily closed";
        let expected = [
            "line 8 : has another number of cells than the first row has".to_owned(),
            format!("line 7 {open}"),
            format!("line 9 {open}"),
        ];
        assert_eq!(faults(&plan), expected, "{end:?}");
    }
}

#[test]
fn a_cell_with_too_many_entries_is_refused_before_anything_is_made_of_it() {
    let mapping = |separator: &str| {
        format!(
            "[[table]]\nfile = \"s.csv\"\ninto = \"service\"\nid = \"id\"\n[table.fields]\nname = \"name\"\n
             [[table.lists]]\ninto = \"service_area\"\ncolumn = \"areas\"\nseparator = \"{separator}\"\nfield = \"name\"\n"
        )
    };
    let table = format!("id,name,areas\n{},A shelter,{}\n", id(1, 1), "a;".repeat(1_100_000));
    let package = Package::tables(&[("s.csv", table.as_bytes())]);
    let begun = Instant::now();
    let read = read(package.path(), Some(&Mapping::parse(&mapping(";")).unwrap()));
    let made: usize = read.files.iter().map(|(_, rows)| rows.len()).sum();
    assert!(made <= 1, "{made} rows were made in {:?}", begun.elapsed());
    let faults: Vec<_> =
        read.problems.iter().map(|problem| (problem.place.as_str(), problem.what.as_str())).collect();
    assert_eq!(faults, [("line 2", "makes more than 1000000 rows of the file")]);
    assert!(Mapping::parse(&mapping("")).is_err(), "every letter would be an entry");
}

#[tokio::test]
async fn hours_of_which_a_bound_was_left_out_are_not_computed() {
    let world = World::start().await;
    let schedule = json!([{"id": id(13, 1), "until": "soon", "opens_at": "00:00", "closes_at": "00:00", "description": "Until soon"}]);
    let package = Package::of(&json!([service(1, "A shelter", &json!({"schedules": schedule}))]));
    assert!(world.import(package.path(), None, true).await.usable);
    let request = SearchServicesRequest { open_now: true, ..SearchServicesRequest::default() };
    let found =
        world.administrator().services().search_services(request).await.unwrap().into_inner().services;
    assert_eq!(found[0].open_now, None, "it may be over");
    assert_eq!(found[0].service.as_ref().unwrap().opening_hours, ["Until soon"]);
}
