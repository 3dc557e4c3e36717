//! The API of the plan.

use helpline_proto::escalation::v1 as proto;
use helpline_proto::escalation::v1::plan_service_server::PlanService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::plan::preview_plan::preview_plan;
use crate::plan::publish_plan::{get_plan, publish_plan};
use crate::plan::stand_ins::{list_stand_ins, make_stand_in, revoke_stand_in};
use crate::plan::who_is_on_call::who_is_on_call;
use crate::plan::{document, wire};

#[tonic::async_trait]
impl PlanService for Api {
    async fn publish_plan(
        &self,
        request: Request<proto::PublishPlanRequest>,
    ) -> Result<Response<proto::PublishPlanResponse>, Status> {
        let caller = caller_of(&request)?;
        let publication = wire::publish(&self.ctx, &caller, request.get_ref())?;
        let published = publish_plan(&self.ctx, &caller, publication).await?;
        Ok(Response::new(proto::PublishPlanResponse { plan: Some(document::to_message(&published)) }))
    }

    async fn get_plan(
        &self,
        request: Request<proto::GetPlanRequest>,
    ) -> Result<Response<proto::GetPlanResponse>, Status> {
        let caller = caller_of(&request)?;
        let plan = get_plan(&self.ctx, &caller, wire::version(*request.get_ref())?).await?;
        Ok(Response::new(proto::GetPlanResponse { plan: Some(document::to_message(&plan)) }))
    }

    async fn preview_plan(
        &self,
        request: Request<proto::PreviewPlanRequest>,
    ) -> Result<Response<proto::PreviewPlanResponse>, Status> {
        let caller = caller_of(&request)?;
        Ok(Response::new(preview_plan(&self.ctx, &caller, wire::preview(request.get_ref())?).await?))
    }

    async fn who_is_on_call(
        &self,
        request: Request<proto::WhoIsOnCallRequest>,
    ) -> Result<Response<proto::WhoIsOnCallResponse>, Status> {
        let caller = caller_of(&request)?;
        Ok(Response::new(who_is_on_call(&self.ctx, &caller, wire::at(request.get_ref())?).await?))
    }

    async fn make_stand_in(
        &self,
        request: Request<proto::MakeStandInRequest>,
    ) -> Result<Response<proto::MakeStandInResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::make_stand_in(&self.ctx, &caller, request.get_ref())?;
        let made = make_stand_in(&self.ctx, &caller, &command, &new).await?;
        Ok(Response::new(proto::MakeStandInResponse { stand_in: Some(wire::stand_in(&made)) }))
    }

    async fn revoke_stand_in(
        &self,
        request: Request<proto::RevokeStandInRequest>,
    ) -> Result<Response<proto::RevokeStandInResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, id) = wire::revoke_stand_in(&self.ctx, &caller, request.get_ref())?;
        let revoked = revoke_stand_in(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(proto::RevokeStandInResponse { stand_in: Some(wire::stand_in(&revoked)) }))
    }

    async fn list_stand_ins(
        &self,
        request: Request<proto::ListStandInsRequest>,
    ) -> Result<Response<proto::ListStandInsResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (size, tokens) = wire::list_stand_ins(&self.ctx, &caller, &request)?;
        let after = tokens.open(&request.page_token)?;
        let (found, next) = list_stand_ins(&self.ctx, &caller, request.include_past, after, size).await?;
        Ok(Response::new(proto::ListStandInsResponse {
            stand_ins: found.iter().map(wire::stand_in).collect(),
            next_page_token: tokens.seal(next.as_ref())?,
        }))
    }
}
