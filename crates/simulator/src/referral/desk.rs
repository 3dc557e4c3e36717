//! The desk of a shelter: referrals appear on its screen, and its people answer in their manner.

use std::collections::HashSet;
use std::sync::Arc;

use helpline_proto::referral::v1::watch_referrals_response::Event;
use helpline_proto::referral::v1::{
    AcceptReferralRequest, AppointmentState, RecordAppointmentRequest, RecordReferralOutcomeRequest,
    ReferralOutcome, ReferralState, RejectReason, RejectReferralRequest, ReportReferralProgressRequest,
    ScheduleAppointmentRequest, WatchReferralsRequest,
};
use prost_types::Timestamp;

use super::Manner;
use crate::call;
use crate::client::Client;
use crate::draws::Draws;
use crate::scene::Scene;

/// Seconds of the helpline's time until somebody has read what came, until she is there, and until it is written down.
const READING: f64 = 15.0;
const ON_THE_WAY: f64 = 60.0;
const WRITING: f64 = 20.0;

/// The people of a shelter, with their client.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The stage.
    pub scene: Arc<Scene>,
    /// Their client, with a responder's token.
    pub client: Client,
    /// How they answer.
    pub manner: Manner,
}

impl Desk {
    /// Sits before a screen on which every referral appears that is addressed to the shelter.
    pub async fn watch(self, mut draws: Draws) {
        let end = self.scene.end();
        let mut known = HashSet::new();
        while !self.scene.is_over() {
            if let Ok(answer) = self.client.referrals().watch_referrals(WatchReferralsRequest {}).await {
                let mut stream = answer.into_inner();
                loop {
                    let next = tokio::select! {
                        biased;
                        () = end.cancelled() => return,
                        next = stream.message() => next,
                    };
                    // However a stream ends, the answer is to watch again.
                    let Ok(Some(next)) = next else { break };
                    if let Some(Event::Referral(referral)) = next.event
                        && referral.state() == ReferralState::Requested
                        && known.insert(referral.referral_id.clone())
                    {
                        let desk = self.clone();
                        let draws = Draws::new(draws.uuid().as_u64_pair().0, 0);
                        let now = next.server_time;
                        self.scene.play(async move { desk.answer(referral.referral_id, now, draws).await });
                    }
                }
            }
            self.scene.pause(self.scene.speed.factor()).await;
        }
    }

    /// Answers one referral. What is refused is left: it was taken back, or it is over.
    async fn answer(&self, referral_id: String, now: Option<Timestamp>, mut draws: Draws) {
        if !self.scene.pause(READING).await {
            return;
        }
        let referrals = || self.client.referrals();
        if self.manner == Manner::Full {
            let request = RejectReferralRequest {
                request_id: draws.id(),
                referral_id,
                reason: RejectReason::SafetyConcern.into(),
                remark: String::new(),
                service_id: String::new(),
                expected_revision: 0,
            };
            let _ = call!(referrals(), reject_referral, request);
            return;
        }
        let request = AcceptReferralRequest {
            request_id: draws.id(),
            referral_id: referral_id.clone(),
            their_reference: "2026/118".to_owned(),
            remark: String::new(),
            service_id: String::new(),
            expected_revision: 0,
        };
        if call!(referrals(), accept_referral, request).is_err() {
            return;
        }
        let request = ScheduleAppointmentRequest {
            request_id: draws.id(),
            referral_id: referral_id.clone(),
            appointment_time: now.map(|now| Timestamp { seconds: now.seconds + 3600, ..now }),
            remark: String::new(),
            expected_revision: 0,
        };
        let _ = call!(referrals(), schedule_appointment, request);
        if !self.scene.pause(ON_THE_WAY).await {
            return;
        }
        let request = RecordAppointmentRequest {
            request_id: draws.id(),
            referral_id: referral_id.clone(),
            state: AppointmentState::Attended.into(),
            remark: String::new(),
            expected_revision: 0,
        };
        let _ = call!(referrals(), record_appointment, request);
        let request = ReportReferralProgressRequest {
            request_id: draws.id(),
            referral_id: referral_id.clone(),
            state: ReferralState::InProgress.into(),
            ..ReportReferralProgressRequest::default()
        };
        let _ = call!(referrals(), report_referral_progress, request);
        if !self.scene.pause(WRITING).await {
            return;
        }
        let request = RecordReferralOutcomeRequest {
            request_id: draws.id(),
            referral_id,
            completed: true,
            outcome: ReferralOutcome::Served.into(),
            remark: String::new(),
            expected_revision: 0,
        };
        let _ = call!(referrals(), record_referral_outcome, request);
    }
}
