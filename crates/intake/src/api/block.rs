//! `helpline.intake.v1.BlockService`.

use helpline_proto::intake::v1::block_service_server::BlockService;
use helpline_proto::intake::v1::{
    BlockSenderRequest, BlockSenderResponse, LiftBlockRequest, LiftBlockResponse, ListBlocksRequest,
    ListBlocksResponse,
};
use helpline_service_kit::Ctx;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::blocking::{block_sender, lift_block, list_blocks};
use crate::wire;

/// The block service of a process.
#[derive(Clone, Debug)]
pub struct BlockApi {
    ctx: Ctx,
}

impl BlockApi {
    /// The service over these means.
    pub fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

#[tonic::async_trait]
impl BlockService for BlockApi {
    async fn block_sender(
        &self,
        request: Request<BlockSenderRequest>,
    ) -> Result<Response<BlockSenderResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_block(&self.ctx, &caller, request.get_ref())?;
        let block = block_sender(&self.ctx, &caller, command).await?;
        Ok(Response::new(BlockSenderResponse { block: Some(wire::block(&block)) }))
    }

    async fn lift_block(
        &self,
        request: Request<LiftBlockRequest>,
    ) -> Result<Response<LiftBlockResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_lift(&self.ctx, &caller, request.get_ref())?;
        let block = lift_block(&self.ctx, &caller, command).await?;
        Ok(Response::new(LiftBlockResponse { block: Some(wire::block(&block)) }))
    }

    async fn list_blocks(
        &self,
        request: Request<ListBlocksRequest>,
    ) -> Result<Response<ListBlocksResponse>, Status> {
        let caller = caller_of(&request)?;
        let wish = wire::read_blocks(&self.ctx, &caller, request.get_ref())?;
        let page = list_blocks(&self.ctx, &caller, wish).await?;
        Ok(Response::new(wire::blocks(&self.ctx, &caller, wish.in_force, &page)?))
    }
}
