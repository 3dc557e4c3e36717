//! What is done about a contact that nobody on shift can take: asked when it comes in and again at closing time.
//!
//! The contact waits at its place whatever is done. Which step is next is decided by
//! [`helpline_domain::arrangement`]; here its question is answered from the roster, the hours and the settings, and the
//! step is taken.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::arrangement::{Means, Opening, Outlook, Step, next_step};
use helpline_domain::contact::{ContactState, Direction};
use helpline_domain::id::CentreId;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use helpline_domain::settings::{Queue, Settings};
use helpline_store::arrangement::{Arrangement, NewStep, Placed};
use helpline_store::contact::Contact;
use helpline_store::overflow::NewOverflow;
use helpline_store::settings::VersionedSettings;

use crate::error::Refusal;
use crate::partners::{Agreement, Asked};
use crate::roster::Roster;
use crate::{Ctx, fail_point};

/// What is to be expected for a contact, and what was done about it.
#[derive(Clone, Debug)]
pub struct Prospect {
    /// The contact, perhaps in another queue by now.
    pub contact: Contact,
    /// How likely it is that somebody answers.
    pub outlook: Outlook,
    /// What was done, if anything was.
    pub arrangement: Option<Arrangement>,
}

/// What is to be expected for a contact; the first step is taken if none was. `fresh` says that it was taken in this
/// moment, so that nothing can have been done about it.
pub async fn prospect(
    ctx: &Ctx,
    centre: CentreId,
    contact: Contact,
    roster: Option<i64>,
    fresh: bool,
) -> Result<Prospect, Refusal> {
    if !matches!(contact.state, ContactState::Received | ContactState::Waiting) {
        let arrangement = ctx.store.arrangement(centre, contact.contact_id).await?;
        return Ok(Prospect { contact, outlook: Outlook::Served, arrangement });
    }
    let roster = match roster {
        Some(version) => ctx.roster.at(centre, version).await?,
        None => ctx.roster.now(centre).await?,
    };
    let settings = ctx.settings.current(centre).await?;
    let arrangement = if fresh { None } else { ctx.store.arrangement(centre, contact.contact_id).await? };
    // A contact may have an earlier arrival than this moment: the promise that it was given.
    let now =
        if settings.settings.hours.never_close() { contact.received_at } else { ctx.store.now().await? };
    let at = At { ctx, centre, settings: &settings, roster: &roster, now };
    let outlook = at.outlook(&contact);
    if outlook == Outlook::Served || arrangement.is_some() {
        return Ok(Prospect { contact, outlook, arrangement });
    }
    let (contact, arrangement) = at.take_step(contact, outlook, &[]).await?;
    let outlook = at.outlook(&contact);
    Ok(Prospect { contact, outlook, arrangement })
}

/// Takes the next step for a contact that nobody has answered and that may need one. Returns whether one was taken.
pub async fn go_on(
    ctx: &Ctx,
    centre: CentreId,
    settings: &VersionedSettings,
    roster: &Roster,
    now: DateTime<Utc>,
    contact: Contact,
) -> Result<bool, Refusal> {
    let at = At { ctx, centre, settings, roster, now };
    let outlook = at.outlook(&contact);
    if outlook == Outlook::Served {
        return Ok(false);
    }
    let done = ctx.store.arrangement(centre, contact.contact_id).await?.map(|done| done.steps);
    let done = done.unwrap_or_default();
    let (_, arrangement) = at.take_step(contact, outlook, &done).await?;
    Ok(arrangement.is_some_and(|arrangement| arrangement.steps.len() > done.len()))
}

/// A centre at a moment.
struct At<'a> {
    ctx: &'a Ctx,
    centre: CentreId,
    settings: &'a VersionedSettings,
    roster: &'a Roster,
    now: DateTime<Utc>,
}

impl At<'_> {
    fn opening(&self, queue: &str, at: DateTime<Utc>) -> Opening {
        self.ctx.openings.at(self.centre, self.settings, queue, at)
    }

    fn outlook(&self, contact: &Contact) -> Outlook {
        let closed_at_arrival = self.opening(&contact.queue, contact.received_at).is_closed();
        let closed_now = self.opening(&contact.queue, self.now).is_closed();
        let could_serve = self.roster.could_serve(&contact.requirement());
        Outlook::of(contact.class, closed_at_arrival, closed_now, could_serve)
    }

    /// Takes the next step, if there is one; the contact and what was done about it afterwards.
    async fn take_step(
        &self,
        contact: Contact,
        outlook: Outlook,
        done: &[Step],
    ) -> Result<(Contact, Option<Arrangement>), Refusal> {
        let placed = self.fallback(&contact).filter(|_| contact.state == ContactState::Waiting);
        let requirement = contact.requirement();
        let partner = if done.contains(&Step::Overflow) { None } else { self.partner(&contact).await? };
        let hours = &self.settings.settings.hours;
        let means = Means {
            class: contact.class,
            could_serve: self.roster.could_serve(&requirement),
            fallback: placed.is_some(),
            on_call: hours.summons(&contact.queue) && self.roster.on_call_could_serve(&requirement),
            overflow: partner.is_some(),
        };
        let Some(step) = next_step(outlook, &means, done) else { return Ok((contact, None)) };
        let opens_at = match self.opening(&contact.queue, self.now) {
            Opening::Closed { opens_at } => opens_at,
            Opening::Open { .. } => None,
        };
        let placed = placed.filter(|_| step == Step::FallbackQueue);
        let moves = placed.is_some();
        let overflow = partner.filter(|_| step == Step::Overflow).map(|partner_id| NewOverflow {
            overflow_id: self.ctx.ids.v7().into(),
            partner_id,
            accept_within_s: self.settings.settings.overflow.accept_within_s,
        });
        let contact_id = contact.contact_id;
        let new = NewStep { contact_id, outlook, step, taken: done.len(), opens_at, placed, overflow };
        let taken = self.ctx.store.arrange(self.centre, &new).await?;
        fail_point!("arrange.after_commit");
        if taken.is_none() {
            // Somebody was first, or it does not wait any more.
            let arrangement = self.ctx.store.arrangement(self.centre, contact.contact_id).await?;
            let now = self.ctx.store.contact(self.centre, contact.contact_id).await?;
            return Ok((now.unwrap_or(contact), arrangement));
        }
        if !moves {
            self.ctx.mirror.contact_changed(self.centre, contact.contact_id);
            return Ok((contact, taken));
        }
        self.ctx.mirror.contact_left(self.centre, &contact).await;
        let now = self.ctx.store.contact(self.centre, contact.contact_id).await?.unwrap_or(contact);
        if now.state == ContactState::Waiting {
            self.ctx.mirror.contact_waits_again(self.centre, &now).await;
        }
        Ok((now, taken))
    }

    /// The first partner with whom it is agreed, whose queue is open, and who has somebody on shift for it.
    async fn partner(&self, contact: &Contact) -> Result<Option<CentreId>, Refusal> {
        if contact.direction == Direction::Outbound {
            return Ok(None);
        }
        let settings = &self.settings.settings;
        let asked = Asked { queue: Some(&contact.queue), language: contact.language.as_deref() };
        for to in &settings.overflow.to {
            let agreed = Agreement::between(self.ctx, settings, self.centre, to.partner_id, &asked).await?;
            if let Some(agreed) = agreed
                && agreed.could_serve(self.ctx, contact.requirement(), self.now).await?
            {
                return Ok(Some(to.partner_id));
            }
        }
        Ok(None)
    }

    /// Where the contact would be placed instead: the fallback queue, if it is open for it and somebody on shift could
    /// take it there.
    fn fallback(&self, contact: &Contact) -> Option<Placed> {
        let settings = &self.settings.settings;
        let queue = settings.queue(settings.hours.fallback(&contact.queue)?)?;
        if contact.class != Class::Critical && self.opening(&queue.queue, self.now).is_closed() {
            return None;
        }
        let skills = skills_in(settings, &contact.skills, &contact.queue, queue);
        let requirement = Requirement { skills, ..contact.requirement() };
        self.roster.could_serve(&requirement).then(|| Placed {
            queue: queue.queue.clone(),
            requirement,
            relax_after_s: queue.relax_after_s(),
        })
    }
}

/// What a contact asks for in another queue: what it asked for beside its own queue's demands, and the other's.
pub fn skills_in(
    settings: &Settings,
    asked: &BTreeMap<String, u8>,
    from: &str,
    to: &Queue,
) -> BTreeMap<String, u8> {
    let demanded =
        settings.queues.iter().find(|queue| queue.queue == from).map(|queue| &queue.required_skills);
    let mut skills: BTreeMap<String, u8> = asked
        .iter()
        .filter(|(skill, level)| demanded.and_then(|own| own.get(*skill)).is_none_or(|own| *level > own))
        .map(|(skill, level)| (skill.clone(), *level))
        .collect();
    for (skill, level) in &to.required_skills {
        let wanted = skills.entry(skill.clone()).or_insert(*level);
        *wanted = (*wanted).max(*level);
    }
    skills
}
