//! An offer to a counsellor by name: assigned by a supervisor, or handed on by a colleague.

use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use helpline_domain::presence::PresenceState;
use helpline_domain::requirement::{Lack, Requirement};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;
use helpline_store::offer::Moved;
use helpline_store::offering::OfferDraft;
use serde_json::json;

/// The offer of a contact to a counsellor whom `rule` chose.
pub(crate) async fn draft(
    ctx: &Ctx,
    centre: CentreId,
    contact: &Contact,
    to: CounsellorId,
    rule: &'static str,
) -> Result<OfferDraft, Refusal> {
    let settings = ctx.settings.current(centre).await?;
    Ok(OfferDraft {
        offer_id: ctx.ids.v4().into(),
        contact_id: contact.contact_id,
        counsellor_id: to,
        timeout_s: settings.settings.offer_timeout_for(contact.class),
        explanation: json!({"contact_rule": rule, "counsellor_rule": rule, "notes": []}),
        puts_aside: Vec::new(),
    })
}

/// Refuses a counsellor who is not there, or cannot understand the person. What else a contact asks for is set aside
/// when a person chooses.
pub(crate) async fn check_language(
    ctx: &Ctx,
    centre: CentreId,
    requirement: &Requirement,
    to: CounsellorId,
) -> Result<(), Refusal> {
    let counsellor = ctx.store.counsellor(centre, to).await?;
    let counsellor = counsellor
        .filter(|counsellor| counsellor.disabled_at.is_none())
        .ok_or_else(|| Refusal::not_found("counsellor"))?;
    match requirement.lack(&counsellor.abilities) {
        Some(Lack::Language) => Err(Refusal::counsellor_not_available("language")),
        _ => Ok(()),
    }
}

/// Why a counsellor was not offered a contact; `None` when they could be now, so that it was the contact that moved.
pub(crate) async fn why_not(
    ctx: &Ctx,
    centre: CentreId,
    requirement: &Requirement,
    contact: ContactId,
    to: CounsellorId,
) -> Result<Option<Refusal>, Refusal> {
    if ctx.store.has_conflict(centre, contact, to).await? {
        return Ok(Some(Refusal::counsellor_not_available("conflict")));
    }
    let presence = ctx.store.presence(centre, to).await?.ok_or_else(|| Refusal::not_found("counsellor"))?;
    Ok(if presence.state != PresenceState::Ready {
        Some(Refusal::counsellor_not_available("not_ready"))
    } else if !presence.capacity.allows(&presence.held, requirement.medium) {
        Some(Refusal::counsellor_not_available("no_room"))
    } else {
        None
    })
}

/// Tells everybody that a contact which stood as `seen` says has moved: to the offer of this draft, or to the line. It is
/// in line before anybody is free, or whoever came later would be offered first.
pub(crate) async fn tell(
    ctx: &Ctx,
    centre: CentreId,
    moved: &Moved,
    seen: Option<&Contact>,
    draft: Option<&OfferDraft>,
) {
    let contact = &moved.contact;
    if let Some(seen) = seen.filter(|seen| seen.state == ContactState::Waiting) {
        ctx.mirror.contact_left(centre, seen).await;
    }
    if contact.state == ContactState::Waiting {
        ctx.mirror.contact_waits_again(centre, contact).await;
    } else {
        ctx.mirror.contact_changed(centre, contact.contact_id);
    }
    let reason = if draft.is_some() { "assigned_elsewhere" } else { "pulled" };
    ctx.mirror.offers_withdrawn(centre, &moved.ended, reason);
    if let Some(draft) = draft {
        match ctx.store.offer(centre, draft.offer_id).await {
            Ok(Some(offer)) => ctx.mirror.offered(centre, offer),
            // Its stream finds it.
            Ok(None) | Err(_) => ctx.mirror.counsellor_changed(centre, draft.counsellor_id),
        }
    }
    if let Some(giver) = moved.giver {
        ctx.mirror.counsellor_changed(centre, giver);
    }
    ctx.mirror.rooms_changed(centre, &moved.rooms, None).await;
}
