//! How a centre hands children over across borders.

use std::collections::BTreeSet;

use helpline_domain::settings::crossborder::{Country, CrossBorder, FocalPoint};
use helpline_proto::directory::v1::{CrossBorderCountry, CrossBorderFocalPoint, CrossBorderSettings};
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{field_class, read_field_classes};
use helpline_vault::PublicKey;

use super::hours::{expression, zone};
use super::{HOUR, MINUTE, duration, keys, number, seconds, small};

const MOST_COUNTRIES: usize = 250;
const MOST_FOCAL_POINTS: usize = 10;
const MOST_BASES: usize = 50;
/// `whpk_` and 44 characters.
const LONGEST_KEY: usize = 49;
const DAY: u64 = 24 * HOUR;
/// Saturday and Sunday.
const USUAL_REST: [u32; 2] = [6, 7];

/// Reads the settings; what is missing is as usual.
pub(super) fn read(fields: &mut Fields, message: Option<&CrossBorderSettings>) -> Option<CrossBorder> {
    let usual = CrossBorder::default();
    let Some(message) = message else { return Some(usual) };
    let countries = fields.list("countries", &message.countries, MOST_COUNTRIES, country);
    let mut within = |path: &str, sent: Option<&prost_types::Duration>, usual| {
        let longest = if path == "missing_after" { 7 * DAY } else { 90 * DAY };
        seconds(fields, path, sent, MINUTE..=longest, usual)
    };
    let prepare = within("prepare_within", message.prepare_within.as_ref(), usual.prepare_s);
    let answer = within("answer_within", message.answer_within.as_ref(), usual.answer_s);
    let assess = within("assess_within", message.assess_within.as_ref(), usual.assess_s);
    let plan = within("plan_within", message.plan_within.as_ref(), usual.plan_s);
    let missing = within("missing_after", message.missing_after.as_ref(), usual.missing_after_s);
    let sign = within("sign_within", message.sign_within.as_ref(), usual.sign_s);
    let report = within("report_every", message.report_every.as_ref(), usual.report_every_s);
    let visit = number(fields, "first_visit_days", message.first_visit_days, 60, usual.first_visit_days);
    let monitoring = number(fields, "monitoring_days", message.monitoring_days, 3660, usual.monitoring_days);
    let read = CrossBorder {
        countries: countries?,
        prepare_s: prepare?,
        answer_s: answer?,
        assess_s: assess?,
        plan_s: plan?,
        missing_after_s: missing?,
        sign_s: sign?,
        first_visit_days: visit?,
        report_every_s: report?,
        monitoring_days: monitoring?,
    };
    let mut known = BTreeSet::new();
    if let Some(place) = read.countries.iter().position(|one| !known.insert(&one.country)) {
        fields.refuse(&format!("countries[{place}]"), "each country once");
        return None;
    }
    Some(read)
}

fn country(fields: &mut Fields, message: &CrossBorderCountry) -> Option<Country> {
    let code = fields.country("country", &message.country);
    let points = fields.list("focal_points", &message.focal_points, MOST_FOCAL_POINTS, focal_point);
    let legal_bases = keys(fields, "legal_bases", &message.legal_bases, MOST_BASES);
    let forbidden = read_field_classes(fields, "forbidden_classes", &message.forbidden_classes);
    let rest = rest_days(fields, &message.rest_days);
    let (points, legal_bases, forbidden) = (points?, legal_bases?, forbidden?);
    let agencies: BTreeSet<_> = points.iter().map(|one| one.agency_id).collect();
    if points.is_empty() || agencies.len() != points.len() {
        fields.refuse("focal_points", "one at least, each agency once");
        return None;
    }
    if legal_bases.is_empty() {
        fields.refuse("legal_bases", "one at least");
        return None;
    }
    Some(Country {
        country: code?,
        focal_points: points,
        closed: message.closed,
        legal_bases,
        forbidden,
        override_allowed: message.override_allowed,
        allowed_despite_fear: message.allowed_despite_fear,
        rest_days: rest?,
    })
}

/// Days of the week on which nobody works; the usual ones when none are said.
pub(super) fn rest_days(fields: &mut Fields, sent: &[i32]) -> Option<BTreeSet<u32>> {
    let read: Vec<Option<u32>> = (0_usize..)
        .zip(sent.iter().take(7))
        .map(|(place, &day)| u32::try_from(fields.int(&format!("rest_days[{place}]"), day, 1..=7)?).ok())
        .collect();
    let read: BTreeSet<u32> = read.into_iter().collect::<Option<_>>()?;
    if read.len() > 6 || sent.len() > 7 {
        fields.refuse("rest_days", "not all days of the week");
        return None;
    }
    Some(if read.is_empty() { USUAL_REST.into() } else { read })
}

fn focal_point(fields: &mut Fields, message: &CrossBorderFocalPoint) -> Option<FocalPoint> {
    let agency_id = fields.id("agency_id", &message.agency_id);
    let hours = expression(fields, "hours", &message.hours);
    let time_zone = zone(fields, &message.time_zone, String::new());
    let public_key = public_key(fields, &message.public_key);
    Some(FocalPoint { agency_id: agency_id?, hours: hours?, time_zone: time_zone?, public_key: public_key? })
}

fn public_key(fields: &mut Fields, sent: &str) -> Option<String> {
    let text = fields.line("public_key", sent, 0..=LONGEST_KEY)?;
    if !text.is_empty() && PublicKey::parse(&text).is_err() {
        fields.refuse("public_key", "an Ed25519 public key as whpk_ and base64, or empty");
        return None;
    }
    Some(text)
}

/// The settings as their message, with every default filled in.
pub(super) fn to_message(rules: &CrossBorder) -> CrossBorderSettings {
    let point = |one: &FocalPoint| CrossBorderFocalPoint {
        agency_id: one.agency_id.to_string(),
        hours: one.hours.clone(),
        time_zone: one.time_zone.clone(),
        public_key: one.public_key.clone(),
    };
    let country = |one: &Country| CrossBorderCountry {
        country: one.country.clone(),
        focal_points: one.focal_points.iter().map(point).collect(),
        closed: one.closed,
        legal_bases: one.legal_bases.iter().cloned().collect(),
        forbidden_classes: one.forbidden.iter().map(|&class| field_class(class).into()).collect(),
        override_allowed: one.override_allowed,
        allowed_despite_fear: one.allowed_despite_fear,
        rest_days: one.rest_days.iter().map(|&day| small(day)).collect(),
    };
    CrossBorderSettings {
        countries: rules.countries.iter().map(country).collect(),
        prepare_within: Some(duration(rules.prepare_s)),
        answer_within: Some(duration(rules.answer_s)),
        assess_within: Some(duration(rules.assess_s)),
        plan_within: Some(duration(rules.plan_s)),
        missing_after: Some(duration(rules.missing_after_s)),
        sign_within: Some(duration(rules.sign_s)),
        first_visit_days: small(rules.first_visit_days),
        report_every: Some(duration(rules.report_every_s)),
        monitoring_days: small(rules.monitoring_days),
    }
}
