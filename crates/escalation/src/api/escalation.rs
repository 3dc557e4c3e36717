//! The API of escalations.

use helpline_proto::escalation::v1::escalation_service_server::EscalationService;
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AcceptEscalationResponse, AcknowledgeEscalationRequest,
    AcknowledgeEscalationResponse, AddLocationRequest, AddLocationResponse, AddRemarkRequest,
    AddRemarkResponse, AskToEndRequest, AskToEndResponse, DecideEndRequest, DecideEndResponse,
    DeclineEscalationRequest, DeclineEscalationResponse, ForceNextStepRequest, ForceNextStepResponse,
    GetEscalationRequest, GetEscalationResponse, HandOverEscalationRequest, HandOverEscalationResponse,
    JoinEscalationRequest, JoinEscalationResponse, ListCallsRequest, ListCallsResponse,
    ListEscalationsRequest, ListEscalationsResponse, ListReportsRequest, ListReportsResponse,
    ListTimelineRequest, ListTimelineResponse, RaiseEscalationRequest, RaiseEscalationResponse,
    RecordCallRequest, RecordCallResponse, ReportProgressRequest, ReportProgressResponse,
    ResolveEscalationRequest, ResolveEscalationResponse, TakeOverEscalationRequest,
    TakeOverEscalationResponse, WatchEscalationsRequest,
};
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::command::command;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::wire::{self, lists, read};
use crate::{answer, calls, ending, get, notes, raise, watch};

#[tonic::async_trait]
impl EscalationService for Api {
    type WatchEscalationsStream = watch::Watched;

    async fn raise_escalation(
        &self,
        request: Request<RaiseEscalationRequest>,
    ) -> Result<Response<RaiseEscalationResponse>, Status> {
        let caller = caller_of(&request)?;
        let read = read::raise(&self.ctx, &caller, request.get_ref())?;
        let raised = raise::raise_escalation(&self.ctx, &self.ladder, &caller, read).await?;
        Ok(Response::new(RaiseEscalationResponse {
            escalation: Some(wire::escalation(&caller, &raised.escalation)),
            joined: raised.joined,
            perhaps_same_ids: raised.perhaps_same.iter().map(ToString::to_string).collect(),
        }))
    }

    async fn join_escalation(
        &self,
        request: Request<JoinEscalationRequest>,
    ) -> Result<Response<JoinEscalationResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let ((request_id, act), contact) = read::join(&self.ctx, &request)?;
        let command = command(&self.ctx, &caller, "JoinEscalation", request_id, &request);
        let one = raise::join_escalation(&self.ctx, &self.ladder, &caller, (&command, &act), contact).await?;
        Ok(Response::new(JoinEscalationResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn acknowledge_escalation(
        &self,
        request: Request<AcknowledgeEscalationRequest>,
    ) -> Result<Response<AcknowledgeEscalationResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = read::plain(&self.ctx, &request.request_id, &request.escalation_id)?;
        let command = command(&self.ctx, &caller, "AcknowledgeEscalation", request_id, &request);
        let one = answer::acknowledge(&self.ctx, &self.ladder, &caller, (&command, &act)).await?;
        Ok(Response::new(AcknowledgeEscalationResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn accept_escalation(
        &self,
        request: Request<AcceptEscalationRequest>,
    ) -> Result<Response<AcceptEscalationResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = read::plain(&self.ctx, &request.request_id, &request.escalation_id)?;
        let command = command(&self.ctx, &caller, "AcceptEscalation", request_id, &request);
        let one = answer::accept(&self.ctx, &self.ladder, &caller, (&command, &act)).await?;
        Ok(Response::new(AcceptEscalationResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn decline_escalation(
        &self,
        request: Request<DeclineEscalationRequest>,
    ) -> Result<Response<DeclineEscalationResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let ((request_id, act), reason) = read::decline(&self.ctx, &request)?;
        let command = command(&self.ctx, &caller, "DeclineEscalation", request_id, &request);
        let one = answer::decline(&self.ctx, &self.ladder, &caller, (&command, &act), reason).await?;
        let escalation = one.map(|one| wire::escalation(&caller, &one));
        Ok(Response::new(DeclineEscalationResponse { escalation }))
    }

    async fn report_progress(
        &self,
        request: Request<ReportProgressRequest>,
    ) -> Result<Response<ReportProgressResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let ((request_id, act), state) = read::progress(&self.ctx, &request)?;
        let command = command(&self.ctx, &caller, "ReportProgress", request_id, &request);
        let one = answer::report_progress(&self.ctx, &self.ladder, &caller, (&command, &act), state).await?;
        Ok(Response::new(ReportProgressResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn resolve_escalation(
        &self,
        request: Request<ResolveEscalationRequest>,
    ) -> Result<Response<ResolveEscalationResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let ((request_id, act), outcome, number) = read::resolve(&self.ctx, &request)?;
        let command = command(&self.ctx, &caller, "ResolveEscalation", request_id, &request);
        let one =
            ending::resolve(&self.ctx, &self.ladder, &caller, (&command, &act), (outcome, number.as_deref()))
                .await?;
        Ok(Response::new(ResolveEscalationResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn ask_to_end(
        &self,
        request: Request<AskToEndRequest>,
    ) -> Result<Response<AskToEndResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let ((request_id, act), state, reason) = read::ask_to_end(&self.ctx, &request)?;
        let command = command(&self.ctx, &caller, "AskToEnd", request_id, &request);
        let one =
            ending::ask_to_end(&self.ctx, &self.ladder, &caller, (&command, &act), (state, &reason)).await?;
        Ok(Response::new(AskToEndResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn decide_end(
        &self,
        request: Request<DecideEndRequest>,
    ) -> Result<Response<DecideEndResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let ((request_id, act), approve) = read::decide_end(&self.ctx, &request)?;
        let command = command(&self.ctx, &caller, "DecideEnd", request_id, &request);
        let one = ending::decide_end(&self.ctx, &self.ladder, &caller, (&command, &act), approve).await?;
        Ok(Response::new(DecideEndResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn hand_over_escalation(
        &self,
        request: Request<HandOverEscalationRequest>,
    ) -> Result<Response<HandOverEscalationResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let ((request_id, act), agency, number) = read::hand_over(&self.ctx, &request)?;
        let command = command(&self.ctx, &caller, "HandOverEscalation", request_id, &request);
        let one =
            ending::hand_over(&self.ctx, &self.ladder, &caller, (&command, &act), (agency, &number)).await?;
        Ok(Response::new(HandOverEscalationResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn force_next_step(
        &self,
        request: Request<ForceNextStepRequest>,
    ) -> Result<Response<ForceNextStepResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = read::plain(&self.ctx, &request.request_id, &request.escalation_id)?;
        let command = command(&self.ctx, &caller, "ForceNextStep", request_id, &request);
        let one = notes::force_next_step(&self.ctx, &self.ladder, &caller, (&command, &act)).await?;
        Ok(Response::new(ForceNextStepResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn add_location(
        &self,
        request: Request<AddLocationRequest>,
    ) -> Result<Response<AddLocationResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let ((request_id, act), location) = read::add_location(&self.ctx, &caller, &request)?;
        let command = command(&self.ctx, &caller, "AddLocation", request_id, &request);
        let one = notes::add_location(&self.ctx, &self.ladder, &caller, (&command, &act), &location).await?;
        Ok(Response::new(AddLocationResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn take_over_escalation(
        &self,
        request: Request<TakeOverEscalationRequest>,
    ) -> Result<Response<TakeOverEscalationResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = read::plain(&self.ctx, &request.request_id, &request.escalation_id)?;
        let command = command(&self.ctx, &caller, "TakeOverEscalation", request_id, &request);
        let one = notes::take_over(&self.ctx, &self.ladder, &caller, (&command, &act)).await?;
        Ok(Response::new(TakeOverEscalationResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn add_remark(
        &self,
        request: Request<AddRemarkRequest>,
    ) -> Result<Response<AddRemarkResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let ((request_id, act), shared) = read::add_remark(&self.ctx, &caller, &request)?;
        let command = command(&self.ctx, &caller, "AddRemark", request_id, &request);
        let entry = notes::add_remark(&self.ctx, &caller, (&command, &act), shared).await?;
        Ok(Response::new(AddRemarkResponse { entry: Some(wire::entry(&entry)) }))
    }

    async fn record_call(
        &self,
        request: Request<RecordCallRequest>,
    ) -> Result<Response<RecordCallResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, record) = read::record_call(&self.ctx, &request)?;
        let command = command(&self.ctx, &caller, "RecordCall", request_id, &request);
        let one = calls::record_call(&self.ctx, &self.ladder, &caller, &command, record).await?;
        let escalation = one.map(|one| wire::escalation(&caller, &one));
        Ok(Response::new(RecordCallResponse { escalation }))
    }

    async fn get_escalation(
        &self,
        request: Request<GetEscalationRequest>,
    ) -> Result<Response<GetEscalationResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = read::escalation_id(&request.get_ref().escalation_id)?;
        let one = get::get_escalation(&self.ctx, &caller, id).await?;
        Ok(Response::new(GetEscalationResponse { escalation: Some(wire::escalation(&caller, &one)) }))
    }

    async fn list_escalations(
        &self,
        request: Request<ListEscalationsRequest>,
    ) -> Result<Response<ListEscalationsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = lists::list_pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = lists::list(&pages, request.get_ref())?;
        let (found, next) = get::list_escalations(&self.ctx, &caller, filter, page).await?;
        Ok(Response::new(ListEscalationsResponse {
            escalations: found.iter().map(|one| wire::escalation(&caller, one)).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }

    async fn list_reports(
        &self,
        request: Request<ListReportsRequest>,
    ) -> Result<Response<ListReportsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = lists::report_pages(&self.ctx, &caller);
        let page = lists::reports(&pages, request.get_ref())?;
        let (found, next) = get::list_reports(&self.ctx, &caller, page).await?;
        Ok(Response::new(ListReportsResponse {
            reports: found.iter().map(|one| wire::escalation(&caller, one)).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }

    async fn list_timeline(
        &self,
        request: Request<ListTimelineRequest>,
    ) -> Result<Response<ListTimelineResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = lists::timeline_pages(&self.ctx, &caller, request.get_ref());
        let (id, page) = lists::timeline(&pages, request.get_ref())?;
        let (found, next) = get::list_timeline(&self.ctx, &caller, id, page).await?;
        Ok(Response::new(ListTimelineResponse {
            entries: found.iter().map(wire::entry).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }

    async fn list_calls(
        &self,
        request: Request<ListCallsRequest>,
    ) -> Result<Response<ListCallsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = lists::call_pages(&self.ctx, &caller);
        let page = lists::calls(&pages, request.get_ref())?;
        let (found, next) = calls::list_calls(&self.ctx, &caller, page).await?;
        Ok(Response::new(ListCallsResponse {
            calls: found.iter().map(wire::call).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }

    async fn watch_escalations(
        &self,
        request: Request<WatchEscalationsRequest>,
    ) -> Result<Response<Self::WatchEscalationsStream>, Status> {
        let caller = caller_of(&request)?;
        Ok(Response::new(watch::watch_escalations(&self.ctx, &self.boards, &caller)))
    }
}
