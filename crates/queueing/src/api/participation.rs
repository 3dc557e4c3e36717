//! The API of participations: warm transfer, consultation, conference.

use helpline_proto::queueing::v1::participation_service_server::ParticipationService;
use helpline_proto::queueing::v1::{
    DeclineInvitationRequest, DeclineInvitationResponse, InviteParticipantRequest, InviteParticipantResponse,
    JoinContactRequest, JoinContactResponse, LeaveContactRequest, LeaveContactResponse,
    ListParticipationsRequest, ListParticipationsResponse, RemoveParticipantRequest,
    RemoveParticipantResponse, TakeOverRequest, TakeOverResponse,
};
use helpline_service_kit::caller::caller_of;
use helpline_service_kit::command::command;
use helpline_service_kit::wire::{Sight, contact};
use helpline_store::participation::PartEnd;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::participation::end_part::end_part;
use crate::participation::invite_participant::invite_participant;
use crate::participation::join_contact::join_contact;
use crate::participation::list_participations::list_participations;
use crate::participation::take_over::take_over;
use crate::participation::wire;

#[tonic::async_trait]
impl ParticipationService for Api {
    async fn invite_participant(
        &self,
        request: Request<InviteParticipantRequest>,
    ) -> Result<Response<InviteParticipantResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let invite = wire::invite(&caller, &request)?;
        let command = command(&self.ctx, &caller, "InviteParticipant", invite.request_id, &request);
        let invited = invite_participant(&self.ctx, &caller, &command, invite).await?;
        Ok(Response::new(InviteParticipantResponse { participation: Some(invited) }))
    }

    async fn remove_participant(
        &self,
        request: Request<RemoveParticipantRequest>,
    ) -> Result<Response<RemoveParticipantResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = wire::on_participation(&request.request_id, &request.participation_id)?;
        let command = command(&self.ctx, &caller, "RemoveParticipant", request_id, &request);
        let removed = end_part(&self.ctx, &caller, &command, id, PartEnd::Remove).await?;
        Ok(Response::new(RemoveParticipantResponse { participation: Some(removed) }))
    }

    async fn join_contact(
        &self,
        request: Request<JoinContactRequest>,
    ) -> Result<Response<JoinContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = wire::on_participation(&request.request_id, &request.participation_id)?;
        let command = command(&self.ctx, &caller, "JoinContact", request_id, &request);
        Ok(Response::new(join_contact(&self.ctx, &caller, &command, id).await?))
    }

    async fn decline_invitation(
        &self,
        request: Request<DeclineInvitationRequest>,
    ) -> Result<Response<DeclineInvitationResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id, reason) = wire::decline(&request)?;
        let command = command(&self.ctx, &caller, "DeclineInvitation", request_id, &request);
        let declined = end_part(&self.ctx, &caller, &command, id, PartEnd::Decline(reason)).await?;
        Ok(Response::new(DeclineInvitationResponse { participation: Some(declined) }))
    }

    async fn take_over(
        &self,
        request: Request<TakeOverRequest>,
    ) -> Result<Response<TakeOverResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = wire::on_participation(&request.request_id, &request.participation_id)?;
        let command = command(&self.ctx, &caller, "TakeOver", request_id, &request);
        let taken = take_over(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(TakeOverResponse { contact: Some(contact(&taken, Sight::Full)) }))
    }

    async fn leave_contact(
        &self,
        request: Request<LeaveContactRequest>,
    ) -> Result<Response<LeaveContactResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (request_id, id) = wire::on_participation(&request.request_id, &request.participation_id)?;
        let command = command(&self.ctx, &caller, "LeaveContact", request_id, &request);
        let left = end_part(&self.ctx, &caller, &command, id, PartEnd::Leave).await?;
        Ok(Response::new(LeaveContactResponse { participation: Some(left) }))
    }

    async fn list_participations(
        &self,
        request: Request<ListParticipationsRequest>,
    ) -> Result<Response<ListParticipationsResponse>, Status> {
        let caller = caller_of(&request)?;
        let contact_id = crate::wire::contact_id(&request.into_inner().contact_id)?;
        let participations = list_participations(&self.ctx, &caller, contact_id).await?;
        Ok(Response::new(ListParticipationsResponse { participations }))
    }
}
