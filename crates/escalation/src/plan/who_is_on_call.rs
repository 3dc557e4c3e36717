//! Says who is on call.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::escalation::on_call::people;
use helpline_domain::escalation::plan::Target;
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};

use super::document::counsellors;

/// Who is on call in every schedule and every rotation, now or at a time.
pub(crate) async fn who_is_on_call(
    ctx: &Ctx,
    caller: &Caller,
    at: Option<DateTime<Utc>>,
) -> Result<proto::WhoIsOnCallResponse, Refusal> {
    let at = match at {
        Some(at) => at,
        None => ctx.store.now().await?,
    };
    let versioned = ctx.store.plan_in_force(caller.centre_id).await?;
    let plan = &versioned.plan;
    let stand_ins = ctx.store.stand_ins_from(caller.centre_id, at).await?;
    let known = ctx.store.known_to_plans(caller.centre_id).await?.counsellors;
    let found = |target: Target| counsellors(&people(plan, &target, &stand_ins, &known, at));
    let schedules = plan.schedules.iter().map(|schedule| proto::OnCall {
        schedule: schedule.schedule.clone(),
        rotation: String::new(),
        counsellor_ids: found(Target::Schedule(schedule.schedule.clone())),
        stand_in: stand_ins.iter().any(|one| one.schedule == schedule.schedule && one.from <= at),
    });
    let rotations = plan.rotations.iter().map(|rotation| proto::OnCall {
        schedule: String::new(),
        rotation: rotation.rotation.clone(),
        counsellor_ids: found(Target::Rotation(rotation.rotation.clone())),
        stand_in: false,
    });
    let on_call = schedules.chain(rotations).collect();
    Ok(proto::WhoIsOnCallResponse { time: Some(timestamp(at)), version: versioned.version, on_call })
}
