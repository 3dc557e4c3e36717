//! Endpoints.

use std::time::Duration;

use helpline_domain::caller::Caller;
use helpline_domain::delivery::{DisabledReason, EndpointKind, SignatureScheme};
use helpline_domain::id::EndpointId;
use helpline_proto::channels::v1::{
    CreateEndpointRequest, DisableEndpointRequest, DisabledReason as DisabledMessage, EnableEndpointRequest,
    Endpoint as Message, EndpointKind as KindMessage, ListEndpointsRequest, ListEndpointsResponse,
    RotateSecretRequest, SignatureScheme as SchemeMessage,
};
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::endpoint::Endpoint;
use helpline_vault::{Sensitive, SigningKey};
use lettre::Address;
use reqwest::Url;

use crate::address::Targets;
use crate::create_endpoint::CreateEndpoint;
use crate::list_endpoints::ListEndpoints;
use crate::rotate_secret::RotateSecret;
use crate::switch_endpoint::SwitchEndpoint;

const LONGEST_ADDRESS: usize = 500;
const USUAL_OVERLAP: Duration = Duration::from_hours(24);
const LONGEST_OVERLAP: Duration = Duration::from_hours(7 * 24);

/// An endpoint as its message.
pub(crate) fn to_message(endpoint: &Endpoint) -> Message {
    Message {
        endpoint_id: endpoint.endpoint_id.to_string(),
        agency_id: endpoint.agency_id.to_string(),
        kind: match endpoint.kind {
            EndpointKind::Webhook => KindMessage::Webhook,
            EndpointKind::Email => KindMessage::Email,
            EndpointKind::Sms => KindMessage::Sms,
        }
        .into(),
        address: endpoint.address.expose().clone(),
        signature: match endpoint.signature {
            None => SchemeMessage::Unspecified,
            Some(SignatureScheme::V1) => SchemeMessage::V1,
            Some(SignatureScheme::V1a) => SchemeMessage::V1a,
        }
        .into(),
        old_secret_until: endpoint.old_secret_until.map(timestamp),
        disabled: match endpoint.disabled {
            None => DisabledMessage::Unspecified,
            Some(DisabledReason::ByHand) => DisabledMessage::ByHand,
            Some(DisabledReason::Gone) => DisabledMessage::Gone,
        }
        .into(),
        create_time: Some(timestamp(endpoint.created_at)),
        revision: endpoint.revision,
    }
}

/// What the agency verifies with, once; nothing in a replay.
pub(crate) fn shown(key: Option<&SigningKey>) -> Result<String, Refusal> {
    let Some(key) = key else { return Ok(String::new()) };
    let text = key.shown().map_err(|error| Refusal::internal(&error))?;
    Ok(text.as_str().to_owned())
}

pub(crate) fn create(
    ctx: &Ctx,
    targets: Targets,
    caller: &Caller,
    request: &CreateEndpointRequest,
) -> Result<CreateEndpoint, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let agency_id = fields.id("agency_id", &request.agency_id);
    let kind = fields.choice("kind", request.kind, KindMessage::as_str_name).and_then(kind_from_message);
    let address = kind.and_then(|kind| read_address(&mut fields, targets, kind, &request.address));
    let signature = match kind {
        Some(EndpointKind::Webhook) => {
            let scheme = fields.choice("signature", request.signature, SchemeMessage::as_str_name);
            scheme.and_then(scheme_from_message).map(Some)
        }
        Some(_) if request.signature != 0 => {
            fields.refuse("signature", "empty, unless the kind is ENDPOINT_KIND_WEBHOOK");
            None
        }
        _ => Some(None),
    };
    fields.build((|| {
        Some(CreateEndpoint {
            command: command(ctx, caller, "CreateEndpoint", request_id?, request),
            agency_id: agency_id?,
            kind: kind?,
            address: Sensitive::new("contact", address?),
            signature: signature?,
        })
    })())
}

/// The address as it will be used, if it can be.
fn read_address(fields: &mut Fields, targets: Targets, kind: EndpointKind, text: &str) -> Option<String> {
    let text = fields.line("address", text, 1..=LONGEST_ADDRESS)?;
    let (read, expected) = match kind {
        EndpointKind::Webhook => {
            let url = Url::parse(&text).ok().filter(|url| targets.allow_url(url));
            (
                url.map(String::from),
                "a URL with https and a public host, without a name, password or fragment",
            )
        }
        EndpointKind::Email => (text.parse::<Address>().ok().map(|_| text), "an e-mail address"),
        EndpointKind::Sms => {
            let digits = text.strip_prefix('+').unwrap_or_default();
            let good = (7..=15).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_digit())
                && !digits.starts_with('0');
            (good.then_some(text), "a number with + and country code, from 7 to 15 digits")
        }
    };
    if read.is_none() {
        fields.refuse("address", expected);
    }
    read
}

pub(crate) fn rotate(
    ctx: &Ctx,
    caller: &Caller,
    request: &RotateSecretRequest,
) -> Result<RotateSecret, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let endpoint_id = fields.id("endpoint_id", &request.endpoint_id);
    let overlap =
        fields.optional_duration("overlap", request.overlap.as_ref(), Duration::ZERO..=LONGEST_OVERLAP);
    fields.build((|| {
        Some(RotateSecret {
            command: command(ctx, caller, "RotateSecret", request_id?, request),
            endpoint_id: endpoint_id?,
            overlap_s: u32::try_from(overlap?.unwrap_or(USUAL_OVERLAP).as_secs()).ok()?,
        })
    })())
}

pub(crate) fn disable(
    ctx: &Ctx,
    caller: &Caller,
    request: &DisableEndpointRequest,
) -> Result<SwitchEndpoint, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let endpoint_id = fields.id("endpoint_id", &request.endpoint_id);
    fields.build((|| {
        let command = command(ctx, caller, "DisableEndpoint", request_id?, request);
        Some(SwitchEndpoint { command, endpoint_id: endpoint_id?, on: false })
    })())
}

pub(crate) fn enable(
    ctx: &Ctx,
    caller: &Caller,
    request: &EnableEndpointRequest,
) -> Result<SwitchEndpoint, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let endpoint_id = fields.id("endpoint_id", &request.endpoint_id);
    fields.build((|| {
        let command = command(ctx, caller, "EnableEndpoint", request_id?, request);
        Some(SwitchEndpoint { command, endpoint_id: endpoint_id?, on: true })
    })())
}

pub(crate) fn list(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListEndpointsRequest,
) -> Result<ListEndpoints, Refusal> {
    let mut fields = Fields::new();
    let agency_id = fields.id("agency_id", &request.agency_id);
    let size = fields.page_size(request.page_size);
    let (agency_id, size) = fields.build((|| Some((agency_id?, size?)))())?;
    Ok(ListEndpoints { agency_id, after: tokens(ctx, caller, request).open(&request.page_token)?, size })
}

/// The answer that is a page.
pub(crate) fn page(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListEndpointsRequest,
    (endpoints, next): (Vec<Endpoint>, Option<EndpointId>),
) -> Result<ListEndpointsResponse, Refusal> {
    Ok(ListEndpointsResponse {
        endpoints: endpoints.iter().map(to_message).collect(),
        next_page_token: tokens(ctx, caller, request).seal(next.as_ref())?,
    })
}

fn tokens<'a>(ctx: &'a Ctx, caller: &Caller, request: &ListEndpointsRequest) -> PageTokens<'a> {
    let filter =
        ListEndpointsRequest { agency_id: request.agency_id.clone(), ..ListEndpointsRequest::default() };
    PageTokens::new(ctx.vault(), "ListEndpoints", caller, &filter)
}

const fn kind_from_message(kind: KindMessage) -> Option<EndpointKind> {
    match kind {
        KindMessage::Unspecified => None,
        KindMessage::Webhook => Some(EndpointKind::Webhook),
        KindMessage::Email => Some(EndpointKind::Email),
        KindMessage::Sms => Some(EndpointKind::Sms),
    }
}

const fn scheme_from_message(scheme: SchemeMessage) -> Option<SignatureScheme> {
    match scheme {
        SchemeMessage::Unspecified => None,
        SchemeMessage::V1 => Some(SignatureScheme::V1),
        SchemeMessage::V1a => Some(SignatureScheme::V1a),
    }
}
