//! `CentreService`.

use helpline_domain::caller::Role;
use helpline_proto::directory::v1::centre_service_server::CentreService;
use helpline_proto::directory::v1::{
    GetCentreRequest, GetCentreResponse, GetSettingsRequest, GetSettingsResponse, PublishSettingsRequest,
    PublishSettingsResponse,
};
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::Directory;
use crate::get_centre::get_centre;
use crate::get_settings::get_settings;
use crate::publish_settings::publish_settings;
use crate::wire;

#[tonic::async_trait]
impl CentreService for Directory {
    async fn get_centre(
        &self,
        request: Request<GetCentreRequest>,
    ) -> Result<Response<GetCentreResponse>, Status> {
        let caller = caller_of(&request)?;
        let centre = get_centre(&self.ctx, &caller).await?;
        Ok(Response::new(GetCentreResponse { centre: Some(wire::centre::to_message(centre)) }))
    }

    async fn get_settings(
        &self,
        request: Request<GetSettingsRequest>,
    ) -> Result<Response<GetSettingsResponse>, Status> {
        let caller = caller_of(&request)?;
        let version = wire::settings::version(request.into_inner())?;
        let settings = get_settings(&self.ctx, &caller, version).await?;
        let mut told = wire::settings::to_message(&settings);
        if !matches!(caller.role, Role::Supervisor | Role::Administrator) {
            // Who knows the key of that plan knows of each child with it that they came back.
            told.reintegration = None;
        }
        Ok(Response::new(GetSettingsResponse { settings: Some(told) }))
    }

    async fn publish_settings(
        &self,
        request: Request<PublishSettingsRequest>,
    ) -> Result<Response<PublishSettingsResponse>, Status> {
        let caller = caller_of(&request)?;
        let publication = wire::settings::publish(&self.ctx, &caller, request.get_ref())?;
        let settings = publish_settings(&self.ctx, &caller, publication).await?;
        Ok(Response::new(PublishSettingsResponse { settings: Some(wire::settings::to_message(&settings)) }))
    }
}
