//! A child with a case, an embassy and other agencies, and times.

use helpline_domain::id::AgencyId;
use helpline_proto::casework::v1::{Case, LinkCaseContactRequest, ListTasksRequest, Task};
use helpline_proto::escalation::v1::{Escalation, RaiseEscalationRequest};
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::DraftReferralRequest;
use helpline_proto::terms::v1::Risk;
use helpline_tests::referral::draft;
use helpline_tests::{Actor, request_id};
use prost_types::Timestamp;

use crate::alerts::listed;
use crate::escalation::room::{raise, report};
use crate::referral::room::Partner;
use crate::stage::{Stage, chat};

pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;

/// A supervisor's case of a child, with a contact of theirs.
pub(super) struct Room {
    pub(super) stage: Stage,
    pub(super) case: Case,
    pub(super) contact_id: String,
}

impl Room {
    pub(super) async fn new() -> Self {
        Self::on(Stage::set().await).await
    }

    /// The same on a stage that is set already.
    pub(super) async fn on(stage: Stage) -> Self {
        let case = stage.supervisor.case_of_child().await;
        let contact_id = stage.receive(chat("ar")).await.contact_id;
        let request = LinkCaseContactRequest {
            request_id: request_id(),
            case_id: case.case_id.clone(),
            contact_id: contact_id.clone(),
        };
        stage.supervisor.cases().link_case_contact(request).await.unwrap();
        Self { stage, case, contact_id }
    }

    pub(super) fn by(&self) -> &Actor {
        &self.stage.supervisor
    }

    /// An embassy with a service and somebody who answers.
    pub(super) async fn embassy(&self, country: &str) -> Partner {
        self.partner(self.stage.world.embassy(country).await).await
    }

    async fn partner(&self, agency: AgencyId) -> Partner {
        let responder = self.stage.world.responder(agency).await;
        Partner { agency, service: self.stage.world.service(agency).await, responder }
    }

    /// A draft of the case to these in this order.
    pub(super) fn draft(&self, partners: &[&Partner]) -> DraftReferralRequest {
        let services: Vec<&str> = partners.iter().map(|partner| partner.service.as_str()).collect();
        DraftReferralRequest { case_id: self.case.case_id.clone(), ..draft(&self.contact_id, &services) }
    }

    /// An emergency of the case.
    pub(super) async fn raised_of_case(&self) -> Escalation {
        let case_id = self.case.case_id.clone();
        raise(self.by(), RaiseEscalationRequest { case_id, ..report(Risk::HarmNow) }).await
    }

    /// So many seconds from the stage's clock.
    pub(super) fn later(&self, seconds: i64) -> Timestamp {
        let now: f64 = self.stage.value("SELECT extract(epoch FROM helpline.now())").parse().unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
        Timestamp { seconds: now as i64 + seconds, nanos: 0 }
    }

    /// Moves the clock.
    pub(super) fn wait(&self, seconds: i64) {
        #[expect(clippy::cast_precision_loss, reason = "days in seconds")]
        self.stage.world.advance(seconds as f64);
    }

    /// What is to be done for the case by a key, done or not.
    pub(super) async fn tasks(&self, key: &str) -> Vec<Task> {
        let case_id = self.case.case_id.clone();
        let request = ListTasksRequest { case_id, ..ListTasksRequest::default() };
        let all = self.by().tasks().list_tasks(request).await.unwrap().into_inner().tasks;
        all.into_iter().filter(|task| task.task == key).collect()
    }

    /// How many alerts of a kind are open.
    pub(super) async fn alerts(&self, kind: AlertKind) -> usize {
        listed(self.by(), true).await.iter().filter(|alert| alert.kind() == kind).count()
    }

    /// How many were ever opened.
    pub(super) fn opened(&self, kind: &str) -> String {
        self.stage.value(&format!("SELECT count(*) FROM helpline.alerts WHERE kind = '{kind}'"))
    }
}
