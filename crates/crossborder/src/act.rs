//! What every step has in common: read how it stands, decide, commit if nothing has changed since, or decide again.

use std::sync::Arc;

use chrono::TimeDelta;
use helpline_domain::arrangement::Opening;
use helpline_domain::caller::{Caller, Role};
use helpline_domain::crossborder::rule::Agreed;
use helpline_domain::crossborder::{CrossBorderOfferState, CrossBorderSide, CrossBorderState};
use helpline_domain::id::{AgencyId, CentreId, CrossBorderId};
use helpline_domain::settings::Hours;
use helpline_domain::settings::crossborder::{CrossBorder as Rules, FocalPoint};
use helpline_service_kit::hours::Schedule;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::crossborder::read::CrossBorder;
use helpline_store::crossborder::step::{Act, Due, Step};
use helpline_store::settings::VersionedSettings;
use helpline_store::{Change, Command};

/// How often a step is decided anew because another came between: each time somebody else has made theirs.
const TRIES: usize = 20;

/// For how long nobody may be there, and is waited for.
const LONGEST_AWAY: TimeDelta = TimeDelta::days(7);

/// What a step is decided on.
pub(crate) struct Standing {
    /// The hand-over, without who the child is.
    pub(crate) now: CrossBorder,
    /// By what who receives the child, or while nobody does any focal point, may know now who the child is.
    pub(crate) agreed: Agreed,
    /// Whether fear of the country is recorded for the case.
    pub(crate) feared: bool,
    settings: Arc<VersionedSettings>,
}

impl Standing {
    /// What is agreed is read after the hand-over: consent that is withdrawn since makes it another revision, on which nothing is committed.
    pub(crate) async fn of(
        ctx: &Ctx,
        centre: CentreId,
        now: CrossBorder,
        settings: Arc<VersionedSettings>,
    ) -> Result<Self, Refusal> {
        let agreed = ctx.store.crossborder_agreed(centre, now.crossborder_id, now.agency_id).await?;
        let feared = ctx.store.is_feared(centre, now.case_id, &now.country).await?;
        Ok(Self { now, agreed, feared, settings })
    }

    /// The rules in force.
    pub(crate) fn rules(&self) -> &Rules {
        &self.settings.settings.cross_border
    }

    /// Their version.
    pub(crate) fn version(&self) -> i64 {
        self.settings.version
    }

    /// The focal point of the country that an agency is.
    pub(crate) fn focal_point(&self, agency: AgencyId) -> Option<&FocalPoint> {
        let country = self.rules().country(&self.now.country)?;
        country.focal_points.iter().find(|one| one.agency_id == agency)
    }

    /// Until when an agency answers: counted from when somebody is there. Who is away for more than a week is not waited for.
    pub(crate) fn answer_due(&self, agency: AgencyId) -> Due {
        let now = self.now.clock;
        let hours = self.focal_point(agency).filter(|point| !point.time_zone.is_empty()).map(|point| Hours {
            time_zone: point.time_zone.clone(),
            opening_hours: point.hours.clone(),
            ..Hours::default()
        });
        let from = match hours.map(|hours| Schedule::of(&hours, "").at(now)) {
            Some(Opening::Closed { opens_at: Some(at) }) if at - now <= LONGEST_AWAY => at,
            _ => now,
        };
        Due::At(from + TimeDelta::seconds(self.rules().answer_s.into()))
    }

    /// So many seconds from now.
    pub(crate) fn within(&self, seconds: u32) -> Due {
        Due::At(self.now.clock + TimeDelta::seconds(seconds.into()))
    }
}

/// Whose steps the caller makes.
pub(crate) const fn side(caller: &Caller) -> CrossBorderSide {
    match caller.role {
        Role::AgencyResponder => CrossBorderSide::Receiving,
        _ => CrossBorderSide::Sending,
    }
}

/// A hand-over that the caller may know of, shown to them. Error: NOT_FOUND for every other.
pub(crate) async fn seen(ctx: &Ctx, caller: &Caller, id: CrossBorderId) -> Result<CrossBorder, Refusal> {
    Ok(read(ctx, caller, id, true).await?.now)
}

/// A hand-over on which something is decided. Error: NOT_FOUND.
pub(crate) async fn read(
    ctx: &Ctx,
    caller: &Caller,
    id: CrossBorderId,
    shown: bool,
) -> Result<Standing, Refusal> {
    find(ctx, caller, id, shown).await?.ok_or_else(|| Refusal::not_found("crossborder"))
}

/// The same; `None` when the caller may not know of it.
pub(crate) async fn find(
    ctx: &Ctx,
    caller: &Caller,
    id: CrossBorderId,
    shown: bool,
) -> Result<Option<Standing>, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let rules = &settings.settings.cross_border;
    match ctx.store.crossborder(caller.centre_id, (Some(caller), shown), rules, id).await? {
        Some(now) => Standing::of(ctx, caller.centre_id, now, settings).await.map(Some),
        None => Ok(None),
    }
}

/// Makes a step. Errors: NOT_FOUND, REVISION_STALE, REQUEST_ID_REUSED, and those of `decide`.
pub(crate) async fn act(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    decide: impl Fn(&Standing) -> Result<Step, Refusal>,
) -> Result<CrossBorder, Refusal> {
    for _ in 0..TRIES {
        let decided = match read(ctx, caller, act.crossborder_id, false).await {
            Ok(standing) => own(caller, &standing.now)
                .and_then(|()| expected(act, &standing.now))
                .and_then(|()| decide(&standing))
                .map(|step| (standing.now.revision, step)),
            Err(refusal) => Err(refusal),
        };
        let change = match &decided {
            Ok((revision, step)) => ctx.store.step_crossborder(command, act, *revision, step).await?,
            // What is refused now may have happened before: a repeat is recognised.
            Err(_) => ctx.store.recall_change(command).await?,
        };
        match (committed(change), decided) {
            (Change::Done(_) | Change::Replayed { .. }, _) => {
                return seen(ctx, caller, act.crossborder_id).await;
            }
            (Change::Reused, _) => return Err(Refusal::request_id_reused()),
            (Change::Refused, Err(refusal)) => return Err(refusal),
            (Change::Refused, Ok(_)) => {}
        }
    }
    Err(Refusal::race_lost())
}

/// What was committed, told of.
pub(crate) fn committed<T>(change: Change<T>) -> Change<T> {
    if matches!(change, Change::Done(_)) {
        fail_point!("crossborder.after_commit");
    }
    change
}

/// A focal point acts on what it is asked or has accepted; of what is over for it, it only knows how it ended.
fn own(caller: &Caller, now: &CrossBorder) -> Result<(), Refusal> {
    let over = caller.agency_id.and_then(|agency| now.over_for(agency));
    over.map_or(Ok(()), |state| Err(refused(ended_as(state))))
}

/// Whoever answers what they saw does not answer what has become of it since.
fn expected(act: &Act, now: &CrossBorder) -> Result<(), Refusal> {
    match act.expected {
        Some(revision) if revision != now.revision => Err(Refusal::stale(now.revision)),
        _ => Ok(()),
    }
}

/// How a hand-over ended for a focal point whose offer has.
pub(crate) const fn ended_as(offer: CrossBorderOfferState) -> CrossBorderState {
    match offer {
        CrossBorderOfferState::Declined => CrossBorderState::Declined,
        _ => CrossBorderState::Withdrawn,
    }
}

/// STATE_REFUSED with the state.
pub(crate) fn refused(state: CrossBorderState) -> Refusal {
    Refusal::state("crossborder", state.key())
}

/// A step of the caller's side to a state, if the table allows it.
pub(crate) fn to(
    caller: &Caller,
    now: &CrossBorder,
    (event, next, due): (&'static str, CrossBorderState, Due),
) -> Result<Step, Refusal> {
    let tells = matches!(side(caller), CrossBorderSide::Sending).then_some("crossborder.changed");
    if now.state.may_become(next, side(caller)) {
        Ok(Step { tells, ..Step::to(event, next, due) })
    } else {
        Err(refused(now.state))
    }
}
