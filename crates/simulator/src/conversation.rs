//! A counsellor's side of a conversation by text: reads what the child writes, answers, until the time is over.

use helpline_proto::intake::v1::{Author, Contact, SendMessageRequest, WatchMessagesRequest};

use crate::call;
use crate::client::Client;
use crate::draws::Draws;
use crate::scene::Scene;
use crate::texts;

/// Holds the conversation for `length` seconds of the helpline's time; false when the play ended meanwhile. A child
/// who leaves ends it early.
pub(crate) async fn hold(
    scene: &Scene,
    client: &Client,
    contact: &Contact,
    length: f64,
    draws: &mut Draws,
) -> bool {
    tokio::select! {
        went_on = scene.pause(length) => went_on,
        () = talk(scene, client, contact, draws) => !scene.is_over(),
    }
}

/// Returns when the conversation has ended.
async fn talk(scene: &Scene, client: &Client, contact: &Contact, draws: &mut Draws) {
    // The first word is the counsellor's.
    if !say(client, contact, draws).await {
        return;
    }
    let mut seen = 0;
    while !scene.is_over() {
        let request = WatchMessagesRequest { contact_id: contact.contact_id.clone(), after_sequence: seen };
        let mut stream = match client.messages().watch_messages(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) if crate::client::is_passing(&status) => {
                scene.pause(20.0).await;
                continue;
            }
            Err(_) => return,
        };
        loop {
            match stream.message().await {
                Ok(Some(event)) => {
                    seen = seen.max(event.sequence);
                    let from_child = event.message.is_some_and(|message| message.author() == Author::Child);
                    if from_child && draws.chance(0.8) {
                        if !scene.pause(draws.between(10.0, 40.0)).await {
                            return;
                        }
                        if !say(client, contact, draws).await {
                            return;
                        }
                    }
                }
                Err(status) if crate::client::is_passing(&status) => break,
                // The contact has ended, or is not to be seen any longer.
                Ok(None) | Err(_) => return,
            }
        }
        scene.pause(5.0).await;
    }
}

/// Sends a message; false when the conversation is over.
async fn say(client: &Client, contact: &Contact, draws: &mut Draws) -> bool {
    let request = SendMessageRequest {
        request_id: draws.id(),
        contact_id: contact.contact_id.clone(),
        message_id: draws.id(),
        text: texts::of_counsellor(&contact.language, draws).to_owned(),
    };
    call!(client.messages(), send_message, request).is_ok()
}
