//! What is to be done, by whom, until when.

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{CounsellorId, TaskId};
use helpline_domain::migrant::ANSWER_CONFERENCE;
use helpline_domain::task::TaskState;
use helpline_service_kit::command::outcome;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal, consulate, fail_point};
use helpline_store::casework::migrant::gate::About;
use helpline_store::casework::task::read::TaskFilter;
use helpline_store::casework::task::step::{TaskAct, TaskStep};
use helpline_store::casework::task::{NewTask, Task};
use helpline_store::{Change, Command};

use crate::act::{TRIES, choosable, is_open, seen};
use crate::open::Page;
use crate::wire::tasks::Hands;

/// A task that the caller may know of. Error: NOT_FOUND for every other.
pub(crate) async fn get(ctx: &Ctx, caller: &Caller, id: TaskId) -> Result<Task, Refusal> {
    ctx.store.task(caller, id).await?.ok_or_else(|| Refusal::not_found("task"))
}

/// The same, for who looks at it: the journal says so.
pub(crate) async fn read(ctx: &Ctx, caller: &Caller, id: TaskId) -> Result<Task, Refusal> {
    ctx.store.read_task(caller, id).await?.ok_or_else(|| Refusal::not_found("task"))
}

/// What was committed, told of.
pub(crate) fn committed<T>(change: Change<T>) -> Change<T> {
    if matches!(change, Change::Done(_)) {
        fail_point!("task.after_commit");
    }
    change
}

/// How long ago something may have been due, and how far off it may be.
const BEHIND: TimeDelta = TimeDelta::days(30);
const AHEAD: TimeDelta = TimeDelta::days(20 * 365);

/// Error: INVALID_FIELD for a time that nobody means.
pub(crate) async fn near(ctx: &Ctx, path: &str, at: Option<DateTime<Utc>>) -> Result<(), Refusal> {
    let Some(at) = at else { return Ok(()) };
    let now = ctx.store.now().await?;
    if (-BEHIND..=AHEAD).contains(&(at - now)) {
        Ok(())
    } else {
        Err(Refusal::invalid_field(path, "from 30 days ago to 20 years from now"))
    }
}

/// Gives a task. Errors: INVALID_FIELD for a time far off, NOT_FOUND for the case, the counsellor and the referral, which must be of the case and in the hands of its agency;
/// STATE_REFUSED for a closed case, REQUEST_ID_REUSED.
pub(crate) async fn add(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (new, to): (&NewTask, Option<CounsellorId>),
) -> Result<Task, Refusal> {
    near(ctx, "due_time", Some(new.due_at)).await?;
    if new.task == ANSWER_CONFERENCE {
        return Err(Refusal::invalid_field("task", "another than what the answer to a conference ends"));
    }
    let settings = ctx.settings.current(caller.centre_id).await?;
    let known = match to {
        Some(to) => choosable(ctx, caller, to).await?.is_some(),
        None => true,
    };
    let change = if known {
        ctx.store.add_task(command, new, (&settings.settings.cases, settings.version)).await?
    } else {
        ctx.store.recall_change(command).await?
    };
    let why = async {
        is_open(&seen(ctx, caller, new.case_id).await?)?;
        if let Some(referral) = new.referral_id {
            let about = About { referral: Some(referral.as_uuid()), ..About::default() };
            let agency = ctx.store.agency_of_referral(caller.centre_id, (new.case_id, referral)).await?;
            consulate::passes(ctx, caller, (agency.as_slice(), about), Refusal::not_found("referral"))
                .await?;
        }
        Ok(Refusal::not_found(if known { "referral" } else { "counsellor" }))
    };
    let id = outcome(committed(change), |id| std::future::ready(Ok(id)), why).await?;
    get(ctx, caller, id.into()).await
}

/// Whether the caller is who is to do it.
fn does(caller: &Caller, now: &Task) -> bool {
    match now.agency_id {
        Some(agency) => caller.agency_id == Some(agency),
        None => caller.role != Role::AgencyResponder && now.owner_id == caller.principal(),
    }
}

/// Error: STATE_REFUSED as `awaits_answer` for what nothing but the answer to a conference ends, as `awaits_arrival` for what the end of
/// help to return does.
fn by_hand(now: &Task) -> Result<(), Refusal> {
    if now.awaits_arrival && now.state.is_open() {
        return Err(Refusal::state("task", "awaits_arrival"));
    }
    let bound = now.plan.is_none() && now.task == ANSWER_CONFERENCE && now.state.is_open();
    if bound { Err(Refusal::state("task", "awaits_answer")) } else { Ok(()) }
}

fn refused(now: &Task) -> Refusal {
    Refusal::state("task", now.state.key())
}

/// Takes a task on, or gives it back: `None` for who may not know of it any more. Errors: NOT_FOUND, STATE_REFUSED with its state, as
/// `not_yours` for who is not to do it, or as `own` for who would give it back to themselves, REQUEST_ID_REUSED.
pub(crate) async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &TaskAct),
    accept: bool,
) -> Result<Option<Task>, Refusal> {
    step(ctx, caller, asked, |now| {
        if !does(caller, now) {
            return Err(Refusal::state("task", "not_yours"));
        }
        if accept {
            let ready = now.state == TaskState::Open;
            return ready.then(|| kept(now, "accepted", TaskState::Accepted)).ok_or_else(|| refused(now));
        }
        if !now.state.is_open() {
            return Err(refused(now));
        }
        if now.agency_id.is_none() && now.back_to == now.owner_id {
            return Err(Refusal::state("task", "own"));
        }
        let owner_id = if now.agency_id.is_some() { now.owner_id } else { now.back_to };
        let declined = now.agency_id;
        Ok(TaskStep { event: "given_back", state: TaskState::Open, owner_id, referral_id: None, declined })
    })
    .await?;
    Ok(ctx.store.task(caller, asked.1.task_id).await?)
}

const fn kept(now: &Task, event: &'static str, state: TaskState) -> TaskStep {
    TaskStep { event, state, owner_id: now.owner_id, referral_id: now.referral_id, declined: None }
}

/// Puts it into other hands. Errors: NOT_FOUND for the task, the counsellor, and the referral, which must be of the case and in the hands of
/// its agency; STATE_REFUSED with its state, as `not_yours` for who may not read the case, or neither owns it nor the task nor gave it, as
/// `own` where it is in those hands, as for [`complete`] for what no agency can end, of the case as `closed`; CONSULATE_REFUSED,
/// REQUEST_ID_REUSED.
pub(crate) async fn hand(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &TaskAct),
    hands: Hands,
) -> Result<Task, Refusal> {
    for _ in 0..TRIES {
        let now = ctx.store.task(caller, act.task_id).await?;
        let decided = match &now {
            Some(now) => handed(ctx, caller, now, hands).await.map(|step| (now.revision, step)),
            None => Err(Refusal::not_found("task")),
        };
        if attempt(ctx, (command, act), decided).await? {
            return get(ctx, caller, act.task_id).await;
        }
    }
    Err(Refusal::race_lost())
}

async fn handed(ctx: &Ctx, caller: &Caller, now: &Task, hands: Hands) -> Result<TaskStep, Refusal> {
    let case = ctx.store.case(caller, now.case_id).await?;
    let case = case.filter(|case| leads(caller, now) || case.owner_id == caller.principal());
    let case = case.ok_or_else(|| Refusal::state("task", "not_yours"))?;
    if !now.state.is_open() {
        return Err(refused(now));
    }
    is_open(&case)?;
    if let Some(to) = hands.to {
        choosable(ctx, caller, to).await?.ok_or_else(|| Refusal::not_found("counsellor"))?;
    }
    if let Some(referral) = hands.referral_id {
        by_hand(now)?;
        let none = || Refusal::not_found("referral");
        let about = About { referral: Some(referral.as_uuid()), ..About::default() };
        let agency = ctx.store.agency_of_referral(caller.centre_id, (now.case_id, referral)).await?;
        consulate::passes(ctx, caller, (agency.as_slice(), about), none()).await?;
        if !ctx.store.in_hands(caller.centre_id, (now.case_id, referral)).await? {
            return Err(none());
        }
    }
    let unnamed = if hands.referral_id.is_some() { now.owner_id } else { caller.principal() };
    let owner_id = hands.to.map_or(unnamed, |to| to.as_uuid());
    if (owner_id, hands.referral_id) == (now.owner_id, now.referral_id) {
        return Err(Refusal::state("task", "own"));
    }
    // The agency that has it keeps it when another owns it inside the centre.
    let stays = now.referral_id.is_some() && hands.referral_id == now.referral_id;
    let state = if stays { now.state } else { TaskState::Open };
    Ok(TaskStep { event: "handed", state, owner_id, referral_id: hands.referral_id, declined: None })
}

/// Says that it is done: who is to do it, or its owner. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn complete(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &TaskAct),
) -> Result<Task, Refusal> {
    step(ctx, caller, asked, |now| {
        if !does(caller, now) && !leads(caller, now) {
            return Err(Refusal::state("task", "not_yours"));
        }
        by_hand(now)?;
        let open = now.state.is_open();
        open.then(|| kept(now, "completed", TaskState::Completed)).ok_or_else(|| refused(now))
    })
    .await?;
    get(ctx, caller, asked.1.task_id).await
}

/// Whether the caller answers for it inside the centre.
fn leads(caller: &Caller, now: &Task) -> bool {
    let own = [now.owner_id, now.given_by].contains(&caller.principal());
    caller.role == Role::Supervisor || caller.role == Role::Counsellor && own
}

/// Takes it back. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn cancel(ctx: &Ctx, caller: &Caller, asked: (&Command, &TaskAct)) -> Result<Task, Refusal> {
    step(ctx, caller, asked, |now| {
        if !leads(caller, now) {
            return Err(Refusal::state("task", "not_yours"));
        }
        by_hand(now)?;
        let open = now.state.is_open();
        open.then(|| kept(now, "cancelled", TaskState::Cancelled)).ok_or_else(|| refused(now))
    })
    .await?;
    get(ctx, caller, asked.1.task_id).await
}

/// Makes a step: read how it stands, decide, commit if nothing has changed since, or decide again.
async fn step(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &TaskAct),
    decide: impl Fn(&Task) -> Result<TaskStep, Refusal>,
) -> Result<(), Refusal> {
    for _ in 0..TRIES {
        let now = ctx.store.task(caller, act.task_id).await?;
        let decided = match &now {
            Some(now) => decide(now).map(|step| (now.revision, step)),
            None => Err(Refusal::not_found("task")),
        };
        if attempt(ctx, (command, act), decided).await? {
            return Ok(());
        }
    }
    Err(Refusal::race_lost())
}

/// Makes a step that was decided on a revision, or refuses it; whether it is made, or has to be decided again.
async fn attempt(
    ctx: &Ctx,
    (command, act): (&Command, &TaskAct),
    decided: Result<(i64, TaskStep), Refusal>,
) -> Result<bool, Refusal> {
    let change = match &decided {
        Ok((revision, step)) => ctx.store.step_task(command, act, *revision, step).await?,
        // What is refused now may have happened before: a repeat is recognised.
        Err(_) => ctx.store.recall_change(command).await?,
    };
    match (committed(change), decided) {
        (Change::Done(_) | Change::Replayed { .. }, _) => Ok(true),
        (Change::Reused, _) => Err(Refusal::request_id_reused()),
        (Change::Refused, Err(refusal)) => Err(refusal),
        (Change::Refused, Ok(_)) => Ok(false),
    }
}

/// Where a page of tasks begins.
pub(crate) type Place = (DateTime<Utc>, TaskId);

/// Lists tasks, the first due first, without their notes.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    filter: TaskFilter,
    (size, after): (u32, Option<Place>),
) -> Result<Page<Task, Place>, Refusal> {
    let found = ctx.store.tasks(caller, filter, (size.saturating_add(1), after)).await?;
    Ok(cut(found, size, |one| (one.due_at, one.task_id)))
}
