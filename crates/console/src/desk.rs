//! What the pages ask of the API. The token of a link or a visit goes along as the bearer's, so the API decides.

use std::time::Duration;

use helpline_proto::channels::v1::link_service_client::LinkServiceClient;
use helpline_proto::channels::v1::{
    GetVisitRequest, GetVisitResponse, OpenLinkRequest, OpenLinkResponse, RenewLinkRequest,
};
use helpline_proto::escalation::v1::escalation_service_client::EscalationServiceClient;
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AcknowledgeEscalationRequest, AddRemarkRequest, DeclineEscalationRequest,
    Escalation, EscalationDeclineReason, EscalationState, GetEscalationRequest, ListTimelineRequest,
    ReportProgressRequest, TimelineEntry,
};
use helpline_vault::BearerToken;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// How long the API may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Entries of the timeline on a page: the first so many that are shared with agencies.
const ENTRIES: i32 = 500;

/// A connection to the API, made when it is needed.
#[derive(Clone, Debug)]
pub(crate) struct Desk(Channel);

/// What a visitor sees.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) visit: GetVisitResponse,
    pub(crate) escalation: Escalation,
    pub(crate) entries: Vec<TimelineEntry>,
}

/// What a visitor answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Acknowledge,
    Accept,
    Decline(EscalationDeclineReason, String),
    Progress(EscalationState, String),
    Remark(String),
}

impl Desk {
    pub(crate) fn new(api: Endpoint) -> Self {
        Self(api.connect_timeout(PATIENCE).tcp_nodelay(true).connect_lazy())
    }

    /// Exchanges a link for a visit.
    pub(crate) async fn open(
        &self,
        link: &BearerToken,
        request_id: String,
    ) -> Result<OpenLinkResponse, Status> {
        let request = asking(link, OpenLinkRequest { request_id })?;
        Ok(LinkServiceClient::new(self.0.clone()).open_link(request).await?.into_inner())
    }

    /// Asks for another link to where this one went.
    pub(crate) async fn renew(&self, link: &BearerToken, request_id: String) -> Result<(), Status> {
        let request = asking(link, RenewLinkRequest { request_id })?;
        LinkServiceClient::new(self.0.clone()).renew_link(request).await.map(drop)
    }

    /// What there is to see now.
    pub(crate) async fn look(&self, visit: &BearerToken) -> Result<Seen, Status> {
        let request = asking(visit, GetVisitRequest {})?;
        let about = LinkServiceClient::new(self.0.clone()).get_visit(request).await?.into_inner();
        let escalation_id = about.escalation_id.clone();
        let get = asking(visit, GetEscalationRequest { escalation_id: escalation_id.clone() })?;
        let list = asking(
            visit,
            ListTimelineRequest { escalation_id, page_size: ENTRIES, page_token: String::new() },
        )?;
        let (mut one, mut other) =
            (EscalationServiceClient::new(self.0.clone()), EscalationServiceClient::new(self.0.clone()));
        let (escalation, timeline) = tokio::try_join!(one.get_escalation(get), other.list_timeline(list))?;
        Ok(Seen {
            visit: about,
            escalation: escalation.into_inner().escalation.ok_or_else(|| Status::not_found("escalation"))?,
            entries: timeline.into_inner().entries,
        })
    }

    /// Answers. A repeat under the same id happens once.
    pub(crate) async fn answer(
        &self,
        visit: &BearerToken,
        (request_id, escalation_id): (String, String),
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

/// A call with this bearer.
fn asking<T>(bearer: &BearerToken, message: T) -> Result<Request<T>, Status> {
    let text = format!("Bearer {}", bearer.expose());
    let mut value: MetadataValue<Ascii> = text.parse().map_err(|_| Status::unauthenticated("no token"))?;
    // So that no library prints it.
    value.set_sensitive(true);
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", value);
    request.set_timeout(PATIENCE);
    Ok(request)
}
