//! Well-formed requests about hand-overs across borders.

use helpline_proto::crossborder::v1::{
    ApproveCrossBorderOverrideRequest, GetCrossBorderHandoverRequest, ListCrossBorderConsentsRequest,
    ListCrossBorderHandoversRequest, ListCrossBorderTimelineRequest, OfferCrossBorderHandoverRequest,
    PlanCrossBorderTravelRequest, RecordCrossBorderConsentRequest, SignCrossBorderCertificateRequest,
    WithdrawCrossBorderConsentRequest,
};
use helpline_proto::directory::v1::{CrossBorderCountry, CrossBorderFocalPoint, CrossBorderSettings};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::crossborder::{
    accept, arrive, assess, check, close, consent, decline, depart, journey, offer, plan, prepare, report,
    sign, visit, withdraw,
};
use prost::Message as _;
use prost_types::Timestamp;

use super::{id, seconds};

/// Settings of hand-overs across borders in which every field is set that can be.
pub(super) fn settings() -> CrossBorderSettings {
    let point = CrossBorderFocalPoint {
        agency_id: id(),
        hours: "Su-Th 08:00-16:00".to_owned(),
        time_zone: "Asia/Amman".to_owned(),
        public_key: "whpk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned(),
    };
    CrossBorderSettings {
        countries: vec![CrossBorderCountry {
            country: "JO".to_owned(),
            focal_points: vec![point],
            closed: true,
            legal_bases: vec!["court_order".to_owned()],
            forbidden_classes: vec![FieldClass::Health.into()],
            override_allowed: true,
            allowed_despite_fear: true,
            rest_days: vec![5, 6],
        }],
        prepare_within: Some(seconds(3600)),
        answer_within: Some(seconds(3600)),
        assess_within: Some(seconds(3600)),
        plan_within: Some(seconds(3600)),
        missing_after: Some(seconds(3600)),
        sign_within: Some(seconds(3600)),
        first_visit_days: 3,
        report_every: Some(seconds(3600)),
        monitoring_days: 100,
    }
}

/// The bytes of a well-formed request, if the method is about these.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    let (about, page_size, page_token) = (id(), 0, String::new());
    let at = |seconds| Timestamp { seconds, nanos: 0 };
    Some(match method {
        "PrepareCrossBorderHandover" => prepare(&id()).encode_to_vec(),
        "RecordCrossBorderConsent" => RecordCrossBorderConsentRequest {
            withheld: vec![FieldClass::Health.into()],
            lifetime: Some(seconds(3600)),
            ..consent(&about, id().parse().expect("an id"))
        }
        .encode_to_vec(),
        "ApproveCrossBorderOverride" => {
            ApproveCrossBorderOverrideRequest { request_id: id(), consent_id: id() }.encode_to_vec()
        }
        "WithdrawCrossBorderConsent" => {
            WithdrawCrossBorderConsentRequest { request_id: id(), consent_id: id() }.encode_to_vec()
        }
        "CheckCrossBorderTransfer" => check(&about, true).encode_to_vec(),
        "OfferCrossBorderHandover" => {
            OfferCrossBorderHandoverRequest { agency_id: id(), ..offer(&about) }.encode_to_vec()
        }
        "StartReceivingAssessment" => assess(&about).encode_to_vec(),
        "AcceptCrossBorderHandover" => accept(&about).encode_to_vec(),
        "DeclineCrossBorderHandover" => decline(&about).encode_to_vec(),
        "PlanCrossBorderTravel" => {
            let travel = Some(journey(at(4_000_000_000), at(4_000_003_600)));
            PlanCrossBorderTravelRequest { travel, ..plan(&about) }.encode_to_vec()
        }
        "RecordCrossBorderDeparture" => depart(&about).encode_to_vec(),
        "ConfirmCrossBorderArrival" => arrive(&about).encode_to_vec(),
        "SignCrossBorderCertificate" => {
            SignCrossBorderCertificateRequest { sha256: "0".repeat(64), ..sign(&about) }.encode_to_vec()
        }
        "RecordCrossBorderFirstVisit" => visit(&about).encode_to_vec(),
        "ReportCrossBorderMonitoring" => report(&about).encode_to_vec(),
        "CloseCrossBorderHandover" => close(&about).encode_to_vec(),
        "WithdrawCrossBorderHandover" => withdraw(&about).encode_to_vec(),
        "GetCrossBorderHandover" => GetCrossBorderHandoverRequest { crossborder_id: about }.encode_to_vec(),
        "ListCrossBorderHandovers" => {
            ListCrossBorderHandoversRequest { open: true, case_id: id(), page_size, page_token }
                .encode_to_vec()
        }
        "ListCrossBorderTimeline" => {
            ListCrossBorderTimelineRequest { crossborder_id: about, page_size, page_token }.encode_to_vec()
        }
        "ListCrossBorderConsents" => {
            ListCrossBorderConsentsRequest { crossborder_id: about, page_size, page_token }.encode_to_vec()
        }
        _ => return None,
    })
}
