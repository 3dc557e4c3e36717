//! Closing time: tells once that a queue opened or closed, and does what is to be done about those who wait for nobody.

use std::time::Duration;

use helpline_domain::id::CentreId;
use helpline_service_kit::Ctx;
use helpline_service_kit::arranging::go_on;
use helpline_service_kit::hub::Topic;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

use crate::measures::FloorMeasures;
use crate::workers::Pace;

/// Contacts of one kind looked at in a run. The rest follows in the next.
const MOST: i64 = 200;

/// Rest after a look at all who wait, in times of what it took: a child must not wait long for the honest word.
const REST: u32 = 5;

/// The look at the clock on the wall.
#[derive(Debug)]
pub struct Closing {
    ctx: Ctx,
    measures: FloorMeasures,
    pace: Pace,
}

impl Closing {
    pub(crate) fn new(ctx: Ctx, measures: FloorMeasures) -> Self {
        Self { ctx, measures, pace: Pace::default() }
    }

    async fn tell_openings(&self, centre: CentreId) -> Result<(), WorkerError> {
        let settings = self.ctx.settings.current(centre).await?;
        let hours = &settings.settings.hours;
        let now = self.ctx.store.now().await?;
        for queue in settings.settings.queues.iter().filter(|queue| hours.may_close(&queue.queue)) {
            let open = !self.ctx.openings.at(centre, &settings, &queue.queue, now).is_closed();
            self.measures.opening(centre, &queue.queue, open);
            if self.ctx.store.note_opening(centre, &queue.queue, open).await? {
                self.ctx.mirror.hub().wake(Topic::Floor(centre));
            }
        }
        Ok(())
    }

    async fn arrange(&self, centre: CentreId) -> Result<(), WorkerError> {
        let settings = self.ctx.settings.current(centre).await?;
        let kinds = self.ctx.store.unarranged(centre).await?;
        // What was done last is given the time in which somebody on call answers.
        let grace_s = settings.settings.hours.on_call_offer_timeout_s;
        let mut contacts = self.ctx.store.unanswered(centre, grace_s, MOST).await?;
        if kinds.is_empty() && contacts.is_empty() {
            return Ok(());
        }
        let roster = self.ctx.roster.now(centre).await?;
        for kind in kinds.iter().filter(|kind| !roster.could_serve(&kind.requirement)) {
            contacts.extend(self.ctx.store.unarranged_of(centre, kind, MOST).await?);
        }
        let now = self.ctx.store.now().await?;
        for contact in contacts {
            go_on(&self.ctx, centre, &settings, &roster, now, contact).await?;
        }
        Ok(())
    }
}

impl Worker for Closing {
    fn name(&self) -> &'static str {
        "closing_time"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let centres = self.ctx.store.centre_ids().await?;
        for centre in &centres {
            self.tell_openings(*centre).await?;
        }
        let began = self.ctx.clock.instant();
        if !self.pace.rests(began) {
            for centre in centres {
                self.arrange(centre).await?;
            }
            self.pace.ran(began, self.ctx.clock.instant(), REST);
        }
        Ok(Progress::Done)
    }
}
