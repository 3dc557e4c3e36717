//! Referrals of the demo: a girl needs a bed for the night, and two shelters are asked one after another.
//!
//! A counsellor searches the directory and refers her to the nearer shelter ([`refer`]). That shelter says no; the next choice is asked in the same instant, accepts, sees her come and says what came of it ([`desk`]). What the
//! supervisor sees of it is told by [`story`].

pub mod desk;
pub(crate) mod refer;
pub mod story;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use helpline_proto::directory::v1::{
    Agency, AgencyKind, CreateAgencyRequest, ServiceRules, UpdateServiceRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::SetCapacityRequest;
use prost_types::Timestamp;
use serde_json::{Value, json};

use crate::call;
use crate::client::Client;
use crate::draws::Draws;
use crate::staff;

/// What shelters have.
const UNIT: &str = "bed";
/// What counsellors search by.
pub(crate) const NEED: &str = "shelter";
/// In which street every service is.
pub(crate) const STREET: &str = "Made-up street";

/// How the people of a shelter answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// They cannot take the child.
    Full,
    /// They take the child in and say what came of it.
    Open,
}

/// A shelter of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Shelter {
    /// Its name.
    pub name: &'static str,
    /// Its service.
    pub service_id: &'static str,
    beds: i32,
    /// How it answers.
    pub manner: Manner,
}

/// The shelters, the nearer first.
pub const SHELTERS: [Shelter; 2] = [
    Shelter {
        name: "Harbour House",
        service_id: "00000001-0000-4000-8000-000000000001",
        beds: 1,
        manner: Manner::Full,
    },
    Shelter {
        name: "Cedar House",
        service_id: "00000001-0000-4000-8000-000000000002",
        beds: 3,
        manner: Manner::Open,
    },
];

/// A shelter that the centre knows.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Which.
    pub shelter: Shelter,
    /// The id of its agency.
    pub agency_id: String,
    /// The token of its responder.
    pub token: String,
}

/// Writes the directory of the demo into a folder, to be imported; the file.
///
/// # Errors
/// What the disk says.
pub fn package(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("services.json");
    let named: Vec<_> = SHELTERS.iter().map(|shelter| (shelter.service_id, shelter.name)).collect();
    write_package(&file, &named, NEED)?;
    Ok(file)
}

/// Writes a directory of services, each with its id and its name, that are for one need. What belongs to a service has ids of its own.
///
/// # Errors
/// What the disk says.
pub(crate) fn write_package(file: &Path, services: &[(&str, &str)], need: &str) -> Result<()> {
    let term = services.first().map_or_else(String::new, |(id, _)| format!("00000008{}", &id[8..]));
    let listed = (1..).zip(services).map(|(place, service)| listing(place, *service, (need, &term)));
    let services: Vec<Value> = listed.collect();
    std::fs::write(file, Value::from(services).to_string()).context("cannot write the directory")
}

fn listing(place: u32, (service_id, name): (&str, &str), (need, term): (&str, &str)) -> Value {
    let id = |kind: u32| format!("{kind:08x}{}", &service_id[8..]);
    #[expect(clippy::disallowed_methods, reason = "somebody made sure of it when the demo was built")]
    let today = Timestamp::from(SystemTime::now()).to_string();
    json!({
        "id": service_id, "name": name, "status": "active",
        "minimum_age": 6, "maximum_age": 17, "assured_date": today,
        "organization": {"id": id(2), "name": name, "description": "Made up for the demonstration"},
        "languages": [{"id": id(4), "code": "ar"}, {"id": id(5), "code": "ru"}, {"id": id(6), "code": "en"}],
        "attributes": [{"id": id(7), "taxonomy_term": {"id": term, "code": need, "name": need, "description": "A place"}}],
        "service_at_locations": [{"id": id(9), "location": {
            "id": id(10), "location_type": "physical", "latitude": 25.28 + f64::from(place) / 100.0, "longitude": 51.53,
            "addresses": [{"id": id(11), "address_1": format!("{place} {STREET}"), "city": "Doha", "address_type": "physical"}]}}],
        "helpline_rule": {"intake_at_any_hour": true, "protected_address": true},
    })
}

/// Adds the agencies of the shelters, a token for a responder of each, and says how many beds there are.
///
/// # Errors
/// The server's refusal.
pub async fn register(
    administrator: &Client,
    supervisor: &Client,
    draws: &mut Draws,
) -> Result<Vec<Registered>> {
    let mut registered = Vec::new();
    for shelter in SHELTERS {
        let agency = Agency {
            display_name: shelter.name.to_owned(),
            kind: AgencyKind::Shelter.into(),
            field_classes: granted(),
            ..Agency::default()
        };
        let request = CreateAgencyRequest { request_id: draws.id(), agency: Some(agency) };
        let answer = call!(administrator.agencies(), create_agency, request).context("create an agency")?;
        let agency_id = answer.agency.context("an answer with the agency")?.agency_id;
        let request = UpdateServiceRequest {
            request_id: draws.id(),
            service_id: shelter.service_id.to_owned(),
            agency_id: agency_id.clone(),
            rules: Some(ServiceRules {
                intake_at_any_hour: true,
                protected_address: true,
                ..ServiceRules::default()
            }),
            ..UpdateServiceRequest::default()
        };
        call!(administrator.services(), update_service, request).context("say who answers for a shelter")?;
        let request = SetCapacityRequest {
            request_id: draws.id(),
            service_id: shelter.service_id.to_owned(),
            unit: UNIT.to_owned(),
            maximum: shelter.beds,
            out_of_service: 0,
        };
        call!(supervisor.capacity(), set_capacity, request).context("say how many beds there are")?;
        let label = format!("Responder of {}", shelter.name);
        let token = staff::responder_token(administrator, &label, &agency_id, draws).await?;
        registered.push(Registered { shelter, agency_id, token });
    }
    Ok(registered)
}

/// What a shelter may be told: what is needed and why, not who the child is.
pub(crate) fn granted() -> Vec<i32> {
    vec![FieldClass::Narrative.into(), FieldClass::Health.into()]
}
