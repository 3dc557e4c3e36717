//! Tokens.

use std::time::Duration;

use helpline_domain::caller::{Caller, Role};
use helpline_proto::Role as RoleMessage;
use helpline_proto::directory::v1::{
    CreateTokenRequest, CreateTokenResponse, ListTokensRequest, ListTokensResponse, RevokeTokenRequest,
    Token as Message,
};
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::token::Token;

use crate::create_token::{CreateToken, CreatedToken};
use crate::list_tokens::{ListTokens, TokenPage};
use crate::revoke_token::RevokeToken;

const LONGEST_LABEL: usize = 200;
const SHORTEST_LIFE: Duration = Duration::from_mins(1);
const LONGEST_LIFE: Duration = Duration::from_hours(400 * 24);
const USUAL_LIFE: Duration = Duration::from_hours(90 * 24);

/// A token as its message.
pub(crate) fn to_message(token: Token) -> Message {
    Message {
        token_id: token.token_id.to_string(),
        role: role_to_message(token.role).into(),
        label: token.label,
        counsellor_id: token.counsellor_id.map(|id| id.to_string()).unwrap_or_default(),
        agency_id: token.agency_id.map(|id| id.to_string()).unwrap_or_default(),
        create_time: Some(timestamp(token.created_at)),
        expire_time: Some(timestamp(token.expires_at)),
        revoke_time: token.revoked_at.map(timestamp),
    }
}

/// The answer that holds the secret.
pub(crate) fn created(created: CreatedToken) -> CreateTokenResponse {
    CreateTokenResponse {
        token: Some(to_message(created.token)),
        secret: created.secret.map(|secret| secret.expose().to_owned()).unwrap_or_default(),
    }
}

pub(crate) fn create(
    ctx: &Ctx,
    caller: &Caller,
    request: &CreateTokenRequest,
) -> Result<CreateToken, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let role = fields.choice("role", request.role, RoleMessage::as_str_name).and_then(|role| {
        let read = role_from_message(role);
        if read.is_none() {
            fields.refuse("role", "a role that a token can have: links are sent, not created");
        }
        read
    });
    let label = fields.line("label", &request.label, 0..=LONGEST_LABEL);
    let counsellor_id = match role {
        Some(Role::Counsellor) => fields.id("counsellor_id", &request.counsellor_id).map(Some),
        Some(_) if !request.counsellor_id.is_empty() => {
            fields.refuse("counsellor_id", "empty, unless the role is ROLE_COUNSELLOR");
            None
        }
        _ => Some(None),
    };
    let agency_id = match role {
        Some(Role::AgencyResponder) => fields.id("agency_id", &request.agency_id).map(Some),
        Some(_) if !request.agency_id.is_empty() => {
            fields.refuse("agency_id", "empty, unless the role is ROLE_AGENCY_RESPONDER");
            None
        }
        _ => Some(None),
    };
    let lifetime =
        fields.optional_duration("lifetime", request.lifetime.as_ref(), SHORTEST_LIFE..=LONGEST_LIFE);
    fields.build((|| {
        Some(CreateToken {
            command: command(ctx, caller, "CreateToken", request_id?, request),
            role: role?,
            label: label?,
            counsellor_id: counsellor_id?,
            agency_id: agency_id?,
            lifetime_s: u32::try_from(lifetime?.unwrap_or(USUAL_LIFE).as_secs()).ok()?,
        })
    })())
}

pub(crate) fn revoke(
    ctx: &Ctx,
    caller: &Caller,
    request: &RevokeTokenRequest,
) -> Result<RevokeToken, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let token_id = fields.id("token_id", &request.token_id);
    fields.build((|| {
        let command = command(ctx, caller, "RevokeToken", request_id?, request);
        Some(RevokeToken { command, token_id: token_id? })
    })())
}

pub(crate) fn list(ctx: &Ctx, caller: &Caller, request: &ListTokensRequest) -> Result<ListTokens, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let size = fields.build(size)?;
    Ok(ListTokens { after: tokens(ctx, caller).open(&request.page_token)?, size })
}

/// The answer that is a page.
pub(crate) fn page(ctx: &Ctx, caller: &Caller, page: TokenPage) -> Result<ListTokensResponse, Refusal> {
    Ok(ListTokensResponse {
        tokens: page.tokens.into_iter().map(to_message).collect(),
        next_page_token: tokens(ctx, caller).seal(page.next.as_ref())?,
    })
}

fn tokens<'a>(ctx: &'a Ctx, caller: &Caller) -> PageTokens<'a> {
    PageTokens::new(ctx.vault(), "ListTokens", caller, &ListTokensRequest::default())
}

const fn role_to_message(role: Role) -> RoleMessage {
    match role {
        Role::ChannelAdapter => RoleMessage::ChannelAdapter,
        Role::Counsellor => RoleMessage::Counsellor,
        Role::Supervisor => RoleMessage::Supervisor,
        Role::Administrator => RoleMessage::Administrator,
        Role::AgencyResponder => RoleMessage::AgencyResponder,
        Role::AgencyLink => RoleMessage::AgencyLink,
    }
}

const fn role_from_message(role: RoleMessage) -> Option<Role> {
    match role {
        // Links are sent, not created.
        RoleMessage::Unspecified | RoleMessage::AgencyLink | RoleMessage::AgencyVisitor => None,
        RoleMessage::ChannelAdapter => Some(Role::ChannelAdapter),
        RoleMessage::Counsellor => Some(Role::Counsellor),
        RoleMessage::Supervisor => Some(Role::Supervisor),
        RoleMessage::Administrator => Some(Role::Administrator),
        RoleMessage::AgencyResponder => Some(Role::AgencyResponder),
    }
}
