//! What every story of a referral needs: agencies with services and responders, and what they say.

use helpline_domain::id::AgencyId;
use helpline_proto::referral::v1::watch_referrals_response::Event;
use helpline_proto::referral::v1::{
    AnswerCancelReferralRequest, AppointmentState, AskToCancelReferralRequest, ChoiceState,
    DraftReferralRequest, GetReferralRequest, ListReferralTimelineRequest, ListReferralsRequest,
    RecordAppointmentRequest, RecordReferralOutcomeRequest, Referral, ReferralOutcome, ReferralState,
    RejectReason, RejectReferralRequest, ReportReferralProgressRequest, RevokeReferralRequest,
    ScheduleAppointmentRequest, WatchReferralsRequest, WatchReferralsResponse,
};
use helpline_tests::referral::draft;
use helpline_tests::{Actor, request_id};
use tonic::{Code, Status, Streaming};

use crate::stage::{PATIENCE, Stage, chat};

/// An agency with a service and somebody who answers for it.
pub(crate) struct Partner {
    pub(crate) agency: AgencyId,
    pub(crate) service: String,
    pub(crate) responder: Actor,
}

impl Partner {
    pub(crate) async fn new(stage: &Stage) -> Self {
        let agency = stage.world.agency().await;
        let responder = stage.world.responder(agency).await;
        Self { agency, service: stage.world.service(agency).await, responder }
    }

    /// The same with an address that is protected.
    pub(crate) async fn hidden(stage: &Stage) -> Self {
        let hidden = Self::new(stage).await;
        stage.world.protect(&hidden.service, hidden.agency).await;
        hidden
    }
}

/// A draft from a new contact, to these in this order.
pub(crate) async fn to(stage: &Stage, partners: &[&Partner]) -> DraftReferralRequest {
    let contact = stage.receive(chat("ar")).await;
    let services: Vec<&str> = partners.iter().map(|partner| partner.service.as_str()).collect();
    draft(&contact.contact_id, &services)
}

/// A referral that was sent to these in this order, everything agreed to.
pub(crate) async fn sent(stage: &Stage, partners: &[&Partner]) -> Referral {
    stage.supervisor.refer(to(stage, partners).await).await
}

/// How the choices stand, in order.
pub(crate) fn choices(referral: &Referral) -> Vec<ChoiceState> {
    referral.choices.iter().map(helpline_proto::referral::v1::ReferralChoice::state).collect()
}

pub(crate) async fn get(actor: &Actor, of: &Referral) -> Result<Referral, Status> {
    let request = GetReferralRequest { referral_id: of.referral_id.clone() };
    Ok(actor.referrals().get_referral(request).await?.into_inner().referral.unwrap())
}

pub(crate) async fn inbox(actor: &Actor) -> Vec<Referral> {
    let request = ListReferralsRequest { open: true, ..ListReferralsRequest::default() };
    actor.referrals().list_referrals(request).await.unwrap().into_inner().referrals
}

pub(crate) async fn reject(actor: &Actor, of: &Referral, reason: RejectReason) -> Result<Referral, Status> {
    let request = RejectReferralRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        reason: reason.into(),
        remark: "Not this month.".to_owned(),
        service_id: String::new(),
        expected_revision: 0,
    };
    Ok(actor.referrals().reject_referral(request).await?.into_inner().referral.unwrap())
}

pub(crate) async fn report(actor: &Actor, of: &Referral, state: ReferralState) -> Result<Referral, Status> {
    let reason = if state == ReferralState::OnHold { "waiting_list" } else { "" };
    let request = ReportReferralProgressRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        state: state.into(),
        reason: reason.to_owned(),
        remark: String::new(),
        expected_revision: 0,
    };
    Ok(actor.referrals().report_referral_progress(request).await?.into_inner().referral.unwrap())
}

pub(crate) async fn record_outcome(
    actor: &Actor,
    of: &Referral,
    completed: bool,
) -> Result<Referral, Status> {
    let outcome = if completed { ReferralOutcome::Served } else { ReferralOutcome::NoShow };
    let request = RecordReferralOutcomeRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        completed,
        outcome: outcome.into(),
        remark: String::new(),
        expected_revision: 0,
    };
    Ok(actor.referrals().record_referral_outcome(request).await?.into_inner().referral.unwrap())
}

pub(crate) async fn schedule(stage: &Stage, actor: &Actor, of: &Referral) -> Result<Referral, Status> {
    let request = ScheduleAppointmentRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        appointment_time: Some(stage.world.soon()),
        remark: String::new(),
        expected_revision: 0,
    };
    Ok(actor.referrals().schedule_appointment(request).await?.into_inner().referral.unwrap())
}

pub(crate) async fn record_appointment(
    actor: &Actor,
    of: &Referral,
    state: AppointmentState,
) -> Result<Referral, Status> {
    let request = RecordAppointmentRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        state: state.into(),
        remark: String::new(),
        expected_revision: 0,
    };
    Ok(actor.referrals().record_appointment(request).await?.into_inner().referral.unwrap())
}

pub(crate) async fn ask_to_cancel(actor: &Actor, of: &Referral) -> Result<Referral, Status> {
    let request = AskToCancelReferralRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        reason: "no_longer_needed".to_owned(),
        remark: String::new(),
        expected_revision: 0,
    };
    Ok(actor.referrals().ask_to_cancel_referral(request).await?.into_inner().referral.unwrap())
}

pub(crate) async fn answer_cancel(actor: &Actor, of: &Referral, agree: bool) -> Result<Referral, Status> {
    let request = AnswerCancelReferralRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        agree,
        remark: String::new(),
        expected_revision: 0,
    };
    Ok(actor.referrals().answer_cancel_referral(request).await?.into_inner().referral.unwrap())
}

pub(crate) async fn revoke(actor: &Actor, of: &Referral) -> Result<Referral, Status> {
    let request = RevokeReferralRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        reason: "safety".to_owned(),
        remark: String::new(),
    };
    Ok(actor.referrals().revoke_referral(request).await?.into_inner().referral.unwrap())
}

/// The events of a timeline as somebody sees it.
pub(crate) async fn timeline(actor: &Actor, of: &Referral) -> Vec<String> {
    let request = ListReferralTimelineRequest {
        referral_id: of.referral_id.clone(),
        ..ListReferralTimelineRequest::default()
    };
    let entries = actor.referrals().list_referral_timeline(request).await.unwrap().into_inner().entries;
    entries.into_iter().map(|entry| entry.event).collect()
}

/// Somebody who watches referrals.
pub(crate) struct Watcher {
    stream: Streaming<WatchReferralsResponse>,
}

impl Watcher {
    pub(crate) async fn open(actor: &Actor) -> Self {
        let stream = actor.referrals().watch_referrals(WatchReferralsRequest {}).await.unwrap();
        let mut watcher = Self { stream: stream.into_inner() };
        while !matches!(watcher.next().await, Event::Synced(_)) {}
        watcher
    }

    pub(crate) async fn next(&mut self) -> Event {
        let message =
            tokio::time::timeout(PATIENCE, self.stream.message()).await.expect("something comes in time");
        message.unwrap().expect("the stream goes on").event.expect("an event")
    }

    /// Waits until a referral is shown as it must be.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Referral) -> bool) -> Referral {
        let begun = std::time::Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "not shown in time: {what}");
            if let Event::Referral(one) = self.next().await
                && holds(&one)
            {
                return one;
            }
        }
    }

    /// Waits until the stream ends, and nothing of a child comes before; why it ended.
    pub(crate) async fn until_ended(&mut self) -> Code {
        loop {
            let message =
                tokio::time::timeout(PATIENCE, self.stream.message()).await.expect("it ends in time");
            match message {
                Ok(message) => assert!(!matches!(message.unwrap().event, Some(Event::Referral(_)))),
                Err(status) => return status.code(),
            }
        }
    }

    /// Waits until a referral is taken away.
    pub(crate) async fn until_withdrawn(&mut self, of: &Referral) {
        loop {
            if let Event::WithdrawnReferralId(id) = self.next().await {
                assert_eq!(id, of.referral_id);
                return;
            }
        }
    }
}
