//! Children come back from where there was war, together, and each of them finds a home.
//!
//! Read it in the order of a story: [`cohort`] is who comes together and who may know of it, [`announce`] writes the children down before
//! they arrive, [`steps`] is what happens to each, [`score`] how they fare; [`lists`] shows them. [`act`] is what every step has in common.
//!
//! Invariants:
//! - to whom a cohort is not granted, neither the cohort nor that a child is of it is there, whatever they ask;
//! - children are announced all of them or none, each as a person of their own, under a key of a list that the cohort has once;
//! - of whom nobody has said whether they came, it alarms until somebody has;
//! - nobody is settled without a plan that goes on, and nothing ends while a case of the child is open;
//! - a part in a cohort stays under its record: records that are merged and taken apart again take nothing from it;
//! - a scorecard tells of no child, and two of a month are the same.
//!
//! Out: `cohort_created`, `cohort_granted`, `cohort_revoked`, `cohort_rescheduled`, `cohort_read`, `returnees_announced`,
//! `returnee_rescheduled`, `returnee_arrived`, `returnee_not_arrived`, `returnee_rehabilitation_started`, `returnee_settled`,
//! `returnee_monitored`, `returnee_closed`, `returnee_read`, `scorecard_read`.

mod act;
mod announce;
mod api;
mod cohort;
mod lists;
mod score;
mod steps;
mod wire;

use helpline_proto::reintegration::v1::cohort_service_server::CohortServiceServer;
use helpline_service_kit::Ctx;
use tonic::service::RoutesBuilder;

use crate::api::Api;

/// The cohorts of a process.
#[derive(Clone, Debug)]
pub struct Reintegration {
    ctx: Ctx,
}

impl Reintegration {
    /// The service over the means of the process.
    pub const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    /// Adds its gRPC service, which reads messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone() };
        routes.add_service(CohortServiceServer::new(api).max_decoding_message_size(longest));
    }
}
