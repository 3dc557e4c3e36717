//! Who waits long asks for less: the steps of a queue, taken when they are due.
//!
//! Only skills are soft. The language, a conflict and the child's wish never are. What was asked for at first stays on
//! the contact, and the step it has come to is shown to whoever asks why it waits.

use helpline_domain::id::CentreId;
use helpline_domain::settings::Settings;
use helpline_domain::settings::relaxation::relax;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;

/// Contacts read at a time.
const MOST: u32 = 100;

/// Takes every step that is due, one contact and one step at a time. Any number of processes may do it: who comes second
/// finds the contact changed.
pub async fn relax_due(ctx: &Ctx, centre: CentreId) -> Result<(), Refusal> {
    loop {
        let due = ctx.store.due_relaxations(centre, MOST).await?;
        if due.is_empty() {
            return Ok(());
        }
        let current = ctx.settings.current(centre).await?;
        let mut went = false;
        for contact in &due {
            went |= step(ctx, centre, &current.settings, contact).await?;
        }
        if !went {
            // All of them are being changed by somebody else.
            return Ok(());
        }
    }
}

async fn step(ctx: &Ctx, centre: CentreId, settings: &Settings, before: &Contact) -> Result<bool, Refusal> {
    let steps = settings.queue(&before.queue).map_or(&[][..], |queue| &queue.relaxations);
    let taken = usize::try_from(before.relaxation_step).unwrap_or_default();
    let Some(due) = steps.get(taken) else {
        ctx.store.stop_relaxing(centre, before).await?;
        return Ok(true);
    };
    let asked = before.asked_skills.as_ref().unwrap_or(&before.skills);
    let skills = relax(asked, steps, taken + 1);
    let next_s = steps.get(taken + 1).map(|next| next.after_s.saturating_sub(due.after_s));
    let Some(after) = ctx.store.relax(centre, before, &skills, next_s).await? else { return Ok(false) };
    fail_point!("relax.after_commit");
    if after.skills == before.skills {
        ctx.mirror.contact_changed(centre, after.contact_id);
    } else {
        ctx.mirror.contact_left(centre, before).await;
        ctx.mirror.contact_waits_again(centre, &after).await;
    }
    Ok(true)
}
