//! Assessing, leaving, signing off, recording afterwards.

use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_domain::risk::Class;
use helpline_proto::intake::v1 as api;
use helpline_proto::terms::v1::{Channel, Risk};
use prost_types::Timestamp;

use crate::desk::{Desk, closing, completion, id};

fn assessment(contact: ContactId, risk: Risk, expected_revision: i64) -> api::ChangeRiskRequest {
    api::ChangeRiskRequest {
        request_id: id(),
        contact_id: contact.to_string(),
        risk: risk.into(),
        expected_revision,
    }
}

#[tokio::test]
async fn a_higher_risk_moves_a_waiting_contact_and_its_deadline_never_moves_later() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let before = desk.from(&adapter, Channel::Sms, "").await.contact;
    let urgent = assessment(before.contact_id, Risk::Imminent, before.revision);
    let urgent = desk.change_risk(&adapter, &urgent).await.unwrap().contact;
    assert_eq!(urgent.class, Class::Critical);
    assert_eq!((urgent.deadline_at - urgent.received_at).num_seconds(), 15);
    let calm = assessment(before.contact_id, Risk::None, 0);
    let calm = desk.change_risk(&adapter, &calm).await.unwrap().contact;
    assert_eq!((calm.class, calm.deadline_at), (Class::Low, urgent.deadline_at));
}

#[tokio::test]
async fn an_assessment_of_something_seen_before_it_changed_is_stale() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let before = desk.from(&adapter, Channel::Sms, "").await.contact;
    let first = assessment(before.contact_id, Risk::High, before.revision);
    let after = desk.change_risk(&adapter, &first).await.unwrap().contact;
    let late = assessment(before.contact_id, Risk::Low, before.revision);
    let refusal = desk.change_risk(&adapter, &late).await.unwrap_err();
    assert_eq!(refusal.reason_name(), "REVISION_STALE");
    assert_eq!(refusal.metadata("revision"), Some(after.revision.to_string().as_str()));
    let again = desk.change_risk(&adapter, &first).await.unwrap().contact;
    assert_eq!(again.revision, after.revision, "a repeat is no new assessment");
}

#[tokio::test]
async fn an_ended_contact_is_not_assessed_and_nobody_leaves_it_twice() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let contact = desk.from(&adapter, Channel::Voice, "").await.contact.contact_id;
    desk.leave(&adapter, contact).await.unwrap();
    let refusal = desk.change_risk(&adapter, &assessment(contact, Risk::High, 0)).await.unwrap_err();
    assert_eq!(
        (refusal.reason_name(), refusal.metadata("state")),
        ("STATE_REFUSED", Some("short_abandoned"))
    );
    let refusal = desk.leave(&adapter, contact).await.unwrap_err();
    assert_eq!(refusal.reason_name(), "STATE_REFUSED");
}

#[tokio::test]
async fn who_leaves_the_line_late_has_abandoned_it() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let contact = desk.from(&adapter, Channel::Voice, "").await.contact.contact_id;
    desk.move_clock(11);
    let left = desk.leave(&adapter, contact).await.unwrap().contact;
    assert_eq!(left.state, ContactState::Abandoned);
    assert!(left.ended_at.is_some() && left.answered_at.is_none());
}

#[tokio::test]
async fn who_leaves_while_offered_frees_the_counsellor() {
    let desk = Desk::open().await;
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let contact = desk.from(&adapter, Channel::Voice, "").await.contact.contact_id;
    desk.offer(contact, &counsellor).await;
    assert_eq!(desk.held(&counsellor).await, (1, 0, 0));
    desk.leave(&adapter, contact).await.unwrap();
    assert_eq!(desk.held(&counsellor).await, (0, 0, 0));
    assert_eq!(desk.number("SELECT count(*) FROM helpline.offers WHERE state = 'withdrawn'"), 1);
    assert!(desk.ctx.store.compare(desk.centre).await.unwrap().is_none());
}

#[tokio::test]
async fn who_hangs_up_during_the_conversation_leaves_the_counsellor_to_write_up() {
    let desk = Desk::open().await;
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let contact = desk.from(&adapter, Channel::Voice, "").await.contact.contact_id;
    desk.answer(contact, &counsellor).await;
    let left = desk.leave(&adapter, contact).await.unwrap().contact;
    assert_eq!(left.state, ContactState::WrapUp);
    assert_eq!(desk.held(&counsellor).await, (1, 0, 0));
    let signed = desk.complete(&counsellor, &completion(contact, "Hung up.")).await.unwrap().contact;
    assert_eq!(signed.state, ContactState::Closed);
    assert_eq!(desk.held(&counsellor).await, (0, 0, 0));
}

#[tokio::test]
async fn a_contact_is_signed_off_once_and_by_its_counsellor_alone() {
    let desk = Desk::open().await;
    let (adapter, counsellor, other) = (desk.adapter(), desk.counsellor().await, desk.counsellor().await);
    let contact = desk.from(&adapter, Channel::Sms, "").await.contact.contact_id;
    let refusal = desk.complete(&counsellor, &completion(contact, "Early.")).await.unwrap_err();
    assert_eq!(refusal.reason_name(), "NOT_FOUND", "nobody has it yet");
    desk.answer(contact, &counsellor).await;
    let refusal = desk.complete(&other, &completion(contact, "Not mine.")).await.unwrap_err();
    assert_eq!(refusal.reason_name(), "NOT_FOUND");
    let request = completion(contact, "Talked.");
    desk.complete(&counsellor, &request).await.unwrap();
    assert_eq!(desk.held(&counsellor).await, (0, 0, 0));
    let repeated = desk.complete(&counsellor, &request).await.unwrap().contact;
    assert_eq!(repeated.summary.unwrap().expose(), "Talked.");
    let other_words = api::CompleteContactRequest { closing: Some(closing("Else.")), ..request };
    let refusal = desk.complete(&counsellor, &other_words).await.unwrap_err();
    assert_eq!(refusal.reason_name(), "REQUEST_ID_REUSED");
    let refusal = desk.complete(&counsellor, &completion(contact, "Again.")).await.unwrap_err();
    assert_eq!((refusal.reason_name(), refusal.metadata("state")), ("STATE_REFUSED", Some("closed")));
    assert_eq!(desk.number("SELECT count(*) FROM helpline.journal WHERE event = 'contact_completed'"), 1);
}

#[tokio::test]
async fn an_incomplete_closing_record_is_refused_with_every_problem() {
    let desk = Desk::open().await;
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let contact = desk.from(&adapter, Channel::Sms, "").await.contact.contact_id;
    desk.answer(contact, &counsellor).await;
    let mut request = completion(contact, " \n ");
    request.closing.as_mut().unwrap().categories = vec!["invented".to_owned()];
    let refusal = desk.complete(&counsellor, &request).await.unwrap_err();
    let fields: Vec<_> = refusal.violations().iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["closing.categories[0]", "closing.summary"]);
    let stale =
        api::CompleteContactRequest { expected_revision: 1, ..completion(contact, "From an old screen.") };
    assert_eq!(desk.complete(&counsellor, &stale).await.unwrap_err().reason_name(), "REVISION_STALE");
}

fn letter(seconds: i64) -> api::RecordPastContactRequest {
    api::RecordPastContactRequest {
        request_id: id(),
        channel: Channel::Letter.into(),
        receive_time: Some(Timestamp { seconds, nanos: 0 }),
        sender: "A child".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_letter_is_recorded_afterwards_and_never_routed() {
    let desk = Desk::open().await;
    let counsellor = desk.counsellor().await;
    let request = letter(1_700_000_000);
    let open = desk.record(&counsellor, &request).await.unwrap().contact;
    assert_eq!((open.state, open.received_at.timestamp()), (ContactState::WaitingOffline, 1_700_000_000));
    assert_eq!(desk.held(&counsellor).await, (0, 0, 0));
    let again = desk.record(&counsellor, &request).await.unwrap().contact;
    assert_eq!(again.contact_id, open.contact_id);
    let signed = desk.complete(&counsellor, &completion(open.contact_id, "Read.")).await.unwrap().contact;
    assert_eq!(signed.state, ContactState::Closed);

    let complete =
        api::RecordPastContactRequest { closing: Some(closing("Answered.")), ..letter(1_700_000_000) };
    let closed = desk.record(&counsellor, &complete).await.unwrap().contact;
    assert_eq!(closed.state, ContactState::Closed);
    assert_eq!(closed.summary.unwrap().expose(), "Answered.");
}

#[tokio::test]
async fn a_contact_cannot_be_recorded_before_it_happened() {
    let desk = Desk::open().await;
    let counsellor = desk.counsellor().await;
    let refusal = desk.record(&counsellor, &letter(32_503_680_000)).await.unwrap_err();
    assert_eq!(refusal.violations()[0].field, "receive_time");
    assert_eq!(desk.number("SELECT count(*) FROM helpline.contacts"), 0);
}
