//! Commands about children on the move that can be carried out.

use helpline_proto::casework::v1::{
    AskRedirectRequest, BeginRedirectRequest, ExtendStayRequest, GetStayLimitRequest, LinkCaseContactRequest,
    RedirectDecision, RedirectState,
};
use helpline_proto::referral::v1::{DraftReferralRequest, RevokeReferralRequest};
use helpline_tests::migrant::{
    answer_conference, answer_override, ask_override, conference, decide, depart, fear, held, lift, released,
};
use helpline_tests::referral::draft;
use helpline_tests::{Actor, request_id, until};
use prost::Message as _;
use prost_types::Timestamp;

use crate::cast::Cast;
use crate::stage::{new_language, receive};

/// Somebody who may give the command, and its bytes, if the method is about such a child.
pub(super) async fn prepare(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let (by, other) = (cast.world.supervisor().await, &cast.supervisor);
    let case_id = match method {
        "RecordProtection"
        | "LiftProtection"
        | "AskConsulateOverride"
        | "AnswerConsulateOverride"
        | "RecordDetention"
        | "EndDetention" => other.case_of_child().await.case_id,
        _ => return about_redirects(cast, by, method).await,
    };
    let embassy = async || {
        other.protect(fear(&case_id, "JO")).await.unwrap();
        cast.world.embassy("JO").await
    };
    let long_ago = Timestamp { seconds: cast.world.soon().seconds - 100_000, nanos: 0 };
    let bytes = match method {
        "RecordProtection" => fear(&case_id, "JO").encode_to_vec(),
        "LiftProtection" => {
            lift(&other.protect(fear(&case_id, "JO")).await.unwrap().protection_id).encode_to_vec()
        }
        "AskConsulateOverride" => ask_override(&case_id, embassy().await).encode_to_vec(),
        "AnswerConsulateOverride" => {
            let asked = other.ask_consulate(ask_override(&case_id, embassy().await)).await.unwrap();
            answer_override(&asked.override_id, true).encode_to_vec()
        }
        "RecordDetention" => held(&case_id, long_ago).encode_to_vec(),
        _ => released(&other.detain(held(&case_id, long_ago)).await.unwrap().detention_id).encode_to_vec(),
    };
    Some((by, bytes))
}

async fn about_redirects(cast: &Cast, by: Actor, method: &str) -> Option<(Actor, Vec<u8>)> {
    const STEPS: [&str; 6] = [
        "BeginRedirect",
        "DecideRedirect",
        "AskRedirect",
        "RecordConference",
        "DepartFromAdvice",
        "AnswerConference",
    ];
    let place = STEPS.iter().position(|step| *step == method)?;
    let other = &cast.supervisor;
    let case_id = other.case_of_child().await.case_id;
    if place == 0 {
        return Some((by, BeginRedirectRequest { request_id: request_id(), case_id }.encode_to_vec()));
    }
    let redirect_id = other.begin_redirect(&case_id).await.unwrap().redirect_id;
    if place == 1 {
        return Some((by, decide(&redirect_id, RedirectDecision::TemporaryCare).encode_to_vec()));
    }
    let contact_id = receive(&cast.adapter, &new_language()).await.contact_id;
    let (link, contact) = (case_id.clone(), contact_id.clone());
    let link = LinkCaseContactRequest { request_id: request_id(), case_id: link, contact_id: contact };
    other.cases().link_case_contact(link).await.unwrap();
    let service = cast.world.service(cast.world.agency().await).await;
    let new = DraftReferralRequest { case_id: case_id.clone(), ..draft(&contact_id, &[&service]) };
    let referral_id = other.refer(new).await.referral_id;
    if place == 2 {
        return Some((
            by,
            AskRedirectRequest { request_id: request_id(), redirect_id, referral_id }.encode_to_vec(),
        ));
    }
    other.ask_redirect(&redirect_id, &referral_id).await.unwrap();
    let revoke = RevokeReferralRequest {
        request_id: request_id(),
        referral_id,
        reason: "no_longer_needed".to_owned(),
        ..RevokeReferralRequest::default()
    };
    other.referrals().revoke_referral(revoke).await.unwrap();
    until("note is taken of the referral", async || {
        let now = other.redirect_of(&case_id).await.unwrap().state();
        (now == RedirectState::SocialAssessment).then_some(())
    })
    .await;
    if place == 3 {
        return Some((by, conference(&redirect_id).encode_to_vec()));
    }
    other.record_conference(conference(&redirect_id)).await.unwrap();
    if place == 4 {
        return Some((by, depart(&redirect_id).encode_to_vec()));
    }
    other.depart_from_advice(depart(&redirect_id)).await.unwrap();
    Some((by, answer_conference(&redirect_id).encode_to_vec()))
}

/// A stay that began lasts longer.
pub(super) async fn extend(cast: &Cast, admission_id: String) -> (Actor, Vec<u8>) {
    let by = cast.world.supervisor().await;
    let limit = || GetStayLimitRequest { admission_id: admission_id.clone() };
    until("it has a limit", async || by.stays().get_stay_limit(limit()).await.ok()).await;
    let mut until = cast.world.soon();
    until.seconds += 100 * 86_400;
    let extend = ExtendStayRequest {
        request_id: request_id(),
        admission_id,
        until_time: Some(until),
        reason: "No family is found yet.".to_owned(),
    };
    (by, extend.encode_to_vec())
}
