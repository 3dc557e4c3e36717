//! Abuse at a school is reported, and whoever reports it gets an answer.
//!
//! [`file`] takes a report, [`steps`] is what is done about it, [`link`] which are of one incident, [`lists`] shows them. [`act`] is what
//! every step has in common.
//!
//! Invariants:
//! - what the law demands is reported to an authority before the reporter is answered, is not over before the authority has it, and alarms
//!   when that came to nothing; what is not reported two people have agreed on, and neither of them assessed or filed it alone;
//! - a report to the authority is of one incident, and nobody alone says that one about another contact does;
//! - nothing is merged: reports that may be of one incident are named, a supervisor links them, and what was reported for others alone is due
//!   anew when they are unlinked;
//! - each state but the last has a deadline, which alarms while it has passed;
//! - whoever reports many times about one school makes one alert, and nobody outside the centre reads more than the report to the authority.
//!
//! Out: `school_report_filed`, `school_report_assessed`, `school_report_not_reportable`, `school_report_reported`,
//! `school_report_feedback_given`, `school_report_feedback_impossible`, `school_report_closed`, `school_reports_linked`,
//! `school_report_unlinked`, `school_report_seen`.

mod act;
mod api;
mod file;
mod link;
mod lists;
mod steps;
mod wire;

use helpline_proto::school::v1::school_report_service_server::SchoolReportServiceServer;
use helpline_service_kit::Ctx;
use tonic::service::RoutesBuilder;

use crate::api::Api;

/// The reports of abuse at schools of a process.
#[derive(Clone, Debug)]
pub struct SchoolReports {
    ctx: Ctx,
}

impl SchoolReports {
    /// The service over the means of the process.
    pub const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    /// Adds its gRPC service, which reads messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone() };
        routes.add_service(SchoolReportServiceServer::new(api).max_decoding_message_size(longest));
    }
}
