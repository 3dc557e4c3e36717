//! The API of supervisors.

use std::pin::Pin;

use futures_util::Stream;
use helpline_proto::queueing::v1::supervision_service_server::SupervisionService;
use helpline_proto::queueing::v1::{
    AcknowledgeAlertRequest, AcknowledgeAlertResponse, AssignContactRequest, AssignContactResponse,
    ForceNotReadyRequest, ForceNotReadyResponse, ForecastStaffingRequest, ForecastStaffingResponse,
    LiftPauseRequest, LiftPauseResponse, ListAlertsRequest, ListAlertsResponse, PullContactRequest,
    PullContactResponse, WatchFloorRequest, WatchFloorResponse,
};
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::command::command;
use helpline_service_kit::wire::{Sight, contact};
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::supervise::acknowledge_alert::acknowledge_alert;
use crate::supervise::assign_contact::assign_contact;
use crate::supervise::force_not_ready::force_not_ready;
use crate::supervise::forecast_staffing::forecast_staffing;
use crate::supervise::lift_pause::lift_pause;
use crate::supervise::list_alerts::list_alerts;
use crate::supervise::pull_contact::pull_contact;
use crate::watch_floor::watch_floor;
use crate::wire;
use crate::wire::{alert, supervision};

#[tonic::async_trait]
impl SupervisionService for Api {
    type WatchFloorStream = Pin<Box<dyn Stream<Item = Result<WatchFloorResponse, Status>> + Send>>;

    async fn watch_floor(
        &self,
        request: Request<WatchFloorRequest>,
    ) -> Result<Response<Self::WatchFloorStream>, Status> {
        let caller = caller_of(&request)?;
        let queue = wire::queue(&request.into_inner().queue)?;
        let stream = watch_floor(&self.ctx, &self.board, &caller, queue).await?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn forecast_staffing(
        &self,
        request: Request<ForecastStaffingRequest>,
    ) -> Result<Response<ForecastStaffingResponse>, Status> {
        let caller = caller_of(&request)?;
        let change = supervision::staffing(*request.get_ref())?;
        Ok(Response::new(forecast_staffing(&self.ctx, &caller, change).await?))
    }

    async fn list_alerts(
        &self,
        request: Request<ListAlertsRequest>,
    ) -> Result<Response<ListAlertsResponse>, Status> {
        let caller = caller_of(&request)?;
        Ok(Response::new(list_alerts(&self.ctx, &caller, request.into_inner()).await?))
    }

    async fn acknowledge_alert(
        &self,
        request: Request<AcknowledgeAlertRequest>,
    ) -> Result<Response<AcknowledgeAlertResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, alert_id) = alert::acknowledge(&request)?;
        let command = command(&self.ctx, &caller, "AcknowledgeAlert", request_id, &request);
        let acknowledged = acknowledge_alert(&self.ctx, &caller, &command, alert_id).await?;
        Ok(Response::new(AcknowledgeAlertResponse { alert: Some(alert::message(&acknowledged)) }))
    }

    async fn force_not_ready(
        &self,
        request: Request<ForceNotReadyRequest>,
    ) -> Result<Response<ForceNotReadyResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, counsellor, reason) = supervision::force(&request)?;
        let command = command(&self.ctx, &caller, "ForceNotReady", request_id, &request);
        let force = (reason, request.hold);
        let presence = force_not_ready(&self.ctx, &caller, &command, counsellor, force).await?;
        Ok(Response::new(ForceNotReadyResponse { presence: Some(wire::presence(&presence)) }))
    }

    async fn lift_pause(
        &self,
        request: Request<LiftPauseRequest>,
    ) -> Result<Response<LiftPauseResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, counsellor) =
            supervision::on_counsellor(&request.request_id, &request.counsellor_id)?;
        let command = command(&self.ctx, &caller, "LiftPause", request_id, &request);
        let presence = lift_pause(&self.ctx, &caller, &command, counsellor).await?;
        Ok(Response::new(LiftPauseResponse { presence: Some(wire::presence(&presence)) }))
    }

    async fn assign_contact(
        &self,
        request: Request<AssignContactRequest>,
    ) -> Result<Response<AssignContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, contact_id, to) = supervision::assign(&request)?;
        let command = command(&self.ctx, &caller, "AssignContact", request_id, &request);
        let assigned = assign_contact(&self.ctx, &caller, &command, contact_id, to).await?;
        Ok(Response::new(AssignContactResponse { contact: Some(contact(&assigned, Sight::Full)) }))
    }

    async fn pull_contact(
        &self,
        request: Request<PullContactRequest>,
    ) -> Result<Response<PullContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, contact_id, reason) = supervision::pull(&request)?;
        let command = command(&self.ctx, &caller, "PullContact", request_id, &request);
        let pulled = pull_contact(&self.ctx, &caller, &command, contact_id, reason).await?;
        Ok(Response::new(PullContactResponse { contact: Some(contact(&pulled, Sight::Full)) }))
    }
}
