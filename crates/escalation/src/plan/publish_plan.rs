//! Publishes and returns the plan.

use helpline_domain::caller::Caller;
use helpline_domain::escalation::check::check;
use helpline_domain::escalation::plan::Plan;
use helpline_service_kit::command::outcome;
use helpline_service_kit::error::Violation;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::escalation_plan::VersionedPlan;
use helpline_store::{Change, Command};

/// A plan to publish.
#[derive(Clone, Debug)]
pub(crate) struct PublishPlan {
    pub(crate) command: Command,
    pub(crate) plan: Plan,
    pub(crate) expected_version: Option<i64>,
}

/// Publishes a plan that can be relied on. Errors: INVALID_FIELD with every fault, REVISION_STALE. A repeat is answered
/// with the plan in force, which may be newer.
pub(crate) async fn publish_plan(
    ctx: &Ctx,
    caller: &Caller,
    publication: PublishPlan,
) -> Result<VersionedPlan, Refusal> {
    let PublishPlan { command, plan, expected_version } = publication;
    let known = ctx.store.known_to_plans(caller.centre_id).await?;
    let problems = check(&plan, &known);
    let change = if problems.is_empty() {
        ctx.store.publish_plan(&command, &plan, expected_version.unwrap_or(0)).await?
    } else {
        // Who was there when it was first published may have left when that is repeated.
        match ctx.store.recall_change(&command).await? {
            Change::Refused => {
                let violation = |problem: helpline_domain::escalation::check::Problem| Violation {
                    field: format!("plan.{}", problem.field.trim_end_matches("_s")),
                    expected: problem.must.to_owned(),
                };
                return Err(Refusal::invalid_fields(problems.into_iter().map(violation).collect()));
            }
            known => known,
        }
    };
    fail_point!("plan.after_commit");
    outcome(change, async |_centre| get_plan(ctx, caller, 0).await, async {
        Ok(Refusal::stale(ctx.store.plan_in_force(caller.centre_id).await?.version))
    })
    .await
}

/// A version of the plan, or for 0 the one in force. Error: NOT_FOUND.
pub(crate) async fn get_plan(ctx: &Ctx, caller: &Caller, version: i64) -> Result<VersionedPlan, Refusal> {
    let found = ctx.store.escalation_plan(caller.centre_id, version).await?;
    found.ok_or_else(|| Refusal::not_found("plan"))
}
