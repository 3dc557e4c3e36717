//! A supervisor blocks a number or handle that is misused.

use helpline_domain::blocking::BlockReason;
use helpline_domain::caller::Caller;
use helpline_domain::id::{BlockId, ContactId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::Command;
use helpline_store::block::Block;
use helpline_vault::Sensitive;

use crate::access;

/// Whom to block.
#[derive(Clone, Debug)]
pub enum Blocked {
    /// This number or handle.
    Sender(Sensitive<String>),
    /// Whoever sent this contact.
    SenderOf(ContactId),
}

/// What is asked: [`BlockSenderRequest`](helpline_proto::intake::v1::BlockSenderRequest), read.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct BlockSender {
    pub command: Command,
    pub blocked: Blocked,
    pub reason: BlockReason,
    pub lifetime_s: u32,
}

/// Blocks a sender for a time. Errors: NOT_FOUND for the contact, INVALID_FIELD when its sender is not known,
/// STATE_REFUSED while an open contact of the sender, or a promise to them, is at high risk, REQUEST_ID_REUSED.
pub async fn block_sender(ctx: &Ctx, caller: &Caller, request: BlockSender) -> Result<Block, Refusal> {
    let sender = match request.blocked {
        Blocked::Sender(sender) => sender,
        Blocked::SenderOf(contact) => {
            let (contact, _) = access::visible(ctx, caller, contact).await?;
            contact
                .sender
                .ok_or_else(|| Refusal::invalid_field("contact_id", "a contact whose sender is known"))?
        }
    };
    let block = BlockId::from(ctx.ids.v7());
    let change =
        ctx.store.block_sender(&request.command, block, &sender, request.reason, request.lifetime_s).await?;
    fail_point!("block.after_commit");
    let at_risk = async { Ok(Refusal::state("sender", "at_high_risk")) };
    outcome(change, |id| get_block(ctx, caller, id.into()), at_risk).await
}

/// A block. Error: NOT_FOUND.
pub(crate) async fn get_block(ctx: &Ctx, caller: &Caller, id: BlockId) -> Result<Block, Refusal> {
    let found = ctx.store.block(caller.centre_id, id).await?;
    found.ok_or_else(|| Refusal::not_found("block"))
}
