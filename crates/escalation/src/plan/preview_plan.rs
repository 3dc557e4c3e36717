//! Says who would be told at which second if an emergency were raised.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::escalation::ladder::{About, choose};
use helpline_domain::escalation::preview::{Previewed, preview};
use helpline_domain::escalation::{Danger, EscalationKind};
use helpline_domain::risk::Risk;
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};

use super::document::{counsellors, target};

/// What would be raised.
#[derive(Clone, Debug)]
pub(crate) struct PreviewPlan {
    pub(super) kind: EscalationKind,
    pub(super) risk: Risk,
    pub(super) danger: Danger,
    pub(super) region: Option<String>,
    /// Now, when it is missing.
    pub(super) at: Option<DateTime<Utc>>,
}

/// Who would be told.
pub(crate) async fn preview_plan(
    ctx: &Ctx,
    caller: &Caller,
    wish: PreviewPlan,
) -> Result<proto::PreviewPlanResponse, Refusal> {
    let PreviewPlan { kind, risk, danger, region, at } = wish;
    let at = match at {
        Some(at) => at,
        None => ctx.store.now().await?,
    };
    let versioned = ctx.store.plan_in_force(caller.centre_id).await?;
    let about = About { kind, risk, danger, region: region.as_deref() };
    let policy = choose(&versioned.plan, about, at).ok_or_else(|| Refusal::bug("a plan without policies"))?;
    let stand_ins = ctx.store.stand_ins_from(caller.centre_id, at).await?;
    let known = ctx.store.known_to_plans(caller.centre_id).await?;
    let steps = preview(&versioned.plan, policy, (kind, risk), at, &stand_ins, &known.counsellors);
    Ok(proto::PreviewPlanResponse {
        version: versioned.version,
        policy: policy.policy.clone(),
        time: Some(timestamp(at)),
        steps: steps.iter().map(step).collect(),
    })
}

fn step(previewed: &Previewed) -> proto::PreviewedStep {
    let targets = previewed.targets.iter().map(|(whom, people)| proto::PreviewedTarget {
        target: Some(target(whom)),
        counsellor_ids: counsellors(people),
    });
    proto::PreviewedStep {
        after: Some(prost_types::Duration { seconds: previewed.after_s, nanos: 0 }),
        targets: targets.collect(),
    }
}
