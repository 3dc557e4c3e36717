//! The API of stays.

use helpline_domain::id::AdmissionId;
use helpline_proto::referral::v1 as proto;
use helpline_proto::referral::v1::admission_service_server::AdmissionService;
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::fields::Fields;
use helpline_store::admission::StayStep;
use tonic::{Request, Response, Status};

use crate::admission::{self, wire};
use crate::api::Api;
use crate::capacity::wire::list;

#[tonic::async_trait]
impl AdmissionService for Api {
    async fn request_admission(
        &self,
        request: Request<proto::RequestAdmissionRequest>,
    ) -> Result<Response<proto::RequestAdmissionResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::request(&self.ctx, &caller, request.get_ref())?;
        let stay = admission::request(&self.ctx, &caller, &command, &new).await?;
        Ok(Response::new(proto::RequestAdmissionResponse { admission: Some(wire::message(&stay)) }))
    }

    async fn screen_admission(
        &self,
        request: Request<proto::ScreenAdmissionRequest>,
    ) -> Result<Response<proto::ScreenAdmissionResponse>, Status> {
        let caller = caller_of(&request)?;
        let sent = request.get_ref();
        let ids = (sent.request_id.as_str(), sent.admission_id.as_str());
        let (command, going) =
            wire::going(&self.ctx, &caller, ("ScreenAdmission", sent), ids, |_| Some(StayStep::Screen))?;
        let stay = admission::go_on(&self.ctx, &caller, &command, going).await?;
        Ok(Response::new(proto::ScreenAdmissionResponse { admission: Some(wire::message(&stay)) }))
    }

    async fn hold_admission_place(
        &self,
        request: Request<proto::HoldAdmissionPlaceRequest>,
    ) -> Result<Response<proto::HoldAdmissionPlaceResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, going) = wire::hold(&self.ctx, &caller, request.get_ref())?;
        let stay = admission::go_on(&self.ctx, &caller, &command, going).await?;
        Ok(Response::new(proto::HoldAdmissionPlaceResponse { admission: Some(wire::message(&stay)) }))
    }

    async fn admit(
        &self,
        request: Request<proto::AdmitRequest>,
    ) -> Result<Response<proto::AdmitResponse>, Status> {
        let caller = caller_of(&request)?;
        let sent = request.get_ref();
        let ids = (sent.request_id.as_str(), sent.admission_id.as_str());
        let (command, going) =
            wire::going(&self.ctx, &caller, ("Admit", sent), ids, |_| Some(StayStep::Admit))?;
        let stay = admission::go_on(&self.ctx, &caller, &command, going).await?;
        Ok(Response::new(proto::AdmitResponse { admission: Some(wire::message(&stay)) }))
    }

    async fn plan_exit(
        &self,
        request: Request<proto::PlanExitRequest>,
    ) -> Result<Response<proto::PlanExitResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, going) = wire::plan_exit(&self.ctx, &caller, request.get_ref())?;
        let stay = admission::go_on(&self.ctx, &caller, &command, going).await?;
        Ok(Response::new(proto::PlanExitResponse { admission: Some(wire::message(&stay)) }))
    }

    async fn drop_exit_plan(
        &self,
        request: Request<proto::DropExitPlanRequest>,
    ) -> Result<Response<proto::DropExitPlanResponse>, Status> {
        let caller = caller_of(&request)?;
        let sent = request.get_ref();
        let ids = (sent.request_id.as_str(), sent.admission_id.as_str());
        let (command, going) =
            wire::going(&self.ctx, &caller, ("DropExitPlan", sent), ids, |_| Some(StayStep::DropExitPlan))?;
        let stay = admission::go_on(&self.ctx, &caller, &command, going).await?;
        Ok(Response::new(proto::DropExitPlanResponse { admission: Some(wire::message(&stay)) }))
    }

    async fn record_exit(
        &self,
        request: Request<proto::RecordExitRequest>,
    ) -> Result<Response<proto::RecordExitResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, going) = wire::exit(&self.ctx, &caller, request.get_ref())?;
        let stay = admission::go_on(&self.ctx, &caller, &command, going).await?;
        Ok(Response::new(proto::RecordExitResponse { admission: Some(wire::message(&stay)) }))
    }

    async fn accompany_admission(
        &self,
        request: Request<proto::AccompanyAdmissionRequest>,
    ) -> Result<Response<proto::AccompanyAdmissionResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, stays) = wire::accompany(&self.ctx, &caller, request.get_ref())?;
        let stay = admission::accompany(&self.ctx, &caller, &command, stays).await?;
        Ok(Response::new(proto::AccompanyAdmissionResponse { admission: Some(wire::message(&stay)) }))
    }

    async fn get_admission(
        &self,
        request: Request<proto::GetAdmissionRequest>,
    ) -> Result<Response<proto::GetAdmissionResponse>, Status> {
        let caller = caller_of(&request)?;
        let mut fields = Fields::new();
        let id: Option<AdmissionId> = fields.id("admission_id", &request.get_ref().admission_id);
        let stay = admission::get(&self.ctx, &caller, fields.build(id)?).await?;
        Ok(Response::new(proto::GetAdmissionResponse { admission: Some(wire::message(&stay)) }))
    }

    async fn list_admissions(
        &self,
        request: Request<proto::ListAdmissionsRequest>,
    ) -> Result<Response<proto::ListAdmissionsResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (size, pages) =
            list::<proto::ListAdmissionsRequest>(&self.ctx, &caller, "ListAdmissions", request.page_size)?;
        let page = (size, pages.open(&request.page_token)?);
        let (found, next) = admission::list(&self.ctx, &caller, page).await?;
        Ok(Response::new(proto::ListAdmissionsResponse {
            admissions: found.iter().map(wire::message).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }
}
