//! The API of handling: what a counsellor does with a contact they hold.

use helpline_proto::queueing::v1::handling_service_server::HandlingService;
use helpline_proto::queueing::v1::{
    FinishWrapUpRequest, FinishWrapUpResponse, ReleaseContactRequest, ReleaseContactResponse,
    TransferContactRequest, TransferContactResponse,
};
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::command::command;
use helpline_service_kit::wire::{Sight, contact};
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::finish_wrap_up::finish_wrap_up;
use crate::release_contact::release_contact;
use crate::transfer_contact::transfer_contact;
use crate::wire;

#[tonic::async_trait]
impl HandlingService for Api {
    async fn release_contact(
        &self,
        request: Request<ReleaseContactRequest>,
    ) -> Result<Response<ReleaseContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, contact_id) = wire::on_contact(&request.request_id, &request.contact_id)?;
        let command = command(&self.ctx, &caller, "ReleaseContact", request_id, &request);
        let released = release_contact(&self.ctx, &caller, &command, contact_id).await?;
        Ok(Response::new(ReleaseContactResponse { contact: Some(contact(&released, Sight::Full)) }))
    }

    async fn finish_wrap_up(
        &self,
        request: Request<FinishWrapUpRequest>,
    ) -> Result<Response<FinishWrapUpResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, contact_id) = wire::on_contact(&request.request_id, &request.contact_id)?;
        let command = command(&self.ctx, &caller, "FinishWrapUp", request_id, &request);
        let finished = finish_wrap_up(&self.ctx, &caller, &command, contact_id).await?;
        Ok(Response::new(FinishWrapUpResponse { contact: Some(contact(&finished, Sight::Full)) }))
    }

    async fn transfer_contact(
        &self,
        request: Request<TransferContactRequest>,
    ) -> Result<Response<TransferContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let transfer = wire::transfer(&request)?;
        let command = command(&self.ctx, &caller, "TransferContact", transfer.request_id, &request);
        let (transferred, sight) = transfer_contact(&self.ctx, &caller, &command, transfer).await?;
        Ok(Response::new(TransferContactResponse { contact: Some(contact(&transferred, sight)) }))
    }
}
