//! "Why is this child still waiting?"

use std::sync::Arc;

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ContactId};
use helpline_domain::policy::wording::{Locale, cause_in, explain_in};
use helpline_domain::policy::{self, Group, Rules, explain};
use helpline_domain::presence::PresenceState;
use helpline_domain::settings::Settings;
use helpline_proto::queueing::v1::WaitingExplanation;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::line::OnShift;

use crate::matching::aside::aside;
use crate::matching::head::{head, shift};
use crate::wire::{milliseconds, waiting_cause};

/// Explains why a contact waits, with the policy that decides.
pub async fn explain_waiting(
    ctx: &Ctx,
    caller: &Caller,
    contact: ContactId,
    locale: Locale,
) -> Result<WaitingExplanation, Refusal> {
    let centre = caller.centre_id;
    let contact = ctx.store.contact(centre, contact).await?.ok_or_else(|| Refusal::not_found("contact"))?;
    let settings = ctx.settings.current(centre).await?;
    let entries =
        ctx.store.line_entries_of(centre, &[contact.contact_id], settings.settings.cool_down_s).await?;
    let Some(entry) = entries.into_iter().next() else {
        let cause = match contact.state {
            ContactState::Offered => policy::WaitingCause::BeingOffered,
            _ => policy::WaitingCause::NotWaiting,
        };
        return Ok(WaitingExplanation {
            cause: waiting_cause(cause).into(),
            offer_count: contact.offer_count,
            text: cause_in(locale, cause).to_owned(),
            ..WaitingExplanation::default()
        });
    };
    let ahead = ctx.store.waiting_ahead(centre, &entry).await?;
    let (_, on_shift) = ctx.store.on_shift(centre).await?;
    let mut shift = shift(&on_shift);
    for (one, row) in shift.iter_mut().zip(&on_shift) {
        one.aside = aside(row, &settings.settings);
    }
    let rules = rules(ctx, centre, &settings.settings, &on_shift).await?;
    let head = head(&entry, Arc::new(entry.requirement.clone()), &on_shift);
    let now = ctx.store.now().await?;
    let said = explain(&head, ahead, &shift, &rules, now.timestamp_millis());
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    Ok(WaitingExplanation {
        cause: waiting_cause(said.cause).into(),
        ahead: count(said.ahead),
        eligible_on_shift: count(said.eligible_on_shift),
        eligible_free: count(said.eligible_free),
        lacking_language: count(said.lacking_language),
        lacking_skill: count(said.lacking_skill),
        lacking_channel: count(said.lacking_channel),
        waited: Some(milliseconds(said.waited_ms)),
        cap_time: chrono::DateTime::from_timestamp_millis(said.cap_at_ms).map(timestamp),
        offer_count: contact.offer_count,
        text: explain_in(locale, &said),
        relaxation_step: contact.relaxation_step.into(),
        next_relaxation_time: contact.relax_at.map(timestamp),
    })
}

/// The rules of the centre now, for whoever has no matcher's memory.
pub(crate) async fn rules(
    ctx: &Ctx,
    centre: CentreId,
    settings: &Settings,
    on_shift: &[OnShift],
) -> Result<Rules, Refusal> {
    let asked = ctx.store.waiting_by_requirement(centre).await?;
    let at_work = on_shift.iter().filter(|one| one.state != PresenceState::OnCall).map(|one| &*one.abilities);
    Ok(Rules {
        reserve: settings.reserve,
        cap_ms: i64::from(settings.cap_s) * 1000,
        high_cap_ms: i64::from(settings.high_cap_s) * 1000,
        on_shift: u32::try_from(at_work.clone().count()).unwrap_or(u32::MAX),
        reserve_from: settings.reserve_from,
        groups: Group::of(asked.iter().map(|(_, requirement, _)| requirement), at_work),
        critical_offers: settings.critical_offers,
        severe_limit: settings.care.others_first_from(),
    })
}
