//! The generated trait: one short method each.

use helpline_proto::shelter::v1 as proto;
use helpline_proto::shelter::v1::shelter_service_server::ShelterService;
use helpline_service_kit::Ctx;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::wire::{self, requests};
use crate::{act, consent, lists, offers, prepare, start, travel};

/// Implements the service.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
}

#[tonic::async_trait]
impl ShelterService for Api {
    async fn get_service_offers(
        &self,
        request: Request<proto::GetServiceOffersRequest>,
    ) -> Result<Response<proto::GetServiceOffersResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = requests::one("admission_id", &request.get_ref().admission_id)?;
        let offers = offers::list(&self.ctx, &caller, id).await?.iter().map(wire::offer).collect();
        Ok(Response::new(proto::GetServiceOffersResponse { offers }))
    }

    async fn answer_service_offer(
        &self,
        request: Request<proto::AnswerServiceOfferRequest>,
    ) -> Result<Response<proto::AnswerServiceOfferResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, (id, service)), said) = requests::answer(&self.ctx, &caller, request.get_ref())?;
        let one = offers::answer(&self.ctx, &caller, &command, (id, &service, said)).await?;
        Ok(Response::new(proto::AnswerServiceOfferResponse { offer: Some(wire::offer(&one)) }))
    }

    async fn repeat_service_offer(
        &self,
        request: Request<proto::RepeatServiceOfferRequest>,
    ) -> Result<Response<proto::RepeatServiceOfferResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, service)) = requests::repeat(&self.ctx, &caller, request.get_ref())?;
        let one = offers::repeat(&self.ctx, &caller, &command, (id, &service)).await?;
        Ok(Response::new(proto::RepeatServiceOfferResponse { offer: Some(wire::offer(&one)) }))
    }

    async fn start_return_assistance(
        &self,
        request: Request<proto::StartReturnAssistanceRequest>,
    ) -> Result<Response<proto::StartReturnAssistanceResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = requests::start(&self.ctx, &caller, request.get_ref())?;
        let one = start::start(&self.ctx, &caller, &command, &new).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::StartReturnAssistanceResponse { return_assistance }))
    }

    async fn set_return_item(
        &self,
        request: Request<proto::SetReturnItemRequest>,
    ) -> Result<Response<proto::SetReturnItemResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), item) = requests::item(&self.ctx, &caller, request.get_ref())?;
        let one = prepare::set_item(&self.ctx, &caller, (&command, &act), &item).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::SetReturnItemResponse { return_assistance }))
    }

    async fn set_grace_period(
        &self,
        request: Request<proto::SetGracePeriodRequest>,
    ) -> Result<Response<proto::SetGracePeriodResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), ends_at) = requests::grace(&self.ctx, &caller, request.get_ref())?;
        let one = prepare::set_grace(&self.ctx, &caller, (&command, &act), ends_at).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::SetGracePeriodResponse { return_assistance }))
    }

    async fn record_return_consent(
        &self,
        request: Request<proto::RecordReturnConsentRequest>,
    ) -> Result<Response<proto::RecordReturnConsentResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = requests::consent(&self.ctx, &caller, request.get_ref())?;
        let one = consent::record(&self.ctx, &caller, (&command, &act), said).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::RecordReturnConsentResponse { return_assistance }))
    }

    async fn withdraw_return_consent(
        &self,
        request: Request<proto::WithdrawReturnConsentRequest>,
    ) -> Result<Response<proto::WithdrawReturnConsentResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), of_person) = requests::withdraw(&self.ctx, &caller, request.get_ref())?;
        let one = consent::withdraw(&self.ctx, &caller, (&command, &act), of_person).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::WithdrawReturnConsentResponse { return_assistance }))
    }

    async fn ask_return_override(
        &self,
        request: Request<proto::AskReturnOverrideRequest>,
    ) -> Result<Response<proto::AskReturnOverrideResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), reason) = requests::ask_override(&self.ctx, &caller, request.get_ref())?;
        let one = consent::ask_override(&self.ctx, &caller, (&command, &act), &reason).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::AskReturnOverrideResponse { return_assistance }))
    }

    async fn approve_return_override(
        &self,
        request: Request<proto::ApproveReturnOverrideRequest>,
    ) -> Result<Response<proto::ApproveReturnOverrideResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = requests::approve_override(&self.ctx, &caller, request.get_ref())?;
        let one = consent::approve_override(&self.ctx, &caller, (&command, &act)).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::ApproveReturnOverrideResponse { return_assistance }))
    }

    async fn mark_return_ready(
        &self,
        request: Request<proto::MarkReturnReadyRequest>,
    ) -> Result<Response<proto::MarkReturnReadyResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = requests::ready(&self.ctx, &caller, request.get_ref())?;
        let one = prepare::ready(&self.ctx, &caller, (&command, &act)).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::MarkReturnReadyResponse { return_assistance }))
    }

    async fn record_return_departure(
        &self,
        request: Request<proto::RecordReturnDepartureRequest>,
    ) -> Result<Response<proto::RecordReturnDepartureResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = requests::depart(&self.ctx, &caller, request.get_ref())?;
        let one = travel::depart(&self.ctx, &caller, (&command, &act)).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::RecordReturnDepartureResponse { return_assistance }))
    }

    async fn record_return_arrival(
        &self,
        request: Request<proto::RecordReturnArrivalRequest>,
    ) -> Result<Response<proto::RecordReturnArrivalResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = requests::arrive(&self.ctx, &caller, request.get_ref())?;
        let one = travel::arrive(&self.ctx, &caller, (&command, &act)).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::RecordReturnArrivalResponse { return_assistance }))
    }

    async fn cancel_return_assistance(
        &self,
        request: Request<proto::CancelReturnAssistanceRequest>,
    ) -> Result<Response<proto::CancelReturnAssistanceResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), reason) = requests::cancel(&self.ctx, &caller, request.get_ref())?;
        let one = travel::cancel(&self.ctx, &caller, (&command, &act), reason).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::CancelReturnAssistanceResponse { return_assistance }))
    }

    async fn get_return_assistance(
        &self,
        request: Request<proto::GetReturnAssistanceRequest>,
    ) -> Result<Response<proto::GetReturnAssistanceResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = requests::one("return_id", &request.get_ref().return_id)?;
        let one = act::read(&self.ctx, &caller, id, true).await?;
        let return_assistance = Some(wire::assistance(&one));
        Ok(Response::new(proto::GetReturnAssistanceResponse { return_assistance }))
    }

    async fn list_return_assistances(
        &self,
        request: Request<proto::ListReturnAssistancesRequest>,
    ) -> Result<Response<proto::ListReturnAssistancesResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = requests::pages(&self.ctx, &caller, request.get_ref());
        let (which, page) = requests::list(&pages, request.get_ref())?;
        let (found, next) = lists::list(&self.ctx, &caller, which, page).await?;
        let return_assistances = found.iter().map(wire::listed).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListReturnAssistancesResponse { return_assistances, next_page_token }))
    }
}
