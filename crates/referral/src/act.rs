//! What every step of a referral has in common: read how it stands, decide, commit if nothing has changed since, or decide again.

use helpline_domain::caller::Caller;
use helpline_domain::referral::choices::ChoiceState;
use helpline_domain::referral::{ReferralState, Side};
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::referral::read::Referral;
use helpline_store::referral::standing::Standing;
use helpline_store::referral::step::{Act, Step};
use helpline_store::{Change, Command};
use uuid::Uuid;

use crate::access::{self, side};

/// How often a step is decided anew because another came between: each time somebody else has made theirs.
const TRIES: usize = 20;

/// Makes a step. Errors: NOT_FOUND, REVISION_STALE, REQUEST_ID_REUSED, and those of `decide`.
pub(crate) async fn act(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    decide: impl Fn(&Standing) -> Result<Step, Refusal>,
) -> Result<Referral, Refusal> {
    make(ctx, caller, (command, act), act.referral_id.as_uuid(), decide).await?;
    access::seen(ctx, caller, act.referral_id).await
}

/// The same of a command that is about something else than the referral: gives its id.
pub(crate) async fn make(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    about: Uuid,
    decide: impl Fn(&Standing) -> Result<Step, Refusal>,
) -> Result<Uuid, Refusal> {
    for _ in 0..TRIES {
        let now = ctx.store.referral_standing(caller.centre_id, Some(caller), act.referral_id).await?;
        let decided = match &now {
            Some(now) => own(caller, now)
                .and_then(|()| expected(act, now))
                .and_then(|()| decide(now))
                .map(|step| (now.revision, step)),
            None => Err(Refusal::not_found("referral")),
        };
        let change = match &decided {
            Ok((revision, step)) => ctx.store.step_referral(command, act, *revision, step, about).await?,
            // What is refused now may have happened before: a repeat is recognised.
            Err(_) => ctx.store.recall_change(command).await?,
        };
        match (committed(ctx, caller, change), decided) {
            (Change::Done(about) | Change::Replayed { resource_id: about }, _) => return Ok(about),
            (Change::Reused, _) => return Err(Refusal::request_id_reused()),
            (Change::Refused, Err(refusal)) => return Err(refusal),
            (Change::Refused, Ok(_)) => {}
        }
    }
    Err(Refusal::race_lost())
}

/// Tells who watches, if something happened: a referral, or what may be known of one, has changed.
pub(crate) fn committed<T>(ctx: &Ctx, caller: &Caller, change: Change<T>) -> Change<T> {
    if matches!(change, Change::Done(_)) {
        fail_point!("referral.after_commit");
        ctx.mirror.referral_changed(caller.centre_id);
    }
    change
}

/// An agency acts on what it is asked or has; of what is over for it, it only knows how it ended.
fn own(caller: &Caller, now: &Standing) -> Result<(), Refusal> {
    let Some(agency) = caller.agency_id else { return Ok(()) };
    let own = || now.choices.iter().filter(|asked| asked.agency_id == agency);
    if own().any(|asked| asked.choice.state.opens()) {
        return Ok(());
    }
    let last = own().map(|asked| asked.choice.state).find(|state| *state != ChoiceState::Skipped);
    Err(refused(last.map_or(ReferralState::Cancelled, ended_as)))
}

/// Whoever answers what they saw does not answer what has become of it since.
fn expected(act: &Act, now: &Standing) -> Result<(), Refusal> {
    match act.expected {
        Some(revision) if revision != now.revision => Err(Refusal::stale(now.revision)),
        _ => Ok(()),
    }
}

/// How a referral ended for an agency whose choice has.
pub(crate) const fn ended_as(choice: ChoiceState) -> ReferralState {
    match choice {
        ChoiceState::Rejected => ReferralState::Rejected,
        ChoiceState::Expired => ReferralState::Expired,
        _ => ReferralState::Cancelled,
    }
}

/// STATE_REFUSED with the state.
pub(crate) fn refused(state: ReferralState) -> Refusal {
    Refusal::state("referral", state.key())
}

/// A step of the caller's side to a state, if the table allows it.
pub(crate) fn to(
    caller: &Caller,
    now: &Standing,
    event: &'static str,
    next: ReferralState,
) -> Result<Step, Refusal> {
    if now.state.may_become(next, side(caller)) {
        Ok(Step::to(event, next, now.urgency))
    } else {
        Err(refused(now.state))
    }
}

/// What the other side is told when the centre does something; an agency's own steps are told to nobody outside.
pub(crate) fn tells(caller: &Caller, event: &'static str) -> Option<&'static str> {
    (side(caller) == Side::Centre).then_some(event)
}
