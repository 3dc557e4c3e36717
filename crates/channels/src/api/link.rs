//! `LinkService`.

use helpline_proto::channels::v1::link_service_server::LinkService;
use helpline_proto::channels::v1::{
    GetVisitRequest, GetVisitResponse, OpenLinkRequest, OpenLinkResponse, RenewLinkRequest, RenewLinkResponse,
};
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use super::Api;
use crate::get_visit::get_visit;
use crate::open_link::open_link;
use crate::renew_link::renew_link;
use crate::wire::link as wire;

#[tonic::async_trait]
impl LinkService for Api {
    async fn open_link(
        &self,
        request: Request<OpenLinkRequest>,
    ) -> Result<Response<OpenLinkResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::open(&self.ctx, &caller, request.get_ref())?;
        let opened = open_link(&self.ctx, &caller, &command).await?;
        Ok(Response::new(wire::opened(&opened)))
    }

    async fn renew_link(
        &self,
        request: Request<RenewLinkRequest>,
    ) -> Result<Response<RenewLinkResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::renew(&self.ctx, &caller, request.get_ref())?;
        let delivery = renew_link(&self.ctx, &caller, &command).await?;
        Ok(Response::new(RenewLinkResponse { delivery_id: delivery.to_string() }))
    }

    async fn get_visit(
        &self,
        request: Request<GetVisitRequest>,
    ) -> Result<Response<GetVisitResponse>, Status> {
        let caller = caller_of(&request)?;
        Ok(Response::new(wire::visit(get_visit(&self.ctx, &caller).await?)))
    }
}
