//! Well-formed requests about stays in shelters.

use helpline_proto::referral::v1::{
    AdmitRequest, DropExitPlanRequest, ExitOutcome, GetAdmissionRequest, HoldAdmissionPlaceRequest,
    ListAdmissionsRequest, PlanExitRequest, RecordExitRequest, RequestAdmissionRequest,
    ScreenAdmissionRequest,
};
use prost::Message as _;
use prost_types::Timestamp;

use super::{id, seconds};

/// The bytes of a well-formed request, if the method is about stays.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    let (request_id, admission_id) = (id(), id());
    Some(match method {
        "RequestAdmission" => RequestAdmissionRequest {
            request_id,
            referral_id: id(),
            service_id: id(),
            unit: "bed".to_owned(),
        }
        .encode_to_vec(),
        "ScreenAdmission" => ScreenAdmissionRequest { request_id, admission_id }.encode_to_vec(),
        "HoldAdmissionPlace" => {
            HoldAdmissionPlaceRequest { request_id, admission_id, lifetime: Some(seconds(600)) }
                .encode_to_vec()
        }
        "Admit" => AdmitRequest { request_id, admission_id }.encode_to_vec(),
        "PlanExit" => {
            let planned_time = Some(Timestamp { seconds: 4_000_000_000, nanos: 0 });
            PlanExitRequest { request_id, admission_id, planned_time }.encode_to_vec()
        }
        "DropExitPlan" => DropExitPlanRequest { request_id, admission_id }.encode_to_vec(),
        "RecordExit" => RecordExitRequest { request_id, admission_id, outcome: ExitOutcome::Reunited.into() }
            .encode_to_vec(),
        "GetAdmission" => GetAdmissionRequest { admission_id }.encode_to_vec(),
        "ListAdmissions" => {
            ListAdmissionsRequest { page_size: 5, ..ListAdmissionsRequest::default() }.encode_to_vec()
        }
        _ => return None,
    })
}
