//! The API of referrals.

use helpline_proto::referral::v1 as proto;
use helpline_proto::referral::v1::referral_service_server::ReferralService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::wire::{self, lists, read};
use crate::{access, answer, appointment, draft, ending, get, notes, progress, watch};

#[tonic::async_trait]
impl ReferralService for Api {
    type WatchReferralsStream = watch::Watched;

    async fn draft_referral(
        &self,
        request: Request<proto::DraftReferralRequest>,
    ) -> Result<Response<proto::DraftReferralResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::draft::draft(&self.ctx, &caller, request.get_ref())?;
        let one = draft::draft_referral(&self.ctx, &caller, &command, &new).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::DraftReferralResponse { referral }))
    }

    async fn revise_referral_draft(
        &self,
        request: Request<proto::ReviseReferralDraftRequest>,
    ) -> Result<Response<proto::ReviseReferralDraftResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, revision) = wire::draft::revise(&self.ctx, &caller, request.get_ref())?;
        let one = draft::revise_referral_draft(&self.ctx, &caller, &command, &revision).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::ReviseReferralDraftResponse { referral }))
    }

    async fn send_referral(
        &self,
        request: Request<proto::SendReferralRequest>,
    ) -> Result<Response<proto::SendReferralResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, ()) = read::send(&self.ctx, &caller, request.get_ref())?;
        let one = answer::send(&self.ctx, &caller, (&command, &act)).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::SendReferralResponse { referral }))
    }

    async fn accept_referral(
        &self,
        request: Request<proto::AcceptReferralRequest>,
    ) -> Result<Response<proto::AcceptReferralResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, number) = read::accept(&self.ctx, &caller, request.get_ref())?;
        let one = answer::accept(&self.ctx, &caller, (&command, &act), number).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::AcceptReferralResponse { referral }))
    }

    async fn reject_referral(
        &self,
        request: Request<proto::RejectReferralRequest>,
    ) -> Result<Response<proto::RejectReferralResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, reason) = read::reject(&self.ctx, &caller, request.get_ref())?;
        let one = answer::reject(&self.ctx, &caller, (&command, &act), reason).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::RejectReferralResponse { referral }))
    }

    async fn report_referral_progress(
        &self,
        request: Request<proto::ReportReferralProgressRequest>,
    ) -> Result<Response<proto::ReportReferralProgressResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, (state, reason)) = read::report(&self.ctx, &caller, request.get_ref())?;
        let one = progress::report(&self.ctx, &caller, (&command, &act), state, reason).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::ReportReferralProgressResponse { referral }))
    }

    async fn record_referral_outcome(
        &self,
        request: Request<proto::RecordReferralOutcomeRequest>,
    ) -> Result<Response<proto::RecordReferralOutcomeResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, outcome) = read::record_outcome(&self.ctx, &caller, request.get_ref())?;
        let completed = request.get_ref().completed;
        let one = progress::record_outcome(&self.ctx, &caller, (&command, &act), completed, outcome).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::RecordReferralOutcomeResponse { referral }))
    }

    async fn schedule_appointment(
        &self,
        request: Request<proto::ScheduleAppointmentRequest>,
    ) -> Result<Response<proto::ScheduleAppointmentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, at) = read::schedule(&self.ctx, &caller, request.get_ref())?;
        let one = appointment::schedule(&self.ctx, &caller, (&command, &act), at).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::ScheduleAppointmentResponse { referral }))
    }

    async fn record_appointment(
        &self,
        request: Request<proto::RecordAppointmentRequest>,
    ) -> Result<Response<proto::RecordAppointmentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, state) = read::record_appointment(&self.ctx, &caller, request.get_ref())?;
        let one = appointment::record(&self.ctx, &caller, (&command, &act), state).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::RecordAppointmentResponse { referral }))
    }

    async fn ask_to_cancel_referral(
        &self,
        request: Request<proto::AskToCancelReferralRequest>,
    ) -> Result<Response<proto::AskToCancelReferralResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, reason) = read::ask_to_cancel(&self.ctx, &caller, request.get_ref())?;
        let one = ending::ask_to_cancel(&self.ctx, &caller, (&command, &act), reason).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::AskToCancelReferralResponse { referral }))
    }

    async fn answer_cancel_referral(
        &self,
        request: Request<proto::AnswerCancelReferralRequest>,
    ) -> Result<Response<proto::AnswerCancelReferralResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, agree) = read::answer_cancel(&self.ctx, &caller, request.get_ref())?;
        let one = ending::answer_cancel(&self.ctx, &caller, (&command, &act), agree).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::AnswerCancelReferralResponse { referral }))
    }

    async fn revoke_referral(
        &self,
        request: Request<proto::RevokeReferralRequest>,
    ) -> Result<Response<proto::RevokeReferralResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, reason) = read::revoke(&self.ctx, &caller, request.get_ref())?;
        let one = ending::revoke(&self.ctx, &caller, (&command, &act), reason).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::RevokeReferralResponse { referral }))
    }

    async fn mark_referral_entered_in_error(
        &self,
        request: Request<proto::MarkReferralEnteredInErrorRequest>,
    ) -> Result<Response<proto::MarkReferralEnteredInErrorResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, ()) = read::entered_in_error(&self.ctx, &caller, request.get_ref())?;
        let one = ending::entered_in_error(&self.ctx, &caller, (&command, &act)).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::MarkReferralEnteredInErrorResponse { referral }))
    }

    async fn add_referral_remark(
        &self,
        request: Request<proto::AddReferralRemarkRequest>,
    ) -> Result<Response<proto::AddReferralRemarkResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, note) = read::add_remark(&self.ctx, &caller, request.get_ref())?;
        let entry = notes::add_remark(&self.ctx, &caller, (&command, &act), note).await?;
        Ok(Response::new(proto::AddReferralRemarkResponse { entry: Some(wire::entry(&entry)) }))
    }

    async fn get_referral(
        &self,
        request: Request<proto::GetReferralRequest>,
    ) -> Result<Response<proto::GetReferralResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = read::referral_id(&request.get_ref().referral_id)?;
        let one = access::seen(&self.ctx, &caller, id).await?;
        let referral = Some(wire::referral(&caller, &one));
        Ok(Response::new(proto::GetReferralResponse { referral }))
    }

    async fn list_referrals(
        &self,
        request: Request<proto::ListReferralsRequest>,
    ) -> Result<Response<proto::ListReferralsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = lists::list_pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = lists::list(&pages, request.get_ref())?;
        let (found, next) = get::list_referrals(&self.ctx, &caller, filter, page).await?;
        Ok(Response::new(proto::ListReferralsResponse {
            referrals: found.iter().map(|one| wire::referral(&caller, one)).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }

    async fn list_referral_timeline(
        &self,
        request: Request<proto::ListReferralTimelineRequest>,
    ) -> Result<Response<proto::ListReferralTimelineResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = lists::timeline_pages(&self.ctx, &caller, request.get_ref());
        let (id, page) = lists::timeline(&pages, request.get_ref())?;
        let (found, next) = get::list_timeline(&self.ctx, &caller, id, page).await?;
        Ok(Response::new(proto::ListReferralTimelineResponse {
            entries: found.iter().map(wire::entry).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }

    async fn watch_referrals(
        &self,
        request: Request<proto::WatchReferralsRequest>,
    ) -> Result<Response<Self::WatchReferralsStream>, Status> {
        let caller = caller_of(&request)?;
        Ok(Response::new(watch::watch_referrals(&self.ctx, &caller)))
    }
}
