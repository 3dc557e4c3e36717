//! Which partner centre may be asked to take a contact on: agreed in the settings of both.

use chrono::{DateTime, Utc};
use helpline_domain::id::CentreId;
use helpline_domain::requirement::Requirement;
use helpline_domain::settings::overflow::{OverflowFrom, OverflowTo};
use helpline_domain::settings::{Queue, Settings};
use helpline_store::settings::VersionedSettings;

use crate::Ctx;
use crate::error::Refusal;

/// An agreement that is in force.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// What the origin agreed to.
    pub to: OverflowTo,
    /// What the partner agreed to.
    pub from: OverflowFrom,
    /// The partner's settings.
    pub settings: VersionedSettings,
}

/// What is asked of an agreement.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Key of the origin's queue; `None` where it was looked at already.
    pub queue: Option<&'a str>,
    /// Language of the contact.
    pub language: Option<&'a str>,
}

impl Agreement {
    /// The agreement between two centres that covers this, if there is one.
    pub async fn between(
        ctx: &Ctx,
        origin: &Settings,
        origin_id: CentreId,
        partner: CentreId,
        asked: &Asked<'_>,
    ) -> Result<Option<Self>, Refusal> {
        let covers = |to: &&OverflowTo| {
            to.partner_id == partner
                && match asked.queue {
                    Some(queue) => to.covers(queue, asked.language),
                    None => true,
                }
        };
        let Some(to) = origin.overflow.to.iter().find(covers) else { return Ok(None) };
        // Not from memory: a centre that is not there has no settings, and that is no error.
        let Some(settings) = ctx.store.settings(partner, 0).await? else { return Ok(None) };
        let from = settings.settings.overflow.from.iter();
        let from =
            from.clone().find(|from| from.partner_id == origin_id && from.covers(asked.language)).cloned();
        Ok(from.map(|from| Self { to: to.clone(), from, settings }))
    }

    /// The partner's queue in which the contact would wait.
    pub fn queue(&self) -> Option<&Queue> {
        self.settings.settings.queue(&self.from.queue)
    }

    /// Whether the partner's queue is open.
    pub fn is_open(&self, ctx: &Ctx, now: DateTime<Utc>) -> bool {
        let partner = self.to.partner_id;
        self.queue()
            .is_some_and(|queue| !ctx.openings.at(partner, &self.settings, &queue.queue, now).is_closed())
    }

    /// Whether the partner's queue is open and somebody on shift there could take it.
    pub async fn could_serve(
        &self,
        ctx: &Ctx,
        requirement: Requirement,
        now: DateTime<Utc>,
    ) -> Result<bool, Refusal> {
        let Some(queue) = self.queue() else { return Ok(false) };
        if !self.is_open(ctx, now) {
            return Ok(false);
        }
        let requirement = Requirement { skills: queue.required_skills.clone(), ..requirement };
        Ok(ctx.roster.now(self.to.partner_id).await?.could_serve(&requirement))
    }
}
