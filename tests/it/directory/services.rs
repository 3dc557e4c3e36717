//! Services that children are referred to: imported, exported, kept, found.

mod compared;
mod explained;
mod exported;
mod found;
mod imported;
mod kept;
mod protected;

use std::path::{Path, PathBuf};

use helpline_directory::services::import::Plan;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A package of one JSON file.
struct Package(TempDir, PathBuf);

impl Package {
    fn of(value: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("services.json");
        std::fs::write(&path, value.to_string()).unwrap();
        Self(folder, path)
    }

    /// A package of tables.
    fn tables(tables: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in tables {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let path = folder.path().to_owned();
        Self(folder, path)
    }

    fn path(&self) -> &Path {
        assert!(self.0.path().exists());
        &self.1
    }
}

/// An id that says what it is for.
fn id(kind: u16, number: u64) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

/// A service with this name, and with whatever else is given.
fn service(number: u64, name: &str, more: &Value) -> Value {
    let mut service =
        json!({"id": id(1, number), "name": name, "status": "active", "service_at_locations": []});
    service.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    service
}

/// Every fault, as `place, field: what`.
fn faults(plan: &Plan) -> Vec<String> {
    plan.problems
        .iter()
        .map(|problem| format!("{} {}: {}", problem.place, problem.field, problem.what).trim().to_owned())
        .collect()
}
