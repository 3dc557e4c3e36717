//! An escalation, and answers to it.

use helpline_proto::escalation::v1::escalation_service_client::EscalationServiceClient;
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AcknowledgeEscalationRequest, AddRemarkRequest, DeclineEscalationRequest,
    EscalationDeclineReason, EscalationState, GetEscalationRequest, ListTimelineRequest,
    ReportProgressRequest, TimelineEntry,
};
use helpline_vault::BearerToken;
use tonic::Status;

use super::{Desk, ENTRIES, Happened, Sent, Subject, asking};

/// What is answered.
#[derive(Debug)]
pub(crate) enum Answer {
    Acknowledge,
    Accept,
    Decline(EscalationDeclineReason, String),
    Progress(EscalationState, String),
    Remark(String),
}

impl Desk {
    pub(super) async fn escalation(
        &self,
        visit: &BearerToken,
        id: &str,
    ) -> Result<(Subject, Vec<Happened>), Status> {
        let escalation_id = id.to_owned();
        let get = asking(visit, GetEscalationRequest { escalation_id: escalation_id.clone() })?;
        let list = asking(
            visit,
            ListTimelineRequest { escalation_id, page_size: ENTRIES, page_token: String::new() },
        )?;
        let (mut one, mut other) =
            (EscalationServiceClient::new(self.0.clone()), EscalationServiceClient::new(self.0.clone()));
        let (escalation, timeline) = tokio::try_join!(one.get_escalation(get), other.list_timeline(list))?;
        let found = escalation.into_inner().escalation.ok_or_else(|| Status::not_found("escalation"))?;
        let entries = timeline.into_inner().entries.into_iter().map(happened).collect();
        Ok((Subject::Escalation(Box::new(found)), entries))
    }

    pub(super) async fn answer_escalation(
        &self,
        visit: &BearerToken,
        Sent { request_id, id: escalation_id, .. }: Sent,
        answer: Answer,
    ) -> Result<(), Status> {
        let mut client = EscalationServiceClient::new(self.0.clone());
        match answer {
            Answer::Acknowledge => {
                let request = AcknowledgeEscalationRequest { request_id, escalation_id };
                client.acknowledge_escalation(asking(visit, request)?).await.map(drop)
            }
            Answer::Accept => {
                let request = AcceptEscalationRequest { request_id, escalation_id };
                client.accept_escalation(asking(visit, request)?).await.map(drop)
            }
            Answer::Decline(reason, remark) => {
                let reason = reason.into();
                let request = DeclineEscalationRequest { request_id, escalation_id, reason, remark };
                client.decline_escalation(asking(visit, request)?).await.map(drop)
            }
            Answer::Progress(state, remark) => {
                let state = state.into();
                let request = ReportProgressRequest { request_id, escalation_id, state, remark };
                client.report_progress(asking(visit, request)?).await.map(drop)
            }
            Answer::Remark(remark) => {
                let request = AddRemarkRequest { request_id, escalation_id, remark, shared: false };
                client.add_remark(asking(visit, request)?).await.map(drop)
            }
        }
    }
}

fn happened(entry: TimelineEntry) -> Happened {
    Happened {
        sequence: entry.sequence,
        time: entry.time,
        event: entry.event,
        agency_id: entry.agency_id,
        remark: entry.remark,
    }
}
