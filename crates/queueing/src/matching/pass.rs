//! One pass: read, decide, hand over to the commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use helpline_domain::id::{ContactId, CounsellorId};
use helpline_domain::policy::{Aside, Free, Head, Note, Pair, decide};
use helpline_domain::presence::PresenceState;
use helpline_domain::risk::Class;
use helpline_live::LiveError;
use helpline_live::line::Waiter;
use helpline_service_kit::mirror::waiter_of;
use helpline_service_kit::{Refusal, fail_point};
use helpline_store::line::{LineEntry, OnShift};
use helpline_store::matcher::Lease;
use helpline_store::offering::OfferDraft;
use helpline_store::settings::VersionedSettings;
use serde_json::json;

use crate::matching::aside::aside;
use crate::matching::commit::{Claimed, Commit};
use crate::matching::head::head;
use crate::matching::{COMMITS, Matcher};

/// Contacts read of each line in a pass. More wait for the next one, which follows at once.
const PER_LINE: u32 = 16;
/// Free counsellors read in a pass.
const MOST_FREE: usize = 2000;
/// How long a claim may take to be committed, in milliseconds.
const CLAIM_MS: i64 = 2000;
/// How long a contact that has been taken in may be on its way into the view, in milliseconds.
const ON_THE_WAY_MS: i64 = 500;

/// Everybody a contact is to be offered to, best first.
fn members(pair: &Pair) -> Vec<CounsellorId> {
    std::iter::once(pair.counsellor_id).chain(pair.also.iter().copied()).collect()
}

/// Whether those it is to be offered to put other work aside for it.
fn interrupts(pair: &Pair) -> bool {
    pair.notes.contains(&Note::WorkPutAside)
}

/// A row as the policy sees it.
fn seen(one: &OnShift, aside: Aside) -> Free {
    Free {
        counsellor_id: one.counsellor_id,
        abilities: Arc::clone(&one.abilities),
        held: one.held,
        idle_since_ms: one.idle_since.timestamp_millis(),
        on_call: one.state == PresenceState::OnCall,
        severe_in_a_row: one.severe_in_a_row.into(),
        aside,
    }
}

impl Matcher {
    /// A pass over the view in Redis. Returns whether another may find more.
    pub(super) async fn pass_over_view(&mut self, lease: Lease) -> Result<bool, Refusal> {
        let Some(view) = self.ctx.mirror.view(self.centre).await else { return Ok(false) };
        let per_line = usize::try_from(PER_LINE).unwrap_or(usize::MAX);
        let heads = match view.heads(per_line, MOST_FREE).await {
            Ok(heads) => heads,
            Err(error) => {
                self.lose_view(&error);
                return Ok(false);
            }
        };
        if heads.waiting.is_empty() {
            return Ok(false);
        }
        let settings = self.ctx.settings.current(self.centre).await?;
        let critical = heads.waiting.iter().any(|waiter| waiter.class == Class::Critical);
        if critical && settings.settings.interrupt_for_critical {
            // Whom it may interrupt is asked of the rows: a moment ago somebody was in the middle of their paperwork.
            let (_, on_shift) = self.ctx.store.on_shift(self.centre).await?;
            self.roster.remember_people(&on_shift);
        }
        let now_ms = self.now_ms();
        let mut free = Vec::with_capacity(heads.free.len());
        for one in &heads.free {
            if self.in_hand.leaves_out(one.counsellor_id) {
                continue;
            }
            if let Some(abilities) = self.roster.abilities(one.counsellor_id).await? {
                free.push(Free {
                    counsellor_id: one.counsellor_id,
                    abilities,
                    held: one.held,
                    idle_since_ms: one.idle_since_ms,
                    on_call: false,
                    severe_in_a_row: one.severe_in_a_row.into(),
                    aside: self.roster.aside_of(one.counsellor_id, one.held, &settings.settings),
                });
            }
        }
        let with_room: HashSet<CounsellorId> = heads.free.iter().map(|one| one.counsellor_id).collect();
        let interruptible = self.roster.interruptible(&settings.settings);
        let others = interruptible.filter(|(one, _)| !with_room.contains(&one.counsellor_id));
        free.extend(
            others
                .filter(|(one, _)| !self.in_hand.leaves_out(one.counsellor_id))
                .map(|(one, aside)| seen(one, aside)),
        );
        if free.is_empty() {
            return Ok(false);
        }
        let waiting = self.heads_of(heads.waiting, &settings).await?;
        let pairs = {
            let heads: Vec<Head> = waiting.values().map(|(_, head)| head.clone()).collect();
            decide(&heads, &free, &self.roster.rules(&settings), now_ms)
        };
        if pairs.is_empty() {
            return Ok(false);
        }
        let claims: Vec<(&Waiter, Vec<CounsellorId>, bool)> = pairs
            .iter()
            .filter_map(|pair| {
                let (waiter, _) = waiting.get(&pair.contact_id)?;
                Some((waiter, members(pair), interrupts(pair)))
            })
            .collect();
        let won = match view.claim(&claims, now_ms + CLAIM_MS).await {
            Ok(won) => won,
            Err(error) => {
                self.lose_view(&error);
                return Ok(false);
            }
        };
        fail_point!("offer.after_claim");
        let claimed: Vec<Claimed> = pairs
            .iter()
            .zip(claims.iter().zip(won))
            .filter_map(|(pair, ((_, members, _), won))| {
                let (waiter, head) = waiting.get(&pair.contact_id)?;
                let won = members.iter().zip(won).filter(|(_, won)| *won).map(|(member, _)| *member);
                self.claimed(pair, won.collect(), waiter, settings.settings.offer_timeout_for(head.class))
            })
            .collect();
        if claimed.is_empty() {
            return Ok(false);
        }
        self.begin_commit(Commit {
            ctx: self.ctx.clone(),
            measures: Arc::clone(&self.measures),
            centre: self.centre,
            lease,
            view: Some(view),
            claimed,
        })
        .await;
        Ok(true)
    }

    /// A pass over the rows of Postgres: finds what never reached Redis, and is all there is while Redis is away.
    pub(super) async fn pass_over_rows(&mut self, lease: Lease) -> Result<bool, Refusal> {
        let settings = self.ctx.settings.current(self.centre).await?;
        let mut entries =
            self.ctx.store.line_heads(self.centre, PER_LINE, settings.settings.cool_down_s).await?;
        let now_ms = self.now_ms();
        if self.keeper.in_step() {
            // Who has only just come is on the way into the view: whoever offered them now would leave them there.
            let arrived = |entry: &LineEntry| now_ms - entry.received_at.timestamp_millis() >= ON_THE_WAY_MS;
            entries.retain(|entry| entry.tried || entry.resumed || arrived(entry));
        }
        if entries.is_empty() {
            return Ok(false);
        }
        let (_, on_shift) = self.ctx.store.on_shift(self.centre).await?;
        self.roster.remember_people(&on_shift);
        let free: Vec<Free> = on_shift
            .iter()
            .filter(|one| {
                matches!(one.state, PresenceState::Ready | PresenceState::OnCall)
                    && !self.in_hand.leaves_out(one.counsellor_id)
            })
            .map(|one| seen(one, aside(one, &settings.settings)))
            .collect();
        let on_call: HashSet<CounsellorId> =
            free.iter().filter(|one| one.on_call).map(|one| one.counsellor_id).collect();
        let mut waiting = HashMap::new();
        for entry in &entries {
            let head = self.head(entry, &on_shift);
            waiting.insert(entry.contact_id, (waiter_of(entry), head));
        }
        let heads: Vec<Head> = waiting.values().map(|(_, head)| head.clone()).collect();
        let pairs = decide(&heads, &free, &self.roster.rules(&settings), now_ms);
        let claimed: Vec<Claimed> = pairs
            .iter()
            .filter_map(|pair| {
                let (waiter, head) = waiting.get(&pair.contact_id)?;
                let timeout_s = if on_call.contains(&pair.counsellor_id) {
                    settings.settings.hours.on_call_offer_timeout_s
                } else {
                    settings.settings.offer_timeout_for(head.class)
                };
                self.claimed(pair, members(pair), waiter, timeout_s)
            })
            .collect();
        if claimed.is_empty() {
            return Ok(false);
        }
        if self.keeper.in_step() {
            // Somebody was free for them and the view did not say so, since the last look at the most. Who is on call is
            // not in the view at all.
            // Nor is who is interrupted.
            let at_work = |one: &&Claimed| {
                one.drafts
                    .iter()
                    .any(|draft| !on_call.contains(&draft.counsellor_id) && draft.puts_aside.is_empty())
            };
            for claimed in claimed.iter().filter(at_work) {
                let waited_ms = (now_ms - claimed.waiter.received_ms).clamp(0, 1000);
                self.measures.eligible_idle(f64::from(u16::try_from(waited_ms).unwrap_or(1000)) / 1000.0);
            }
        }
        let commit = Commit {
            ctx: self.ctx.clone(),
            measures: Arc::clone(&self.measures),
            centre: self.centre,
            lease,
            view: None,
            claimed,
        };
        commit.drafts().for_each(|draft| self.roster.is_offered(draft));
        // Nothing is claimed here, so the next pass must not begin before these are committed.
        Ok(commit.run().await > 0)
    }

    /// A contact to be offered to these; `None` when nobody is left of them.
    fn claimed(
        &self,
        pair: &Pair,
        members: Vec<CounsellorId>,
        waiter: &Waiter,
        timeout_s: u32,
    ) -> Option<Claimed> {
        let several = (members.len() > 1).then_some("offered_to_several");
        let explanation = json!({
            "contact_rule": pair.contact_rule.key(),
            "counsellor_rule": pair.counsellor_rule.key(),
            "notes": pair.notes.iter().map(|note| note.key()).chain(several).collect::<Vec<_>>(),
        });
        let draft = |counsellor_id| OfferDraft {
            offer_id: self.ctx.ids.v4().into(),
            contact_id: pair.contact_id,
            counsellor_id,
            timeout_s,
            explanation: explanation.clone(),
            puts_aside: if interrupts(pair) { self.roster.can_put_aside(counsellor_id) } else { Vec::new() },
        };
        let drafts: Vec<OfferDraft> = members.into_iter().map(draft).collect();
        (!drafts.is_empty()).then(|| Claimed { drafts, waiter: waiter.clone() })
    }

    /// What the view knows of waiters, completed from rows where it does not know enough: who has been offered before,
    /// and what an unknown signature asks for. Who no longer waits is left out; claiming would find out as well.
    async fn heads_of(
        &mut self,
        waiters: Vec<Waiter>,
        settings: &VersionedSettings,
    ) -> Result<HashMap<ContactId, (Waiter, Head)>, Refusal> {
        let unknown: Vec<ContactId> = waiters
            .iter()
            .filter(|waiter| waiter.tried || self.roster.requirement(&waiter.signature).is_none())
            .map(|waiter| waiter.contact_id)
            .collect();
        let (mut rows, mut on_shift) = (HashMap::new(), Vec::new());
        if !unknown.is_empty() {
            rows = self.roster.entries(&unknown, settings).await?;
            if rows.values().any(|entry| !entry.cooling.is_empty() || entry.directed_to.is_some()) {
                on_shift = self.ctx.store.on_shift(self.centre).await?.1;
            }
            self.forget_gone(&waiters, &unknown, &rows).await;
        }
        let mut heads = HashMap::with_capacity(waiters.len());
        for waiter in waiters {
            let head = if let Some(entry) = rows.get(&waiter.contact_id) {
                self.head(entry, &on_shift)
            } else if unknown.contains(&waiter.contact_id) {
                continue;
            } else if let Some(requirement) = self.roster.requirement(&waiter.signature) {
                Head {
                    contact_id: waiter.contact_id,
                    class: waiter.class,
                    resumed: waiter.resumed,
                    deadline_ms: waiter.deadline_ms,
                    received_ms: waiter.received_ms,
                    sequence: waiter.sequence,
                    requirement,
                    cooling: Vec::new(),
                    cooling_void: false,
                    barred: Vec::new(),
                    preferred: None,
                    only_on_call: false,
                }
            } else {
                continue;
            };
            heads.insert(waiter.contact_id, (waiter, head));
        }
        Ok(heads)
    }

    /// Takes out of the view who was asked for as a row and does not wait any more.
    async fn forget_gone(
        &self,
        waiters: &[Waiter],
        asked: &[ContactId],
        rows: &HashMap<ContactId, LineEntry>,
    ) {
        let gone: Vec<Waiter> = waiters
            .iter()
            .filter(|waiter| asked.contains(&waiter.contact_id) && !rows.contains_key(&waiter.contact_id))
            .cloned()
            .collect();
        if !gone.is_empty()
            && let Some(view) = self.ctx.mirror.view(self.centre).await
        {
            let _ = view.drop_waiters(&gone).await;
        }
    }

    fn head(&mut self, entry: &LineEntry, on_shift: &[OnShift]) -> Head {
        let requirement = self.roster.share_requirement(entry);
        head(entry, requirement, on_shift)
    }

    /// The database's time as known here: close enough for the cap, which is minutes; what is committed is timed by the
    /// database itself.
    fn now_ms(&self) -> i64 {
        self.keeper.database_now(self.ctx.clock.now_utc()).timestamp_millis()
    }

    fn lose_view(&mut self, error: &LiveError) {
        if let LiveError::Refused(why) = error {
            tracing::warn!(why, "Redis refused a pass");
        }
        self.keeper.distrust();
    }

    async fn begin_commit(&mut self, commit: Commit) {
        commit.drafts().for_each(|draft| self.roster.is_offered(draft));
        let counsellors = commit.drafts().map(|draft| draft.counsellor_id).collect();
        let taken = self.in_hand.take(counsellors, self.ctx.mirror.hub(), self.centre);
        while self.commits.len() >= COMMITS {
            self.commits.join_next().await;
        }
        while self.commits.try_join_next().is_some() {}
        self.commits.spawn(async move {
            commit.run().await;
            drop(taken);
        });
    }
}
