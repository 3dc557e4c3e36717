//! Takes a token back.

use helpline_domain::caller::Caller;
use helpline_domain::id::TokenId;
use helpline_service_kit::authenticator::Authenticator;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::token::Token;

use crate::create_token::get_token;

/// A token to revoke.
#[derive(Clone, Copy, Debug)]
pub struct RevokeToken {
    /// The command.
    pub command: Command,
    /// Which.
    pub token_id: TokenId,
}

/// Revokes a token, at once in this process and within a second in every other. Revoking twice changes nothing more.
/// Error: NOT_FOUND.
pub async fn revoke_token(
    ctx: &Ctx,
    authenticator: &Authenticator,
    caller: &Caller,
    revocation: RevokeToken,
) -> Result<Token, Refusal> {
    let RevokeToken { command, token_id } = revocation;
    let change = ctx.store.revoke_token(&command, token_id).await?;
    let token =
        outcome(change, |id| get_token(ctx, caller, id.into()), async { Ok(Refusal::not_found("token")) })
            .await?;
    authenticator.invalidate(token_id);
    ctx.mirror.roster_changed(caller.centre_id);
    Ok(token)
}
