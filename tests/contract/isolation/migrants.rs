//! Rows about children on the move: fear and an override, a redirect, a detention.

use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_tests::migrant::{ask_override, fear, held};
use helpline_tests::referral::every_class;
use helpline_tests::{Actor, Centre, World, request_id};
use prost_types::Timestamp;

/// Makes them for a centre.
pub(super) async fn protect(world: &World, centre: &Centre, supervisor: &Actor) {
    let case_id = supervisor.case_of_child().await.case_id;
    supervisor.protect(fear(&case_id, "JO")).await.unwrap();
    let agency = Agency {
        display_name: "An embassy".to_owned(),
        kind: AgencyKind::Embassy.into(),
        field_classes: every_class(),
        country: "JO".to_owned(),
        ..Agency::default()
    };
    let request = CreateAgencyRequest { request_id: request_id(), agency: Some(agency) };
    let answer = centre.administrator.agencies().create_agency(request).await.unwrap().into_inner();
    let embassy = answer.agency.unwrap().agency_id.parse().unwrap();
    supervisor.ask_consulate(ask_override(&case_id, embassy)).await.unwrap();
    supervisor.begin_redirect(&case_id).await.unwrap();
    let since = Timestamp { seconds: world.soon().seconds - 100_000, nanos: 0 };
    supervisor.detain(held(&case_id, since)).await.unwrap();
}
