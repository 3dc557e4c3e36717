//! `EndpointService`.

use helpline_proto::channels::v1::endpoint_service_server::EndpointService;
use helpline_proto::channels::v1::{
    CreateEndpointRequest, CreateEndpointResponse, DisableEndpointRequest, DisableEndpointResponse,
    EnableEndpointRequest, EnableEndpointResponse, ListEndpointsRequest, ListEndpointsResponse,
    RotateSecretRequest, RotateSecretResponse,
};
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use super::Api;
use crate::create_endpoint::create_endpoint;
use crate::list_endpoints::list_endpoints;
use crate::rotate_secret::rotate_secret;
use crate::switch_endpoint::switch_endpoint;
use crate::wire::endpoint as wire;

#[tonic::async_trait]
impl EndpointService for Api {
    async fn create_endpoint(
        &self,
        request: Request<CreateEndpointRequest>,
    ) -> Result<Response<CreateEndpointResponse>, Status> {
        let caller = caller_of(&request)?;
        let creation = wire::create(&self.ctx, self.targets, &caller, request.get_ref())?;
        let created = create_endpoint(&self.ctx, &caller, creation).await?;
        let secret = wire::shown(created.key.as_ref())?;
        let endpoint = Some(wire::to_message(&created.endpoint));
        Ok(Response::new(CreateEndpointResponse { endpoint, secret }))
    }

    async fn rotate_secret(
        &self,
        request: Request<RotateSecretRequest>,
    ) -> Result<Response<RotateSecretResponse>, Status> {
        let caller = caller_of(&request)?;
        let rotation = wire::rotate(&self.ctx, &caller, request.get_ref())?;
        let rotated = rotate_secret(&self.ctx, &caller, rotation).await?;
        let secret = wire::shown(rotated.key.as_ref())?;
        let endpoint = Some(wire::to_message(&rotated.endpoint));
        Ok(Response::new(RotateSecretResponse { endpoint, secret }))
    }

    async fn disable_endpoint(
        &self,
        request: Request<DisableEndpointRequest>,
    ) -> Result<Response<DisableEndpointResponse>, Status> {
        let caller = caller_of(&request)?;
        let switch = wire::disable(&self.ctx, &caller, request.get_ref())?;
        let endpoint = switch_endpoint(&self.ctx, &caller, switch).await?;
        Ok(Response::new(DisableEndpointResponse { endpoint: Some(wire::to_message(&endpoint)) }))
    }

    async fn enable_endpoint(
        &self,
        request: Request<EnableEndpointRequest>,
    ) -> Result<Response<EnableEndpointResponse>, Status> {
        let caller = caller_of(&request)?;
        let switch = wire::enable(&self.ctx, &caller, request.get_ref())?;
        let endpoint = switch_endpoint(&self.ctx, &caller, switch).await?;
        Ok(Response::new(EnableEndpointResponse { endpoint: Some(wire::to_message(&endpoint)) }))
    }

    async fn list_endpoints(
        &self,
        request: Request<ListEndpointsRequest>,
    ) -> Result<Response<ListEndpointsResponse>, Status> {
        let caller = caller_of(&request)?;
        let wish = wire::list(&self.ctx, &caller, request.get_ref())?;
        let page = list_endpoints(&self.ctx, &caller, wish).await?;
        Ok(Response::new(wire::page(&self.ctx, &caller, request.get_ref(), page)?))
    }
}
