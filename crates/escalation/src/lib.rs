//! Emergencies: a child is in danger, somebody must reach them, and nobody may rest before.
//!
//! Read it in the order of an escalation: [`plan`] is what the centre has laid down; [`raise`] writes it down; [`climb`] takes
//! the steps of its ladder, at once and whenever a clock has run out; [`answer`] is what those do who are told; [`ending`] how
//! it ends; [`notes`] and [`calls`] what is added meanwhile; [`watch`] shows it to whoever may see it, [`disclosure`] decides
//! what agencies see of it, [`consult`] asks supervisors for a second opinion, and [`child_alert`] tells agencies of a missing
//! child.
//!
//! Invariants:
//! - delivered, acknowledged, accepted and child reached are four facts with four times, and an acknowledgement alone never
//!   stops the clock: what nobody takes on in time climbs, and after the last step the fallback is rung for ever;
//! - a step, the time of the next and what it tells are one statement, taken once however many servers run;
//! - it ends when the child was reached, or when two people have said that nobody will be;
//! - the mission of a country that the child is afraid of keeps nothing, is not waited for, and stands in nobody's way;
//! - no plan is published that could end with nobody, and every escalation keeps to the version it began with;
//! - an agency knows of what was addressed or disclosed to it and reads what was disclosed, as both stand at the moment of
//!   asking;
//! - a report that the law demands has the clock of its deadline, comes after every emergency, and ends with the number that
//!   the authority gave it;
//! - an exercise never leaves the building;
//! - nobody approves or answers what they asked for themselves;
//! - an alert says nothing to an agency that was not disclosed to it, when it is issued and when it is read.
//!
//! Out: `escalation_raised`, `escalation_joined`, `escalation_step_taken`, `escalation_unanswered`, `escalation_delivered`,
//! `escalation_acknowledged`, `escalation_accepted`, `escalation_declined`, `escalation_called`, `escalation_progressed`,
//! `escalation_child_not_reached`, `escalation_report_due`, `escalation_report_overdue`, `escalation_resolved`, `escalation_end_asked`, `escalation_end_refused`, `escalation_ended`,
//! `escalation_handed_over`, `escalation_forced`, `escalation_remarked`, `escalation_located`, `escalation_taken_over`, `escalation_taken_back`,
//! `escalation_plan_published`, `stand_in_made`, `stand_in_revoked`, `disclosure_made`, `disclosure_approved`,
//! `disclosure_revoked`, `second_opinion_asked`, `second_opinion_answered`, `second_opinion_overdue`, `child_alert_asked`,
//! `child_alert_issued`, `child_alert_declined`, `child_alert_cancelled`, `child_alert_fetched`, `child_alert_acknowledged`.

mod access;
mod answer;
mod api;
mod board;
mod calls;
mod child_alert;
mod climb;
mod consult;
mod disclosure;
mod ending;
mod get;
mod measures;
mod notes;
mod plan;
mod plans;
mod raise;
mod watch;
mod wire;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use helpline_proto::escalation::v1::child_alert_service_server::ChildAlertServiceServer;
use helpline_proto::escalation::v1::consult_service_server::ConsultServiceServer;
use helpline_proto::escalation::v1::disclosure_service_server::DisclosureServiceServer;
use helpline_proto::escalation::v1::escalation_service_server::EscalationServiceServer;
use helpline_proto::escalation::v1::plan_service_server::PlanServiceServer;
use helpline_service_kit::Ctx;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::workers::{Worker, run};
use helpline_store::Store;
use tokio::sync::Notify;
use tonic::service::RoutesBuilder;

use crate::api::Api;
use crate::board::Boards;
use crate::climb::Ladder;
use crate::consult::worker::AlarmOpinions;
use crate::workers::Climb;

/// The escalation service of a process.
#[derive(Clone, Debug)]
pub struct Escalation {
    ctx: Ctx,
    ladder: Ladder,
}

impl Escalation {
    /// The service over the means of the process.
    pub fn new(ctx: Ctx) -> Self {
        let ladder = Ladder::new(&ctx);
        Self { ctx, ladder }
    }

    /// Adds its gRPC services, which read messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone(), ladder: self.ladder.clone(), boards: Boards::default() };
        routes
            .add_service(EscalationServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(PlanServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(DisclosureServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(ChildAlertServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(ConsultServiceServer::new(api).max_decoding_message_size(longest));
    }

    /// Starts its workers over a store of their own: however many calls queue for a connection, steps are taken, looked for
    /// this often when nothing wakes them.
    pub fn spawn(&self, store: Store, lifecycle: &Lifecycle, interval: Duration) {
        let ctx = Ctx { store, ..self.ctx.clone() };
        let climb = Climb::new(ctx.clone(), self.ladder.clone(), interval);
        start(&ctx, lifecycle, climb, Arc::clone(self.ladder.wake()));
        start(&ctx, lifecycle, AlarmOpinions::new(ctx.clone()), Arc::default());
    }
}

fn start(ctx: &Ctx, lifecycle: &Lifecycle, worker: impl Worker, wake: Arc<Notify>) {
    let (ctx, soft) = (ctx.clone(), lifecycle.soft());
    lifecycle.spawn(async move {
        run(worker, &*ctx.clock, &ctx.metrics, &wake, &soft).await;
    });
}
