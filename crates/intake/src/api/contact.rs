//! `helpline.intake.v1.ContactService`.

use helpline_proto::intake::v1::contact_service_server::ContactService;
use helpline_proto::intake::v1::{
    ChangeRiskRequest, ChangeRiskResponse, CompleteContactRequest, CompleteContactResponse,
    GetContactRequest, GetContactResponse, ListContactsRequest, ListContactsResponse, ReceiveContactRequest,
    ReceiveContactResponse, RecordAnswersRequest, RecordAnswersResponse, RecordDepartureRequest,
    RecordDepartureResponse, RecordPastContactRequest, RecordPastContactResponse,
};
use helpline_service_kit::Ctx;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::{
    change_risk, complete_contact, get_contact, guests, list_contacts, receive_contact, record_answers,
    record_departure, record_past_contact, wire,
};

/// The contact service of a process.
#[derive(Clone, Debug)]
pub struct ContactApi {
    ctx: Ctx,
}

impl ContactApi {
    /// The service over these means.
    pub fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

#[tonic::async_trait]
impl ContactService for ContactApi {
    async fn receive_contact(
        &self,
        request: Request<ReceiveContactRequest>,
    ) -> Result<Response<ReceiveContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_receive(&self.ctx, &caller, request.get_ref())?;
        let received = receive_contact(&self.ctx, &caller, command).await?;
        Ok(Response::new(wire::received(&received)))
    }

    async fn get_contact(
        &self,
        request: Request<GetContactRequest>,
    ) -> Result<Response<GetContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let contact_id = wire::read_get(request.get_ref())?;
        let seen = get_contact(&self.ctx, &caller, contact_id).await?;
        let guests = guests(&self.ctx, &caller, &seen).await?;
        Ok(Response::new(GetContactResponse { contact: Some(wire::seen_with(&seen, &guests)) }))
    }

    async fn list_contacts(
        &self,
        request: Request<ListContactsRequest>,
    ) -> Result<Response<ListContactsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::list_tokens(&self.ctx, &caller, request.get_ref());
        let command = wire::read_list(&pages, request.get_ref())?;
        let listed = list_contacts(&self.ctx, &caller, command).await?;
        Ok(Response::new(wire::listed(&pages, &listed)?))
    }

    async fn change_risk(
        &self,
        request: Request<ChangeRiskRequest>,
    ) -> Result<Response<ChangeRiskResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_change_risk(&self.ctx, &caller, request.get_ref())?;
        let seen = change_risk(&self.ctx, &caller, command).await?;
        Ok(Response::new(ChangeRiskResponse { contact: Some(wire::seen(&seen)) }))
    }

    async fn record_answers(
        &self,
        request: Request<RecordAnswersRequest>,
    ) -> Result<Response<RecordAnswersResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_record_answers(&self.ctx, &caller, request.get_ref())?;
        let seen = record_answers(&self.ctx, &caller, command).await?;
        Ok(Response::new(RecordAnswersResponse { contact: Some(wire::seen(&seen)) }))
    }

    async fn record_departure(
        &self,
        request: Request<RecordDepartureRequest>,
    ) -> Result<Response<RecordDepartureResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_departure(&self.ctx, &caller, request.get_ref())?;
        let seen = record_departure(&self.ctx, &caller, command).await?;
        Ok(Response::new(RecordDepartureResponse { contact: Some(wire::seen(&seen)) }))
    }

    async fn complete_contact(
        &self,
        request: Request<CompleteContactRequest>,
    ) -> Result<Response<CompleteContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_complete(&self.ctx, &caller, request.get_ref())?;
        let seen = complete_contact(&self.ctx, &caller, command).await?;
        Ok(Response::new(CompleteContactResponse { contact: Some(wire::seen(&seen)) }))
    }

    async fn record_past_contact(
        &self,
        request: Request<RecordPastContactRequest>,
    ) -> Result<Response<RecordPastContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_past(&self.ctx, &caller, request.get_ref())?;
        let seen = record_past_contact(&self.ctx, &caller, command).await?;
        Ok(Response::new(RecordPastContactResponse { contact: Some(wire::seen(&seen)) }))
    }
}
