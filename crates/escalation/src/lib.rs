//! Emergencies: somebody reaches the child, or everybody knows that nobody has.
//!
//! [`plan`] is what a centre has laid down and who is on call by it, [`disclosure`] what agencies may know, [`consult`] the
//! second opinions of supervisors.
//!
//! Invariants:
//! - no plan is published that could end with nobody, and every escalation keeps to the version it began with;
//! - an agency knows nothing but what is disclosed and in force at the moment of asking;
//! - nobody approves or answers what they asked for themselves.
//!
//! Out: `escalation_plan_published`, `stand_in_made`, `stand_in_revoked`, `disclosure_made`, `disclosure_approved`,
//! `disclosure_revoked`, `second_opinion_asked`, `second_opinion_answered`, `second_opinion_overdue`.

mod api;
mod consult;
mod disclosure;
mod plan;

use helpline_proto::escalation::v1::consult_service_server::ConsultServiceServer;
use helpline_proto::escalation::v1::disclosure_service_server::DisclosureServiceServer;
use helpline_proto::escalation::v1::plan_service_server::PlanServiceServer;
use helpline_service_kit::Ctx;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::workers::{Worker, run};
use helpline_store::Store;
use tokio::sync::Notify;
use tonic::service::RoutesBuilder;

use crate::api::Api;
use crate::consult::worker::AlarmOpinions;

/// The escalation service of a process.
#[derive(Clone, Debug)]
pub struct Escalation {
    ctx: Ctx,
}

impl Escalation {
    /// The service over the means of the process.
    pub const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    /// Adds its gRPC services, which read messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone() };
        routes
            .add_service(PlanServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(DisclosureServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(ConsultServiceServer::new(api).max_decoding_message_size(longest));
    }

    /// Starts its workers over a store of their own.
    pub fn spawn(&self, store: Store, lifecycle: &Lifecycle) {
        let ctx = Ctx { store, ..self.ctx.clone() };
        start(&ctx, lifecycle, AlarmOpinions::new(ctx.clone()));
    }
}

fn start(ctx: &Ctx, lifecycle: &Lifecycle, worker: impl Worker) {
    let (ctx, soft) = (ctx.clone(), lifecycle.soft());
    lifecycle.spawn(async move {
        run(worker, &*ctx.clock, &ctx.metrics, &Notify::new(), &soft).await;
    });
}
