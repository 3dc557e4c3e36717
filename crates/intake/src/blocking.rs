//! Senders are blocked for a time, and let in again.

mod block_sender;
mod lift_block;
mod list_blocks;

pub use block_sender::{BlockSender, Blocked, block_sender};
pub use lift_block::{LiftBlock, lift_block};
pub use list_blocks::{BlockPage, ListBlocks, list_blocks};
