//! What counsellors do when others take part in their contacts, or they in those of others.

use helpline_proto::intake::v1::{Contact, SendMessageRequest, WatchMessagesRequest, WatchMessagesResponse};
use helpline_proto::queueing::v1::{
    DeclineInvitationRequest, DeclineReason, InviteParticipantRequest, JoinContactRequest,
    LeaveContactRequest, ListParticipationsRequest, Outside, OutsideRole, Participation, ParticipationKind,
    ParticipationState, RemoveParticipantRequest, TakeOverRequest,
};
use helpline_tests::{Actor, request_id};
use tonic::{Status, Streaming};

use crate::desk::Desk;
use crate::stage::{PATIENCE, Stage};

/// What is said about a contact that is handed on.
pub(crate) const BRIEFING: &str = "He is afraid to go home tonight.";

/// An invitation to a contact; to whoever is best when nobody is named.
pub(crate) fn invitation(
    contact: &Contact,
    kind: ParticipationKind,
    to: Option<&Desk>,
) -> InviteParticipantRequest {
    InviteParticipantRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        kind: kind.into(),
        to_counsellor_id: to.map(|desk| desk.id().to_owned()).unwrap_or_default(),
        briefing: BRIEFING.to_owned(),
        ..InviteParticipantRequest::default()
    }
}

impl Desk {
    pub(crate) async fn try_invite(
        &self,
        request: InviteParticipantRequest,
    ) -> Result<Participation, Status> {
        let answer = self.actor.participations().invite_participant(request).await?;
        Ok(answer.into_inner().participation.unwrap())
    }

    /// Invites a colleague, which must be possible.
    pub(crate) async fn invite(
        &self,
        contact: &Contact,
        kind: ParticipationKind,
        to: &Desk,
    ) -> Participation {
        let part = self.try_invite(invitation(contact, kind, Some(to))).await.unwrap();
        assert_eq!((part.state(), part.counsellor_id.as_str()), (ParticipationState::Invited, to.id()));
        part
    }

    /// Invites somebody outside.
    pub(crate) async fn try_call_in(
        &self,
        contact: &Contact,
        kind: ParticipationKind,
        address: &str,
    ) -> Result<Participation, Status> {
        let outside = Outside { role: OutsideRole::Interpreter.into(), address: address.to_owned() };
        self.try_invite(InviteParticipantRequest {
            outside: Some(outside),
            ..invitation(contact, kind, None)
        })
        .await
    }

    pub(crate) async fn try_join(&self, part: &Participation) -> Result<Contact, Status> {
        join(&self.actor, part).await
    }

    /// Joins, which must be possible.
    pub(crate) async fn join(&self, part: &Participation) -> Contact {
        self.try_join(part).await.unwrap()
    }

    pub(crate) async fn try_take_over(&self, part: &Participation) -> Result<Contact, Status> {
        let request =
            TakeOverRequest { request_id: request_id(), participation_id: part.participation_id.clone() };
        Ok(self.actor.participations().take_over(request).await?.into_inner().contact.unwrap())
    }

    pub(crate) async fn try_leave(&self, part: &Participation) -> Result<Participation, Status> {
        let request =
            LeaveContactRequest { request_id: request_id(), participation_id: part.participation_id.clone() };
        Ok(self.actor.participations().leave_contact(request).await?.into_inner().participation.unwrap())
    }

    pub(crate) async fn try_remove(&self, part: &Participation) -> Result<Participation, Status> {
        let request = RemoveParticipantRequest {
            request_id: request_id(),
            participation_id: part.participation_id.clone(),
        };
        Ok(self.actor.participations().remove_participant(request).await?.into_inner().participation.unwrap())
    }

    pub(crate) async fn try_refuse(
        &self,
        part: &Participation,
        reason: DeclineReason,
    ) -> Result<Participation, Status> {
        let request = DeclineInvitationRequest {
            request_id: request_id(),
            participation_id: part.participation_id.clone(),
            reason: reason.into(),
        };
        Ok(self.actor.participations().decline_invitation(request).await?.into_inner().participation.unwrap())
    }

    pub(crate) async fn try_say(&self, contact: &Contact, text: &str) -> Result<(), Status> {
        say(&self.actor, contact, text).await
    }

    /// The texts of a conversation so far, and the stream that goes on.
    pub(crate) async fn try_read(
        &self,
        contact: &Contact,
    ) -> Result<(Vec<String>, Streaming<WatchMessagesResponse>), Status> {
        let request = WatchMessagesRequest { contact_id: contact.contact_id.clone(), after_sequence: 0 };
        let mut stream = self.actor.messages().watch_messages(request).await?.into_inner();
        let mut texts = Vec::new();
        while let Some(message) = stream.message().await?.unwrap().message {
            texts.push(message.text);
        }
        Ok((texts, stream))
    }

    /// Everybody's part in a contact, as this counsellor is shown it.
    pub(crate) async fn try_list(&self, contact: &Contact) -> Result<Vec<Participation>, Status> {
        list(&self.actor, contact).await
    }
}

pub(crate) async fn join(actor: &Actor, part: &Participation) -> Result<Contact, Status> {
    let request =
        JoinContactRequest { request_id: request_id(), participation_id: part.participation_id.clone() };
    Ok(actor.participations().join_contact(request).await?.into_inner().contact.unwrap())
}

pub(crate) async fn say(actor: &Actor, contact: &Contact, text: &str) -> Result<(), Status> {
    let request = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id: request_id(),
        text: text.to_owned(),
    };
    actor.messages().send_message(request).await.map(drop)
}

pub(crate) async fn list(actor: &Actor, contact: &Contact) -> Result<Vec<Participation>, Status> {
    let request = ListParticipationsRequest { contact_id: contact.contact_id.clone() };
    Ok(actor.participations().list_participations(request).await?.into_inner().participations)
}

/// Waits until a stream ends; why.
pub(crate) async fn end_of<T>(mut stream: Streaming<T>) -> Option<Status> {
    let end = async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(status) => return Some(status),
            }
        }
    };
    tokio::time::timeout(PATIENCE, end).await.expect("the stream ends")
}

impl Stage {
    /// A counsellor's client is lost while those of the others are alive.
    pub(crate) async fn lose(&self, lost: &Desk) {
        self.silence(&format!("counsellor_id <> '{}'", lost.id()), 6000).await;
    }

    /// The clients of all but one are lost, and after so many seconds the shift is over for them.
    pub(crate) async fn lose_all_but(&self, alive: &Desk, shift_s: u32) {
        self.world.advance(f64::from(shift_s));
        self.silence(&format!("counsellor_id = '{}'", alive.id()), shift_s).await;
    }

    async fn silence(&self, alive: &str, shift_s: u32) {
        let ctx = self.world.servers[0].ctx();
        let centre = self.world.centre.id;
        self.world.advance(400.0);
        let sql = format!("SELECT counsellor_id::text FROM helpline.presences WHERE {alive}");
        let alive: Vec<_> =
            self.sql(&sql).into_iter().map(|row| row[0].clone().unwrap().parse().unwrap()).collect();
        ctx.store.touch_presences(centre, &alive).await.unwrap();
        ctx.store.lapse_presences(centre, 300, shift_s).await.unwrap();
    }

    /// How a participation stands, and why.
    pub(crate) fn part(&self, part: &Participation) -> (String, String) {
        let sql = format!(
            "SELECT state, coalesce(reason, '') FROM helpline.participations WHERE participation_id = '{}'",
            part.participation_id
        );
        let mut row = self.sql(&sql).remove(0).into_iter().map(Option::unwrap);
        (row.next().unwrap(), row.next().unwrap())
    }

    /// Waits until a participation stands so.
    pub(crate) async fn until_part(&self, part: &Participation, state: &str, reason: &str) {
        let wanted = (state.to_owned(), reason.to_owned());
        crate::stage::until(&format!("the participation is {state}"), async || {
            (self.part(part) == wanted).then_some(())
        })
        .await;
    }
}
