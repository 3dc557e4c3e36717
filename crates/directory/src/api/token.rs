//! `TokenService`.

use helpline_proto::directory::v1::token_service_server::TokenService;
use helpline_proto::directory::v1::{
    CreateTokenRequest, CreateTokenResponse, ListTokensRequest, ListTokensResponse, RevokeTokenRequest,
    RevokeTokenResponse,
};
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::Directory;
use crate::create_token::create_token;
use crate::list_tokens::list_tokens;
use crate::revoke_token::revoke_token;
use crate::wire::token as wire;

#[tonic::async_trait]
impl TokenService for Directory {
    async fn create_token(
        &self,
        request: Request<CreateTokenRequest>,
    ) -> Result<Response<CreateTokenResponse>, Status> {
        let caller = caller_of(&request)?;
        let creation = wire::create(&self.ctx, &caller, request.get_ref())?;
        let created = create_token(&self.ctx, &caller, creation).await?;
        Ok(Response::new(wire::created(created)))
    }

    async fn revoke_token(
        &self,
        request: Request<RevokeTokenRequest>,
    ) -> Result<Response<RevokeTokenResponse>, Status> {
        let caller = caller_of(&request)?;
        let revocation = wire::revoke(&self.ctx, &caller, request.get_ref())?;
        let token = revoke_token(&self.ctx, &self.authenticator, &caller, revocation).await?;
        Ok(Response::new(RevokeTokenResponse { token: Some(wire::to_message(token)) }))
    }

    async fn list_tokens(
        &self,
        request: Request<ListTokensRequest>,
    ) -> Result<Response<ListTokensResponse>, Status> {
        let caller = caller_of(&request)?;
        let wish = wire::list(&self.ctx, &caller, request.get_ref())?;
        let page = list_tokens(&self.ctx, &caller, wish).await?;
        Ok(Response::new(wire::page(&self.ctx, &caller, page)?))
    }
}
