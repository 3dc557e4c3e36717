//! `CounsellorService`.

use helpline_proto::directory::v1::counsellor_service_server::CounsellorService;
use helpline_proto::directory::v1::{
    CreateCounsellorRequest, CreateCounsellorResponse, DisableCounsellorRequest, DisableCounsellorResponse,
    GetCounsellorRequest, GetCounsellorResponse, ListCounsellorsRequest, ListCounsellorsResponse,
    UpdateCounsellorRequest, UpdateCounsellorResponse,
};
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::Directory;
use crate::create_counsellor::create_counsellor;
use crate::disable_counsellor::disable_counsellor;
use crate::get_counsellor::get_counsellor;
use crate::list_counsellors::list_counsellors;
use crate::update_counsellor::update_counsellor;
use crate::wire::counsellor as wire;

#[tonic::async_trait]
impl CounsellorService for Directory {
    async fn create_counsellor(
        &self,
        request: Request<CreateCounsellorRequest>,
    ) -> Result<Response<CreateCounsellorResponse>, Status> {
        let caller = caller_of(&request)?;
        let creation = wire::create(&self.ctx, &caller, request.get_ref())?;
        let counsellor = create_counsellor(&self.ctx, &caller, creation).await?;
        Ok(Response::new(CreateCounsellorResponse { counsellor: Some(wire::to_message(counsellor)) }))
    }

    async fn get_counsellor(
        &self,
        request: Request<GetCounsellorRequest>,
    ) -> Result<Response<GetCounsellorResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::id(&request.get_ref().counsellor_id)?;
        let counsellor = get_counsellor(&self.ctx, &caller, id).await?;
        Ok(Response::new(GetCounsellorResponse { counsellor: Some(wire::to_message(counsellor)) }))
    }

    async fn list_counsellors(
        &self,
        request: Request<ListCounsellorsRequest>,
    ) -> Result<Response<ListCounsellorsResponse>, Status> {
        let caller = caller_of(&request)?;
        let wish = wire::list(&self.ctx, &caller, request.get_ref())?;
        let page = list_counsellors(&self.ctx, &caller, wish).await?;
        Ok(Response::new(wire::page(&self.ctx, &caller, request.get_ref(), page)?))
    }

    async fn update_counsellor(
        &self,
        request: Request<UpdateCounsellorRequest>,
    ) -> Result<Response<UpdateCounsellorResponse>, Status> {
        let caller = caller_of(&request)?;
        let update = wire::update(&self.ctx, &caller, request.get_ref())?;
        let counsellor = update_counsellor(&self.ctx, &caller, update).await?;
        Ok(Response::new(UpdateCounsellorResponse { counsellor: Some(wire::to_message(counsellor)) }))
    }

    async fn disable_counsellor(
        &self,
        request: Request<DisableCounsellorRequest>,
    ) -> Result<Response<DisableCounsellorResponse>, Status> {
        let caller = caller_of(&request)?;
        let departure = wire::disable(&self.ctx, &caller, request.get_ref())?;
        let counsellor = disable_counsellor(&self.ctx, &self.authenticator, &caller, departure).await?;
        Ok(Response::new(DisableCounsellorResponse { counsellor: Some(wire::to_message(counsellor)) }))
    }
}
