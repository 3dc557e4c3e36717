//! Cases: what is known and planned for one child over time, by the centre and by others.
//!
//! Read it in the order of a story: [`person`] records who somebody is and who belongs to them, [`merge`] reads two records as one
//! person, [`open`] begins a case for a child, [`section`] is what is written, [`status`] how the case goes on and is closed, [`custody`]
//! whose it is, [`approval`] what another must allow, [`entry`] who else is let in, [`mend`] what was put to the wrong child; [`act`] is
//! what every step has in common. [`task`] is what is to be done and until when, [`plan`] the tasks of months, [`workers`] what alarms when
//! they are late; [`assessment`] is what was asked and answered by a form, and what it comes to; [`migrant`] is particular to children on
//! the move.
//!
//! Invariants:
//! - an identifier never makes two records one person; two people do, both records stay as they were, and it can be taken back;
//! - a case has one owner, who changes when another accepts or a supervisor says so;
//! - what was written stays; a section is corrected by its next revision, and who reads the timeline is in the journal;
//! - a case is not closed while something of it is open, unless another than who asked has allowed it;
//! - a task that is late climbs rung by rung, each once: it says so itself, then supervisors are alerted, then once more;
//! - an agency has a task under a referral of the same case, and reads what it may read there;
//! - the result of an assessment is computed, and what holds less grave than that two people say; a completed one is never changed;
//! - a mission learns nothing of a child who is afraid of its country, whatever was agreed, unless two people have let it through;
//! - nobody answers what they asked for themselves;
//! - who lets themselves in is reviewed by a supervisor, and who looks at a person, a case or a task is in the journal.
//!
//! Out: `person_recorded`, `person_revised`, `person_linked`, `person_link_ended`, `person_merge_asked`, `person_merge_answered`,
//! `person_merge_undone`, `person_found`, `case_opened`, `case_section_written`, `case_status_changed`, `case_contact_linked`, `case_contact_unlinked`,
//! `case_moved`, `case_approval_withdrawn`, `case_glass_reviewed`, `case_seen`, `person_read`, `task_read`,
//! `case_transfer_offered`, `case_transfer_accepted`, `case_transfer_rejected`, `case_transfer_revoked`, `case_assigned`,
//! `case_approval_asked`, `case_approved`, `case_approval_refused`, `case_access_granted`, `case_access_revoked`, `case_glass_broken`,
//! `case_read`, `task_given`, `task_accepted`, `task_given_back`, `task_handed`, `task_returned`, `task_completed`, `task_cancelled`, `task_due_soon`, `task_overdue`,
//! `task_overdue_told_supervisor`, `task_overdue_told_coordinator`, `plan_started`, `assessment_started`, `assessment_saved`,
//! `assessment_completed`, `assessment_read`, `assessment_approval_asked`, `assessment_approved`, `assessment_approval_refused`,
//! `assessment_overridden`, `assessment_override_approved`, `assessment_override_refused`, `protection_recorded`, `protection_kept`, `protection_lift_asked`, `protection_lifted`,
//! `protections_read`, `consulate_override_asked`, `consulate_override_approved`, `consulate_override_refused`, `redirect_begun`, `redirect_read`,
//! `redirect_requested`, `redirect_accepted`, `redirect_social_assessment`, `redirect_conference`, `redirect_departed`, `redirect_answered`, and
//! `redirect_` with what was decided, `detention_recorded`, `detention_lasts`, `detention_review_due`, `detention_ended`, `detention_read`,
//! `stay_extended`.

mod act;
mod api;
mod approval;
mod assessment;
mod custody;
mod entry;
mod mend;
mod merge;
mod migrant;
mod open;
mod person;
mod plan;
mod section;
mod status;
mod task;
mod wire;
mod workers;

use std::sync::Arc;

use helpline_proto::casework::v1::assessment_service_server::AssessmentServiceServer;
use helpline_proto::casework::v1::case_access_service_server::CaseAccessServiceServer;
use helpline_proto::casework::v1::case_service_server::CaseServiceServer;
use helpline_proto::casework::v1::detention_service_server::DetentionServiceServer;
use helpline_proto::casework::v1::person_service_server::PersonServiceServer;
use helpline_proto::casework::v1::protection_service_server::ProtectionServiceServer;
use helpline_proto::casework::v1::redirect_service_server::RedirectServiceServer;
use helpline_proto::casework::v1::stay_service_server::StayServiceServer;
use helpline_proto::casework::v1::task_service_server::TaskServiceServer;
use helpline_service_kit::Ctx;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::workers::run;
use helpline_store::Store;
use tokio::sync::Notify;
use tonic::service::RoutesBuilder;

use crate::api::Api;
use crate::migrant::workers::WatchMigrants;
use crate::workers::ClimbTasks;

/// The casework of a process.
#[derive(Clone, Debug)]
pub struct Casework {
    ctx: Ctx,
}

impl Casework {
    /// The service over the means of the process.
    pub const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    /// Adds its gRPC services, which read messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone() };
        routes
            .add_service(PersonServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(CaseServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(CaseAccessServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(AssessmentServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(ProtectionServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(RedirectServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(DetentionServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(StayServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(TaskServiceServer::new(api).max_decoding_message_size(longest));
    }

    /// Starts its workers over a store of its own: however many calls queue for a connection, deadlines are kept.
    pub fn spawn(&self, store: Store, lifecycle: &Lifecycle) {
        let ctx = Ctx { store, ..self.ctx.clone() };
        let soft = lifecycle.soft();
        let (other, stop) = (ctx.clone(), soft.clone());
        lifecycle.spawn(async move {
            let worker = ClimbTasks::new(ctx.clone());
            run(worker, &*ctx.clock, &ctx.metrics, &Arc::<Notify>::default(), &soft).await;
        });
        lifecycle.spawn(async move {
            let worker = WatchMigrants::new(other.clone());
            run(worker, &*other.clock, &other.metrics, &Arc::<Notify>::default(), &stop).await;
        });
    }
}
