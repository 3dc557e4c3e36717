//! Lists come in pages, whole and without repetition, and a page token is good for its caller and its question alone.

use std::collections::BTreeSet;

use helpline_proto::referral::v1::{
    ListCapacitiesRequest, ListConsentsRequest, ListReferralTimelineRequest, ListReferralsRequest,
    SetCapacityRequest,
};
use helpline_tests::referral::consent;
use helpline_tests::{Actor, request_id};
use tonic::Status;

use super::room::{Partner, sent, to};
use crate::stage::{Stage, why};

/// A page of one by a token: what is on it, and the next token.
type Page = Result<(Vec<String>, String), Status>;

async fn referrals(actor: &Actor, page_token: String) -> Page {
    let request = ListReferralsRequest { page_size: 1, page_token, ..ListReferralsRequest::default() };
    let answer = actor.referrals().list_referrals(request).await?.into_inner();
    let ids = answer.referrals.into_iter().map(|one| one.referral_id);
    Ok((ids.collect(), answer.next_page_token))
}

async fn capacities(actor: &Actor, page_token: String) -> Page {
    let request = ListCapacitiesRequest { page_size: 1, page_token };
    let answer = actor.capacity().list_capacities(request).await?.into_inner();
    let ids = answer.capacities.into_iter().map(|one| format!("{} {}", one.service_id, one.unit));
    Ok((ids.collect(), answer.next_page_token))
}

async fn consents(actor: &Actor, referral_id: &str, page_token: String) -> Page {
    let referral_id = referral_id.to_owned();
    let request = ListConsentsRequest { referral_id, page_size: 1, page_token };
    let answer = actor.consents().list_consents(request).await?.into_inner();
    Ok((answer.consents.into_iter().map(|one| one.agency_id).collect(), answer.next_page_token))
}

async fn timeline(actor: &Actor, referral_id: &str, page_token: String) -> Page {
    let referral_id = referral_id.to_owned();
    let request = ListReferralTimelineRequest { referral_id, page_size: 1, page_token };
    let answer = actor.referrals().list_referral_timeline(request).await?.into_inner();
    Ok((answer.entries.into_iter().map(|one| one.event).collect(), answer.next_page_token))
}

/// Goes through a list page by page; what is on it.
async fn walk(mut page: impl AsyncFnMut(String) -> Page) -> Vec<String> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let (found, next) = page(token).await.unwrap();
        assert!(found.len() <= 1);
        all.extend(found);
        if next.is_empty() {
            return all;
        }
        token = next;
    }
}

#[tokio::test]
async fn every_list_is_walked_page_by_page() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let (partner, other) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let mut mine = BTreeSet::new();
    for _ in 0..3 {
        mine.insert(sent(&stage, &[&partner]).await.referral_id);
    }
    let theirs = sent(&stage, &[&other]).await;
    let seen = walk(async |token| referrals(&partner.responder, token).await).await;
    assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>()), (3, mine));
    let all = walk(async |token| referrals(by, token).await).await;
    assert_eq!((all.len(), all[0] == theirs.referral_id), (4, true), "newest first");

    for (service, unit) in [(&partner.service, "bed"), (&partner.service, "hour"), (&other.service, "bed")] {
        let set = SetCapacityRequest {
            request_id: request_id(),
            service_id: service.clone(),
            unit: unit.to_owned(),
            maximum: 2,
            out_of_service: 0,
        };
        by.capacity().set_capacity(set).await.unwrap();
    }
    assert_eq!(walk(async |token| capacities(by, token).await).await.len(), 3);
    assert_eq!(walk(async |token| capacities(&partner.responder, token).await).await.len(), 2);

    let draft = by.draft_referral(to(&stage, &[&partner, &other]).await).await.unwrap();
    for agency in [partner.agency, other.agency, partner.agency] {
        by.consents().record_consent(consent(&draft, agency)).await.unwrap();
    }
    let expected = [partner.agency, other.agency, partner.agency].map(|agency| agency.to_string());
    let id = draft.referral_id.as_str();
    assert_eq!(walk(async |token| consents(by, id, token).await).await, expected, "oldest first");
    assert_eq!(
        walk(async |token| timeline(by, id, token).await).await,
        ["drafted", "consented", "consented", "consented"]
    );
}

#[tokio::test]
async fn a_page_token_is_good_for_its_caller_and_its_question_alone() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    for _ in 0..2 {
        sent(&stage, &[&partner]).await;
    }
    let token = referrals(&partner.responder, String::new()).await.unwrap().1;
    assert!(!token.is_empty());
    let colleague = stage.world.responder(partner.agency).await;
    for refused in [
        why(referrals(&colleague, token.clone()).await),
        why(referrals(&stage.supervisor, token.clone()).await),
        why(capacities(&partner.responder, token.clone()).await),
        why(referrals(&partner.responder, format!("{token}A")).await),
    ] {
        assert_eq!(
            (refused.reason.as_str(), refused.fields),
            ("INVALID_PAGE_TOKEN", vec!["page_token".to_owned()])
        );
    }
    let narrower = ListReferralsRequest {
        page_size: 1,
        page_token: token,
        open: true,
        ..ListReferralsRequest::default()
    };
    let refused = why(partner.responder.referrals().list_referrals(narrower).await);
    assert_eq!(refused.reason, "INVALID_PAGE_TOKEN");
}
