//! A counsellor escalates, takes it on themselves, and says that the child was reached.

use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, Danger, EscalationKind, EscalationState, Outcome, RaiseEscalationRequest,
    ReportProgressRequest, ResolveEscalationRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::request_id;

use super::{Player, ask};

impl Player {
    /// From the report to the outcome.
    pub(super) async fn escalate(&self, contact_id: &str) {
        let request = RaiseEscalationRequest {
            request_id: request_id(),
            kind: EscalationKind::Emergency.into(),
            contact_id: contact_id.to_owned(),
            risk: Risk::HarmNow.into(),
            danger: Danger::Violence.into(),
            ..RaiseEscalationRequest::default()
        };
        let raised = ask("escalate", || {
            let (mut client, request) = (self.actor.escalations(), request.clone());
            async move { client.raise_escalation(request).await }
        })
        .await;
        let escalation_id = raised.escalation.expect("the escalation").escalation_id;
        let request =
            AcceptEscalationRequest { request_id: request_id(), escalation_id: escalation_id.clone() };
        ask("take it on", || {
            let (mut client, request) = (self.actor.escalations(), request.clone());
            async move { client.accept_escalation(request).await }
        })
        .await;
        let request = ReportProgressRequest {
            request_id: request_id(),
            escalation_id: escalation_id.clone(),
            state: EscalationState::ChildReached.into(),
            remark: String::new(),
        };
        ask("report", || {
            let (mut client, request) = (self.actor.escalations(), request.clone());
            async move { client.report_progress(request).await }
        })
        .await;
        let request = ResolveEscalationRequest {
            request_id: request_id(),
            escalation_id,
            outcome: Outcome::SafeInPlace.into(),
            ..ResolveEscalationRequest::default()
        };
        ask("resolve", || {
            let (mut client, request) = (self.actor.escalations(), request.clone());
            async move { client.resolve_escalation(request).await }
        })
        .await;
    }
}
