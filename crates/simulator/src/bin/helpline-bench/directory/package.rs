//! A made-up directory, the same each time: names in three scripts, ages, languages, places, hours, needs.

use std::time::SystemTime;

use prost_types::Timestamp;
use serde_json::{Value, json};

const NAMES: [&str; 12] = [
    "مأوى الأطفال",
    "مركز حماية الطفل",
    "خط مساعدة الأسرة",
    "عيادة الصحة النفسية",
    "Приют для девочек",
    "Центр адаптации несовершеннолетних",
    "Юридическая помощь семьям",
    "Детская поликлиника",
    "Shelter for families",
    "Legal aid clinic",
    "Crisis counselling for adolescents",
    "School return support",
];
const CITIES: [(&str, f64, f64); 6] = [
    ("Doha", 25.28, 51.53),
    ("الريان", 25.29, 51.42),
    ("Алматы", 43.24, 76.89),
    ("Шымкент", 42.32, 69.59),
    ("Kuwait", 29.37, 47.98),
    ("Amman", 31.95, 35.93),
];
const LANGUAGES: [&str; 5] = ["ar", "ru", "en", "kk", "ur"];
const NEEDS: u32 = 20;

/// The id of a service.
pub(crate) fn service_id(number: u32) -> String {
    id(1, number)
}

fn id(kind: u32, number: u32) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

fn pick<T: Copy>(from: &[T], number: u32) -> Option<T> {
    from.get(number as usize % from.len()).copied()
}

/// A package of so many services.
pub(crate) fn of(services: u32) -> Value {
    #[expect(clippy::disallowed_methods, reason = "most were verified when the benchmark was run")]
    let today = Timestamp::from(SystemTime::now()).to_string();
    Value::Array((0..services).map(|number| service(number, &today)).collect())
}

fn service(number: u32, today: &str) -> Value {
    let (city, latitude, longitude) = pick(&CITIES, number / 7).unwrap_or_default();
    let name = pick(&NAMES, number).unwrap_or_default();
    let language = pick(&LANGUAGES, number / 3).unwrap_or_default();
    let off = f64::from(number % 1000) / 5000.0;
    let need = number % NEEDS;
    let organization = number / 10;
    json!({
        "id": service_id(number),
        "name": format!("{name} {city} {number}"),
        "description": format!("{name}. Open to children and families of {city}; asks no papers on the first day. Branch {number}."),
        "status": "active",
        "minimum_age": number % 10,
        "maximum_age": 10 + number % 15,
        "assured_date": if number.is_multiple_of(9) { "2001-01-01" } else { today },
        "organization": {"id": id(2, organization), "name": format!("Organisation {organization}"), "description": "Made up"},
        "phones": [{"id": id(3, number), "number": "+97455550100"}],
        "languages": [{"id": id(4, number), "code": language}],
        "attributes": [{"id": id(5, number), "taxonomy_term": {
            "id": id(6, need), "code": format!("need_{need}"), "name": format!("Need {need}"), "description": "Made up"}}],
        "service_areas": [{"id": id(7, number), "name": city}],
        "service_at_locations": [{"id": id(8, number), "location": {
            "id": id(9, number), "location_type": "physical", "name": format!("House {number}"),
            "latitude": latitude + off, "longitude": longitude + off,
            "addresses": [{"id": id(10, number), "address_1": "Street 1", "city": city, "address_type": "physical"}]}}],
        "schedules": [{"id": id(11, number), "freq": "WEEKLY", "byday": "SU,MO,TU,WE,TH",
            "opens_at": format!("{:02}:00", number % 12), "closes_at": format!("{:02}:00", 12 + number % 12), "timezone": 3}],
        "capacities": [{"id": id(12, number), "available": number % 5, "unit": {"id": id(13, 1), "name": "Bed"}}],
        "helpline_rule": {"genders": if number.is_multiple_of(3) { json!(["female"]) } else { json!([]) }, "protected_address": number.is_multiple_of(20)},
    })
}
