//! The API of the switchboard.

use helpline_proto::queueing::v1::switchboard_service_server::SwitchboardService;
use helpline_proto::queueing::v1::{
    DivertQueueRequest, DivertQueueResponse, EndDiversionRequest, EndDiversionResponse,
    ListDiversionsRequest, ListDiversionsResponse, TakeOverDiversionRequest, TakeOverDiversionResponse,
};
use helpline_service_kit::Refusal;
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::command::command;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::switchboard::divert_queue::divert_queue;
use crate::switchboard::end_diversion::end_diversion;
use crate::switchboard::take_over_diversion::take_over_diversion;
use crate::switchboard::{diversion, on_diversion};

#[tonic::async_trait]
impl SwitchboardService for Api {
    async fn divert_queue(
        &self,
        request: Request<DivertQueueRequest>,
    ) -> Result<Response<DivertQueueResponse>, Status> {
        let caller = caller_of(&request)?;
        let diverted = divert_queue(&self.ctx, &caller, &request.into_inner()).await?;
        Ok(Response::new(DivertQueueResponse { diversion: Some(diversion(&diverted)) }))
    }

    async fn end_diversion(
        &self,
        request: Request<EndDiversionRequest>,
    ) -> Result<Response<EndDiversionResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = on_diversion(&request.request_id, &request.diversion_id)?;
        let command = command(&self.ctx, &caller, "EndDiversion", request_id, &request);
        let ended = end_diversion(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(EndDiversionResponse { diversion: Some(diversion(&ended)) }))
    }

    async fn take_over_diversion(
        &self,
        request: Request<TakeOverDiversionRequest>,
    ) -> Result<Response<TakeOverDiversionResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = on_diversion(&request.request_id, &request.diversion_id)?;
        let command = command(&self.ctx, &caller, "TakeOverDiversion", request_id, &request);
        let taken = take_over_diversion(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(TakeOverDiversionResponse { diversion: Some(diversion(&taken)) }))
    }

    async fn list_diversions(
        &self,
        request: Request<ListDiversionsRequest>,
    ) -> Result<Response<ListDiversionsResponse>, Status> {
        let caller = caller_of(&request)?;
        let open = self.ctx.store.open_diversions(caller.centre_id).await.map_err(Refusal::from)?;
        Ok(Response::new(ListDiversionsResponse { diversions: open.iter().map(diversion).collect() }))
    }
}
