//! Rows about a referral: a directory with a service, a referral that is sent, a place that is held, a stay.

use helpline_domain::id::AgencyId;
use helpline_proto::casework::v1::GetStayLimitRequest;
use helpline_proto::referral::v1::{
    AdmitRequest, HoldAdmissionPlaceRequest, PlaceHoldRequest, RequestAdmissionRequest,
    ScreenAdmissionRequest, SetCapacityRequest,
};
use helpline_tests::referral::draft;
use helpline_tests::{Actor, Centre, World, request_id, until};

/// Makes them for a centre, with an agency that it has.
pub(super) async fn refer(world: &World, centre: &Centre, supervisor: &Actor, contact_id: &str) {
    let id = centre.id;
    let every = "{identity,contact,location,narrative,health,legal,perpetrator,media,statistics}";
    let agency = world
        .database
        .query(&format!(
            "UPDATE helpline.agencies SET field_classes = '{every}' WHERE centre_id = '{id}' RETURNING agency_id"
        ))
        .unwrap();
    let agency: AgencyId = agency[0][0].as_ref().unwrap().parse().unwrap();
    let service = world.service_in(id, agency).await;
    let referral = supervisor.refer(draft(contact_id, &[&service])).await;
    let set = SetCapacityRequest {
        request_id: request_id(),
        service_id: service.clone(),
        unit: "bed".to_owned(),
        maximum: 2,
        out_of_service: 0,
    };
    supervisor.capacity().set_capacity(set).await.unwrap();
    let place = PlaceHoldRequest {
        request_id: request_id(),
        unit: "bed".to_owned(),
        service_ids: vec![service.clone()],
        count: 1,
        ..PlaceHoldRequest::default()
    };
    supervisor.capacity().place_hold(place).await.unwrap();
    let stay = RequestAdmissionRequest {
        request_id: request_id(),
        referral_id: referral.referral_id,
        service_id: service,
        unit: "bed".to_owned(),
    };
    let stay = supervisor.admissions().request_admission(stay).await.unwrap().into_inner().admission.unwrap();
    let (mut stays, admission_id) = (supervisor.admissions(), || stay.admission_id.clone());
    let screen = ScreenAdmissionRequest { request_id: request_id(), admission_id: admission_id() };
    stays.screen_admission(screen).await.unwrap();
    let hold =
        HoldAdmissionPlaceRequest { request_id: request_id(), admission_id: admission_id(), lifetime: None };
    stays.hold_admission_place(hold).await.unwrap();
    stays.admit(AdmitRequest { request_id: request_id(), admission_id: admission_id() }).await.unwrap();
    let limit = || GetStayLimitRequest { admission_id: admission_id() };
    until("it has a limit", async || supervisor.stays().get_stay_limit(limit()).await.ok()).await;
}
