//! A child: comes, waits as long as patience lasts, writes on channels of text, leaves.

use std::sync::Arc;

use helpline_proto::intake::v1::{
    Author, Contact, ContactState, GetContactRequest, Outlook, ReceiveContactRequest, RecordDepartureRequest,
    SendMessageRequest, WatchMessagesRequest,
};
use helpline_proto::terms::v1::PriorityClass;
use tonic::Code;

use crate::call;
use crate::client::Client;
use crate::draws::Draws;
use crate::people::{ChildPlan, is_speech};
use crate::scene::Scene;
use crate::texts;

/// How often a waiting child's adapter looks at the contact, in seconds of the helpline's time.
const LOOK: f64 = 20.0;

/// Plays one contact from its arrival to its end, through the adapter's client.
pub async fn play(scene: Arc<Scene>, adapter: Client, plan: ChildPlan, mut draws: Draws) {
    let Some(contact) = arrive(&scene, &adapter, &plan, &mut draws).await else { return };
    let child = Child { scene, adapter, plan, contact_id: contact.contact_id };
    if is_speech(child.plan.channel) {
        child.wait(&mut draws).await;
    } else {
        let writer = Draws::new(draws.uuid().as_u64_pair().0, 0);
        tokio::join!(child.write(writer), child.wait(&mut draws));
    }
}

async fn arrive(scene: &Scene, adapter: &Client, plan: &ChildPlan, draws: &mut Draws) -> Option<Contact> {
    let request = ReceiveContactRequest {
        request_id: draws.id(),
        channel: plan.channel.into(),
        external_id: format!("demo-{}", draws.uuid().simple()),
        sender: if draws.chance(0.5) {
            format!("demo-sender-{}", draws.uuid().simple())
        } else {
            String::new()
        },
        queue: plan.queue.to_owned(),
        language: plan.language.to_owned(),
        risk: plan.risk.into(),
        ..ReceiveContactRequest::default()
    };
    match call!(adapter.contacts(), receive_contact, request) {
        Ok(answer) => {
            let outlook = answer.outlook();
            let contact = answer.contact?;
            scene.note_taken_in();
            let served = if outlook == Outlook::NobodyOnShift { "; nobody on shift can take it" } else { "" };
            let class = class_name(contact.priority_class());
            scene.tell(
                &contact.contact_id,
                plan.channel,
                format!("arrives, {class}, {}{served}", plan.language),
            );
            Some(contact)
        }
        Err(status) => {
            scene.note_unanswered();
            scene.tell("------", plan.channel, format!("could not be taken in: {}", in_words(status.code())));
            None
        }
    }
}

struct Child {
    scene: Arc<Scene>,
    adapter: Client,
    plan: ChildPlan,
    contact_id: String,
}

impl Child {
    /// Looks at the contact until somebody answers or patience ends; then stays until the end of the contact.
    async fn wait(&self, draws: &mut Draws) {
        let mut left = self.plan.patience;
        let mut answered = false;
        loop {
            let pause = if answered { LOOK } else { left.min(LOOK) };
            if !self.scene.pause(pause).await {
                return;
            }
            left -= pause;
            let Some(state) = self.look().await else { continue };
            match state {
                ContactState::Waiting | ContactState::Offered | ContactState::Received => {
                    // Who has talked to somebody and is handed on does not give up.
                    if left <= 0.0 && !answered && !self.scene.is_over() {
                        self.leave(draws).await;
                        return;
                    }
                }
                ContactState::InProgress => answered = true,
                _ => return,
            }
        }
    }

    async fn look(&self) -> Option<ContactState> {
        let request = GetContactRequest { contact_id: self.contact_id.clone() };
        let answer = call!(self.adapter.contacts(), get_contact, request).ok()?;
        answer.contact.map(|contact| contact.state())
    }

    async fn leave(&self, draws: &mut Draws) {
        let request =
            RecordDepartureRequest { request_id: draws.id(), contact_id: self.contact_id.clone(), cause: 0 };
        let told = match call!(self.adapter.contacts(), record_departure, request) {
            Ok(answer) => match answer.contact.map(|contact| contact.state()) {
                Some(ContactState::ShortAbandoned) => "leaves within seconds".to_owned(),
                Some(ContactState::Abandoned) => {
                    format!("gives up after {}", crate::screen::clock(self.plan.patience))
                }
                _ => "leaves just as somebody answers".to_owned(),
            },
            // It ended in the same moment.
            Err(status) if status.code() == Code::FailedPrecondition => return,
            Err(status) => format!("could not leave: {}", in_words(status.code())),
        };
        self.scene.tell(&self.contact_id, self.plan.channel, told);
    }

    /// Writes the opening, then answers what the counsellor writes, until the conversation ends.
    async fn write(&self, mut draws: Draws) {
        for place in 0..self.plan.opening_messages {
            if !self.say(place, &mut draws).await || !self.scene.pause(draws.between(5.0, 20.0)).await {
                return;
            }
        }
        let mut place = self.plan.opening_messages;
        let mut seen = 0;
        let end = self.scene.end();
        while !self.scene.is_over() {
            let request = WatchMessagesRequest { contact_id: self.contact_id.clone(), after_sequence: seen };
            let mut stream = match self.adapter.messages().watch_messages(request).await {
                Ok(answer) => answer.into_inner(),
                Err(status) if crate::client::is_passing(&status) => {
                    self.scene.pause(LOOK).await;
                    continue;
                }
                Err(_) => return,
            };
            loop {
                let event = tokio::select! {
                    biased;
                    () = end.cancelled() => return,
                    event = stream.message() => event,
                };
                match event {
                    Ok(Some(event)) => {
                        seen = seen.max(event.sequence);
                        let from_counsellor =
                            event.message.is_some_and(|message| message.author() == Author::Counsellor);
                        if from_counsellor && draws.chance(0.7) {
                            let typing = draws.between(10.0, 40.0);
                            if !self.scene.pause(typing).await || !self.say(place, &mut draws).await {
                                return;
                            }
                            place += 1;
                        }
                    }
                    Err(status) if crate::client::is_passing(&status) => break,
                    // The contact has ended, or is not to be seen any longer.
                    Ok(None) | Err(_) => return,
                }
            }
            self.scene.pause(5.0).await;
        }
    }

    /// Sends a message; false when the conversation is over.
    async fn say(&self, place: usize, draws: &mut Draws) -> bool {
        let request = SendMessageRequest {
            request_id: draws.id(),
            contact_id: self.contact_id.clone(),
            message_id: draws.id(),
            text: texts::of_child(self.plan.language, place).to_owned(),
        };
        call!(self.adapter.messages(), send_message, request).is_ok()
    }
}

/// A class in a word.
pub fn class_name(class: PriorityClass) -> &'static str {
    match class {
        PriorityClass::Unspecified => "?",
        PriorityClass::Critical => "critical",
        PriorityClass::High => "high",
        PriorityClass::Medium => "medium",
        PriorityClass::Low => "low",
    }
}

/// A code for the screen.
pub(crate) fn in_words(code: Code) -> String {
    format!("{code:?}")
}
