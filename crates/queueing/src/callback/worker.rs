//! Keeps promises: puts what is due into the line, raises the alarm for what nobody has begun, ends what is over.

use std::time::Duration;

use helpline_domain::callback::CallbackKind;
use helpline_domain::channel::Channel;
use helpline_domain::id::CentreId;
use helpline_domain::risk::Class;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_service_kit::{Ctx, fail_point};
use helpline_store::callback::steps::{Pending, Step};

use super::measures::CallbackMeasures;
use super::{target_s, told};

/// Steps taken in one run.
const MOST: i64 = 50;

/// The keeper of promises.
#[derive(Debug)]
pub struct KeepPromises {
    ctx: Ctx,
    measures: CallbackMeasures,
    interval: Duration,
}

impl KeepPromises {
    pub(crate) fn new(ctx: Ctx, measures: CallbackMeasures, interval: Duration) -> Self {
        Self { ctx, measures, interval }
    }

    /// Takes one step; whether it was this process that did.
    async fn take(&self, centre: CentreId, pending: &Pending) -> Result<bool, WorkerError> {
        let (ctx, id) = (&self.ctx, pending.callback_id);
        let done = match pending.step {
            Step::Due => {
                fail_point!("callback.before_due");
                let prefer_s = ctx.settings.current(centre).await?.settings.resumption.prefer_s;
                let made = ctx.store.make_callback_due(centre, id, ctx.ids.v7().into(), prefer_s).await?;
                fail_point!("callback.after_due");
                if let Some(contact) = made
                    && let Some(contact) = ctx.store.contact(centre, contact).await?
                {
                    ctx.mirror.contact_waits_again(centre, &contact).await;
                }
                made.is_some()
            }
            Step::Alarm | Step::Resume => ctx.store.note_callback(centre, id, pending.step).await?,
            Step::End => {
                let settings = ctx.settings.current(centre).await?;
                let channel = Channel::from_key(&pending.channel).unwrap_or(Channel::Voice);
                let target = target_s(&settings.settings, &pending.queue, channel, Class::Critical);
                let moved = ctx.store.end_callback(centre, id, ctx.ids.v7().into(), target).await?;
                if let Some(moved) = &moved {
                    told::tell(ctx, centre, moved, "window_over").await?;
                }
                moved.is_some()
            }
            Step::Hold | Step::Fulfil => {
                let moved = ctx.store.yield_callback(centre, id, pending.step).await?;
                if let Some(moved) = &moved {
                    told::tell(ctx, centre, moved, "").await?;
                }
                moved.is_some()
            }
        };
        if done {
            self.count(centre, pending).await?;
        }
        Ok(done)
    }

    async fn count(&self, centre: CentreId, pending: &Pending) -> Result<(), WorkerError> {
        let event = match pending.step {
            Step::Due => "due",
            Step::Alarm => "overdue",
            Step::End => "failed",
            Step::Fulfil => "cancelled",
            Step::Hold | Step::Resume => return Ok(()),
        };
        let kind = self.ctx.store.callback(centre, pending.callback_id).await?;
        let kind = kind.map_or(CallbackKind::Callback, |callback| callback.kind);
        self.measures.count(kind, event);
        if pending.step == Step::Alarm || pending.step == Step::End {
            tracing::warn!(%centre, callback = %pending.callback_id, kind = kind.key(), event, "a promise was not kept");
        }
        Ok(())
    }
}

impl Worker for KeepPromises {
    fn name(&self) -> &'static str {
        "keep_promises"
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut more = false;
        for centre in self.ctx.store.centre_ids().await? {
            for pending in self.ctx.store.pending_callbacks(centre, MOST).await? {
                // One that cannot be done must not keep the others from being done.
                match self.take(centre, &pending).await {
                    Ok(done) => more |= done,
                    Err(error) => {
                        tracing::warn!(%error, callback = %pending.callback_id, "a step of a callback failed");
                    }
                }
            }
        }
        Ok(if more { Progress::More } else { Progress::Done })
    }
}
