//! Gives out a token.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{AgencyId, CounsellorId, TokenId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::token::{NewToken, Token};
use helpline_store::{Change, Command};
use helpline_vault::{BearerToken, SystemRandom};

use crate::get_counsellor::get_counsellor;

/// A token to create.
#[derive(Clone, Debug)]
pub struct CreateToken {
    /// The command.
    pub command: Command,
    /// What its bearer may be.
    pub role: Role,
    /// What it is for.
    pub label: String,
    /// Who bears it; set exactly for the role counsellor.
    pub counsellor_id: Option<CounsellorId>,
    /// Whose responder bears it; set exactly for the role agency responder.
    pub agency_id: Option<AgencyId>,
    /// How long it lasts, in seconds.
    pub lifetime_s: u32,
}

/// A token and, when it was created by this very call, its secret.
#[derive(Debug)]
pub struct CreatedToken {
    /// The token.
    pub token: Token,
    /// Its secret; `None` in a replay.
    pub secret: Option<BearerToken>,
}

/// Creates a token. Errors: NOT_FOUND for its bearer and for an agency that is not there or
/// disabled, STATE_REFUSED when its bearer has left.
pub async fn create_token(
    ctx: &Ctx,
    caller: &Caller,
    creation: CreateToken,
) -> Result<CreatedToken, Refusal> {
    let CreateToken { command, role, label, counsellor_id, agency_id, lifetime_s } = creation;
    let secret = BearerToken::generate(&SystemRandom);
    let token_id = TokenId::from(ctx.ids.v7());
    let new = NewToken { token_id, hash: secret.hash(), role, label, counsellor_id, agency_id, lifetime_s };
    let change = ctx.store.create_token(&command, &new).await?;
    let secret = matches!(change, Change::Done(_)).then_some(secret);
    let token = outcome(change, |id| get_token(ctx, caller, id.into()), async {
        if agency_id.is_some() {
            return Ok(Refusal::not_found("agency"));
        }
        let Some(counsellor_id) = counsellor_id else {
            return Ok(Refusal::bug("nothing could have refused a new token without a bearer"));
        };
        let counsellor = get_counsellor(ctx, caller, counsellor_id).await?;
        Ok(match counsellor.disabled_at {
            Some(_) => Refusal::state("counsellor", "disabled"),
            None => Refusal::race_lost(),
        })
    })
    .await?;
    Ok(CreatedToken { token, secret })
}

/// One token. Error: NOT_FOUND.
pub(crate) async fn get_token(ctx: &Ctx, caller: &Caller, id: TokenId) -> Result<Token, Refusal> {
    ctx.store.token(caller.centre_id, id).await?.ok_or_else(|| Refusal::not_found("token"))
}
