//! Somebody who calls the API with a token.

use helpline_proto::casework::v1::assessment_service_client::AssessmentServiceClient;
use helpline_proto::casework::v1::case_access_service_client::CaseAccessServiceClient;
use helpline_proto::casework::v1::case_service_client::CaseServiceClient;
use helpline_proto::casework::v1::detention_service_client::DetentionServiceClient;
use helpline_proto::casework::v1::person_service_client::PersonServiceClient;
use helpline_proto::casework::v1::protection_service_client::ProtectionServiceClient;
use helpline_proto::casework::v1::redirect_service_client::RedirectServiceClient;
use helpline_proto::casework::v1::stay_service_client::StayServiceClient;
use helpline_proto::casework::v1::task_service_client::TaskServiceClient;
use helpline_proto::channels::v1::delivery_service_client::DeliveryServiceClient;
use helpline_proto::channels::v1::endpoint_service_client::EndpointServiceClient;
use helpline_proto::channels::v1::link_service_client::LinkServiceClient;
use helpline_proto::crossborder::v1::cross_border_service_client::CrossBorderServiceClient;
use helpline_proto::directory::v1::agency_service_client::AgencyServiceClient;
use helpline_proto::directory::v1::centre_service_client::CentreServiceClient;
use helpline_proto::directory::v1::counsellor_service_client::CounsellorServiceClient;
use helpline_proto::directory::v1::service_directory_service_client::ServiceDirectoryServiceClient;
use helpline_proto::directory::v1::token_service_client::TokenServiceClient;
use helpline_proto::escalation::v1::child_alert_service_client::ChildAlertServiceClient;
use helpline_proto::escalation::v1::consult_service_client::ConsultServiceClient;
use helpline_proto::escalation::v1::disclosure_service_client::DisclosureServiceClient;
use helpline_proto::escalation::v1::escalation_service_client::EscalationServiceClient;
use helpline_proto::escalation::v1::plan_service_client::PlanServiceClient;
use helpline_proto::intake::v1::block_service_client::BlockServiceClient;
use helpline_proto::intake::v1::contact_service_client::ContactServiceClient;
use helpline_proto::intake::v1::message_service_client::MessageServiceClient;
use helpline_proto::intake::v1::survey_service_client::SurveyServiceClient;
use helpline_proto::queueing::v1::callback_service_client::CallbackServiceClient;
use helpline_proto::queueing::v1::handling_service_client::HandlingServiceClient;
use helpline_proto::queueing::v1::handover_service_client::HandoverServiceClient;
use helpline_proto::queueing::v1::line_service_client::LineServiceClient;
use helpline_proto::queueing::v1::offer_service_client::OfferServiceClient;
use helpline_proto::queueing::v1::overflow_service_client::OverflowServiceClient;
use helpline_proto::queueing::v1::participation_service_client::ParticipationServiceClient;
use helpline_proto::queueing::v1::presence_service_client::PresenceServiceClient;
use helpline_proto::queueing::v1::supervision_service_client::SupervisionServiceClient;
use helpline_proto::queueing::v1::switchboard_service_client::SwitchboardServiceClient;
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
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Adds the bearer token to every call.
#[derive(Clone, Debug)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Link = InterceptedService<Channel, Bearer>;

/// Somebody who calls. Each method gives a client that shows the actor's token; clients and clones share a connection.
#[derive(Clone, Debug)]
pub struct Actor {
    /// UUID of the token.
    pub token_id: String,
    /// UUID of the counsellor; empty for other roles.
    pub counsellor_id: String,
    secret: String,
    channel: Channel,
    link: Link,
}

/// Defines one method for each client.
macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident),+ $(,)?) => {
        impl Actor {
            $($(#[$doc])* pub fn $name(&self) -> $client<Link> {
                $client::new(self.link.clone())
            })+
        }
    };
}

clients!(
    /// `CentreService`.
    centre: CentreServiceClient,
    /// `AgencyService`.
    agencies: AgencyServiceClient,
    /// `ServiceDirectoryService`.
    services: ServiceDirectoryServiceClient,
    /// `CounsellorService`.
    counsellors: CounsellorServiceClient,
    /// `TokenService`.
    tokens: TokenServiceClient,
    /// `EscalationService`.
    escalations: EscalationServiceClient,
    /// `BlockService`.
    blocks: BlockServiceClient,
    /// `ContactService`.
    contacts: ContactServiceClient,
    /// `MessageService`.
    messages: MessageServiceClient,
    /// `OfferService`.
    offers: OfferServiceClient,
    /// `PresenceService`.
    presence: PresenceServiceClient,
    /// `HandlingService`.
    handling: HandlingServiceClient,
    /// `CallbackService`.
    callbacks: CallbackServiceClient,
    /// `ParticipationService`.
    participations: ParticipationServiceClient,
    /// `HandoverService`.
    handover: HandoverServiceClient,
    /// `SwitchboardService`.
    switchboard: SwitchboardServiceClient,
    /// `OverflowService`.
    overflow: OverflowServiceClient,
    /// `LineService`.
    line: LineServiceClient,
    /// `PlanService`.
    plans: PlanServiceClient,
    /// `DisclosureService`.
    disclosures: DisclosureServiceClient,
    /// `ChildAlertService`.
    child_alerts: ChildAlertServiceClient,
    /// `ConsultService`.
    consults: ConsultServiceClient,
    /// `EndpointService`.
    endpoints: EndpointServiceClient,
    /// `DeliveryService`.
    deliveries: DeliveryServiceClient,
    /// `LinkService`.
    links: LinkServiceClient,
    /// `ReferralService`.
    referrals: ReferralServiceClient,
    /// `ConsentService`.
    consents: ConsentServiceClient,
    /// `AdmissionService`.
    admissions: AdmissionServiceClient,
    /// `CapacityService`.
    capacity: CapacityServiceClient,
    /// `PersonService`.
    persons: PersonServiceClient,
    /// `AssessmentService`.
    assessments: AssessmentServiceClient,
    /// `CaseService`.
    cases: CaseServiceClient,
    /// `CaseAccessService`.
    case_access: CaseAccessServiceClient,
    /// `TaskService`.
    tasks: TaskServiceClient,
    /// `ProtectionService`.
    protections: ProtectionServiceClient,
    /// `RedirectService`.
    redirects: RedirectServiceClient,
    /// `DetentionService`.
    detentions: DetentionServiceClient,
    /// `StayService`.
    stays: StayServiceClient,
    /// `ReportService`.
    reports: ReportServiceClient,
    /// `SchoolReportService`.
    school_reports: SchoolReportServiceClient,
    /// `SurveyService`.
    surveys: SurveyServiceClient,
    /// `CrossBorderService`.
    cross_border: CrossBorderServiceClient,
    /// `CohortService`.
    cohorts: CohortServiceClient,
    /// `ShelterService`.
    shelter: ShelterServiceClient,
    /// `SupervisionService`.
    supervision: SupervisionServiceClient,
);

impl Actor {
    /// Somebody with this token, who calls over `channel`.
    pub fn new(channel: Channel, secret: &str, token_id: &str, counsellor_id: &str) -> Self {
        let bearer = format!("Bearer {secret}").parse().expect("a token is plain text");
        Self {
            token_id: token_id.to_owned(),
            counsellor_id: counsellor_id.to_owned(),
            secret: secret.to_owned(),
            link: InterceptedService::new(channel.clone(), Bearer(bearer)),
            channel,
        }
    }

    /// The same person over another connection: another device, or another server.
    #[must_use]
    pub fn over(&self, channel: Channel) -> Self {
        Self::new(channel, &self.secret, &self.token_id, &self.counsellor_id)
    }

    /// Whoever has another token of the same id, over the same connection.
    #[must_use]
    pub fn with(&self, secret: &str) -> Self {
        Self::new(self.channel.clone(), secret, &self.token_id, &self.counsellor_id)
    }

    /// The secret of the token.
    pub fn secret(&self) -> &str {
        &self.secret
    }
}
