//! The generated trait: one short method each.

use helpline_domain::reintegration::ReturneeState;
use helpline_proto::reintegration::v1 as proto;
use helpline_proto::reintegration::v1::cohort_service_server::CohortService;
use helpline_service_kit::Ctx;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::wire::{self, requests};
use crate::{act, announce, cohort, lists, score, steps};

/// Implements the service.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
}

/// A step about which nothing else is to be said.
macro_rules! go_on {
    ($api:ident, $request:ident, $read:ident, $event:literal, $state:ident, $response:ident) => {{
        let caller = caller_of(&$request)?;
        let ((command, act), ()) = requests::$read(&$api.ctx, &caller, $request.get_ref())?;
        let next = ($event, ReturneeState::$state);
        let one = steps::go_on(&$api.ctx, &caller, (&command, &act), next).await?;
        Ok(Response::new(proto::$response { returnee: Some(wire::returnee(&one)) }))
    }};
}

#[tonic::async_trait]
impl CohortService for Api {
    async fn create_cohort(
        &self,
        request: Request<proto::CreateCohortRequest>,
    ) -> Result<Response<proto::CreateCohortResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, name, at)) = requests::create(&self.ctx, &caller, request.get_ref())?;
        let one = cohort::create(&self.ctx, &caller, &command, (id, &name, at)).await?;
        Ok(Response::new(proto::CreateCohortResponse { cohort: Some(wire::cohort(&one)) }))
    }

    async fn grant_cohort(
        &self,
        request: Request<proto::GrantCohortRequest>,
    ) -> Result<Response<proto::GrantCohortResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, asked) = requests::grant(&self.ctx, &caller, request.get_ref())?;
        let one = cohort::grant(&self.ctx, &caller, &command, asked).await?;
        Ok(Response::new(proto::GrantCohortResponse { cohort: Some(wire::cohort(&one)) }))
    }

    async fn revoke_cohort(
        &self,
        request: Request<proto::RevokeCohortRequest>,
    ) -> Result<Response<proto::RevokeCohortResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, asked) = requests::revoke(&self.ctx, &caller, request.get_ref())?;
        let one = cohort::grant(&self.ctx, &caller, &command, asked).await?;
        Ok(Response::new(proto::RevokeCohortResponse { cohort: Some(wire::cohort(&one)) }))
    }

    async fn announce_returnees(
        &self,
        request: Request<proto::AnnounceReturneesRequest>,
    ) -> Result<Response<proto::AnnounceReturneesResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, children)) = requests::announce(&self.ctx, &caller, request.get_ref())?;
        let all = announce::announce(&self.ctx, &caller, &command, (id, &children)).await?;
        let returnees = all.iter().map(wire::returnee).collect();
        Ok(Response::new(proto::AnnounceReturneesResponse { returnees }))
    }

    async fn reschedule_cohort(
        &self,
        request: Request<proto::RescheduleCohortRequest>,
    ) -> Result<Response<proto::RescheduleCohortResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, asked) = requests::reschedule_cohort(&self.ctx, &caller, request.get_ref())?;
        let one = cohort::reschedule(&self.ctx, &caller, &command, asked).await?;
        Ok(Response::new(proto::RescheduleCohortResponse { cohort: Some(wire::cohort(&one)) }))
    }

    async fn reschedule_returnee(
        &self,
        request: Request<proto::RescheduleReturneeRequest>,
    ) -> Result<Response<proto::RescheduleReturneeResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = requests::reschedule(&self.ctx, &caller, request.get_ref())?;
        let one = steps::reschedule(&self.ctx, &caller, (&command, &act), said).await?;
        Ok(Response::new(proto::RescheduleReturneeResponse { returnee: Some(wire::returnee(&one)) }))
    }

    async fn record_returnee_not_arrived(
        &self,
        request: Request<proto::RecordReturneeNotArrivedRequest>,
    ) -> Result<Response<proto::RecordReturneeNotArrivedResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = requests::not_arrived(&self.ctx, &caller, request.get_ref())?;
        let one = steps::not_arrived(&self.ctx, &caller, (&command, &act), said).await?;
        Ok(Response::new(proto::RecordReturneeNotArrivedResponse { returnee: Some(wire::returnee(&one)) }))
    }

    async fn settle_returnee(
        &self,
        request: Request<proto::SettleReturneeRequest>,
    ) -> Result<Response<proto::SettleReturneeResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = requests::settle(&self.ctx, &caller, request.get_ref())?;
        let one = steps::settle(&self.ctx, &caller, (&command, &act), &said).await?;
        Ok(Response::new(proto::SettleReturneeResponse { returnee: Some(wire::returnee(&one)) }))
    }

    async fn record_returnee_arrival(
        &self,
        request: Request<proto::RecordReturneeArrivalRequest>,
    ) -> Result<Response<proto::RecordReturneeArrivalResponse>, Status> {
        go_on!(self, request, arrive, "arrived", Arrived, RecordReturneeArrivalResponse)
    }

    async fn start_first_rehabilitation(
        &self,
        request: Request<proto::StartFirstRehabilitationRequest>,
    ) -> Result<Response<proto::StartFirstRehabilitationResponse>, Status> {
        go_on!(
            self,
            request,
            rehabilitate,
            "rehabilitation_started",
            FirstRehabilitation,
            StartFirstRehabilitationResponse
        )
    }

    async fn start_returnee_monitoring(
        &self,
        request: Request<proto::StartReturneeMonitoringRequest>,
    ) -> Result<Response<proto::StartReturneeMonitoringResponse>, Status> {
        go_on!(self, request, monitor, "monitored", Monitored, StartReturneeMonitoringResponse)
    }

    async fn close_returnee(
        &self,
        request: Request<proto::CloseReturneeRequest>,
    ) -> Result<Response<proto::CloseReturneeResponse>, Status> {
        go_on!(self, request, close, "closed", Closed, CloseReturneeResponse)
    }

    async fn get_cohort(
        &self,
        request: Request<proto::GetCohortRequest>,
    ) -> Result<Response<proto::GetCohortResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = requests::cohort_id(&request.get_ref().cohort_id)?;
        let one = act::cohort(&self.ctx, &caller, id).await?;
        Ok(Response::new(proto::GetCohortResponse { cohort: Some(wire::cohort(&one)) }))
    }

    async fn list_cohorts(
        &self,
        request: Request<proto::ListCohortsRequest>,
    ) -> Result<Response<proto::ListCohortsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = requests::cohort_pages(&self.ctx, &caller);
        let page = requests::cohorts(&pages, request.get_ref())?;
        let (found, next) = lists::cohorts(&self.ctx, &caller, page).await?;
        let cohorts = found.iter().map(wire::cohort).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListCohortsResponse { cohorts, next_page_token }))
    }

    async fn get_returnee(
        &self,
        request: Request<proto::GetReturneeRequest>,
    ) -> Result<Response<proto::GetReturneeResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = requests::returnee_id(&request.get_ref().returnee_id)?;
        let one = act::returnee(&self.ctx, &caller, id, true).await?;
        Ok(Response::new(proto::GetReturneeResponse { returnee: Some(wire::returnee(&one)) }))
    }

    async fn list_returnees(
        &self,
        request: Request<proto::ListReturneesRequest>,
    ) -> Result<Response<proto::ListReturneesResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = requests::returnee_pages(&self.ctx, &caller, request.get_ref());
        let (which, page) = requests::returnees(&pages, request.get_ref())?;
        let (found, next) = lists::returnees(&self.ctx, &caller, which, page).await?;
        let returnees = found.iter().map(wire::returnee).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListReturneesResponse { returnees, next_page_token }))
    }

    async fn get_scorecard(
        &self,
        request: Request<proto::GetScorecardRequest>,
    ) -> Result<Response<proto::GetScorecardResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = requests::cohort_id(&request.get_ref().cohort_id)?;
        let (at, one) = score::get(&self.ctx, &caller, id).await?;
        Ok(Response::new(proto::GetScorecardResponse { scorecard: Some(wire::scorecard(at, &one)) }))
    }
}
