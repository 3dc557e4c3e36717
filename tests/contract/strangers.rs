//! What belongs to another centre is not there, and cannot be told from what never was.

use std::collections::BTreeMap;

use helpline_domain::caller::Role;
use helpline_proto::directory::v1::ListCounsellorsRequest;
use helpline_proto::intake::v1::ListContactsRequest;
use helpline_proto::queueing::v1::ListOverflowsRequest;
use helpline_proto::{METHODS, Method};
use helpline_tests::{Actor, World, request_id};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use tonic::{Code, Status};

use crate::cast::{Cast, method};
use crate::requests::well_formed;
use crate::schema;
use crate::stage::{self, abilities, healthy, new_language};

/// What there is in the other centre, by the name of the field that would ask for it.
async fn theirs(world: &World) -> BTreeMap<&'static str, String> {
    let centre = world.another_centre().await;
    let language = new_language();
    let counsellor = world.counsellor_of(&centre, abilities(&language)).await;
    let adapter = world.bearer(centre.id, Role::ChannelAdapter, None).await;
    let offer = stage::offer(&adapter, &counsellor, &language).await;
    let supervisor = world.bearer(centre.id, Role::Supervisor, None).await;
    let partner = world.another_centre().await;
    stage::ask_for_overflow(world, &centre, &partner, &supervisor, &adapter).await;
    let list = ListOverflowsRequest::default();
    let mut overflows = supervisor.overflow().list_overflows(list).await.unwrap().into_inner().overflows;
    BTreeMap::from([
        ("overflow_id", overflows.remove(0).overflow_id),
        ("contact_id", offer.contact_id),
        ("counsellor_id", offer.counsellor_id),
        ("offer_id", offer.offer_id),
        ("token_id", adapter.token_id),
        ("service_id", world.service_of(centre.id).await.to_string()),
    ])
}

/// Calls a method with this id in every place of that name. Everything else is the same in every call.
async fn asked(
    cast: &Cast,
    method: &Method,
    base: &DynamicMessage,
    name: &str,
    id: &str,
) -> Result<Vec<u8>, Status> {
    let mut request = base.clone();
    for place in schema::places(method).iter().filter(|place| place.name() == name) {
        place.put(&mut request, Value::String(id.to_owned()));
    }
    cast.call(method, &request).await
}

/// Lists that can be narrowed to something: what is not there has an empty page.
const LISTS: [&str; 6] =
    ["ListContacts", "ListEscalations", "ListReferrals", "ListCases", "ListMerges", "ListTasks"];

/// A well-formed request that is about something with this name: a question is about an escalation or a contact.
fn about(method: &Method, name: &str) -> DynamicMessage {
    let mut request = well_formed(method);
    if method.name == "AskSecondOpinion" && name == "contact_id" {
        request.clear_field_by_name("escalation_id");
    }
    request
}

#[tokio::test]
async fn an_id_of_another_centre_is_answered_like_one_that_nobody_has() {
    let cast = Cast::new().await;
    let theirs = theirs(&cast.world).await;
    let mut seen = 0;
    for method in METHODS {
        let places = schema::places(method);
        for (name, id) in &theirs {
            if !places.iter().any(|place| place.name() == *name) {
                continue;
            }
            seen += 1;
            let base = about(method, name);
            let theirs = asked(&cast, method, &base, name, id).await;
            let nobodys = asked(&cast, method, &base, name, &request_id()).await;
            if LISTS.contains(&method.name) {
                assert_eq!(theirs.unwrap(), nobodys.unwrap(), "an empty page");
                continue;
            }
            let (theirs, nobodys) = (theirs.expect_err(method.name), nobodys.expect_err(method.name));
            // What a plan names in vain is said beside its other faults.
            let expected = if method.name == "PublishPlan" { Code::InvalidArgument } else { Code::NotFound };
            assert_eq!(theirs.code(), expected, "{}: {theirs:?}", method.name);
            assert_eq!(theirs.code(), nobodys.code());
            assert_eq!(theirs.message(), nobodys.message(), "{}", method.name);
            assert_eq!(theirs.details(), nobodys.details(), "{}", method.name);
            let names =
                |status: &Status| status.metadata().keys().map(|key| format!("{key:?}")).collect::<Vec<_>>();
            assert_eq!(names(&theirs), names(&nobodys), "{}", method.name);
        }
    }
    // Every method that takes an id at all was asked for one of each kind.
    let with_ids = METHODS
        .iter()
        .filter(|method| schema::places(method).iter().any(|place| theirs.contains_key(place.name())));
    assert!(seen >= with_ids.count() && seen > 15, "only {seen} ids were tried");
    healthy(&cast.world).await;
}

#[tokio::test]
async fn lists_show_nothing_of_another_centre() {
    let cast = Cast::new().await;
    let theirs = theirs(&cast.world).await;
    let contacts = cast.supervisor.contacts().list_contacts(ListContactsRequest::default()).await.unwrap();
    assert!(contacts.into_inner().contacts.is_empty());
    let request = ListCounsellorsRequest { include_disabled: true, ..ListCounsellorsRequest::default() };
    let counsellors = cast.supervisor.counsellors().list_counsellors(request).await.unwrap().into_inner();
    let ids: Vec<_> = counsellors.counsellors.iter().map(|found| &found.counsellor_id).collect();
    assert_eq!(ids, [&cast.counsellor.counsellor_id]);
    let tokens = cast.call(method("ListTokens"), &well_formed(method("ListTokens"))).await.unwrap();
    let tokens = helpline_proto::directory::v1::ListTokensResponse::decode(tokens.as_slice()).unwrap();
    assert!(tokens.tokens.iter().all(|token| token.token_id != theirs["token_id"]));
}

#[tokio::test]
async fn within_a_centre_too_a_contact_is_known_to_those_it_concerns_alone() {
    let cast = Cast::new().await;
    let language = new_language();
    let counsellor = cast.world.counsellor(abilities(&language)).await;
    let offer = stage::offer(&cast.adapter, &counsellor, &language).await;
    stage::accept(&counsellor, &offer).await;
    let uninvolved: [Actor; 2] = [cast.counsellor.clone(), cast.world.adapter().await];
    for method in METHODS {
        let places = schema::places(method);
        let Some(place) = places.iter().find(|place| place.path == "contact_id") else { continue };
        let base = about(method, "contact_id");
        for actor in &uninvolved {
            let role = if actor.counsellor_id.is_empty() {
                helpline_proto::Role::ChannelAdapter
            } else {
                helpline_proto::Role::Counsellor
            };
            if !method.roles.contains(&role) {
                continue;
            }
            let mut statuses = Vec::new();
            for id in [offer.contact_id.clone(), request_id()] {
                let mut request = base.clone();
                place.put(&mut request, Value::String(id));
                statuses.push(cast.call_with(method, Some(actor.secret()), request.encode_to_vec()).await);
            }
            if LISTS.contains(&method.name) {
                assert_eq!(statuses[0].as_ref().unwrap(), statuses[1].as_ref().unwrap(), "an empty page");
                continue;
            }
            let statuses: Vec<_> =
                statuses.into_iter().map(|answer| answer.expect_err(method.name)).collect();
            assert_eq!(statuses[0].code(), Code::NotFound, "{} as {role:?}", method.name);
            assert_eq!(statuses[0].message(), statuses[1].message(), "{}", method.name);
            assert_eq!(statuses[0].details(), statuses[1].details(), "{}", method.name);
        }
    }
}
