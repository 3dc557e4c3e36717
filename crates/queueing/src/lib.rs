//! The line: who waits, who is free, who is offered whom, and what the counsellor does with the contact.
//!
//! Read it in the order of a contact: [`matching`] decides and commits offers; [`watch_offers`] tells the counsellor;
//! [`accept_offer`] or [`decline_offer`] ends the offer, or the [`workers`] do when nobody answers; [`release_contact`],
//! [`finish_wrap_up`] and [`transfer_contact`] are what follows, [`participation`] is how others come into it, and
//! [`callback`] is what was promised instead. [`set_presence`] says who is there; [`watch_queue_status`] and
//! [`explain_waiting`] are for those who watch over the floor, [`supervise`] is what they do.
//!
//! Invariants:
//! - one open group of offers per contact and one hold per unit of capacity, in one transaction of the store;
//! - exactly one of accept, decline, expiry and withdrawal wins, and the others learn what did;
//! - the place in line is never lost: every way back keeps arrival and deadline;
//! - while somebody is free who may take a waiting contact, one matching pass is all it waits;
//! - everything but the lease may run in any number of replicas.
//!
//! In: `contact_received`, `person_left`, `contact_completed` (through the mirror and the journal). Out:
//! `contact_offered`, `offer_accepted`, `offer_declined`, `offer_expired`, `offer_withdrawn`, `presence_changed`,
//! `presence_lapsed`, `presence_forced`, `pause_lifted`, `contact_released`, `wrap_up_finished`, `contact_transferred`,
//! `counsellor_lost`, `contact_resumed`, `requirement_relaxed`, `alert_opened`, `alert_closed`,
//! `alert_acknowledged`,
//! `participant_invited`, `participant_joined`, `invitation_declined`, `invitation_expired`, `participation_ended`,
//! `contact_taken_over`, `on_call_summoned`,
//! `contact_arranged`, `queue_opened`, `queue_closed`, `queue_diverted`, `diversion_taken_over`, `diversion_ended`,
//! `diversion_fell_back`, `contact_undiverted`, `handover_offered`, `handover_accepted`, `handover_ended`,
//! `contact_handed_over`, `callback_handed_over`, `escalation_handed_on`, `contact_assigned`, `contact_pulled`, `overflow_requested`,
//! `overflow_accepted`, `overflow_serving`, `overflow_ended`, `contact_overflowed`, `contact_given_back`.

pub mod accept_offer;
pub mod api;
pub mod callback;
pub mod decline_offer;
pub mod explain_waiting;
pub mod finish_wrap_up;
mod floor;
mod handover;
pub mod matching;
mod measures;
mod named;
mod overflow;
pub mod participation;
pub mod relax_requirement;
pub mod release_contact;
pub mod resume_lost;
mod returned;
mod sessions;
pub mod set_presence;
pub mod supervise;
mod switchboard;
mod take_up;
pub mod transfer_contact;
mod watch_floor;
pub mod watch_offers;
pub mod watch_queue_status;
mod wire;
pub mod workers;

use std::sync::Arc;
use std::time::Duration;

use helpline_proto::queueing::v1::callback_service_server::CallbackServiceServer;
use helpline_proto::queueing::v1::handling_service_server::HandlingServiceServer;
use helpline_proto::queueing::v1::handover_service_server::HandoverServiceServer;
use helpline_proto::queueing::v1::line_service_server::LineServiceServer;
use helpline_proto::queueing::v1::offer_service_server::OfferServiceServer;
use helpline_proto::queueing::v1::overflow_service_server::OverflowServiceServer;
use helpline_proto::queueing::v1::participation_service_server::ParticipationServiceServer;
use helpline_proto::queueing::v1::presence_service_server::PresenceServiceServer;
use helpline_proto::queueing::v1::supervision_service_server::SupervisionServiceServer;
use helpline_proto::queueing::v1::switchboard_service_server::SwitchboardServiceServer;
use helpline_service_kit::Ctx;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_store::Store;
use tonic::service::RoutesBuilder;

use crate::api::Api;
use crate::callback::measures::CallbackMeasures;
use crate::callback::worker::KeepPromises;
use crate::measures::{AlertMeasures, FloorMeasures, Measures};
use crate::sessions::Sessions;
use crate::watch_queue_status::StatusBoard;

/// The queueing service of a process.
#[derive(Clone, Debug)]
pub struct Queueing {
    ctx: Ctx,
    board: StatusBoard,
    sessions: Sessions,
    measures: Arc<Measures>,
    floor_measures: FloorMeasures,
    alert_measures: AlertMeasures,
    callbacks: CallbackMeasures,
}

impl Queueing {
    /// The service over the means of the process; a counsellor's client may be silent for `presence_ttl`.
    pub fn new(ctx: Ctx, presence_ttl: Duration) -> Self {
        let measures = Arc::new(Measures::new(&ctx.metrics));
        let floor_measures = FloorMeasures::new(&ctx.metrics);
        let alert_measures = AlertMeasures::new(&ctx.metrics);
        let sessions = Sessions::new(ctx.clone(), presence_ttl);
        let callbacks = CallbackMeasures::new(&ctx.metrics);
        Self {
            board: StatusBoard::new(ctx.clone()),
            ctx,
            sessions,
            measures,
            floor_measures,
            alert_measures,
            callbacks,
        }
    }

    /// Adds its gRPC services, which read messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api =
            Api::new(self.ctx.clone(), self.board.clone(), self.sessions.clone(), self.callbacks.clone());
        routes
            .add_service(PresenceServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(OfferServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(CallbackServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(HandlingServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(SupervisionServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(ParticipationServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(HandoverServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(OverflowServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(SwitchboardServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(LineServiceServer::new(api).max_decoding_message_size(longest));
    }

    /// Starts the matcher and the workers over a store of their own: however many calls queue for a connection, the
    /// lease is renewed and offers are made.
    pub fn spawn(&self, store: Store, lifecycle: &Lifecycle, timing: &workers::Timing) {
        let ctx = Ctx { store, ..self.ctx.clone() };
        matching::spawn(&ctx, &self.measures, lifecycle);
        let measures = (&self.measures, &self.floor_measures, &self.alert_measures);
        workers::spawn(&ctx, &self.sessions, measures, lifecycle, timing);
        workers::start(&ctx, lifecycle, KeepPromises::new(ctx.clone(), self.callbacks.clone(), timing.sweep));
    }
}
