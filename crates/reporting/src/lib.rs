//! Figures of contacts: counted for the centre itself, down to each contact, and reported to others without anybody in them.
//!
//! [`count`] counts and lists what was counted, [`year`] makes the report of a year, [`surveys`] counts what was answered afterwards.
//!
//! Invariants:
//! - every contact that reached the helpline is counted, answered or not, and every number leads to its contacts;
//! - the parts of a table are the whole, and the tables of a report are of one instant;
//! - in what leaves the centre no part is so small that somebody could be recognised, nor can one be had by subtraction.
//!
//! Out: `contacts_counted` in the journal.

mod api;
mod count;
mod surveys;
mod wire;
mod year;

use helpline_proto::reporting::v1::report_service_server::ReportServiceServer;
use helpline_service_kit::Ctx;
use tonic::service::RoutesBuilder;

use crate::api::Api;

/// The reporting of a process.
#[derive(Clone, Debug)]
pub struct Reporting {
    ctx: Ctx,
}

impl Reporting {
    /// The service over the means of the process.
    pub const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    /// Adds its gRPC service, which reads messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone() };
        routes.add_service(ReportServiceServer::new(api).max_decoding_message_size(longest));
    }
}
