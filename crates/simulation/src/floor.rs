//! The counsellors of a play: what each holds, and whether they are there.

use helpline_domain::channel::Medium;
use helpline_domain::counsellor::Capacity;
use helpline_domain::policy::Aside;

use crate::trace::Staff;

const DAY_MS: i64 = 86_400_000;

/// A contact somebody has in hand.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Its number among all contacts in hand; a task that was put aside gets a new one.
    pub(crate) number: u32,
    pub(crate) medium: Medium,
    pub(crate) ends: i64,
    /// From when it can be put aside.
    pub(crate) parkable_from: i64,
    /// The contact that interrupted others: they go on when it ends.
    pub(crate) interrupts: bool,
}

/// A counsellor.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) staff: Staff,
    pub(crate) on_shift: bool,
    /// Set not ready after missed offers.
    pub(crate) away: bool,
    /// Contacts in hand and open offers.
    pub(crate) held: Capacity,
    pub(crate) idle_since: i64,
    /// Offers missed in a row.
    pub(crate) misses: u32,
    pub(crate) tasks: Vec<Task>,
    /// Put aside, each with the time it still takes.
    pub(crate) aside: Vec<(Task, i64)>,
}

impl Person {
    pub(crate) fn new(staff: &Staff) -> Self {
        let mut person = Self {
            staff: staff.clone(),
            on_shift: true,
            away: false,
            held: Capacity::default(),
            idle_since: 0,
            misses: 0,
            tasks: Vec::new(),
            aside: Vec::new(),
        };
        person.look_at_clock(0);
        person
    }

    /// Whether they can be offered contacts at all.
    pub(crate) fn is_ready(&self) -> bool {
        self.on_shift && !self.away
    }

    /// Whether a critical contact could interrupt everything they hold, and whether one has interrupted something.
    pub(crate) fn aside_for_critical(&self, now: i64) -> Aside {
        let held = usize::from(self.held.voice + self.held.chat + self.held.message);
        let can_be = held > 0
            && held == self.tasks.len()
            && self.tasks.iter().all(|task| task.parkable_from <= now && !task.interrupts);
        Aside { can_be, was: !self.aside.is_empty() }
    }

    pub(crate) fn take(&mut self, medium: Medium, now: i64) {
        self.held = self.held.plus(medium);
        self.idle_since = now;
    }

    pub(crate) fn give_back(&mut self, medium: Medium) {
        self.held = minus(self.held, medium);
    }

    /// Puts aside what can be.
    pub(crate) fn put_aside(&mut self, now: i64) {
        let (aside, kept) =
            std::mem::take(&mut self.tasks).into_iter().partition(|task| task.parkable_from <= now);
        self.tasks = kept;
        let aside: Vec<Task> = aside;
        for task in aside {
            self.held = minus(self.held, task.medium);
            let left = task.ends - now;
            self.aside.push((task, left));
        }
    }

    /// Whether they are on shift at this time; a shift that ends lets them finish what they have in hand.
    pub(crate) fn look_at_clock(&mut self, now: i64) {
        let of_day = now.rem_euclid(DAY_MS);
        let was = self.on_shift;
        self.on_shift = self.staff.shifts.is_empty()
            || self.staff.shifts.iter().any(|(from, to)| (*from..*to).contains(&of_day));
        if self.on_shift && !was {
            (self.idle_since, self.misses) = (now, 0);
        }
    }
}

/// The next time after `now` at which somebody's shift begins or ends.
pub(crate) fn next_change(people: &[Person], now: i64) -> Option<i64> {
    let midnight = now - now.rem_euclid(DAY_MS);
    let edges =
        people.iter().flat_map(|person| person.staff.shifts.iter()).flat_map(|(from, to)| [*from, *to]);
    edges.flat_map(|edge| [midnight + edge, midnight + DAY_MS + edge]).filter(|edge| *edge > now).min()
}

const fn minus(mut held: Capacity, medium: Medium) -> Capacity {
    match medium {
        Medium::Voice => held.voice = held.voice.saturating_sub(1),
        Medium::Chat => held.chat = held.chat.saturating_sub(1),
        Medium::Message => held.message = held.message.saturating_sub(1),
    }
    held
}
