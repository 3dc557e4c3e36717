//! What happens by itself. Any number of processes may run them: each step is decided on a revision, each hold ends once.

use std::time::Duration;

use helpline_domain::id::{CentreId, ReferralId};
use helpline_domain::referral::{ALARM_EVERY_S, Side};
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_service_kit::{Ctx, fail_point};
use helpline_store::referral::step::{Due, Step};

use crate::answer::expired;
use crate::capacity::run_out;

/// How often they look.
const INTERVAL: Duration = Duration::from_secs(1);
/// Deadlines or holds looked at in one run of a centre.
const MOST: i64 = 100;

/// Expires what nobody has answered, so that the next is asked, and alarms what is overdue.
#[derive(Debug)]
pub(crate) struct WatchDeadlines {
    ctx: Ctx,
}

impl WatchDeadlines {
    pub(crate) const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    async fn settle(&self, centre: CentreId, id: ReferralId) -> Result<bool, WorkerError> {
        let now = self.ctx.store.referral_standing(centre, None, id).await?;
        // Somebody may have answered since it was found.
        let Some(now) = now else { return Ok(false) };
        // Whose turn it is outside is reminded; what the agency has asked is the centre's to answer, and a draft nobody's.
        let theirs = now.state.is_live() && now.cancel_asked_by != Some(Side::Agency);
        let overdue = || Step {
            due: Due::In(f64::from(ALARM_EVERY_S)),
            shared: false,
            tells: theirs.then_some("referral.overdue"),
            ..Step::to("overdue", now.state, now.urgency)
        };
        let Some(step) = expired(&now).or_else(|| now.late.then(overdue)) else { return Ok(false) };
        let made = self.ctx.store.step_referral_by_itself(centre, id, now.revision, &step).await?;
        if made {
            fail_point!("referral.after_overdue");
            self.ctx.mirror.referral_changed(centre);
        }
        Ok(made)
    }
}

impl Worker for WatchDeadlines {
    fn name(&self) -> &'static str {
        "watch_referral_deadlines"
    }

    fn interval(&self) -> Duration {
        INTERVAL
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut more = false;
        for centre in self.ctx.store.centre_ids().await? {
            let mut due = self.ctx.store.due_referrals(centre, MOST).await?;
            due.extend(self.ctx.store.misdirected_referrals(centre, MOST).await?);
            for id in due {
                match self.settle(centre, id).await {
                    Ok(made) => more |= made,
                    // What is wrong with one must not keep the others waiting.
                    Err(error) => {
                        tracing::error!(centre = %centre, referral = %id, %error, "a referral could not be settled");
                    }
                }
            }
        }
        Ok(if more { Progress::More } else { Progress::Done })
    }
}

/// Gives back what was held and nobody has confirmed in time.
#[derive(Debug)]
pub(crate) struct ExpireHolds {
    ctx: Ctx,
}

impl ExpireHolds {
    pub(crate) const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

impl Worker for ExpireHolds {
    fn name(&self) -> &'static str {
        "expire_holds"
    }

    fn interval(&self) -> Duration {
        INTERVAL
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut more = false;
        for centre in self.ctx.store.centre_ids().await? {
            for _ in 0..MOST {
                if !run_out(&self.ctx, centre).await? {
                    break;
                }
                fail_point!("hold.after_expiry");
                more = true;
            }
        }
        Ok(if more { Progress::More } else { Progress::Done })
    }
}
