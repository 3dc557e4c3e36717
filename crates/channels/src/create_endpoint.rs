//! Adds an endpoint to an agency.

use helpline_domain::caller::Caller;
use helpline_domain::delivery::{EndpointKind, SignatureScheme};
use helpline_domain::id::{AgencyId, EndpointId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::endpoint::{Endpoint, NewEndpoint};
use helpline_store::{Change, Command};
use helpline_vault::{Sensitive, SigningKey, SystemRandom};

/// An endpoint to create.
#[derive(Clone, Debug)]
pub(crate) struct CreateEndpoint {
    pub(crate) command: Command,
    pub(crate) agency_id: AgencyId,
    pub(crate) kind: EndpointKind,
    pub(crate) address: Sensitive<String>,
    /// How it is signed; exactly for webhooks.
    pub(crate) signature: Option<SignatureScheme>,
}

/// An endpoint and what it is signed with, when that was made by this very call.
#[derive(Debug)]
pub(crate) struct WithSecret {
    pub(crate) endpoint: Endpoint,
    pub(crate) key: Option<SigningKey>,
}

/// Creates an endpoint. Errors: NOT_FOUND for its agency, STATE_REFUSED when that is disabled.
pub(crate) async fn create_endpoint(
    ctx: &Ctx,
    caller: &Caller,
    creation: CreateEndpoint,
) -> Result<WithSecret, Refusal> {
    let CreateEndpoint { command, agency_id, kind, address, signature } = creation;
    let signature = signature.map(|scheme| (scheme, new_key(scheme)));
    let new =
        NewEndpoint { endpoint_id: EndpointId::from(ctx.ids.v7()), agency_id, kind, address, signature };
    let change = ctx.store.create_endpoint(&command, &new).await?;
    fail_point!("endpoint.after_commit");
    let is_new = matches!(change, Change::Done(_));
    let endpoint = outcome(change, |id| get_endpoint(ctx, caller, id.into()), async {
        Ok(match ctx.store.agency_is_disabled(caller.centre_id, agency_id).await? {
            Some(true) => Refusal::state("agency", "disabled"),
            Some(false) => Refusal::race_lost(),
            None => Refusal::not_found("agency"),
        })
    })
    .await?;
    Ok(WithSecret { endpoint, key: new.signature.filter(|_| is_new).map(|(_, key)| key) })
}

pub(crate) fn new_key(scheme: SignatureScheme) -> SigningKey {
    match scheme {
        SignatureScheme::V1 => SigningKey::shared(&SystemRandom),
        SignatureScheme::V1a => SigningKey::pair(&SystemRandom),
    }
}

/// One endpoint. Error: NOT_FOUND.
pub(crate) async fn get_endpoint(ctx: &Ctx, caller: &Caller, id: EndpointId) -> Result<Endpoint, Refusal> {
    ctx.store.endpoint(caller.centre_id, id).await?.ok_or_else(|| Refusal::not_found("endpoint"))
}
