//! The API of offers.

use std::pin::Pin;

use futures_util::Stream;
use helpline_domain::policy::wording::Locale;
use helpline_proto::queueing::v1::offer_service_server::OfferService;
use helpline_proto::queueing::v1::{
    AcceptOfferRequest, AcceptOfferResponse, DeclineOfferRequest, DeclineOfferResponse, WatchOffersRequest,
    WatchOffersResponse,
};
use helpline_service_kit::caller::{caller_of, counsellor_of};
use helpline_service_kit::command::command;
use helpline_service_kit::wire::{Sight, contact};
use tonic::{Request, Response, Status};

use crate::accept_offer::accept_offer;
use crate::api::Api;
use crate::decline_offer::decline_offer;
use crate::watch_offers::watch_offers;
use crate::wire;

#[tonic::async_trait]
impl OfferService for Api {
    type WatchOffersStream = Pin<Box<dyn Stream<Item = Result<WatchOffersResponse, Status>> + Send>>;

    async fn watch_offers(
        &self,
        request: Request<WatchOffersRequest>,
    ) -> Result<Response<Self::WatchOffersStream>, Status> {
        let caller = caller_of(&request)?;
        let counsellor = counsellor_of(&caller)?;
        let request = request.into_inner();
        let wish = (request.after_cursor.as_str(), wire::locale(&request.locale)?);
        let stream = watch_offers(&self.ctx, &self.sessions, &caller, counsellor, wish).await?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn accept_offer(
        &self,
        request: Request<AcceptOfferRequest>,
    ) -> Result<Response<AcceptOfferResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, offer_id) = wire::accept(&request)?;
        let command = command(&self.ctx, &caller, "AcceptOffer", request_id, &request);
        let accepted = accept_offer(&self.ctx, &caller, &command, offer_id).await?;
        Ok(Response::new(AcceptOfferResponse { contact: Some(contact(&accepted, Sight::Full)) }))
    }

    async fn decline_offer(
        &self,
        request: Request<DeclineOfferRequest>,
    ) -> Result<Response<DeclineOfferResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, offer_id, reason) = wire::decline(&request)?;
        let command = command(&self.ctx, &caller, "DeclineOffer", request_id, &request);
        let declined = decline_offer(&self.ctx, &caller, &command, offer_id, reason).await?;
        Ok(Response::new(DeclineOfferResponse { offer: Some(wire::offer(&declined, Locale::default())) }))
    }
}
