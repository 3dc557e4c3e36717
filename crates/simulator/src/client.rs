//! A caller of the API: a channel, a token, and patience with servers that are out of reach.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use helpline_proto::casework::v1::assessment_service_client::AssessmentServiceClient;
use helpline_proto::casework::v1::case_service_client::CaseServiceClient;
use helpline_proto::casework::v1::person_service_client::PersonServiceClient;
use helpline_proto::casework::v1::protection_service_client::ProtectionServiceClient;
use helpline_proto::casework::v1::redirect_service_client::RedirectServiceClient;
use helpline_proto::casework::v1::task_service_client::TaskServiceClient;
use helpline_proto::channels::v1::delivery_service_client::DeliveryServiceClient;
use helpline_proto::channels::v1::endpoint_service_client::EndpointServiceClient;
use helpline_proto::crossborder::v1::cross_border_service_client::CrossBorderServiceClient;
use helpline_proto::directory::v1::agency_service_client::AgencyServiceClient;
use helpline_proto::directory::v1::centre_service_client::CentreServiceClient;
use helpline_proto::directory::v1::counsellor_service_client::CounsellorServiceClient;
use helpline_proto::directory::v1::service_directory_service_client::ServiceDirectoryServiceClient;
use helpline_proto::directory::v1::token_service_client::TokenServiceClient;
use helpline_proto::escalation::v1::child_alert_service_client::ChildAlertServiceClient;
use helpline_proto::escalation::v1::disclosure_service_client::DisclosureServiceClient;
use helpline_proto::escalation::v1::escalation_service_client::EscalationServiceClient;
use helpline_proto::escalation::v1::plan_service_client::PlanServiceClient;
use helpline_proto::intake::v1::contact_service_client::ContactServiceClient;
use helpline_proto::intake::v1::message_service_client::MessageServiceClient;
use helpline_proto::intake::v1::survey_service_client::SurveyServiceClient;
use helpline_proto::queueing::v1::handling_service_client::HandlingServiceClient;
use helpline_proto::queueing::v1::line_service_client::LineServiceClient;
use helpline_proto::queueing::v1::offer_service_client::OfferServiceClient;
use helpline_proto::queueing::v1::presence_service_client::PresenceServiceClient;
use helpline_proto::queueing::v1::supervision_service_client::SupervisionServiceClient;
use helpline_proto::referral::v1::admission_service_client::AdmissionServiceClient;
use helpline_proto::referral::v1::capacity_service_client::CapacityServiceClient;
use helpline_proto::referral::v1::consent_service_client::ConsentServiceClient;
use helpline_proto::referral::v1::referral_service_client::ReferralServiceClient;
use helpline_proto::reintegration::v1::cohort_service_client::CohortServiceClient;
use helpline_proto::reporting::v1::report_service_client::ReportServiceClient;
use helpline_proto::school::v1::school_report_service_client::SchoolReportServiceClient;
use helpline_proto::shelter::v1::shelter_service_client::ShelterServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

/// How long one try of a call may take.
const TRY: Duration = Duration::from_secs(10);
/// How often a call is tried in all: about half a minute of a server that is away.
const TRIES: u32 = 20;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Shows a token with every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// What the generated clients speak through.
pub type Wire = InterceptedService<Channel, Bearer>;

/// A caller with a token. A clone shares the connection.
#[derive(Clone)]
pub struct Client {
    wire: Wire,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}

/// A connection to a server, made when it is first used and made again when it broke.
///
/// # Errors
/// When the address makes no URL.
pub fn channel(address: SocketAddr) -> Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).context("an address of a server")?;
    Ok(endpoint.connect_timeout(Duration::from_secs(5)).tcp_nodelay(true).connect_lazy())
}

impl Client {
    /// A caller on a connection.
    ///
    /// # Errors
    /// When the token cannot be a header.
    pub fn new(channel: Channel, token: &str) -> Result<Self> {
        let header = format!("Bearer {token}").parse().context("a token in plain characters")?;
        Ok(Self { wire: InterceptedService::new(channel, Bearer(header)) })
    }

    /// The centre and its settings.
    pub fn centre(&self) -> CentreServiceClient<Wire> {
        CentreServiceClient::new(self.wire.clone())
    }

    /// Services that children are referred to.
    pub fn services(&self) -> ServiceDirectoryServiceClient<Wire> {
        ServiceDirectoryServiceClient::new(self.wire.clone())
    }

    /// Counsellors' records.
    pub fn counsellors(&self) -> CounsellorServiceClient<Wire> {
        CounsellorServiceClient::new(self.wire.clone())
    }

    /// Tokens.
    pub fn tokens(&self) -> TokenServiceClient<Wire> {
        TokenServiceClient::new(self.wire.clone())
    }

    /// Partner agencies.
    pub fn agencies(&self) -> AgencyServiceClient<Wire> {
        AgencyServiceClient::new(self.wire.clone())
    }

    /// Where agencies are told.
    pub fn endpoints(&self) -> EndpointServiceClient<Wire> {
        EndpointServiceClient::new(self.wire.clone())
    }

    /// What was told to whom.
    pub fn deliveries(&self) -> DeliveryServiceClient<Wire> {
        DeliveryServiceClient::new(self.wire.clone())
    }

    /// The plan for emergencies.
    pub fn plans(&self) -> PlanServiceClient<Wire> {
        PlanServiceClient::new(self.wire.clone())
    }

    /// Emergencies.
    pub fn escalations(&self) -> EscalationServiceClient<Wire> {
        EscalationServiceClient::new(self.wire.clone())
    }

    /// Referrals.
    pub fn referrals(&self) -> ReferralServiceClient<Wire> {
        ReferralServiceClient::new(self.wire.clone())
    }

    /// What was agreed about them.
    pub fn consents(&self) -> ConsentServiceClient<Wire> {
        ConsentServiceClient::new(self.wire.clone())
    }

    /// Beds and holds on them.
    pub fn capacity(&self) -> CapacityServiceClient<Wire> {
        CapacityServiceClient::new(self.wire.clone())
    }

    /// Contacts.
    pub fn contacts(&self) -> ContactServiceClient<Wire> {
        ContactServiceClient::new(self.wire.clone())
    }

    /// Messages of contacts.
    pub fn messages(&self) -> MessageServiceClient<Wire> {
        MessageServiceClient::new(self.wire.clone())
    }

    /// Offers.
    pub fn offers(&self) -> OfferServiceClient<Wire> {
        OfferServiceClient::new(self.wire.clone())
    }

    /// What a counsellor does with a contact.
    pub fn handling(&self) -> HandlingServiceClient<Wire> {
        HandlingServiceClient::new(self.wire.clone())
    }

    /// Presence.
    pub fn presence(&self) -> PresenceServiceClient<Wire> {
        PresenceServiceClient::new(self.wire.clone())
    }

    /// The line.
    pub fn line(&self) -> LineServiceClient<Wire> {
        LineServiceClient::new(self.wire.clone())
    }

    /// People that contacts and cases are about.
    pub fn persons(&self) -> PersonServiceClient<Wire> {
        PersonServiceClient::new(self.wire.clone())
    }

    /// Cases.
    pub fn cases(&self) -> CaseServiceClient<Wire> {
        CaseServiceClient::new(self.wire.clone())
    }

    /// Tasks and plans.
    pub fn tasks(&self) -> TaskServiceClient<Wire> {
        TaskServiceClient::new(self.wire.clone())
    }

    /// Assessments.
    pub fn assessments(&self) -> AssessmentServiceClient<Wire> {
        AssessmentServiceClient::new(self.wire.clone())
    }

    /// Hand-overs to other countries.
    pub fn cross_border(&self) -> CrossBorderServiceClient<Wire> {
        CrossBorderServiceClient::new(self.wire.clone())
    }

    /// What agencies may know of an emergency.
    pub fn disclosures(&self) -> DisclosureServiceClient<Wire> {
        DisclosureServiceClient::new(self.wire.clone())
    }

    /// Alerts about missing children.
    pub fn child_alerts(&self) -> ChildAlertServiceClient<Wire> {
        ChildAlertServiceClient::new(self.wire.clone())
    }

    /// Who watches over the floor.
    pub fn supervision(&self) -> SupervisionServiceClient<Wire> {
        SupervisionServiceClient::new(self.wire.clone())
    }

    /// Stays in shelters.
    pub fn admissions(&self) -> AdmissionServiceClient<Wire> {
        AdmissionServiceClient::new(self.wire.clone())
    }

    /// Reports of abuse at schools.
    pub fn school_reports(&self) -> SchoolReportServiceClient<Wire> {
        SchoolReportServiceClient::new(self.wire.clone())
    }

    /// What people say after a contact.
    pub fn surveys(&self) -> SurveyServiceClient<Wire> {
        SurveyServiceClient::new(self.wire.clone())
    }

    /// Children who come back together.
    pub fn cohorts(&self) -> CohortServiceClient<Wire> {
        CohortServiceClient::new(self.wire.clone())
    }

    /// Residents of shelters, and how they go home.
    pub fn shelters(&self) -> ShelterServiceClient<Wire> {
        ShelterServiceClient::new(self.wire.clone())
    }

    /// Cases that are handed to an organisation as a whole.
    pub fn redirects(&self) -> RedirectServiceClient<Wire> {
        RedirectServiceClient::new(self.wire.clone())
    }

    /// What a child is afraid of.
    pub fn protections(&self) -> ProtectionServiceClient<Wire> {
        ProtectionServiceClient::new(self.wire.clone())
    }

    /// Figures of contacts.
    pub fn reports(&self) -> ReportServiceClient<Wire> {
        ReportServiceClient::new(self.wire.clone())
    }
}

/// Whether a repeat of the same command may help: the server was out of reach, or its answer was.
pub fn is_passing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::ResourceExhausted
    )
}

/// Makes a call until it is answered. `call` gets the same message each time, so a changing one keeps its
/// `request_id` and happens once.
///
/// # Errors
/// The server's refusal, or the last failure after about half a minute out of reach.
pub async fn retried<M, T, F>(message: M, call: impl Fn(Request<M>) -> F) -> Result<T, Status>
where
    M: Clone,
    F: Future<Output = Result<Response<T>, Status>>,
{
    let mut pause = FIRST_PAUSE;
    let mut tries = 1;
    loop {
        let mut request = Request::new(message.clone());
        request.set_timeout(TRY);
        match call(request).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if is_passing(&status) && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(status) => return Err(status),
        }
    }
}

/// A retried call of a generated client: `call!(client.contacts(), receive_contact, message)`.
#[macro_export]
macro_rules! call {
    ($client:expr, $method:ident, $message:expr $(,)?) => {{
        let client = $client;
        $crate::client::retried($message, |request| {
            let mut client = client.clone();
            async move { client.$method(request).await }
        })
        .await
    }};
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_comes_back_gets_the_same_message_again() {
        let tries = AtomicU32::new(0);
        let answer = retried("request 1", |request| {
            let attempt = tries.fetch_add(1, Ordering::Relaxed);
            async move {
                if attempt < 3 {
                    Err(Status::unavailable("away"))
                } else {
                    Ok(Response::new(request.into_inner()))
                }
            }
        });
        assert_eq!(answer.await.unwrap(), "request 1");
        assert_eq!(tries.load(Ordering::Relaxed), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_not_repeated() {
        let tries = AtomicU32::new(0);
        let answer: Result<(), Status> = retried((), |_| {
            tries.fetch_add(1, Ordering::Relaxed);
            async { Err(Status::failed_precondition("over")) }
        })
        .await;
        assert_eq!(answer.unwrap_err().code(), Code::FailedPrecondition);
        assert_eq!(tries.load(Ordering::Relaxed), 1);
    }
}
