//! A draft may be changed until it is sent, is not forgotten, and may go to whoever is able.

use helpline_proto::escalation::v1::ConsentBy;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{
    ChoiceState, DraftReferralRequest, Referral, ReferralParticulars, ReferralState, ReferralUrgency,
    ReviseReferralDraftRequest,
};
use helpline_tests::referral::{consent, draft, revised};
use helpline_tests::{Abilities, request_id};
use serde_json::{Value, json};
use tonic::Code;

use super::room::{Partner, choices, get, inbox, reject, sent, timeline, to};
use crate::alerts::listed;
use crate::stage::{Stage, chat, until, why};
use helpline_proto::referral::v1::RejectReason;

#[tokio::test]
async fn a_draft_is_changed_as_a_whole_and_keeps_what_was_agreed() {
    let stage = Stage::set().await;
    let [first, second] = [Partner::new(&stage).await, Partner::new(&stage).await];
    let new = to(&stage, &[&first]).await;
    let referral = stage.supervisor.draft_referral(new.clone()).await.unwrap();
    stage.supervisor.consents().record_consent(consent(&referral, first.agency)).await.unwrap();
    let anew = ReviseReferralDraftRequest {
        urgency: ReferralUrgency::Urgent.into(),
        service_ids: vec![second.service.clone(), first.service.clone()],
        particulars: Some(ReferralParticulars {
            health: "asthma, and a broken arm".to_owned(),
            ..ReferralParticulars::default()
        }),
        ..revised(&referral.referral_id, new.clone())
    };
    let now = stage.supervisor.revise_referral_draft(anew.clone()).await.unwrap();
    assert_eq!((now.state(), now.urgency()), (ReferralState::Draft, ReferralUrgency::Urgent));
    assert_eq!((&now.need, choices(&now)), (&referral.need, vec![ChoiceState::Waiting; 2]));
    assert_eq!(now.choices[0].service_id, second.service);
    assert_eq!(now.choices.iter().map(|one| one.consented).collect::<Vec<_>>(), [false, true]);
    let known = now.particulars.clone().unwrap();
    assert_eq!((known.health.as_str(), known.identity.as_str()), ("asthma, and a broken arm", ""));
    assert_eq!(why(stage.supervisor.send_referral(&now).await).reason, "CONSENT_MISSING");

    let stale = ReviseReferralDraftRequest {
        request_id: request_id(),
        expected_revision: referral.revision,
        ..anew.clone()
    };
    assert_eq!(why(stage.supervisor.revise_referral_draft(stale).await).reason, "REVISION_STALE");
    let stranger = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let strange = ReviseReferralDraftRequest { request_id: request_id(), ..anew.clone() };
    assert_eq!(why(stranger.revise_referral_draft(strange).await).code, Code::NotFound);
    let nobody = ReviseReferralDraftRequest {
        request_id: request_id(),
        service_ids: vec![request_id()],
        ..anew.clone()
    };
    assert_eq!(why(stage.supervisor.revise_referral_draft(nobody).await).metadata("resource"), "service");

    stage.supervisor.consents().record_consent(consent(&referral, second.agency)).await.unwrap();
    stage.supervisor.send_referral(&referral).await.unwrap();
    let late = ReviseReferralDraftRequest { request_id: request_id(), ..anew };
    assert_eq!(why(stage.supervisor.revise_referral_draft(late).await).metadata("state"), "requested");
    assert_eq!(inbox(&second.responder).await.len(), 1);
    assert_eq!(
        timeline(&stage.supervisor, &referral).await,
        ["drafted", "consented", "revised", "consented", "sent"]
    );
}

#[tokio::test]
async fn a_draft_that_nobody_sends_is_not_forgotten() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let urgent =
        DraftReferralRequest { urgency: ReferralUrgency::Urgent.into(), ..to(&stage, &[&partner]).await };
    let referral = stage.supervisor.draft_referral(urgent).await.unwrap();
    assert!(referral.due_time.is_some());
    stage.world.advance(3601.0);
    let told = async || {
        let open = listed(&stage.supervisor, true).await;
        open.iter()
            .any(|one| one.kind() == AlertKind::ReferralOverdue && one.referral_id == referral.referral_id)
    };
    until("supervisors are told", async || told().await.then_some(())).await;
    stage.supervisor.consents().record_consent(consent(&referral, partner.agency)).await.unwrap();
    stage.supervisor.send_referral(&referral).await.unwrap();
    until("it is sent", async || (!told().await).then_some(())).await;
}

/// What a service is for: `counselling`, or something below it.
pub(crate) fn about(below: bool) -> Value {
    let id = |number: u8| format!("00000000-0000-4000-8000-0000000000{number:02}");
    let root = json!({"id": id(1), "name": "Counselling", "code": "counselling", "description": "d"});
    let term = json!({"id": id(2), "name": "Grief", "code": "grief", "description": "d", "parent_id": id(1)});
    json!({"attributes": [
        {"id": request_id(), "taxonomy_term": root},
        {"id": request_id(), "taxonomy_term": if below { term } else { root.clone() }},
    ]})
}

/// An agency with a service for it.
pub(crate) async fn able(stage: &Stage, below: bool) -> Partner {
    let partner = Partner::new(stage).await;
    let centre = stage.world.centre.id;
    let service = stage.world.listed(centre, &about(below)).await;
    let service = stage.world.answered_by(centre, service, partner.agency).await;
    Partner { service, ..partner }
}

async fn to_any(stage: &Stage) -> DraftReferralRequest {
    let contact = stage.receive(chat("ar")).await;
    DraftReferralRequest { open_to_any: true, ..draft(&contact.contact_id, &[]) }
}

#[tokio::test]
async fn any_agency_that_is_able_may_take_it_on_and_knows_nothing_of_the_child_before_consent() {
    let stage = Stage::set().await;
    let (first, second) = (able(&stage, false).await, able(&stage, true).await);
    let (unable, full) = (Partner::new(&stage).await, able(&stage, false).await);
    super::holds::set(&full.responder, &full.service, 0, 0).await.unwrap();
    let referral = stage.supervisor.draft_referral(to_any(&stage).await).await.unwrap();
    assert!(referral.open_offer && referral.open_to_any);
    let mut asked: Vec<&str> = referral.choices.iter().map(|one| one.service_id.as_str()).collect();
    asked.sort_unstable();
    let mut expected = [first.service.as_str(), second.service.as_str()];
    expected.sort_unstable();
    assert_eq!(asked, expected);
    stage.supervisor.send_referral(&referral).await.unwrap();
    for partner in [&first, &second] {
        let told = get(&partner.responder, &referral).await.unwrap();
        assert_eq!((told.need.as_str(), told.particulars.clone()), ("counselling", None));
        assert!(told.contact_id.is_empty() && told.choices.len() == 1);
    }
    for partner in [&unable, &full] {
        assert_eq!(why(get(&partner.responder, &referral).await).code, Code::NotFound);
    }
    let accepted = second.responder.accept_referral(&referral).await.unwrap();
    assert!(accepted.particulars.is_none(), "nobody has agreed to anything yet");
    let inside = get(&stage.supervisor, &referral).await.unwrap();
    let has_it = inside.choices.iter().find(|one| one.state() == ChoiceState::Accepted).unwrap();
    assert!(!has_it.consented, "whoever refers sees what is missing");
    stage.supervisor.consents().record_consent(consent(&referral, second.agency)).await.unwrap();
    let told = get(&second.responder, &referral).await.unwrap();
    assert_eq!(told.particulars.unwrap().identity, "Samir, eleven");
    assert!(get(&first.responder, &referral).await.unwrap().particulars.is_none());
}

#[tokio::test]
async fn when_all_who_are_able_say_no_the_need_is_unmet_and_with_nobody_able_nothing_is_drafted() {
    let stage = Stage::set().await;
    let nobody = why(stage.supervisor.draft_referral(to_any(&stage).await).await);
    assert_eq!(nobody.reason, "NOBODY_FITS");
    let (first, second) = (able(&stage, false).await, able(&stage, false).await);
    let named = DraftReferralRequest { service_ids: vec![first.service.clone()], ..to_any(&stage).await };
    assert_eq!(why(stage.supervisor.draft_referral(named).await).fields, ["service_ids"]);
    let referral = stage.supervisor.draft_referral(to_any(&stage).await).await.unwrap();
    stage.supervisor.send_referral(&referral).await.unwrap();
    reject(&first.responder, &referral, RejectReason::NotEligibleAge).await.unwrap();
    assert_eq!(get(&stage.supervisor, &referral).await.unwrap().state(), ReferralState::Requested);
    reject(&second.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    let over = get(&stage.supervisor, &referral).await.unwrap();
    assert_eq!((over.state(), over.unmet), (ReferralState::Rejected, true));
}

#[tokio::test]
async fn once_the_child_has_said_no_only_their_own_yes_opens_anything() {
    use helpline_proto::referral::v1::{Assent, RecordConsentRequest};
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = sent(&stage, &[&partner]).await;
    let reads = async || get(&partner.responder, &referral).await.unwrap().particulars.is_some();
    let guardian = |assent: Assent| RecordConsentRequest {
        consent_by: ConsentBy::Guardian.into(),
        assent: assent.into(),
        ..consent(&referral, partner.agency)
    };
    let record = async |consent: RecordConsentRequest| {
        stage.supervisor.consents().record_consent(consent).await.unwrap().into_inner().consent.unwrap()
    };
    partner.responder.accept_referral(&referral).await.unwrap();
    assert!(reads().await);
    assert!(!record(guardian(Assent::Refused)).await.in_force);
    assert!(!reads().await, "what was agreed to before is over");
    assert!(!record(guardian(Assent::NotAsked)).await.in_force);
    assert!(!reads().await, "nor does somebody else's yes open it again");
    assert!(record(guardian(Assent::Given)).await.in_force);
    assert!(reads().await);
}

fn owned(referral: &Referral) -> (String, String) {
    (referral.referral_id.clone(), referral.owner_id.clone())
}

#[tokio::test]
async fn referrals_are_handed_on_with_the_rest_of_the_work() {
    use crate::handover::{accept, list, offer};
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(chat("ar")).await;
    amina.take().await;
    let referral = amina.actor.refer(draft(&contact.contact_id, &[&partner.service])).await;
    let second = amina.actor.draft_referral(draft(&contact.contact_id, &[&partner.service])).await.unwrap();
    let hers = [owned(&referral), owned(&second)];
    let ids = |answer: helpline_proto::queueing::v1::ListHandoverResponse| {
        let mut ids: Vec<_> =
            answer.referrals.into_iter().map(|one| (one.referral_id, one.owner_id)).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(list(&amina.actor, "").await.unwrap()), hers);
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    assert_eq!(why(get(&basma.actor, &referral).await).code, Code::NotFound);
    let handover = offer(&amina.actor, "", basma.id()).await.unwrap();
    let accepted = accept(&basma.actor, &handover).await.unwrap();
    assert_eq!(accepted.moved_referrals, 2);
    let now = get(&basma.actor, &referral).await.unwrap();
    assert_eq!(now.owner_id, basma.id());
    assert_eq!(timeline(&basma.actor, &referral).await.last().unwrap(), "handed_on");
    assert!(timeline(&partner.responder, &referral).await.iter().all(|event| event != "handed_on"));
    assert!(list(&amina.actor, "").await.unwrap().referrals.is_empty());
}
