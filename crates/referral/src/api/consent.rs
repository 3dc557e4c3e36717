//! The API of consent.

use helpline_proto::referral::v1 as proto;
use helpline_proto::referral::v1::consent_service_server::ConsentService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::consent::{self, wire};

#[tonic::async_trait]
impl ConsentService for Api {
    async fn record_consent(
        &self,
        request: Request<proto::RecordConsentRequest>,
    ) -> Result<Response<proto::RecordConsentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::record(&self.ctx, &caller, request.get_ref())?;
        let one = consent::record(&self.ctx, &caller, &command, &new).await?;
        Ok(Response::new(proto::RecordConsentResponse { consent: Some(wire::to_message(&one)) }))
    }

    async fn ask_consent_override(
        &self,
        request: Request<proto::AskConsentOverrideRequest>,
    ) -> Result<Response<proto::AskConsentOverrideResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::ask_override(&self.ctx, &caller, request.get_ref())?;
        let one = consent::record(&self.ctx, &caller, &command, &new).await?;
        Ok(Response::new(proto::AskConsentOverrideResponse { consent: Some(wire::to_message(&one)) }))
    }

    async fn approve_consent_override(
        &self,
        request: Request<proto::ApproveConsentOverrideRequest>,
    ) -> Result<Response<proto::ApproveConsentOverrideResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, id) = {
            let sent = request.get_ref();
            wire::plain(
                &self.ctx,
                &caller,
                ("ApproveConsentOverride", sent),
                (&sent.request_id, &sent.consent_id),
            )
        }?;
        let one = consent::approve_override(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(proto::ApproveConsentOverrideResponse { consent: Some(wire::to_message(&one)) }))
    }

    async fn withdraw_consent(
        &self,
        request: Request<proto::WithdrawConsentRequest>,
    ) -> Result<Response<proto::WithdrawConsentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, id) = {
            let sent = request.get_ref();
            wire::plain(&self.ctx, &caller, ("WithdrawConsent", sent), (&sent.request_id, &sent.consent_id))
        }?;
        let one = consent::withdraw(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(proto::WithdrawConsentResponse { consent: Some(wire::to_message(&one)) }))
    }

    async fn list_consents(
        &self,
        request: Request<proto::ListConsentsRequest>,
    ) -> Result<Response<proto::ListConsentsResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (referral, size, pages) = wire::list(&self.ctx, &caller, &request)?;
        let after = pages.open(&request.page_token)?;
        let (found, next) = consent::list(&self.ctx, &caller, referral, after, size).await?;
        Ok(Response::new(proto::ListConsentsResponse {
            consents: found.iter().map(wire::to_message).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }
}
