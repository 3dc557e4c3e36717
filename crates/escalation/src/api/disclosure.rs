//! The API of disclosures.

use helpline_proto::escalation::v1 as proto;
use helpline_proto::escalation::v1::disclosure_service_server::DisclosureService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::disclosure::{approve_disclosure, disclose, list_disclosures, revoke_disclosure, wire};

#[tonic::async_trait]
impl DisclosureService for Api {
    async fn disclose(
        &self,
        request: Request<proto::DiscloseRequest>,
    ) -> Result<Response<proto::DiscloseResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::disclose(&self.ctx, &caller, request.get_ref())?;
        let made = disclose(&self.ctx, &caller, &command, &new).await?;
        Ok(Response::new(proto::DiscloseResponse { disclosure: Some(wire::to_message(&made)) }))
    }

    async fn approve_disclosure(
        &self,
        request: Request<proto::ApproveDisclosureRequest>,
    ) -> Result<Response<proto::ApproveDisclosureResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, id) = wire::approve(&self.ctx, &caller, request.get_ref())?;
        let approved = approve_disclosure(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(proto::ApproveDisclosureResponse { disclosure: Some(wire::to_message(&approved)) }))
    }

    async fn revoke_disclosure(
        &self,
        request: Request<proto::RevokeDisclosureRequest>,
    ) -> Result<Response<proto::RevokeDisclosureResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, id) = wire::revoke(&self.ctx, &caller, request.get_ref())?;
        let revoked = revoke_disclosure(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(proto::RevokeDisclosureResponse { disclosure: Some(wire::to_message(&revoked)) }))
    }

    async fn list_disclosures(
        &self,
        request: Request<proto::ListDisclosuresRequest>,
    ) -> Result<Response<proto::ListDisclosuresResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (escalation, size, tokens) = wire::list(&self.ctx, &caller, &request)?;
        let after = tokens.open(&request.page_token)?;
        let (found, next) = list_disclosures(&self.ctx, &caller, escalation, after, size).await?;
        Ok(Response::new(proto::ListDisclosuresResponse {
            disclosures: found.iter().map(wire::to_message).collect(),
            next_page_token: tokens.seal(next.as_ref())?,
        }))
    }
}
