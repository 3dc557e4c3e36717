//! The generated trait: one short method each.

use helpline_proto::crossborder::v1 as proto;
use helpline_proto::crossborder::v1::cross_border_service_server::CrossBorderService;
use helpline_service_kit::Ctx;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::wire::{self, consents, reading, steps};
use crate::{certificate, consent, follow, lists, offer, prepare, rule, travel};

/// Implements the service.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
}

#[tonic::async_trait]
impl CrossBorderService for Api {
    async fn prepare_cross_border_handover(
        &self,
        request: Request<proto::PrepareCrossBorderHandoverRequest>,
    ) -> Result<Response<proto::PrepareCrossBorderHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = steps::prepare(&self.ctx, &caller, request.get_ref())?;
        let one = prepare::prepare(&self.ctx, &caller, &command, &new).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::PrepareCrossBorderHandoverResponse { handover }))
    }

    async fn record_cross_border_consent(
        &self,
        request: Request<proto::RecordCrossBorderConsentRequest>,
    ) -> Result<Response<proto::RecordCrossBorderConsentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = consents::record(&self.ctx, &caller, request.get_ref())?;
        let one = consent::record(&self.ctx, &caller, &command, &new).await?;
        let consent = Some(consents::consent(&one));
        Ok(Response::new(proto::RecordCrossBorderConsentResponse { consent }))
    }

    async fn approve_cross_border_override(
        &self,
        request: Request<proto::ApproveCrossBorderOverrideRequest>,
    ) -> Result<Response<proto::ApproveCrossBorderOverrideResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, about) = consents::approve(&self.ctx, &caller, request.get_ref())?;
        let one = consent::approve(&self.ctx, &caller, &command, about).await?;
        let consent = Some(consents::consent(&one));
        Ok(Response::new(proto::ApproveCrossBorderOverrideResponse { consent }))
    }

    async fn withdraw_cross_border_consent(
        &self,
        request: Request<proto::WithdrawCrossBorderConsentRequest>,
    ) -> Result<Response<proto::WithdrawCrossBorderConsentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, about) = consents::withdraw(&self.ctx, &caller, request.get_ref())?;
        let one = consent::withdraw(&self.ctx, &caller, &command, about).await?;
        let consent = Some(consents::consent(&one));
        Ok(Response::new(proto::WithdrawCrossBorderConsentResponse { consent }))
    }

    async fn check_cross_border_transfer(
        &self,
        request: Request<proto::CheckCrossBorderTransferRequest>,
    ) -> Result<Response<proto::CheckCrossBorderTransferResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), basis) = steps::check(&self.ctx, &caller, request.get_ref())?;
        let inputs = (basis.as_str(), request.get_ref().fear_recorded);
        let one = rule::check(&self.ctx, &caller, (&command, &act), inputs).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::CheckCrossBorderTransferResponse { handover }))
    }

    async fn offer_cross_border_handover(
        &self,
        request: Request<proto::OfferCrossBorderHandoverRequest>,
    ) -> Result<Response<proto::OfferCrossBorderHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::offer(&self.ctx, &caller, request.get_ref())?;
        let one = offer::offer(&self.ctx, &caller, (&command, &act), said).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::OfferCrossBorderHandoverResponse { handover }))
    }

    async fn start_receiving_assessment(
        &self,
        request: Request<proto::StartReceivingAssessmentRequest>,
    ) -> Result<Response<proto::StartReceivingAssessmentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = steps::assess(&self.ctx, &caller, request.get_ref())?;
        let one = offer::assess(&self.ctx, &caller, (&command, &act)).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::StartReceivingAssessmentResponse { handover }))
    }

    async fn accept_cross_border_handover(
        &self,
        request: Request<proto::AcceptCrossBorderHandoverRequest>,
    ) -> Result<Response<proto::AcceptCrossBorderHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::accept(&self.ctx, &caller, request.get_ref())?;
        let one = offer::accept(&self.ctx, &caller, (&command, &act), said.as_ref()).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::AcceptCrossBorderHandoverResponse { handover }))
    }

    async fn decline_cross_border_handover(
        &self,
        request: Request<proto::DeclineCrossBorderHandoverRequest>,
    ) -> Result<Response<proto::DeclineCrossBorderHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::decline(&self.ctx, &caller, request.get_ref())?;
        let one = offer::decline(&self.ctx, &caller, (&command, &act), said).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::DeclineCrossBorderHandoverResponse { handover }))
    }

    async fn plan_cross_border_travel(
        &self,
        request: Request<proto::PlanCrossBorderTravelRequest>,
    ) -> Result<Response<proto::PlanCrossBorderTravelResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::plan(&self.ctx, &caller, request.get_ref())?;
        let one = travel::plan(&self.ctx, &caller, (&command, &act), &said).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::PlanCrossBorderTravelResponse { handover }))
    }

    async fn record_cross_border_departure(
        &self,
        request: Request<proto::RecordCrossBorderDepartureRequest>,
    ) -> Result<Response<proto::RecordCrossBorderDepartureResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = steps::depart(&self.ctx, &caller, request.get_ref())?;
        let one = travel::depart(&self.ctx, &caller, (&command, &act)).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::RecordCrossBorderDepartureResponse { handover }))
    }

    async fn confirm_cross_border_arrival(
        &self,
        request: Request<proto::ConfirmCrossBorderArrivalRequest>,
    ) -> Result<Response<proto::ConfirmCrossBorderArrivalResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = steps::arrive(&self.ctx, &caller, request.get_ref())?;
        let one = travel::arrive(&self.ctx, &caller, (&command, &act)).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::ConfirmCrossBorderArrivalResponse { handover }))
    }

    async fn sign_cross_border_certificate(
        &self,
        request: Request<proto::SignCrossBorderCertificateRequest>,
    ) -> Result<Response<proto::SignCrossBorderCertificateResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::sign(&self.ctx, &caller, request.get_ref())?;
        let one = certificate::sign(&self.ctx, &caller, (&command, &act), &said).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::SignCrossBorderCertificateResponse { handover }))
    }

    async fn record_cross_border_first_visit(
        &self,
        request: Request<proto::RecordCrossBorderFirstVisitRequest>,
    ) -> Result<Response<proto::RecordCrossBorderFirstVisitResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::visit(&self.ctx, &caller, request.get_ref())?;
        let one = follow::visit(&self.ctx, &caller, (&command, &act), said).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::RecordCrossBorderFirstVisitResponse { handover }))
    }

    async fn report_cross_border_monitoring(
        &self,
        request: Request<proto::ReportCrossBorderMonitoringRequest>,
    ) -> Result<Response<proto::ReportCrossBorderMonitoringResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::report(&self.ctx, &caller, request.get_ref())?;
        let one = follow::report(&self.ctx, &caller, (&command, &act), said).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::ReportCrossBorderMonitoringResponse { handover }))
    }

    async fn close_cross_border_handover(
        &self,
        request: Request<proto::CloseCrossBorderHandoverRequest>,
    ) -> Result<Response<proto::CloseCrossBorderHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::close(&self.ctx, &caller, request.get_ref())?;
        let one = follow::close(&self.ctx, &caller, (&command, &act), said).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::CloseCrossBorderHandoverResponse { handover }))
    }

    async fn withdraw_cross_border_handover(
        &self,
        request: Request<proto::WithdrawCrossBorderHandoverRequest>,
    ) -> Result<Response<proto::WithdrawCrossBorderHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::withdraw(&self.ctx, &caller, request.get_ref())?;
        let one = offer::withdraw(&self.ctx, &caller, (&command, &act), said).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::WithdrawCrossBorderHandoverResponse { handover }))
    }

    async fn get_cross_border_handover(
        &self,
        request: Request<proto::GetCrossBorderHandoverRequest>,
    ) -> Result<Response<proto::GetCrossBorderHandoverResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = reading::handover_id(&request.get_ref().crossborder_id)?;
        let one = crate::act::seen(&self.ctx, &caller, id).await?;
        let handover = Some(wire::handover(&caller, &one));
        Ok(Response::new(proto::GetCrossBorderHandoverResponse { handover }))
    }

    async fn list_cross_border_handovers(
        &self,
        request: Request<proto::ListCrossBorderHandoversRequest>,
    ) -> Result<Response<proto::ListCrossBorderHandoversResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = reading::list_pages(&self.ctx, &caller, request.get_ref());
        let (which, page) = reading::list(&pages, request.get_ref())?;
        let (found, next) = lists::list(&self.ctx, &caller, which, page).await?;
        let handovers = found.iter().map(|one| wire::handover(&caller, one)).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListCrossBorderHandoversResponse { handovers, next_page_token }))
    }

    async fn list_cross_border_timeline(
        &self,
        request: Request<proto::ListCrossBorderTimelineRequest>,
    ) -> Result<Response<proto::ListCrossBorderTimelineResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = reading::timeline_pages(&self.ctx, &caller, request.get_ref());
        let (which, page) = reading::timeline(&pages, request.get_ref())?;
        let (found, next) = lists::timeline(&self.ctx, &caller, which, page).await?;
        let entries = found.iter().map(wire::entry).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListCrossBorderTimelineResponse { entries, next_page_token }))
    }

    async fn list_cross_border_consents(
        &self,
        request: Request<proto::ListCrossBorderConsentsRequest>,
    ) -> Result<Response<proto::ListCrossBorderConsentsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = reading::consents_pages(&self.ctx, &caller, request.get_ref());
        let (which, page) = reading::consents(&pages, request.get_ref())?;
        let (found, next) = consent::list(&self.ctx, &caller, which, page).await?;
        let consents = found.iter().map(consents::consent).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListCrossBorderConsentsResponse { consents, next_page_token }))
    }
}
