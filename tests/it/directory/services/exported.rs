//! Exports: as the official schemas want them, harmless in a spreadsheet, and without what must not leave.

use std::path::Path;
use std::process::Stdio;

use helpline_directory::services::export::{Reach, documents, outgoing, tables};
use helpline_directory::services::import::package_of;
use helpline_tests::World;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Package, id, service};

/// What the public validator says of an export.
async fn validated(python: &Path, schemas: &Path, exported: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("client/validate_hsds.py");
    let run = Command::new(python).arg(script).arg(schemas).arg(exported).stdin(Stdio::null()).output();
    let output = run.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Writes the directory of the world in both forms; their folders.
async fn export(world: &World, reach: Reach) -> (tempfile::TempDir, tempfile::TempDir) {
    let (package, _) = package_of(&world.store(), world.centre.id).await.unwrap();
    let package = outgoing(&package, reach);
    let (as_json, as_csv) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(as_json.path().join("services.json"), serde_json::to_vec(&documents(&package)).unwrap())
        .unwrap();
    for (name, text) in tables(&package).unwrap() {
        std::fs::write(as_csv.path().join(name), text).unwrap();
    }
    (as_json, as_csv)
}

#[tokio::test]
async fn an_export_is_valid_by_the_official_schemas_and_comes_in_again_unchanged() {
    let Some(schemas) = helpline_devstack::shared_data("data/hsds-3/schema") else { return };
    let Some(python) = helpline_devstack::python_client() else { return };
    let world = World::start().await;
    let examples = schemas.with_file_name("examples");
    let full = examples.join("service_full.json");
    world.import(&full, None, true).await;
    let more = json!({
        "phones": [{"id": id(3, 1), "number": "+974 5555 0100"}],
        "description": "- a list\n- of words",
        "capacities": [{"id": id(14, 1), "available": 2, "unit": {"id": id(15, 1), "name": "Bed"}}],
        "service_at_locations": [{"id": id(8, 1), "location": {
            "id": id(9, 1), "location_type": "physical", "latitude": 25.5, "longitude": 51,
            "addresses": [{"id": id(10, 1), "address_1": "Street 1", "address_type": "physical"}]}}],
        "helpline_rule": {"statuses": ["refugee"], "protected_address": true},
    });
    world.import(Package::of(&json!([service(1, "A shelter", &more)])).path(), None, false).await;
    for reach in [Reach::Public, Reach::Everything] {
        let (as_json, as_csv) = export(&world, reach).await;
        for folder in [&as_json, &as_csv] {
            let said = validated(&python, &schemas, folder.path()).await;
            assert_eq!(said["faults"], json!([]), "{reach:?}");
            assert!(said["valid"].as_u64().is_some_and(|valid| valid >= 2), "{said}");
        }
        let text = std::fs::read_to_string(as_csv.path().join("services.csv")).unwrap();
        assert!(text.contains("'- a list"), "a spreadsheet would compute it: {text}");
        let phones = std::fs::read_to_string(as_csv.path().join("phones.csv")).unwrap();
        assert!(phones.contains("'+974 5555 0100"), "{phones}");
        if reach == Reach::Everything {
            for folder in [&as_json, &as_csv] {
                let again = world.plan_import(folder.path(), None, false).await;
                // Empty texts that the standard requires are the same as none.
                assert!(again.usable && again.difference.is_empty(), "{}", again.in_words());
            }
        }
    }
}

/// The text of every file of an export.
fn everything(folders: (tempfile::TempDir, tempfile::TempDir)) -> String {
    let mut text = String::new();
    for folder in [folders.0, folders.1] {
        for file in std::fs::read_dir(folder.path()).unwrap() {
            text.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    text
}

#[tokio::test]
async fn what_is_published_holds_neither_a_protected_address_nor_people_nor_rules() {
    let world = World::start().await;
    let place = |number: u64, street: &str| {
        json!([{"id": id(8, number), "location": {
            "id": id(9, number), "location_type": "physical", "name": format!("House {street}"), "latitude": 25.5, "longitude": 51.5,
            "addresses": [{"id": id(10, number), "address_1": street, "city": "Doha", "address_type": "physical"}]}}])
    };
    let places = |number: u64, many: u32| json!([{"id": id(14, number), "available": 1, "maximum": many, "unit": {"id": id(15, number), "name": "Bed"}}]);
    let secret = json!({
        "service_at_locations": place(1, "Hidden street"),
        "contacts": [{"id": id(16, 1), "name": "Somebody", "phones": [{"id": id(3, 2), "number": "5550199"}]}],
        "phones": [{"id": id(3, 1), "number": "5550100"}],
        "capacities": places(1, 4711),
        "helpline_rule": {"protected_address": true, "on_call_number": "5550188"},
    });
    let open = json!({"service_at_locations": place(2, "Open street"), "capacities": places(2, 4712)});
    let package = json!([service(1, "A shelter", &secret), service(2, "A clinic", &open)]);
    let plan = world.import(Package::of(&package).path(), None, false).await;
    assert!(plan.usable, "{}", plan.in_words());
    let public = everything(export(&world, Reach::Public).await);
    for kept in ["Hidden street", "Somebody", "5550199", "5550188", "protected_address", "4711"] {
        assert!(!public.contains(kept), "{kept} was published");
    }
    for told in ["Open street", "A shelter", "5550100", "4712"] {
        assert!(public.contains(told), "{told} is missing");
    }
    let whole = everything(export(&world, Reach::Everything).await);
    for kept in ["Hidden street", "Somebody", "5550199", "5550188"] {
        assert!(whole.contains(kept), "{kept} is missing");
    }
    // Nothing of it can be read in the tables.
    let sql = "SELECT count(*) FROM helpline.service_records WHERE fields::text ~ 'street|Somebody|5550'";
    assert_eq!(world.database.query(sql).unwrap(), [[Some("0".to_owned())]]);
}

#[tokio::test]
async fn of_a_hidden_place_nothing_at_all_is_published() {
    let world = World::start().await;
    let said = |what: &str, number: u64| json!([{"id": id(5, number), "value": format!("marker of {what}")}]);
    let place = json!({
        "id": id(9, 1), "location_type": "physical", "name": "The house",
        "attributes": said("the location", 1),
        "addresses": [{"id": id(10, 1), "address_1": "Street", "address_type": "physical", "attributes": said("the address", 2)}],
    });
    let at = json!({
        "id": id(8, 1), "description": "marker of the service there", "location": place,
        "attributes": said("its attributes", 3),
        "phones": [{"id": id(3, 1), "number": "5550101", "description": "marker of the bell"}],
        "schedules": [{"id": id(13, 1), "description": "marker of the hours"}],
    });
    let shelter = json!({
        "assurer_email": "marker@example.org", "attributes": said("nothing secret", 4),
        "service_at_locations": [at], "helpline_rule": {"protected_address": true},
    });
    let sister = json!({"service_at_locations": [{"id": id(8, 2), "location": place, "description": "marker of the sister"}]});
    let package = json!([service(1, "A shelter", &shelter), service(2, "A day centre", &sister)]);
    let plan = world.import(Package::of(&package).path(), None, false).await;
    assert!(plan.usable, "{}", plan.in_words());
    let public = everything(export(&world, Reach::Public).await);
    assert!(public.contains("A day centre") && public.contains("marker of nothing secret"), "{public}");
    let public = public.replace("marker of nothing secret", "");
    assert!(!public.contains("marker") && !public.contains("5550101"), "{public}");
    assert!(!public.contains(&id(9, 1)), "one id in two services says that they are one house");
    let whole = everything(export(&world, Reach::Everything).await);
    assert!(whole.contains("marker of the bell") && whole.contains("marker@example.org"), "{whole}");
}
