//! Who is invited when nobody is named: whom the policy would offer the contact to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use helpline_domain::id::{CentreId, CounsellorId};
use helpline_domain::participation::ParticipationState;
use helpline_domain::policy::{Aside, Free, Head, decide};
use helpline_domain::presence::PresenceState;
use helpline_domain::requirement::Requirement;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;

use crate::explain_waiting::rules;

/// What is asked of who is chosen; what is not asked for stays as the contact asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// Key of the queue.
    pub(crate) queue: Option<String>,
    /// Language.
    pub(crate) language: Option<String>,
    /// Skills beside those of the queue.
    pub(crate) skills: BTreeMap<String, u8>,
}

/// The best counsellor who is free. They are neither the contact's own nor taking part in it, and have neither named a
/// conflict with it nor declined or missed an invitation to it within the cool-down.
pub(super) async fn choose(
    ctx: &Ctx,
    centre: CentreId,
    contact: &Contact,
    search: &Search,
) -> Result<Option<CounsellorId>, Refusal> {
    let settings = ctx.settings.current(centre).await?;
    let settings = &settings.settings;
    let queue = search.queue.as_deref().unwrap_or(&contact.queue);
    let queue = settings
        .queue(queue)
        .ok_or_else(|| Refusal::invalid_field("queue", "the key of a queue in the centre's settings"))?;
    let mut skills = if search.skills.is_empty() { contact.skills.clone() } else { search.skills.clone() };
    if let Some(index) = search.skills.keys().position(|skill| !settings.skills.contains(skill)) {
        let field = format!("required_skills[{index}].skill");
        return Err(Refusal::invalid_field(field, "a skill of the centre's settings"));
    }
    for (skill, level) in &queue.required_skills {
        let wanted = skills.entry(skill.clone()).or_insert(*level);
        *wanted = (*wanted).max(*level);
    }
    let requirement = Requirement {
        medium: contact.channel.medium(),
        language: search.language.clone().or_else(|| contact.language.clone()),
        skills,
    };
    let now = ctx.store.now().await?;
    let barred = barred(ctx, centre, contact, now - TimeDelta::seconds(settings.cool_down_s.into())).await?;
    let (_, on_shift) = ctx.store.on_shift(centre).await?;
    let rules = rules(ctx, centre, settings, &on_shift).await?;
    let free: Vec<Free> = on_shift
        .into_iter()
        .filter(|one| one.state == PresenceState::Ready)
        .map(|one| Free {
            counsellor_id: one.counsellor_id,
            abilities: one.abilities,
            held: one.held,
            idle_since_ms: one.idle_since.timestamp_millis(),
            on_call: false,
            severe_in_a_row: one.severe_in_a_row.into(),
            // Nobody is interrupted for a colleague.
            aside: Aside { can_be: false, was: one.has_put_aside },
        })
        .collect();
    let head = Head {
        contact_id: contact.contact_id,
        class: contact.class,
        resumed: false,
        deadline_ms: contact.deadline_at.timestamp_millis(),
        received_ms: contact.received_at.timestamp_millis(),
        sequence: contact.sequence,
        requirement: Arc::new(requirement),
        cooling: Vec::new(),
        cooling_void: false,
        barred,
        preferred: None,
        only_on_call: false,
    };
    let pairs = decide(&[head], &free, &rules, now.timestamp_millis());
    Ok(pairs.into_iter().next().map(|pair| pair.counsellor_id))
}

/// Who is not asked.
async fn barred(
    ctx: &Ctx,
    centre: CentreId,
    contact: &Contact,
    cool_since: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<CounsellorId>, Refusal> {
    let mut barred: BTreeSet<CounsellorId> =
        ctx.store.conflicts(centre, contact.contact_id).await?.into_iter().collect();
    barred.extend(contact.counsellor_id);
    for one in ctx.store.participations_of(centre, contact.contact_id).await? {
        let refused = matches!(one.state, ParticipationState::Declined | ParticipationState::Expired)
            && one.ended_at.is_some_and(|ended| ended > cool_since);
        if one.state.is_live() || refused {
            barred.extend(one.counsellor_id);
        }
    }
    Ok(barred.into_iter().collect())
}
