//! Exchanges a link for a visit.

use std::time::Duration;

use helpline_domain::caller::{Caller, Subject};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::link::{Opened, Spent};
use helpline_store::{Change, Command};
use helpline_vault::{BearerToken, SystemRandom};

/// How long a visit lasts: a shift. Whoever is needed for longer asks for another link.
const VISIT_LIFE_S: u32 = 8 * 3600;

/// A visit and, when this very call began it, its token.
#[derive(Debug)]
pub(crate) struct OpenedLink {
    pub(crate) visit: Opened,
    pub(crate) secret: Option<BearerToken>,
}

/// Opens the link that is the caller. Error: STATE_REFUSED with what stands against it.
pub(crate) async fn open_link(ctx: &Ctx, caller: &Caller, command: &Command) -> Result<OpenedLink, Refusal> {
    let secret = BearerToken::generate(&SystemRandom);
    let change = ctx.store.open_link(command, &secret.hash(), VISIT_LIFE_S).await?;
    fail_point!("link.after_commit");
    let is_new = matches!(change, Change::Done(_));
    if is_new {
        tell(ctx, caller);
    }
    let visit = outcome(change, |_| visit(ctx, caller), async {
        Ok(match spent(ctx, caller).await? {
            Spent { seen: false, .. } => Refusal::state("link", "withdrawn"),
            Spent { used: true, .. } => Refusal::state("link", "used"),
            Spent { expired: true, .. } => Refusal::state("link", "expired"),
            _ => Refusal::race_lost(),
        })
    })
    .await?;
    Ok(OpenedLink { visit, secret: is_new.then_some(secret) })
}

/// What a repeat is told of: the visit that the first has begun.
async fn visit(ctx: &Ctx, caller: &Caller) -> Result<Opened, Refusal> {
    let visit = ctx.store.visit(caller).await?.ok_or_else(|| Refusal::not_found("link"))?;
    Ok(visit.opened)
}

/// Tells who watches that what the caller's link leads to has changed.
pub(crate) fn tell(ctx: &Ctx, caller: &Caller) {
    match caller.only {
        Some(Subject::Referral(_)) => ctx.mirror.referral_changed(caller.centre_id),
        _ => ctx.mirror.escalation_changed(caller.centre_id),
    }
}

/// How the link that is the caller stands.
pub(crate) async fn spent(ctx: &Ctx, caller: &Caller) -> Result<Spent, Refusal> {
    ctx.store.spent_link(caller).await?.ok_or_else(|| Refusal::not_found("link"))
}

/// How long until a link can be renewed again, if that is all that stands against it.
pub(crate) fn wait(spent: &Spent) -> Option<Duration> {
    Duration::try_from_secs_f64(spent.wait_s).ok().filter(|wait| !wait.is_zero())
}
