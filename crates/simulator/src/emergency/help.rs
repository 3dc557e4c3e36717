//! A counsellor calls for help: raises an escalation and stays with the child until somebody has reached them.

use helpline_proto::escalation::v1::{
    Danger, EscalationKind, EscalationState, GetEscalationRequest, Location, LocationSource, Outcome,
    Particulars, RaiseEscalationRequest, ResolveEscalationRequest,
};
use helpline_proto::intake::v1::Contact;

use crate::call;
use crate::client::Client;
use crate::draws::Draws;
use crate::scene::Scene;

/// How often the counsellor looks how far the help is, in seconds of the helpline's time, and at least so many real ones.
const LOOK: f64 = 10.0;
const LEAST_LOOK: f64 = 0.25;

/// Calls for help and waits until the child was reached; false when the play ended before.
pub(crate) async fn call_for(scene: &Scene, client: &Client, contact: &Contact, mut draws: Draws) -> bool {
    let request = RaiseEscalationRequest {
        request_id: draws.id(),
        kind: EscalationKind::Emergency.into(),
        contact_id: contact.contact_id.clone(),
        danger: Danger::Violence.into(),
        particulars: Some(Particulars {
            narrative: "Made up for the demonstration: nobody is in danger.".to_owned(),
            ..Particulars::default()
        }),
        location: Some(Location {
            place: "1 Example Street, which does not exist".to_owned(),
            source: LocationSource::Said.into(),
            ..Location::default()
        }),
        ..RaiseEscalationRequest::default()
    };
    let raised = call!(client.escalations(), raise_escalation, request);
    let Some(escalation) = raised.ok().and_then(|answer| answer.escalation) else {
        scene.tell(&contact.contact_id, contact.channel(), "help could not be called");
        return !scene.is_over();
    };
    scene.note_raised();
    let state = until_reached(scene, client, &escalation.escalation_id).await;
    if state == Some(EscalationState::ChildReached) {
        let request = ResolveEscalationRequest {
            request_id: draws.id(),
            escalation_id: escalation.escalation_id,
            outcome: Outcome::TakenToSafety.into(),
            ..ResolveEscalationRequest::default()
        };
        // Refused when somebody else has ended it in the same moment.
        let _ = call!(client.escalations(), resolve_escalation, request);
    }
    scene.note_ended();
    state.is_some()
}

/// How it stands once the child was reached, or somebody else has ended it; nothing when the play ended before.
async fn until_reached(scene: &Scene, client: &Client, escalation_id: &str) -> Option<EscalationState> {
    use EscalationState::{ChildReached, ClosedUnreached, Resolved, StoodDown};
    let pause = LOOK.max(LEAST_LOOK * scene.speed.factor());
    while scene.pause(pause).await {
        let request = GetEscalationRequest { escalation_id: escalation_id.to_owned() };
        let found = call!(client.escalations(), get_escalation, request);
        let state = found.ok().and_then(|answer| answer.escalation).map(|escalation| escalation.state());
        if matches!(state, Some(ChildReached | Resolved | StoodDown | ClosedUnreached)) {
            return state;
        }
    }
    None
}
