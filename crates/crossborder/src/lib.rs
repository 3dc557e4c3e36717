//! A child is handed over across a border, and is not lost on the way.
//!
//! Read it in the order of a story: [`prepare`] writes it down, [`consent`] records what was agreed, [`rule`] asks the rules of the country,
//! [`offer`] asks a focal point and takes its answer, [`travel`] is the way there, [`certificate`] what both sides sign, [`follow`] how the
//! child is from then on; [`lists`] shows it, [`workers`] is what time does. [`act`] is what every step has in common.
//!
//! Invariants:
//! - a focal point learns who the child is only once it has accepted, within the grant, the consent and what the rules of its country do not
//!   forbid, as all of them stand at the moment of asking; what it reads is in the journal;
//! - nothing is offered and no child leaves that the rules in force do not allow, each decision that was acted on can be made again from what
//!   is stored, and what was allowed is read only while the rules of now still let it;
//! - one focal point is asked at a time; an offer that is not answered goes to the next;
//! - whose arrival nobody confirms in time is missing, said to have left or not: an escalation is raised by the same statement, once;
//! - who receives the child says so, and nobody for them; both sides sign the same document;
//! - nobody approves what they asked for themselves.
//!
//! Out: `crossborder_prepared`, `crossborder_consent_recorded`, `crossborder_consent_override_asked`, `crossborder_override_approved`,
//! `crossborder_consent_withdrawn`, `crossborder_checked`, `crossborder_offered`, `crossborder_expired`, `crossborder_assessing`,
//! `crossborder_accepted`, `crossborder_declined`, `crossborder_travel_planned`, `crossborder_departed`, `crossborder_missing`,
//! `crossborder_arrival_noted`, `crossborder_arrived_confirmed`, `crossborder_signed_by_sending`, `crossborder_signed_by_receiving`,
//! `crossborder_first_visit_done`, `crossborder_monitoring_reported`, `crossborder_closed`, `crossborder_withdrawn`, `crossborder_overdue`,
//! `crossborder_seen`, `particulars_read`, `escalation_raised`.

mod act;
mod api;
mod certificate;
mod consent;
mod follow;
mod lists;
mod offer;
mod prepare;
mod rule;
mod travel;
mod wire;
mod workers;

use std::sync::Arc;

use helpline_proto::crossborder::v1::cross_border_service_server::CrossBorderServiceServer;
use helpline_service_kit::Ctx;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::workers::run;
use helpline_store::Store;
use tokio::sync::Notify;
use tonic::service::RoutesBuilder;

use crate::api::Api;
use crate::workers::WatchCrossBorder;

/// The hand-overs across borders of a process.
#[derive(Clone, Debug)]
pub struct CrossBorders {
    ctx: Ctx,
}

impl CrossBorders {
    /// The service over the means of the process.
    pub const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    /// Adds its gRPC service, which reads messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone() };
        routes.add_service(CrossBorderServiceServer::new(api).max_decoding_message_size(longest));
    }

    /// Starts its worker over a store of its own: however many calls queue for a connection, deadlines are kept.
    pub fn spawn(&self, store: Store, lifecycle: &Lifecycle) {
        let ctx = Ctx { store, ..self.ctx.clone() };
        let soft = lifecycle.soft();
        lifecycle.spawn(async move {
            let worker = WatchCrossBorder::new(ctx.clone());
            run(worker, &*ctx.clock, &ctx.metrics, &Arc::<Notify>::default(), &soft).await;
        });
    }
}
