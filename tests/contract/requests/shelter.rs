//! Well-formed requests about residents of shelters and help to return.

use helpline_proto::directory::v1::{ShelterServiceOffer, ShelterSettings};
use helpline_proto::referral::v1::AccompanyAdmissionRequest;
use helpline_proto::shelter::v1::{
    AnswerServiceOfferRequest, GetReturnAssistanceRequest, GetServiceOffersRequest,
    ListReturnAssistancesRequest, RepeatServiceOfferRequest, ReturnSubject, ServiceOfferState,
    SetGracePeriodRequest, StartReturnAssistanceRequest,
};
use helpline_tests::shelter::{
    answer, approves, arrives, asks, cancels, consents, departs, done, grace, ready, start, withdraws,
};
use prost::Message as _;
use prost_types::Timestamp;

use super::{id, seconds};

/// Settings of shelters in which every field is set that can be.
pub(super) fn settings() -> ShelterSettings {
    ShelterSettings {
        service_offers: vec![ShelterServiceOffer {
            service: "legal".to_owned(),
            within: Some(seconds(3600)),
        }],
        follow_up_days: vec![30, 90],
        return_items: vec!["ticket".to_owned()],
        grace_warning: Some(seconds(86_400)),
        arrival_within: Some(seconds(86_400)),
    }
}

/// The bytes of a well-formed request, if the method is about these.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    let (request_id, admission_id, about) = (id(), id(), id());
    let grace_end_time = Some(Timestamp { seconds: 4_000_000_000, nanos: 0 });
    Some(match method {
        "AccompanyAdmission" => {
            AccompanyAdmissionRequest { request_id, admission_id, accompanies_admission_id: id() }
                .encode_to_vec()
        }
        "GetServiceOffers" => GetServiceOffersRequest { admission_id }.encode_to_vec(),
        "AnswerServiceOffer" => AnswerServiceOfferRequest {
            referral_id: id(),
            ..answer(&admission_id, "legal", ServiceOfferState::Accepted)
        }
        .encode_to_vec(),
        "RepeatServiceOffer" => {
            RepeatServiceOfferRequest { request_id, admission_id, service: "legal".to_owned() }
                .encode_to_vec()
        }
        "StartReturnAssistance" => StartReturnAssistanceRequest {
            admission_id,
            grace_end_time,
            ..start(&about, ReturnSubject::Adult)
        }
        .encode_to_vec(),
        "SetReturnItem" => done(&about, "ticket").encode_to_vec(),
        "SetGracePeriod" => SetGracePeriodRequest { grace_end_time, ..grace(&about) }.encode_to_vec(),
        "RecordReturnConsent" => consents(&about).encode_to_vec(),
        "WithdrawReturnConsent" => withdraws(&about).encode_to_vec(),
        "AskReturnOverride" => asks(&about).encode_to_vec(),
        "ApproveReturnOverride" => approves(&about).encode_to_vec(),
        "MarkReturnReady" => ready(&about).encode_to_vec(),
        "RecordReturnDeparture" => departs(&about).encode_to_vec(),
        "RecordReturnArrival" => arrives(&about).encode_to_vec(),
        "CancelReturnAssistance" => cancels(&about).encode_to_vec(),
        "GetReturnAssistance" => GetReturnAssistanceRequest { return_id: about }.encode_to_vec(),
        "ListReturnAssistances" => ListReturnAssistancesRequest {
            open: true,
            case_id: id(),
            ..ListReturnAssistancesRequest::default()
        }
        .encode_to_vec(),
        _ => return None,
    })
}
