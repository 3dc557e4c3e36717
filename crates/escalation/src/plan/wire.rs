//! Requests about the plan, read.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::StandInId;
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{read_risk, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::stand_in::{NewStandIn, StandIn};

use super::document::{self, danger_from, kind_from};
use super::preview_plan::PreviewPlan;
use super::publish_plan::PublishPlan;

pub(crate) fn publish(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::PublishPlanRequest,
) -> Result<PublishPlan, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let expected_version = fields.expected_revision("expected_version", sent.expected_version);
    let plan = fields
        .required("plan", sent.plan.as_ref())
        .and_then(|plan| fields.within("plan", |fields| document::read(fields, plan)));
    fields.build((|| {
        Some(PublishPlan {
            command: command(ctx, caller, "PublishPlan", request_id?, sent),
            plan: plan?,
            expected_version: expected_version?,
        })
    })())
}

pub(crate) fn version(sent: proto::GetPlanRequest) -> Result<i64, Refusal> {
    let mut fields = Fields::new();
    let version = fields.int("version", sent.version, 0..=i64::MAX);
    fields.build(version)
}

pub(crate) fn preview(sent: &proto::PreviewPlanRequest) -> Result<PreviewPlan, Refusal> {
    let mut fields = Fields::new();
    let kind = fields.choice("kind", sent.kind, proto::EscalationKind::as_str_name).and_then(kind_from);
    let risk = read_risk(&mut fields, "risk", sent.risk);
    let danger = fields.choice("danger", sent.danger, proto::Danger::as_str_name).and_then(danger_from);
    let region = fields.optional_key("region", &sent.region);
    let at = fields.optional_timestamp("time", sent.time.as_ref());
    fields.build((|| {
        Some(PreviewPlan { kind: kind?, risk: risk?, danger: danger?, region: region?, at: at? })
    })())
}

pub(crate) fn at(sent: &proto::WhoIsOnCallRequest) -> Result<Option<DateTime<Utc>>, Refusal> {
    let mut fields = Fields::new();
    let at = fields.optional_timestamp("time", sent.time.as_ref());
    fields.build(at)
}

pub(crate) fn make_stand_in(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::MakeStandInRequest,
) -> Result<(Command, NewStandIn), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let schedule = fields.key("schedule", &sent.schedule);
    let counsellor_id = fields.id("counsellor_id", &sent.counsellor_id);
    let from_at = fields.optional_timestamp("begin_time", sent.begin_time.as_ref());
    let until_at = fields.timestamp("end_time", sent.end_time.as_ref());
    fields.build((|| {
        let command = command(ctx, caller, "MakeStandIn", request_id?, sent);
        let new = NewStandIn {
            stand_in_id: ctx.ids.v7().into(),
            schedule: schedule?,
            counsellor_id: counsellor_id?,
            from_at: from_at?,
            until_at: until_at?,
        };
        Some((command, new))
    })())
}

pub(crate) fn revoke_stand_in(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RevokeStandInRequest,
) -> Result<(Command, StandInId), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let id = fields.id("stand_in_id", &sent.stand_in_id);
    let id = fields.build(request_id.zip(id))?;
    Ok((command(ctx, caller, "RevokeStandIn", id.0, sent), id.1))
}

pub(crate) fn list_stand_ins<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    sent: &proto::ListStandInsRequest,
) -> Result<(u32, PageTokens<'a>), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(sent.page_size);
    let size = fields.build(size)?;
    let question = proto::ListStandInsRequest { include_past: sent.include_past, ..Default::default() };
    Ok((size, PageTokens::new(ctx.vault(), "ListStandIns", caller, &question)))
}

/// Somebody who stands in, as the message.
pub(crate) fn stand_in(one: &StandIn) -> proto::StandIn {
    proto::StandIn {
        stand_in_id: one.stand_in_id.to_string(),
        schedule: one.schedule.clone(),
        counsellor_id: one.counsellor_id.to_string(),
        begin_time: Some(timestamp(one.from_at)),
        end_time: Some(timestamp(one.until_at)),
        made_by: one.made_by.to_string(),
        make_time: Some(timestamp(one.made_at)),
        revoke_time: one.revoked_at.map(timestamp),
        revision: one.revision,
    }
}
