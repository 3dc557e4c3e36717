//! Every class of field, for an agency that was granted it alone, in every answer that an agency gets.

use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    AddReferralRemarkRequest, AppointmentState, ListAdmissionsRequest, ListCapacitiesRequest,
    ListHoldsRequest, ListReferralTimelineRequest, ListReferralsRequest, PlaceHoldRequest,
    RecordConsentRequest, Referral, ReferralState, RejectReason,
};
use helpline_tests::referral::{SAID, consent};
use helpline_tests::{Actor, request_id};
use prost::Message;

use super::holds::{confirm, hold, place, set};
use super::room::{
    Partner, Watcher, answer_cancel, ask_to_cancel, get, record_appointment, record_outcome, reject, report,
    schedule, to,
};
use super::stay::{admit, exit, keep, request, screen, seen};
use crate::stage::Stage;
use helpline_proto::referral::v1::ExitOutcome;

/// What the centre writes to the agency.
const REMARK: &str = "He will come with his sister.";

/// What of the child an answer says.
fn told(answer: &impl Message) -> Vec<FieldClass> {
    let bytes = answer.encode_to_vec();
    let says = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let mut classes: Vec<_> = SAID.iter().filter(|(_, text)| says(text)).map(|(class, _)| *class).collect();
    if says(REMARK) && !classes.contains(&FieldClass::Narrative) {
        classes.push(FieldClass::Narrative);
    }
    classes
}

/// Everything that somebody was answered, and what of the child each answer says.
#[derive(Default)]
struct Told(Vec<(&'static str, Vec<FieldClass>)>);

impl Told {
    fn note(&mut self, method: &'static str, answer: &impl Message) {
        self.0.push((method, told(answer)));
    }

    /// What can be read without doing anything.
    async fn look(&mut self, actor: &Actor, referral: &Referral, remarked: bool) {
        let answer = get(actor, referral).await.unwrap();
        self.note("GetReferral", &answer);
        let list = actor.referrals().list_referrals(ListReferralsRequest::default()).await.unwrap();
        self.note("ListReferrals", &list.into_inner());
        let request = ListReferralTimelineRequest {
            referral_id: referral.referral_id.clone(),
            ..ListReferralTimelineRequest::default()
        };
        let timeline = actor.referrals().list_referral_timeline(request).await.unwrap().into_inner();
        assert_eq!(timeline.entries.iter().any(|entry| entry.event == "asked"), remarked);
        self.note("ListReferralTimeline", &timeline);
        let holds = actor.capacity().list_holds(ListHoldsRequest::default()).await.unwrap().into_inner();
        assert!(holds.holds.iter().all(|hold| hold.referral_id.is_empty()));
        self.note("ListHolds", &holds);
        let units = actor.capacity().list_capacities(ListCapacitiesRequest::default()).await.unwrap();
        self.note("ListCapacities", &units.into_inner());
        let stays = actor.admissions().list_admissions(ListAdmissionsRequest::default()).await.unwrap();
        self.note("ListAdmissions", &stays.into_inner());
    }
}

/// A referral that grants everything and to which the child has agreed for these classes alone.
async fn asked(stage: &Stage, partner: &Partner, classes: &[FieldClass]) -> Referral {
    let referral = stage.supervisor.draft_referral(to(stage, &[partner]).await).await.unwrap();
    let field_classes = classes.iter().map(|class| i32::from(*class)).collect();
    let agree = RecordConsentRequest { field_classes, ..consent(&referral, partner.agency) };
    stage.supervisor.consents().record_consent(agree).await.unwrap();
    set(&partner.responder, &partner.service, 3, 0).await.unwrap();
    stage.supervisor.send_referral(&referral).await.unwrap();
    let remark = AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        remark: REMARK.to_owned(),
        question: true,
        shared: true,
    };
    stage.supervisor.referrals().add_referral_remark(remark).await.unwrap();
    referral
}

/// The whole way of a referral that an agency takes on, and everything that it is answered.
async fn served(stage: &Stage, class: FieldClass) -> (Partner, Referral, Told) {
    let mut told = Told::default();
    let partner = Partner::new(stage).await;
    let outside = &partner.responder;
    let mut desk = Watcher::open(outside).await;
    let referral = asked(stage, &partner, &[class]).await;
    let shown = desk.until("it is addressed to them", |one| one.referral_id == referral.referral_id).await;
    told.note("WatchReferrals", &shown);
    let wish = PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&partner.service], 1) };
    let held = place(&stage.supervisor, wish).await.unwrap();
    told.note("ConfirmHold", &confirm(outside, &held).await.unwrap());
    told.look(outside, &referral, true).await;
    told.note("AcceptReferral", &outside.accept_referral(&referral).await.unwrap());
    let stay = request(&stage.supervisor, &referral, &partner.service).await.unwrap();
    told.note("ScreenAdmission", &screen(outside, &stay).await.unwrap());
    told.note("HoldAdmissionPlace", &keep(outside, &stay).await.unwrap());
    told.note("Admit", &admit(outside, &stay).await.unwrap());
    told.note("GetAdmission", &seen(outside, &stay).await.unwrap());
    told.look(outside, &referral, true).await;
    told.note("ScheduleAppointment", &schedule(stage, outside, &referral).await.unwrap());
    let came = record_appointment(outside, &referral, AppointmentState::Attended).await.unwrap();
    told.note("RecordAppointment", &came);
    told.note(
        "ReportReferralProgress",
        &report(outside, &referral, ReferralState::InProgress).await.unwrap(),
    );
    told.note("AskToCancelReferral", &ask_to_cancel(outside, &referral).await.unwrap());
    answer_cancel(&stage.supervisor, &referral, false).await.unwrap();
    ask_to_cancel(&stage.supervisor, &referral).await.unwrap();
    told.note("AnswerCancelReferral", &answer_cancel(outside, &referral, false).await.unwrap());
    let own = AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        remark: "When does he come?".to_owned(),
        question: true,
        shared: true,
    };
    let own = outside.referrals().add_referral_remark(own).await.unwrap().into_inner();
    told.note("AddReferralRemark", &own);
    (partner, referral, told)
}

#[tokio::test]
async fn an_agency_reads_the_class_it_was_granted_and_no_other() {
    let stage = Stage::set().await;
    for (class, _) in SAID {
        let (partner, referral, answers) = served(&stage, class).await;
        for (method, classes) in &answers.0 {
            assert!(classes.iter().all(|one| *one == class), "{method} tells {classes:?} for {class:?}");
        }
        let says = |method: &str| answers.0.iter().any(|(name, told)| *name == method && *told == [class]);
        for method in ["GetReferral", "WatchReferrals", "AcceptReferral", "AskToCancelReferral"] {
            assert!(says(method), "{method} tells what was granted: {class:?}");
        }
        assert_eq!(says("ListReferralTimeline"), class == FieldClass::Narrative, "what was written");
        let inside = get(&stage.supervisor, &referral).await.unwrap();
        assert_eq!(told(&inside).len(), SAID.len(), "the centre knows what it wrote");
        // What is over is read no more, and a stay that ends says nothing either.
        let mut over = Told::default();
        over.note(
            "RecordReferralOutcome",
            &record_outcome(&partner.responder, &referral, true).await.unwrap(),
        );
        over.look(&partner.responder, &referral, true).await;
        let stays =
            partner.responder.admissions().list_admissions(ListAdmissionsRequest::default()).await.unwrap();
        let stay = stays.into_inner().admissions.remove(0);
        over.note("RecordExit", &exit(&partner.responder, &stay, ExitOutcome::Reunited).await.unwrap());
        for (method, classes) in &over.0 {
            assert!(classes.is_empty(), "{method} tells {classes:?} of what is over");
        }
    }
}

#[tokio::test]
async fn an_agency_that_says_no_reads_nothing_more() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let classes = SAID.map(|(class, _)| class);
    let referral = asked(&stage, &partner, &classes).await;
    let mut before = Told::default();
    before.look(&partner.responder, &referral, true).await;
    assert_eq!(before.0[0].1.len(), SAID.len());
    let mut after = Told::default();
    after.note(
        "RejectReferral",
        &reject(&partner.responder, &referral, RejectReason::AtCapacity).await.unwrap(),
    );
    after.look(&partner.responder, &referral, false).await;
    for (method, classes) in &after.0 {
        assert!(classes.is_empty(), "{method} tells {classes:?} after a no");
    }
}

#[tokio::test]
async fn what_an_agency_has_read_is_on_record() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let referral = asked(&stage, &partner, &[FieldClass::Health, FieldClass::Identity]).await;
    let read = || {
        let sql = format!(
            "SELECT detail ->> 'field_classes', actor_id FROM helpline.journal
             WHERE event = 'particulars_read' AND detail ->> 'referral_id' = '{}'",
            referral.referral_id
        );
        stage.sql(&sql)
    };
    get(&stage.supervisor, &referral).await.unwrap();
    assert!(read().is_empty(), "inside it is the centre's own");
    get(&partner.responder, &referral).await.unwrap();
    let expected =
        vec![Some("[\"health\", \"identity\"]".to_owned()), Some(partner.responder.token_id.clone())];
    assert_eq!(read(), [expected]);
    reject(&partner.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    get(&partner.responder, &referral).await.unwrap();
    assert_eq!(read().len(), 1, "what is not told is not read");
}
