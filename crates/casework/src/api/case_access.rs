//! The API of access to cases.

use helpline_proto::casework::v1 as proto;
use helpline_proto::casework::v1::case_access_service_server::CaseAccessService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::entry;
use crate::wire::cases as wire;

#[tonic::async_trait]
impl CaseAccessService for Api {
    async fn grant_case_access(
        &self,
        request: Request<proto::GrantCaseAccessRequest>,
    ) -> Result<Response<proto::GrantCaseAccessResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, whom) = wire::grant(&self.ctx, &caller, request.get_ref())?;
        let one = entry::grant(&self.ctx, &caller, (&command, &act), whom).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::GrantCaseAccessResponse { case }))
    }

    async fn revoke_case_access(
        &self,
        request: Request<proto::RevokeCaseAccessRequest>,
    ) -> Result<Response<proto::RevokeCaseAccessResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, whose) = wire::revoke_access(&self.ctx, &caller, request.get_ref())?;
        let one = entry::revoke(&self.ctx, &caller, (&command, &act), whose).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::RevokeCaseAccessResponse { case }))
    }

    async fn break_glass(
        &self,
        request: Request<proto::BreakGlassRequest>,
    ) -> Result<Response<proto::BreakGlassResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (behind, reason)) = wire::break_glass(&self.ctx, &caller, request.get_ref())?;
        let found = entry::break_glass(&self.ctx, &caller, &command, (behind, &reason)).await?;
        let cases = found.iter().map(wire::case).collect();
        Ok(Response::new(proto::BreakGlassResponse { cases }))
    }

    async fn review_glass(
        &self,
        request: Request<proto::ReviewGlassRequest>,
    ) -> Result<Response<proto::ReviewGlassResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, about) = wire::review_glass(&self.ctx, &caller, request.get_ref())?;
        let one = entry::review_glass(&self.ctx, &caller, (&command, &act), about).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::ReviewGlassResponse { case }))
    }
}
