//! Well-formed requests about what goes outside.

use helpline_proto::channels::v1::{
    CreateEndpointRequest, DisableEndpointRequest, EnableEndpointRequest, EndpointKind, GetVisitRequest,
    ListDeliveriesRequest, ListEndpointsRequest, OpenLinkRequest, RenewLinkRequest, ReplayDeliveryRequest,
    RotateSecretRequest, SignatureScheme,
};
use prost::Message as _;

use super::{id, seconds};

/// The bytes of a well-formed request, if the method is about what goes outside.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    Some(match method {
        "CreateEndpoint" => CreateEndpointRequest {
            request_id: id(),
            agency_id: id(),
            kind: EndpointKind::Webhook.into(),
            address: "https://agency.example/hook".to_owned(),
            signature: SignatureScheme::V1.into(),
        }
        .encode_to_vec(),
        "DisableEndpoint" => DisableEndpointRequest { request_id: id(), endpoint_id: id() }.encode_to_vec(),
        "EnableEndpoint" => EnableEndpointRequest { request_id: id(), endpoint_id: id() }.encode_to_vec(),
        "GetVisit" => GetVisitRequest {}.encode_to_vec(),
        "OpenLink" => OpenLinkRequest { request_id: id() }.encode_to_vec(),
        "RenewLink" => RenewLinkRequest { request_id: id() }.encode_to_vec(),
        "ListDeliveries" => {
            ListDeliveriesRequest { escalation_id: id(), page_size: 5, ..ListDeliveriesRequest::default() }
                .encode_to_vec()
        }
        "ListEndpoints" => {
            ListEndpointsRequest { agency_id: id(), page_size: 5, page_token: String::new() }.encode_to_vec()
        }
        "ReplayDelivery" => ReplayDeliveryRequest { request_id: id(), delivery_id: id() }.encode_to_vec(),
        "RotateSecret" => {
            RotateSecretRequest { request_id: id(), endpoint_id: id(), overlap: Some(seconds(3600)) }
                .encode_to_vec()
        }
        _ => return None,
    })
}
