//! Tasks on the wire. What its reader may not read is not there.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{CounsellorId, ReferralId, RequestId, TaskId};
use helpline_domain::shelter::FOLLOW_UP_PLANS;
use helpline_domain::task::{Rung, TaskHands};
use helpline_proto::casework::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::task::read::TaskFilter;
use helpline_store::casework::task::step::TaskAct;
use helpline_store::casework::task::{NewPlan, NewTask, Task};
use uuid::Uuid;

use super::{REMARK, id, sensitive, task_state, text};
use crate::task::Place;

/// Whom it has told how late it is.
fn alarm(climbed: i32) -> proto::TaskAlarm {
    match Rung::after(climbed.saturating_sub(1)) {
        None => proto::TaskAlarm::Unspecified,
        Some(Rung::DueSoon) => proto::TaskAlarm::DueSoon,
        Some(Rung::Overdue) => proto::TaskAlarm::Overdue,
        Some(Rung::Supervisor) => proto::TaskAlarm::Supervisor,
        Some(Rung::Coordinator) => proto::TaskAlarm::Coordinator,
    }
}

fn hands_from(hands: proto::TaskHands) -> Option<TaskHands> {
    match hands {
        proto::TaskHands::Unspecified => None,
        proto::TaskHands::Agency => Some(TaskHands::Agency),
        proto::TaskHands::Declined => Some(TaskHands::Declined),
    }
}

/// A task. Which case it is of, who owns it and whom it has alarmed is the centre's own affair.
pub(crate) fn task(caller: &Caller, one: &Task) -> proto::Task {
    let inside = caller.role != Role::AgencyResponder;
    let within = |text: String| if inside { text } else { String::new() };
    // Who calls somebody later need not say that they lived in a shelter.
    let plan = one.plan.as_ref().filter(|plan| !FOLLOW_UP_PLANS.contains(&plan.as_str()));
    proto::Task {
        task_id: one.task_id.to_string(),
        number: one.number,
        case_id: within(one.case_id.to_string()),
        task: one.task.clone(),
        domain: one.domain.clone().unwrap_or_default(),
        note: text(one.note.as_ref()),
        state: task_state(one.state).into(),
        owner_id: within(one.owner_id.to_string()),
        agency_id: id(one.agency_id.map(|id| id.as_uuid())),
        referral_id: id(one.referral_id.map(|id| id.as_uuid())),
        due_time: Some(timestamp(one.due_at)),
        alarm: if inside { alarm(one.climbed).into() } else { 0 },
        plan: within(plan.cloned().unwrap_or_default()),
        plan_step: if inside { plan.and(one.plan_step).unwrap_or_default() } else { 0 },
        end_time: one.ended_at.map(timestamp),
        revision: one.revision,
        remark: text(one.remark.as_ref()),
        confidential: inside && one.confidential,
        declined_agency_ids: one.declined_by.iter().filter(|_| inside).map(ToString::to_string).collect(),
    }
}

pub(crate) fn add(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AddTaskRequest,
) -> Result<(Command, (NewTask, Option<CounsellorId>)), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let case_id = fields.id("case_id", &sent.case_id);
    let task = fields.key("task", &sent.task);
    let domain = fields.optional_key("domain", &sent.domain);
    let note = sensitive(&mut fields, "note", &sent.note, 0..=REMARK);
    let due_at = fields.timestamp("due_time", sent.due_time.as_ref());
    let to: Option<Option<CounsellorId>> = fields.optional_id("counsellor_id", &sent.counsellor_id);
    let referral_id = fields.optional_id("referral_id", &sent.referral_id);
    let built = (|| {
        let new = NewTask {
            task_id: ctx.ids.v7().into(),
            case_id: case_id?,
            task: task?,
            domain: domain?,
            note: note?.0,
            owner_id: to?.map_or_else(|| caller.principal(), |to| to.as_uuid()),
            referral_id: referral_id?,
            due_at: due_at?,
            entry_id: ctx.ids.v7(),
        };
        Some((request_id?, (new, to?)))
    })();
    let (request_id, read) = fields.build(built)?;
    Ok((command(ctx, caller, "AddTask", request_id, sent), read))
}

/// What is asked of a task, under which id.
fn act(
    ctx: &Ctx,
    fields: &mut Fields,
    (request_id, task_id): (&str, &str),
    (remark, least): (&str, usize),
) -> Option<(RequestId, TaskAct)> {
    let request_id = fields.request_id(request_id);
    let task_id = fields.id("task_id", task_id);
    let remark = sensitive(fields, "remark", remark, least..=REMARK);
    let (task_id, remark) = (task_id?, remark?.0);
    Some((request_id?, TaskAct { task_id, entry_id: ctx.ids.v7(), remark }))
}

/// A command about a task, and what it is about.
pub(crate) type Read = Result<(Command, TaskAct), Refusal>;

fn read<M: prost::Message>(
    (ctx, caller): (&Ctx, &Caller),
    (method, sent): (&'static str, &M),
    ids: (&str, &str),
    remark: (&str, usize),
) -> Read {
    let mut fields = Fields::new();
    let built = act(ctx, &mut fields, ids, remark);
    let (request_id, act) = fields.build(built)?;
    Ok((command(ctx, caller, method, request_id, sent), act))
}

pub(crate) fn answer(ctx: &Ctx, caller: &Caller, sent: &proto::AnswerTaskRequest) -> Read {
    read((ctx, caller), ("AnswerTask", sent), (&sent.request_id, &sent.task_id), (&sent.remark, 0))
}

/// To whom a task goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hands {
    /// The counsellor who owns it then.
    pub(crate) to: Option<CounsellorId>,
    /// The referral under which an agency is to do it.
    pub(crate) referral_id: Option<ReferralId>,
}

pub(crate) fn hand(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::HandTaskRequest,
) -> Result<(Command, TaskAct, Hands), Refusal> {
    let mut fields = Fields::new();
    let to = fields.optional_id("counsellor_id", &sent.counsellor_id);
    let referral_id = fields.optional_id("referral_id", &sent.referral_id);
    let ids = (sent.request_id.as_str(), sent.task_id.as_str());
    let (request_id, act) = act(ctx, &mut fields, ids, (&sent.remark, 0)).unzip();
    let built = (|| Some((request_id?, act?, Hands { to: to?, referral_id: referral_id? })))();
    let (request_id, act, hands) = fields.build(built)?;
    Ok((command(ctx, caller, "HandTask", request_id, sent), act, hands))
}

pub(crate) fn complete(ctx: &Ctx, caller: &Caller, sent: &proto::CompleteTaskRequest) -> Read {
    read((ctx, caller), ("CompleteTask", sent), (&sent.request_id, &sent.task_id), (&sent.remark, 0))
}

pub(crate) fn cancel(ctx: &Ctx, caller: &Caller, sent: &proto::CancelTaskRequest) -> Read {
    read((ctx, caller), ("CancelTask", sent), (&sent.request_id, &sent.task_id), (&sent.remark, 1))
}

pub(crate) fn start(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::StartPlanRequest,
) -> Result<(Command, NewPlan), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let case_id = fields.id("case_id", &sent.case_id);
    let plan = fields.key("plan", &sent.plan);
    let begins_at = fields.optional_timestamp("start_time", sent.start_time.as_ref());
    let built = (|| {
        let (case_id, plan, begins_at) = (case_id?, plan?, begins_at?);
        let entry_id: Uuid = ctx.ids.v7();
        Some((request_id?, NewPlan { case_id, plan, begins_at, tasks: Vec::new(), entry_id }))
    })();
    let (request_id, new) = fields.build(built)?;
    Ok((command(ctx, caller, "StartPlan", request_id, sent), new))
}

pub(crate) fn task_id(sent: &str) -> Result<TaskId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("task_id", sent);
    fields.build(id)
}

/// The page tokens of a list of tasks.
pub(crate) fn list_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListTasksRequest,
) -> PageTokens<'a> {
    let filter = proto::ListTasksRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListTasks", caller, &filter)
}

/// Which tasks, and a page of them.
pub(crate) type List = (TaskFilter, (u32, Option<Place>));

pub(crate) fn list(pages: &PageTokens<'_>, request: &proto::ListTasksRequest) -> Result<List, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let case_id = fields.optional_id("case_id", &request.case_id);
    let agency_id = fields.optional_id("agency_id", &request.agency_id);
    let hands = fields.optional_choice("hands", request.hands, proto::TaskHands::as_str_name);
    let built = size.zip(case_id).zip(agency_id.zip(hands));
    let ((size, case_id), (agency_id, hands)) = fields.build(built)?;
    let filter = TaskFilter {
        open: request.open,
        overdue: request.overdue,
        own: request.own,
        hands: hands.and_then(hands_from),
        case_id,
        agency_id,
    };
    Ok((filter, (size, pages.open(&request.page_token)?)))
}
