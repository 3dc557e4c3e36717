//! Commands and their repeats: what every changing method does around its change.
//!
//! ```text
//! let command = command(ctx, caller, "AcceptOffer", request_id, &request);
//! let change = ctx.store.accept_offer(&command, offer_id).await?;
//! outcome(change, |id| load(ctx, caller, id), explain(ctx, caller, offer_id)).await
//! ```

use std::future::Future;

use helpline_domain::caller::Caller;
use helpline_domain::id::RequestId;
use helpline_store::{Change, Command};
use prost::Message;
use uuid::Uuid;

use crate::Ctx;
use crate::error::Refusal;

/// The command that `request` is. Two requests are the same command when everything but their `request_id` is equal;
/// how the id is spelled does not matter. The hash is keyed, so nothing can be guessed from it.
pub fn command<M: Message>(
    ctx: &Ctx,
    caller: &Caller,
    method: &'static str,
    request_id: RequestId,
    request: &M,
) -> Command {
    let bytes = request.encode_to_vec();
    let hash = ctx.vault().command_digest(&[method.as_bytes(), without_request_id(&bytes)]);
    Command { caller: *caller, method, request_id, hash }
}

/// What became of a change, as an answer or a refusal: `load` fetches what a replayed command made, under the access of
/// this moment; `explain` finds out why what the change compares did not hold, and is not run otherwise.
pub async fn outcome<T, L>(
    change: Change<T>,
    load: impl FnOnce(Uuid) -> L,
    explain: impl Future<Output = Result<Refusal, Refusal>>,
) -> Result<T, Refusal>
where
    L: Future<Output = Result<T, Refusal>>,
{
    match change {
        Change::Done(value) => Ok(value),
        Change::Replayed { resource_id } => load(resource_id).await,
        Change::Reused => Err(Refusal::request_id_reused()),
        Change::Refused => Err(explain.await.unwrap_or_else(|refusal| refusal)),
    }
}

/// An encoded request behind its `request_id`. The build proves that it is field 1 of every command, so it comes first.
fn without_request_id(bytes: &[u8]) -> &[u8] {
    const FIELD_1_TEXT: u8 = 0x0a;
    let Some((&FIELD_1_TEXT, mut rest)) = bytes.split_first() else { return bytes };
    let length = prost::decode_length_delimiter(&mut rest).unwrap_or(usize::MAX);
    rest.get(length..).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use helpline_proto::directory::v1::RevokeTokenRequest;

    fn bytes(request_id: &str, token_id: &str) -> Vec<u8> {
        let request = RevokeTokenRequest { request_id: request_id.to_owned(), token_id: token_id.to_owned() };
        request.encode_to_vec()
    }

    #[test]
    fn two_requests_that_differ_in_their_request_id_alone_are_the_same_command() {
        let one = bytes("a", "token");
        let same = bytes(&"b".repeat(200), "token");
        let other = bytes("a", "tokem");
        assert_eq!(without_request_id(&one), without_request_id(&same));
        assert_ne!(without_request_id(&one), without_request_id(&other));
        assert_eq!(without_request_id(&one), without_request_id(&bytes("", "token")));
    }

    #[tokio::test]
    async fn a_refused_change_is_explained_and_a_repeated_one_loaded() {
        let load = |id: Uuid| std::future::ready(Ok::<_, Refusal>(id.as_u128()));
        let why = || std::future::ready(Ok(Refusal::race_lost()));
        let id = Uuid::from_u128(7);
        assert_eq!(outcome(Change::Done(1), load, why()).await, Ok(1));
        assert_eq!(outcome(Change::Replayed { resource_id: id }, load, why()).await, Ok(7));
        assert_eq!(outcome(Change::Reused, load, why()).await, Err(Refusal::request_id_reused()));
        assert_eq!(outcome(Change::Refused, load, why()).await, Err(Refusal::race_lost()));
    }
}
