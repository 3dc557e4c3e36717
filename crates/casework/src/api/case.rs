//! The API of cases.

use helpline_proto::casework::v1 as proto;
use helpline_proto::casework::v1::case_service_server::CaseService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::wire::cases as wire;
use crate::{approval, custody, mend, open, section, status};

#[tonic::async_trait]
impl CaseService for Api {
    async fn open_case(
        &self,
        request: Request<proto::OpenCaseRequest>,
    ) -> Result<Response<proto::OpenCaseResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::open(&self.ctx, &caller, request.get_ref())?;
        let one = open::open_case(&self.ctx, &caller, &command, &new).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::OpenCaseResponse { case }))
    }

    async fn write_case_section(
        &self,
        request: Request<proto::WriteCaseSectionRequest>,
    ) -> Result<Response<proto::WriteCaseSectionResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, written) = wire::write(&self.ctx, &caller, request.get_ref())?;
        let one = section::write(&self.ctx, &caller, (&command, &act), written).await?;
        let entry = Some(wire::entry(&one));
        Ok(Response::new(proto::WriteCaseSectionResponse { entry }))
    }

    async fn change_case_status(
        &self,
        request: Request<proto::ChangeCaseStatusRequest>,
    ) -> Result<Response<proto::ChangeCaseStatusResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, (next, reason)) = wire::status(&self.ctx, &caller, request.get_ref())?;
        let one = status::change(&self.ctx, &caller, (&command, &act), (&next, reason.as_deref())).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::ChangeCaseStatusResponse { case }))
    }

    async fn link_case_contact(
        &self,
        request: Request<proto::LinkCaseContactRequest>,
    ) -> Result<Response<proto::LinkCaseContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, contact) = wire::link(&self.ctx, &caller, request.get_ref())?;
        let one = section::link_contact(&self.ctx, &caller, (&command, &act), contact).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::LinkCaseContactResponse { case }))
    }

    async fn transfer_case(
        &self,
        request: Request<proto::TransferCaseRequest>,
    ) -> Result<Response<proto::TransferCaseResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, to) = wire::transfer(&self.ctx, &caller, request.get_ref())?;
        let one = custody::transfer(&self.ctx, &caller, (&command, &act), to).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::TransferCaseResponse { case }))
    }

    async fn answer_case_transfer(
        &self,
        request: Request<proto::AnswerCaseTransferRequest>,
    ) -> Result<Response<proto::AnswerCaseTransferResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, accept) = wire::answer_transfer(&self.ctx, &caller, request.get_ref())?;
        let one = custody::answer(&self.ctx, &caller, (&command, &act), accept).await?;
        // Who has said no may not know of it any more.
        let gone = || proto::Case { case_id: act.case_id.to_string(), ..proto::Case::default() };
        let case = Some(one.as_ref().map_or_else(gone, wire::case));
        Ok(Response::new(proto::AnswerCaseTransferResponse { case }))
    }

    async fn revoke_case_transfer(
        &self,
        request: Request<proto::RevokeCaseTransferRequest>,
    ) -> Result<Response<proto::RevokeCaseTransferResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, ()) = wire::revoke_transfer(&self.ctx, &caller, request.get_ref())?;
        let one = custody::revoke(&self.ctx, &caller, (&command, &act)).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::RevokeCaseTransferResponse { case }))
    }

    async fn assign_case(
        &self,
        request: Request<proto::AssignCaseRequest>,
    ) -> Result<Response<proto::AssignCaseResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, to) = wire::assign(&self.ctx, &caller, request.get_ref())?;
        let one = custody::assign(&self.ctx, &caller, (&command, &act), to).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::AssignCaseResponse { case }))
    }

    async fn ask_case_approval(
        &self,
        request: Request<proto::AskCaseApprovalRequest>,
    ) -> Result<Response<proto::AskCaseApprovalResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, what) = wire::ask_approval(&self.ctx, &caller, request.get_ref())?;
        let one = approval::ask(&self.ctx, &caller, (&command, &act), what).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::AskCaseApprovalResponse { case }))
    }

    async fn answer_case_approval(
        &self,
        request: Request<proto::AnswerCaseApprovalRequest>,
    ) -> Result<Response<proto::AnswerCaseApprovalResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, approve) = wire::answer_approval(&self.ctx, &caller, request.get_ref())?;
        let one = approval::answer(&self.ctx, &caller, (&command, &act), approve).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::AnswerCaseApprovalResponse { case }))
    }

    async fn unlink_case_contact(
        &self,
        request: Request<proto::UnlinkCaseContactRequest>,
    ) -> Result<Response<proto::UnlinkCaseContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, contact) = wire::unlink(&self.ctx, &caller, request.get_ref())?;
        let one = mend::unlink_contact(&self.ctx, &caller, (&command, &act), contact).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::UnlinkCaseContactResponse { case }))
    }

    async fn move_case(
        &self,
        request: Request<proto::MoveCaseRequest>,
    ) -> Result<Response<proto::MoveCaseResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, child) = wire::move_case(&self.ctx, &caller, request.get_ref())?;
        let one = mend::move_case(&self.ctx, &caller, (&command, &act), child).await?;
        let case = Some(wire::case(&one));
        Ok(Response::new(proto::MoveCaseResponse { case }))
    }

    async fn get_case(
        &self,
        request: Request<proto::GetCaseRequest>,
    ) -> Result<Response<proto::GetCaseResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::case_id(&request.get_ref().case_id)?;
        let case = Some(wire::case(&open::get_case(&self.ctx, &caller, id).await?));
        Ok(Response::new(proto::GetCaseResponse { case }))
    }

    async fn list_cases(
        &self,
        request: Request<proto::ListCasesRequest>,
    ) -> Result<Response<proto::ListCasesResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::list_pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = wire::list(&pages, request.get_ref())?;
        let (found, next) = open::list_cases(&self.ctx, &caller, filter, page).await?;
        let cases = found.iter().map(wire::case).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListCasesResponse { cases, next_page_token }))
    }

    async fn list_case_timeline(
        &self,
        request: Request<proto::ListCaseTimelineRequest>,
    ) -> Result<Response<proto::ListCaseTimelineResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::timeline_pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = wire::timeline(&pages, request.get_ref())?;
        let (found, next) = open::list_timeline(&self.ctx, &caller, filter, page).await?;
        let entries = found.iter().map(wire::entry).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListCaseTimelineResponse { entries, next_page_token }))
    }
}
