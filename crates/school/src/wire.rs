//! Reports on the wire.

pub(crate) mod steps;

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::SchoolReportId;
use helpline_domain::school_report::{
    FeedbackOutcome, NoFeedbackReason, NotReportableReason, Reporter, SchoolPerpetrator, SchoolReportState,
};
use helpline_proto::school::v1 as proto;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{risk, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::school_report::read::{SchoolReport, Which};
use helpline_vault::Sensitive;

/// Characters of the name of a school.
pub(crate) const SCHOOL: usize = 200;

/// Characters of what may be a reference.
const REFERENCE: usize = 40;

/// Defines both directions between an enum of the domain and one of the API.
macro_rules! both_ways {
    ($to:ident, $from:ident: $of:ident { $($word:ident),+ $(,)? }) => {
        const fn $to(value: $of) -> proto::$of {
            match value {
                $($of::$word => proto::$of::$word,)+
            }
        }

        pub(crate) const fn $from(value: proto::$of) -> Option<$of> {
            Some(match value {
                $(proto::$of::$word => $of::$word,)+
                proto::$of::Unspecified => return None,
            })
        }
    };
}

both_ways!(state, state_from: SchoolReportState {
    Received, Assessed, Reported, NotReportable, FeedbackGiven, FeedbackImpossible, Closed,
});
both_ways!(reporter, reporter_from: Reporter {
    Child, Pupil, Parent, Teacher, SchoolStaff, OtherProfessional, Other, Anonymous,
});
both_ways!(perpetrator, perpetrator_from: SchoolPerpetrator { Pupil, Staff, Other, Unknown });
both_ways!(not_reportable, not_reportable_from: NotReportableReason {
    KnownToAuthority, NotDemandedByLaw, TooLittleKnown, EnteredInError,
});
both_ways!(outcome, outcome_from: FeedbackOutcome { Examined, PassedOn, AuthorityActs, HelpGiven });
both_ways!(no_feedback, no_feedback_from: NoFeedbackReason { NotWanted, Anonymous, NotReached, NotSafe, Forbidden });

fn id(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn text(text: Option<Sensitive<String>>) -> String {
    text.map(|text| text.expose().clone()).unwrap_or_default()
}

/// A report. Which school it is among those that reports are about is for supervisors: to others it would tell that there are others, as
/// would the report to the authority of another.
pub(crate) fn report(caller: &Caller, one: SchoolReport) -> proto::SchoolReport {
    let school_id = Some(one.school_id).filter(|_| caller.role == Role::Supervisor);
    let (school, narrative, contact) = one
        .told
        .map_or((None, None, None), |told| (Some(told.school), told.narrative, told.reporter_contact));
    proto::SchoolReport {
        school_report_id: one.school_report_id.to_string(),
        reference: one.reference,
        contact_id: one.contact_id.to_string(),
        school_id: id(school_id),
        school: text(school),
        reporter: reporter(one.reporter).into(),
        perpetrator: perpetrator(one.perpetrator).into(),
        categories: one.categories,
        first_date: one.days.0.to_string(),
        last_date: one.days.1.to_string(),
        narrative: text(narrative),
        wants_feedback: one.wants_feedback,
        reporter_contact: text(contact),
        state: state(one.state).into(),
        due_time: one.due_at.map(timestamp),
        file_time: Some(timestamp(one.filed_at)),
        filed_by: one.filed_by.to_string(),
        risk: one.risk.map_or(0, |value| risk(value).into()),
        report_demanded: one.report_demanded.unwrap_or_default(),
        not_reportable_reason: one.not_reportable_reason.map_or(0, |reason| not_reportable(reason).into()),
        assessed_by: id(one.assessed_by),
        approved_by: id(one.approved_by),
        escalation_id: id(one.escalation_id.filter(|_| one.tells_escalation)),
        feedback_outcome: one.feedback.map_or(0, |value| outcome(value).into()),
        no_feedback_reason: one.no_feedback.map_or(0, |reason| no_feedback(reason).into()),
        linked_report_ids: one.linked.iter().map(ToString::to_string).collect(),
        perhaps_same_report_ids: one.perhaps_same.iter().map(ToString::to_string).collect(),
        close_time: one.closed_at.map(timestamp),
        revision: one.revision,
    }
}

pub(crate) fn report_id(sent: &str) -> Result<SchoolReportId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("school_report_id", sent);
    fields.build(id)
}

/// The page tokens of a list: good for the same question alone.
pub(crate) fn pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListSchoolReportsRequest,
) -> PageTokens<'a> {
    let filter =
        proto::ListSchoolReportsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListSchoolReports", caller, &filter)
}

/// Which reports, and a page of them.
type List = (Which, (u32, Option<SchoolReportId>));

pub(crate) fn list(pages: &PageTokens<'_>, sent: &proto::ListSchoolReportsRequest) -> Result<List, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(sent.page_size);
    let name = fields.line("school", &sent.school, 0..=SCHOOL);
    let school = fields.optional_id("school_id", &sent.school_id);
    let reference = fields.line("reference", &sent.reference, 0..=REFERENCE);
    let state = fields.optional_choice("state", sent.state, proto::SchoolReportState::as_str_name);
    let built = (|| {
        let name = Some(name?).filter(|name| !name.is_empty()).map(|name| Sensitive::new("location", name));
        let reference = Some(reference?).filter(|reference| !reference.is_empty());
        Some((size?, Which { school: school?, name, state: state?.and_then(state_from), reference }))
    })();
    let (size, which) = fields.build(built)?;
    Ok((which, (size, pages.open(&sent.page_token)?)))
}
