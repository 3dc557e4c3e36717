//! How a centre treats reports of abuse at schools, and surveys.

use helpline_domain::settings::school::School;
use helpline_proto::directory::v1::SchoolSettings;
use helpline_service_kit::fields::Fields;

use super::crossborder::rest_days;
use super::{HOUR, MINUTE, duration, number, seconds, small};

const LONGEST: u64 = 90 * 24 * HOUR;
/// So many reports are a pattern at least: one is none.
const FEWEST: u32 = 2;

/// Reads the settings; what is missing is as usual.
pub(super) fn read(fields: &mut Fields, message: Option<&SchoolSettings>) -> Option<School> {
    let usual = School::default();
    let Some(message) = message else { return Some(usual) };
    let mut within = |path: &str, sent: Option<&prost_types::Duration>, usual| {
        seconds(fields, path, sent, MINUTE..=LONGEST, usual)
    };
    let assess = within("assess_within", message.assess_within.as_ref(), usual.assess_s);
    let report = within("report_within", message.report_within.as_ref(), usual.report_s);
    let close = within("close_within", message.close_within.as_ref(), usual.close_s);
    let survey = within("survey_within", message.survey_within.as_ref(), usual.survey_s);
    let feedback = number(fields, "feedback_days", message.feedback_days, 60, usual.feedback_days);
    let rest = rest_days(fields, &message.rest_days);
    let same =
        number(fields, "same_incident_days", message.same_incident_days, 366, usual.same_incident_days);
    let reports = number(fields, "pattern_reports", message.pattern_reports, 100, usual.pattern_reports);
    let days = number(fields, "pattern_days", message.pattern_days, 366, usual.pattern_days);
    if reports.is_some_and(|reports| reports < FEWEST) {
        fields.refuse("pattern_reports", "2 at least");
        return None;
    }
    Some(School {
        assess_s: assess?,
        report_s: report?,
        feedback_days: feedback?,
        rest_days: rest?,
        close_s: close?,
        same_incident_days: same?,
        pattern_reports: reports?,
        pattern_days: days?,
        survey_s: survey?,
    })
}

/// The settings as their message, with every default filled in.
pub(super) fn to_message(rules: &School) -> SchoolSettings {
    SchoolSettings {
        assess_within: Some(duration(rules.assess_s)),
        report_within: Some(duration(rules.report_s)),
        feedback_days: small(rules.feedback_days),
        rest_days: rules.rest_days.iter().map(|&day| small(day)).collect(),
        close_within: Some(duration(rules.close_s)),
        same_incident_days: small(rules.same_incident_days),
        pattern_reports: small(rules.pattern_reports),
        pattern_days: small(rules.pattern_days),
        survey_within: Some(duration(rules.survey_s)),
    }
}
