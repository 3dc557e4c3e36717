//! Well-formed requests about agencies.

use helpline_proto::directory::v1::{
    Agency, AgencyKind, CreateAgencyRequest, DisableAgencyRequest, GetAgencyRequest, ListAgenciesRequest,
    UpdateAgencyRequest,
};
use helpline_proto::options::v1::FieldClass;
use prost::Message as _;

use super::id;

fn agency(agency_id: String) -> Agency {
    Agency {
        agency_id,
        display_name: "The embassy".to_owned(),
        kind: AgencyKind::Embassy.into(),
        field_classes: vec![FieldClass::Location.into(), FieldClass::Narrative.into()],
        country: "JO".to_owned(),
        ..Agency::default()
    }
}

/// The bytes of a well-formed request, if the method is about agencies.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    Some(match method {
        "CreateAgency" => {
            CreateAgencyRequest { request_id: id(), agency: Some(agency(String::new())) }.encode_to_vec()
        }
        "DisableAgency" => DisableAgencyRequest { request_id: id(), agency_id: id() }.encode_to_vec(),
        "GetAgency" => GetAgencyRequest { agency_id: id() }.encode_to_vec(),
        "ListAgencies" => ListAgenciesRequest::default().encode_to_vec(),
        "UpdateAgency" => {
            UpdateAgencyRequest { request_id: id(), agency: Some(agency(id())), expected_revision: 0 }
                .encode_to_vec()
        }
        _ => return None,
    })
}
