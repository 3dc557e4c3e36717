//! Gives a webhook a new secret. The old one signs too for a while, so that the agency can change over when it likes.

use helpline_domain::caller::Caller;
use helpline_domain::id::EndpointId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::{Change, Command};

use crate::create_endpoint::{WithSecret, get_endpoint, new_key};

/// A secret to rotate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RotateSecret {
    pub(crate) command: Command,
    pub(crate) endpoint_id: EndpointId,
    /// How long the old one signs too, in seconds.
    pub(crate) overlap_s: u32,
}

/// Rotates the secret. At most two sign: one that was still ending is dropped. Errors: NOT_FOUND, STATE_REFUSED for what is
/// not signed.
pub(crate) async fn rotate_secret(
    ctx: &Ctx,
    caller: &Caller,
    rotation: RotateSecret,
) -> Result<WithSecret, Refusal> {
    let RotateSecret { command, endpoint_id, overlap_s } = rotation;
    let load = |id: uuid::Uuid| get_endpoint(ctx, caller, id.into());
    let known = ctx.store.endpoint(caller.centre_id, endpoint_id).await?;
    let key = known.as_ref().and_then(|endpoint| endpoint.signature).map(|scheme| (scheme, new_key(scheme)));
    let change = match &key {
        Some((scheme, key)) => {
            ctx.store.rotate_secret(&command, endpoint_id, (*scheme, key), overlap_s).await?
        }
        None => ctx.store.recall_change(&command).await?,
    };
    let is_new = matches!(change, Change::Done(_));
    let endpoint = outcome(change, load, async {
        let endpoint = known.as_ref().ok_or_else(|| Refusal::not_found("endpoint"))?;
        Ok(match endpoint.signature {
            None => Refusal::state("endpoint", "unsigned"),
            Some(_) => Refusal::race_lost(),
        })
    })
    .await?;
    let key = key.filter(|_| is_new).map(|(_, key)| key);
    Ok(WithSecret { endpoint, key })
}
