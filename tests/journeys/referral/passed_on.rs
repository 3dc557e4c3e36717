//! Who must not be asked any more is passed over at once, and what was kept with them is free.

use helpline_domain::settings::reintegration::Reintegration;
use helpline_proto::directory::v1::{
    DisableAgencyRequest, RevokeTokenRequest, ServiceRules, UpdateServiceRequest,
};
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{
    AcceptReferralRequest, AppointmentState, ChoiceState, DraftReferralRequest, ListConsentsRequest,
    ListReferralTimelineRequest, PlaceHoldRequest, Referral, ReferralEntry, ReferralState, RejectReason,
    RejectReferralRequest, WithdrawConsentRequest,
};
use helpline_tests::referral::draft;
use helpline_tests::{Actor, request_id};
use tonic::Code;

use super::holds::{confirm, hold, place, set, used};
use super::room::{
    Partner, Watcher, choices, get, inbox, record_appointment, reject, report, schedule, sent, to,
};
use crate::alerts::listed;
use crate::stage::{Stage, until, why};

async fn entries(actor: &Actor, of: &Referral) -> Vec<ReferralEntry> {
    let request = ListReferralTimelineRequest {
        referral_id: of.referral_id.clone(),
        ..ListReferralTimelineRequest::default()
    };
    actor.referrals().list_referral_timeline(request).await.unwrap().into_inner().entries
}

async fn until_choices(stage: &Stage, of: &Referral, wanted: &[ChoiceState]) -> Referral {
    until("the choices stand so", async || {
        let now = get(&stage.supervisor, of).await.unwrap();
        (choices(&now) == wanted).then_some(now)
    })
    .await
}

async fn withdraw_all(stage: &Stage, of: &Referral, partner: &Partner) {
    let list = ListConsentsRequest { referral_id: of.referral_id.clone(), ..ListConsentsRequest::default() };
    let consents = stage.supervisor.consents().list_consents(list).await.unwrap().into_inner().consents;
    for one in consents.iter().filter(|one| one.agency_id == partner.agency.to_string()) {
        let request = WithdrawConsentRequest { request_id: request_id(), consent_id: one.consent_id.clone() };
        stage.supervisor.consents().withdraw_consent(request).await.unwrap();
    }
}

#[tokio::test]
async fn when_consent_is_withdrawn_the_agency_is_asked_no_more_and_the_next_is() {
    let stage = Stage::set().await;
    let (first, second) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let referral = sent(&stage, &[&first, &second]).await;
    withdraw_all(&stage, &referral, &first).await;
    let blind = get(&first.responder, &referral).await.unwrap();
    assert!(blind.particulars.is_none() && blind.need.is_empty(), "what is needed tells of a child, too");
    let late = first.responder.accept_referral(&referral).await;
    assert!(["CONSENT_MISSING", "STATE_REFUSED"].contains(&why(late).reason.as_str()));
    let now = until_choices(&stage, &referral, &[ChoiceState::Expired, ChoiceState::Offered]).await;
    assert_eq!(now.state(), ReferralState::Requested);
    second.responder.accept_referral(&referral).await.unwrap();
}

#[tokio::test]
async fn of_several_who_are_asked_at_once_only_the_one_without_consent_is_passed_over() {
    let stage = Stage::set().await;
    let (first, second) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let open = DraftReferralRequest { open_offer: true, ..to(&stage, &[&first, &second]).await };
    let referral = stage.supervisor.refer(open).await;
    withdraw_all(&stage, &referral, &second).await;
    let now = until_choices(&stage, &referral, &[ChoiceState::Offered, ChoiceState::Expired]).await;
    assert_eq!(now.due_time, referral.due_time, "who is still asked has no more time, and no less");
    first.responder.accept_referral(&referral).await.unwrap();
}

#[tokio::test]
async fn an_agency_that_is_disabled_keeps_nobody_waiting() {
    let stage = Stage::set().await;
    let (first, second) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let referral = sent(&stage, &[&first, &second]).await;
    let request = DisableAgencyRequest { request_id: request_id(), agency_id: first.agency.to_string() };
    stage.world.administrator().agencies().disable_agency(request).await.unwrap();
    until_choices(&stage, &referral, &[ChoiceState::Expired, ChoiceState::Offered]).await;
    assert_eq!(inbox(&second.responder).await.len(), 1);
}

#[tokio::test]
async fn a_place_that_was_confirmed_is_free_when_the_agency_says_no_after_all() {
    let stage = Stage::set().await;
    let (first, second) = (Partner::new(&stage).await, Partner::new(&stage).await);
    set(&first.responder, &first.service, 1, 0).await.unwrap();
    let referral = sent(&stage, &[&first, &second]).await;
    let wish = PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&first.service], 1) };
    let held = place(&stage.supervisor, wish).await.unwrap();
    confirm(&stage.supervisor, &held).await.unwrap();
    assert_eq!(used(&stage.supervisor, &first.service).await, (0, 0, 1));
    reject(&first.responder, &referral, RejectReason::SafetyConcern).await.unwrap();
    assert_eq!(used(&stage.supervisor, &first.service).await, (1, 0, 0));
}

#[tokio::test]
async fn a_stay_lives_in_the_place_that_was_confirmed_for_it_and_in_no_second_one() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let (referral, stay) = super::stay::screened(&stage, &shelter, 2).await;
    let wish = PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&shelter.service], 1) };
    let held = place(&stage.supervisor, wish).await.unwrap();
    confirm(&stage.supervisor, &held).await.unwrap();
    super::stay::keep(&shelter.responder, &stay).await.unwrap();
    assert_eq!(used(&stage.supervisor, &shelter.service).await, (1, 1, 0));
    super::stay::admit(&shelter.responder, &stay).await.unwrap();
    assert_eq!(used(&stage.supervisor, &shelter.service).await, (1, 0, 1));
}

#[tokio::test]
async fn an_agency_that_says_no_does_not_learn_whether_anybody_is_left() {
    let stage = Stage::set().await;
    let (first, second) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let referral = sent(&stage, &[&first, &second]).await;
    for partner in [&first, &second] {
        reject(&partner.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    }
    let own = async |partner: &Partner| {
        let mut all = entries(&partner.responder, &referral).await;
        all.retain(|entry| entry.event == "rejected");
        assert_eq!(all.len(), 1);
        all.remove(0).detail
    };
    assert_eq!(own(&first).await, own(&second).await);
    let inside = entries(&stage.supervisor, &referral).await;
    assert!(inside.last().unwrap().detail.contains("unmet"));
}

#[tokio::test]
async fn what_was_written_before_an_agency_was_asked_was_not_written_to_it() {
    let stage = Stage::set().await;
    let (first, second) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let referral = sent(&stage, &[&first, &second]).await;
    let remark = helpline_proto::referral::v1::AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        remark: "As you asked.".to_owned(),
        question: false,
        shared: true,
    };
    stage.supervisor.referrals().add_referral_remark(remark).await.unwrap();
    let says = |all: &[ReferralEntry]| all.iter().any(|entry| entry.remark == "As you asked.");
    assert!(says(&entries(&first.responder, &referral).await));
    reject(&first.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    assert!(!says(&entries(&second.responder, &referral).await));
}

#[tokio::test]
async fn a_child_who_does_not_come_is_missed_whatever_is_reported_before() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = sent(&stage, &[&partner]).await;
    partner.responder.accept_referral(&referral).await.unwrap();
    schedule(&stage, &partner.responder, &referral).await.unwrap();
    let now = report(&partner.responder, &referral, ReferralState::InProgress).await.unwrap();
    let (due, at) = (now.due_time.unwrap(), now.appointment_time.unwrap());
    assert_eq!(due.seconds - at.seconds, 24 * 3600, "a day after they were to come");
    stage.world.advance(3.0 * 24.0 * 3600.0);
    let missed = async || {
        let open = listed(&stage.supervisor, true).await;
        open.iter().any(|alert| {
            alert.kind() == AlertKind::ReferralOverdue && alert.referral_id == referral.referral_id
        })
    };
    until("supervisors are told", async || missed().await.then_some(())).await;
    let alarms = get(&stage.supervisor, &referral).await.unwrap().alarms;
    assert_eq!(alarms, 1, "once a day, not at every look");
    record_appointment(&partner.responder, &referral, AppointmentState::Unattended).await.unwrap();
}

#[tokio::test]
async fn an_unmet_need_stays_one_while_the_child_is_referred_for_another() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = sent(&stage, &[&partner]).await;
    reject(&partner.responder, &referral, RejectReason::WrongService).await.unwrap();
    let unmet = async || {
        let open = listed(&stage.supervisor, true).await;
        open.iter()
            .any(|one| one.kind() == AlertKind::ReferralUnmet && one.referral_id == referral.referral_id)
    };
    until("nobody has met it", async || unmet().await.then_some(())).await;
    let another = DraftReferralRequest {
        need: "legal_aid".to_owned(),
        ..draft(&referral.contact_id, &[&partner.service])
    };
    stage.supervisor.refer(another).await;
    let due = stage.world.servers[0]
        .ctx()
        .store
        .due_alerts(stage.world.centre.id, &Reintegration::default())
        .await
        .unwrap();
    assert!(due.iter().any(|(kind, _)| *kind == helpline_domain::alert::AlertKind::ReferralUnmet));
    stage.supervisor.refer(draft(&referral.contact_id, &[&partner.service])).await;
    until("it is referred anew", async || (!unmet().await).then_some(())).await;
}

#[tokio::test]
async fn a_shelter_with_hours_left_and_no_bed_is_full_for_who_needs_a_bed() {
    let stage = Stage::set().await;
    let (full, other) = (Partner::new(&stage).await, Partner::new(&stage).await);
    set(&full.responder, &full.service, 0, 0).await.unwrap();
    let hours = helpline_proto::referral::v1::SetCapacityRequest {
        request_id: request_id(),
        service_id: full.service.clone(),
        unit: "hour".to_owned(),
        maximum: 5,
        out_of_service: 0,
    };
    full.responder.capacity().set_capacity(hours).await.unwrap();
    let bed = DraftReferralRequest { unit: "bed".to_owned(), ..to(&stage, &[&full, &other]).await };
    let referral = stage.supervisor.refer(bed).await;
    assert_eq!(choices(&referral), [ChoiceState::Skipped, ChoiceState::Offered]);
}

#[tokio::test]
async fn an_agency_that_is_asked_for_two_of_its_services_says_which() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let second = stage.world.service(partner.agency).await;
    let both = [partner.service.as_str(), second.as_str()];
    let contact = stage.receive(crate::stage::chat("ar")).await;
    for accept in [true, false] {
        let open = DraftReferralRequest { open_offer: true, ..draft(&contact.contact_id, &both) };
        let referral = stage.supervisor.refer(open).await;
        let (request_id, referral_id) = (request_id(), referral.referral_id.clone());
        if accept {
            let answer = AcceptReferralRequest {
                request_id,
                referral_id,
                service_id: second.clone(),
                ..AcceptReferralRequest::default()
            };
            partner.responder.referrals().accept_referral(answer).await.unwrap();
        } else {
            let answer = RejectReferralRequest {
                request_id,
                referral_id,
                service_id: second.clone(),
                reason: RejectReason::AtCapacity.into(),
                remark: String::new(),
                expected_revision: 0,
            };
            partner.responder.referrals().reject_referral(answer).await.unwrap();
        }
        let now = get(&stage.supervisor, &referral).await.unwrap();
        let expected = if accept {
            [ChoiceState::Withdrawn, ChoiceState::Accepted]
        } else {
            [ChoiceState::Offered, ChoiceState::Rejected]
        };
        assert_eq!(choices(&now), expected);
    }
}

#[tokio::test]
async fn an_open_desk_ends_with_its_token_and_with_its_agency() {
    let stage = Stage::set().await;
    for disable in [false, true] {
        let partner = Partner::new(&stage).await;
        let mut desk = Watcher::open(&partner.responder).await;
        if disable {
            let request =
                DisableAgencyRequest { request_id: request_id(), agency_id: partner.agency.to_string() };
            stage.world.administrator().agencies().disable_agency(request).await.unwrap();
        } else {
            let token_id = partner.responder.token_id.clone();
            let request = RevokeTokenRequest { request_id: request_id(), token_id };
            stage.world.administrator().tokens().revoke_token(request).await.unwrap();
        }
        assert_eq!(desk.until_ended().await, Code::Unauthenticated, "disabled: {disable}");
        let any = Referral { referral_id: request_id(), ..Referral::default() };
        assert_eq!(why(get(&partner.responder, &any).await).code, Code::Unauthenticated);
    }
}

#[tokio::test]
async fn a_service_whose_agreement_on_sharing_data_has_ended_is_not_asked() {
    let stage = Stage::set().await;
    let (ended, other) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let ends = async |service: &str, days: i64| {
        let day =
            format!("SELECT to_char((helpline.now() AT TIME ZONE 'UTC')::date + ({days}), 'YYYY-MM-DD')");
        let rules = ServiceRules { agreement_end_date: stage.value(&day), ..ServiceRules::default() };
        let request = UpdateServiceRequest {
            request_id: request_id(),
            service_id: service.to_owned(),
            agency_id: if service == ended.service {
                ended.agency.to_string()
            } else {
                other.agency.to_string()
            },
            rules: Some(rules),
            ..UpdateServiceRequest::default()
        };
        stage.world.administrator().services().update_service(request).await.unwrap();
    };
    ends(&ended.service, -1).await;
    ends(&other.service, 0).await;
    let referral = sent(&stage, &[&ended, &other]).await;
    assert_eq!(choices(&referral), [ChoiceState::Skipped, ChoiceState::Offered]);
}
