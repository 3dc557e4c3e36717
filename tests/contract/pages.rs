//! Page tokens and cursors: whose they are, and what they are of.

mod casework;
mod crossborder;
mod every;
mod referrals;
mod reintegration;
mod school;
mod shelter;

use helpline_domain::caller::Role;
use helpline_proto::Role as RoleMessage;
use helpline_proto::directory::v1::{CreateTokenRequest, ListCounsellorsRequest, ListTokensRequest};
use helpline_proto::intake::v1::{ContactFilter, ContactState, ListContactsRequest};
use helpline_proto::queueing::v1::{ListOverflowsRequest, OverflowFilter, WatchOffersRequest};
use helpline_proto::terms::v1::Channel;
use helpline_tests::{Actor, Refused, refused, request_id};
use tonic::Code;

use crate::stage::{Stage, abilities, ask_for_overflow, go_ready, healthy, receive, watch};

async fn list(actor: &Actor, page_token: &str, filter: Option<ContactFilter>) -> Result<String, Refused> {
    let request = ListContactsRequest { page_size: 1, page_token: page_token.to_owned(), filter };
    match actor.contacts().list_contacts(request).await {
        Ok(answer) => Ok(answer.into_inner().next_page_token),
        Err(status) => Err(Refused::from(&status)),
    }
}

fn assert_no_page(refused: &Refused) {
    assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, "INVALID_PAGE_TOKEN"));
    assert_eq!(refused.fields, ["page_token"]);
}

/// What somebody could make of a token: each is another text.
fn forgeries(token: &str) -> Vec<String> {
    let mut flipped = token.as_bytes().to_vec();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    vec![
        "garbage".to_owned(),
        "AAAA".to_owned(),
        "\u{202e}مرحبا".to_owned(),
        token[..token.len() - 4].to_owned(),
        format!("{token}AAAA"),
        format!(" {token}"),
        String::from_utf8(flipped).unwrap(),
    ]
}

#[tokio::test]
async fn a_page_token_opens_for_its_caller_and_its_question_alone() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        receive(&stage.adapter, &stage.language).await;
    }
    let supervisor = stage.world.supervisor().await;
    let token = list(&supervisor, "", None).await.unwrap();
    assert!(!token.is_empty());
    assert!(list(&supervisor, &token, None).await.is_ok(), "it can be used twice");
    assert!(list(&supervisor, &token, None).await.is_ok());

    let colleague = stage.world.supervisor().await;
    assert_no_page(&list(&colleague, &token, None).await.unwrap_err());
    let other = stage.world.another_centre().await;
    let stranger = stage.world.bearer(other.id, Role::Supervisor, None).await;
    assert_no_page(&list(&stranger, &token, None).await.unwrap_err());
    let filters = [
        ContactFilter { states: vec![ContactState::Waiting.into()], ..ContactFilter::default() },
        ContactFilter { channels: vec![Channel::WebChat.into()], ..ContactFilter::default() },
        ContactFilter { queue: "general".to_owned(), ..ContactFilter::default() },
        ContactFilter { counsellor_id: request_id(), ..ContactFilter::default() },
    ];
    for filter in filters {
        assert_no_page(&list(&supervisor, &token, Some(filter)).await.unwrap_err());
    }
    for forged in forgeries(&token) {
        assert_no_page(&list(&supervisor, &forged, None).await.unwrap_err());
    }
    // The token of one list does not open another.
    let request = ListCounsellorsRequest { page_token: token, ..ListCounsellorsRequest::default() };
    assert_no_page(&refused(supervisor.counsellors().list_counsellors(request).await));
    healthy(&stage.world).await;
}

#[tokio::test]
async fn the_pages_of_the_directory_are_their_callers_too() {
    let stage = Stage::new().await;
    stage.world.counsellor(abilities("ar")).await;
    let administrator = stage.world.administrator();
    let other = stage.world.another_centre().await.administrator;
    let request = ListTokensRequest { page_size: 1, ..ListTokensRequest::default() };
    let answer = administrator.tokens().list_tokens(request.clone()).await.unwrap().into_inner();
    let tokens = ListTokensRequest { page_token: answer.next_page_token.clone(), ..request };
    administrator.tokens().list_tokens(tokens.clone()).await.unwrap();
    assert_no_page(&refused(other.tokens().list_tokens(tokens).await));

    let request = ListCounsellorsRequest { page_size: 1, ..ListCounsellorsRequest::default() };
    let answer = administrator.counsellors().list_counsellors(request.clone()).await.unwrap().into_inner();
    let counsellors = ListCounsellorsRequest { page_token: answer.next_page_token, ..request };
    administrator.counsellors().list_counsellors(counsellors.clone()).await.unwrap();
    assert_no_page(&refused(other.counsellors().list_counsellors(counsellors.clone()).await));
    let all = ListCounsellorsRequest { include_disabled: true, ..counsellors };
    assert_no_page(&refused(administrator.counsellors().list_counsellors(all).await));
    let forged = ListTokensRequest { page_token: "AAAA".to_owned(), ..ListTokensRequest::default() };
    assert_no_page(&refused(administrator.tokens().list_tokens(forged).await));
}

#[tokio::test]
async fn the_pages_of_overflows_are_their_callers_and_their_filters_too() {
    let stage = Stage::new().await;
    let supervisor = stage.world.supervisor().await;
    for _ in 0..2 {
        let partner = stage.world.another_centre().await;
        ask_for_overflow(&stage.world, &stage.world.centre, &partner, &supervisor, &stage.adapter).await;
    }
    let first = ListOverflowsRequest { page_size: 1, ..ListOverflowsRequest::default() };
    let page = supervisor.overflow().list_overflows(first.clone()).await.unwrap().into_inner();
    let second = ListOverflowsRequest { page_token: page.next_page_token.clone(), ..first };
    let rest = supervisor.overflow().list_overflows(second.clone()).await.unwrap().into_inner();
    assert_eq!((page.overflows.len(), rest.overflows.len(), rest.next_page_token.as_str()), (1, 1, ""));
    assert!(page.overflows[0].overflow_id > rest.overflows[0].overflow_id, "newest first");
    let colleague = stage.world.supervisor().await;
    assert_no_page(&refused(colleague.overflow().list_overflows(second.clone()).await));
    let filter = OverflowFilter { open_only: true, ..OverflowFilter::default() };
    let narrower = ListOverflowsRequest { filter: Some(filter), ..second };
    assert_no_page(&refused(supervisor.overflow().list_overflows(narrower).await));
}

async fn not_watched(counsellor: &Actor, cursor: &str) -> Refused {
    let request = WatchOffersRequest { after_cursor: cursor.to_owned(), locale: String::new() };
    refused(counsellor.offers().watch_offers(request).await)
}

#[tokio::test]
async fn a_cursor_opens_for_its_counsellor_alone() {
    let stage = Stage::new().await;
    let cursor = watch(&stage.counsellor).await.message().await.unwrap().unwrap().cursor;
    let request = WatchOffersRequest { after_cursor: cursor.clone(), locale: String::new() };
    stage.counsellor.offers().watch_offers(request).await.unwrap();

    let colleague = stage.world.counsellor(abilities(&stage.language)).await;
    let centre = stage.world.another_centre().await;
    let stranger = stage.world.counsellor_of(&centre, abilities(&stage.language)).await;
    let mut answers = vec![not_watched(&colleague, &cursor).await, not_watched(&stranger, &cursor).await];
    for forged in forgeries(&cursor) {
        answers.push(not_watched(&stage.counsellor, &forged).await);
    }
    for answer in answers {
        assert_eq!((answer.code, answer.reason.as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
        assert_eq!(answer.fields, ["after_cursor"]);
    }
    healthy(&stage.world).await;
}

#[tokio::test]
async fn a_cursor_of_the_day_before_yesterday_is_too_old() {
    let stage = Stage::new().await;
    // A token that outlives the cursor.
    let request = CreateTokenRequest {
        request_id: request_id(),
        role: RoleMessage::Counsellor.into(),
        label: "long".to_owned(),
        counsellor_id: stage.counsellor.counsellor_id.clone(),
        agency_id: String::new(),
        lifetime: None,
    };
    let created = stage.world.administrator().tokens().create_token(request).await.unwrap().into_inner();
    let token_id = created.token.unwrap().token_id;
    let channel = stage.world.connect().await;
    let counsellor = Actor::new(channel, &created.secret, &token_id, &stage.counsellor.counsellor_id);
    go_ready(&counsellor).await;
    let cursor = watch(&counsellor).await.message().await.unwrap().unwrap().cursor;
    stage.world.advance(48.0 * 3600.0);
    let answer = not_watched(&counsellor, &cursor).await;
    assert_eq!((answer.code, answer.reason.as_str()), (Code::OutOfRange, "CURSOR_TOO_OLD"));
    watch(&counsellor).await.message().await.unwrap().expect("without a cursor it begins anew");
}
