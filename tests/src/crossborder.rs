//! Hand-overs of children across borders.

use helpline_domain::id::AgencyId;
use helpline_proto::crossborder::v1::{
    AcceptCrossBorderHandoverRequest, CheckCrossBorderTransferRequest, CloseCrossBorderHandoverRequest,
    ConfirmCrossBorderArrivalRequest, CrossBorderConsent, CrossBorderDeclineReason, CrossBorderEscort,
    CrossBorderHandover, CrossBorderOutcome, CrossBorderParticulars, CrossBorderProfile, CrossBorderRoute,
    CrossBorderTravel, CrossBorderWellBeing, CrossBorderWithdrawReason, DeclineCrossBorderHandoverRequest,
    GetCrossBorderHandoverRequest, OfferCrossBorderHandoverRequest, PlanCrossBorderTravelRequest,
    PrepareCrossBorderHandoverRequest, RecordCrossBorderConsentRequest, RecordCrossBorderDepartureRequest,
    RecordCrossBorderFirstVisitRequest, ReportCrossBorderMonitoringRequest,
    SignCrossBorderCertificateRequest, StartReceivingAssessmentRequest, WithdrawCrossBorderHandoverRequest,
};
use helpline_proto::directory::v1::{CrossBorderCountry, CrossBorderFocalPoint, Settings};
use helpline_proto::escalation::v1::ConsentBy;
use helpline_proto::intake::v1::{AgeBand, Gender};
use helpline_proto::options::v1::FieldClass;
use prost_types::Timestamp;
use tonic::Status;

use crate::{Actor, request_id};

/// On which basis children are handed over.
pub const BASIS: &str = "court_order";

/// Lets children be handed over to a country, where these receive, the first before the second.
pub fn lets_hand_over(settings: &mut Settings, country: &str, agencies: &[AgencyId]) {
    let point = |agency: &AgencyId| CrossBorderFocalPoint {
        agency_id: agency.to_string(),
        ..CrossBorderFocalPoint::default()
    };
    let known = settings.cross_border.get_or_insert_default();
    known.countries.push(CrossBorderCountry {
        country: country.to_owned(),
        focal_points: agencies.iter().map(point).collect(),
        legal_bases: vec![BASIS.to_owned()],
        forbidden_classes: vec![FieldClass::Perpetrator.into()],
        override_allowed: true,
        rest_days: vec![5, 6],
        ..CrossBorderCountry::default()
    });
}

/// Prepares a hand-over to Jordan, with everything granted.
pub fn prepare(case_id: &str) -> PrepareCrossBorderHandoverRequest {
    let text = |text: &str| text.to_owned();
    PrepareCrossBorderHandoverRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        country: text("JO"),
        profile: Some(CrossBorderProfile {
            age_band: AgeBand::AgeBand1012.into(),
            gender: Gender::Female.into(),
            needs: vec![text("family_tracing"), text("schooling")],
            region: text("north"),
            language: text("ar"),
        }),
        field_classes: every_class(),
        particulars: Some(CrossBorderParticulars {
            identity: text("Salma, born in Irbid"),
            contact: text("her uncle's telephone"),
            location: text("goes to her uncle"),
            narrative: text("She came with her brother."),
            health: text("asthma"),
            legal: text("the uncle is her guardian"),
            perpetrator: text("a smuggler"),
        }),
    }
}

/// Every class of which [`prepare`] says something.
pub fn every_class() -> Vec<i32> {
    use FieldClass::{Contact, Health, Identity, Legal, Location, Narrative, Perpetrator};
    [Identity, Contact, Location, Narrative, Health, Legal, Perpetrator].map(i32::from).to_vec()
}

/// The child agrees that a focal point knows everything.
pub fn consent(crossborder_id: &str, agency: AgencyId) -> RecordCrossBorderConsentRequest {
    RecordCrossBorderConsentRequest {
        request_id: request_id(),
        crossborder_id: crossborder_id.to_owned(),
        agency_id: agency.to_string(),
        field_classes: every_class(),
        consent_by: ConsentBy::Child.into(),
        ..RecordCrossBorderConsentRequest::default()
    }
}

/// Asks the rules, on [`BASIS`].
pub fn check(crossborder_id: &str, fear_recorded: bool) -> CheckCrossBorderTransferRequest {
    CheckCrossBorderTransferRequest {
        request_id: request_id(),
        crossborder_id: crossborder_id.to_owned(),
        legal_basis: BASIS.to_owned(),
        fear_recorded,
    }
}

/// So many seconds from now, by the machine's clock.
#[expect(clippy::disallowed_methods, reason = "a sample request has no world whose clock it could ask")]
pub fn ahead(seconds: i64) -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp { seconds: i64::try_from(now.as_secs()).expect("a time") + seconds, nanos: 0 }
}

/// By road, with somebody of the sending side.
pub fn journey(depart_time: Timestamp, arrive_time: Timestamp) -> CrossBorderTravel {
    CrossBorderTravel {
        depart_time: Some(depart_time),
        arrive_time: Some(arrive_time),
        escort: CrossBorderEscort::SendingSide.into(),
        route: CrossBorderRoute::Road.into(),
        details: "The bus at six.".to_owned(),
    }
}

/// Builders of requests that say little but which hand-over they are about.
macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident: $request:ident { $($field:ident: $value:expr),* };)+) => {
        $($(#[$doc])* pub fn $name(crossborder_id: &str) -> $request {
            $request {
                request_id: request_id(),
                crossborder_id: crossborder_id.to_owned(),
                $($field: $value,)*
                ..$request::default()
            }
        })+
    };
}

requests!(
    /// Offers to the first focal point that was not asked yet.
    offer: OfferCrossBorderHandoverRequest {};
    /// Begins the assessment.
    assess: StartReceivingAssessmentRequest { remark: "We ask the family.".to_owned() };
    /// Accepts, on a condition.
    accept: AcceptCrossBorderHandoverRequest { conditions: "An escort speaks Arabic.".to_owned() };
    /// Declines.
    decline: DeclineCrossBorderHandoverRequest {
        reason: CrossBorderDeclineReason::NoCapacity.into(), remark: "Not this month.".to_owned()
    };
    /// Plans nothing yet.
    plan: PlanCrossBorderTravelRequest {};
    /// The child has left.
    depart: RecordCrossBorderDepartureRequest { remark: "She took her doll.".to_owned() };
    /// The child is there.
    arrive: ConfirmCrossBorderArrivalRequest { remark: "She is tired.".to_owned() };
    /// Signs nothing yet.
    sign: SignCrossBorderCertificateRequest {};
    /// A visit at which the child is well.
    visit: RecordCrossBorderFirstVisitRequest {
        well_being: CrossBorderWellBeing::Well.into(), remark: "She sleeps.".to_owned()
    };
    /// A report by which the child is well.
    report: ReportCrossBorderMonitoringRequest {
        well_being: CrossBorderWellBeing::Well.into(), remark: "She is at school.".to_owned()
    };
    /// It is over: the child is at home.
    close: CloseCrossBorderHandoverRequest {
        outcome: CrossBorderOutcome::Settled.into(), remark: "Thank you.".to_owned()
    };
    /// It is taken back.
    withdraw: WithdrawCrossBorderHandoverRequest {
        reason: CrossBorderWithdrawReason::ChildDeclined.into(), remark: "She wants to stay.".to_owned()
    };
);

/// Methods of actors that take a step and return the hand-over.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident: $rpc:ident($request:ident);)+) => {
        impl Actor {
            $($(#[$doc])*
            ///
            /// # Errors
            /// What was refused.
            pub async fn $name(&self, request: $request) -> Result<CrossBorderHandover, Status> {
                Ok(self.cross_border().$rpc(request).await?.into_inner().handover.expect("the hand-over"))
            })+
        }
    };
}

steps!(
    /// Prepares a hand-over.
    prepare_handover: prepare_cross_border_handover(PrepareCrossBorderHandoverRequest);
    /// Asks the rules.
    check_handover: check_cross_border_transfer(CheckCrossBorderTransferRequest);
    /// Offers it.
    offer_abroad: offer_cross_border_handover(OfferCrossBorderHandoverRequest);
    /// Begins the assessment.
    assess_handover: start_receiving_assessment(StartReceivingAssessmentRequest);
    /// Accepts.
    accept_child: accept_cross_border_handover(AcceptCrossBorderHandoverRequest);
    /// Declines.
    decline_child: decline_cross_border_handover(DeclineCrossBorderHandoverRequest);
    /// Plans the travel.
    plan_travel: plan_cross_border_travel(PlanCrossBorderTravelRequest);
    /// Records the departure.
    child_departs: record_cross_border_departure(RecordCrossBorderDepartureRequest);
    /// Confirms the arrival.
    child_arrives: confirm_cross_border_arrival(ConfirmCrossBorderArrivalRequest);
    /// Signs.
    sign_certificate: sign_cross_border_certificate(SignCrossBorderCertificateRequest);
    /// Records the first visit.
    visit_child: record_cross_border_first_visit(RecordCrossBorderFirstVisitRequest);
    /// Reports.
    report_on_child: report_cross_border_monitoring(ReportCrossBorderMonitoringRequest);
    /// Closes.
    close_handover: close_cross_border_handover(CloseCrossBorderHandoverRequest);
    /// Takes back.
    withdraw_handover: withdraw_cross_border_handover(WithdrawCrossBorderHandoverRequest);
    /// Reads.
    read_handover: get_cross_border_handover(GetCrossBorderHandoverRequest);
);

impl Actor {
    /// A hand-over.
    ///
    /// # Errors
    /// What was refused.
    pub async fn handover_abroad(&self, crossborder_id: &str) -> Result<CrossBorderHandover, Status> {
        let crossborder_id = crossborder_id.to_owned();
        self.read_handover(GetCrossBorderHandoverRequest { crossborder_id }).await
    }

    /// Records consent.
    ///
    /// # Errors
    /// What was refused.
    pub async fn agree_abroad(
        &self,
        request: RecordCrossBorderConsentRequest,
    ) -> Result<CrossBorderConsent, Status> {
        let answer = self.cross_border().record_cross_border_consent(request).await?;
        Ok(answer.into_inner().consent.expect("the consent"))
    }

    /// A hand-over of a new child that an agency is offered, with everything agreed to; its id.
    pub async fn offers_abroad(&self, agency: AgencyId) -> String {
        let case = self.case_of_child().await;
        let handover = self.prepare_handover(prepare(&case.case_id)).await.expect("it is prepared");
        let id = handover.crossborder_id;
        self.agree_abroad(consent(&id, agency)).await.expect("she agrees");
        self.check_handover(check(&id, false)).await.expect("a decision");
        self.offer_abroad(offer(&id)).await.expect("it is offered").crossborder_id
    }

    /// The same, accepted by somebody of the agency; its id.
    pub async fn accepted_abroad(&self, agency: AgencyId, responder: &Self) -> String {
        let id = self.offers_abroad(agency).await;
        responder.assess_handover(assess(&id)).await.expect("it is assessed");
        responder.accept_child(accept(&id)).await.expect("it is accepted").crossborder_id
    }

    /// The same, and the child has left; its id.
    pub async fn departed_to(
        &self,
        (agency, responder): (AgencyId, &Self),
        [depart_time, arrive_time]: [Timestamp; 2],
    ) -> String {
        let id = self.accepted_abroad(agency, responder).await;
        let travel = Some(journey(depart_time, arrive_time));
        self.plan_travel(PlanCrossBorderTravelRequest { travel, ..plan(&id) }).await.expect("a plan");
        self.child_departs(depart(&id)).await.expect("she leaves").crossborder_id
    }
}
