//! A command that is sent again happens once.

mod casework;
mod channels;
mod child_alerts;
mod crossborder;
mod escalations;
mod migrants;
mod plans;
mod prepare;
mod referrals;
mod reintegration;
mod school;
mod shelter;
mod stays;

use helpline_proto::directory::v1::{
    GetCounsellorRequest, GetSettingsRequest, PublishSettingsRequest, UpdateCounsellorRequest,
};
use helpline_proto::intake::v1::{ChangeRiskRequest, ReceiveContactRequest, SendMessageRequest};
use helpline_proto::queueing::v1::{AcceptOfferRequest, TransferContactRequest};
use helpline_proto::terms::v1::{Channel, Risk, SkillLevel};
use helpline_proto::{METHODS, Method};
use helpline_tests::{Actor, Refused, World, refused, request_id};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use tonic::Code;

use crate::cast::Cast;
use crate::replay::prepare::{Prepared, prepare};
use crate::schema;
use crate::stage::{Stage, abilities, accept, go_ready, new_language, next_offer, receive, watch};

/// What only the first answer tells, or what tells a repeat from it.
const ONLY_FIRST: [(&str, &str); 5] = [
    ("CreateToken", "secret"),
    ("CreateEndpoint", "secret"),
    ("RotateSecret", "secret"),
    ("OpenLink", "secret"),
    ("ReceiveContact", "existing"),
];

/// How many rows there are of what a caller did, and of this command. What an agency reads is on record each time, also in a repeat's
/// answer.
fn traces(world: &World, actor: &Actor, request_id: &str) -> (i64, i64) {
    let principal = if actor.counsellor_id.is_empty() { &actor.token_id } else { &actor.counsellor_id };
    (
        count(
            world,
            &format!(
                "SELECT count(*) FROM helpline.journal WHERE actor_id = '{principal}' AND event NOT IN ('particulars_read', 'crossborder_seen', 'school_report_seen', 'survey_read')"
            ),
        ),
        count(world, &format!("SELECT count(*) FROM helpline.requests WHERE request_id = '{request_id}'")),
    )
}

fn count(world: &World, sql: &str) -> i64 {
    world.database.query(sql).unwrap()[0][0].as_ref().unwrap().parse().unwrap()
}

/// The answer without what a repeat may leave out.
fn comparable(method: &Method, bytes: &[u8]) -> DynamicMessage {
    let mut answer = DynamicMessage::decode(schema::output(method), bytes).unwrap();
    for (_, field) in ONLY_FIRST.iter().filter(|(name, _)| *name == method.name) {
        answer.clear_field_by_name(field);
    }
    answer
}

fn request_id_of(request: &DynamicMessage) -> String {
    request.get_field_by_name("request_id").unwrap().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_command_sent_again_is_answered_alike_and_happens_once() {
    let cast = Cast::new().await;
    for method in METHODS.iter().filter(|method| method.changes) {
        let Prepared { actor, request, other } = Box::pin(prepare(&cast, method)).await;
        let id = request_id_of(&request);
        let call = |request: &DynamicMessage| {
            let bytes = request.encode_to_vec();
            let (cast, actor) = (&cast, &actor);
            async move { cast.call_with(method, Some(actor.secret()), bytes).await }
        };
        let (journal, requests) = traces(&cast.world, &actor, &id);
        assert_eq!(requests, 0);
        let first = call(&request).await.unwrap_or_else(|status| panic!("{}: {status:?}", method.name));
        let after = traces(&cast.world, &actor, &id);
        assert_eq!(after, (journal + 1, 1), "{} happened", method.name);

        let mut shouted = request.clone();
        shouted.set_field_by_name("request_id", Value::String(id.to_uppercase()));
        let repeats = tokio::join!(call(&request), call(&request), call(&request), call(&shouted));
        for repeat in [repeats.0, repeats.1, repeats.2, repeats.3] {
            let repeat = repeat.unwrap_or_else(|status| panic!("{} again: {status:?}", method.name));
            assert_eq!(comparable(method, &repeat), comparable(method, &first), "{}", method.name);
            if ONLY_FIRST.contains(&(method.name, "secret")) {
                let secret = |bytes: &[u8]| {
                    let answer = DynamicMessage::decode(schema::output(method), bytes).unwrap();
                    answer.get_field_by_name("secret").unwrap().as_str().unwrap().to_owned()
                };
                assert!(!secret(&first).is_empty() && secret(&repeat).is_empty(), "told once");
            }
        }
        assert_eq!(traces(&cast.world, &actor, &id), after, "{} happened once", method.name);

        let Some(mut other) = other else { continue };
        other.set_field_by_name("request_id", Value::String(id.clone()));
        let reused = Refused::from(&call(&other).await.expect_err(method.name));
        assert_eq!(
            (reused.code, reused.reason.as_str()),
            (Code::AlreadyExists, "REQUEST_ID_REUSED"),
            "{} with other content",
            method.name
        );
        assert_eq!(traces(&cast.world, &actor, &id), after, "{} happened once", method.name);
    }
}

#[tokio::test]
async fn every_command_sent_many_times_at_once_happens_once() {
    let cast = Cast::new().await;
    for method in METHODS.iter().filter(|method| method.changes) {
        let Prepared { actor, request, .. } = Box::pin(prepare(&cast, method)).await;
        let id = request_id_of(&request);
        let (journal, _) = traces(&cast.world, &actor, &id);
        let bytes = request.encode_to_vec();
        let call = || cast.call_with(method, Some(actor.secret()), bytes.clone());
        let answers = tokio::join!(call(), call(), call(), call(), call(), call(), call(), call());
        let answers =
            [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5, answers.6, answers.7];
        let answers =
            answers.map(|answer| answer.unwrap_or_else(|status| panic!("{}: {status:?}", method.name)));
        for answer in &answers {
            assert_eq!(comparable(method, answer), comparable(method, &answers[0]), "{}", method.name);
        }
        assert_eq!(traces(&cast.world, &actor, &id), (journal + 1, 1), "{}", method.name);
    }
}

#[tokio::test]
async fn a_request_id_belongs_to_one_caller_and_one_method() {
    let stage = Stage::new().await;
    let colleague = stage.world.adapter().await;
    let id = request_id();
    let request = |display_name: &str| ReceiveContactRequest {
        request_id: id.clone(),
        channel: Channel::Sms.into(),
        display_name: display_name.to_owned(),
        ..ReceiveContactRequest::default()
    };
    let receive = async |actor: &Actor, name: &str| {
        let answer = actor.contacts().receive_contact(request(name)).await.unwrap().into_inner();
        answer.contact.unwrap().contact_id
    };
    let one = receive(&stage.adapter, "Salma").await;
    let other = receive(&colleague, "Omar").await;
    assert_ne!(one, other, "the id of one adapter means nothing to another");
    let request = ChangeRiskRequest {
        request_id: id,
        contact_id: one.clone(),
        risk: Risk::High.into(),
        expected_revision: 0,
    };
    let changed = stage.adapter.contacts().change_risk(request).await.unwrap().into_inner();
    assert_eq!(changed.contact.unwrap().contact_id, one, "nor does it to another method");
}

#[tokio::test]
async fn a_refused_command_is_not_remembered() {
    let stage = Stage::new().await;
    // Refused because the contact is not the counsellor's yet; the same bytes succeed when it is.
    let offer = stage.offer().await;
    let send = SendMessageRequest {
        request_id: request_id(),
        contact_id: offer.contact_id.clone(),
        message_id: request_id(),
        text: "hello".to_owned(),
    };
    refused(stage.counsellor.messages().send_message(send.clone()).await);
    // Refused because the offer is not there; with another offer it is another command, and nothing stands against it.
    let mut request = AcceptOfferRequest { request_id: request_id(), offer_id: request_id() };
    assert_eq!(refused(stage.counsellor.offers().accept_offer(request.clone()).await).reason, "NOT_FOUND");
    request.offer_id = offer.offer_id;
    let contact =
        stage.counsellor.offers().accept_offer(request).await.unwrap().into_inner().contact.unwrap();
    stage.counsellor.messages().send_message(send).await.unwrap();

    // Refused for a stale revision, then for a field, then carried out.
    let mut request = ChangeRiskRequest {
        request_id: request_id(),
        contact_id: contact.contact_id,
        risk: Risk::High.into(),
        expected_revision: contact.revision + 7,
    };
    assert_eq!(
        refused(stage.counsellor.contacts().change_risk(request.clone()).await).reason,
        "REVISION_STALE"
    );
    request.expected_revision = -1;
    assert_eq!(
        refused(stage.counsellor.contacts().change_risk(request.clone()).await).reason,
        "INVALID_FIELD"
    );
    request.expected_revision = contact.revision;
    stage.counsellor.contacts().change_risk(request).await.unwrap();
}

#[tokio::test]
async fn a_command_refused_by_the_settings_succeeds_when_they_have_changed() {
    let stage = Stage::new().await;
    let administrator = stage.world.administrator();
    let get = GetCounsellorRequest { counsellor_id: stage.counsellor.counsellor_id.clone() };
    let answer = administrator.counsellors().get_counsellor(get).await.unwrap().into_inner();
    let mut counsellor = answer.counsellor.unwrap();
    counsellor.skills.push(SkillLevel { skill: "signs".to_owned(), level: 2 });
    let request = UpdateCounsellorRequest {
        request_id: request_id(),
        counsellor: Some(counsellor),
        expected_revision: 0,
    };
    let unknown = refused(administrator.counsellors().update_counsellor(request.clone()).await);
    assert_eq!(unknown.reason, "INVALID_FIELD");
    stage.world.change_settings(|settings| settings.skills.push("signs".to_owned())).await;
    administrator.counsellors().update_counsellor(request).await.unwrap();

    let settings =
        administrator.centre().get_settings(GetSettingsRequest::default()).await.unwrap().into_inner();
    let version = settings.settings.as_ref().unwrap().version;
    let mut request = PublishSettingsRequest {
        request_id: request_id(),
        settings: settings.settings,
        expected_version: version + 1,
    };
    let refusal = refused(administrator.centre().publish_settings(request.clone()).await);
    assert_eq!(
        (refusal.reason.as_str(), refusal.metadata("revision")),
        ("REVISION_STALE", version.to_string().as_str())
    );
    request.expected_version = version;
    administrator.centre().publish_settings(request).await.unwrap();
}

#[tokio::test]
async fn a_repeat_is_answered_under_the_access_of_its_moment() {
    let stage = Stage::new().await;
    let offer = stage.offer().await;
    let request = AcceptOfferRequest { request_id: request_id(), offer_id: offer.offer_id.clone() };
    stage.counsellor.offers().accept_offer(request.clone()).await.unwrap();
    // The contact goes on to a colleague who alone is there now.
    let language = new_language();
    let colleague = stage.world.counsellor(abilities(&language)).await;
    go_ready(&colleague).await;
    let mut stream = watch(&colleague).await;
    let transfer = TransferContactRequest {
        request_id: request_id(),
        contact_id: offer.contact_id.clone(),
        language,
        ..TransferContactRequest::default()
    };
    stage.counsellor.handling().transfer_contact(transfer).await.unwrap();
    let theirs = next_offer(&mut stream).await;
    accept(&colleague, &theirs).await;
    let repeat = refused(stage.counsellor.offers().accept_offer(request).await);
    assert_eq!(repeat.reason, "NOT_FOUND", "whose contact it was is not told what became of it");
}

#[tokio::test]
async fn the_same_arrival_without_the_same_request_id_is_another_contact() {
    let stage = Stage::new().await;
    let one = receive(&stage.adapter, &stage.language).await;
    let other = receive(&stage.adapter, &stage.language).await;
    assert_ne!(one.contact_id, other.contact_id, "without an id of the channel nobody can know them for one");
}
