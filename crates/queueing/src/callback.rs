//! Callbacks and safety check-ins.
//!
//! A promise from the line keeps the contact's place: it leaves the line as `callback_promised` and comes back with its
//! arrival and deadline when the callback is due. A counsellor's promise becomes a new contact when it is due. Either way
//! the work is offered like any contact; who accepts it reads the number, calls, and says what the attempt came to.
//!
//! Invariants:
//! - a promise is kept, moved, cancelled or failed aloud: what nobody has begun in time alarms, what nobody was reached by
//!   within attempts and window fails, and a failed check-in is critical work in line at the same instant;
//! - nobody is called after the window, and nobody while they wait in line by a call of their own;
//! - number and safe words are shown to the counsellor who has the work in hand, and each look is in the journal.
//!
//! Events: `callback_promised`, `callback_due`, `callback_number_read`, `callback_attempted`, `callback_rescheduled`,
//! `callback_cancelled`, `callback_held`, `callback_resumed`, `callback_overdue`, `callback_failed`, `check_in_failed`.

pub mod get;
pub mod measures;
pub mod plan;
pub mod promise;
pub mod record_attempt;
mod told;
pub(crate) mod wire;
pub mod worker;

use helpline_domain::caller::{Caller, Role};
use helpline_domain::channel::Channel;
use helpline_domain::id::CallbackId;
use helpline_domain::risk::Class;
use helpline_domain::settings::Settings;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::callback::{Callback, Secrets};
use helpline_store::{Change, Command};

/// A callback, and as much of it as its reader is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The callback.
    pub callback: Callback,
    /// What the helpline calls itself.
    pub caller_name: String,
    /// Number and safe words, for who has the work in hand.
    pub secrets: Option<Secrets>,
}

/// A callback the caller may know of: adapters of those whose contact they brought, counsellors of those they are to
/// keep, promised, or have the work of, supervisors of all. Error: NOT_FOUND for every other.
pub(crate) async fn visible(ctx: &Ctx, caller: &Caller, id: CallbackId) -> Result<Callback, Refusal> {
    let found = ctx.store.callback(caller.centre_id, id).await?;
    found.filter(|callback| may_know(caller, callback)).ok_or_else(|| Refusal::not_found("callback"))
}

fn may_know(caller: &Caller, callback: &Callback) -> bool {
    match caller.role {
        Role::ChannelAdapter => callback.brought_by == Some(caller.token_id),
        Role::Counsellor => is_keeper(caller, callback) || is_worker(caller, callback),
        Role::Supervisor => true,
        Role::Administrator | Role::AgencyResponder | Role::AgencyLink => false,
    }
}

/// A refusal, unless the command's request id was used for another: then that comes first.
pub(crate) async fn unless_reused(
    ctx: &Ctx,
    command: &Command,
    refusal: Refusal,
) -> Result<Refusal, Refusal> {
    let known = ctx.store.recall_change::<()>(command).await?;
    Ok(if matches!(known, Change::Reused) { Refusal::request_id_reused() } else { refusal })
}

/// Whether the caller promised it, or took it on when the shift changed.
pub(crate) fn is_keeper(caller: &Caller, callback: &Callback) -> bool {
    callback.promised_by == Some(caller.principal())
        || (callback.preferred.is_some() && callback.preferred == caller.counsellor_id)
}

/// Whether the caller has its work, or had it last.
pub(crate) fn is_worker(caller: &Caller, callback: &Callback) -> bool {
    callback.work_with.is_some() && callback.work_with == caller.counsellor_id
}

/// A callback without anything personal.
pub(crate) async fn plain(ctx: &Ctx, caller: &Caller, callback: Callback) -> Result<Shown, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let caller_name = settings.settings.callbacks.caller_name(callback.language.as_deref()).to_owned();
    Ok(Shown { callback, caller_name, secrets: None })
}

/// The wait intended, in seconds, in the queue with this key; in the default one if it is gone.
pub(crate) fn target_s(settings: &Settings, queue: &str, channel: Channel, class: Class) -> u32 {
    // Settings have a queue at least.
    let queue = settings.queue(queue).or_else(|| settings.queues.first());
    queue.map_or(0, |queue| settings.target_wait_s(queue, channel, class))
}
