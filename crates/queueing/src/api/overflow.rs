//! The API of overflow to partner centres.

use helpline_domain::id::ContactId;
use helpline_proto::queueing::v1::overflow_service_server::OverflowService;
use helpline_proto::queueing::v1::{
    AcceptOverflowRequest, AcceptOverflowResponse, DeclineOverflowRequest, DeclineOverflowResponse,
    GetOverflowRequest, GetOverflowResponse, ListOverflowsRequest, ListOverflowsResponse,
    RequestOverflowRequest, RequestOverflowResponse, ReturnContactRequest, ReturnContactResponse,
};
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::overflow::accept_overflow::accept_overflow;
use crate::overflow::decline_overflow::decline_overflow;
use crate::overflow::get_overflow::{get_overflow, list_overflows};
use crate::overflow::request_overflow::request_overflow;
use crate::overflow::return_contact::return_contact;
use crate::overflow::{list, listed, on_overflow, overflow, pages};
use crate::wire;

#[tonic::async_trait]
impl OverflowService for Api {
    async fn request_overflow(
        &self,
        request: Request<RequestOverflowRequest>,
    ) -> Result<Response<RequestOverflowResponse>, Status> {
        let caller = caller_of(&request)?;
        let asked = request_overflow(&self.ctx, &caller, &request.into_inner()).await?;
        Ok(Response::new(RequestOverflowResponse { overflow: Some(overflow(&asked)) }))
    }

    async fn accept_overflow(
        &self,
        request: Request<AcceptOverflowRequest>,
    ) -> Result<Response<AcceptOverflowResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = on_overflow(&request.request_id, &request.overflow_id)?;
        let command = command(&self.ctx, &caller, "AcceptOverflow", request_id, &request);
        let accepted = accept_overflow(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(AcceptOverflowResponse { overflow: Some(overflow(&accepted)) }))
    }

    async fn decline_overflow(
        &self,
        request: Request<DeclineOverflowRequest>,
    ) -> Result<Response<DeclineOverflowResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = on_overflow(&request.request_id, &request.overflow_id)?;
        let command = command(&self.ctx, &caller, "DeclineOverflow", request_id, &request);
        let over = decline_overflow(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(DeclineOverflowResponse { overflow: Some(overflow(&over)) }))
    }

    async fn return_contact(
        &self,
        request: Request<ReturnContactRequest>,
    ) -> Result<Response<ReturnContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = wire::on_contact(&request.request_id, &request.contact_id)?;
        let command = command(&self.ctx, &caller, "ReturnContact", request_id, &request);
        let returned = return_contact(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(ReturnContactResponse { overflow: Some(overflow(&returned)) }))
    }

    async fn get_overflow(
        &self,
        request: Request<GetOverflowRequest>,
    ) -> Result<Response<GetOverflowResponse>, Status> {
        let caller = caller_of(&request)?;
        let mut fields = Fields::new();
        let id = fields.id::<ContactId>("contact_id", &request.get_ref().contact_id);
        let found = get_overflow(&self.ctx, &caller, fields.build(id)?).await?;
        Ok(Response::new(GetOverflowResponse { overflow: Some(overflow(&found)) }))
    }

    async fn list_overflows(
        &self,
        request: Request<ListOverflowsRequest>,
    ) -> Result<Response<ListOverflowsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = list(&pages, request.get_ref())?;
        let found = list_overflows(&self.ctx, &caller, filter, page).await?;
        Ok(Response::new(listed(&pages, &found)?))
    }
}
