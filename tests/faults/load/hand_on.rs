//! A contact is handed on while both counsellors are there, with whatever patience a fault demands.

use std::time::{Duration, Instant};

use helpline_proto::intake::v1::GetContactRequest;
use helpline_proto::queueing::v1::{
    InviteParticipantRequest, JoinContactRequest, Participation, ParticipationKind, TakeOverRequest,
};
use helpline_tests::process::retry;
use helpline_tests::{Refused, request_id};
use tonic::Code;

use super::{PATIENCE, Player};
use crate::story::Act;

impl Player {
    /// Invites whoever is free until somebody has taken the contact over.
    pub(super) async fn hand_on(&self, contact_id: &str) {
        let begun = Instant::now();
        loop {
            let request = GetContactRequest { contact_id: contact_id.to_owned() };
            match self.actor.contacts().get_contact(request).await {
                Err(status) if status.code() == Code::NotFound => return,
                Ok(answer)
                    if answer.get_ref().contact.as_ref().is_some_and(|it| it.participations.is_empty()) =>
                {
                    self.invite(contact_id).await;
                }
                _ => {}
            }
            assert!(begun.elapsed() < PATIENCE, "nobody took a contact over");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn invite(&self, contact_id: &str) {
        let request = InviteParticipantRequest {
            request_id: request_id(),
            contact_id: contact_id.to_owned(),
            kind: ParticipationKind::WarmTransfer.into(),
            briefing: "What was said.".to_owned(),
            ..InviteParticipantRequest::default()
        };
        let invited = retry("invite", PATIENCE, || {
            let (mut client, request) = (self.actor.participations(), request.clone());
            async move { client.invite_participant(request).await }
        });
        if let Err(status) = invited.await {
            let reason = Refused::from(&*status).reason;
            let may = ["NOBODY_FREE", "ALREADY_EXISTS", "NOT_FOUND", "STATE_REFUSED", "RACE_LOST"];
            assert!(may.contains(&reason.as_str()), "an invitation was refused: {status:?}");
        }
    }

    /// Joins, takes the contact over and talks, unless the invitation is over.
    pub(super) async fn take_part(self, part: Participation) {
        let join =
            JoinContactRequest { request_id: request_id(), participation_id: part.participation_id.clone() };
        let joined = retry("join", PATIENCE, || {
            let (mut client, request) = (self.actor.participations(), join.clone());
            async move { client.join_contact(request).await }
        });
        if let Err(status) = joined.await {
            let reason = Refused::from(&*status).reason;
            assert!(["STATE_REFUSED", "NOT_FOUND"].contains(&reason.as_str()), "joining: {status:?}");
            return;
        }
        let take =
            TakeOverRequest { request_id: request_id(), participation_id: part.participation_id.clone() };
        let taken = retry("take over", PATIENCE, || {
            let (mut client, request) = (self.actor.participations(), take.clone());
            async move { client.take_over(request).await }
        });
        if let Err(status) = taken.await {
            let refused = Refused::from(&*status);
            assert!(["STATE_REFUSED", "NOT_FOUND"].contains(&refused.reason.as_str()), "taking: {status:?}");
            // Whose counsellor was lost meanwhile is theirs already.
            if refused.metadata("state") != "took_over" {
                return;
            }
        }
        let number = self.board.of_contact(&part.contact_id).expect("a contact that was offered before");
        self.handle(number, Act::Talk, &part.contact_id, "").await;
    }
}
