//! The tokens of the centre, page by page.

use helpline_domain::caller::Caller;
use helpline_domain::id::TokenId;
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::token::Token;

/// Which page.
#[derive(Clone, Copy, Debug)]
pub struct ListTokens {
    /// The last token of the page before.
    pub after: Option<TokenId>,
    /// How many at most.
    pub size: u32,
}

/// A page of tokens.
#[derive(Clone, Debug)]
pub struct TokenPage {
    /// The tokens, oldest first.
    pub tokens: Vec<Token>,
    /// The last of them, if more follow.
    pub next: Option<TokenId>,
}

/// A page of tokens by time of creation.
pub async fn list_tokens(ctx: &Ctx, caller: &Caller, wish: ListTokens) -> Result<TokenPage, Refusal> {
    let read = ctx.store.tokens(caller.centre_id, wish.after, wish.size + 1).await?;
    let (tokens, next) = page::cut(read, wish.size, |token| token.token_id);
    Ok(TokenPage { tokens, next })
}
