//! A case is handed to an organisation as a whole, or it is found out what the child needs.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CaseId, RedirectId, ReferralId};
use helpline_domain::migrant::{RedirectState, RedirectStep as By};
use helpline_domain::settings::migrant::MigrantChildren;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::casework::migrant::redirect::{Redirect, RedirectStep};
use helpline_store::{Change, Command};
use helpline_vault::Sensitive;
use uuid::Uuid;

use crate::act::{TRIES, committed, is_open, seen};

/// Begins one. Errors: NOT_FOUND for the case, STATE_REFUSED when it is closed, ALREADY_EXISTS while one is open, REQUEST_ID_REUSED.
pub(crate) async fn begin(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, case, entry): (RedirectId, CaseId, Uuid),
) -> Result<Redirect, Refusal> {
    let due_s = ctx.settings.current(caller.centre_id).await?.settings.migrant_children.enquire_s;
    let change = committed(ctx.store.begin_redirect(command, (id, case), (entry, due_s)).await?);
    let id = outcome(change, |id| std::future::ready(Ok(id)), async {
        is_open(&seen(ctx, caller, case).await?)?;
        Ok(Refusal::already_exists("redirect"))
    })
    .await?;
    find(ctx, caller, id.into()).await
}

/// Goes on as was decided. Errors: NOT_FOUND, STATE_REFUSED with its state, or as `awaits_answer` for a plan while the conference is not
/// answered; REQUEST_ID_REUSED.
pub(crate) async fn decide(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, RedirectId),
    next: RedirectState,
) -> Result<Redirect, Refusal> {
    step(ctx, caller, asked, |now, rules| {
        let step = to(now, (next.key(), next, By::Decided), rules)?;
        if next == RedirectState::Plan && now.departed_by.is_some() && now.answered_at.is_none() {
            return Err(Refusal::state("redirect", "awaits_answer"));
        }
        Ok(step)
    })
    .await
}

/// Asks organisations by a referral of the case. Errors: NOT_FOUND also for the referral, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn ask(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, RedirectId),
    referral: ReferralId,
) -> Result<Redirect, Refusal> {
    let open = ctx.store.open_referral_case(caller.centre_id, referral).await?;
    step(ctx, caller, asked, |now, rules| {
        let step = to(now, ("requested", RedirectState::Requested, By::Asked), rules)?;
        if open != Some(now.case_id) {
            return Err(Refusal::not_found("referral"));
        }
        Ok(RedirectStep { referral_id: Some(referral), ..step })
    })
    .await
}

/// Notes what a conference has advised. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn advise(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, RedirectId),
    (members, advice): (&Sensitive<String>, &Sensitive<String>),
) -> Result<Redirect, Refusal> {
    step(ctx, caller, asked, |now, rules| {
        let step = to(now, ("conference", RedirectState::Conference, By::Advised), rules)?;
        Ok(RedirectStep { advised: Some((members.clone(), advice.clone())), ..step })
    })
    .await
}

/// Departs from it. Errors: NOT_FOUND, STATE_REFUSED with its state, or as `departed` when somebody does; REQUEST_ID_REUSED.
pub(crate) async fn depart(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, RedirectId),
    reason: &Sensitive<String>,
) -> Result<Redirect, Refusal> {
    let task = ctx.ids.v7();
    step(ctx, caller, asked, |now, rules| {
        if now.state != RedirectState::Conference {
            return Err(refused(now));
        }
        if now.departed_by.is_some() {
            return Err(Refusal::state("redirect", "departed"));
        }
        let departs = Some((reason.clone(), task, rules.answer_due(now.clock)));
        Ok(RedirectStep { departs, ..stays(now, "departed", rules) })
    })
    .await
}

/// Answers the conference. Errors: NOT_FOUND, STATE_REFUSED as `not_departed` or `answered`, REQUEST_ID_REUSED.
pub(crate) async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, RedirectId),
    answer: &Sensitive<String>,
) -> Result<Redirect, Refusal> {
    step(ctx, caller, asked, |now, rules| {
        match (now.departed_by, now.answered_at) {
            (None, _) => return Err(Refusal::state("redirect", "not_departed")),
            (Some(_), Some(_)) => return Err(Refusal::state("redirect", "answered")),
            (Some(_), None) => {}
        }
        Ok(RedirectStep { answers: Some(answer.clone()), ..stays(now, "answered", rules) })
    })
    .await
}

/// The last of a case. Error: NOT_FOUND.
pub(crate) async fn of_case(ctx: &Ctx, caller: &Caller, case: CaseId) -> Result<Redirect, Refusal> {
    ctx.store.redirect_of(caller, case).await?.ok_or_else(|| Refusal::not_found("redirect"))
}

async fn find(ctx: &Ctx, caller: &Caller, id: RedirectId) -> Result<Redirect, Refusal> {
    ctx.store.redirect(caller, id).await?.ok_or_else(|| Refusal::not_found("redirect"))
}

fn refused(now: &Redirect) -> Refusal {
    Refusal::state("redirect", now.state.key())
}

/// Seconds until somebody must have gone on from a state.
const fn due_s(state: RedirectState, rules: &MigrantChildren) -> Option<u32> {
    match state {
        RedirectState::PreliminaryEnquiry | RedirectState::TemporaryCare | RedirectState::Accepted => {
            Some(rules.enquire_s)
        }
        RedirectState::SocialAssessment => Some(rules.assess_s),
        RedirectState::Conference | RedirectState::Plan | RedirectState::Reviews => Some(rules.plan_s),
        // The referral alarms while organisations are asked.
        RedirectState::Requested | RedirectState::NoAction | RedirectState::Closed => None,
    }
}

/// A step that leaves it where it is, and begins its time anew.
const fn stays(now: &Redirect, event: &'static str, rules: &MigrantChildren) -> RedirectStep {
    RedirectStep {
        event,
        state: now.state,
        due_s: due_s(now.state, rules),
        referral_id: None,
        advised: None,
        departs: None,
        answers: None,
    }
}

/// A step to a state, if the table allows it and the case is open, or it is only to be over.
fn to(
    now: &Redirect,
    (event, next, by): (&'static str, RedirectState, By),
    rules: &MigrantChildren,
) -> Result<RedirectStep, Refusal> {
    // Of a case that is closed nothing is left to be decided, wherever it stands.
    let ends = now.case_closed && next == RedirectState::Closed && !now.state.is_over();
    if !(ends || now.state.may_become(next, by)) {
        return Err(refused(now));
    }
    Ok(RedirectStep { state: next, due_s: due_s(next, rules), ..stays(now, event, rules) })
}

/// Decides on how a redirect stands and commits, again while others come between. Errors: NOT_FOUND, STATE_REFUSED for a closed case,
/// REQUEST_ID_REUSED, and those of `decide`.
async fn step(
    ctx: &Ctx,
    caller: &Caller,
    (command, id): (&Command, RedirectId),
    decide: impl Fn(&Redirect, &MigrantChildren) -> Result<RedirectStep, Refusal>,
) -> Result<Redirect, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let (rules, cases) = (&settings.settings.migrant_children, &settings.settings.cases);
    for _ in 0..TRIES {
        let decided = find(ctx, caller, id).await.and_then(|now| {
            let step = decide(&now, rules)?;
            if now.case_closed && step.state != RedirectState::Closed {
                return Err(Refusal::state("case", "closed"));
            }
            Ok((now.revision, step))
        });
        let (change, refusal) = match decided {
            Ok((revision, step)) => {
                let on = (id, revision, ctx.ids.v7());
                (ctx.store.step_redirect(command, on, &step, (cases, settings.version)).await?, None)
            }
            // What is refused now may have happened before: a repeat is recognised.
            Err(refusal) => (ctx.store.recall_change(command).await?, Some(refusal)),
        };
        match (committed(change), refusal) {
            (Change::Done(_) | Change::Replayed { .. }, _) => {
                return find(ctx, caller, id).await;
            }
            (Change::Reused, _) => return Err(Refusal::request_id_reused()),
            (Change::Refused, Some(refusal)) => return Err(refusal),
            (Change::Refused, None) => {}
        }
    }
    Err(Refusal::race_lost())
}
