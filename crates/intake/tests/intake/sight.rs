//! Who may know of which contact, and how much.

use helpline_domain::caller::Role;
use helpline_domain::id::ContactId;
use helpline_intake::{list_contacts, wire};
use helpline_proto::intake::v1 as api;
use helpline_proto::terms::v1::Channel;

use crate::desk::{Desk, completion, id, request};

#[tokio::test]
async fn what_a_caller_may_not_know_of_is_not_found_whether_it_exists_or_not() {
    let desk = Desk::open().await;
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let contact = desk.from(&adapter, Channel::Sms, "+97400000001").await.contact.contact_id;
    let nothing = ContactId::from(uuid::Uuid::from_u128(1));
    desk.offer(contact, &counsellor).await;
    for stranger in [desk.adapter(), counsellor] {
        for unknown in [contact, nothing] {
            let refusal = desk.get(&stranger, unknown).await.unwrap_err();
            assert_eq!((refusal.reason_name(), refusal.metadata("resource")), ("NOT_FOUND", Some("contact")));
            assert_eq!(desk.leave(&stranger, unknown).await.unwrap_err().reason_name(), "NOT_FOUND");
            let risk = api::ChangeRiskRequest {
                request_id: id(),
                contact_id: unknown.to_string(),
                risk: 2,
                expected_revision: 0,
            };
            assert_eq!(desk.change_risk(&stranger, &risk).await.unwrap_err().reason_name(), "NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn its_adapter_sees_where_a_contact_stands_and_its_counsellor_and_supervisors_see_who_it_is() {
    let desk = Desk::open().await;
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let chat =
        api::ReceiveContactRequest { display_name: "Noor".to_owned(), ..request(Channel::WebChat, "noor-7") };
    let received = desk.receive(&adapter, &chat).await.unwrap();
    let answer = wire::received(&received).contact.unwrap();
    assert!(answer.sender.is_empty() && answer.display_name.is_empty());
    let contact = received.contact.contact_id;
    desk.answer(contact, &counsellor).await;
    desk.complete(&counsellor, &completion(contact, "Talked.")).await.unwrap();

    let coded = wire::seen(&desk.get(&adapter, contact).await.unwrap());
    assert!(coded.sender.is_empty() && coded.display_name.is_empty() && coded.closing.is_none());
    assert_eq!(coded.state(), api::ContactState::Closed);
    for reader in [counsellor, desk.caller(Role::Supervisor)] {
        let full = wire::seen(&desk.get(&reader, contact).await.unwrap());
        assert_eq!((full.sender.as_str(), full.display_name.as_str()), ("noor-7", "Noor"));
        assert_eq!(full.closing.unwrap().summary, "Talked.");
    }
}

#[tokio::test]
async fn another_centre_sees_nothing() {
    let (desk, elsewhere) = (Desk::open().await, Desk::open().await);
    let contact = desk.from(&desk.adapter(), Channel::Sms, "").await.contact.contact_id;
    let foreign = elsewhere.caller(Role::Supervisor);
    let refusal = desk.get(&foreign, contact).await.unwrap_err();
    assert_eq!(refusal.reason_name(), "NOT_FOUND");
}

#[tokio::test]
async fn a_list_comes_in_pages_newest_first_without_anything_personal() {
    let desk = Desk::open().await;
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(desk.from(&adapter, Channel::Voice, "+97400000001").await.contact.contact_id.to_string());
    }
    made.reverse();
    let supervisor = desk.caller(Role::Supervisor);
    let list = async |caller, request: &api::ListContactsRequest| {
        let pages = wire::list_tokens(&desk.ctx, caller, request);
        let listed = list_contacts(&desk.ctx, caller, wire::read_list(&pages, request)?).await?;
        wire::listed(&pages, &listed)
    };
    let mut request = api::ListContactsRequest { page_size: 2, ..Default::default() };
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let page = list(&supervisor, &request).await.unwrap();
        sizes.push(page.contacts.len());
        assert!(page.contacts.iter().all(|contact| contact.sender.is_empty() && contact.closing.is_none()));
        seen.extend(page.contacts.into_iter().map(|contact| contact.contact_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!((seen, sizes), (made.clone(), vec![2, 2, 1]));
    let other = desk.caller(Role::Supervisor);
    let refusal = list(&other, &request).await.unwrap_err();
    assert_eq!(refusal.reason_name(), "INVALID_PAGE_TOKEN", "a token is its caller's");

    let all = api::ListContactsRequest::default();
    assert!(list(&counsellor, &all).await.unwrap().contacts.is_empty(), "they have none yet");
    desk.answer(made[0].parse().unwrap(), &counsellor).await;
    assert_eq!(list(&counsellor, &all).await.unwrap().contacts.len(), 1);
    let filter = api::ContactFilter {
        states: vec![api::ContactState::Waiting.into()],
        channels: vec![Channel::Voice.into()],
        queue: "general".to_owned(),
        ..Default::default()
    };
    let waiting = api::ListContactsRequest { filter: Some(filter), ..Default::default() };
    assert_eq!(list(&supervisor, &waiting).await.unwrap().contacts.len(), 4);
    let filter = api::ContactFilter { counsellor_id: id(), ..Default::default() };
    let others = api::ListContactsRequest { filter: Some(filter), ..Default::default() };
    assert!(list(&counsellor, &others).await.unwrap().contacts.is_empty());
}
