//! What a shelter owes its residents, and how they go home of their own will.
//!
//! [`offers`] is what every resident is offered from admission on. Help to return begins in [`start`], [`prepare`] collects what is needed,
//! [`consent`] what is agreed to and what is overridden, [`travel`] is the way; [`lists`] shows it. [`act`] is what every step has in common.
//! Stays themselves, and with whom a child lives there, are referrals' ([`helpline_store::admission`]).
//!
//! Invariants:
//! - nobody leaves who does not consent at that moment, no child without its guardian, nor without an assessment of its best interests;
//! - who is afraid of the country, or about whose best interests there is a concern, goes only when another supervisor has approved it, and
//!   nobody approves what they asked for themselves;
//! - nothing keeps a resident from leaving the shelter;
//! - who has left is called, once for each time that is due, however many ways they left by.
//!
//! What is late is an alert that follows from the rows: no worker has to be there at that moment.
//!
//! Out: `service_offer_answered`, `service_offer_repeated`, `return_started`, `return_item_set`, `return_grace_set`, `return_consented`,
//! `return_consent_withdrawn`, `return_override_asked`, `return_override_approved`, `return_ready`, `return_departed`, `return_arrived`,
//! `return_cancelled`, `return_seen`, `task_given`, `task_completed`, `task_cancelled`.

mod act;
mod api;
mod consent;
mod lists;
mod offers;
mod prepare;
mod start;
mod travel;
mod wire;

use helpline_proto::shelter::v1::shelter_service_server::ShelterServiceServer;
use helpline_service_kit::Ctx;
use tonic::service::RoutesBuilder;

use crate::api::Api;

/// What residents of shelters are offered, and help to return, of a process.
#[derive(Clone, Debug)]
pub struct Shelters {
    ctx: Ctx,
}

impl Shelters {
    /// The service over the means of the process.
    pub const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    /// Adds its gRPC service, which reads messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone() };
        routes.add_service(ShelterServiceServer::new(api).max_decoding_message_size(longest));
    }
}
