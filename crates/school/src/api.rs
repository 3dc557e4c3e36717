//! The generated trait: one short method each.

use helpline_proto::school::v1 as proto;
use helpline_proto::school::v1::school_report_service_server::SchoolReportService;
use helpline_service_kit::Ctx;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::wire::{self, steps};
use crate::{act, file, link, lists, steps as does};

/// Implements the service.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) ctx: Ctx,
}

#[tonic::async_trait]
impl SchoolReportService for Api {
    async fn file_school_report(
        &self,
        request: Request<proto::FileSchoolReportRequest>,
    ) -> Result<Response<proto::FileSchoolReportResponse>, Status> {
        let caller = caller_of(&request)?;
        let asked = steps::file(&self.ctx, &caller, request.get_ref())?;
        let school_report = Some(wire::report(&caller, file::file(&self.ctx, &caller, asked).await?));
        Ok(Response::new(proto::FileSchoolReportResponse { school_report }))
    }

    async fn assess_school_report(
        &self,
        request: Request<proto::AssessSchoolReportRequest>,
    ) -> Result<Response<proto::AssessSchoolReportResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::assess(&self.ctx, &caller, request.get_ref())?;
        let school_report =
            Some(wire::report(&caller, does::assess(&self.ctx, &caller, (&command, act), said).await?));
        Ok(Response::new(proto::AssessSchoolReportResponse { school_report }))
    }

    async fn approve_not_reportable(
        &self,
        request: Request<proto::ApproveNotReportableRequest>,
    ) -> Result<Response<proto::ApproveNotReportableResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = steps::approve(&self.ctx, &caller, request.get_ref())?;
        let school_report =
            Some(wire::report(&caller, does::approve(&self.ctx, &caller, (&command, act)).await?));
        Ok(Response::new(proto::ApproveNotReportableResponse { school_report }))
    }

    async fn record_mandatory_report(
        &self,
        request: Request<proto::RecordMandatoryReportRequest>,
    ) -> Result<Response<proto::RecordMandatoryReportResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::report(&self.ctx, &caller, request.get_ref())?;
        let school_report =
            Some(wire::report(&caller, does::report(&self.ctx, &caller, (&command, act), said).await?));
        Ok(Response::new(proto::RecordMandatoryReportResponse { school_report }))
    }

    async fn give_reporter_feedback(
        &self,
        request: Request<proto::GiveReporterFeedbackRequest>,
    ) -> Result<Response<proto::GiveReporterFeedbackResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::tell(&self.ctx, &caller, request.get_ref())?;
        let school_report =
            Some(wire::report(&caller, does::tell(&self.ctx, &caller, (&command, act), said).await?));
        Ok(Response::new(proto::GiveReporterFeedbackResponse { school_report }))
    }

    async fn record_feedback_impossible(
        &self,
        request: Request<proto::RecordFeedbackImpossibleRequest>,
    ) -> Result<Response<proto::RecordFeedbackImpossibleResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::tell_nothing(&self.ctx, &caller, request.get_ref())?;
        let school_report =
            Some(wire::report(&caller, does::tell_nothing(&self.ctx, &caller, (&command, act), said).await?));
        Ok(Response::new(proto::RecordFeedbackImpossibleResponse { school_report }))
    }

    async fn close_school_report(
        &self,
        request: Request<proto::CloseSchoolReportRequest>,
    ) -> Result<Response<proto::CloseSchoolReportResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = steps::close(&self.ctx, &caller, request.get_ref())?;
        let school_report =
            Some(wire::report(&caller, does::close(&self.ctx, &caller, (&command, act)).await?));
        Ok(Response::new(proto::CloseSchoolReportResponse { school_report }))
    }

    async fn link_school_reports(
        &self,
        request: Request<proto::LinkSchoolReportsRequest>,
    ) -> Result<Response<proto::LinkSchoolReportsResponse>, Status> {
        let caller = caller_of(&request)?;
        let ((command, act), said) = steps::link(&self.ctx, &caller, request.get_ref())?;
        let school_report =
            Some(wire::report(&caller, link::link(&self.ctx, &caller, (&command, act), said).await?));
        Ok(Response::new(proto::LinkSchoolReportsResponse { school_report }))
    }

    async fn unlink_school_report(
        &self,
        request: Request<proto::UnlinkSchoolReportRequest>,
    ) -> Result<Response<proto::UnlinkSchoolReportResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = steps::unlink(&self.ctx, &caller, request.get_ref())?;
        let school_report =
            Some(wire::report(&caller, link::unlink(&self.ctx, &caller, (&command, act)).await?));
        Ok(Response::new(proto::UnlinkSchoolReportResponse { school_report }))
    }

    async fn get_school_report(
        &self,
        request: Request<proto::GetSchoolReportRequest>,
    ) -> Result<Response<proto::GetSchoolReportResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::report_id(&request.get_ref().school_report_id)?;
        let school_report = Some(wire::report(&caller, act::seen(&self.ctx, &caller, id).await?));
        Ok(Response::new(proto::GetSchoolReportResponse { school_report }))
    }

    async fn list_school_reports(
        &self,
        request: Request<proto::ListSchoolReportsRequest>,
    ) -> Result<Response<proto::ListSchoolReportsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::pages(&self.ctx, &caller, request.get_ref());
        let (which, page) = wire::list(&pages, request.get_ref())?;
        let (found, next) = lists::list(&self.ctx, &caller, &which, page).await?;
        let school_reports = found.into_iter().map(|one| wire::report(&caller, one)).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListSchoolReportsResponse { school_reports, next_page_token }))
    }
}
