//! Requests that change a hand-over.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::crossborder::{
    CrossBorderDeclineReason, CrossBorderOutcome, CrossBorderWellBeing, CrossBorderWithdrawReason,
};
use helpline_domain::id::AgencyId;
use helpline_proto::crossborder::v1 as proto;
use helpline_proto::intake::v1 as intake;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{age_band_from, gender_from, read_field_classes};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::crossborder::prepare::{NewCrossBorder, Profile};
use helpline_store::crossborder::read::Travel;
use helpline_store::crossborder::step::Act;
use helpline_store::referral::Particulars;
use helpline_vault::Sensitive;

use super::{
    decline_reason_from, escort_from, outcome_from, route_from, well_being_from, withdraw_reason_from,
};
use crate::certificate::Signed;

/// Characters of a remark and of conditions.
const REMARK: usize = 2000;
/// Characters of each class of particulars, and of the details of a journey.
const PARTICULAR: usize = 4000;
const MOST_NEEDS: usize = 20;
/// Digits of a SHA-256.
const DIGITS: usize = 64;
/// The base64 of 64 bytes.
const SIGNATURE: usize = 88;

/// Who asks for which step.
type Asked = (Command, Act);

/// What was said, if anything was.
struct Words(Option<Sensitive<String>>);

/// Text that may be missing. `None` when it cannot be used.
fn sensitive(
    fields: &mut Fields,
    (path, kind): (&str, &'static str),
    sent: &str,
    most: usize,
) -> Option<Words> {
    let text = fields.text(path, sent, 0..=most)?;
    Some(Words(Some(text).filter(|text| !text.is_empty()).map(|text| Sensitive::new(kind, text))))
}

/// What every step says.
struct Said<'a> {
    request_id: &'a str,
    crossborder_id: &'a str,
    remark: &'a str,
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
    let crossborder_id = fields.id("crossborder_id", said.crossborder_id);
    let remark = sensitive(&mut fields, ("remark", "narrative"), said.remark, REMARK);
    let expected = fields.expected_revision("expected_revision", said.expected_revision);
    let rest = rest(&mut fields);
    fields.build((|| {
        let act = Act {
            crossborder_id: crossborder_id?,
            expected: expected?,
            entry_id: ctx.ids.v7(),
            remark: remark?.0,
        };
        Some(((command(ctx, caller, method, request_id?, sent), act), rest?))
    })())
}

/// What a request of these says as a step.
macro_rules! said {
    ($sent:ident, $remark:expr, $expected:expr) => {
        &Said {
            request_id: &$sent.request_id,
            crossborder_id: &$sent.crossborder_id,
            remark: $remark,
            expected_revision: $expected,
        }
    };
    ($sent:ident) => {
        said!($sent, &$sent.remark, $sent.expected_revision)
    };
}

/// Readers of steps that say nothing but themselves.
macro_rules! bare {
    ($($name:ident: $method:literal, $request:ident;)+) => {
        $(pub(crate) fn $name(ctx: &Ctx, caller: &Caller, sent: &proto::$request) -> Result<Asked, Refusal> {
            read((ctx, caller), ($method, sent), said!(sent), |_| Some(())).map(|(asked, ())| asked)
        })+
    };
}

bare!(
    assess: "StartReceivingAssessment", StartReceivingAssessmentRequest;
    depart: "RecordCrossBorderDeparture", RecordCrossBorderDepartureRequest;
    arrive: "ConfirmCrossBorderArrival", ConfirmCrossBorderArrivalRequest;
);

/// Readers of steps that say one word, which must be said.
macro_rules! word {
    ($($name:ident: $method:literal, $request:ident, $field:ident, $wire:ident, $from:ident -> $domain:ty;)+) => {
        $(pub(crate) fn $name(
            ctx: &Ctx,
            caller: &Caller,
            sent: &proto::$request,
        ) -> Result<(Asked, $domain), Refusal> {
            read((ctx, caller), ($method, sent), said!(sent), |fields| {
                fields.choice(stringify!($field), sent.$field, proto::$wire::as_str_name).and_then($from)
            })
        })+
    };
}

word!(
    decline: "DeclineCrossBorderHandover", DeclineCrossBorderHandoverRequest, reason, CrossBorderDeclineReason, decline_reason_from
        -> CrossBorderDeclineReason;
    visit: "RecordCrossBorderFirstVisit", RecordCrossBorderFirstVisitRequest, well_being, CrossBorderWellBeing, well_being_from
        -> CrossBorderWellBeing;
    report: "ReportCrossBorderMonitoring", ReportCrossBorderMonitoringRequest, well_being, CrossBorderWellBeing, well_being_from
        -> CrossBorderWellBeing;
    close: "CloseCrossBorderHandover", CloseCrossBorderHandoverRequest, outcome, CrossBorderOutcome, outcome_from
        -> CrossBorderOutcome;
    withdraw: "WithdrawCrossBorderHandover", WithdrawCrossBorderHandoverRequest, reason, CrossBorderWithdrawReason, withdraw_reason_from
        -> CrossBorderWithdrawReason;
);

pub(crate) fn check(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::CheckCrossBorderTransferRequest,
) -> Result<(Asked, String), Refusal> {
    read((ctx, caller), ("CheckCrossBorderTransfer", sent), said!(sent, "", 0), |fields| {
        fields.key("legal_basis", &sent.legal_basis)
    })
}

pub(crate) fn offer(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::OfferCrossBorderHandoverRequest,
) -> Result<(Asked, Option<AgencyId>), Refusal> {
    let said = said!(sent, "", sent.expected_revision);
    read((ctx, caller), ("OfferCrossBorderHandover", sent), said, |fields| {
        fields.optional_id("agency_id", &sent.agency_id)
    })
}

pub(crate) fn accept(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AcceptCrossBorderHandoverRequest,
) -> Result<(Asked, Option<Sensitive<String>>), Refusal> {
    let said = said!(sent, "", sent.expected_revision);
    read((ctx, caller), ("AcceptCrossBorderHandover", sent), said, |fields| {
        sensitive(fields, ("conditions", "narrative"), &sent.conditions, REMARK).map(|words| words.0)
    })
}

pub(crate) fn sign(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::SignCrossBorderCertificateRequest,
) -> Result<(Asked, Signed), Refusal> {
    let said = said!(sent, "", sent.expected_revision);
    read((ctx, caller), ("SignCrossBorderCertificate", sent), said, |fields| {
        let sha256 = fields.line("sha256", &sent.sha256, DIGITS..=DIGITS);
        let signature = fields.line("signature", &sent.signature, 0..=SIGNATURE);
        Some(Signed { sha256: sha256?, signature: signature? })
    })
}

pub(crate) fn plan(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::PlanCrossBorderTravelRequest,
) -> Result<(Asked, Travel), Refusal> {
    let said = said!(sent, "", sent.expected_revision);
    read((ctx, caller), ("PlanCrossBorderTravel", sent), said, |fields| {
        let travel = fields.required("travel", sent.travel.as_ref())?;
        fields.within("travel", |fields| journey(fields, travel))
    })
}

fn journey(fields: &mut Fields, sent: &proto::CrossBorderTravel) -> Option<Travel> {
    let departs_at = fields.timestamp("depart_time", sent.depart_time.as_ref());
    let arrives_at: Option<DateTime<Utc>> = fields.timestamp("arrive_time", sent.arrive_time.as_ref());
    let escort = fields.choice("escort", sent.escort, proto::CrossBorderEscort::as_str_name);
    let route = fields.choice("route", sent.route, proto::CrossBorderRoute::as_str_name);
    let details = sensitive(fields, ("details", "location"), &sent.details, PARTICULAR);
    let (departs_at, arrives_at) = (departs_at?, arrives_at?);
    if arrives_at <= departs_at {
        fields.refuse("arrive_time", "after depart_time");
        return None;
    }
    Some(Travel {
        departs_at,
        arrives_at,
        escort: escort.and_then(escort_from)?,
        route: route.and_then(route_from)?,
        details: details?.0,
    })
}

pub(crate) fn prepare(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::PrepareCrossBorderHandoverRequest,
) -> Result<(Command, NewCrossBorder), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let case_id = fields.id("case_id", &sent.case_id);
    let country = fields.country("country", &sent.country);
    let profile = fields
        .required("profile", sent.profile.as_ref())
        .and_then(|sent| fields.within("profile", |fields| profile(fields, sent)));
    let field_classes = read_field_classes(&mut fields, "field_classes", &sent.field_classes);
    if sent.field_classes.is_empty() {
        fields.refuse("field_classes", "one at least");
    }
    let known = sent.particulars.clone().unwrap_or_default();
    let particulars = fields.within("particulars", |fields| particulars(fields, &known));
    fields.build((|| {
        let new = NewCrossBorder {
            crossborder_id: ctx.ids.v7().into(),
            case_id: case_id?,
            country: country?,
            profile: profile?,
            field_classes: field_classes?,
            particulars: particulars?,
            entry_id: ctx.ids.v7(),
        };
        Some((command(ctx, caller, "PrepareCrossBorderHandover", request_id?, sent), new))
    })())
}

fn profile(fields: &mut Fields, sent: &proto::CrossBorderProfile) -> Option<Profile> {
    let age = fields.choice("age_band", sent.age_band, intake::AgeBand::as_str_name);
    let sex = fields.choice("gender", sent.gender, intake::Gender::as_str_name);
    let needs = needs(fields, &sent.needs);
    let region = fields.optional_key("region", &sent.region);
    let language = fields.language("language", &sent.language);
    Some(Profile {
        age_band: age.and_then(age_band_from)?,
        gender: sex.and_then(gender_from)?,
        needs: needs?,
        region: region?,
        language: language?,
    })
}

fn needs(fields: &mut Fields, sent: &[String]) -> Option<Vec<String>> {
    if sent.len() > MOST_NEEDS {
        fields.refuse("needs", format!("at most {MOST_NEEDS} entries"));
        return None;
    }
    let read: Vec<Option<String>> =
        (0_usize..).zip(sent).map(|(place, need)| fields.key(&format!("needs[{place}]"), need)).collect();
    read.into_iter().collect()
}

fn particulars(fields: &mut Fields, sent: &proto::CrossBorderParticulars) -> Option<Particulars> {
    let mut read = |path: &'static str, text: &str| sensitive(fields, (path, path), text, PARTICULAR);
    let identity = read("identity", &sent.identity);
    let contact = read("contact", &sent.contact);
    let location = read("location", &sent.location);
    let narrative = read("narrative", &sent.narrative);
    let health = read("health", &sent.health);
    let legal = read("legal", &sent.legal);
    let perpetrator = read("perpetrator", &sent.perpetrator);
    Some(Particulars {
        identity: identity?.0,
        contact: contact?.0,
        location: location?.0,
        narrative: narrative?.0,
        health: health?.0,
        legal: legal?.0,
        perpetrator: perpetrator?.0,
    })
}
