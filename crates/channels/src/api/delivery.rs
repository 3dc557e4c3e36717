//! `DeliveryService`.

use helpline_proto::channels::v1::delivery_service_server::DeliveryService;
use helpline_proto::channels::v1::{
    ListDeliveriesRequest, ListDeliveriesResponse, ReplayDeliveryRequest, ReplayDeliveryResponse,
};
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use super::Api;
use crate::list_deliveries::list_deliveries;
use crate::replay_delivery::replay_delivery;
use crate::wire::delivery as wire;

#[tonic::async_trait]
impl DeliveryService for Api {
    async fn list_deliveries(
        &self,
        request: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        let caller = caller_of(&request)?;
        let wish = wire::list(&self.ctx, &caller, request.get_ref())?;
        let page = list_deliveries(&self.ctx, &caller, wish).await?;
        Ok(Response::new(wire::page(&self.ctx, &caller, request.get_ref(), page)?))
    }

    async fn replay_delivery(
        &self,
        request: Request<ReplayDeliveryRequest>,
    ) -> Result<Response<ReplayDeliveryResponse>, Status> {
        let caller = caller_of(&request)?;
        let replay = wire::replay(&self.ctx, &caller, request.get_ref())?;
        let delivery = replay_delivery(&self.ctx, &caller, replay).await?;
        Ok(Response::new(ReplayDeliveryResponse { delivery: Some(wire::to_message(delivery)) }))
    }
}
