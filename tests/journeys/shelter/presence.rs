//! Whether somebody lives in a shelter is told by no answer to who may not know it: what is said of a resident is said of nobody.

use helpline_proto::casework::v1::GetStayLimitRequest;
use helpline_proto::queueing::v1::{Alert, AlertKind};
use helpline_proto::referral::v1::{
    AdmissionState, ConfirmHoldRequest, DropExitPlanRequest, GetReferralRequest, ListAdmissionsRequest,
    ListReferralTimelineRequest, PlaceHoldRequest, PlanExitRequest, ReleaseHoldRequest,
    RequestAdmissionRequest, VacateHoldRequest,
};
use helpline_proto::shelter::v1::{
    AnswerServiceOfferRequest, ListReturnAssistancesRequest, ReturnSubject, ServiceOfferState,
    StartReturnAssistanceRequest,
};
use helpline_tests::shelter::{
    answer, approves, arrives, asks, cancels, consents, departs, done, grace, ready, start, withdraws,
};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::Status;

use super::room::{DAY, House};
use crate::alerts;
use crate::referral::holds::hold;
use crate::stage::{chat, why};

/// What somebody is, as far as ids say.
#[derive(Clone)]
pub(super) struct Who {
    stay: String,
    hold: String,
    referral: String,
    service: String,
    case: String,
    help: String,
}

impl Who {
    /// Somebody who was never there.
    pub(super) fn nobody(service: &str) -> Self {
        let [stay, hold, referral, case, help] = std::array::from_fn(|_| request_id());
        Self { stay, hold, referral, service: service.to_owned(), case, help }
    }

    /// Somebody who lives there, and whom it is helped to return.
    pub(super) async fn resident(house: &House) -> Self {
        let by = house.by();
        let case = by.case_of_child().await.case_id;
        let stay = house.resident(&case).await;
        let admission_id = stay.admission_id.clone();
        let from_there = StartReturnAssistanceRequest { admission_id, ..start(&case, ReturnSubject::Adult) };
        let help = by.start_return(from_there).await.unwrap().return_id;
        let hold =
            format!("SELECT hold_id FROM helpline.admissions WHERE admission_id = '{}'", stay.admission_id);
        Self {
            hold: house.stage.value(&hold),
            stay: stay.admission_id,
            referral: stay.referral_id,
            service: house.service.clone(),
            case,
            help,
        }
    }
}

fn said<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    format!("{:?}", why(answer))
}

/// Every method that names somebody who may live there, and which part they have in it where they can have several.
pub(super) const METHODS: [&str; 35] = [
    "RequestAdmission",
    "ScreenAdmission",
    "HoldAdmissionPlace",
    "Admit",
    "PlanExit",
    "DropExitPlan",
    "RecordExit",
    "GetAdmission",
    "AccompanyAdmission: who comes",
    "AccompanyAdmission: who is there",
    "GetServiceOffers",
    "AnswerServiceOffer: declined",
    "AnswerServiceOffer: accepted",
    "RepeatServiceOffer",
    "StartReturnAssistance: of a case",
    "StartReturnAssistance: from there",
    "SetReturnItem",
    "SetGracePeriod",
    "RecordReturnConsent",
    "WithdrawReturnConsent",
    "AskReturnOverride",
    "ApproveReturnOverride",
    "MarkReturnReady",
    "RecordReturnDeparture",
    "RecordReturnArrival",
    "CancelReturnAssistance",
    "GetReturnAssistance",
    "ConfirmHold",
    "ReleaseHold",
    "VacateHold",
    "PlaceHold",
    "GetStayLimit",
    "GetReferral",
    "ListReferralTimeline",
    "GetCase",
];

/// What a method answers about somebody, if it refuses.
pub(super) async fn ask(actor: &Actor, method: &str, who: &Who) -> String {
    let (mut stays, mut shelter, mut places) = (actor.admissions(), actor.shelter(), actor.capacity());
    let (id, help) = (who.stay.as_str(), who.help.as_str());
    let (admission_id, hold_id, referral_id) = (id.to_owned(), who.hold.clone(), who.referral.clone());
    match method {
        "RequestAdmission" => {
            let service_id = who.service.clone();
            let unit = "bed".to_owned();
            let request = RequestAdmissionRequest { request_id: request_id(), referral_id, service_id, unit };
            said(stays.request_admission(request).await)
        }
        "ScreenAdmission" => said(actor.screens(id).await),
        "HoldAdmissionPlace" => said(actor.keeps_place(id).await),
        "Admit" => said(actor.takes_in(id).await),
        "PlanExit" => {
            let planned_time = Some(helpline_tests::crossborder::ahead(86_400));
            let plan = PlanExitRequest { request_id: request_id(), admission_id, planned_time };
            said(stays.plan_exit(plan).await)
        }
        "DropExitPlan" => {
            let drop = DropExitPlanRequest { request_id: request_id(), admission_id };
            said(stays.drop_exit_plan(drop).await)
        }
        "RecordExit" => said(actor.lets_go(id).await),
        "GetAdmission" => said(actor.stay(id).await),
        "AccompanyAdmission: who comes" => said(actor.lives_with(id, "").await),
        "AccompanyAdmission: who is there" => said(actor.lives_with(&request_id(), id).await),
        "GetServiceOffers" => said(actor.service_offers(id).await),
        "AnswerServiceOffer: declined" => {
            said(actor.answer_offer(answer(id, "legal", ServiceOfferState::DeclinedByResident)).await)
        }
        "AnswerServiceOffer: accepted" => {
            let accepts = answer(id, "legal", ServiceOfferState::Accepted);
            said(actor.answer_offer(AnswerServiceOfferRequest { referral_id, ..accepts }).await)
        }
        "RepeatServiceOffer" => said(actor.offer_again(id, "legal").await),
        "StartReturnAssistance: of a case" => {
            said(actor.start_return(start(&who.case, ReturnSubject::Child)).await)
        }
        "StartReturnAssistance: from there" => {
            let start = start(&who.case, ReturnSubject::Adult);
            said(actor.start_return(StartReturnAssistanceRequest { admission_id, ..start }).await)
        }
        "SetReturnItem" => said(actor.set_return_item(done(help, "ticket")).await),
        "SetGracePeriod" => said(actor.set_grace(grace(help)).await),
        "RecordReturnConsent" => said(actor.agree_to_return(consents(help)).await),
        "WithdrawReturnConsent" => said(actor.refuse_to_return(withdraws(help)).await),
        "AskReturnOverride" => said(actor.ask_return_override(asks(help)).await),
        "ApproveReturnOverride" => said(shelter.approve_return_override(approves(help)).await),
        "MarkReturnReady" => said(actor.ready_to_return(ready(help)).await),
        "RecordReturnDeparture" => said(actor.departs_home(departs(help)).await),
        "RecordReturnArrival" => said(actor.arrives_home(arrives(help)).await),
        "CancelReturnAssistance" => said(actor.cancel_return(cancels(help)).await),
        "GetReturnAssistance" => said(actor.return_of(help).await),
        "ConfirmHold" => {
            said(places.confirm_hold(ConfirmHoldRequest { request_id: request_id(), hold_id }).await)
        }
        "ReleaseHold" => {
            said(places.release_hold(ReleaseHoldRequest { request_id: request_id(), hold_id }).await)
        }
        "VacateHold" => {
            said(places.vacate_hold(VacateHoldRequest { request_id: request_id(), hold_id }).await)
        }
        "PlaceHold" => {
            let wish = hold(&[&who.service], 1);
            said(places.place_hold(PlaceHoldRequest { referral_id, ..wish }).await)
        }
        "GetStayLimit" => said(actor.stays().get_stay_limit(GetStayLimitRequest { admission_id }).await),
        "GetReferral" => said(actor.referrals().get_referral(GetReferralRequest { referral_id }).await),
        "ListReferralTimeline" => {
            let list = ListReferralTimelineRequest { referral_id, ..ListReferralTimelineRequest::default() };
            said(actor.referrals().list_referral_timeline(list).await)
        }
        "GetCase" => said(actor.case(&who.case).await),
        unknown => panic!("{unknown} is not asked"),
    }
}

/// Everything that is answered about somebody, method by method.
async fn answers(actor: &Actor, who: &Who) -> Vec<String> {
    let mut answers = Vec::new();
    for method in METHODS {
        answers.push(ask(actor, method, who).await);
    }
    answers
}

/// How much two lists tell somebody; nothing of what they may not call.
async fn listed(actor: &Actor) -> (usize, usize) {
    let stays = actor.admissions().list_admissions(ListAdmissionsRequest::default()).await;
    let helps = actor.shelter().list_return_assistances(ListReturnAssistancesRequest::default()).await;
    (
        stays.map_or(0, |list| list.into_inner().admissions.len()),
        helps.map_or(0, |list| list.into_inner().return_assistances.len()),
    )
}

#[tokio::test]
async fn who_may_not_know_is_told_the_same_of_a_resident_and_of_nobody_by_every_method() {
    let house = House::new(2).await;
    let by = house.by();
    let resident = Who::resident(&house).await;
    let child = house.resident("").await.admission_id;
    by.lives_with(&child, &resident.stay).await.unwrap();
    let elsewhere = house.stage.world.agency().await;
    let strangers = [
        house.stage.world.counsellor(Abilities::speaking(&["ar"])).await,
        house.stage.world.responder(elsewhere).await,
        house.stage.adapter.clone(),
    ];
    for stranger in &strangers {
        let nobody = answers(stranger, &Who::nobody(&house.service)).await;
        assert_eq!(answers(stranger, &resident).await, nobody);
        assert_eq!(listed(stranger).await, (0, 0));
    }
    // Who was there and has left is not told of either.
    by.lets_go(&resident.stay).await.unwrap();
    for stranger in &strangers {
        let nobody = answers(stranger, &Who::nobody(&house.service)).await;
        assert_eq!(answers(stranger, &resident).await, nobody);
    }
    assert_eq!(by.stay(&child).await.unwrap().state(), AdmissionState::Admitted, "nothing of it happened");
    by.return_of(&resident.help).await.unwrap();
}

#[tokio::test]
async fn who_may_know_of_one_stay_learns_by_it_nothing_of_another() {
    let house = House::new(2).await;
    let by = house.by();
    let resident = house.resident("").await;
    // Somebody who refers a child herself, and the shelter where it lives.
    let amina = house.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let case = amina.case_of_child().await.case_id;
    let agency = house.stage.world.agency().await;
    let service = house.stage.world.service(agency).await;
    by.has_beds(&service, 1).await;
    let contact = house.stage.receive(chat("ar")).await.contact_id;
    let theirs = by.takes_in_from(&contact, &service, &case).await.admission_id;
    let there = house.stage.world.responder(agency).await;
    let nobody = request_id();
    let accepts = |referral_id: &str| AnswerServiceOfferRequest {
        referral_id: referral_id.to_owned(),
        ..answer(&theirs, "legal", ServiceOfferState::Accepted)
    };
    for (of_resident, of_nobody) in [
        (
            said(there.lives_with(&theirs, &resident.admission_id).await),
            said(there.lives_with(&theirs, &nobody).await),
        ),
        (
            said(there.answer_offer(accepts(&resident.referral_id)).await),
            said(there.answer_offer(accepts(&nobody)).await),
        ),
    ] {
        assert_eq!(of_resident, of_nobody);
    }
    // The owner of the case does not know of the stay that a supervisor arranged.
    let from = |admission_id: &str| StartReturnAssistanceRequest {
        admission_id: admission_id.to_owned(),
        ..start(&case, ReturnSubject::Adult)
    };
    assert_eq!(said(amina.start_return(from(&theirs)).await), said(amina.start_return(from(&nobody)).await));
    let help = by.start_return(from(&theirs)).await.unwrap();
    assert_eq!(help.admission_id, theirs);
    assert_eq!(amina.return_of(&help.return_id).await.unwrap().admission_id, "");
}

#[tokio::test]
async fn alerts_about_who_lives_there_are_for_supervisors_alone() {
    let house = House::new(1).await;
    let resident = house.resident("").await;
    house.wait(4 * DAY);
    house.until_alerts(AlertKind::ServiceOfferOverdue, &resident.admission_id, 1).await;
    let administrator = house.stage.world.administrator();
    let tells = |alert: &Alert| !alert.admission_id.is_empty() || !alert.return_id.is_empty();
    assert!(alerts::listed(house.by(), false).await.iter().any(tells));
    assert!(!alerts::listed(&administrator, false).await.iter().any(tells));
}
