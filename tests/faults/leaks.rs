//! Marker strings in every personal field, and a search for them wherever somebody without a key could look.

mod casework;
mod child_alert;
mod collector;
mod crossborder;
mod directory;
mod escalation;
mod migrant;
mod outside;
mod referral;
mod reintegration;
mod scan;
mod school;
mod shelter;

use std::time::Duration;

use helpline_devstack::StackOptions;
use helpline_domain::caller::Role;
use helpline_proto::intake::v1::{
    Answer, BlockReason, BlockSenderRequest, CompleteContactRequest, Contact, ContactState, LiftBlockRequest,
    ListBlocksRequest, ListContactsRequest, ReceiveContactRequest, RecordPastContactRequest,
    SendMessageRequest,
};
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{
    AcceptOfferRequest, GoReadyRequest, InviteParticipantRequest, JoinContactRequest, Outside, OutsideRole,
    ParticipationKind, PromiseCallbackRequest, ReleaseContactRequest, WatchOffersRequest,
};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::process::{Fleet, FleetOptions, private_stack};
use helpline_tests::{Actor, request_id};
use prost_types::Timestamp;
use tonic::Status;

use collector::Collector;
use outside::Desk;
use scan::{Finding, Markers, search};

use crate::load::closing;

/// The personal fields: each gets a marker of its own.
const FIELDS: [&str; 74] = [
    "on_call_name",
    "on_call_number",
    "delivery_address",
    "callback_number",
    "safe_words",
    "sender",
    "external_id",
    "display_name",
    "child_message",
    "counsellor_message",
    "summary",
    "past_sender",
    "past_summary",
    "briefing",
    "outside_address",
    "escalation_identity",
    "escalation_contact",
    "escalation_narrative",
    "escalation_health",
    "escalation_perpetrator",
    "escalation_place",
    "escalation_remark",
    "their_incident",
    "blocked_sender",
    "alert_restriction",
    "alert_headline",
    "alert_description",
    "alert_instruction",
    "alert_contact",
    "alert_area",
    "referral_identity",
    "referral_contact",
    "referral_location",
    "referral_narrative",
    "referral_health",
    "referral_legal",
    "referral_perpetrator",
    "referral_remark",
    "their_reference",
    "person_name",
    "person_identifier",
    "merge_reason",
    "merge_undo_reason",
    "case_text",
    "task_note",
    "assessment_answer",
    "assessment_reason",
    "school_name",
    "school_narrative",
    "school_reporter",
    "survey_words",
    "cohort_name",
    "returnee_key",
    "returnee_name",
    "border_identity",
    "border_contact",
    "border_location",
    "border_narrative",
    "border_health",
    "border_legal",
    "border_perpetrator",
    "border_remark",
    "border_conditions",
    "border_travel",
    "return_note",
    "return_remark",
    "return_override_reason",
    "fear_remark",
    "lift_reason",
    "conference_members",
    "conference_advice",
    "departure_reason",
    "conference_answer",
    "held_remark",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_can_be_read_without_the_api() {
    let (found, markers) = Box::pin(play_and_search("")).await;
    assert!(found.is_empty(), "{} of {} markers leaked: {found:#?}", found.len(), markers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_search_finds_every_field_when_nothing_is_sealed() {
    let (found, markers) = Box::pin(play_and_search("plain = true")).await;
    let in_postgres = |field: &str| {
        found.iter().any(|finding| finding.field == field && finding.place.contains("/pg/data/"))
    };
    for field in FIELDS.into_iter().chain(["answer"]) {
        assert!(in_postgres(field), "the search missed {field}");
    }
    let elsewhere: Vec<_> = found.iter().filter(|finding| !finding.place.contains("/pg/data/")).collect();
    assert!(elsewhere.is_empty(), "beside Postgres: {elsewhere:#?}");
    assert!(markers.len() > FIELDS.len(), "tokens and keys are searched for too");
}

/// Plays contacts with markers through a server, and searches. Returns what was found and what was searched for.
async fn play_and_search(testing: &str) -> (Vec<Finding>, Markers) {
    let stack = private_stack(StackOptions { redis_append_only: true, ..StackOptions::default() });
    let (collector, mut outside) = (Collector::start().await, Desk::open().await);
    let options = FleetOptions {
        log: "trace".to_owned(),
        testing: format!("{testing}\n{}", outside.config()),
        otlp: collector.url(),
        ..FleetOptions::default()
    };
    let mut fleet = Fleet::start_on(stack, options).await;
    let mut markers = Markers::new(&FIELDS);
    outside.appoint(&fleet, &mut markers).await;
    let statuses = Box::pin(play(&fleet, &mut markers)).await;
    let told = outside.told().await;
    for key in fleet.keys() {
        markers.add("key", &key);
    }

    let metrics = fleet.server(0).metrics();
    assert!(metrics.contains("helpline_calls_total"), "the metrics are there");
    let redis = &fleet.stack.redis;
    redis.dump().expect("a dump of Redis");
    fleet.sql("CHECKPOINT");
    fleet.sql("SELECT pg_switch_wal()");
    // An orderly end sends the last spans.
    fleet.server(0).stop();
    let spans = collector.received();
    assert!(scan::contains(&spans, b"ReceiveContact"), "the spans are there");
    let log = fleet.server(0).log();
    assert!(log.contains("TRACE"), "the log is detailed");
    let carriers = outside::carriers(&log);
    assert!(carriers.is_empty(), "{} lines, for example {:?}", carriers.len(), carriers.first());

    let mut found = Vec::new();
    search(&markers, "the metrics", metrics.as_bytes(), &mut found);
    search(&markers, "the server's log", log.as_bytes(), &mut found);
    search(&markers, "the spans", &spans, &mut found);
    for (place, bytes) in &told {
        search(&markers, place, bytes, &mut found);
    }
    for (what, status) in &statuses {
        let place = format!("the refusal of {what}");
        search(&markers, &place, format!("{status:?} {:?}", status.metadata()).as_bytes(), &mut found);
        search(&markers, &place, status.details(), &mut found);
    }
    let searched: usize = [
        fleet.stack.postgres.data_dir(),
        fleet.stack.redis.data_dir().to_owned(),
        fleet.stack.log_dir.clone(),
    ]
    .iter()
    .map(|directory| scan::search_files(&markers, directory, &mut found))
    .sum();
    assert!(searched > 100, "only {searched} files were searched");
    (found, markers)
}

/// A contact from arrival to its end, one recorded afterwards, and every refusal that could repeat what was sent.
async fn play(fleet: &Fleet, markers: &mut Markers) -> Vec<(&'static str, Status)> {
    let adapter = fleet.bearer(Role::ChannelAdapter, None);
    let mut counsellors = fleet.counsellors(2, (1, 2, 5));
    let (colleague, counsellor) = (counsellors.remove(1), counsellors.remove(0));
    markers.add("token", adapter.secret());
    markers.add("token", counsellor.secret());
    let mut statuses = Vec::new();

    let answer = format!("answer_{}", request_id().replace('-', ""));
    let source = format!("A source {}", request_id());
    markers.add("answer", &answer);
    markers.add("source", &source);

    let call = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::WebChat.into(),
        answers: vec![Answer { question: "safe".to_owned(), value: answer }],
        source,
        external_id: markers.of("external_id").to_owned(),
        sender: markers.of("sender").to_owned(),
        display_name: markers.of("display_name").to_owned(),
        ..ReceiveContactRequest::default()
    };
    let received = adapter.contacts().receive_contact(call.clone()).await.expect("a contact").into_inner();
    let contact = received.contact.expect("the contact");
    send(&adapter, &contact, request_id(), markers.of("child_message")).await.expect("a message");
    refuse_arrivals(&adapter, &call, &mut statuses).await;

    accept(&counsellor).await;
    promise(&counsellor, &contact, markers, &mut statuses).await;
    let id = request_id();
    let text = markers.of("counsellor_message");
    send(&counsellor, &contact, id.clone(), text).await.expect("a message");
    let other = send(&counsellor, &contact, id, &format!("{text}, changed")).await;
    statuses.push(("another text under the same id", other.expect_err("another text")));
    for (what, text) in [("a long text", text.repeat(2000)), ("a control character", format!("{text}\u{0}"))]
    {
        let refused = send(&counsellor, &contact, request_id(), &text).await;
        statuses.push((what, refused.expect_err(what)));
    }
    invite(&counsellor, &colleague, &contact, markers, &mut statuses).await;
    let release = ReleaseContactRequest { request_id: request_id(), contact_id: contact.contact_id.clone() };
    counsellor.handling().release_contact(release).await.expect("the wrap-up");
    let late = send(&counsellor, &contact, request_id(), text).await;
    statuses.push(("a late message", late.expect_err("a late message")));
    complete(&counsellor, &contact, markers, &mut statuses).await;
    record_past(&counsellor, markers, &mut statuses).await;
    escalation::play(fleet, markers, &mut statuses).await;
    Box::pin(child_alert::play(fleet, markers, &mut statuses)).await;
    directory::play(fleet, &counsellor, markers, &mut statuses).await;
    referral::play(fleet, markers, &contact.contact_id, &mut statuses).await;
    casework::play(fleet, markers, &mut statuses).await;
    Box::pin(crossborder::play(fleet, markers, &mut statuses)).await;
    school::play((fleet, &adapter), markers, &contact.contact_id, &mut statuses).await;
    reintegration::play(fleet, markers, &mut statuses).await;
    shelter::play(fleet, markers, &mut statuses).await;
    migrant::play(fleet, markers, &contact.contact_id, &mut statuses).await;
    let supervisor = fleet.bearer(Role::Supervisor, None);
    block(&supervisor, &adapter, &contact, markers, &mut statuses).await;
    statuses
}

async fn send(actor: &Actor, contact: &Contact, message_id: String, text: &str) -> Result<(), Status> {
    let request = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id,
        text: text.to_owned(),
    };
    actor.messages().send_message(request).await.map(drop)
}

async fn refuse_arrivals(
    adapter: &Actor,
    call: &ReceiveContactRequest,
    statuses: &mut Vec<(&'static str, Status)>,
) {
    let marker = call.sender.clone();
    let wrong = [
        (
            "another content under the same request id",
            ReceiveContactRequest {
                display_name: format!("{} the second", call.display_name),
                ..call.clone()
            },
        ),
        ("a long sender", ReceiveContactRequest { sender: marker.repeat(20), ..call.clone() }),
        (
            "a sender with a control character",
            ReceiveContactRequest { sender: format!("{marker}\u{7}"), ..call.clone() },
        ),
        ("a queue that is none", ReceiveContactRequest { queue: marker.clone(), ..call.clone() }),
        ("a language that is none", ReceiveContactRequest { language: marker.clone(), ..call.clone() }),
    ];
    for (what, request) in wrong {
        let refused = adapter.contacts().receive_contact(request).await;
        statuses.push((what, refused.expect_err(what)));
    }
    let stranger = Contact { contact_id: marker.clone(), ..Contact::default() };
    let refused = send(adapter, &stranger, marker, "x").await;
    statuses.push(("a marker as an id", refused.expect_err("no id")));
}

async fn accept(counsellor: &Actor) {
    let watching = counsellor.offers().watch_offers(WatchOffersRequest::default()).await;
    let mut offers = watching.expect("offers").into_inner();
    counsellor.presence().go_ready(GoReadyRequest { request_id: request_id() }).await.expect("ready");
    let offer = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let message = offers.message().await.expect("a stream").expect("a message");
            if let Some(Event::Opened(offer)) = message.event {
                return offer;
            }
        }
    });
    let offer_id = offer.await.expect("an offer").offer_id;
    let request = AcceptOfferRequest { request_id: request_id(), offer_id };
    counsellor.offers().accept_offer(request).await.expect("an acceptance");
}

/// A colleague is told what it is about and joins, somebody outside is called in.
async fn invite(
    counsellor: &Actor,
    colleague: &Actor,
    contact: &Contact,
    markers: &Markers,
    statuses: &mut Vec<(&'static str, Status)>,
) {
    colleague.presence().go_ready(GoReadyRequest { request_id: request_id() }).await.expect("ready");
    let (briefing, address) = (markers.of("briefing"), markers.of("outside_address"));
    let warm = InviteParticipantRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        kind: ParticipationKind::WarmTransfer.into(),
        to_counsellor_id: colleague.counsellor_id.clone(),
        briefing: briefing.to_owned(),
        ..InviteParticipantRequest::default()
    };
    let outside = |address: String| Some(Outside { role: OutsideRole::Agency.into(), address });
    let beside = InviteParticipantRequest {
        request_id: request_id(),
        kind: ParticipationKind::Conference.into(),
        to_counsellor_id: String::new(),
        outside: outside(address.to_owned()),
        ..warm.clone()
    };
    let wrong = [
        ("a long briefing", InviteParticipantRequest { briefing: briefing.repeat(200), ..warm.clone() }),
        (
            "a long address",
            InviteParticipantRequest { outside: outside(address.repeat(20)), ..beside.clone() },
        ),
        (
            "somebody outside who would take over",
            InviteParticipantRequest { kind: ParticipationKind::WarmTransfer.into(), ..beside.clone() },
        ),
        ("a briefing as a queue", InviteParticipantRequest { queue: briefing.to_owned(), ..warm.clone() }),
    ];
    for (what, request) in wrong {
        let refused = counsellor.participations().invite_participant(request).await;
        statuses.push((what, refused.expect_err(what)));
    }
    let mut client = counsellor.participations();
    let part = client.invite_participant(warm.clone()).await.expect("an invitation").into_inner();
    client.invite_participant(beside).await.expect("somebody outside");
    let again = InviteParticipantRequest { request_id: request_id(), ..warm };
    statuses.push(("a second transfer", client.invite_participant(again).await.expect_err("a second")));
    let participation_id = part.participation.expect("the participation").participation_id;
    let join = JoinContactRequest { request_id: request_id(), participation_id };
    colleague.participations().join_contact(join).await.expect("both are there");
}

async fn complete(
    counsellor: &Actor,
    contact: &Contact,
    markers: &Markers,
    statuses: &mut Vec<(&'static str, Status)>,
) {
    let summary = markers.of("summary");
    let good = CompleteContactRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        closing: Some(closing(summary)),
        expected_revision: 0,
    };
    let with = |change: &dyn Fn(&mut helpline_proto::intake::v1::Closing)| {
        let mut closing = closing(summary);
        change(&mut closing);
        CompleteContactRequest { closing: Some(closing), request_id: request_id(), ..good.clone() }
    };
    let wrong = [
        ("a region that is none", with(&|closing| summary.clone_into(&mut closing.region))),
        ("a category that is none", with(&|closing| closing.categories = vec![summary.to_owned()])),
        ("a long summary", with(&|closing| closing.summary = summary.repeat(2000))),
    ];
    for (what, request) in wrong {
        let refused = counsellor.contacts().complete_contact(request).await;
        statuses.push((what, refused.expect_err(what)));
    }
    counsellor.contacts().complete_contact(good).await.expect("signed off");
}

/// A callback with a number and words of its own, and refusals that could repeat them.
async fn promise(
    counsellor: &Actor,
    contact: &Contact,
    markers: &Markers,
    statuses: &mut Vec<(&'static str, Status)>,
) {
    let received = contact.receive_time.expect("a time");
    let tomorrow = Timestamp { seconds: received.seconds + 24 * 3600, nanos: 0 };
    let promise = PromiseCallbackRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        channel: Channel::Voice.into(),
        number: markers.of("callback_number").to_owned(),
        safe_words: markers.of("safe_words").to_owned(),
        // Not today: nobody is to be offered the work of it.
        due_time: Some(tomorrow),
        ..PromiseCallbackRequest::default()
    };
    let mut client = counsellor.callbacks();
    client.promise_callback(promise.clone()).await.expect("a promise");
    let number = promise.number.repeat(20);
    let wrong = PromiseCallbackRequest { request_id: request_id(), number, ..promise.clone() };
    statuses.push(("a long number", client.promise_callback(wrong).await.expect_err("a long number")));
    let safe_words = promise.safe_words.repeat(100);
    let wrong = PromiseCallbackRequest { request_id: request_id(), safe_words, ..promise.clone() };
    statuses.push(("long safe words", client.promise_callback(wrong).await.expect_err("long safe words")));
    let other = PromiseCallbackRequest { safe_words: format!("{}!", promise.safe_words), ..promise };
    statuses.push(("another promise", client.promise_callback(other).await.expect_err("another promise")));
}

/// Somebody is blocked and writes, and is let in again.
async fn block(
    supervisor: &Actor,
    adapter: &Actor,
    contact: &Contact,
    markers: &Markers,
    statuses: &mut Vec<(&'static str, Status)>,
) {
    let sender = markers.of("blocked_sender").to_owned();
    let good = BlockSenderRequest {
        request_id: request_id(),
        sender: sender.clone(),
        reason: BlockReason::Abusive.into(),
        ..BlockSenderRequest::default()
    };
    let mut client = supervisor.blocks();
    let block =
        client.block_sender(good.clone()).await.expect("a block").into_inner().block.expect("the block");
    let call = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Sms.into(),
        sender: sender.clone(),
        ..ReceiveContactRequest::default()
    };
    let received = adapter.contacts().receive_contact(call.clone()).await.expect("a contact").into_inner();
    let kept_out = received.contact.expect("the contact");
    assert_eq!(kept_out.state(), ContactState::Blocked);
    let refused = send(adapter, &kept_out, request_id(), markers.of("child_message")).await;
    statuses.push(("a message of who is blocked", refused.expect_err("a message")));
    let anew = || BlockSenderRequest { request_id: request_id(), ..good.clone() };
    let wrong = [
        ("another blocked sender", BlockSenderRequest { sender: format!("{sender}!"), ..good.clone() }),
        ("a long blocked sender", BlockSenderRequest { sender: sender.repeat(20), ..anew() }),
        ("a sender and a contact", BlockSenderRequest { contact_id: contact.contact_id.clone(), ..anew() }),
        (
            "a sender as a contact",
            BlockSenderRequest { contact_id: sender.clone(), sender: String::new(), ..anew() },
        ),
    ];
    for (what, request) in wrong {
        statuses.push((what, client.block_sender(request).await.expect_err(what)));
    }
    let list = ListBlocksRequest { page_token: sender, ..ListBlocksRequest::default() };
    statuses.push(("a sender as a page token", client.list_blocks(list).await.expect_err("no page token")));
    let let_in = LiftBlockRequest { request_id: request_id(), block_id: block.block_id };
    client.lift_block(let_in).await.expect("the block is lifted");
    let danger = ReceiveContactRequest { request_id: request_id(), risk: Risk::HarmNow.into(), ..call };
    adapter.contacts().receive_contact(danger).await.expect("a contact");
    statuses.push(("a block of who is in danger", client.block_sender(anew()).await.expect_err("danger")));
}

async fn record_past(counsellor: &Actor, markers: &Markers, statuses: &mut Vec<(&'static str, Status)>) {
    let past = RecordPastContactRequest {
        request_id: request_id(),
        channel: Channel::Letter.into(),
        receive_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        sender: markers.of("past_sender").to_owned(),
        display_name: markers.of("display_name").to_owned(),
        closing: Some(closing(markers.of("past_summary"))),
        ..RecordPastContactRequest::default()
    };
    counsellor.contacts().record_past_contact(past.clone()).await.expect("a record");
    let future = RecordPastContactRequest {
        request_id: request_id(),
        receive_time: Some(Timestamp { seconds: 32_000_000_000, nanos: 0 }),
        ..past
    };
    let refused = counsellor.contacts().record_past_contact(future).await;
    statuses.push(("a record from the future", refused.expect_err("the future")));
    let page_token = markers.of("past_sender").to_owned();
    let list = ListContactsRequest { page_token, ..ListContactsRequest::default() };
    let refused = counsellor.contacts().list_contacts(list).await;
    statuses.push(("a page token that is none", refused.expect_err("no page token")));
}
