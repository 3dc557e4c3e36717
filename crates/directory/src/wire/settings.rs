//! Settings: zero and missing mean the default, on the way in; every default is filled in, on the way out.

mod alerts;
mod callbacks;
mod care;
mod cases;
mod crossborder;
mod forms;
mod hours;
mod migrant;
mod overflow;
mod queues;
mod reintegration;
mod relaxation;
mod resumption;
mod risk_rules;
mod school;
mod shelter;
mod valve;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use helpline_domain::caller::Caller;
use helpline_domain::child_alert::is_sender;
use helpline_domain::settings::Settings;
use helpline_proto::directory::v1::{GetSettingsRequest, PublishSettingsRequest, Settings as Message};
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::assessment_form;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::settings::VersionedSettings;

use crate::publish_settings::PublishSettings;

const MOST_SKILLS: usize = 200;
const MOST_CATEGORIES: usize = 500;
const MOST_NAMES: usize = 20;
const LONGEST_NAME: usize = 100;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The version asked for; 0 for the one in force.
pub(crate) fn version(request: GetSettingsRequest) -> Result<i64, Refusal> {
    let mut fields = Fields::new();
    let version = fields.int("version", request.version, 0..=i64::MAX);
    fields.build(version)
}

pub(crate) fn publish(
    ctx: &Ctx,
    caller: &Caller,
    request: &PublishSettingsRequest,
) -> Result<PublishSettings, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let expected_version = fields.expected_revision("expected_version", request.expected_version);
    let settings = fields
        .required("settings", request.settings.as_ref())
        .and_then(|settings| fields.within("settings", |fields| read(fields, settings)));
    fields.build((|| {
        Some(PublishSettings {
            command: command(ctx, caller, "PublishSettings", request_id?, request),
            settings: settings?,
            expected_version: expected_version?,
        })
    })())
}

fn read(fields: &mut Fields, message: &Message) -> Option<Settings> {
    let usual = Settings::default();
    let skills = keys(fields, "skills", &message.skills, MOST_SKILLS);
    let categories = keys(fields, "categories", &message.categories, MOST_CATEGORIES);
    let queues = queues::read(fields, &message.queues, skills.as_ref());
    let target_waits = queues::read_waits(fields, &message.target_waits);
    let offer_timeout = seconds(
        fields,
        "offer_timeout",
        message.offer_timeout.as_ref(),
        3..=5 * MINUTE,
        usual.offer_timeout_s,
    );
    let critical_offer_timeout = seconds(
        fields,
        "critical_offer_timeout",
        message.critical_offer_timeout.as_ref(),
        3..=5 * MINUTE,
        usual.critical_offer_timeout_s,
    );
    let critical_offers =
        number(fields, "critical_offers", message.critical_offers, 10, usual.critical_offers);
    let missed_offer_limit =
        number(fields, "missed_offer_limit", message.missed_offer_limit, 100, usual.missed_offer_limit);
    let cool_down = seconds(fields, "cool_down", message.cool_down.as_ref(), 0..=HOUR, usual.cool_down_s);
    let short_abandon = seconds(
        fields,
        "short_abandon",
        message.short_abandon.as_ref(),
        0..=5 * MINUTE,
        usual.short_abandon_s,
    );
    let cap = seconds(fields, "cap", message.cap.as_ref(), 10..=24 * HOUR, usual.cap_s);
    let high_cap = seconds(fields, "high_cap", message.high_cap.as_ref(), 1..=24 * HOUR, usual.high_cap_s);
    let reserve = number(fields, "reserve", message.reserve, 100, usual.reserve);
    let reserve_from = number(fields, "reserve_from", message.reserve_from, 100_000, usual.reserve_from);
    let hours = hours::read(fields, message.hours.as_ref(), queues.as_deref());
    let risk_rules = risk_rules::read(fields, &message.risk_rules);
    let flood = risk_rules::read_flood(fields, message.flood.as_ref());
    let resumption = resumption::read(fields, message.resumption.as_ref());
    let care = fields.within("care", |fields| care::read(fields, message.care.as_ref()));
    let alerts = fields.within("alerts", |fields| alerts::read(fields, message.alerts.as_ref()));
    let callbacks = callbacks::read(fields, message.callbacks.as_ref());
    let second_opinion = seconds(
        fields,
        "second_opinion",
        message.second_opinion.as_ref(),
        10..=24 * HOUR,
        usual.second_opinion_s,
    );
    let valve = valve::read(fields, message.valve.as_ref());
    let overflow = overflow::read(fields, message.overflow.as_ref(), queues.as_deref());
    let cases = fields.within("cases", |fields| cases::read(fields, message.cases.as_ref()));
    let assessment_forms = forms::read(fields, &message.assessment_forms);
    let cross_border =
        fields.within("cross_border", |fields| crossborder::read(fields, message.cross_border.as_ref()));
    let school = fields.within("school", |fields| school::read(fields, message.school.as_ref()));
    let reintegration =
        fields.within("reintegration", |fields| reintegration::read(fields, message.reintegration.as_ref()));
    let shelter = fields.within("shelter", |fields| shelter::read(fields, message.shelter.as_ref()));
    let migrant_children =
        fields.within("migrant_children", |fields| migrant::read(fields, message.migrant_children.as_ref()));
    let alert_sender = alert_sender(fields, &message.alert_sender);
    Some(Settings {
        queues: queues?,
        target_waits: target_waits?,
        offer_timeout_s: offer_timeout?,
        critical_offer_timeout_s: critical_offer_timeout?,
        critical_offers: critical_offers?,
        interrupt_for_critical: message.interrupt_for_critical.unwrap_or(usual.interrupt_for_critical),
        missed_offer_limit: missed_offer_limit?,
        cool_down_s: cool_down?,
        short_abandon_s: short_abandon?,
        cap_s: cap?,
        high_cap_s: high_cap?,
        reserve: reserve?,
        reserve_from: reserve_from?,
        skills: skills?,
        categories: categories?,
        hours: hours?,
        risk_rules: risk_rules?,
        flood: flood?,
        resumption: resumption?,
        care: care?,
        alerts: alerts?,
        callbacks: callbacks?,
        second_opinion_s: second_opinion?,
        valve: valve?,
        overflow: overflow?,
        alert_sender: alert_sender?,
        cases: cases?,
        assessment_forms: assessment_forms?,
        cross_border: cross_border?,
        school: school?,
        reintegration: reintegration?,
        shelter: shelter?,
        migrant_children: migrant_children?,
    })
}

/// The name by which the centre sends alerts, or nothing.
fn alert_sender(fields: &mut Fields, sent: &str) -> Option<String> {
    let sender = fields.line("alert_sender", sent, 0..=LONGEST_NAME)?;
    let usable = sender.is_empty() || is_sender(&sender);
    if !usable {
        fields.refuse("alert_sender", "no blanks, commas, < or &");
    }
    usable.then_some(sender)
}

/// Whole seconds in a range, or the usual when missing.
fn seconds(
    fields: &mut Fields,
    path: &str,
    value: Option<&prost_types::Duration>,
    range: RangeInclusive<u64>,
    usual: u32,
) -> Option<u32> {
    let range = Duration::from_secs(*range.start())..=Duration::from_secs(*range.end());
    let Some(duration) = fields.optional_duration(path, value, range)? else { return Some(usual) };
    if duration.subsec_nanos() != 0 {
        fields.refuse(path, "whole seconds");
        return None;
    }
    u32::try_from(duration.as_secs()).ok()
}

/// A number up to `most`, or the usual for 0.
fn number(fields: &mut Fields, path: &str, value: i32, most: i32, usual: u32) -> Option<u32> {
    let value = fields.int(path, value, 0..=most)?;
    if value == 0 { Some(usual) } else { u32::try_from(value).ok() }
}

/// Keys, each once.
fn keys(fields: &mut Fields, path: &str, keys: &[String], most: usize) -> Option<BTreeSet<String>> {
    if keys.len() > most {
        fields.refuse(path, format!("at most {most} entries"));
        return None;
    }
    let mut read = BTreeSet::new();
    let mut good = true;
    for (index, key) in keys.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(key) = fields.key(&path, key) else {
            good = false;
            continue;
        };
        if !read.insert(key) {
            fields.refuse(&path, "each key once");
            good = false;
        }
    }
    good.then_some(read)
}

fn names(
    fields: &mut Fields,
    path: &str,
    names: &BTreeMap<String, String>,
) -> Option<BTreeMap<String, String>> {
    texts(fields, path, names, LONGEST_NAME)
}

/// Texts on one line by language.
fn texts(
    fields: &mut Fields,
    path: &str,
    texts: &BTreeMap<String, String>,
    longest: usize,
) -> Option<BTreeMap<String, String>> {
    if texts.len() > MOST_NAMES {
        fields.refuse(path, format!("at most {MOST_NAMES} entries"));
        return None;
    }
    // The path has no tag in it: a key of a map is what was sent.
    let read: Vec<_> = texts
        .iter()
        .map(|(tag, text)| {
            let tag = fields.language(path, tag);
            let text = fields.line(path, text, 1..=longest);
            Some((tag?, text?))
        })
        .collect();
    read.into_iter().collect()
}

/// Settings as their message, with every default filled in.
pub(crate) fn to_message(versioned: &VersionedSettings) -> Message {
    let settings = &versioned.settings;
    Message {
        version: versioned.version,
        queues: settings.queues.iter().map(queues::to_message).collect(),
        target_waits: queues::every_wait(&settings.target_waits),
        offer_timeout: Some(duration(settings.offer_timeout_s)),
        critical_offer_timeout: Some(duration(settings.critical_offer_timeout_s)),
        interrupt_for_critical: Some(settings.interrupt_for_critical),
        missed_offer_limit: small(settings.missed_offer_limit),
        cool_down: Some(duration(settings.cool_down_s)),
        short_abandon: Some(duration(settings.short_abandon_s)),
        cap: Some(duration(settings.cap_s)),
        high_cap: Some(duration(settings.high_cap_s)),
        reserve: small(settings.reserve),
        reserve_from: small(settings.reserve_from),
        critical_offers: small(settings.critical_offers),
        skills: settings.skills.iter().cloned().collect(),
        categories: settings.categories.iter().cloned().collect(),
        hours: Some(hours::to_message(&settings.hours)),
        risk_rules: settings.risk_rules.iter().map(risk_rules::to_message).collect(),
        flood: Some(risk_rules::flood_to_message(&settings.flood)),
        resumption: Some(resumption::to_message(&settings.resumption)),
        care: Some(care::to_message(&settings.care)),
        alerts: Some(alerts::to_message(&settings.alerts)),
        callbacks: Some(callbacks::to_message(&settings.callbacks)),
        second_opinion: Some(duration(settings.second_opinion_s)),
        valve: Some(valve::to_message(&settings.valve)),
        overflow: Some(overflow::to_message(&settings.overflow)),
        alert_sender: settings.alert_sender.clone(),
        cases: Some(cases::to_message(&settings.cases)),
        assessment_forms: settings.assessment_forms.iter().map(assessment_form).collect(),
        cross_border: Some(crossborder::to_message(&settings.cross_border)),
        school: Some(school::to_message(&settings.school)),
        reintegration: Some(reintegration::to_message(&settings.reintegration)),
        shelter: Some(shelter::to_message(&settings.shelter)),
        migrant_children: Some(migrant::to_message(&settings.migrant_children)),
    }
}

fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn duration(seconds: u32) -> prost_types::Duration {
    prost_types::Duration { seconds: i64::from(seconds), nanos: 0 }
}
