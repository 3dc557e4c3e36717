//! Requests that change a report.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use helpline_domain::caller::Caller;
use helpline_domain::id::{EscalationId, SchoolReportId};
use helpline_domain::risk::Risk;
use helpline_domain::school_report::{
    FeedbackOutcome, NoFeedbackReason, NotReportableReason, Reporter, school_key,
};
use helpline_proto::school::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::read_risk;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::school_report::file::NewSchoolReport;
use helpline_vault::Sensitive;

use super::{SCHOOL, no_feedback_from, not_reportable_from, outcome_from, perpetrator_from, reporter_from};
use crate::act::Act;

const NARRATIVE: usize = 10_000;
const REPORTER_CONTACT: usize = 500;
const MOST_CATEGORIES: usize = 10;
/// Characters of a category: its group, a dot and its reason.
const CATEGORY: usize = 81;

/// Nothing is reported that happened before.
const FIRST: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// Who asks for which step.
type Asked = (Command, Act);

/// A number that may be told: ten digits by chance.
pub(crate) fn reference(ctx: &Ctx) -> String {
    // The last bits of such an id are chance, the first are the time.
    let chance = ctx.ids.v7().as_u128() % 10_000_000_000;
    format!("{:05}-{:05}", chance / 100_000, chance % 100_000)
}

/// What every step says.
struct Said<'a> {
    request_id: &'a str,
    school_report_id: &'a str,
    expected_revision: i64,
}

/// Reads it; what a step says besides is read by `rest`.
fn read<M: prost::Message, T>(
    (ctx, caller): (&Ctx, &Caller),
    (method, sent): (&'static str, &M),
    said: &Said<'_>,
    rest: impl FnOnce(&mut Fields) -> Option<T>,
) -> Result<(Asked, T), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(said.request_id);
    let id = fields.id("school_report_id", said.school_report_id);
    let expected = fields.expected_revision("expected_revision", said.expected_revision);
    let rest = rest(&mut fields);
    fields.build((|| {
        let act = Act { id: id?, expected: expected? };
        Some(((command(ctx, caller, method, request_id?, sent), act), rest?))
    })())
}

/// Readers of steps.
macro_rules! steps {
    ($($name:ident: $method:literal, $request:ident -> $says:ty, |$fields:ident, $sent:ident| $rest:expr;)+) => {
        $(pub(crate) fn $name(
            ctx: &Ctx,
            caller: &Caller,
            $sent: &proto::$request,
        ) -> Result<(Asked, $says), Refusal> {
            let said = Said {
                request_id: &$sent.request_id,
                school_report_id: &$sent.school_report_id,
                expected_revision: $sent.expected_revision,
            };
            read((ctx, caller), ($method, $sent), &said, |$fields| $rest)
        })+
    };
}

/// Readers of steps that say nothing but themselves.
macro_rules! bare {
    ($($name:ident: $method:literal, $request:ident;)+) => {
        $(pub(crate) fn $name(ctx: &Ctx, caller: &Caller, sent: &proto::$request) -> Result<Asked, Refusal> {
            let said = Said {
                request_id: &sent.request_id,
                school_report_id: &sent.school_report_id,
                expected_revision: sent.expected_revision,
            };
            read((ctx, caller), ($method, sent), &said, |_| Some(())).map(|(asked, ())| asked)
        })+
    };
}

bare!(
    approve: "ApproveNotReportable", ApproveNotReportableRequest;
    close: "CloseSchoolReport", CloseSchoolReportRequest;
    unlink: "UnlinkSchoolReport", UnlinkSchoolReportRequest;
);

steps!(
    assess: "AssessSchoolReport", AssessSchoolReportRequest -> (Risk, Option<NotReportableReason>),
        |fields, sent| assessment(fields, sent);
    report: "RecordMandatoryReport", RecordMandatoryReportRequest -> EscalationId,
        |fields, sent| fields.id("escalation_id", &sent.escalation_id);
    tell: "GiveReporterFeedback", GiveReporterFeedbackRequest -> FeedbackOutcome,
        |fields, sent| fields.choice("outcome", sent.outcome, proto::FeedbackOutcome::as_str_name).and_then(outcome_from);
    tell_nothing: "RecordFeedbackImpossible", RecordFeedbackImpossibleRequest -> NoFeedbackReason,
        |fields, sent| fields.choice("reason", sent.reason, proto::NoFeedbackReason::as_str_name).and_then(no_feedback_from);
    link: "LinkSchoolReports", LinkSchoolReportsRequest -> SchoolReportId,
        |fields, sent| fields.id("other_report_id", &sent.other_report_id);
);

fn assessment(
    fields: &mut Fields,
    sent: &proto::AssessSchoolReportRequest,
) -> Option<(Risk, Option<NotReportableReason>)> {
    let risk = read_risk(fields, "risk", sent.risk);
    if risk == Some(Risk::Unassessed) {
        fields.refuse("risk", "how grave it is");
    }
    let name = proto::NotReportableReason::as_str_name;
    let reason = fields.optional_choice("not_reportable_reason", sent.not_reportable_reason, name)?;
    let reason = reason.and_then(not_reportable_from);
    if sent.report_demanded == reason.is_some() {
        fields.refuse("not_reportable_reason", "exactly when no report is demanded");
        return None;
    }
    Some((risk.filter(|risk| *risk != Risk::Unassessed)?, reason))
}

pub(crate) fn file(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::FileSchoolReportRequest,
) -> Result<(Command, NewSchoolReport), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let contact_id = fields.id("contact_id", &sent.contact_id);
    let reporter =
        fields.choice("reporter", sent.reporter, proto::Reporter::as_str_name).and_then(reporter_from);
    let school = fields.line("school", sent.school.trim(), 1..=SCHOOL).filter(|name| {
        let named = !school_key(name).is_empty();
        if !named {
            fields.refuse("school", "letters or digits");
        }
        named
    });
    let days = days(&mut fields, (&sent.first_date, &sent.last_date));
    let categories = categories(&mut fields, &sent.categories);
    let perpetrator = fields.choice("perpetrator", sent.perpetrator, proto::SchoolPerpetrator::as_str_name);
    let narrative = fields.text("narrative", &sent.narrative, 0..=NARRATIVE);
    let contact = fields.line("reporter_contact", sent.reporter_contact.trim(), 0..=REPORTER_CONTACT);
    if reporter == Some(Reporter::Anonymous) && contact.as_ref().is_some_and(|contact| !contact.is_empty()) {
        fields.refuse("reporter_contact", "nothing of an anonymous reporter");
    }
    fields.build((|| {
        let some = |kind, text: String| {
            Some(text).filter(|text| !text.is_empty()).map(|text| Sensitive::new(kind, text))
        };
        let new = NewSchoolReport {
            school_report_id: ctx.ids.v7().into(),
            reference: reference(ctx),
            new_ids: (ctx.ids.v7(), ctx.ids.v7()),
            contact_id: contact_id?,
            reporter: reporter?,
            perpetrator: perpetrator.and_then(perpetrator_from)?,
            categories: categories?,
            days: days?,
            wants_feedback: sent.wants_feedback,
            school: Sensitive::new("location", school?),
            narrative: some("narrative", narrative?),
            reporter_contact: some("contact", contact?),
        };
        Some((command(ctx, caller, "FileSchoolReport", request_id?, sent), new))
    })())
}

/// The first and the last day of what happened.
fn days(fields: &mut Fields, (first, last): (&str, &str)) -> Option<(NaiveDate, NaiveDate)> {
    let first = fields.date("first_date", first);
    let last = if last.is_empty() { first } else { fields.date("last_date", last) };
    let (first, last) = (first?, last?);
    if first < FIRST {
        fields.refuse("first_date", "a day since 1900");
        return None;
    }
    if last < first {
        fields.refuse("last_date", "not before the first");
        return None;
    }
    Some((first, last))
}

fn categories(fields: &mut Fields, sent: &[String]) -> Option<Vec<String>> {
    if sent.is_empty() || sent.len() > MOST_CATEGORIES {
        fields.refuse("categories", format!("from 1 to {MOST_CATEGORIES}"));
        return None;
    }
    let mut known = BTreeSet::new();
    let read: Vec<Option<String>> = (0_usize..)
        .zip(sent)
        .map(|(place, category)| {
            let path = format!("categories[{place}]");
            let read = fields.line(&path, category, 1..=CATEGORY)?;
            if !known.insert(category) {
                fields.refuse(&path, "each once");
                return None;
            }
            Some(read)
        })
        .collect();
    read.into_iter().collect()
}
