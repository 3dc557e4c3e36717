//! Partner agencies, and the tokens of their responders.

use helpline_proto::Role;
use helpline_proto::directory::v1::{
    Agency, AgencyKind, CreateAgencyRequest, CreateTokenRequest, DisableAgencyRequest, GetAgencyRequest,
    GetCentreRequest, ListAgenciesRequest, UpdateAgencyRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::{World, refused, request_id};
use tonic::Code;

fn shelter() -> Agency {
    Agency {
        display_name: "A shelter".to_owned(),
        kind: AgencyKind::Shelter.into(),
        field_classes: vec![FieldClass::Health.into(), FieldClass::Health.into()],
        ..Agency::default()
    }
}

async fn create(world: &World, agency: Agency) -> Agency {
    let request = CreateAgencyRequest { request_id: request_id(), agency: Some(agency) };
    let answer = world.administrator().agencies().create_agency(request).await.unwrap();
    answer.into_inner().agency.unwrap()
}

#[tokio::test]
async fn an_agency_is_created_changed_and_found_in_its_centre_alone() {
    let world = World::start().await;
    let created = create(&world, shelter()).await;
    assert_eq!(created.field_classes, [FieldClass::Health as i32], "each class once");
    let mut agencies = world.administrator().agencies();
    let change = Agency { display_name: "The shelter".to_owned(), field_classes: vec![], ..created.clone() };
    let request = UpdateAgencyRequest {
        request_id: request_id(),
        agency: Some(change),
        expected_revision: created.revision,
    };
    let changed = agencies.update_agency(request.clone()).await.unwrap().into_inner().agency.unwrap();
    assert_eq!((changed.display_name.as_str(), changed.field_classes.len()), ("The shelter", 0));
    let stale = UpdateAgencyRequest { request_id: request_id(), ..request };
    assert_eq!(refused(agencies.update_agency(stale).await).reason, "REVISION_STALE");
    let listed = agencies.list_agencies(ListAgenciesRequest::default()).await.unwrap().into_inner().agencies;
    assert_eq!(listed, std::slice::from_ref(&changed));
    let other = world.another_centre().await.administrator;
    let get = GetAgencyRequest { agency_id: changed.agency_id };
    assert_eq!(refused(other.agencies().get_agency(get).await).code, Code::NotFound);
}

#[tokio::test]
async fn what_cannot_be_an_agency_is_refused_with_every_field() {
    let world = World::start().await;
    let agency = Agency {
        display_name: "\n".to_owned(),
        kind: 99,
        field_classes: vec![FieldClass::Secret.into(), 0],
        ..Agency::default()
    };
    let request = CreateAgencyRequest { request_id: request_id(), agency: Some(agency) };
    let refused = refused(world.administrator().agencies().create_agency(request).await);
    let expected =
        ["agency.display_name", "agency.kind", "agency.field_classes[0]", "agency.field_classes[1]"];
    assert_eq!(refused.fields, expected);
}

#[tokio::test]
async fn responders_of_an_agency_that_is_asked_no_longer_are_not_let_in() {
    let world = World::start().await;
    let agency = world.agency().await;
    let responder = world.responder(agency).await;
    let code = async || responder.centre().get_centre(GetCentreRequest {}).await.unwrap_err().code();
    assert_eq!(code().await, Code::PermissionDenied, "known, and not entitled");
    let mut administrator = world.administrator().agencies();
    let disable = DisableAgencyRequest { request_id: request_id(), agency_id: agency.to_string() };
    let disabled = administrator.disable_agency(disable).await.unwrap().into_inner().agency.unwrap();
    assert!(disabled.disabled);
    assert_eq!(code().await, Code::Unauthenticated);
    let token = CreateTokenRequest {
        request_id: request_id(),
        role: Role::AgencyResponder.into(),
        agency_id: agency.to_string(),
        ..CreateTokenRequest::default()
    };
    let mut tokens = world.administrator().tokens();
    assert_eq!(refused(tokens.create_token(token.clone()).await).code, Code::NotFound);
    let nobody = CreateTokenRequest { request_id: request_id(), agency_id: String::new(), ..token };
    assert_eq!(refused(tokens.create_token(nobody).await).fields, ["agency_id"]);
}
