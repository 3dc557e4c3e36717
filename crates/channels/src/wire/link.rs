//! Links and visits.

use helpline_domain::caller::Caller;
use helpline_proto::channels::v1::{GetVisitResponse, OpenLinkRequest, OpenLinkResponse, RenewLinkRequest};
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::link::Visit;

use crate::open_link::OpenedLink;

pub(crate) fn open(ctx: &Ctx, caller: &Caller, request: &OpenLinkRequest) -> Result<Command, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    Ok(command(ctx, caller, "OpenLink", fields.build(request_id)?, request))
}

pub(crate) fn renew(ctx: &Ctx, caller: &Caller, request: &RenewLinkRequest) -> Result<Command, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    Ok(command(ctx, caller, "RenewLink", fields.build(request_id)?, request))
}

/// The answer that holds the secret, once.
pub(crate) fn opened(opened: &OpenedLink) -> OpenLinkResponse {
    OpenLinkResponse {
        secret: opened.secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default(),
        escalation_id: opened.visit.escalation_id.to_string(),
        expire_time: Some(timestamp(opened.visit.until)),
    }
}

/// A visit as its message.
pub(crate) fn visit(visit: Visit) -> GetVisitResponse {
    GetVisitResponse {
        escalation_id: visit.escalation_id.to_string(),
        agency_id: visit.agency_id.to_string(),
        agency_display_name: visit.agency,
        centre_display_name: visit.centre,
        expire_time: Some(timestamp(visit.until)),
        server_time: Some(timestamp(visit.now)),
    }
}
