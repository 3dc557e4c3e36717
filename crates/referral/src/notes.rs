//! What both sides write: remarks and questions.

use helpline_domain::caller::Caller;
use helpline_domain::referral::Side;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::escalation::timeline::Entry;
use helpline_store::referral::step::{Act, Due, Step};

use crate::access::{self, side};
use crate::act::{make, tells};

/// What a remark is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    /// Whether it wants an answer.
    pub(crate) question: bool,
    /// Whether the agency may read what the centre writes.
    pub(crate) shared: bool,
}

/// Writes a remark. Errors: NOT_FOUND, STATE_REFUSED for an agency for which it is over, REQUEST_ID_REUSED.
pub(crate) async fn add_remark(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    note: Note,
) -> Result<Entry, Refusal> {
    let id = asked.1.referral_id;
    let shared = note.shared || side(caller) == Side::Agency;
    let remark = make(ctx, caller, asked, asked.1.remark_id, |now| {
        let event = if note.question { "asked" } else { "remarked" };
        let tells = tells(caller, "referral.updated").filter(|_| shared);
        Ok(Step { shared, due: Due::Keep, tells, ..Step::to(event, now.state, now.urgency) })
    })
    .await?;
    let seen = access::seen(ctx, caller, id).await?;
    let entry = ctx.store.referral_timeline(caller, &seen, (1, 0), Some(remark)).await?.pop();
    entry.ok_or_else(|| Refusal::not_found("remark"))
}
