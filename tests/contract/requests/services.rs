//! Well-formed requests about services that children are referred to.

use helpline_proto::directory::v1::{
    GetServiceRequest, ListServicesRequest, Position, SearchServicesRequest, ServiceRules,
    UpdateServiceRequest, VerifyServiceRequest,
};
use helpline_proto::intake::v1::Gender;
use prost::Message as _;

use super::id;

/// The bytes of a well-formed request, if the method is about services.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    Some(match method {
        "GetService" => GetServiceRequest { service_id: id() }.encode_to_vec(),
        "ListServices" => ListServicesRequest::default().encode_to_vec(),
        "SearchServices" => SearchServicesRequest {
            text: "مأوى".to_owned(),
            terms: vec!["shelter".to_owned()],
            age: Some(9),
            gender: Gender::Female.into(),
            languages: vec!["ar".to_owned()],
            status: "refugee".to_owned(),
            nationality: "KZ".to_owned(),
            area: "Doha".to_owned(),
            position: Some(Position { latitude: 25.3, longitude: 51.5 }),
            within_km: Some(20.0),
            places: 1,
            unit: "bed".to_owned(),
            ..SearchServicesRequest::default()
        }
        .encode_to_vec(),
        "UpdateService" => UpdateServiceRequest {
            request_id: id(),
            service_id: id(),
            agency_id: String::new(),
            suspended: true,
            rules: Some(rules()),
            expected_revision: 0,
        }
        .encode_to_vec(),
        "VerifyService" => {
            VerifyServiceRequest { request_id: id(), service_id: id(), expected_revision: 0 }.encode_to_vec()
        }
        _ => return None,
    })
}

fn rules() -> ServiceRules {
    ServiceRules {
        genders: vec![Gender::Female.into()],
        statuses: vec!["refugee".to_owned()],
        statuses_refused: vec!["tourist".to_owned()],
        nationalities: vec!["KZ".to_owned()],
        nationalities_refused: vec!["QA".to_owned()],
        with_children: Some(true),
        exclusions: vec!["Needs a hospital".to_owned()],
        protected_address: true,
        delivery_address: "A letter box".to_owned(),
        on_call_name: "Somebody".to_owned(),
        on_call_number: "+97455550100".to_owned(),
        agreement: "2026/7".to_owned(),
        agreement_end_date: "2030-12-31".to_owned(),
        ..ServiceRules::default()
    }
}
