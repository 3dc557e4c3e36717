//! Well-formed requests about plans, disclosures and second opinions.

use helpline_proto::escalation::v1::{
    AnswerSecondOpinionRequest, ApproveDisclosureRequest, AskSecondOpinionRequest, Conditions, ConsentBy,
    Danger, DiscloseRequest, DisclosureBasis, DisclosurePurpose, EscalationKind, GetPlanRequest, Layer,
    ListDisclosuresRequest, ListSecondOpinionsRequest, ListStandInsRequest, MakeStandInRequest,
    OpinionAnswer, Plan, PlannedCall, Policy, PreviewPlanRequest, PublishPlanRequest,
    RevokeDisclosureRequest, RevokeStandInRequest, Rotation, Schedule, Step, Target, TargetKind, TurnUnit,
    WeekHours, WeekWindow, Weekday, WhoIsOnCallRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use prost::Message as _;
use prost_types::Timestamp;

use super::{id, seconds};

fn call() -> PlannedCall {
    PlannedCall {
        label: "Civil defence".to_owned(),
        number: "+974 999".to_owned(),
        script: "Say where.".to_owned(),
        agency_id: String::new(),
    }
}

fn hours() -> WeekHours {
    let window = WeekWindow {
        days: vec![Weekday::Friday.into()],
        from: "22:00".to_owned(),
        until: "06:00".to_owned(),
    };
    WeekHours { time_zone: "Asia/Qatar".to_owned(), windows: vec![window] }
}

/// A plan in which every field is set that can be; its rotation is of somebody who is not there.
fn plan() -> Plan {
    let conditions = Conditions {
        kinds: vec![EscalationKind::MandatoryReport.into()],
        least_risk: Risk::High.into(),
        dangers: vec![Danger::Missing.into()],
        regions: vec!["north".to_owned()],
        hours: Some(hours()),
    };
    let target = Target { kind: TargetKind::Call.into(), call: Some(call()), ..Target::default() };
    let policy = |key: &str, conditions: Option<Conditions>| Policy {
        policy: key.to_owned(),
        remind: conditions.is_some().then(|| seconds(3600)),
        working_hours: conditions.is_some().then(hours),
        conditions,
        steps: vec![Step { targets: vec![target.clone()], wait: Some(seconds(60)) }],
        repeats: 1,
        accept: Some(seconds(120)),
        reach: Some(seconds(1800)),
    };
    let rotation = Rotation {
        rotation: "duty".to_owned(),
        time_zone: "Asia/Qatar".to_owned(),
        begins_at: "2026-01-01T08:00".to_owned(),
        turn_unit: TurnUnit::Days.into(),
        turn: 1,
        members: vec![id()],
    };
    let layer = Layer { rotation: "duty".to_owned(), hours: Some(hours()) };
    Plan {
        version: 0,
        policies: vec![policy("missing", Some(conditions)), policy("general", None)],
        rotations: vec![rotation],
        schedules: vec![Schedule { schedule: "watch".to_owned(), layers: vec![layer] }],
        fallback: Some(call()),
        fallback_every: Some(seconds(300)),
        reach_alarm_every: Some(seconds(600)),
    }
}

/// The bytes of a well-formed request, if the method is about these.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    let later = Some(Timestamp { seconds: 4_000_000_000, nanos: 0 });
    Some(match method {
        "PublishPlan" => {
            PublishPlanRequest { request_id: id(), plan: Some(plan()), expected_version: 0 }.encode_to_vec()
        }
        "GetPlan" => GetPlanRequest { version: 0 }.encode_to_vec(),
        "PreviewPlan" => PreviewPlanRequest {
            kind: EscalationKind::Emergency.into(),
            risk: Risk::HarmNow.into(),
            danger: Danger::Violence.into(),
            region: "north".to_owned(),
            time: later,
        }
        .encode_to_vec(),
        "WhoIsOnCall" => WhoIsOnCallRequest { time: later }.encode_to_vec(),
        "MakeStandIn" => MakeStandInRequest {
            request_id: id(),
            schedule: "watch".to_owned(),
            counsellor_id: id(),
            begin_time: None,
            end_time: later,
        }
        .encode_to_vec(),
        "RevokeStandIn" => RevokeStandInRequest { request_id: id(), stand_in_id: id() }.encode_to_vec(),
        "ListStandIns" => ListStandInsRequest::default().encode_to_vec(),
        "Disclose" => DiscloseRequest {
            request_id: id(),
            escalation_id: id(),
            agency_id: id(),
            purpose: DisclosurePurpose::Emergency.into(),
            field_classes: vec![FieldClass::Location.into()],
            basis: DisclosureBasis::Consent.into(),
            consent_by: ConsentBy::Child.into(),
            ground: 0,
            lifetime: Some(seconds(3600)),
        }
        .encode_to_vec(),
        "ApproveDisclosure" => {
            ApproveDisclosureRequest { request_id: id(), disclosure_id: id() }.encode_to_vec()
        }
        "RevokeDisclosure" => {
            RevokeDisclosureRequest { request_id: id(), disclosure_id: id() }.encode_to_vec()
        }
        "ListDisclosures" => {
            ListDisclosuresRequest { escalation_id: id(), ..ListDisclosuresRequest::default() }
                .encode_to_vec()
        }
        "AskSecondOpinion" => AskSecondOpinionRequest {
            request_id: id(),
            escalation_id: id(),
            contact_id: String::new(),
            question: "Is this for the police?".to_owned(),
        }
        .encode_to_vec(),
        "AnswerSecondOpinion" => AnswerSecondOpinionRequest {
            request_id: id(),
            opinion_id: id(),
            answer: OpinionAnswer::Escalate.into(),
            remark: "At once.".to_owned(),
        }
        .encode_to_vec(),
        "ListSecondOpinions" => ListSecondOpinionsRequest::default().encode_to_vec(),
        _ => return None,
    })
}
