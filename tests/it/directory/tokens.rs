//! Tokens.

use helpline_proto::Role;
use helpline_proto::directory::v1::{
    CreateTokenRequest, DisableCounsellorRequest, GetCentreRequest, ListTokensRequest, RevokeTokenRequest,
};
use helpline_tests::{Abilities, Actor, World, refused, request_id};
use tonic::Code;

fn new_token(role: Role, counsellor_id: &str) -> CreateTokenRequest {
    CreateTokenRequest {
        request_id: request_id(),
        role: role.into(),
        label: "the evening shift".to_owned(),
        counsellor_id: counsellor_id.to_owned(),
        agency_id: String::new(),
        lifetime: None,
    }
}

async fn is_let_in(actor: &Actor) -> bool {
    match actor.centre().get_centre(GetCentreRequest {}).await {
        Ok(_) => true,
        Err(status) => {
            assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
            false
        }
    }
}

#[tokio::test]
async fn a_new_token_opens_and_its_secret_is_told_once() {
    let world = World::start().await;
    let mut tokens = world.administrator().tokens();
    let request = new_token(Role::Supervisor, "");
    let created = tokens.create_token(request.clone()).await.unwrap().into_inner();
    let token = created.token.clone().unwrap();
    assert_eq!((token.role(), token.label.as_str()), (Role::Supervisor, "the evening shift"));
    let life = token.expire_time.unwrap().seconds - token.create_time.unwrap().seconds;
    assert_eq!(life, 90 * 24 * 3600);
    let supervisor = Actor::new(world.connect().await, &created.secret, &token.token_id, "");
    assert!(is_let_in(&supervisor).await);

    let repeated = tokens.create_token(request.clone()).await.unwrap().into_inner();
    assert_eq!(repeated.token, created.token);
    assert_eq!(repeated.secret, "");
    let other = CreateTokenRequest { label: "another".to_owned(), ..request };
    assert_eq!(refused(tokens.create_token(other).await).reason, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_token_has_a_bearer_exactly_when_it_is_a_counsellors() {
    let world = World::start().await;
    let amina = world.counsellor(Abilities::speaking(&["ar"])).await;
    let mut tokens = world.administrator().tokens();
    let created = tokens.create_token(new_token(Role::Counsellor, &amina.counsellor_id)).await.unwrap();
    assert_eq!(created.into_inner().token.unwrap().counsellor_id, amina.counsellor_id);

    let fields = |answer| refused(answer).fields;
    assert_eq!(fields(tokens.create_token(new_token(Role::Counsellor, "")).await), ["counsellor_id"]);
    let supervisor = new_token(Role::Supervisor, &amina.counsellor_id);
    assert_eq!(fields(tokens.create_token(supervisor).await), ["counsellor_id"]);
    assert_eq!(fields(tokens.create_token(new_token(Role::Unspecified, "")).await), ["role"]);
    for seconds in [59, 400 * 24 * 3600 + 1] {
        let mut request = new_token(Role::Supervisor, "");
        request.lifetime = Some(prost_types::Duration { seconds, nanos: 0 });
        assert_eq!(fields(tokens.create_token(request).await), ["lifetime"]);
    }

    let nobody = tokens.create_token(new_token(Role::Counsellor, &request_id())).await;
    assert_eq!(refused(nobody).reason, "NOT_FOUND");
    let other = world.another_centre().await;
    let stranger = world.counsellor_of(&other, Abilities::speaking(&["ar"])).await;
    let foreign = tokens.create_token(new_token(Role::Counsellor, &stranger.counsellor_id)).await;
    assert_eq!(refused(foreign).reason, "NOT_FOUND");
    let left =
        DisableCounsellorRequest { request_id: request_id(), counsellor_id: amina.counsellor_id.clone() };
    world.administrator().counsellors().disable_counsellor(left).await.unwrap();
    let gone = tokens.create_token(new_token(Role::Counsellor, &amina.counsellor_id)).await;
    assert_eq!(refused(gone).reason, "STATE_REFUSED");
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once_here_and_within_a_second_elsewhere() {
    let mut world = World::start().await;
    let elsewhere = world.another_server().await;
    let supervisor = world.supervisor().await;
    let there = supervisor.over(elsewhere);
    assert!(is_let_in(&supervisor).await && is_let_in(&there).await);

    let mut tokens = world.administrator().tokens();
    let request = RevokeTokenRequest { request_id: request_id(), token_id: supervisor.token_id.clone() };
    let revoked = tokens.revoke_token(request.clone()).await.unwrap().into_inner().token.unwrap();
    assert!(revoked.revoke_time.is_some());
    assert!(!is_let_in(&supervisor).await);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(!is_let_in(&there).await);

    let repeated = tokens.revoke_token(request).await.unwrap().into_inner().token.unwrap();
    assert_eq!(repeated, revoked);
    let twice = RevokeTokenRequest { request_id: request_id(), token_id: supervisor.token_id.clone() };
    assert_eq!(tokens.revoke_token(twice).await.unwrap().into_inner().token.unwrap(), revoked);
    let other = world.another_centre().await;
    let foreign =
        RevokeTokenRequest { request_id: request_id(), token_id: other.administrator.token_id.clone() };
    assert_eq!(refused(tokens.revoke_token(foreign).await).reason, "NOT_FOUND");
    assert!(is_let_in(&other.administrator).await);
}

#[tokio::test]
async fn an_unknown_an_expired_and_a_missing_token_are_refused_alike() {
    let world = World::start().await;
    let made_up = "hlp_".to_owned() + &"A".repeat(48);
    let stranger = Actor::new(world.connect().await, &made_up, "", "");
    assert!(!is_let_in(&stranger).await);
    let administrator = world.administrator();
    assert!(is_let_in(&administrator).await);
    // Beyond the life of a test's token, and beyond the second for which a caller is remembered.
    world.advance(31.0 * 86_400.0);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert!(!is_let_in(&administrator).await);
}

#[tokio::test]
async fn tokens_are_listed_by_age_to_administrators_alone() {
    let world = World::start().await;
    let supervisor = world.supervisor().await;
    let adapter = world.adapter().await;
    let mut request = ListTokensRequest { page_size: 2, ..ListTokensRequest::default() };
    let mut tokens = world.administrator().tokens();
    let first = tokens.list_tokens(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = tokens.list_tokens(request.clone()).await.unwrap().into_inner();
    assert_eq!(second.next_page_token, "");
    let ids: Vec<_> = first.tokens.iter().chain(&second.tokens).map(|token| &token.token_id).collect();
    assert_eq!(ids, [&world.administrator().token_id, &supervisor.token_id, &adapter.token_id]);
    assert_eq!(refused(supervisor.tokens().list_tokens(request).await).reason, "ROLE_REFUSED");
}
