//! Well-formed requests about children who come back together.

use helpline_proto::directory::v1::ReintegrationSettings;
use helpline_proto::intake::v1::AgeBand;
use helpline_proto::reintegration::v1::{
    AnnouncedChild, GetCohortRequest, GetReturneeRequest, GetScorecardRequest, ListCohortsRequest,
    ListReturneesRequest, ReturneeState,
};
use helpline_tests::crossborder::ahead;
use helpline_tests::reintegration::{
    absent, announce, arrive, child, close, create, grant, monitor, rehabilitate, reschedule,
    reschedule_cohort, revoke, settle,
};
use prost::Message as _;

use super::{id, seconds};

/// Settings in which every field is set that can be.
pub(super) fn settings() -> ReintegrationSettings {
    ReintegrationSettings {
        not_arrived_after: Some(seconds(3600)),
        settle_within: Some(seconds(86_400)),
        plan: "new_start".to_owned(),
    }
}

/// The bytes of a well-formed request, if the method is about these.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    let (about, page_size, page_token) = (id(), 0, String::new());
    Some(match method {
        "CreateCohort" => create(ahead(3600)).encode_to_vec(),
        "GrantCohort" => grant(&about, &id()).encode_to_vec(),
        "RevokeCohort" => revoke(&about, &id()).encode_to_vec(),
        "AnnounceReturnees" => {
            let mut one = AnnouncedChild { expected_time: Some(ahead(3600)), ..child("k1", "f1") };
            one.profile.get_or_insert_default().age_band = AgeBand::AgeBand1012.into();
            announce(&about, vec![one]).encode_to_vec()
        }
        "RescheduleCohort" => reschedule_cohort(&about, ahead(3600)).encode_to_vec(),
        "RescheduleReturnee" => reschedule(&about, ahead(3600)).encode_to_vec(),
        "RecordReturneeArrival" => arrive(&about).encode_to_vec(),
        "RecordReturneeNotArrived" => absent(&about).encode_to_vec(),
        "StartFirstRehabilitation" => rehabilitate(&about).encode_to_vec(),
        "SettleReturnee" => settle(&about).encode_to_vec(),
        "StartReturneeMonitoring" => monitor(&about).encode_to_vec(),
        "CloseReturnee" => close(&about).encode_to_vec(),
        "GetCohort" => GetCohortRequest { cohort_id: about }.encode_to_vec(),
        "ListCohorts" => ListCohortsRequest { page_size, page_token }.encode_to_vec(),
        "GetReturnee" => GetReturneeRequest { returnee_id: about }.encode_to_vec(),
        "ListReturnees" => {
            let state = ReturneeState::Arrived.into();
            ListReturneesRequest { cohort_id: about, state, page_size, page_token }.encode_to_vec()
        }
        "GetScorecard" => GetScorecardRequest { cohort_id: about }.encode_to_vec(),
        _ => return None,
    })
}
