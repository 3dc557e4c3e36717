//! What the pages ask of the API. The token of a link or a visit goes along as the bearer's, so the API decides.

pub(crate) mod escalation;
pub(crate) mod referral;
pub(crate) mod task;

use std::time::Duration;

use helpline_proto::casework::v1::Task;
use helpline_proto::channels::v1::link_service_client::LinkServiceClient;
use helpline_proto::channels::v1::{
    GetVisitRequest, GetVisitResponse, OpenLinkRequest, OpenLinkResponse, RenewLinkRequest,
};
use helpline_proto::escalation::v1::Escalation;
use helpline_proto::referral::v1::Referral;
use helpline_vault::BearerToken;
use prost_types::Timestamp;
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
    pub(crate) subject: Subject,
    pub(crate) history: Vec<Happened>,
}

/// What is visited.
#[derive(Debug)]
pub(crate) enum Subject {
    Escalation(Box<Escalation>),
    /// With what is to be done under it.
    Referral(Box<Referral>, Vec<Task>),
}

/// An entry of either timeline.
#[derive(Debug)]
pub(crate) struct Happened {
    pub(crate) sequence: i32,
    pub(crate) time: Option<Timestamp>,
    pub(crate) event: String,
    pub(crate) agency_id: String,
    pub(crate) remark: String,
}

impl Seen {
    /// As of which revision it is answered; 0 where that does not matter.
    pub(crate) fn revision(&self) -> i64 {
        match &self.subject {
            Subject::Escalation(_) => 0,
            Subject::Referral(one, _) => one.revision,
        }
    }

    /// The last entry there is.
    pub(crate) fn last(&self) -> i32 {
        self.history.last().map_or(0, |entry| entry.sequence)
    }
}

/// What a visitor answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Escalation(escalation::Answer),
    Referral(referral::Answer),
    Task(task::Answer),
}

/// Under which id, and about what, as of which revision if that matters.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) request_id: String,
    pub(crate) id: String,
    pub(crate) revision: i64,
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
        let (subject, history) = if about.referral_id.is_empty() {
            self.escalation(visit, &about.escalation_id).await?
        } else {
            self.referral(visit, &about.referral_id).await?
        };
        Ok(Seen { visit: about, subject, history })
    }

    /// Answers. A repeat under the same id happens once.
    pub(crate) async fn answer(&self, visit: &BearerToken, sent: Sent, answer: Answer) -> Result<(), Status> {
        match answer {
            Answer::Escalation(answer) => self.answer_escalation(visit, sent, answer).await,
            Answer::Referral(answer) => self.answer_referral(visit, sent, answer).await,
            Answer::Task(answer) => self.answer_task(visit, sent.request_id, answer).await,
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
