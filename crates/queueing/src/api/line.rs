//! The API of the line, for those who watch over it.

use std::pin::Pin;

use futures_util::Stream;
use helpline_proto::queueing::v1::line_service_server::LineService;
use helpline_proto::queueing::v1::{
    ExplainWaitingRequest, ExplainWaitingResponse, WatchQueueStatusRequest, WatchQueueStatusResponse,
};
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::explain_waiting::explain_waiting;
use crate::wire;

#[tonic::async_trait]
impl LineService for Api {
    type WatchQueueStatusStream =
        Pin<Box<dyn Stream<Item = Result<WatchQueueStatusResponse, Status>> + Send>>;

    async fn watch_queue_status(
        &self,
        request: Request<WatchQueueStatusRequest>,
    ) -> Result<Response<Self::WatchQueueStatusStream>, Status> {
        let caller = caller_of(&request)?;
        let queue = wire::queue(&request.into_inner().queue)?;
        Ok(Response::new(Box::pin(self.board.watch(&caller, queue).await?)))
    }

    async fn explain_waiting(
        &self,
        request: Request<ExplainWaitingRequest>,
    ) -> Result<Response<ExplainWaitingResponse>, Status> {
        let caller = caller_of(&request)?;
        let (contact_id, locale) = wire::explain(request.get_ref())?;
        let explanation = explain_waiting(&self.ctx, &caller, contact_id, locale).await?;
        Ok(Response::new(ExplainWaitingResponse { explanation: Some(explanation) }))
    }
}
