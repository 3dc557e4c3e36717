//! Who waits, in lines of which the first stands for all.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};
use std::ops::Bound;

use crate::id::ContactId;
use crate::policy::{Head, Reach, Rules};
use crate::risk::Class;

/// Place in line: [`Head::order`].
pub(super) type Order = (bool, bool, i64, i64, ContactId);

/// Lines of one signature: see [`kind`].
const KINDS: usize = 7;

/// Contacts of one signature and one kind may have the same counsellors, each one's own exclusions apart.
fn kind(head: &Head, reach: Reach) -> usize {
    if head.class == Class::Critical {
        return 0;
    }
    let kind = match reach {
        Reach::None => 1,
        Reach::AllButLast => 3,
        Reach::All => 5,
    };
    kind + usize::from(head.takes_on_call())
}

/// The signature of a line.
pub(super) const fn signature_of(line: usize) -> usize {
    line / KINDS
}

/// The lines of a signature.
pub(super) fn lines_of(signature: usize) -> std::ops::Range<usize> {
    signature * KINDS..(signature + 1) * KINDS
}

#[derive(Debug, Default)]
struct Line {
    waiting: BTreeSet<Order>,
    first: Option<Order>,
}

/// When somebody came, and who.
type Coming = BinaryHeap<Reverse<(i64, ContactId)>>;

/// Who waits.
#[derive(Debug)]
pub(super) struct Lines {
    heads: HashMap<ContactId, (Head, usize)>,
    standing: Vec<Line>,
    /// Lines with somebody new since the last run.
    pub(super) fresh: HashSet<usize>,
    /// Who came at or before this has waited for the cap.
    capped_ms: i64,
    /// Who came at or before this has waited for the cap of the high class.
    high_ms: i64,
    /// The others, first come first. Who has left since is passed over.
    coming: Coming,
    /// The same for those of the high class and its cap.
    coming_high: Coming,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            heads: HashMap::new(),
            standing: Vec::new(),
            fresh: HashSet::new(),
            capped_ms: i64::MIN,
            high_ms: i64::MIN,
            coming: Coming::new(),
            coming_high: Coming::new(),
        }
    }
}

impl Lines {
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn insert(&mut self, head: Head, signature: usize) {
        self.remove(head.contact_id);
        let reach = self.reach(&head);
        if self.coming.len().max(self.coming_high.len()) > 64 + 2 * self.heads.len() {
            self.sort_coming();
        }
        if reach != Reach::All {
            self.coming.push(Reverse((head.received_ms, head.contact_id)));
        }
        if reach == Reach::None && head.class == Class::High {
            self.coming_high.push(Reverse((head.received_ms, head.contact_id)));
        }
        let line = lines_of(signature).start + kind(&head, reach);
        self.stand(&head, line);
        self.heads.insert(head.contact_id, (head, line));
    }

    pub(super) fn remove(&mut self, contact_id: ContactId) -> Option<Head> {
        let (head, line) = self.heads.remove(&contact_id)?;
        self.step_out(&head, line);
        Some(head)
    }

    pub(super) fn head(&self, contact_id: ContactId) -> Option<&Head> {
        self.heads.get(&contact_id).map(|(head, _)| head)
    }

    /// The first of a line.
    pub(super) fn first(&self, line: usize) -> Option<Order> {
        self.standing.get(line).and_then(|line| line.first)
    }

    /// Who stands behind.
    pub(super) fn next(&self, line: usize, order: Order) -> Option<Order> {
        self.standing[line].waiting.range((Bound::Excluded(order), Bound::Unbounded)).next().copied()
    }

    /// Every line in which somebody waits.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.standing.len()).filter(|&line| self.standing[line].first.is_some())
    }

    /// Moves who has waited for a cap by now.
    pub(super) fn pass_time(&mut self, now_ms: i64, rules: &Rules) {
        let capped_ms = now_ms.saturating_sub(rules.cap_ms);
        let high_ms = if rules.high_cap_ms > 0 { now_ms.saturating_sub(rules.high_cap_ms) } else { i64::MIN };
        let is_back = capped_ms < self.capped_ms || high_ms < self.high_ms;
        (self.capped_ms, self.high_ms) = (capped_ms, high_ms);
        if is_back {
            // A later cap, or an earlier time: rare enough to look at everybody.
            let all: Vec<ContactId> = self.heads.keys().copied().collect();
            for contact_id in all {
                self.place(contact_id);
            }
            self.sort_coming();
        }
        while let Some(contact_id) = come(&mut self.coming, capped_ms) {
            self.place(contact_id);
        }
        while let Some(contact_id) = come(&mut self.coming_high, high_ms) {
            self.place(contact_id);
        }
    }

    /// How far somebody may reach into the reserve: [`Head::reach`] at the time of the last pass.
    fn reach(&self, head: &Head) -> Reach {
        if head.class == Class::Critical || head.received_ms <= self.capped_ms {
            Reach::All
        } else if head.class == Class::High && head.received_ms <= self.high_ms {
            Reach::AllButLast
        } else {
            Reach::None
        }
    }

    /// Puts a contact into the line it belongs to by now.
    fn place(&mut self, contact_id: ContactId) {
        let Some((head, line)) = self.heads.remove(&contact_id) else { return };
        let right = lines_of(signature_of(line)).start + kind(&head, self.reach(&head));
        if right != line {
            self.step_out(&head, line);
            self.stand(&head, right);
        }
        self.heads.insert(contact_id, (head, right));
    }

    fn sort_coming(&mut self) {
        let heads = || self.heads.values().map(|(head, _)| head);
        let entry = |head: &Head| Reverse((head.received_ms, head.contact_id));
        self.coming = heads().filter(|head| self.reach(head) != Reach::All).map(entry).collect();
        let high = heads().filter(|head| head.class == Class::High && self.reach(head) == Reach::None);
        self.coming_high = high.map(entry).collect();
    }

    fn stand(&mut self, head: &Head, line: usize) {
        if line >= self.standing.len() {
            self.standing.resize_with(line + 1, Line::default);
        }
        self.fresh.insert(line);
        let (order, line) = (head.order(), &mut self.standing[line]);
        line.waiting.insert(order);
        if line.first.is_none_or(|first| order < first) {
            line.first = Some(order);
        }
    }

    fn step_out(&mut self, head: &Head, line: usize) {
        let (order, line) = (head.order(), &mut self.standing[line]);
        line.waiting.remove(&order);
        if line.first == Some(order) {
            line.first = line.waiting.first().copied();
        }
    }
}

/// The next who has come at or before this.
fn come(coming: &mut Coming, until_ms: i64) -> Option<ContactId> {
    let Reverse((received_ms, contact_id)) = *coming.peek()?;
    (received_ms <= until_ms).then(|| {
        coming.pop();
        contact_id
    })
}
