//! Rows about an emergency: an agency and a way to tell it, who stands in, what is disclosed, what a supervisor is asked, whom
//! an alert is for.

use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind};
use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_proto::escalation::v1::{
    AskSecondOpinionRequest, ConsentBy, DiscloseRequest, DisclosureBasis, DisclosurePurpose,
    MakeStandInRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::child_alert::{ask, content};
use helpline_tests::plan::{WATCH, counting_on};
use helpline_tests::{Actor, Centre, World, request_id};

/// Makes them for a centre.
pub(super) async fn decide(world: &World, centre: &Centre, counsellor: &Actor, supervisor: &Actor) {
    let counsellor_id = counsellor.counsellor_id.clone();
    centre.change_plan(|plan| counting_on(plan, &[&counsellor_id])).await.unwrap();
    let make = MakeStandInRequest {
        request_id: request_id(),
        schedule: WATCH.to_owned(),
        counsellor_id: counsellor_id.clone(),
        begin_time: None,
        end_time: Some(world.soon()),
    };
    supervisor.plans().make_stand_in(make).await.unwrap();
    let field_classes = vec![FieldClass::Location.into()];
    let agency = Agency {
        display_name: "An agency".to_owned(),
        kind: AgencyKind::Police.into(),
        field_classes: field_classes.clone(),
        ..Agency::default()
    };
    let create = CreateAgencyRequest { request_id: request_id(), agency: Some(agency) };
    let created = centre.administrator.agencies().create_agency(create).await.unwrap().into_inner();
    let agency_id = created.agency.unwrap().agency_id;
    let endpoint = CreateEndpointRequest {
        request_id: request_id(),
        agency_id: agency_id.clone(),
        kind: EndpointKind::Email.into(),
        address: "duty@agency.example".to_owned(),
        ..CreateEndpointRequest::default()
    };
    centre.administrator.endpoints().create_endpoint(endpoint).await.unwrap();
    world.link_in(centre, agency_id.parse().unwrap()).await;
    let escalation_id = counsellor.raises().await;
    let disclose = DiscloseRequest {
        request_id: request_id(),
        escalation_id: escalation_id.clone(),
        agency_id,
        purpose: DisclosurePurpose::Emergency.into(),
        field_classes,
        basis: DisclosureBasis::Consent.into(),
        consent_by: ConsentBy::Child.into(),
        ..DiscloseRequest::default()
    };
    counsellor.disclosures().disclose(disclose).await.unwrap();
    let ask = AskSecondOpinionRequest {
        request_id: request_id(),
        escalation_id,
        ..AskSecondOpinionRequest::default()
    };
    counsellor.consults().ask_second_opinion(ask).await.unwrap();
}

/// An alert about a missing child, asked for.
pub(super) async fn search(world: &World, centre: &Centre, supervisor: &Actor, escalation_id: &str) {
    let sql = format!("SELECT agency_id FROM helpline.agencies WHERE centre_id = '{}'", centre.id);
    let agency_id = world.database.query(&sql).unwrap()[0][0].clone().unwrap();
    let mut content = content(&[&agency_id]);
    content.field_classes = vec![FieldClass::Location.into()];
    ask(supervisor, escalation_id, content).await.unwrap();
}
