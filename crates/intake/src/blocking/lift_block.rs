//! A supervisor lets a blocked sender in again.

use helpline_domain::caller::Caller;
use helpline_domain::id::BlockId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::block::Block;
use helpline_store::{Change, Command};

use super::block_sender::get_block;

/// What is asked: [`LiftBlockRequest`](helpline_proto::intake::v1::LiftBlockRequest), read.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct LiftBlock {
    pub command: Command,
    pub block_id: BlockId,
}

/// Lifts a block before it expires; one that is lifted already is answered with as it is. Errors: NOT_FOUND,
/// REQUEST_ID_REUSED.
pub async fn lift_block(ctx: &Ctx, caller: &Caller, request: LiftBlock) -> Result<Block, Refusal> {
    match ctx.store.lift_block(&request.command, request.block_id).await? {
        Change::Done(block) => Ok(block),
        Change::Replayed { .. } | Change::Refused => get_block(ctx, caller, request.block_id).await,
        Change::Reused => Err(Refusal::request_id_reused()),
    }
}
