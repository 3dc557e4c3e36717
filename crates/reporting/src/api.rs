//! The generated trait: one short method each.

use helpline_proto::reporting::v1 as proto;
use helpline_proto::reporting::v1::report_service_server::ReportService;
use helpline_service_kit::Ctx;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::{count, surveys, wire, year};

/// Implements the service of reporting.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
}

#[tonic::async_trait]
impl ReportService for Api {
    async fn count_contacts(
        &self,
        request: Request<proto::CountContactsRequest>,
    ) -> Result<Response<proto::CountContactsResponse>, Status> {
        let caller = caller_of(&request)?;
        let (period, dimensions) = wire::count(request.get_ref())?;
        let (counts, total_contacts) = count::contacts(&self.ctx, &caller, period, &dimensions).await?;
        let counts = counts.into_iter().map(wire::counted).collect();
        Ok(Response::new(proto::CountContactsResponse { counts, total_contacts }))
    }

    async fn list_counted_contacts(
        &self,
        request: Request<proto::ListCountedContactsRequest>,
    ) -> Result<Response<proto::ListCountedContactsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::pages(&self.ctx, &caller, request.get_ref());
        let (period, (dimensions, cell), page) = wire::list(&pages, request.get_ref())?;
        let (found, next) = count::list(&self.ctx, &caller, period, (&dimensions, &cell), page).await?;
        let contact_ids = found.iter().map(ToString::to_string).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListCountedContactsResponse { contact_ids, next_page_token }))
    }

    async fn get_yearly_report(
        &self,
        request: Request<proto::GetYearlyReportRequest>,
    ) -> Result<Response<proto::GetYearlyReportResponse>, Status> {
        let caller = caller_of(&request)?;
        let year = wire::year(request.into_inner())?;
        let (tables, total_contacts) = year::report(&self.ctx, &caller, year).await?;
        let tables = tables.into_iter().map(wire::table).collect();
        Ok(Response::new(proto::GetYearlyReportResponse { tables, total_contacts }))
    }

    async fn count_surveys(
        &self,
        request: Request<proto::CountSurveysRequest>,
    ) -> Result<Response<proto::CountSurveysResponse>, Status> {
        let caller = caller_of(&request)?;
        let period = wire::months(request.get_ref())?;
        let (parts, pooled, whole) = surveys::count(&self.ctx, &caller, period).await?;
        let counts = parts.iter().map(wire::surveys).collect();
        let (pooled, total) = (pooled.as_ref().map(wire::surveys), Some(wire::surveys(&whole)));
        Ok(Response::new(proto::CountSurveysResponse { counts, pooled, total }))
    }
}
