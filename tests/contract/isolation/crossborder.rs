//! Rows about a hand-over across a border: prepared, agreed to, and offered.

use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::crossborder::lets_hand_over;
use helpline_tests::{Actor, Centre, World, request_id};

/// Makes them for a centre.
pub(super) async fn hand_over(world: &World, centre: &Centre, supervisor: &Actor) {
    let agency = Agency {
        display_name: "A focal point".to_owned(),
        kind: AgencyKind::Police.into(),
        field_classes: (1..=10).filter(|&class| class != FieldClass::Secret as i32).collect(),
        ..Agency::default()
    };
    let request = CreateAgencyRequest { request_id: request_id(), agency: Some(agency) };
    let answer = centre.administrator.agencies().create_agency(request).await.unwrap().into_inner();
    let agency = answer.agency.unwrap().agency_id.parse().unwrap();
    world.change_settings_of(centre, |settings| lets_hand_over(settings, "JO", &[agency])).await;
    supervisor.offers_abroad(agency).await;
}
