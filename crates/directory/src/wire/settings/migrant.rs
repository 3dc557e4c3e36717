//! Within what time things are done for migrant children.

use helpline_domain::settings::migrant::MigrantChildren;
use helpline_proto::directory::v1::MigrantChildrenSettings;
use helpline_service_kit::fields::Fields;

use super::crossborder::rest_days;
use super::{HOUR, MINUTE, duration, number, seconds, small};

const DAY: u64 = 24 * HOUR;

/// Reads the settings; what is missing is as usual.
pub(super) fn read(
    fields: &mut Fields,
    message: Option<&MigrantChildrenSettings>,
) -> Option<MigrantChildren> {
    let usual = MigrantChildren::default();
    let Some(message) = message else { return Some(usual) };
    let mut within = |path: &str, sent: Option<&prost_types::Duration>, days: u64, usual| {
        seconds(fields, path, sent, MINUTE..=days * DAY, usual)
    };
    let enquire = within("enquire_within", message.enquire_within.as_ref(), 90, usual.enquire_s);
    let assess = within("assess_within", message.assess_within.as_ref(), 90, usual.assess_s);
    let plan = within("plan_within", message.plan_within.as_ref(), 365, usual.plan_s);
    let guardian = within("guardian_within", message.guardian_within.as_ref(), 90, usual.guardian_s);
    let screen = within("screen_within", message.screen_within.as_ref(), 30, usual.screen_s);
    let held = within("held_at_most", message.held_at_most.as_ref(), 90, usual.held_s);
    let mut days = |path: &str, sent, most, usual| number(fields, path, sent, most, usual);
    let answer = days("answer_days", message.answer_days, 30, usual.answer_days);
    let stay = days("stay_days", message.stay_days, 3660, usual.stay_days);
    let warning = days("stay_warning_days", message.stay_warning_days, 365, usual.stay_warning_days);
    let review = days("review_days", message.review_days, 365, usual.review_days);
    let rest = rest_days(fields, &message.rest_days);
    Some(MigrantChildren {
        enquire_s: enquire?,
        assess_s: assess?,
        plan_s: plan?,
        answer_days: answer?,
        rest_days: rest?,
        stay_days: stay?,
        stay_warning_days: warning?,
        guardian_s: guardian?,
        screen_s: screen?,
        review_days: review?,
        held_s: held?,
    })
}

/// The settings as their message, with every default filled in.
pub(super) fn to_message(rules: &MigrantChildren) -> MigrantChildrenSettings {
    MigrantChildrenSettings {
        enquire_within: Some(duration(rules.enquire_s)),
        assess_within: Some(duration(rules.assess_s)),
        plan_within: Some(duration(rules.plan_s)),
        answer_days: small(rules.answer_days),
        rest_days: rules.rest_days.iter().map(|&day| small(day)).collect(),
        stay_days: small(rules.stay_days),
        stay_warning_days: small(rules.stay_warning_days),
        guardian_within: Some(duration(rules.guardian_s)),
        screen_within: Some(duration(rules.screen_s)),
        review_days: small(rules.review_days),
        held_at_most: Some(duration(rules.held_s)),
    }
}
