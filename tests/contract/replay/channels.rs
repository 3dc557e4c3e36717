//! What goes outside, in a state in which each method can be carried out.

use helpline_proto::Method;
use helpline_proto::channels::v1::CreateEndpointRequest;
use prost::Message as _;
use prost_reflect::Value;

use super::prepare::Prepared;
use crate::cast::{Cast, method};
use crate::requests::well_formed;

/// Brings that state about, if the method is one of these.
pub(super) async fn prepare(cast: &Cast, wanted: &Method) -> Option<Prepared> {
    if matches!(wanted.name, "OpenLink" | "RenewLink") {
        let actor = cast.world.link(cast.world.agency().await).await.actor;
        return Some(Prepared { actor, request: well_formed(wanted), other: None });
    }
    let (field, id) = match wanted.name {
        "CreateEndpoint" => ("agency_id", cast.world.agency().await.to_string()),
        "DisableEndpoint" | "EnableEndpoint" | "RotateSecret" => ("endpoint_id", endpoint(cast).await),
        "ReplayDelivery" => ("delivery_id", failed_delivery(cast).await),
        _ => return None,
    };
    let mut request = well_formed(wanted);
    request.set_field_by_name(field, Value::String(id));
    let mut other = request.clone();
    other.set_field_by_name(field, Value::String(helpline_tests::request_id()));
    let actor = if wanted.name == "ReplayDelivery" { &cast.supervisor } else { &cast.administrator };
    Some(Prepared { actor: actor.clone(), request, other: Some(other) })
}

async fn endpoint(cast: &Cast) -> String {
    let bytes = well_formed(method("CreateEndpoint")).encode_to_vec();
    let agency_id = cast.world.agency().await.to_string();
    let request = CreateEndpointRequest { agency_id, ..CreateEndpointRequest::decode(&*bytes).unwrap() };
    let answer = cast.administrator.endpoints().create_endpoint(request).await.unwrap().into_inner();
    answer.endpoint.unwrap().endpoint_id
}

/// A delivery that failed, to an endpoint that asked to be left alone: sent again, it stays on its way.
async fn failed_delivery(cast: &Cast) -> String {
    let (centre, endpoint) = (cast.world.centre.id, endpoint(cast).await);
    let sql = format!(
        "WITH asked AS (
             UPDATE helpline.endpoints SET throttled_until = helpline.now() + interval '1 hour'
             WHERE endpoint_id = '{endpoint}' RETURNING agency_id)
         INSERT INTO helpline.deliveries (centre_id, delivery_id, event, kind, agency_id, endpoint_id, state, made_at, ended_at)
         SELECT '{centre}', gen_random_uuid(), 'escalation.notified', 'webhook', agency_id, '{endpoint}', 'failed',
             helpline.now(), helpline.now()
         FROM asked RETURNING delivery_id"
    );
    cast.world.database.query(&sql).unwrap()[0][0].clone().unwrap()
}
