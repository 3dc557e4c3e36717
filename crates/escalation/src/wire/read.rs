//! Requests, read: every field that cannot be used is named at once.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::escalation::{EscalationKind, EscalationState, LocationSource, Outcome};
use helpline_domain::id::{AgencyId, ContactId, EscalationId, RequestId};
use helpline_domain::risk::Risk;
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{escalation_state, escalation_state_from, read_risk};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::escalation::Act;
use helpline_store::escalation::calls::{CallResult, Rung};
use helpline_store::escalation::notes::NewLocation;
use helpline_store::escalation::raise::Particulars;
use helpline_vault::Sensitive;

use super::{danger_from, kind_from, result_from, source_from};
use crate::calls::RecordCall;
use crate::raise::{RaiseEscalation, Report};

/// Longest remark, in characters.
const REMARK: usize = 2000;
/// Longest number under which an authority keeps something, in characters.
const NUMBER: usize = 100;
/// Longest place, in characters.
const PLACE: usize = 500;
/// Why an end without the child reached is asked for.
const END_REASONS: [&str; 6] =
    ["false_alarm", "duplicate", "resolved_otherwise", "no_location", "search_ended", "other"];
/// Why a child was not told of a report.
const NOT_INFORMED: [&str; 4] = ["danger", "not_reachable", "too_young", "other"];

/// What every command about an escalation has: its id, the escalation, a remark.
pub(crate) type Begun = (RequestId, Act);

fn begin(
    ctx: &Ctx,
    fields: &mut Fields,
    (request_id, escalation_id): (&str, &str),
    remark: Option<Sensitive<String>>,
) -> Option<Begun> {
    let request_id = fields.request_id(request_id);
    let escalation_id = fields.id("escalation_id", escalation_id);
    Some((request_id?, Act { escalation_id: escalation_id?, remark_id: ctx.ids.v7(), remark }))
}

fn remark(fields: &mut Fields, sent: &str, needed: bool) -> Option<Sensitive<String>> {
    let length = usize::from(needed)..=REMARK;
    fields.text("remark", sent, length).map(|remark| Sensitive::new("narrative", remark))
}

fn key_of(fields: &mut Fields, path: &str, sent: &str, known: &[&str]) -> Option<String> {
    let found = known.contains(&sent).then(|| sent.to_owned());
    if found.is_none() {
        fields.refuse(path, format!("one of {}", known.join(", ")));
    }
    found
}

/// A command that names an escalation and nothing else.
pub(crate) fn plain(ctx: &Ctx, request_id: &str, escalation_id: &str) -> Result<Begun, Refusal> {
    let mut fields = Fields::new();
    let begun = begin(ctx, &mut fields, (request_id, escalation_id), None);
    fields.build(begun)
}

pub(crate) fn raise(
    ctx: &Ctx,
    caller: &Caller,
    request: &proto::RaiseEscalationRequest,
) -> Result<RaiseEscalation, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let kind = fields.choice("kind", request.kind, proto::EscalationKind::as_str_name).and_then(kind_from);
    let contact_id = fields.optional_id::<ContactId>("contact_id", &request.contact_id);
    let case_id = fields.optional_id("case_id", &request.case_id);
    let risk = read_risk(&mut fields, "risk", request.risk);
    if contact_id == Some(None) && risk == Some(Risk::Unassessed) {
        fields.refuse("risk", "required without a contact");
    }
    let danger = fields.choice("danger", request.danger, proto::Danger::as_str_name).and_then(danger_from);
    let region = fields.optional_key("region", &request.region);
    let particulars = match &request.particulars {
        None => Some(Particulars::default()),
        Some(sent) => fields.within("particulars", |fields| read_particulars(fields, sent)),
    };
    let location = match &request.location {
        None => Some(None),
        Some(sent) => fields.within("location", |fields| read_location(ctx, fields, caller, sent)).map(Some),
    };
    let report = match (&request.report, kind) {
        (None, Some(EscalationKind::MandatoryReport)) => {
            fields.refuse("report", "required for a mandatory report");
            None
        }
        (Some(_), Some(EscalationKind::Emergency)) => {
            fields.refuse("report", "for a mandatory report alone");
            None
        }
        (None, _) => Some(None),
        (Some(sent), _) => fields.within("report", |fields| read_report(fields, sent)).map(Some),
    };
    fields.build((|| {
        Some(RaiseEscalation {
            command: command(ctx, caller, "RaiseEscalation", request_id?, request),
            kind: kind?,
            contact_id: contact_id?,
            case_id: case_id?,
            risk: risk?,
            danger: danger?,
            region: region?,
            particulars: particulars?,
            location: location?,
            exercise: request.exercise,
            report: report?,
        })
    })())
}

fn read_particulars(fields: &mut Fields, sent: &proto::Particulars) -> Option<Particulars> {
    let mut read = |path: &str, kind: &'static str, text: &str, longest: usize| {
        fields.text(path, text, 0..=longest).map(|text| Sensitive::new(kind, text))
    };
    let identity = read("identity", "identity", &sent.identity, 500);
    let contact = read("contact", "contact", &sent.contact, 200);
    let narrative = read("narrative", "narrative", &sent.narrative, 4000);
    let health = read("health", "health", &sent.health, 2000);
    let perpetrator = read("perpetrator", "perpetrator", &sent.perpetrator, 2000);
    Some(Particulars {
        identity: Some(identity?),
        contact: Some(contact?),
        narrative: Some(narrative?),
        health: Some(health?),
        perpetrator: Some(perpetrator?),
    })
}

fn read_location(
    ctx: &Ctx,
    fields: &mut Fields,
    caller: &Caller,
    sent: &proto::Location,
) -> Option<NewLocation> {
    let place = fields.text("place", &sent.place, 1..=PLACE);
    let source = match caller.role {
        Role::AgencyResponder => Some(LocationSource::Responder),
        _ => fields.choice("source", sent.source, proto::LocationSource::as_str_name).and_then(source_from),
    };
    let observed_at = fields.optional_timestamp("observe_time", sent.observe_time.as_ref());
    Some(NewLocation {
        location_id: ctx.ids.v7(),
        source: source?,
        place: Sensitive::new("location", place?),
        observed_at: observed_at?,
    })
}

/// Keys, numbers and a time alone.
fn read_report(fields: &mut Fields, sent: &proto::Report) -> Option<Report> {
    let legal_basis = fields.key("legal_basis", &sent.legal_basis);
    let deadline = fields.timestamp("deadline", sent.deadline.as_ref());
    let reference_number = fields.line("reference_number", &sent.reference_number, 0..=NUMBER);
    let authority_id = fields.optional_id("authority_id", &sent.authority_id);
    let not_informed = match (sent.child_informed, sent.not_informed_reason.as_str()) {
        (true, "") => Some(None),
        (true, _) => {
            fields.refuse("not_informed_reason", "empty when the child was told");
            None
        }
        (false, reason) => key_of(fields, "not_informed_reason", reason, &NOT_INFORMED).map(Some),
    };
    Some(Report {
        legal_basis: legal_basis?,
        deadline: deadline?,
        authority_id: authority_id?,
        reference_number: reference_number?,
        not_informed: not_informed?,
    })
}

pub(crate) fn join(ctx: &Ctx, request: &proto::JoinEscalationRequest) -> Result<(Begun, ContactId), Refusal> {
    let mut fields = Fields::new();
    let begun = begin(ctx, &mut fields, (&request.request_id, &request.escalation_id), None);
    let contact = fields.id("contact_id", &request.contact_id);
    fields.build(begun.zip(contact))
}

pub(crate) fn decline(
    ctx: &Ctx,
    request: &proto::DeclineEscalationRequest,
) -> Result<(Begun, &'static str), Refusal> {
    use proto::EscalationDeclineReason as Reason;
    let mut fields = Fields::new();
    let reason = fields.choice("reason", request.reason, Reason::as_str_name).and_then(|reason| {
        Some(match reason {
            Reason::Unspecified => return None,
            Reason::NoCapacity => "no_capacity",
            Reason::OutOfArea => "out_of_area",
            Reason::NotCompetent => "not_competent",
            Reason::InsufficientInformation => "insufficient_information",
            Reason::Conflict => "conflict",
            Reason::Other => "other",
        })
    });
    let remark = remark(&mut fields, &request.remark, reason == Some("other"));
    let begun = begin(ctx, &mut fields, (&request.request_id, &request.escalation_id), remark);
    fields.build(begun.zip(reason))
}

pub(crate) fn progress(
    ctx: &Ctx,
    request: &proto::ReportProgressRequest,
) -> Result<(Begun, EscalationState), Refusal> {
    use EscalationState::{ChildReached, OnScene, Responding};
    let mut fields = Fields::new();
    let among = [Responding, OnScene, ChildReached];
    let state = one_of(&mut fields, request.state, &among);
    let remark = remark(&mut fields, &request.remark, false);
    let begun = begin(ctx, &mut fields, (&request.request_id, &request.escalation_id), remark);
    fields.build(begun.zip(state))
}

/// One of these states.
fn one_of(fields: &mut Fields, sent: i32, among: &[EscalationState]) -> Option<EscalationState> {
    let state = proto::EscalationState::try_from(sent).ok().and_then(escalation_state_from);
    let found = state.filter(|state| among.contains(state));
    if found.is_none() {
        let names: Vec<_> = among.iter().map(|state| escalation_state(*state).as_str_name()).collect();
        fields.refuse("state", format!("one of {}", names.join(", ")));
    }
    found
}

pub(crate) fn resolve(
    ctx: &Ctx,
    request: &proto::ResolveEscalationRequest,
) -> Result<(Begun, Outcome, Option<String>), Refusal> {
    let mut fields = Fields::new();
    let outcome =
        fields.choice("outcome", request.outcome, proto::Outcome::as_str_name).and_then(result_from);
    let remark = remark(&mut fields, &request.remark, outcome == Some(Outcome::Other));
    let number = fields.line("reference_number", request.reference_number.trim(), 0..=NUMBER);
    let begun = begin(ctx, &mut fields, (&request.request_id, &request.escalation_id), remark);
    fields.build((|| Some((begun?, outcome?, Some(number?).filter(|number| !number.is_empty()))))())
}

pub(crate) fn ask_to_end(
    ctx: &Ctx,
    request: &proto::AskToEndRequest,
) -> Result<(Begun, EscalationState, String), Refusal> {
    let mut fields = Fields::new();
    let among = [EscalationState::StoodDown, EscalationState::ClosedUnreached];
    let state = one_of(&mut fields, request.state, &among);
    let reason = key_of(&mut fields, "reason", &request.reason, &END_REASONS);
    let remark = remark(&mut fields, &request.remark, reason.as_deref() == Some("other"));
    let begun = begin(ctx, &mut fields, (&request.request_id, &request.escalation_id), remark);
    fields.build((|| Some((begun?, state?, reason?)))())
}

pub(crate) fn decide_end(ctx: &Ctx, request: &proto::DecideEndRequest) -> Result<(Begun, bool), Refusal> {
    let mut fields = Fields::new();
    let remark = remark(&mut fields, &request.remark, false);
    let begun = begin(ctx, &mut fields, (&request.request_id, &request.escalation_id), remark);
    fields.build(begun.map(|begun| (begun, request.approve)))
}

pub(crate) fn hand_over(
    ctx: &Ctx,
    request: &proto::HandOverEscalationRequest,
) -> Result<(Begun, AgencyId, Sensitive<String>), Refusal> {
    let mut fields = Fields::new();
    let agency = fields.id("agency_id", &request.agency_id);
    let number = fields.line("their_incident", request.their_incident.trim(), 1..=NUMBER);
    let begun = begin(ctx, &mut fields, (&request.request_id, &request.escalation_id), None);
    fields.build((|| Some((begun?, agency?, Sensitive::new("legal", number?))))())
}

pub(crate) fn add_remark(
    ctx: &Ctx,
    caller: &Caller,
    request: &proto::AddRemarkRequest,
) -> Result<(Begun, bool), Refusal> {
    let mut fields = Fields::new();
    let remark = remark(&mut fields, &request.remark, true);
    let begun = begin(ctx, &mut fields, (&request.request_id, &request.escalation_id), remark);
    // What one agency writes is the centre's to share with others.
    let shared = request.shared && caller.role != Role::AgencyResponder;
    fields.build(begun.map(|begun| (begun, shared)))
}

pub(crate) fn add_location(
    ctx: &Ctx,
    caller: &Caller,
    request: &proto::AddLocationRequest,
) -> Result<(Begun, NewLocation), Refusal> {
    let mut fields = Fields::new();
    let begun = begin(ctx, &mut fields, (&request.request_id, &request.escalation_id), None);
    let location = fields
        .required("location", request.location.as_ref())
        .and_then(|sent| fields.within("location", |fields| read_location(ctx, fields, caller, sent)));
    fields.build(begun.zip(location))
}

pub(crate) fn record_call(
    ctx: &Ctx,
    request: &proto::RecordCallRequest,
) -> Result<(RequestId, RecordCall), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let delivery_id = fields.id("delivery_id", &request.delivery_id);
    let result = fields.choice("result", request.result, proto::CallResult::as_str_name).and_then(|result| {
        Some(match result {
            proto::CallResult::Unspecified => return None,
            proto::CallResult::NoAnswer => CallResult::NoAnswer,
            proto::CallResult::Acknowledged => CallResult::Acknowledged,
            proto::CallResult::Accepted => CallResult::Accepted,
            proto::CallResult::Declined => CallResult::Declined,
        })
    });
    let least = usize::from(result == Some(CallResult::Accepted));
    let number = fields.line("their_incident", request.their_incident.trim(), least..=NUMBER);
    let remark = remark(&mut fields, &request.remark, false);
    fields.build((|| {
        let their_incident = Some(number?).filter(|number| !number.is_empty());
        let rung = Rung {
            delivery_id: delivery_id?,
            result: result?,
            accept_s: 0,
            their_incident: their_incident.map(|number| Sensitive::new("legal", number)),
        };
        // Which escalation it is of is looked up.
        let act = Act { escalation_id: uuid::Uuid::nil().into(), remark_id: ctx.ids.v7(), remark };
        Some((request_id?, RecordCall { act, rung }))
    })())
}

pub(crate) fn escalation_id(sent: &str) -> Result<EscalationId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("escalation_id", sent);
    fields.build(id)
}
