//! `ServiceDirectoryService`.

use helpline_proto::directory::v1::service_directory_service_server::ServiceDirectoryService;
use helpline_proto::directory::v1::{
    GetServiceRequest, GetServiceResponse, ListServicesRequest, ListServicesResponse, SearchServicesRequest,
    SearchServicesResponse, UpdateServiceRequest, UpdateServiceResponse, VerifyServiceRequest,
    VerifyServiceResponse,
};
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::Directory;
use crate::services::{get_service, list_services, search_services, update_service, verify_service};
use crate::wire::service as wire;

#[tonic::async_trait]
impl ServiceDirectoryService for Directory {
    async fn search_services(
        &self,
        request: Request<SearchServicesRequest>,
    ) -> Result<Response<SearchServicesResponse>, Status> {
        let caller = caller_of(&request)?;
        let search = wire::search(request.get_ref())?;
        let found = search_services(&self.ctx, &self.catalogues, &caller, search).await?;
        Ok(Response::new(wire::found(&caller, &found)))
    }

    async fn get_service(
        &self,
        request: Request<GetServiceRequest>,
    ) -> Result<Response<GetServiceResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::id(&request.get_ref().service_id)?;
        let shown = get_service(&self.ctx, &self.catalogues, &caller, id).await?;
        Ok(Response::new(GetServiceResponse { service: Some(wire::shown(&caller, &shown)) }))
    }

    async fn list_services(
        &self,
        request: Request<ListServicesRequest>,
    ) -> Result<Response<ListServicesResponse>, Status> {
        let caller = caller_of(&request)?;
        let wish = wire::list(&self.ctx, &caller, request.get_ref())?;
        let page = list_services(&self.ctx, &self.catalogues, &caller, wish).await?;
        Ok(Response::new(wire::page(&self.ctx, &caller, request.get_ref(), &page)?))
    }

    async fn verify_service(
        &self,
        request: Request<VerifyServiceRequest>,
    ) -> Result<Response<VerifyServiceResponse>, Status> {
        let caller = caller_of(&request)?;
        let verification = wire::verify(&self.ctx, &caller, request.get_ref())?;
        let shown = verify_service(&self.ctx, &self.catalogues, &caller, verification).await?;
        Ok(Response::new(VerifyServiceResponse { service: Some(wire::shown(&caller, &shown)) }))
    }

    async fn update_service(
        &self,
        request: Request<UpdateServiceRequest>,
    ) -> Result<Response<UpdateServiceResponse>, Status> {
        let caller = caller_of(&request)?;
        let update = wire::update(&self.ctx, &caller, request.get_ref())?;
        let shown = update_service(&self.ctx, &self.catalogues, &caller, update).await?;
        Ok(Response::new(UpdateServiceResponse { service: Some(wire::shown(&caller, &shown)) }))
    }
}
