//! Consent: asked when a referral is sent and whenever an agency reads, and gone when it is withdrawn.

use helpline_proto::escalation::v1::{ConsentBy, DisclosureGround};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    ApproveConsentOverrideRequest, AskConsentOverrideRequest, Assent, Consent, ListConsentsRequest,
    RecordConsentRequest, Referral, ReferralParticulars, ReferralState, WithdrawConsentRequest,
};
use helpline_tests::referral::{consent, every_class};
use helpline_tests::{Actor, request_id};
use tonic::{Code, Status};

use super::room::{Partner, Watcher, get, sent, to};
use crate::stage::{Stage, why};

async fn record(actor: &Actor, request: RecordConsentRequest) -> Result<Consent, Status> {
    Ok(actor.consents().record_consent(request).await?.into_inner().consent.unwrap())
}

async fn withdraw(actor: &Actor, one: &Consent) -> Result<Consent, Status> {
    let request = WithdrawConsentRequest { request_id: request_id(), consent_id: one.consent_id.clone() };
    Ok(actor.consents().withdraw_consent(request).await?.into_inner().consent.unwrap())
}

async fn approve(actor: &Actor, one: &Consent) -> Result<Consent, Status> {
    let request =
        ApproveConsentOverrideRequest { request_id: request_id(), consent_id: one.consent_id.clone() };
    Ok(actor.consents().approve_consent_override(request).await?.into_inner().consent.unwrap())
}

async fn ask_override(actor: &Actor, referral: &Referral, partner: &Partner) -> Result<Consent, Status> {
    let request = AskConsentOverrideRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        agency_id: partner.agency.to_string(),
        field_classes: vec![FieldClass::Health.into()],
        ground: DisclosureGround::BestInterests.into(),
        lifetime: None,
    };
    Ok(actor.consents().ask_consent_override(request).await?.into_inner().consent.unwrap())
}

async fn drafted(stage: &Stage, partner: &Partner) -> Referral {
    stage.supervisor.draft_referral(to(stage, &[partner]).await).await.unwrap()
}

async fn known(partner: &Partner, of: &Referral) -> Option<ReferralParticulars> {
    get(&partner.responder, of).await.unwrap().particulars
}

#[tokio::test]
async fn nothing_is_sent_without_consent_and_who_it_lacks_is_said() {
    let stage = Stage::set().await;
    let (partner, other) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let referral = stage.supervisor.draft_referral(to(&stage, &[&partner, &other]).await).await.unwrap();
    record(&stage.supervisor, consent(&referral, partner.agency)).await.unwrap();
    let refused = why(stage.supervisor.send_referral(&referral).await);
    assert_eq!(
        (refused.reason.as_str(), refused.metadata("agency")),
        ("CONSENT_MISSING", other.agency.to_string().as_str())
    );
    let given = record(&stage.supervisor, consent(&referral, other.agency)).await.unwrap();
    withdraw(&stage.supervisor, &given).await.unwrap();
    assert_eq!(why(stage.supervisor.send_referral(&referral).await).reason, "CONSENT_MISSING");
    let short = RecordConsentRequest {
        lifetime: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        ..consent(&referral, other.agency)
    };
    record(&stage.supervisor, short).await.unwrap();
    stage.world.advance(61.0);
    assert_eq!(why(stage.supervisor.send_referral(&referral).await).reason, "CONSENT_MISSING");
    assert_eq!(why(get(&partner.responder, &referral).await).code, Code::NotFound, "nobody was asked");
}

#[tokio::test]
async fn withdrawn_consent_cuts_access_at_once_also_in_an_open_stream() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = drafted(&stage, &partner).await;
    let given = record(&stage.supervisor, consent(&referral, partner.agency)).await.unwrap();
    stage.supervisor.send_referral(&referral).await.unwrap();
    partner.responder.accept_referral(&referral).await.unwrap();
    let mut desk = Watcher::open(&partner.responder).await;
    assert_eq!(known(&partner, &referral).await.unwrap().legal, "no papers");
    let withdrawn = withdraw(&stage.supervisor, &given).await.unwrap();
    assert_eq!((withdrawn.in_force, withdrawn.withdrawn_by), (false, stage.supervisor.token_id.clone()));
    assert_eq!(known(&partner, &referral).await, None);
    let seen = desk.until("what was withdrawn is gone", |one| one.particulars.is_none()).await;
    assert_eq!(seen.state(), ReferralState::Accepted, "they still have it, and know nothing of the child");
    assert_eq!(why(withdraw(&stage.supervisor, &given).await).metadata("state"), "withdrawn");
}

#[tokio::test]
async fn an_agency_reads_what_is_granted_within_consent_without_what_is_withheld() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let mut draft = to(&stage, &[&partner]).await;
    draft.field_classes.retain(|class| *class != i32::from(FieldClass::Perpetrator));
    let referral = stage.supervisor.draft_referral(draft).await.unwrap();
    let agree = RecordConsentRequest {
        field_classes: every_class()
            .into_iter()
            .filter(|class| *class != i32::from(FieldClass::Legal))
            .collect(),
        withheld: vec![FieldClass::Location.into()],
        ..consent(&referral, partner.agency)
    };
    record(&stage.supervisor, agree).await.unwrap();
    stage.supervisor.send_referral(&referral).await.unwrap();
    let reads = known(&partner, &referral).await.unwrap();
    assert_eq!((reads.identity.as_str(), reads.health.as_str()), ("Samir, eleven", "asthma"));
    assert!(reads.perpetrator.is_empty(), "not granted");
    assert!(reads.legal.is_empty(), "not agreed to");
    assert!(reads.location.is_empty(), "withheld");
    // What is withheld stays so, whatever else is agreed to.
    record(&stage.supervisor, consent(&referral, partner.agency)).await.unwrap();
    let reads = known(&partner, &referral).await.unwrap();
    assert_eq!((reads.legal.as_str(), reads.location.as_str()), ("no papers", ""));
    stage.sql("UPDATE helpline.agencies SET field_classes = '{health}'");
    let reads = known(&partner, &referral).await.unwrap();
    assert_eq!(
        (reads.identity.as_str(), reads.health.as_str()),
        ("", "asthma"),
        "the most they may ever be told"
    );
}

#[tokio::test]
async fn a_guardian_does_not_agree_over_the_head_of_the_child() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = drafted(&stage, &partner).await;
    let guardian = |assent: Assent| RecordConsentRequest {
        consent_by: ConsentBy::Guardian.into(),
        assent: assent.into(),
        ..consent(&referral, partner.agency)
    };
    let silent = RecordConsentRequest { assent: 0, ..guardian(Assent::Given) };
    assert_eq!(why(record(&stage.supervisor, silent).await).fields, ["assent"]);
    let refused = record(&stage.supervisor, guardian(Assent::Refused)).await.unwrap();
    assert!(!refused.in_force);
    assert_eq!(why(stage.supervisor.send_referral(&referral).await).reason, "CONSENT_MISSING");
    assert!(
        !record(&stage.supervisor, guardian(Assent::NotAsked)).await.unwrap().in_force,
        "they have said no"
    );
    let gone = withdraw(&stage.supervisor, &refused).await;
    assert_eq!(why(gone).metadata("state"), "refused", "nor is it taken back for them");
    let both =
        RecordConsentRequest { assent: 0, consent_by: ConsentBy::Both.into(), ..guardian(Assent::Given) };
    assert!(record(&stage.supervisor, both).await.unwrap().in_force);
    assert!(!record(&stage.supervisor, guardian(Assent::Refused)).await.unwrap().in_force);
    assert!(record(&stage.supervisor, guardian(Assent::Given)).await.unwrap().in_force);
    stage.supervisor.send_referral(&referral).await.unwrap();
}

#[tokio::test]
async fn without_consent_somebody_else_must_approve_and_what_is_withheld_then_gives_way() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = drafted(&stage, &partner).await;
    let agree = RecordConsentRequest {
        withheld: vec![FieldClass::Health.into()],
        ..consent(&referral, partner.agency)
    };
    record(&stage.supervisor, agree).await.unwrap();
    stage.supervisor.send_referral(&referral).await.unwrap();
    let asked = ask_override(&stage.supervisor, &referral, &partner).await.unwrap();
    assert!(!asked.in_force);
    assert_eq!(known(&partner, &referral).await.unwrap().health, "");
    let own = why(approve(&stage.supervisor, &asked).await);
    assert_eq!((own.reason.as_str(), own.metadata("state")), ("STATE_REFUSED", "own"));
    let colleague = stage.world.supervisor().await;
    let approved = approve(&colleague, &asked).await.unwrap();
    assert_eq!((approved.in_force, &approved.approved_by), (true, &colleague.token_id));
    assert_eq!(known(&partner, &referral).await.unwrap().health, "asthma");
    withdraw(&colleague, &approved).await.unwrap();
    assert_eq!(known(&partner, &referral).await.unwrap().health, "");
    let list =
        ListConsentsRequest { referral_id: referral.referral_id.clone(), ..ListConsentsRequest::default() };
    let listed = colleague.consents().list_consents(list).await.unwrap().into_inner().consents;
    assert_eq!(listed.iter().map(|one| one.in_force).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn consent_is_to_an_agency_of_the_referral_and_within_what_it_may_ever_be_told() {
    let stage = Stage::set().await;
    let (partner, stranger) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let referral = sent(&stage, &[&partner]).await;
    let refused = why(record(&stage.supervisor, consent(&referral, stranger.agency)).await);
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "agency"));
    stage.sql("UPDATE helpline.agencies SET field_classes = '{health}'");
    let refused = why(record(&stage.supervisor, consent(&referral, partner.agency)).await);
    assert_eq!(refused.fields, ["field_classes"]);
    let refused = why(record(&partner.responder, consent(&referral, partner.agency)).await);
    assert_eq!(refused.code, Code::PermissionDenied, "no agency agrees for the child");
}
