//! The ladder climbs: what is due is read, what follows is decided, and what was decided is committed if it still holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use helpline_domain::escalation::EscalationKind;
use helpline_domain::escalation::ladder::{Next, Rung, next};
use helpline_domain::escalation::on_call::{StandIn, on_call, turn};
use helpline_domain::escalation::plan::{Plan, Policy, Target};
use helpline_domain::escalation::report::OVERDUE_EVERY_S;
use helpline_domain::id::{CentreId, EscalationId};
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::StoreError;
use helpline_store::escalation::steps::{AlarmDraft, Due, StepDraft, Tell, Whom};
use tokio::sync::Notify;

use crate::measures::Measures;
use crate::plans::Plans;

/// Escalations that are read at once: what becomes due meanwhile waits for their steps.
const READ: i64 = 1000;
/// Escalations whose step is taken by one statement.
const BATCH: usize = 100;
/// Looks at one escalation before its answer is given as it stands.
const LOOKS: usize = 100;
/// Between two of them while another process takes its step.
const PAUSE: Duration = Duration::from_millis(5);

/// What climbing needs beside the means of every use case. A clone is the same.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    plans: Plans,
    measures: Measures,
    wake: Arc<Notify>,
}

impl Ladder {
    pub(crate) fn new(ctx: &Ctx) -> Self {
        Self { plans: Plans::default(), measures: Measures::new(&ctx.metrics), wake: Arc::new(Notify::new()) }
    }

    /// Wakes the worker of this process.
    pub(crate) const fn wake(&self) -> &Arc<Notify> {
        &self.wake
    }

    pub(crate) const fn plans(&self) -> &Plans {
        &self.plans
    }

    pub(crate) const fn measures(&self) -> &Measures {
        &self.measures
    }

    /// Takes one step of everything that is due in a centre, the gravest first, or of one escalation; how many.
    pub(crate) async fn climb(
        &self,
        ctx: &Ctx,
        centre: CentreId,
        only: Option<EscalationId>,
    ) -> Result<usize, Refusal> {
        let due = ctx.store.due_escalations(centre, READ, only).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let now = ctx.store.now().await?;
        let stand_ins = ctx.store.stand_ins_from(centre, now).await?;
        let (mut steps, mut alarms) = (Vec::new(), Vec::new());
        for one in &due {
            let plan = self.plans.version(&ctx.store, centre, one.plan_version).await?;
            // What is both is alarmed by the next look: its revision is another then.
            if one.steps {
                steps.push(draft(ctx, &plan, &stand_ins, one, now));
            } else if one.late {
                alarms.push(AlarmDraft {
                    escalation_id: one.escalation_id,
                    revision: one.revision,
                    every_s: match one.kind {
                        EscalationKind::Emergency => plan.reach_alarm_every_s,
                        EscalationKind::MandatoryReport => OVERDUE_EVERY_S,
                    },
                    delivery_id: ctx.ids.v7().into(),
                });
            }
        }
        let mut done = 0;
        for steps in steps.chunks(BATCH) {
            fail_point!("climb.before_commit");
            let taken = self.take(ctx, centre, steps).await?;
            fail_point!("climb.after_commit");
            let unanswered = steps.iter().filter(|step| step.fallback && taken.contains(&step.escalation_id));
            let unanswered = unanswered.count();
            self.measures.count("step_taken", taken.len() - unanswered);
            self.measures.count("unanswered", unanswered);
            done += told(ctx, centre, &taken);
        }
        for alarms in alarms.chunks(BATCH) {
            let raised = ctx.store.alarm_unreached(centre, alarms).await?;
            fail_point!("alarm.after_commit");
            for event in ["child_not_reached", "report_due", "report_overdue"] {
                self.measures.count(event, raised.iter().filter(|said| *said == event).count());
            }
            done += told(ctx, centre, &raised);
        }
        Ok(done)
    }

    /// Takes back what a mission has of a child who is afraid of its country; how many. That it cannot be done keeps no step from being
    /// taken.
    pub(crate) async fn take_back(&self, ctx: &Ctx, centre: CentreId) -> usize {
        match ctx.store.take_back_escalations(centre).await {
            Ok(taken) => {
                self.measures.count("taken_back", taken.len());
                let passed = match ctx.store.pass_over_missions(centre).await {
                    Ok(passed) => told(ctx, centre, &passed),
                    Err(error) => {
                        tracing::error!(%centre, %error, "a mission that may not answer any more was not passed over");
                        0
                    }
                };
                told(ctx, centre, &taken) + passed
            }
            Err(error) => {
                tracing::error!(%centre, %error, "what a mission may not have any more was not taken back");
                0
            }
        }
    }

    /// Takes these steps; one that the database refuses must not keep the others from being taken.
    async fn take(
        &self,
        ctx: &Ctx,
        centre: CentreId,
        steps: &[StepDraft],
    ) -> Result<Vec<EscalationId>, StoreError> {
        match ctx.store.take_steps(centre, steps).await {
            Err(error @ (StoreError::Constraint { .. } | StoreError::Other { .. })) if steps.len() > 1 => {
                tracing::error!(%centre, %error, "a batch of steps was refused: each is taken by itself");
            }
            other => return other,
        }
        let mut taken = Vec::new();
        for step in steps {
            match ctx.store.take_steps(centre, std::slice::from_ref(step)).await {
                Ok(one) => taken.extend(one),
                Err(error) => {
                    tracing::error!(%centre, %error, escalation = %step.escalation_id, "a step was refused");
                }
            }
        }
        Ok(taken)
    }

    /// Takes what is due of one escalation before somebody is answered, so that they see who is told. What cannot be done
    /// now the worker does.
    pub(crate) async fn settle(&self, ctx: &Ctx, centre: CentreId, id: EscalationId) -> Result<(), Refusal> {
        for _ in 0..LOOKS {
            if ctx.store.due_escalations(centre, 1, Some(id)).await?.is_empty() {
                return Ok(());
            }
            if self.climb(ctx, centre, Some(id)).await? == 0 {
                ctx.clock.sleep(PAUSE).await;
            }
        }
        self.wake.notify_one();
        Ok(())
    }
}

/// Tells who watches that these have changed; how many they are.
fn told<T>(ctx: &Ctx, centre: CentreId, changed: &[T]) -> usize {
    if !changed.is_empty() {
        ctx.mirror.escalation_changed(centre);
    }
    changed.len()
}

fn draft(ctx: &Ctx, plan: &Plan, stand_ins: &[StandIn], due: &Due, now: DateTime<Utc>) -> StepDraft {
    let mut draft = StepDraft {
        escalation_id: due.escalation_id,
        revision: due.revision,
        rung: due.rung,
        wait_s: plan.fallback_every_s,
        fallback: true,
        tell: Vec::new(),
    };
    // A plan is checked as a whole when it is published; whatever is wrong with one all the same ends at its fallback.
    let policy: Option<&Policy> = plan.policy(&due.policy);
    let step = policy.map(|policy| next(plan, policy, (due.kind, due.risk), Rung(due.rung)));
    let whom = match step {
        Some(Next::Step { rung, targets, wait_s, .. }) => {
            (draft.rung, draft.wait_s, draft.fallback) = (rung.0, wait_s, false);
            whom(plan, targets, stand_ins, now)
        }
        Some(Next::Fallback { call, wait_s }) => {
            draft.wait_s = wait_s;
            call.cloned().map(Whom::Call).into_iter().chain([Whom::Supervisors]).collect()
        }
        None => vec![Whom::Call(plan.fallback.clone()), Whom::Supervisors],
    };
    draft.wait_s = policy.map_or(draft.wait_s, |policy| policy.put_off(now, draft.wait_s));
    draft.tell = whom.into_iter().map(|whom| Tell { delivery_id: ctx.ids.v7().into(), whom }).collect();
    draft
}

/// Who is to be told, each once.
fn whom(plan: &Plan, targets: &[Target], stand_ins: &[StandIn], now: DateTime<Utc>) -> Vec<Whom> {
    let (mut people, mut desks, mut whom) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
    let mut supervisors = false;
    for target in targets {
        match target {
            Target::Person(person) => {
                people.insert(*person);
            }
            Target::Supervisors => supervisors = true,
            Target::Rotation(key) => {
                people.extend(plan.rotation(key).and_then(|rotation| turn(rotation, now)));
            }
            Target::Schedule(key) => {
                let schedule = plan.schedule(key);
                people.extend(
                    schedule.map(|schedule| on_call(plan, schedule, stand_ins, now)).unwrap_or_default(),
                );
            }
            Target::Call(call) => whom.push(Whom::Call(call.clone())),
            Target::Agency(desk) => {
                let discloses: &mut BTreeSet<_> = desks.entry(desk.agency_id).or_default();
                discloses.extend(desk.discloses.iter().copied());
            }
        }
    }
    whom.extend(people.into_iter().map(Whom::Person));
    whom.extend(desks.into_iter().map(|(agency, discloses)| Whom::Desk(agency, discloses)));
    if supervisors {
        whom.push(Whom::Supervisors);
    }
    whom
}
