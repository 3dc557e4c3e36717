//! Blocks on the wire.

use std::time::Duration;

use helpline_domain::blocking::BlockReason;
use helpline_domain::caller::Caller;
use helpline_domain::id::ContactId;
use helpline_proto::intake::v1 as api;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::block::Block;

use super::contact::{LINE, known_sender};
use crate::blocking::{BlockPage, BlockSender, Blocked, LiftBlock, ListBlocks};

const SHORTEST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(90 * 24);
const USUAL: Duration = Duration::from_hours(24);

/// Reads [`api::BlockSenderRequest`].
pub fn read_block(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::BlockSenderRequest,
) -> Result<BlockSender, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let sender = fields.line("sender", request.sender.trim(), 0..=LINE);
    let contact_id = fields.optional_id("contact_id", &request.contact_id);
    let blocked = sender.zip(contact_id).and_then(|(sender, contact)| whom(&mut fields, sender, contact));
    let reason = fields.choice("reason", request.reason, api::BlockReason::as_str_name).and_then(reason_from);
    let lifetime = fields.optional_duration("lifetime", request.lifetime.as_ref(), SHORTEST..=LONGEST);
    fields.build((|| {
        Some(BlockSender {
            command: command(ctx, caller, "BlockSender", request_id?, request),
            blocked: blocked?,
            reason: reason?,
            lifetime_s: u32::try_from(lifetime?.unwrap_or(USUAL).as_secs()).ok()?,
        })
    })())
}

/// Who is to be blocked: a sender, or whoever sent a contact.
fn whom(fields: &mut Fields, sender: String, contact: Option<ContactId>) -> Option<Blocked> {
    let (field, expected) = match (sender.is_empty(), contact) {
        (true, Some(contact)) => return Some(Blocked::SenderOf(contact)),
        (true, None) => ("contact_id", "a contact of the sender, or the sender instead"),
        (false, Some(_)) => ("sender", "nothing where a contact says whose"),
        (false, None) => match known_sender(sender) {
            Some(sender) => return Some(Blocked::Sender(sender)),
            None => ("sender", "a number or a handle"),
        },
    };
    fields.refuse(field, expected);
    None
}

/// Reads [`api::LiftBlockRequest`].
pub fn read_lift(ctx: &Ctx, caller: &Caller, request: &api::LiftBlockRequest) -> Result<LiftBlock, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let block_id = fields.id("block_id", &request.block_id);
    fields.build((|| {
        let command = command(ctx, caller, "LiftBlock", request_id?, request);
        Some(LiftBlock { command, block_id: block_id? })
    })())
}

/// Reads [`api::ListBlocksRequest`]. Error: also INVALID_PAGE_TOKEN.
pub fn read_blocks(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::ListBlocksRequest,
) -> Result<ListBlocks, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let size = fields.build(size)?;
    let before = tokens(ctx, caller, request.in_force).open(&request.page_token)?;
    Ok(ListBlocks { in_force: request.in_force, before, size })
}

/// The answer that is a page.
pub fn blocks(
    ctx: &Ctx,
    caller: &Caller,
    in_force: bool,
    page: &BlockPage,
) -> Result<api::ListBlocksResponse, Refusal> {
    Ok(api::ListBlocksResponse {
        blocks: page.blocks.iter().map(block).collect(),
        next_page_token: tokens(ctx, caller, in_force).seal(page.next.as_ref())?,
    })
}

/// A block as its message.
pub fn block(block: &Block) -> api::Block {
    api::Block {
        block_id: block.block_id.to_string(),
        sender: block.sender.expose().clone(),
        reason: reason(block.reason).into(),
        create_time: Some(timestamp(block.created_at)),
        expire_time: Some(timestamp(block.expires_at)),
        lift_time: block.lifted_at.map(timestamp),
        blocked_contacts: block.blocked_contacts,
    }
}

fn tokens<'a>(ctx: &'a Ctx, caller: &Caller, in_force: bool) -> PageTokens<'a> {
    let question = api::ListBlocksRequest { in_force, ..api::ListBlocksRequest::default() };
    PageTokens::new(ctx.vault(), "ListBlocks", caller, &question)
}

const fn reason(reason: BlockReason) -> api::BlockReason {
    match reason {
        BlockReason::Nuisance => api::BlockReason::Nuisance,
        BlockReason::Abusive => api::BlockReason::Abusive,
        BlockReason::Prank => api::BlockReason::Prank,
        BlockReason::Automated => api::BlockReason::Automated,
    }
}

const fn reason_from(reason: api::BlockReason) -> Option<BlockReason> {
    match reason {
        api::BlockReason::Unspecified => None,
        api::BlockReason::Nuisance => Some(BlockReason::Nuisance),
        api::BlockReason::Abusive => Some(BlockReason::Abusive),
        api::BlockReason::Prank => Some(BlockReason::Prank),
        api::BlockReason::Automated => Some(BlockReason::Automated),
    }
}
