//! The blocks of the centre, page by page.

use helpline_domain::caller::Caller;
use helpline_domain::id::BlockId;
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::block::Block;

/// Which page.
#[derive(Clone, Copy, Debug)]
pub struct ListBlocks {
    /// Whether to leave out those that have ended.
    pub in_force: bool,
    /// The last block of the page before.
    pub before: Option<BlockId>,
    /// How many at most.
    pub size: u32,
}

/// A page of blocks.
#[derive(Clone, Debug)]
pub struct BlockPage {
    /// The blocks, newest first.
    pub blocks: Vec<Block>,
    /// The last of them, if more follow.
    pub next: Option<BlockId>,
}

/// A page of blocks, newest first.
pub async fn list_blocks(ctx: &Ctx, caller: &Caller, wish: ListBlocks) -> Result<BlockPage, Refusal> {
    let read = ctx.store.blocks(caller.centre_id, wish.before, wish.in_force, wish.size + 1).await?;
    let (blocks, next) = page::cut(read, wish.size, |block| block.block_id);
    Ok(BlockPage { blocks, next })
}
