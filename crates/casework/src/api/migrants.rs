//! The API of children on the move.

use helpline_proto::casework::v1 as proto;
use helpline_proto::casework::v1::detention_service_server::DetentionService;
use helpline_proto::casework::v1::protection_service_server::ProtectionService;
use helpline_proto::casework::v1::redirect_service_server::RedirectService;
use helpline_proto::casework::v1::stay_service_server::StayService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::migrant::{detention, protection, redirect, stay};
use crate::wire::migrants as wire;

#[tonic::async_trait]
impl ProtectionService for Api {
    async fn record_protection(
        &self,
        request: Request<proto::RecordProtectionRequest>,
    ) -> Result<Response<proto::RecordProtectionResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (act, (id, kind, country))) = wire::record(&self.ctx, &caller, request.get_ref())?;
        let one =
            protection::record(&self.ctx, &caller, (&command, &act), (id, kind, country.as_deref())).await?;
        let protection = Some(wire::protection(&one));
        Ok(Response::new(proto::RecordProtectionResponse { protection }))
    }

    async fn lift_protection(
        &self,
        request: Request<proto::LiftProtectionRequest>,
    ) -> Result<Response<proto::LiftProtectionResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, act)) = wire::lift(&self.ctx, &caller, request.get_ref())?;
        let one = protection::lift(&self.ctx, &caller, &command, (id, &act)).await?;
        let protection = Some(wire::protection(&one));
        Ok(Response::new(proto::LiftProtectionResponse { protection }))
    }

    async fn ask_consulate_override(
        &self,
        request: Request<proto::AskConsulateOverrideRequest>,
    ) -> Result<Response<proto::AskConsulateOverrideResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (act, new)) = wire::ask_override(&self.ctx, &caller, request.get_ref())?;
        let one = protection::ask(&self.ctx, &caller, (&command, &act), &new).await?;
        let r#override = Some(wire::overriding(&one));
        Ok(Response::new(proto::AskConsulateOverrideResponse { r#override }))
    }

    async fn answer_consulate_override(
        &self,
        request: Request<proto::AnswerConsulateOverrideRequest>,
    ) -> Result<Response<proto::AnswerConsulateOverrideResponse>, Status> {
        let caller = caller_of(&request)?;
        let approve = request.get_ref().approve;
        let (command, (id, act)) = wire::answer_override(&self.ctx, &caller, request.get_ref())?;
        let one = protection::answer(&self.ctx, &caller, &command, (id, &act, approve)).await?;
        let r#override = Some(wire::overriding(&one));
        Ok(Response::new(proto::AnswerConsulateOverrideResponse { r#override }))
    }

    async fn get_protections(
        &self,
        request: Request<proto::GetProtectionsRequest>,
    ) -> Result<Response<proto::GetProtectionsResponse>, Status> {
        let caller = caller_of(&request)?;
        let case = wire::case_id(&request.get_ref().case_id)?;
        let all = protection::of_case(&self.ctx, &caller, case).await?;
        Ok(Response::new(wire::protections(&all)))
    }
}

#[tonic::async_trait]
impl RedirectService for Api {
    async fn begin_redirect(
        &self,
        request: Request<proto::BeginRedirectRequest>,
    ) -> Result<Response<proto::BeginRedirectResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::begin(&self.ctx, &caller, request.get_ref())?;
        let one = redirect::begin(&self.ctx, &caller, &command, new).await?;
        let redirect = Some(wire::redirect(&one, false));
        Ok(Response::new(proto::BeginRedirectResponse { redirect }))
    }

    async fn decide_redirect(
        &self,
        request: Request<proto::DecideRedirectRequest>,
    ) -> Result<Response<proto::DecideRedirectResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, next)) = wire::decide(&self.ctx, &caller, request.get_ref())?;
        let one = redirect::decide(&self.ctx, &caller, (&command, id), next).await?;
        let redirect = Some(wire::redirect(&one, false));
        Ok(Response::new(proto::DecideRedirectResponse { redirect }))
    }

    async fn ask_redirect(
        &self,
        request: Request<proto::AskRedirectRequest>,
    ) -> Result<Response<proto::AskRedirectResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, referral)) = wire::ask_redirect(&self.ctx, &caller, request.get_ref())?;
        let one = redirect::ask(&self.ctx, &caller, (&command, id), referral).await?;
        let redirect = Some(wire::redirect(&one, false));
        Ok(Response::new(proto::AskRedirectResponse { redirect }))
    }

    async fn record_conference(
        &self,
        request: Request<proto::RecordConferenceRequest>,
    ) -> Result<Response<proto::RecordConferenceResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, (members, advice))) = wire::conference(&self.ctx, &caller, request.get_ref())?;
        let one = redirect::advise(&self.ctx, &caller, (&command, id), (&members, &advice)).await?;
        let redirect = Some(wire::redirect(&one, false));
        Ok(Response::new(proto::RecordConferenceResponse { redirect }))
    }

    async fn depart_from_advice(
        &self,
        request: Request<proto::DepartFromAdviceRequest>,
    ) -> Result<Response<proto::DepartFromAdviceResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, reason)) = wire::depart(&self.ctx, &caller, request.get_ref())?;
        let one = redirect::depart(&self.ctx, &caller, (&command, id), &reason).await?;
        let redirect = Some(wire::redirect(&one, false));
        Ok(Response::new(proto::DepartFromAdviceResponse { redirect }))
    }

    async fn answer_conference(
        &self,
        request: Request<proto::AnswerConferenceRequest>,
    ) -> Result<Response<proto::AnswerConferenceResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, answer)) = wire::answer_conference(&self.ctx, &caller, request.get_ref())?;
        let one = redirect::answer(&self.ctx, &caller, (&command, id), &answer).await?;
        let redirect = Some(wire::redirect(&one, false));
        Ok(Response::new(proto::AnswerConferenceResponse { redirect }))
    }

    async fn get_redirect(
        &self,
        request: Request<proto::GetRedirectRequest>,
    ) -> Result<Response<proto::GetRedirectResponse>, Status> {
        let caller = caller_of(&request)?;
        let case = wire::case_id(&request.get_ref().case_id)?;
        let one = redirect::of_case(&self.ctx, &caller, case).await?;
        let redirect = Some(wire::redirect(&one, true));
        Ok(Response::new(proto::GetRedirectResponse { redirect }))
    }
}

#[tonic::async_trait]
impl DetentionService for Api {
    async fn record_detention(
        &self,
        request: Request<proto::RecordDetentionRequest>,
    ) -> Result<Response<proto::RecordDetentionResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (act, held)) = wire::detain(&self.ctx, &caller, request.get_ref())?;
        let one = detention::record(&self.ctx, &caller, (&command, &act), held).await?;
        let detention = Some(wire::detention(&one));
        Ok(Response::new(proto::RecordDetentionResponse { detention }))
    }

    async fn end_detention(
        &self,
        request: Request<proto::EndDetentionRequest>,
    ) -> Result<Response<proto::EndDetentionResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, act, how)) = wire::end(&self.ctx, &caller, request.get_ref())?;
        let one = detention::end(&self.ctx, &caller, &command, (id, &act, how)).await?;
        let detention = Some(wire::detention(&one));
        Ok(Response::new(proto::EndDetentionResponse { detention }))
    }

    async fn get_detention(
        &self,
        request: Request<proto::GetDetentionRequest>,
    ) -> Result<Response<proto::GetDetentionResponse>, Status> {
        let caller = caller_of(&request)?;
        let case = wire::case_id(&request.get_ref().case_id)?;
        let one = detention::of_case(&self.ctx, &caller, case).await?;
        let detention = Some(wire::detention(&one));
        Ok(Response::new(proto::GetDetentionResponse { detention }))
    }
}

#[tonic::async_trait]
impl StayService for Api {
    async fn extend_stay(
        &self,
        request: Request<proto::ExtendStayRequest>,
    ) -> Result<Response<proto::ExtendStayResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, until, reason)) = wire::extend(&self.ctx, &caller, request.get_ref())?;
        let one = stay::extend(&self.ctx, &caller, &command, (id, until, &reason)).await?;
        let limit = Some(wire::limit(&one));
        Ok(Response::new(proto::ExtendStayResponse { limit }))
    }

    async fn get_stay_limit(
        &self,
        request: Request<proto::GetStayLimitRequest>,
    ) -> Result<Response<proto::GetStayLimitResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::stay(request.get_ref())?;
        let one = stay::limit(&self.ctx, &caller, id).await?;
        let limit = Some(wire::limit(&one));
        Ok(Response::new(proto::GetStayLimitResponse { limit }))
    }
}
