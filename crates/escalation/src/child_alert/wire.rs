//! Requests about alerts, read: every field that cannot be used is named at once.

use std::collections::{BTreeSet, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use helpline_domain::caller::Caller;
use helpline_domain::child_alert::place::{is_circle, is_polygon};
use helpline_domain::child_alert::{CancelReason, Scope};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, ChildAlertId};
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::read_field_classes;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::escalation::child_alert::changes::{About, NewChildAlert};
use helpline_store::escalation::child_alert::{Area, ChildAlertFilter, Content, Info};
use helpline_vault::Sensitive;
use prost::Message;

use super::message::{certainty_from, event_from, reason_from, scope_from, severity_from, urgency_from};

/// Most agencies that a message is addressed to.
const MOST_AGENCIES: usize = 50;
/// Most languages, shapes of a kind, and codes of places.
const MOST_INFOS: usize = 10;
const MOST_SHAPES: usize = 10;
const MOST_CODES: usize = 20;
/// Longest shape, in characters: as many points as one may have.
const LONGEST_SHAPE: usize = 8000;
/// How long an alert holds unless it says, and how short and long it may.
const USUAL: Duration = Duration::from_hours(24);
const BOUNDS: RangeInclusive<Duration> = Duration::from_mins(5)..=Duration::from_hours(7 * 24);

pub(crate) fn ask(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskChildAlertRequest,
) -> Result<(Command, NewChildAlert), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let about = fields.id("escalation_id", &sent.escalation_id).map(About::Escalation);
    let new = new(ctx, &mut fields, about, sent.content.as_ref());
    fields.build((|| Some((command(ctx, caller, "AskChildAlert", request_id?, sent), new?)))())
}

pub(crate) fn ask_update(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskChildAlertUpdateRequest,
) -> Result<(Command, NewChildAlert), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let about = fields.id("alert_id", &sent.alert_id).map(About::Message);
    let new = new(ctx, &mut fields, about, sent.content.as_ref());
    fields.build((|| Some((command(ctx, caller, "AskChildAlertUpdate", request_id?, sent), new?)))())
}

/// A command about one message that has nothing else to say.
pub(crate) fn plain<M: Message>(
    ctx: &Ctx,
    caller: &Caller,
    method: &'static str,
    sent: &M,
    (request_id, alert_id): (&str, &str),
) -> Result<(Command, ChildAlertId), Refusal> {
    let mut fields = Fields::new();
    let (request_id, id) = (fields.request_id(request_id), fields.id("alert_id", alert_id));
    let (request_id, id) = fields.build(request_id.zip(id))?;
    Ok((command(ctx, caller, method, request_id, sent), id))
}

pub(crate) fn cancel(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::CancelChildAlertRequest,
) -> Result<(Command, ChildAlertId, CancelReason), Refusal> {
    let mut fields = Fields::new();
    let (request_id, id) = (fields.request_id(&sent.request_id), fields.id("alert_id", &sent.alert_id));
    let reason = fields.choice("reason", sent.reason, proto::ChildAlertCancelReason::as_str_name);
    fields.build((|| {
        let command = command(ctx, caller, "CancelChildAlert", request_id?, sent);
        Some((command, id?, reason_from(reason?)?))
    })())
}

pub(crate) fn get(sent: &proto::GetChildAlertRequest) -> Result<ChildAlertId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("alert_id", &sent.alert_id);
    fields.build(id)
}

pub(crate) fn document(
    sent: &proto::GetChildAlertDocumentRequest,
) -> Result<(ChildAlertId, Option<AgencyId>), Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("alert_id", &sent.alert_id);
    let agency = fields.optional_id("acknowledged_by_agency_id", &sent.acknowledged_by_agency_id);
    fields.build(id.zip(agency))
}

/// The page tokens of a list of messages with this filter.
pub(crate) fn list_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    sent: &proto::ListChildAlertsRequest,
) -> PageTokens<'a> {
    let filter = proto::ListChildAlertsRequest { page_size: 0, page_token: String::new(), ..sent.clone() };
    PageTokens::new(ctx.vault(), "ListChildAlerts", caller, &filter)
}

pub(crate) fn list(
    pages: &PageTokens<'_>,
    sent: &proto::ListChildAlertsRequest,
) -> Result<(ChildAlertFilter, (u32, Option<ChildAlertId>)), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(sent.page_size);
    let escalation_id = fields.optional_id("escalation_id", &sent.escalation_id);
    let (size, escalation_id) = fields.build(size.zip(escalation_id))?;
    let filter = ChildAlertFilter { open: sent.open, escalation_id };
    Ok((filter, (size, pages.open(&sent.page_token)?)))
}

fn new(
    ctx: &Ctx,
    fields: &mut Fields,
    about: Option<About>,
    sent: Option<&proto::ChildAlertContent>,
) -> Option<NewChildAlert> {
    let sent = fields.required("content", sent)?;
    fields.within("content", |fields| read(ctx, fields, about, sent))
}

fn read(
    ctx: &Ctx,
    fields: &mut Fields,
    about: Option<About>,
    sent: &proto::ChildAlertContent,
) -> Option<NewChildAlert> {
    let event = fields.choice("event", sent.event, proto::ChildAlertEvent::as_str_name).and_then(event_from);
    let scope = fields.choice("scope", sent.scope, proto::ChildAlertScope::as_str_name).and_then(scope_from);
    let restriction = line(fields, "restriction", &sent.restriction, 0..=500);
    match (scope, restriction.as_deref()) {
        (Some(Scope::Restricted), Some("")) => {
            fields.refuse("restriction", "required in the restricted scope");
        }
        (Some(Scope::Private), Some(said)) if !said.is_empty() => {
            fields.refuse("restriction", "empty but in the restricted scope");
        }
        _ => {}
    }
    let agency_ids = agencies(fields, &sent.agency_ids);
    let urgency =
        fields.choice("urgency", sent.urgency, proto::ChildAlertUrgency::as_str_name).and_then(urgency_from);
    let severity = fields
        .choice("severity", sent.severity, proto::ChildAlertSeverity::as_str_name)
        .and_then(severity_from);
    let certainty = fields
        .choice("certainty", sent.certainty, proto::ChildAlertCertainty::as_str_name)
        .and_then(certainty_from);
    let lifetime = fields.optional_duration("lifetime", sent.lifetime.as_ref(), BOUNDS);
    let area = match &sent.area {
        Some(area) => fields.within("area", |fields| read_area(fields, area)),
        None => Some(Area::default()),
    };
    let infos = infos(fields, &sent.infos, sent.area.is_some());
    let field_classes = classes(fields, sent);
    let content = Content {
        event: event?,
        restriction: restriction?,
        urgency: urgency?,
        severity: severity?,
        certainty: certainty?,
        area: area?,
        infos: infos?,
    };
    Some(NewChildAlert {
        alert_id: ctx.ids.v7().into(),
        about: about?,
        field_classes: field_classes?,
        scope: scope?,
        agency_ids: agency_ids?,
        lifetime_s: u32::try_from(lifetime?.unwrap_or(USUAL).as_secs()).ok()?,
        content: Sensitive::new("narrative", content),
    })
}

fn agencies(fields: &mut Fields, sent: &[String]) -> Option<BTreeSet<AgencyId>> {
    if sent.is_empty() || sent.len() > MOST_AGENCIES {
        fields.refuse("agency_ids", format!("from 1 to {MOST_AGENCIES} entries"));
        return None;
    }
    let read: Vec<_> =
        sent.iter().enumerate().map(|(index, id)| fields.id(&format!("agency_ids[{index}]"), id)).collect();
    read.into_iter().collect()
}

/// One at least, and that of an area if there is one.
fn classes(fields: &mut Fields, sent: &proto::ChildAlertContent) -> Option<BTreeSet<FieldClass>> {
    let read = read_field_classes(fields, "field_classes", &sent.field_classes)?;
    let places = sent.area.is_some() || sent.infos.iter().any(|info| !info.area_description.is_empty());
    if read.is_empty() {
        fields.refuse("field_classes", "one at least");
    } else if places && !read.contains(&FieldClass::Location) {
        fields.refuse("field_classes", "LOCATION too, for an area");
    }
    Some(read)
}

fn read_area(fields: &mut Fields, sent: &proto::ChildAlertArea) -> Option<Area> {
    let polygons =
        shapes(fields, "polygons", &sent.polygons, is_polygon, "a closed polygon of 4 to 200 points");
    let circles = shapes(fields, "circles", &sent.circles, is_circle, "a centre and a radius in kilometres");
    let geocodes = fields.list("geocodes", &sent.geocodes, MOST_CODES, |fields, code| {
        let name = line(fields, "value_name", &code.value_name, 1..=40);
        let value = line(fields, "value", &code.value, 1..=100);
        name.zip(value)
    });
    Some(Area { polygons: polygons?, circles: circles?, geocodes: geocodes? })
}

fn shapes(
    fields: &mut Fields,
    path: &str,
    sent: &[String],
    is_shape: fn(&str) -> bool,
    expected: &str,
) -> Option<Vec<String>> {
    if sent.len() > MOST_SHAPES {
        fields.refuse(path, format!("at most {MOST_SHAPES} entries"));
        return None;
    }
    let mut good = true;
    for (index, shape) in sent.iter().enumerate() {
        if shape.len() > LONGEST_SHAPE || !is_shape(shape) {
            fields.refuse(&format!("{path}[{index}]"), expected);
            good = false;
        }
    }
    good.then(|| sent.to_vec())
}

fn infos(fields: &mut Fields, sent: &[proto::ChildAlertInfo], has_shapes: bool) -> Option<Vec<Info>> {
    if sent.is_empty() {
        fields.refuse("infos", format!("from 1 to {MOST_INFOS} entries"));
        return None;
    }
    let mut languages = HashSet::new();
    fields.list("infos", sent, MOST_INFOS, |fields, info| {
        let language = fields.language("language", &info.language);
        if language.as_ref().is_some_and(|language| !languages.insert(language.clone())) {
            fields.refuse("language", "each language once");
        }
        let event = line(fields, "event", &info.event, 1..=100);
        let headline = line(fields, "headline", &info.headline, 1..=160);
        let description = text(fields, "description", &info.description, 1..=4000);
        let instruction = text(fields, "instruction", &info.instruction, 0..=2000);
        let audience = line(fields, "audience", &info.audience, 0..=200);
        let contact = line(fields, "contact", &info.contact, 0..=200);
        let fewest = usize::from(has_shapes);
        let area_description = line(fields, "area_description", &info.area_description, fewest..=200);
        Some(Info {
            language: language?,
            event: event?,
            headline: headline?,
            description: description?,
            instruction: instruction?,
            audience: audience?,
            contact: contact?,
            area_description: area_description?,
        })
    })
}

fn line(fields: &mut Fields, path: &str, sent: &str, length: RangeInclusive<usize>) -> Option<String> {
    let read = fields.line(path, sent, length)?;
    for_a_document(fields, path, read)
}

fn text(fields: &mut Fields, path: &str, sent: &str, length: RangeInclusive<usize>) -> Option<String> {
    let read = fields.text(path, sent, length)?;
    for_a_document(fields, path, read)
}

/// XML has no way to write the two characters that are none, and what is needed must not be blank.
fn for_a_document(fields: &mut Fields, path: &str, read: String) -> Option<String> {
    let blank = !read.is_empty() && read.trim().is_empty();
    if blank || read.contains(['\u{fffe}', '\u{ffff}']) {
        fields.refuse(path, "more than blanks, without U+FFFE and U+FFFF");
        return None;
    }
    Some(read)
}
