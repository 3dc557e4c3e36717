//! `AgencyService`.

use helpline_proto::directory::v1::agency_service_server::AgencyService;
use helpline_proto::directory::v1::{
    CreateAgencyRequest, CreateAgencyResponse, DisableAgencyRequest, DisableAgencyResponse, GetAgencyRequest,
    GetAgencyResponse, ListAgenciesRequest, ListAgenciesResponse, UpdateAgencyRequest, UpdateAgencyResponse,
};
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::Directory;
use crate::agencies::{create_agency, disable_agency, get_agency, list_agencies, update_agency};
use crate::wire::agency as wire;

#[tonic::async_trait]
impl AgencyService for Directory {
    async fn create_agency(
        &self,
        request: Request<CreateAgencyRequest>,
    ) -> Result<Response<CreateAgencyResponse>, Status> {
        let caller = caller_of(&request)?;
        let creation = wire::create(&self.ctx, &caller, request.get_ref())?;
        let agency = create_agency(&self.ctx, &caller, creation).await?;
        Ok(Response::new(CreateAgencyResponse { agency: Some(wire::to_message(agency)) }))
    }

    async fn get_agency(
        &self,
        request: Request<GetAgencyRequest>,
    ) -> Result<Response<GetAgencyResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::id(&request.get_ref().agency_id)?;
        let agency = get_agency(&self.ctx, &caller, id).await?;
        Ok(Response::new(GetAgencyResponse { agency: Some(wire::to_message(agency)) }))
    }

    async fn list_agencies(
        &self,
        request: Request<ListAgenciesRequest>,
    ) -> Result<Response<ListAgenciesResponse>, Status> {
        let caller = caller_of(&request)?;
        let wish = wire::list(&self.ctx, &caller, request.get_ref())?;
        let page = list_agencies(&self.ctx, &caller, wish).await?;
        Ok(Response::new(wire::page(&self.ctx, &caller, page)?))
    }

    async fn update_agency(
        &self,
        request: Request<UpdateAgencyRequest>,
    ) -> Result<Response<UpdateAgencyResponse>, Status> {
        let caller = caller_of(&request)?;
        let update = wire::update(&self.ctx, &caller, request.get_ref())?;
        let agency = update_agency(&self.ctx, &caller, update).await?;
        Ok(Response::new(UpdateAgencyResponse { agency: Some(wire::to_message(agency)) }))
    }

    async fn disable_agency(
        &self,
        request: Request<DisableAgencyRequest>,
    ) -> Result<Response<DisableAgencyResponse>, Status> {
        let caller = caller_of(&request)?;
        let disabling = wire::disable(&self.ctx, &caller, request.get_ref())?;
        let agency = disable_agency(&self.ctx, &self.authenticator, &caller, disabling).await?;
        Ok(Response::new(DisableAgencyResponse { agency: Some(wire::to_message(agency)) }))
    }
}
