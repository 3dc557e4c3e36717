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

/// When somebody may reach further, and who.
type Coming = BinaryHeap<Reverse<(i64, ContactId)>>;

/// Who waits.
#[derive(Debug)]
pub(super) struct Lines {
    heads: HashMap<ContactId, (Head, usize)>,
    standing: Vec<Line>,
    /// Lines with somebody new since the last run.
    pub(super) fresh: HashSet<usize>,
    /// The caps at the last pass, and nothing else of the rules.
    caps: Rules,
    /// The time of the last pass.
    now_ms: i64,
    /// Who has not reached the cap, by when they will. Who has left since is passed over.
    coming: Coming,
    /// The same for those of the high class and its cap.
    coming_high: Coming,
}

fn caps_of(rules: &Rules) -> Rules {
    Rules { cap_ms: rules.cap_ms, high_cap_ms: rules.high_cap_ms, ..Rules::default() }
}

impl Lines {
    pub(super) fn new(rules: &Rules) -> Self {
        Self {
            heads: HashMap::new(),
            standing: Vec::new(),
            fresh: HashSet::new(),
            caps: caps_of(rules),
            now_ms: i64::MIN,
            coming: Coming::new(),
            coming_high: Coming::new(),
        }
    }

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
            self.coming.push(Reverse((head.cap_at_ms(&self.caps), head.contact_id)));
        }
        if reach == Reach::None
            && let Some(at) = head.high_cap_at_ms(&self.caps)
        {
            self.coming_high.push(Reverse((at, head.contact_id)));
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
        let is_back = now_ms < self.now_ms || self.caps != caps_of(rules);
        (self.now_ms, self.caps) = (now_ms, caps_of(rules));
        if is_back {
            // Another cap, or an earlier time: rare enough to look at everybody.
            let all: Vec<ContactId> = self.heads.keys().copied().collect();
            for contact_id in all {
                self.place(contact_id);
            }
            self.sort_coming();
        }
        while let Some(contact_id) = come(&mut self.coming, now_ms) {
            self.place(contact_id);
        }
        while let Some(contact_id) = come(&mut self.coming_high, now_ms) {
            self.place(contact_id);
        }
    }

    /// How far somebody may reach into the reserve: [`Head::reach`] at the time of the last pass.
    fn reach(&self, head: &Head) -> Reach {
        head.reach(&self.caps, self.now_ms)
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
        let capped = heads().filter(|head| self.reach(head) != Reach::All);
        self.coming = capped.map(|head| Reverse((head.cap_at_ms(&self.caps), head.contact_id))).collect();
        let high = heads().filter(|head| self.reach(head) == Reach::None);
        self.coming_high = high
            .filter_map(|head| Some(Reverse((head.high_cap_at_ms(&self.caps)?, head.contact_id))))
            .collect();
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

/// The next whose time has come.
fn come(coming: &mut Coming, now_ms: i64) -> Option<ContactId> {
    let Reverse((at_ms, contact_id)) = *coming.peek()?;
    (at_ms <= now_ms).then(|| {
        coming.pop();
        contact_id
    })
}
