//! The API of a counsellor's own presence.

use helpline_domain::presence::PresenceState;
use helpline_proto::queueing::v1::presence_service_server::PresenceService;
use helpline_proto::queueing::v1::{
    GetPresenceRequest, GetPresenceResponse, GoNotReadyRequest, GoNotReadyResponse, GoOfflineRequest,
    GoOfflineResponse, GoOnCallRequest, GoOnCallResponse, GoReadyRequest, GoReadyResponse,
};
use helpline_service_kit::caller::{caller_of, counsellor_of};
use helpline_service_kit::command::command;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::handover::{Unfinished, unfinished};
use crate::set_presence::{presence_of, set_presence};
use crate::wire;

#[tonic::async_trait]
impl PresenceService for Api {
    async fn go_ready(&self, request: Request<GoReadyRequest>) -> Result<Response<GoReadyResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let request_id = wire::request_id(&request.request_id)?;
        let command = command(&self.ctx, &caller, "GoReady", request_id, &request);
        let presence = set_presence(&self.ctx, &caller, &command, PresenceState::Ready, None).await?;
        Ok(Response::new(GoReadyResponse { presence: Some(wire::presence(&presence)) }))
    }

    async fn go_not_ready(
        &self,
        request: Request<GoNotReadyRequest>,
    ) -> Result<Response<GoNotReadyResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, reason) = wire::not_ready(&request)?;
        let command = command(&self.ctx, &caller, "GoNotReady", request_id, &request);
        let presence =
            set_presence(&self.ctx, &caller, &command, PresenceState::NotReady, Some(reason)).await?;
        Ok(Response::new(GoNotReadyResponse { presence: Some(wire::presence(&presence)) }))
    }

    async fn go_offline(
        &self,
        request: Request<GoOfflineRequest>,
    ) -> Result<Response<GoOfflineResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let request_id = wire::request_id(&request.request_id)?;
        let command = command(&self.ctx, &caller, "GoOffline", request_id, &request);
        let presence = set_presence(&self.ctx, &caller, &command, PresenceState::Offline, None).await?;
        let Unfinished { work: open_work, callbacks, escalations, referrals } =
            unfinished(&self.ctx, &caller, Some(presence.counsellor_id)).await?;
        let presence = Some(wire::presence(&presence));
        Ok(Response::new(GoOfflineResponse { presence, open_work, callbacks, escalations, referrals }))
    }

    async fn go_on_call(
        &self,
        request: Request<GoOnCallRequest>,
    ) -> Result<Response<GoOnCallResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let request_id = wire::request_id(&request.request_id)?;
        let command = command(&self.ctx, &caller, "GoOnCall", request_id, &request);
        let presence = set_presence(&self.ctx, &caller, &command, PresenceState::OnCall, None).await?;
        Ok(Response::new(GoOnCallResponse { presence: Some(wire::presence(&presence)) }))
    }

    async fn get_presence(
        &self,
        request: Request<GetPresenceRequest>,
    ) -> Result<Response<GetPresenceResponse>, Status> {
        let caller = caller_of(&request)?;
        let presence = presence_of(&self.ctx, &caller, counsellor_of(&caller)?).await?;
        Ok(Response::new(GetPresenceResponse { presence: Some(wire::presence(&presence)) }))
    }
}
