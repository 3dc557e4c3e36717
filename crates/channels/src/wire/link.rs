//! Links and visits.

use helpline_domain::caller::Caller;
use helpline_proto::channels::v1::{GetVisitResponse, OpenLinkRequest, OpenLinkResponse, RenewLinkRequest};
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::link::Visit;
use uuid::Uuid;

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
        escalation_id: id(opened.visit.subject.escalation()),
        expire_time: Some(timestamp(opened.visit.until)),
        referral_id: id(opened.visit.subject.referral()),
    }
}

/// A visit to a centre in this time zone as its message.
pub(crate) fn visit((visit, time_zone): (Visit, String)) -> GetVisitResponse {
    GetVisitResponse {
        escalation_id: id(visit.opened.subject.escalation()),
        agency_id: visit.agency_id.to_string(),
        agency_display_name: visit.agency,
        centre_display_name: visit.centre,
        expire_time: Some(timestamp(visit.opened.until)),
        server_time: Some(timestamp(visit.now)),
        referral_id: id(visit.opened.subject.referral()),
        service_names: visit.services,
        time_zone,
    }
}

fn id(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
