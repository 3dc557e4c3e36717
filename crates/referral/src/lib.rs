//! Referrals: an agency is asked for a service for a child, and it is over only when somebody has said what came of it.
//!
//! Read it in the order of a referral: [`draft`] writes it down, [`consent`] records what the child and the guardian agree to,
//! [`answer`] sends it and takes the agency's answer, [`progress`] is how it goes and what came of it, [`appointment`] whether
//! the child came, [`ending`] how it is cancelled by both or taken back by one; [`notes`] is what both write, [`watch`] shows it. [`act`]
//! is what every step has in common. [`capacity`] keeps places for those who need one, [`admission`] is a stay in one.
//!
//! Invariants:
//! - nobody but the addressee answers, and of several who are asked at once one has it;
//! - rejected or not answered in time, the next choice that fits is asked in the same statement; when none is left, a need that
//!   nobody met is on record;
//! - an agency reads what was granted, within consent, without what is withheld, as all three stand at the moment of asking,
//!   and only while it is asked or has the referral;
//! - every live state has a deadline, by the database's clock: it expires or alarms;
//! - of a unit no more is held and used than there is, and a hold has one end;
//! - whoever stays somewhere has a place until they leave, and leaving is never refused;
//! - nobody approves or answers what they asked for themselves.
//!
//! Out: `referral_drafted`, `referral_revised`, `referral_misdirected`, `particulars_read`, `referral_sent`, `referral_accepted`, `referral_rejected`, `referral_expired`, `referral_in_progress`,
//! `referral_on_hold`, `referral_completed`, `referral_failed`, `referral_appointment_scheduled`, `referral_appointment_rescheduled`, `referral_attended`,
//! `referral_unattended`, `referral_appointment_cancelled`, `referral_cancel_asked`, `referral_cancelled`, `referral_cancel_refused`,
//! `referral_revoked`, `referral_entered_in_error`, `referral_remarked`, `referral_asked`, `referral_overdue`, `consent_recorded`,
//! `consent_override_asked`, `consent_override_approved`, `consent_withdrawn`, `capacity_set`, `capacity_held`,
//! `capacity_confirmed`, `capacity_released`, `capacity_vacated`, `capacity_expired`, `admission_requested`, `admission_screened`,
//! `admission_held`, `admission_admitted`, `admission_exit_planned`, `admission_exit_plan_dropped`, `admission_exited`,
//! `admission_hold_expired`.

mod access;
mod act;
mod admission;
mod answer;
mod api;
mod appointment;
mod capacity;
mod consent;
mod draft;
mod ending;
mod get;
mod notes;
mod progress;
mod watch;
mod wire;
mod workers;

use std::sync::Arc;

use helpline_proto::referral::v1::admission_service_server::AdmissionServiceServer;
use helpline_proto::referral::v1::capacity_service_server::CapacityServiceServer;
use helpline_proto::referral::v1::consent_service_server::ConsentServiceServer;
use helpline_proto::referral::v1::referral_service_server::ReferralServiceServer;
use helpline_service_kit::Ctx;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::workers::{Worker, run};
use helpline_store::Store;
use tokio::sync::Notify;
use tonic::service::RoutesBuilder;

use crate::api::Api;
use crate::workers::{ExpireHolds, WatchDeadlines};

/// The referral service of a process.
#[derive(Clone, Debug)]
pub struct Referrals {
    ctx: Ctx,
}

impl Referrals {
    /// The service over the means of the process.
    pub const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    /// Adds its gRPC services, which read messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone() };
        routes
            .add_service(ReferralServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(ConsentServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(AdmissionServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(CapacityServiceServer::new(api).max_decoding_message_size(longest));
    }

    /// Starts its workers over a store of their own: however many calls queue for a connection, deadlines are kept.
    pub fn spawn(&self, store: Store, lifecycle: &Lifecycle) {
        let ctx = Ctx { store, ..self.ctx.clone() };
        start(&ctx, lifecycle, WatchDeadlines::new(ctx.clone()));
        start(&ctx, lifecycle, ExpireHolds::new(ctx.clone()));
    }
}

fn start(ctx: &Ctx, lifecycle: &Lifecycle, worker: impl Worker) {
    let (ctx, soft) = (ctx.clone(), lifecycle.soft());
    lifecycle.spawn(async move {
        run(worker, &*ctx.clock, &ctx.metrics, &Arc::<Notify>::default(), &soft).await;
    });
}
