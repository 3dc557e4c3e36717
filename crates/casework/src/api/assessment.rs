//! The API of assessments.

use helpline_proto::casework::v1 as proto;
use helpline_proto::casework::v1::assessment_service_server::AssessmentService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::assessment::{self, begin, fill, judge};
use crate::wire::assessments as wire;

#[tonic::async_trait]
impl AssessmentService for Api {
    async fn start_assessment(
        &self,
        request: Request<proto::StartAssessmentRequest>,
    ) -> Result<Response<proto::StartAssessmentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (case, form, subject)) = wire::start(&self.ctx, &caller, request.get_ref())?;
        let one = begin::start(&self.ctx, &caller, &command, (case, &form, subject)).await?;
        let assessment = Some(wire::assessment(&one));
        Ok(Response::new(proto::StartAssessmentResponse { assessment }))
    }

    async fn save_assessment(
        &self,
        request: Request<proto::SaveAssessmentRequest>,
    ) -> Result<Response<proto::SaveAssessmentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, (given, expected)) = wire::save(&self.ctx, &caller, request.get_ref())?;
        let one = fill::save(&self.ctx, &caller, (&command, &act), (&given, expected)).await?;
        let assessment = Some(wire::assessment(&one));
        Ok(Response::new(proto::SaveAssessmentResponse { assessment }))
    }

    async fn complete_assessment(
        &self,
        request: Request<proto::CompleteAssessmentRequest>,
    ) -> Result<Response<proto::CompleteAssessmentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, expected) = wire::complete(&self.ctx, &caller, request.get_ref())?;
        let one = fill::complete(&self.ctx, &caller, (&command, &act), expected).await?;
        let assessment = Some(wire::assessment(&one));
        Ok(Response::new(proto::CompleteAssessmentResponse { assessment }))
    }

    async fn revise_assessment(
        &self,
        request: Request<proto::ReviseAssessmentRequest>,
    ) -> Result<Response<proto::ReviseAssessmentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, ()) = wire::revise(&self.ctx, &caller, request.get_ref())?;
        let one = begin::revise(&self.ctx, &caller, &command, act.assessment_id).await?;
        let assessment = Some(wire::assessment(&one));
        Ok(Response::new(proto::ReviseAssessmentResponse { assessment }))
    }

    async fn override_assessment(
        &self,
        request: Request<proto::OverrideAssessmentRequest>,
    ) -> Result<Response<proto::OverrideAssessmentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, (outcome, reason)) = wire::judge(&self.ctx, &caller, request.get_ref())?;
        let one = judge::judge(&self.ctx, &caller, (&command, &act), (outcome, &reason)).await?;
        let assessment = Some(wire::assessment(&one));
        Ok(Response::new(proto::OverrideAssessmentResponse { assessment }))
    }

    async fn ask_assessment_approval(
        &self,
        request: Request<proto::AskAssessmentApprovalRequest>,
    ) -> Result<Response<proto::AskAssessmentApprovalResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, ()) = wire::ask_approval(&self.ctx, &caller, request.get_ref())?;
        let one = judge::ask(&self.ctx, &caller, (&command, &act)).await?;
        let assessment = Some(wire::assessment(&one));
        Ok(Response::new(proto::AskAssessmentApprovalResponse { assessment }))
    }

    async fn answer_assessment_approval(
        &self,
        request: Request<proto::AnswerAssessmentApprovalRequest>,
    ) -> Result<Response<proto::AnswerAssessmentApprovalResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, answer) = wire::answer_approval(&self.ctx, &caller, request.get_ref())?;
        let one = judge::answer(&self.ctx, &caller, (&command, &act), answer).await?;
        let assessment = Some(wire::assessment(&one));
        Ok(Response::new(proto::AnswerAssessmentApprovalResponse { assessment }))
    }

    async fn get_assessment(
        &self,
        request: Request<proto::GetAssessmentRequest>,
    ) -> Result<Response<proto::GetAssessmentResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::assessment_id(&request.get_ref().assessment_id)?;
        let one = assessment::seen(&self.ctx, &caller, id, true).await?;
        let assessment = Some(wire::answered(&one)?);
        Ok(Response::new(proto::GetAssessmentResponse { assessment }))
    }

    async fn list_assessments(
        &self,
        request: Request<proto::ListAssessmentsRequest>,
    ) -> Result<Response<proto::ListAssessmentsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::list_pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = wire::list(&pages, request.get_ref())?;
        let (found, next) = assessment::list(&self.ctx, &caller, filter, page).await?;
        let assessments = found.iter().map(wire::assessment).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListAssessmentsResponse { assessments, next_page_token }))
    }
}
