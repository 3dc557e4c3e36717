//! Counsellors.

use std::time::Duration;

use helpline_proto::directory::v1::{
    Capacity, Counsellor, CreateCounsellorRequest, DisableCounsellorRequest, GetCounsellorRequest,
    ListCounsellorsRequest, UpdateCounsellorRequest,
};
use helpline_proto::intake::v1::{ContactState, GetContactRequest, ReceiveContactRequest};
use helpline_proto::queueing::v1::{GoReadyRequest, WatchOffersRequest};
use helpline_proto::terms::v1::{Channel, SkillLevel};
use helpline_tests::{Abilities, Actor, World, refused, request_id};
use tonic::Code;

fn new_counsellor(name: &str) -> Counsellor {
    Counsellor {
        display_name: name.to_owned(),
        languages: vec!["AR".to_owned(), "en".to_owned()],
        capacity: Some(Capacity { voice: 1, chats: 3, messages: 10 }),
        ..Counsellor::default()
    }
}

async fn create(actor: &Actor, name: &str) -> Counsellor {
    let request =
        CreateCounsellorRequest { request_id: request_id(), counsellor: Some(new_counsellor(name)) };
    let answer = actor.counsellors().create_counsellor(request).await.unwrap();
    answer.into_inner().counsellor.unwrap()
}

async fn get(actor: &Actor, id: &str) -> Result<Counsellor, tonic::Status> {
    let request = GetCounsellorRequest { counsellor_id: id.to_owned() };
    Ok(actor.counsellors().get_counsellor(request).await?.into_inner().counsellor.unwrap())
}

#[tokio::test]
async fn a_counsellor_is_created_once_however_often_the_call_is_repeated() {
    let world = World::start().await;
    let administrator = world.administrator();
    let mut counsellors = administrator.counsellors();
    let mut request =
        CreateCounsellorRequest { request_id: request_id(), counsellor: Some(new_counsellor("Amina")) };
    let first = counsellors.create_counsellor(request.clone()).await.unwrap().into_inner();
    let created = first.counsellor.clone().unwrap();
    assert_eq!(created.languages, ["ar", "en"]);
    assert_eq!(created.revision, 1);
    assert!(created.create_time.is_some() && !created.disabled);

    request.request_id = request.request_id.to_uppercase();
    let second = counsellors.create_counsellor(request.clone()).await.unwrap().into_inner();
    assert_eq!(first, second);

    request.counsellor = Some(new_counsellor("Fatima"));
    let reused = refused(counsellors.create_counsellor(request).await);
    assert_eq!((reused.code, reused.reason.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    let listed = counsellors.list_counsellors(ListCounsellorsRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.counsellors, [created]);
}

#[tokio::test]
async fn every_field_of_a_counsellor_that_cannot_be_used_is_named() {
    let world = World::start().await;
    let mut counsellors = world.administrator().counsellors();
    let nothing = refused(counsellors.create_counsellor(CreateCounsellorRequest::default()).await);
    assert_eq!(nothing.code, Code::InvalidArgument);
    assert_eq!(nothing.fields, ["request_id", "counsellor"]);

    let skill = |skill: &str, level| SkillLevel { skill: skill.to_owned(), level };
    let wrong = Counsellor {
        display_name: "two\nlines".to_owned(),
        languages: vec!["en".to_owned(), "EN".to_owned(), "!".to_owned()],
        skills: vec![skill("suicide", 6), skill("No", 1)],
        capacity: Some(Capacity { voice: 2, chats: -1, messages: 51 }),
        ..Counsellor::default()
    };
    let request = CreateCounsellorRequest { request_id: request_id(), counsellor: Some(wrong) };
    let refusal = refused(counsellors.create_counsellor(request).await);
    assert_eq!(refusal.reason, "INVALID_FIELD");
    assert_eq!(
        refusal.fields,
        [
            "counsellor.display_name",
            "counsellor.languages[1]",
            "counsellor.languages[2]",
            "counsellor.skills[0].level",
            "counsellor.skills[1].skill",
            "counsellor.capacity.voice",
            "counsellor.capacity.chats",
            "counsellor.capacity.messages",
        ]
    );

    let mut unskilled = new_counsellor("Amina");
    unskilled.skills = vec![skill("suicide", 3)];
    let request = CreateCounsellorRequest { request_id: request_id(), counsellor: Some(unskilled) };
    assert_eq!(refused(counsellors.create_counsellor(request.clone()).await).fields, ["counsellor.skills"]);
    world.change_settings(|settings| settings.skills.push("suicide".to_owned())).await;
    let created = counsellors.create_counsellor(request).await.unwrap().into_inner().counsellor.unwrap();
    assert_eq!(created.skills, [skill("suicide", 3)]);
}

#[tokio::test]
async fn an_update_made_from_an_old_revision_is_refused() {
    let world = World::start().await;
    let administrator = world.administrator();
    let mut counsellors = administrator.counsellors();
    let created = create(&administrator, "Amina").await;
    let changed = Counsellor {
        display_name: "Amina K.".to_owned(),
        languages: vec!["ru".to_owned()],
        capacity: Some(Capacity { voice: 0, chats: 1, messages: 0 }),
        ..created.clone()
    };
    let update = |counsellor: &Counsellor, expected_revision| UpdateCounsellorRequest {
        request_id: request_id(),
        counsellor: Some(counsellor.clone()),
        expected_revision,
    };
    let request = update(&changed, 1);
    let first =
        counsellors.update_counsellor(request.clone()).await.unwrap().into_inner().counsellor.unwrap();
    assert_eq!(first, Counsellor { revision: 2, ..changed.clone() });
    let repeated = counsellors.update_counsellor(request).await.unwrap().into_inner().counsellor.unwrap();
    assert_eq!(repeated, first);

    let stale = refused(counsellors.update_counsellor(update(&changed, 1)).await);
    assert_eq!((stale.code, stale.reason.as_str()), (Code::Aborted, "REVISION_STALE"));
    assert_eq!(stale.metadata("revision"), "2");
    let unchecked = counsellors.update_counsellor(update(&changed, 0)).await.unwrap().into_inner();
    assert_eq!(unchecked.counsellor.unwrap().revision, 3);
    assert_eq!(get(&administrator, &created.counsellor_id).await.unwrap().revision, 3);

    let nobody = Counsellor { counsellor_id: request_id(), ..changed };
    assert_eq!(refused(counsellors.update_counsellor(update(&nobody, 0)).await).reason, "NOT_FOUND");
}

#[tokio::test]
async fn who_leaves_is_shut_out_at_once_and_stays_listed_on_request() {
    let world = World::start().await;
    let administrator = world.administrator();
    let mut counsellors = administrator.counsellors();
    let amina = world.counsellor(Abilities::speaking(&["ar"])).await;
    assert!(get(&amina, &amina.counsellor_id).await.is_ok());

    let request =
        DisableCounsellorRequest { request_id: request_id(), counsellor_id: amina.counsellor_id.clone() };
    let left = counsellors.disable_counsellor(request.clone()).await.unwrap().into_inner();
    assert!(left.counsellor.as_ref().unwrap().disabled);
    assert_eq!(counsellors.disable_counsellor(request).await.unwrap().into_inner(), left);
    assert_eq!(get(&amina, &amina.counsellor_id).await.unwrap_err().code(), Code::Unauthenticated);

    let again =
        DisableCounsellorRequest { request_id: request_id(), counsellor_id: amina.counsellor_id.clone() };
    let refusal = refused(counsellors.disable_counsellor(again).await);
    assert_eq!((refusal.reason.as_str(), refusal.metadata("state")), ("STATE_REFUSED", "disabled"));
    let update = UpdateCounsellorRequest {
        request_id: request_id(),
        counsellor: Some(Counsellor { counsellor_id: amina.counsellor_id.clone(), ..new_counsellor("A") }),
        expected_revision: 0,
    };
    assert_eq!(refused(counsellors.update_counsellor(update).await).reason, "STATE_REFUSED");

    let mut list = ListCounsellorsRequest::default();
    assert!(counsellors.list_counsellors(list.clone()).await.unwrap().into_inner().counsellors.is_empty());
    list.include_disabled = true;
    assert_eq!(counsellors.list_counsellors(list).await.unwrap().into_inner().counsellors.len(), 1);
}

#[tokio::test]
async fn who_leaves_while_an_offer_rings_gives_it_back_to_the_line() {
    let world = World::start().await;
    let amina = world.counsellor(Abilities::speaking(&["ar"])).await;
    let mut watch = amina.offers().watch_offers(WatchOffersRequest::default()).await.unwrap().into_inner();
    amina.presence().go_ready(GoReadyRequest { request_id: request_id() }).await.unwrap();
    let call = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Voice.into(),
        language: "ar".to_owned(),
        ..ReceiveContactRequest::default()
    };
    let contact = world.adapter().await.contacts().receive_contact(call).await.unwrap().into_inner();
    let contact = contact.contact.unwrap().contact_id;
    let offers = || world.database.query("SELECT state FROM helpline.offers").unwrap();
    let patience = Duration::from_secs(10);
    tokio::time::timeout(patience, async {
        while offers().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();

    let request =
        DisableCounsellorRequest { request_id: request_id(), counsellor_id: amina.counsellor_id.clone() };
    world.administrator().counsellors().disable_counsellor(request).await.unwrap();
    assert_eq!(offers(), [[Some("withdrawn".to_owned())]]);
    let get = GetContactRequest { contact_id: contact };
    let contact = world.supervisor().await.contacts().get_contact(get).await.unwrap().into_inner();
    assert_eq!(contact.contact.unwrap().state(), ContactState::Waiting);
    let ended = tokio::time::timeout(patience, async {
        loop {
            if let Err(status) = watch.message().await {
                return status;
            }
        }
    });
    assert_eq!(ended.await.unwrap().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_counsellor_sees_nobody_but_themselves_and_nobody_sees_another_centre() {
    let world = World::start().await;
    let amina = world.counsellor(Abilities::speaking(&["ar"])).await;
    let boris = world.counsellor(Abilities::speaking(&["ru"])).await;
    assert_eq!(get(&amina, &amina.counsellor_id).await.unwrap().languages, ["ar"]);
    let hidden = get(&amina, &boris.counsellor_id).await.unwrap_err();
    assert_eq!(hidden.code(), Code::NotFound);
    let supervisor = world.supervisor().await;
    assert!(get(&supervisor, &boris.counsellor_id).await.is_ok());

    let other = world.another_centre().await;
    let stranger = world.counsellor_of(&other, Abilities::speaking(&["en"])).await;
    assert_eq!(get(&supervisor, &stranger.counsellor_id).await.unwrap_err().code(), Code::NotFound);
    let mut counsellors = world.administrator().counsellors();
    let request =
        DisableCounsellorRequest { request_id: request_id(), counsellor_id: stranger.counsellor_id.clone() };
    assert_eq!(refused(counsellors.disable_counsellor(request).await).reason, "NOT_FOUND");
    assert!(get(&stranger, &stranger.counsellor_id).await.is_ok());
}

#[tokio::test]
async fn only_an_administrator_changes_counsellors() {
    let world = World::start().await;
    let amina = world.counsellor(Abilities::speaking(&["ar"])).await;
    for actor in [amina, world.supervisor().await, world.adapter().await] {
        let request =
            CreateCounsellorRequest { request_id: request_id(), counsellor: Some(new_counsellor("Eve")) };
        let refusal = refused(actor.counsellors().create_counsellor(request).await);
        assert_eq!((refusal.code, refusal.reason.as_str()), (Code::PermissionDenied, "ROLE_REFUSED"));
    }
}

#[tokio::test]
async fn the_pages_of_a_list_hold_everybody_once_and_belong_to_their_question() {
    let world = World::start().await;
    let administrator = world.administrator();
    let mut created = Vec::new();
    for number in 0..5 {
        created.push(create(&administrator, &format!("Counsellor {number}")).await);
    }
    let mut counsellors = administrator.counsellors();
    let mut request = ListCounsellorsRequest { page_size: 2, ..ListCounsellorsRequest::default() };
    let mut listed = Vec::new();
    loop {
        let page = counsellors.list_counsellors(request.clone()).await.unwrap().into_inner();
        listed.extend(page.counsellors);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, created);

    let mut other_question = request.clone();
    other_question.include_disabled = true;
    assert_eq!(refused(counsellors.list_counsellors(other_question).await).reason, "INVALID_PAGE_TOKEN");
    let mut other_caller = world.supervisor().await.counsellors();
    assert_eq!(refused(other_caller.list_counsellors(request.clone()).await).reason, "INVALID_PAGE_TOKEN");
    request.page_size = -1;
    assert_eq!(refused(counsellors.list_counsellors(request).await).fields, ["page_size"]);
}
