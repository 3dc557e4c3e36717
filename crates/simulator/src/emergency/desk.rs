//! The desk of an agency: its people are told on their screen or by a webhook, and answer in their manner, as responders
//! who see nothing but what was addressed to them.

use std::collections::HashSet;
use std::sync::Arc;

use helpline_proto::escalation::v1::watch_escalations_response::Event;
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AcknowledgeEscalationRequest, EscalationState, GetEscalationRequest,
    ReportProgressRequest, WatchEscalationsRequest,
};
use tokio::sync::mpsc;

use super::Manner;
use super::receiver::Notice;
use crate::call;
use crate::client::Client;
use crate::draws::Draws;
use crate::scene::Scene;

/// What a webhook calls an escalation that was addressed to the agency.
const NOTIFIED: &str = "escalation.notified";
/// Seconds of the helpline's time until somebody has read what came.
const READING: f64 = 10.0;
/// How far the help is, each so many seconds of the helpline's time after the one before.
const WAY: [(f64, EscalationState); 3] = [
    (15.0, EscalationState::Responding),
    (40.0, EscalationState::OnScene),
    (20.0, EscalationState::ChildReached),
];

/// The people of an agency, with their client.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The stage.
    pub scene: Arc<Scene>,
    /// Their client, with a responder's token.
    pub client: Client,
    /// How they answer.
    pub manner: Manner,
}

impl Desk {
    /// Sits before a screen on which every escalation appears that is addressed to the agency.
    pub async fn watch(self, mut draws: Draws) {
        let end = self.scene.end();
        let mut known = HashSet::new();
        while !self.scene.is_over() {
            if let Ok(answer) = self.client.escalations().watch_escalations(WatchEscalationsRequest {}).await
            {
                let mut stream = answer.into_inner();
                loop {
                    let next = tokio::select! {
                        biased;
                        () = end.cancelled() => return,
                        next = stream.message() => next,
                    };
                    // However a stream ends, the answer is to watch again.
                    let Ok(Some(next)) = next else { break };
                    if let Some(Event::Escalation(escalation)) = next.event
                        && known.insert(escalation.escalation_id.clone())
                    {
                        self.begin(escalation.escalation_id, &mut draws);
                    }
                }
            }
            self.scene.pause(self.scene.speed.factor()).await;
        }
    }

    /// Sits before no screen, and looks when a webhook says that there is something to look at.
    pub async fn listen(self, mut notices: mpsc::UnboundedReceiver<Notice>, mut draws: Draws) {
        let end = self.scene.end();
        loop {
            let notice = tokio::select! {
                biased;
                () = end.cancelled() => return,
                notice = notices.recv() => notice,
            };
            let Some(notice) = notice else { return };
            if notice.event == NOTIFIED {
                self.begin(notice.escalation_id, &mut draws);
            }
        }
    }

    fn begin(&self, escalation_id: String, draws: &mut Draws) {
        let desk = self.clone();
        let draws = Draws::new(draws.uuid().as_u64_pair().0, 0);
        self.scene.play(async move { desk.answer(&escalation_id, draws).await });
    }

    /// Answers one escalation. What is refused is left: somebody else has it, or it is over.
    async fn answer(&self, escalation_id: &str, mut draws: Draws) {
        if self.manner == Manner::Silent || !self.scene.pause(READING).await {
            return;
        }
        let id = || escalation_id.to_owned();
        let request = GetEscalationRequest { escalation_id: id() };
        if call!(self.client.escalations(), get_escalation, request).is_err() {
            return;
        }
        if self.manner == Manner::Hesitant {
            let request = AcknowledgeEscalationRequest { request_id: draws.id(), escalation_id: id() };
            let _ = call!(self.client.escalations(), acknowledge_escalation, request);
            return;
        }
        let request = AcceptEscalationRequest { request_id: draws.id(), escalation_id: id() };
        if call!(self.client.escalations(), accept_escalation, request).is_err() {
            return;
        }
        for (pause, state) in WAY {
            if !self.scene.pause(pause).await {
                return;
            }
            let request = ReportProgressRequest {
                request_id: draws.id(),
                escalation_id: id(),
                state: state.into(),
                remark: String::new(),
            };
            let _ = call!(self.client.escalations(), report_progress, request);
        }
    }
}
