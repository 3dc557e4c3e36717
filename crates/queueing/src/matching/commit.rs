//! From decided to offered: the commit in Postgres, and telling everybody what became of it.

use std::collections::HashMap;
use std::sync::Arc;

use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use helpline_live::line::{LineView, Waiter};
use helpline_service_kit::hub::Topic;
use helpline_service_kit::mirror::free_counsellor;
use helpline_service_kit::{Ctx, fail_point};
use helpline_store::StoreError;
use helpline_store::matcher::Lease;
use helpline_store::offer::OfferView;
use helpline_store::offering::OfferDraft;
use helpline_store::presence::Room;

use crate::measures::Measures;

/// A pair decided on, and the waiter as the view knows it.
pub(super) struct Claimed {
    pub(super) draft: OfferDraft,
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
    pub(super) async fn run(self) -> usize {
        let drafts: Vec<OfferDraft> = self.claimed.iter().map(|claimed| claimed.draft.clone()).collect();
        fail_point!("offer.before_commit");
        let made = match self.ctx.store.commit_offers(self.centre, self.lease.epoch, &drafts).await {
            Ok(made) => made,
            Err(error) => {
                self.unknown(&error).await;
                return 0;
            }
        };
        fail_point!("offer.after_commit");
        let count = made.len();
        self.tell(made).await;
        count
    }

    async fn tell(&self, made: Vec<(OfferView, Option<Room>)>) {
        let mut rooms: Vec<Room> = made.iter().filter_map(|(_, room)| *room).collect();
        let offered: HashMap<ContactId, CounsellorId> =
            made.iter().map(|(offer, _)| (offer.contact_id, offer.counsellor_id)).collect();
        for (offer, _) in made {
            self.measures.offered(offer.class, offer.channel, offer.offered_at - offer.received_at);
            self.ctx.mirror.offered(self.centre, offer);
        }
        let refused: Vec<&Claimed> =
            self.claimed.iter().filter(|claimed| !offered.contains_key(&claimed.draft.contact_id)).collect();
        let still_waiting = self.still_waiting(&refused).await;
        for claimed in &refused {
            self.measures.commit_refused();
            if let Ok(Some(presence)) =
                self.ctx.store.presence(self.centre, claimed.draft.counsellor_id).await
            {
                rooms.push(Room::from(&presence));
            }
        }
        if let Some(view) = &self.view {
            let ends: Vec<(&Waiter, bool)> = self
                .claimed
                .iter()
                .map(|claimed| (&claimed.waiter, still_waiting.contains(&claimed.draft.contact_id)))
                .collect();
            let _ = view.release(&ends).await;
        } else if let Some(view) = self.ctx.mirror.view(self.centre).await {
            let gone: Vec<Waiter> = self
                .claimed
                .iter()
                .filter(|claimed| offered.contains_key(&claimed.draft.contact_id))
                .map(|claimed| claimed.waiter.clone())
                .collect();
            let _ = view.drop_waiters(&gone).await;
        }
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

    /// Which of the refused wait all the same: what was locked a moment ago, or lost its counsellor.
    async fn still_waiting(&self, refused: &[&Claimed]) -> Vec<ContactId> {
        if refused.is_empty() {
            return Vec::new();
        }
        let ids: Vec<ContactId> = refused.iter().map(|claimed| claimed.draft.contact_id).collect();
        match self.ctx.store.line_entries_of(self.centre, &ids, 0).await {
            Ok(entries) => entries.into_iter().map(|entry| entry.contact_id).collect(),
            // The claim lapses and the keeper asks again.
            Err(_) => Vec::new(),
        }
    }

    /// The outcome is not known: the offers may stand. They are looked up; the claims lapse by themselves.
    async fn unknown(&self, error: &StoreError) {
        tracing::warn!(%error, offers = self.claimed.len(), "a commit of offers did not come back");
        for claimed in &self.claimed {
            if let Ok(Some(offer)) = self.ctx.store.offer(self.centre, claimed.draft.offer_id).await {
                self.ctx.mirror.offered(self.centre, offer);
            }
        }
    }
}
