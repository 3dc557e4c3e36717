//! `helpline.intake.v1.SurveyService`.

use helpline_proto::intake::v1::survey_service_server::SurveyService;
use helpline_proto::intake::v1::{
    GetSurveyRequest, GetSurveyResponse, RecordSurveyRequest, RecordSurveyResponse, ReviewSurveyRequest,
    ReviewSurveyResponse,
};
use helpline_service_kit::Ctx;
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::wire::timestamp;
use tonic::{Request, Response, Status};

use crate::{survey, wire};

/// The survey service of a process.
#[derive(Clone, Debug)]
pub struct SurveyApi {
    ctx: Ctx,
}

impl SurveyApi {
    /// The service over these means.
    pub fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

#[tonic::async_trait]
impl SurveyService for SurveyApi {
    async fn record_survey(
        &self,
        request: Request<RecordSurveyRequest>,
    ) -> Result<Response<RecordSurveyResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, contact, answers) = wire::read_survey(&self.ctx, &caller, request.get_ref())?;
        let at = survey::record(&self.ctx, &caller, (&command, contact), &answers).await?;
        Ok(Response::new(RecordSurveyResponse { record_time: Some(timestamp(at)) }))
    }

    async fn review_survey(
        &self,
        request: Request<ReviewSurveyRequest>,
    ) -> Result<Response<ReviewSurveyResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, contact) = wire::read_review(&self.ctx, &caller, request.get_ref())?;
        let survey = survey::review(&self.ctx, &caller, (&command, contact)).await?;
        Ok(Response::new(ReviewSurveyResponse { survey: Some(wire::survey(&survey)) }))
    }

    async fn get_survey(
        &self,
        request: Request<GetSurveyRequest>,
    ) -> Result<Response<GetSurveyResponse>, Status> {
        let caller = caller_of(&request)?;
        let contact = wire::read_surveyed(request.get_ref())?;
        let survey = survey::get(&self.ctx, &caller, contact).await?;
        Ok(Response::new(GetSurveyResponse { survey: Some(wire::survey(&survey)) }))
    }
}
