use helpline_domain::caller::{Caller, Role};
use helpline_domain::channel::Channel;
use helpline_domain::risk::Risk;
use helpline_live::Live;
use helpline_proto::intake::v1 as api;
use helpline_proto::terms::v1 as terms;
use helpline_service_kit::hub::Hub;
use helpline_service_kit::ids::{Ids as _, SystemIds};
use helpline_service_kit::metrics::Metrics;
use helpline_service_kit::mirror::Mirror;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::{PoolOptions, Store};
use helpline_vault::{KeyRing, SystemRandom, Vault};

use super::*;

/// Means of which nothing is used but the vault: the store connects to nothing.
fn ctx() -> Ctx {
    let ring = KeyRing::parse(&[format!("1:{}", "AQID".repeat(10) + "AQI=")], &("BAUG".repeat(10) + "BAU="))
        .unwrap();
    let options = PoolOptions {
        url: "postgres://nobody@127.0.0.1:1/none".to_owned(),
        size: 1,
        wait: std::time::Duration::from_secs(1),
    };
    let store = Store::new(&options, Vault::new(ring, std::sync::Arc::new(SystemRandom))).unwrap();
    let live = Live::new(None, SystemIds.v4()).unwrap();
    let mirror = Mirror::new(Hub::default(), live, store.clone());
    let clock = std::sync::Arc::new(helpline_service_kit::clock::SystemClock);
    Ctx::new(store, clock, std::sync::Arc::new(SystemIds), Metrics::new(), mirror)
}

fn adapter() -> Caller {
    Caller {
        token_id: SystemIds.v4().into(),
        centre_id: SystemIds.v4().into(),
        role: Role::ChannelAdapter,
        counsellor_id: None,
        agency_id: None,
        only: None,
    }
}

fn id() -> String {
    SystemIds.v4().to_string()
}

fn fields(refusal: &Refusal) -> Vec<&str> {
    refusal.violations().iter().map(|violation| violation.field.as_str()).collect()
}

fn closing() -> api::Closing {
    api::Closing {
        kind: api::ContactKind::Counselling.into(),
        categories: vec!["peers.other".to_owned()],
        gender: api::Gender::Unknown.into(),
        age_band: api::AgeBand::AgeBand1012.into(),
        region: "unknown".to_owned(),
        action_taken: api::ActionTaken::Counselled.into(),
        summary: "Two\r\nlines".to_owned(),
    }
}

#[tokio::test]
async fn an_anonymous_call_needs_nothing_but_its_channel() {
    let request = api::ReceiveContactRequest {
        request_id: id(),
        channel: terms::Channel::Voice.into(),
        ..Default::default()
    };
    let read = read_receive(&ctx(), &adapter(), &request).unwrap();
    assert_eq!((read.channel, read.risk), (Channel::Voice, Risk::Unassessed));
    assert!(read.external_id.is_none() && read.sender.is_none() && read.display_name.is_none());
    assert!(read.queue.is_none() && read.language.is_none() && read.skills.is_empty());
}

#[tokio::test]
async fn every_field_that_cannot_be_used_is_named_at_once() {
    let request = api::ReceiveContactRequest {
        request_id: "1".to_owned(),
        channel: 0,
        external_id: "x".repeat(201),
        sender: "a\nb".to_owned(),
        display_name: "\u{7}".to_owned(),
        queue: "The Queue".to_owned(),
        language: "arabic!".to_owned(),
        required_skills: vec![terms::SkillLevel { skill: "suicide".to_owned(), level: 6 }],
        risk: 99,
        answers: vec![
            api::Answer { question: "Who?".to_owned(), value: "mother".to_owned() },
            api::Answer { question: "safe".to_owned(), value: String::new() },
        ],
        source: "s".repeat(201),
        continues_external_id: "x".repeat(201),
    };
    let refusal = read_receive(&ctx(), &adapter(), &request).unwrap_err();
    assert_eq!(
        fields(&refusal),
        [
            "request_id",
            "channel",
            "external_id",
            "sender",
            "display_name",
            "queue",
            "language",
            "required_skills[0].level",
            "risk",
            "answers[0].question",
            "answers[1].value",
            "source",
            "continues_external_id",
        ]
    );
}

#[tokio::test]
async fn a_blank_sender_is_anonymous() {
    for sender in ["  ", "\u{200e}\u{a0}", "\u{202a}\u{202c}"] {
        let request = api::ReceiveContactRequest {
            request_id: id(),
            channel: terms::Channel::Sms.into(),
            sender: sender.to_owned(),
            ..Default::default()
        };
        assert!(read_receive(&ctx(), &adapter(), &request).unwrap().sender.is_none(), "{sender:?}");
    }
}

#[tokio::test]
async fn two_requests_are_one_command_when_only_their_request_id_differs() {
    let (ctx, caller) = (ctx(), adapter());
    let request = |sender: &str| api::ReceiveContactRequest {
        request_id: id(),
        channel: terms::Channel::Sms.into(),
        sender: sender.to_owned(),
        ..Default::default()
    };
    let hash = |sender| read_receive(&ctx, &caller, &request(sender)).unwrap().command.hash;
    assert_eq!(hash("+97400000001"), hash("+97400000001"));
    assert_ne!(hash("+97400000001"), hash("+97400000002"));
}

#[tokio::test]
async fn a_closing_record_is_required_and_each_of_its_parts() {
    let (ctx, caller) = (ctx(), adapter());
    let read = |closing| {
        let request =
            api::CompleteContactRequest { request_id: id(), contact_id: id(), closing, expected_revision: 0 };
        read_complete(&ctx, &caller, &request)
    };
    let read_well = read(Some(closing())).unwrap();
    assert_eq!(read_well.record.summary.expose(), "Two\nlines");
    assert_eq!(fields(&read(None).unwrap_err()), ["closing"]);
    assert_eq!(
        fields(&read(Some(api::Closing::default())).unwrap_err()),
        ["closing.kind", "closing.gender", "closing.age_band", "closing.region", "closing.action_taken"]
    );
    let long = api::Closing { summary: "x".repeat(20_001), categories: vec![String::new(); 11], ..closing() };
    let refusal = read(Some(long)).unwrap_err();
    assert_eq!(fields(&refusal)[0], "closing.categories");
    assert_eq!(fields(&refusal).last(), Some(&"closing.summary"));
    assert_eq!(fields(&refusal).len(), 12, "what is beyond the limit is not looked at");
}

#[tokio::test]
async fn an_assessment_cannot_be_taken_back() {
    let request =
        api::ChangeRiskRequest { request_id: id(), contact_id: id(), risk: 0, expected_revision: -1 };
    let refusal = read_change_risk(&ctx(), &adapter(), &request).unwrap_err();
    assert_eq!(fields(&refusal), ["risk", "expected_revision"]);
}

#[tokio::test]
async fn a_filter_names_the_place_of_what_it_does_not_know() {
    let (ctx, caller) = (ctx(), adapter());
    let filter = api::ContactFilter {
        states: vec![api::ContactState::Waiting.into(), 77],
        channels: vec![0],
        counsellor_id: "me".to_owned(),
        ..Default::default()
    };
    let request = api::ListContactsRequest { filter: Some(filter), page_size: -1, ..Default::default() };
    let refusal = read_list(&list_tokens(&ctx, &caller, &request), &request).unwrap_err();
    assert_eq!(
        fields(&refusal),
        ["page_size", "filter.states[1]", "filter.channels[0]", "filter.counsellor_id"]
    );
}

#[tokio::test]
async fn a_page_token_of_another_filter_is_refused() {
    let (ctx, caller) = (ctx(), adapter());
    let first = api::ListContactsRequest::default();
    let next = crate::Listed { contacts: Vec::new(), next: Some(SystemIds.v4().into()) };
    let page_token = listed(&list_tokens(&ctx, &caller, &first), &next).unwrap().next_page_token;
    let same =
        api::ListContactsRequest { page_token: page_token.clone(), page_size: 7, ..Default::default() };
    let read = read_list(&list_tokens(&ctx, &caller, &same), &same).unwrap();
    assert_eq!((read.before, read.size), (next.next, 7));
    let filter = api::ContactFilter { queue: "night".to_owned(), ..Default::default() };
    let other = api::ListContactsRequest { page_token, filter: Some(filter), page_size: 0 };
    let refusal = read_list(&list_tokens(&ctx, &caller, &other), &other).unwrap_err();
    assert_eq!(refusal.reason_name(), "INVALID_PAGE_TOKEN");
}

#[tokio::test]
async fn a_message_has_a_text() {
    let request =
        api::SendMessageRequest { request_id: id(), contact_id: id(), message_id: id(), text: String::new() };
    assert_eq!(fields(&read_send(&ctx(), &adapter(), &request).unwrap_err()), ["text"]);
    let long = api::SendMessageRequest { text: "ء".repeat(20_000), ..request };
    assert!(read_send(&ctx(), &adapter(), &long).is_ok(), "characters are counted, not bytes");
}
