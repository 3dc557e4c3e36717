//! The API of the shift hand-over.

use helpline_proto::queueing::v1::handover_service_server::HandoverService;
use helpline_proto::queueing::v1::{
    AcceptHandoverRequest, AcceptHandoverResponse, DeclineHandoverRequest, DeclineHandoverResponse,
    ListHandoverRequest, ListHandoverResponse, OfferHandoverRequest, OfferHandoverResponse,
};
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::command::command;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::handover::accept_handover::accept_handover;
use crate::handover::decline_handover::decline_handover;
use crate::handover::list_handover::list_handover;
use crate::handover::offer_handover::offer_handover;
use crate::handover::{handover, on_handover};

#[tonic::async_trait]
impl HandoverService for Api {
    async fn list_handover(
        &self,
        request: Request<ListHandoverRequest>,
    ) -> Result<Response<ListHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        Ok(Response::new(list_handover(&self.ctx, &caller, &request.into_inner()).await?))
    }

    async fn offer_handover(
        &self,
        request: Request<OfferHandoverRequest>,
    ) -> Result<Response<OfferHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let offered = offer_handover(&self.ctx, &caller, &request.into_inner()).await?;
        Ok(Response::new(OfferHandoverResponse { handover: Some(handover(&offered)) }))
    }

    async fn accept_handover(
        &self,
        request: Request<AcceptHandoverRequest>,
    ) -> Result<Response<AcceptHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = on_handover(&request.request_id, &request.handover_id)?;
        let command = command(&self.ctx, &caller, "AcceptHandover", request_id, &request);
        let accepted = accept_handover(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(AcceptHandoverResponse { handover: Some(handover(&accepted)) }))
    }

    async fn decline_handover(
        &self,
        request: Request<DeclineHandoverRequest>,
    ) -> Result<Response<DeclineHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = on_handover(&request.request_id, &request.handover_id)?;
        let command = command(&self.ctx, &caller, "DeclineHandover", request_id, &request);
        let declined = decline_handover(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(DeclineHandoverResponse { handover: Some(handover(&declined)) }))
    }
}
