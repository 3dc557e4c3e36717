//! Who waits, in lines of which the first stands for all.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};
use std::ops::Bound;

use crate::id::ContactId;
use crate::policy::Head;
use crate::risk::Class;

/// Place in line: [`Head::order`].
pub(super) type Order = (bool, bool, i64, i64, ContactId);

/// Lines of one signature: see [`kind`].
const KINDS: usize = 5;

/// Contacts of one signature and one kind may have the same counsellors, each one's own exclusions apart.
fn kind(head: &Head, capped: bool) -> usize {
    match (head.class, capped, head.takes_on_call()) {
        (Class::Critical, ..) => 0,
        (_, false, false) => 1,
        (_, false, true) => 2,
        (_, true, false) => 3,
        (_, true, true) => 4,
    }
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

/// Who waits.
#[derive(Debug)]
pub(super) struct Lines {
    heads: HashMap<ContactId, (Head, usize)>,
    standing: Vec<Line>,
    /// Lines with somebody new since the last run.
    pub(super) fresh: HashSet<usize>,
    /// Who came at or before this has waited for the cap.
    capped_ms: i64,
    /// The others, first come first. Who has left since is passed over.
    coming: BinaryHeap<Reverse<(i64, ContactId)>>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            heads: HashMap::new(),
            standing: Vec::new(),
            fresh: HashSet::new(),
            capped_ms: i64::MIN,
            coming: BinaryHeap::new(),
        }
    }
}

impl Lines {
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn insert(&mut self, head: Head, signature: usize) {
        self.remove(head.contact_id);
        let capped = head.received_ms <= self.capped_ms;
        if !capped && head.class != Class::Critical {
            if self.coming.len() > 64 + 2 * self.heads.len() {
                self.sort_coming();
            }
            self.coming.push(Reverse((head.received_ms, head.contact_id)));
        }
        let line = lines_of(signature).start + kind(&head, capped);
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

    /// Moves who has waited for the cap by now.
    pub(super) fn pass_time(&mut self, now_ms: i64, cap_ms: i64) {
        let capped_ms = now_ms.saturating_sub(cap_ms);
        if capped_ms < self.capped_ms {
            // A later cap, or an earlier time: rare enough to look at everybody.
            self.capped_ms = capped_ms;
            let all: Vec<ContactId> = self.heads.keys().copied().collect();
            for contact_id in all {
                self.place(contact_id);
            }
            self.sort_coming();
        }
        self.capped_ms = capped_ms;
        while let Some(&Reverse((received_ms, contact_id))) = self.coming.peek()
            && received_ms <= capped_ms
        {
            self.coming.pop();
            self.place(contact_id);
        }
    }

    /// Puts a contact into the line it belongs to by now.
    fn place(&mut self, contact_id: ContactId) {
        let Some((head, line)) = self.heads.remove(&contact_id) else { return };
        let right = lines_of(signature_of(line)).start + kind(&head, head.received_ms <= self.capped_ms);
        if right != line {
            self.step_out(&head, line);
            self.stand(&head, right);
        }
        self.heads.insert(contact_id, (head, right));
    }

    fn sort_coming(&mut self) {
        let not_yet = self
            .heads
            .values()
            .filter(|(head, _)| head.class != Class::Critical && head.received_ms > self.capped_ms);
        self.coming = not_yet.map(|(head, _)| Reverse((head.received_ms, head.contact_id))).collect();
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
