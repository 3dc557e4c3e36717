//! From decided to offered: the commit in Postgres, and telling everybody what became of it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use helpline_domain::risk::Class;
use helpline_live::line::{LineView, Waiter};
use helpline_service_kit::hub::Topic;
use helpline_service_kit::mirror::{free_counsellor, waiter_of};
use helpline_service_kit::{Ctx, fail_point};
use helpline_store::StoreError;
use helpline_store::matcher::Lease;
use helpline_store::offering::{Made, OfferDraft};
use helpline_store::presence::Room;

use crate::measures::Measures;

/// How many contacts are committed at a time: what shares the connections with it must not wait for a long pass.
const AT_ONCE: usize = 4;

/// A contact about to be offered, to one or to several at once, and the waiter as the view knows it.
pub(super) struct Claimed {
    pub(super) drafts: Vec<OfferDraft>,
    pub(super) waiter: Waiter,
}

/// A commit of one pass's pairs.
pub(super) struct Commit {
    pub(super) ctx: Ctx,
    pub(super) measures: Arc<Measures>,
    pub(super) centre: CentreId,
    pub(super) lease: Lease,
    /// The view in which the pairs are claimed; `None` when they were read from rows.
    pub(super) view: Option<LineView>,
    pub(super) claimed: Vec<Claimed>,
}

impl Commit {
    /// Commits, and returns how many offers were made.
    pub(super) async fn run(mut self) -> usize {
        fail_point!("offer.before_commit");
        let commits: Vec<_> = std::mem::take(&mut self.claimed)
            .into_iter()
            .map(|claimed| {
                let (store, centre, epoch) = (self.ctx.store.clone(), self.centre, self.lease.epoch);
                async move { (store.commit_offers(centre, epoch, &claimed.drafts).await, claimed) }
            })
            .collect();
        let mut commits = stream::iter(commits).buffered(AT_ONCE);
        let (mut all, mut unknown) = (Vec::new(), Vec::new());
        while let Some((made, claimed)) = commits.next().await {
            match made {
                Ok(made) => {
                    all.extend(made);
                    self.claimed.push(claimed);
                }
                Err(error) => unknown.push((error, claimed)),
            }
        }
        fail_point!("offer.after_commit");
        let count = all.len();
        if !self.claimed.is_empty() {
            self.tell(all).await;
        }
        for (error, claimed) in unknown {
            self.look_up(&error, &claimed).await;
        }
        count
    }

    /// Every offer to be made.
    pub(super) fn drafts(&self) -> impl Iterator<Item = &OfferDraft> {
        self.claimed.iter().flat_map(|claimed| &claimed.drafts)
    }

    async fn tell(&self, made: Vec<Made>) {
        let mut rooms: Vec<Room> = made.iter().filter_map(|one| one.room).collect();
        let ringing: HashSet<CounsellorId> = made.iter().map(|one| one.offer.counsellor_id).collect();
        let mut offered = HashMap::new();
        for Made { offer, put_aside, .. } in made {
            // Offered to several at once, it was offered once.
            if offered.insert(offer.contact_id, offer.class).is_none() {
                self.measures.offered(offer.class, offer.channel, offer.offered_at - offer.received_at);
            }
            let counsellor = offer.counsellor_id;
            self.ctx.mirror.offered(self.centre, offer);
            for contact in &put_aside {
                self.ctx.mirror.contact_changed(self.centre, *contact);
            }
            if !put_aside.is_empty() {
                self.ctx.mirror.counsellor_changed(self.centre, counsellor);
            }
        }
        let refused: Vec<&Claimed> =
            self.claimed.iter().filter(|claimed| !offered.contains_key(&claimed.waiter.contact_id)).collect();
        for draft in self.drafts().filter(|draft| !ringing.contains(&draft.counsellor_id)) {
            self.measures.commit_refused();
            if let Ok(Some(presence)) = self.ctx.store.presence(self.centre, draft.counsellor_id).await {
                rooms.push(Room::from(&presence));
            }
        }
        self.tell_view(&offered, &refused).await;
        // Who speaks is full and was taken out by the claim; who chats may have room for another.
        let rooms: Vec<_> = rooms
            .iter()
            .filter(|room| self.view.is_none() || room.held.voice == 0)
            .map(free_counsellor)
            .collect();
        if !rooms.is_empty()
            && let Some(view) = self.ctx.mirror.view(self.centre).await
        {
            let _ = view.put_rooms(&rooms, false).await;
            self.ctx.mirror.hub().wake(Topic::Line(self.centre));
        }
    }

    /// Takes out of the view who was offered, and leaves in who was refused and waits all the same: what was locked a
    /// moment ago, or lost its counsellor.
    async fn tell_view(&self, offered: &HashMap<ContactId, Class>, refused: &[&Claimed]) {
        let mut waiting = self.waiting(refused).await;
        if let Some(view) = &self.view {
            let ends: Vec<(&Waiter, bool)> = self
                .claimed
                .iter()
                .map(|claimed| (&claimed.waiter, waiting.contains(&claimed.waiter)))
                .collect();
            let _ = view.release(&ends).await;
        }
        let Some(view) = self.ctx.mirror.view(self.centre).await else { return };
        // Assessed anew meanwhile, a contact stands where it was put then and not where it was read.
        let mut gone: Vec<Waiter> = self
            .claimed
            .iter()
            .filter_map(|claimed| {
                let class = *offered.get(&claimed.waiter.contact_id)?;
                let moved = class != claimed.waiter.class;
                (moved || self.view.is_none()).then(|| Waiter { class, ..claimed.waiter.clone() })
            })
            .collect();
        if !waiting.is_empty() {
            // Put back, and gone since?
            let still = self.waiting(refused).await;
            waiting.retain(|waiter| !still.contains(waiter));
            gone.extend(waiting);
        }
        if !gone.is_empty() {
            let _ = view.drop_waiters(&gone).await;
        }
    }

    /// Where those of the refused who wait stand in line now.
    async fn waiting(&self, refused: &[&Claimed]) -> Vec<Waiter> {
        if refused.is_empty() {
            return Vec::new();
        }
        let ids: Vec<ContactId> = refused.iter().map(|claimed| claimed.waiter.contact_id).collect();
        match self.ctx.store.line_entries_of(self.centre, &ids, 0).await {
            Ok(entries) => entries.iter().map(waiter_of).collect(),
            // The claim lapses and the keeper asks again.
            Err(_) => Vec::new(),
        }
    }

    /// The outcome is not known: the offers may stand. They are looked up; the claim lapses by itself.
    async fn look_up(&self, error: &StoreError, claimed: &Claimed) {
        tracing::warn!(%error, offers = claimed.drafts.len(), "a commit of offers did not come back");
        for draft in &claimed.drafts {
            if let Ok(Some(offer)) = self.ctx.store.offer(self.centre, draft.offer_id).await {
                self.ctx.mirror.offered(self.centre, offer);
            }
        }
    }
}
