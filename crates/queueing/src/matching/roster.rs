//! Who is on shift and what contacts ask for, remembered between passes.

use std::collections::HashMap;
use std::sync::Arc;

use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use helpline_domain::policy::{Aside, Group, Rules};
use helpline_domain::presence::PresenceState;
use helpline_domain::requirement::Requirement;
use helpline_domain::settings::Settings;
use helpline_service_kit::hub::{Subscription, Topic};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::line::{LineEntry, OnShift};
use helpline_store::offering::OfferDraft;
use helpline_store::settings::VersionedSettings;

use crate::matching::aside::aside;

/// Requirements remembered; a centre has a few dozen.
const MOST_REQUIREMENTS: usize = 10_000;

/// What a matcher remembers of its centre.
pub(crate) struct Roster {
    ctx: Ctx,
    centre: CentreId,
    changes: Subscription,
    people: HashMap<CounsellorId, Arc<Abilities>>,
    /// Those of them who could put something aside or have done so, as they were at the last look at the rows.
    aside: HashMap<CounsellorId, OnShift>,
    requirements: HashMap<Vec<u8>, Arc<Requirement>>,
    /// What follows from the two; `None` until it is asked for again.
    groups: Option<Vec<Group>>,
}

impl Roster {
    pub(crate) fn new(ctx: &Ctx, centre: CentreId) -> Self {
        Self {
            ctx: ctx.clone(),
            centre,
            changes: ctx.mirror.hub().subscribe(Topic::Roster(centre)),
            people: HashMap::new(),
            aside: HashMap::new(),
            requirements: HashMap::new(),
            groups: None,
        }
    }

    /// What this counsellor can take; reads the roster again when it changed or the counsellor is new to it.
    pub(crate) async fn abilities(
        &mut self,
        counsellor: CounsellorId,
    ) -> Result<Option<Arc<Abilities>>, Refusal> {
        if self.changes.pending() || !self.people.contains_key(&counsellor) {
            self.changes.clear();
            let (_, on_shift) = self.ctx.store.on_shift(self.centre).await?;
            self.remember_people(&on_shift);
        }
        Ok(self.people.get(&counsellor).cloned())
    }

    pub(crate) fn remember_people(&mut self, on_shift: &[OnShift]) {
        let parked = |one: &&OnShift| one.has_put_aside || !one.can_put_aside.is_empty();
        self.aside = on_shift.iter().filter(parked).map(|one| (one.counsellor_id, one.clone())).collect();
        // Who is on call is not on shift, and is never in the view.
        let on_shift = on_shift.iter().filter(|one| one.state != PresenceState::OnCall);
        self.people = on_shift.map(|one| (one.counsellor_id, Arc::clone(&one.abilities))).collect();
        self.groups = None;
    }

    /// Whether somebody in the view who holds this could put it aside, or has put something aside.
    pub(crate) fn aside_of(&self, counsellor: CounsellorId, held: Capacity, settings: &Settings) -> Aside {
        let Some(known) = self.aside.get(&counsellor) else { return Aside::default() };
        let Aside { can_be, was } = aside(known, settings);
        Aside { can_be: can_be && known.held == held, was }
    }

    /// Everybody who could put aside what they hold.
    pub(crate) fn interruptible<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> impl Iterator<Item = (&'a OnShift, Aside)> {
        let all = self.aside.values().map(|one| (one, aside(one, settings)));
        all.filter(|(_, aside)| aside.can_be)
    }

    /// What somebody would put aside.
    pub(crate) fn can_put_aside(&self, counsellor: CounsellorId) -> Vec<ContactId> {
        self.aside.get(&counsellor).map(|one| one.can_put_aside.clone()).unwrap_or_default()
    }

    /// Somebody is offered something, and perhaps puts work aside for it: until the next look nothing more of theirs can be.
    pub(crate) fn is_offered(&mut self, draft: &OfferDraft) {
        if let Some(one) = self.aside.get_mut(&draft.counsellor_id) {
            one.can_put_aside.clear();
            one.has_put_aside |= !draft.puts_aside.is_empty();
        }
    }

    /// The requirement with this signature, if it was seen before.
    pub(crate) fn requirement(&self, signature: &[u8]) -> Option<Arc<Requirement>> {
        self.requirements.get(signature).cloned()
    }

    /// Remembers what these contacts ask for; equal requirements become one.
    pub(crate) fn share_requirement(&mut self, entry: &LineEntry) -> Arc<Requirement> {
        if self.requirements.len() >= MOST_REQUIREMENTS {
            self.requirements.clear();
        }
        let groups = &mut self.groups;
        Arc::clone(self.requirements.entry(entry.signature.clone()).or_insert_with(|| {
            *groups = None;
            Arc::new(entry.requirement.clone())
        }))
    }

    /// These contacts as rows, with who must not be offered them.
    pub(crate) async fn entries(
        &mut self,
        contacts: &[ContactId],
        settings: &VersionedSettings,
    ) -> Result<HashMap<ContactId, LineEntry>, Refusal> {
        let entries =
            self.ctx.store.line_entries_of(self.centre, contacts, settings.settings.cool_down_s).await?;
        for entry in &entries {
            self.share_requirement(entry);
        }
        Ok(entries.into_iter().map(|entry| (entry.contact_id, entry)).collect())
    }

    /// The rules of the centre now. The reserve is kept for every language and medium that contacts have asked for.
    pub(crate) fn rules(&mut self, settings: &VersionedSettings) -> Rules {
        let settings = &settings.settings;
        let (requirements, people) = (&self.requirements, &self.people);
        let groups = self.groups.get_or_insert_with(|| {
            Group::of(
                requirements.values().map(|asked| &**asked),
                people.values().map(|abilities| &**abilities),
            )
        });
        Rules {
            reserve: settings.reserve,
            cap_ms: i64::from(settings.cap_s) * 1000,
            high_cap_ms: i64::from(settings.high_cap_s) * 1000,
            on_shift: u32::try_from(self.people.len()).unwrap_or(u32::MAX),
            reserve_from: settings.reserve_from,
            groups: groups.clone(),
            critical_offers: settings.critical_offers,
            severe_limit: settings.care.others_first_from(),
        }
    }
}
