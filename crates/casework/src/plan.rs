//! The tasks of months, begun at once.

use helpline_domain::caller::Caller;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::task::{NewPlan, Task};

use crate::act::{is_open, seen};
use crate::task::{committed, near};

/// Begins a plan of the settings. Errors: NOT_FOUND, INVALID_FIELD for a plan that the settings do not have or a time far off, STATE_REFUSED for a
/// closed case, or a plan of which something is still to be done, REQUEST_ID_REUSED.
pub(crate) async fn start(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    mut new: NewPlan,
) -> Result<Vec<Task>, Refusal> {
    near(ctx, "start_time", new.begins_at).await?;
    let settings = ctx.settings.current(caller.centre_id).await?;
    let rules = &settings.settings.cases;
    let plan = rules.plans.iter().find(|one| one.plan == new.plan);
    let change = match plan {
        Some(plan) => {
            new.tasks = plan.tasks().into_iter().map(|task| (ctx.ids.v7(), task)).collect();
            ctx.store.start_plan(command, &new, (rules, settings.version)).await?
        }
        None => ctx.store.recall_change(command).await?,
    };
    let why = async {
        is_open(&seen(ctx, caller, new.case_id).await?)?;
        Ok(match plan {
            Some(_) => Refusal::state("plan", "begun"),
            None => Refusal::invalid_field("plan", "a plan of the settings"),
        })
    };
    outcome(committed(change), |id| std::future::ready(Ok(id)), why).await?;
    Ok(ctx.store.tasks_of_plan(caller, new.case_id, &new.plan).await?)
}
