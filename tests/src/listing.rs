//! Services that children are referred to, as tests need them.

use std::path::Path;
use std::sync::Arc;

use helpline_directory::services::import::{Plan, by_hand, carry_out, plan};
use helpline_directory::services::mapping::Mapping;
use helpline_directory::services::reading::read;
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{CentreId, ServiceId};
use helpline_service_kit::ids::{Ids as _, SystemIds};
use helpline_store::{PoolOptions, Store};
use helpline_vault::{SystemRandom, Vault};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::World;

impl World {
    /// A new active service of a centre, with an organisation and an area, imported as an engineer would.
    pub async fn service_of(&self, centre: CentreId) -> ServiceId {
        self.listed(centre, &json!({})).await
    }

    /// The same with whatever else its record says.
    pub async fn listed(&self, centre: CentreId, more: &Value) -> ServiceId {
        let [id, organization, area] = [(); 3].map(|()| SystemIds.v7());
        let mut service = json!({
            "id": id, "name": "A shelter", "status": "active",
            "organization": {"id": organization, "name": "An organisation", "description": "It helps"},
            "service_areas": [{"id": area, "name": "Doha"}],
        });
        let fields = service.as_object_mut().expect("fields");
        fields.extend(more.as_object().expect("fields").clone());
        let folder = tempfile::tempdir().expect("a folder");
        let package = folder.path().join("services.json");
        std::fs::write(&package, json!([service]).to_string()).expect("a package");
        let store = self.store();
        // Somebody else may import at the same time.
        loop {
            let plan = plan(&store, centre, read(&package, None), false).await.expect("a plan");
            assert!(plan.usable, "{}", plan.in_words());
            let command = by_hand(engineer(centre), SystemIds.v7().into());
            if carry_out(&store, &command, &plan).await.expect("the import ends") {
                return id.into();
            }
        }
    }

    /// A store of its own, as the engineer's commands have one.
    pub fn store(&self) -> Store {
        let database = &self.config().database;
        let options = PoolOptions { url: database.url.expose().to_owned(), size: 1, wait: database.wait() };
        let ring = self.config().keys.ring().expect("the keys of this world");
        Store::new(&options, Vault::new(ring, Arc::new(SystemRandom))).expect("a store")
    }

    /// What importing a package into the centre of this world would do.
    pub async fn plan_import(&self, package: &Path, mapping: Option<&str>, leniently: bool) -> Plan {
        let mapping = mapping.map(|text| Mapping::parse(text).expect("a mapping"));
        let read = read(package, mapping.as_ref());
        plan(&self.store(), self.centre.id, read, leniently).await.expect("a plan")
    }

    /// Imports a package into the centre of this world, as far as it can be used.
    pub async fn import(&self, package: &Path, mapping: Option<&str>, leniently: bool) -> Plan {
        let plan = self.plan_import(package, mapping, leniently).await;
        assert_eq!(self.carry_out(&plan).await, plan.usable, "{}", plan.in_words());
        plan
    }

    /// Carries a plan out; whether it was.
    pub async fn carry_out(&self, plan: &Plan) -> bool {
        let command = by_hand(engineer(self.centre.id), SystemIds.v7().into());
        carry_out(&self.store(), &command, plan).await.expect("the import ends")
    }
}

fn engineer(centre_id: CentreId) -> Caller {
    let token_id = Uuid::nil().into();
    Caller {
        token_id,
        centre_id,
        role: Role::Administrator,
        counsellor_id: None,
        agency_id: None,
        only: None,
    }
}
