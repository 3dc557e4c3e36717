//! What time does. Any number of processes may run it: each step is decided on a revision.

use std::iter;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use helpline_domain::crossborder::{CrossBorderOfferState, CrossBorderState};
use helpline_domain::escalation::ladder::{About, choose};
use helpline_domain::escalation::{Danger, EscalationKind};
use helpline_domain::id::{CentreId, CrossBorderId};
use helpline_domain::risk::Risk;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::crossborder::read::{CrossBorder, Travel};
use helpline_store::crossborder::step::{Act, Due, Missing, Step};
use helpline_vault::Sensitive;

use crate::act::Standing;
use crate::offer::is_there;
use crate::rule::allowed;
use crate::travel::missing_at;

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Deadlines looked at in one run of a centre.
const MOST: i64 = 100;
/// Longest place of an escalation, in characters, as the API has it.
const PLACE: usize = 500;

/// Asks the next focal point when one has not answered, raises an escalation when a child has not arrived, and alarms what is overdue.
#[derive(Debug)]
pub(crate) struct WatchCrossBorder {
    ctx: Ctx,
}

impl WatchCrossBorder {
    pub(crate) const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    async fn settle(&self, centre: CentreId, id: CrossBorderId) -> Result<bool, Refusal> {
        let settings = self.ctx.settings.current(centre).await?;
        let rules = &settings.settings.cross_border;
        let now = self.ctx.store.crossborder(centre, (None, false), rules, id).await?;
        // Somebody may have gone on since it was found.
        let late = |now: &CrossBorder| {
            let again = now.alarms == 0 || now.state == CrossBorderState::TravelPlanned;
            again && now.due_at.is_some_and(|due| due <= now.clock)
        };
        let Some(now) = now else { return Ok(false) };
        let feared = match now.open_offer() {
            Some(open) => !is_there(&self.ctx, centre, (id, open.agency_id)).await?,
            None => false,
        };
        let feared =
            feared && matches!(now.state, CrossBorderState::Offered | CrossBorderState::ReceivingAssessment);
        if !late(&now) && !feared {
            return Ok(false);
        }
        let standing = Standing::of(&self.ctx, centre, now, settings).await?;
        let missing_from =
            standing.now.travel.as_ref().map(|travel| missing_at(&standing, travel.arrives_at));
        let (step, missing) = match standing.now.state {
            CrossBorderState::Offered => (self.unanswered(centre, &standing).await?, None),
            // The child has become afraid of who assesses.
            CrossBorderState::ReceivingAssessment if feared => {
                (self.unanswered(centre, &standing).await?, None)
            }
            CrossBorderState::Departed => self.lost(centre, &standing).await?,
            CrossBorderState::TravelPlanned if missing_from.is_some_and(|at| at <= standing.now.clock) => {
                self.lost(centre, &standing).await?
            }
            // Whoever did not say that the child has left may still have let the child go.
            state @ CrossBorderState::TravelPlanned => {
                let due = missing_from.map_or(Due::Keep, Due::At);
                (Step { shared: false, ..Step::to("overdue", state, due) }, None)
            }
            state => (Step { shared: false, ..Step::to("overdue", state, Due::Keep) }, None),
        };
        let act = Act { crossborder_id: id, expected: None, entry_id: self.ctx.ids.v7(), remark: None };
        let (revision, raised) = (standing.now.revision, missing.is_some());
        let done = self
            .ctx
            .store
            .step_crossborder_by_itself(centre, (&act, revision), &step, missing.as_ref())
            .await?;
        if done {
            fail_point!("crossborder.after_overdue");
            if raised {
                self.ctx.mirror.escalation_changed(centre);
            }
        }
        Ok(done)
    }

    /// The next focal point of the country that is there is asked, if the rules still allow it; without one the sending side must go on.
    async fn unanswered(&self, centre: CentreId, standing: &Standing) -> Result<Step, Refusal> {
        let now = &standing.now;
        let country = standing.rules().country(&now.country);
        let mut next = now.open_offer().map(|one| one.agency_id);
        let allows = allowed(standing).is_ok();
        loop {
            next = next.filter(|_| allows).zip(country).and_then(|(last, country)| country.next_after(last));
            match next {
                Some(agency) if is_there(&self.ctx, centre, (now.crossborder_id, agency)).await? => break,
                Some(_) => {}
                None => break,
            }
        }
        let (state, due) = match next {
            Some(next) => (CrossBorderState::Offered, standing.answer_due(next)),
            // It alarms at once.
            None => (CrossBorderState::Declined, standing.within(0)),
        };
        Ok(Step {
            answer: Some((CrossBorderOfferState::Expired, None)),
            offer_to: next.map(|agency| agency.as_uuid()),
            tells: Some("crossborder.withdrawn"),
            shared: false,
            ..Step::to("expired", state, due)
        })
    }

    /// The child has not arrived.
    async fn lost(&self, centre: CentreId, standing: &Standing) -> Result<(Step, Option<Missing>), Refusal> {
        let step = Step::to("missing", CrossBorderState::Missing, Due::None);
        let step = Step { tells: Some("crossborder.missing"), ..step };
        Ok((step, Some(self.missing(centre, standing).await?)))
    }

    /// The escalation, by the plan in force. It is raised also when what is known of the child cannot be opened.
    async fn missing(&self, centre: CentreId, standing: &Standing) -> Result<Missing, Refusal> {
        let (now, rules) = (&standing.now, standing.rules());
        let (known, travel) = match self
            .ctx
            .store
            .crossborder(centre, (None, true), rules, now.crossborder_id)
            .await
        {
            Ok(known) => known.map(|known| (known.particulars, known.travel)).unwrap_or_default(),
            Err(error) => {
                tracing::error!(%centre, crossborder = %now.crossborder_id, %error, "what is known of a missing child cannot be opened");
                Default::default()
            }
        };
        let travel = travel.as_ref().or(now.travel.as_ref());
        let places = travel.map(|travel| way(travel, &now.country)).unwrap_or_default();
        let plan = self.ctx.store.plan_in_force(centre).await?;
        let about = About {
            kind: EscalationKind::Emergency,
            risk: Risk::Imminent,
            danger: Danger::Missing,
            region: None,
        };
        let policy = choose(&plan.plan, about, now.clock).map(|one| (one.policy.clone(), one.reach_s));
        let (policy, reach_s) = policy.unwrap_or_default();
        Ok(Missing {
            escalation_id: self.ctx.ids.v7().into(),
            plan: (plan.version, policy, reach_s),
            particulars: known,
            places: places
                .into_iter()
                .map(|place| (self.ctx.ids.v7(), Sensitive::new("location", place)))
                .collect(),
            since: now.departed_at,
        })
    }
}

/// The way that a child was to go, in keys and times that everybody reads alike, and what else was planned in pieces as long as a place may be.
fn way(travel: &Travel, country: &str) -> Vec<String> {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let (route, escort) = (travel.route.key(), travel.escort.key());
    let (departs, arrives) = (time(travel.departs_at), time(travel.arrives_at));
    let planned = format!("to {country}, {route}, escort {escort}, {departs} to {arrives}");
    let details: Vec<char> = travel.details.iter().flat_map(|text| text.expose().chars()).collect();
    iter::once(planned).chain(details.chunks(PLACE).map(|piece| piece.iter().collect())).collect()
}

impl Worker for WatchCrossBorder {
    fn name(&self) -> &'static str {
        "watch_cross_border"
    }

    fn interval(&self) -> Duration {
        INTERVAL
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut more = false;
        for centre in self.ctx.store.centre_ids().await? {
            for id in self.ctx.store.crossborders_due(centre, MOST).await? {
                match self.settle(centre, id).await {
                    Ok(made) => more |= made,
                    // What is wrong with one must not keep the others waiting.
                    Err(error) => {
                        let reason = error.reason_name();
                        tracing::error!(centre = %centre, crossborder = %id, reason, "a hand-over could not be settled");
                    }
                }
            }
        }
        Ok(if more { Progress::More } else { Progress::Done })
    }
}
