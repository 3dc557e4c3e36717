//! A referral, and answers to it. Whoever answers what has changed since is refused, but for what they only write.

use helpline_proto::referral::v1::referral_service_client::ReferralServiceClient;
use helpline_proto::referral::v1::{
    AcceptReferralRequest, AddReferralRemarkRequest, AnswerCancelReferralRequest, AppointmentState,
    AskToCancelReferralRequest, GetReferralRequest, ListReferralTimelineRequest, RecordAppointmentRequest,
    RecordReferralOutcomeRequest, ReferralEntry, ReferralOutcome, ReferralState, RejectReason,
    RejectReferralRequest, ReportReferralProgressRequest, ScheduleAppointmentRequest,
};
use helpline_vault::BearerToken;
use prost_types::Timestamp;
use tonic::Status;

use super::{Desk, ENTRIES, Happened, Sent, Subject, asking};

/// What is answered, beside the remark.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Answer {
    pub(crate) step: Step,
    pub(crate) remark: String,
}

/// What is done by it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Step {
    /// Under this number of the agency's own.
    Accept(String),
    Reject(RejectReason),
    Begin,
    /// For this reason.
    Pause(&'static str),
    /// With whether the child was served.
    Close(bool, ReferralOutcome),
    Schedule(Timestamp),
    Appointment(AppointmentState),
    /// For this reason.
    AskToCancel(&'static str),
    /// Whether it ends.
    AnswerCancel(bool),
    /// Whether it wants an answer.
    Remark(bool),
}

impl Desk {
    pub(super) async fn referral(
        &self,
        visit: &BearerToken,
        id: &str,
    ) -> Result<(Subject, Vec<Happened>), Status> {
        let referral_id = id.to_owned();
        let get = asking(visit, GetReferralRequest { referral_id: referral_id.clone() })?;
        let list = asking(
            visit,
            ListReferralTimelineRequest { referral_id, page_size: ENTRIES, page_token: String::new() },
        )?;
        let (mut one, mut other) =
            (ReferralServiceClient::new(self.0.clone()), ReferralServiceClient::new(self.0.clone()));
        let (referral, timeline, tasks) =
            tokio::try_join!(one.get_referral(get), other.list_referral_timeline(list), self.tasks(visit))?;
        let found = referral.into_inner().referral.ok_or_else(|| Status::not_found("referral"))?;
        let entries = timeline.into_inner().entries.into_iter().map(happened).collect();
        Ok((Subject::Referral(Box::new(found), tasks), entries))
    }

    pub(super) async fn answer_referral(
        &self,
        visit: &BearerToken,
        Sent { request_id, id: referral_id, revision: expected_revision }: Sent,
        Answer { step, remark }: Answer,
    ) -> Result<(), Status> {
        let mut client = ReferralServiceClient::new(self.0.clone());
        match step {
            Step::Accept(their_reference) => {
                let request = AcceptReferralRequest {
                    request_id,
                    referral_id,
                    their_reference,
                    remark,
                    expected_revision,
                    service_id: String::new(),
                };
                client.accept_referral(asking(visit, request)?).await.map(drop)
            }
            Step::Reject(reason) => {
                let reason = reason.into();
                let request = RejectReferralRequest {
                    request_id,
                    referral_id,
                    reason,
                    remark,
                    expected_revision,
                    service_id: String::new(),
                };
                client.reject_referral(asking(visit, request)?).await.map(drop)
            }
            Step::Begin | Step::Pause(_) => {
                let (state, reason) = match step {
                    Step::Pause(reason) => (ReferralState::OnHold, reason),
                    _ => (ReferralState::InProgress, ""),
                };
                let request = ReportReferralProgressRequest {
                    request_id,
                    referral_id,
                    state: state.into(),
                    reason: reason.to_owned(),
                    remark,
                    expected_revision,
                };
                client.report_referral_progress(asking(visit, request)?).await.map(drop)
            }
            Step::Close(completed, outcome) => {
                let request = RecordReferralOutcomeRequest {
                    request_id,
                    referral_id,
                    completed,
                    outcome: outcome.into(),
                    remark,
                    expected_revision,
                };
                client.record_referral_outcome(asking(visit, request)?).await.map(drop)
            }
            Step::Schedule(time) => {
                let appointment_time = Some(time);
                let request = ScheduleAppointmentRequest {
                    request_id,
                    referral_id,
                    appointment_time,
                    remark,
                    expected_revision,
                };
                client.schedule_appointment(asking(visit, request)?).await.map(drop)
            }
            Step::Appointment(state) => {
                let state = state.into();
                let request =
                    RecordAppointmentRequest { request_id, referral_id, state, remark, expected_revision };
                client.record_appointment(asking(visit, request)?).await.map(drop)
            }
            Step::AskToCancel(reason) => {
                let reason = reason.to_owned();
                let request =
                    AskToCancelReferralRequest { request_id, referral_id, reason, remark, expected_revision };
                client.ask_to_cancel_referral(asking(visit, request)?).await.map(drop)
            }
            Step::AnswerCancel(agree) => {
                let request =
                    AnswerCancelReferralRequest { request_id, referral_id, agree, remark, expected_revision };
                client.answer_cancel_referral(asking(visit, request)?).await.map(drop)
            }
            Step::Remark(question) => {
                let request =
                    AddReferralRemarkRequest { request_id, referral_id, remark, question, shared: true };
                client.add_referral_remark(asking(visit, request)?).await.map(drop)
            }
        }
    }
}

fn happened(entry: ReferralEntry) -> Happened {
    Happened {
        sequence: entry.sequence,
        time: entry.time,
        event: entry.event,
        agency_id: entry.agency_id,
        remark: entry.remark,
    }
}
