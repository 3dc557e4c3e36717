//! The API of callbacks.

use helpline_proto::queueing::v1::callback_service_server::CallbackService;
use helpline_proto::queueing::v1::{
    CancelCallbackRequest, CancelCallbackResponse, GetCallbackRequest, GetCallbackResponse,
    ListCallbacksRequest, ListCallbacksResponse, PromiseCallbackRequest, PromiseCallbackResponse,
    RecordCallbackAttemptRequest, RecordCallbackAttemptResponse, RescheduleCallbackRequest,
    RescheduleCallbackResponse,
};
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::command::command;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::callback::get::{get_callback, list_callbacks};
use crate::callback::plan::{cancel, reschedule};
use crate::callback::promise::promise_callback;
use crate::callback::record_attempt::record_attempt;
use crate::callback::wire;

#[tonic::async_trait]
impl CallbackService for Api {
    async fn promise_callback(
        &self,
        request: Request<PromiseCallbackRequest>,
    ) -> Result<Response<PromiseCallbackResponse>, Status> {
        let caller = caller_of(&request)?;
        let promise = wire::promise(&self.ctx, &caller, request.get_ref())?;
        let shown = promise_callback(&self.ctx, &caller, &self.callbacks, promise).await?;
        Ok(Response::new(PromiseCallbackResponse { callback: Some(wire::callback(&shown)) }))
    }

    async fn get_callback(
        &self,
        request: Request<GetCallbackRequest>,
    ) -> Result<Response<GetCallbackResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::callback_id(&request.get_ref().callback_id)?;
        let shown = get_callback(&self.ctx, &caller, id).await?;
        Ok(Response::new(GetCallbackResponse { callback: Some(wire::callback(&shown)) }))
    }

    async fn list_callbacks(
        &self,
        request: Request<ListCallbacksRequest>,
    ) -> Result<Response<ListCallbacksResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = wire::list(&pages, request.get_ref())?;
        let listed = list_callbacks(&self.ctx, &caller, filter, page).await?;
        Ok(Response::new(wire::listed(&pages, &listed)?))
    }

    async fn record_callback_attempt(
        &self,
        request: Request<RecordCallbackAttemptRequest>,
    ) -> Result<Response<RecordCallbackAttemptResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id, outcome) = wire::attempt(&request)?;
        let command = command(&self.ctx, &caller, "RecordCallbackAttempt", request_id, &request);
        let shown = record_attempt(&self.ctx, &caller, &self.callbacks, &command, (id, outcome)).await?;
        Ok(Response::new(RecordCallbackAttemptResponse { callback: Some(wire::callback(&shown)) }))
    }

    async fn reschedule_callback(
        &self,
        request: Request<RescheduleCallbackRequest>,
    ) -> Result<Response<RescheduleCallbackResponse>, Status> {
        let caller = caller_of(&request)?;
        let read = wire::reschedule(&self.ctx, &caller, request.get_ref())?;
        let shown = reschedule(&self.ctx, &caller, read).await?;
        Ok(Response::new(RescheduleCallbackResponse { callback: Some(wire::callback(&shown)) }))
    }

    async fn cancel_callback(
        &self,
        request: Request<CancelCallbackRequest>,
    ) -> Result<Response<CancelCallbackResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id, reason) = wire::cancel(&request)?;
        let command = command(&self.ctx, &caller, "CancelCallback", request_id, &request);
        let shown = cancel(&self.ctx, &caller, &self.callbacks, &command, (id, reason)).await?;
        Ok(Response::new(CancelCallbackResponse { callback: Some(wire::callback(&shown)) }))
    }
}
