//! The API of capacity.

use helpline_proto::referral::v1 as proto;
use helpline_proto::referral::v1::capacity_service_server::CapacityService;
use helpline_service_kit::caller::caller_of;
use helpline_store::capacity::HoldStep;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::capacity::{self, wire};

#[tonic::async_trait]
impl CapacityService for Api {
    async fn set_capacity(
        &self,
        request: Request<proto::SetCapacityRequest>,
    ) -> Result<Response<proto::SetCapacityResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, set) = wire::set(&self.ctx, &caller, request.get_ref())?;
        let row = capacity::set_capacity(&self.ctx, &caller, &command, &set).await?;
        Ok(Response::new(proto::SetCapacityResponse { capacity: Some(wire::capacity(&caller, &row)) }))
    }

    async fn place_hold(
        &self,
        request: Request<proto::PlaceHoldRequest>,
    ) -> Result<Response<proto::PlaceHoldResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, services, new) = wire::place(&self.ctx, &caller, request.get_ref())?;
        let hold = capacity::place_hold(&self.ctx, &caller, &command, (&services, &new)).await?;
        Ok(Response::new(proto::PlaceHoldResponse { hold: Some(wire::hold(&hold)) }))
    }

    async fn confirm_hold(
        &self,
        request: Request<proto::ConfirmHoldRequest>,
    ) -> Result<Response<proto::ConfirmHoldResponse>, Status> {
        let caller = caller_of(&request)?;
        let sent = request.get_ref();
        let ids = (sent.request_id.as_str(), sent.hold_id.as_str());
        let (command, id) = wire::plain(&self.ctx, &caller, ("ConfirmHold", sent), ids)?;
        let hold = capacity::go_on(&self.ctx, &caller, &command, (id, HoldStep::Confirm)).await?;
        Ok(Response::new(proto::ConfirmHoldResponse { hold: Some(wire::hold(&hold)) }))
    }

    async fn release_hold(
        &self,
        request: Request<proto::ReleaseHoldRequest>,
    ) -> Result<Response<proto::ReleaseHoldResponse>, Status> {
        let caller = caller_of(&request)?;
        let sent = request.get_ref();
        let ids = (sent.request_id.as_str(), sent.hold_id.as_str());
        let (command, id) = wire::plain(&self.ctx, &caller, ("ReleaseHold", sent), ids)?;
        let hold = capacity::go_on(&self.ctx, &caller, &command, (id, HoldStep::Release)).await?;
        Ok(Response::new(proto::ReleaseHoldResponse { hold: Some(wire::hold(&hold)) }))
    }

    async fn vacate_hold(
        &self,
        request: Request<proto::VacateHoldRequest>,
    ) -> Result<Response<proto::VacateHoldResponse>, Status> {
        let caller = caller_of(&request)?;
        let sent = request.get_ref();
        let ids = (sent.request_id.as_str(), sent.hold_id.as_str());
        let (command, id) = wire::plain(&self.ctx, &caller, ("VacateHold", sent), ids)?;
        let hold = capacity::go_on(&self.ctx, &caller, &command, (id, HoldStep::Vacate)).await?;
        Ok(Response::new(proto::VacateHoldResponse { hold: Some(wire::hold(&hold)) }))
    }

    async fn list_capacities(
        &self,
        request: Request<proto::ListCapacitiesRequest>,
    ) -> Result<Response<proto::ListCapacitiesResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (size, pages) = wire::list::<proto::ListCapacitiesRequest>(
            &self.ctx,
            &caller,
            "ListCapacities",
            request.page_size,
        )?;
        let page = (size, pages.open(&request.page_token)?);
        let (found, next) = capacity::list_capacities(&self.ctx, &caller, page).await?;
        Ok(Response::new(proto::ListCapacitiesResponse {
            capacities: found.iter().map(|one| wire::capacity(&caller, one)).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }

    async fn get_occupancy(
        &self,
        request: Request<proto::GetOccupancyRequest>,
    ) -> Result<Response<proto::GetOccupancyResponse>, Status> {
        let caller = caller_of(&request)?;
        let (service, unit, days) = wire::occupancy(request.get_ref())?;
        let found = capacity::get_occupancy(&self.ctx, &caller, (service, &unit), days).await?;
        Ok(Response::new(proto::GetOccupancyResponse { days: wire::days(&found) }))
    }

    async fn list_holds(
        &self,
        request: Request<proto::ListHoldsRequest>,
    ) -> Result<Response<proto::ListHoldsResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (size, pages) =
            wire::list::<proto::ListHoldsRequest>(&self.ctx, &caller, "ListHolds", request.page_size)?;
        let page = (size, pages.open(&request.page_token)?);
        let (found, next) = capacity::list_holds(&self.ctx, &caller, page).await?;
        Ok(Response::new(proto::ListHoldsResponse {
            holds: found.iter().map(wire::hold).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }
}
