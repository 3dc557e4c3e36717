//! One play: events in order of time, and after each the question who is offered what.

mod offers;
mod pass;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use helpline_domain::id::CounsellorId;
use helpline_domain::policy::{Group, Head, Rules};
use helpline_domain::risk::Class;
use uuid::Uuid;

use crate::floor::{Person, Task, next_change};
use crate::measure::{End, Outcome};
use crate::policy::{Order, Policy};
use crate::trace::{Arrival, Plan, ms};

/// After so long behind the end nobody is waited for any more; whoever still waits is counted as left.
const LONGEST_TAIL_MS: i64 = 7 * 86_400_000;

/// What happens next. The numbers are indices.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    /// A task ends.
    Ends { person: usize, number: u32 },
    /// An offer is accepted.
    Answers { offer: usize },
    /// An offer has rung out.
    RingsOut { offer: usize },
    /// A contact's patience ends.
    Leaves { contact: usize },
    /// A counsellor is ready again.
    Back { person: usize },
    /// A shift begins or ends.
    Shift,
    /// Something may be possible that was not: a cap is reached, a cool-down is over.
    Look,
}

/// Where a contact is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Coming,
    Waiting,
    Offered(usize),
    Done,
}

#[derive(Clone, Debug)]
struct Contact {
    state: State,
    /// Offers so far.
    attempts: u32,
    /// Who missed it, and until when they are not offered it again.
    cooling: Vec<(usize, i64)>,
}

#[derive(Clone, Debug)]
struct Offer {
    contact: usize,
    /// Counsellors, best first, with the time at which each would accept.
    members: Vec<(usize, Option<i64>)>,
    open: bool,
}

/// A play of one policy under one seed.
pub(crate) struct Run<'a> {
    plan: &'a Plan,
    trace: &'a [Arrival],
    policy: Policy,
    seed: u64,
    now: i64,
    order: Order,
    rules: Rules,
    /// Whether anybody can hold more than one contact, or put one aside.
    mixed: bool,
    events: BinaryHeap<Reverse<(i64, u64, Event)>>,
    /// Events so far: those of the same time happen in the order in which they were foreseen.
    foreseen: u64,
    contacts: Vec<Contact>,
    people: Vec<Person>,
    offers: Vec<Offer>,
    /// Contacts that wait, for our policy as it wants them; in no order.
    waiting: Vec<usize>,
    heads: Vec<Head>,
    tasks: u32,
    /// Measured contacts that have not ended.
    open: usize,
    outcome: Outcome,
    /// Counsellor-milliseconds with something in hand, and on shift; milliseconds in which somebody was kept free.
    busy: i64,
    staffed: i64,
    kept: i64,
    is_kept: bool,
}

/// The id under which our policy knows a counsellor.
fn counsellor_id(person: usize) -> CounsellorId {
    Uuid::from_u128(person as u128).into()
}

fn person_of(id: CounsellorId) -> usize {
    id.as_uuid().as_u128() as usize
}

impl<'a> Run<'a> {
    /// Plays one policy; `trace` is what comes under the seed.
    pub(crate) fn play(plan: &'a Plan, trace: &'a [Arrival], policy: Policy, seed: u64) -> Outcome {
        let mut run = Self::new(plan, trace, policy, seed);
        run.run();
        run.outcome
    }

    fn new(plan: &'a Plan, trace: &'a [Arrival], policy: Policy, seed: u64) -> Self {
        let ours = &plan.scenario.ours;
        let people: Vec<Person> = plan.people.iter().map(Person::new).collect();
        let contact = Contact { state: State::Coming, attempts: 0, cooling: Vec::new() };
        let mixed = plan.scenario.counsellors.parkable_wrap_up > 0.0
            || plan.people.iter().any(|staff| {
                let capacity = staff.abilities.capacity;
                capacity.voice + capacity.chat + capacity.message > 1
            });
        Self {
            plan,
            trace,
            policy,
            seed,
            now: 0,
            order: Order::new(policy, &plan.scenario),
            rules: Rules {
                reserve: ours.reserve,
                cap_ms: ms(ours.cap_s),
                high_cap_ms: ms(ours.high_cap_s),
                reserve_from: ours.reserve_from,
                critical_offers: ours.critical_offers,
                ..Rules::default()
            },
            mixed,
            events: BinaryHeap::new(),
            foreseen: 0,
            contacts: vec![contact; trace.len()],
            people,
            offers: Vec::new(),
            waiting: Vec::new(),
            heads: Vec::new(),
            tasks: 0,
            open: trace.iter().filter(|arrival| plan.measures(arrival)).count(),
            outcome: Outcome::default(),
            busy: 0,
            staffed: 0,
            kept: 0,
            is_kept: false,
        }
    }

    fn run(&mut self) {
        self.shift_changes();
        self.take_over();
        let mut coming = self.plan.standing;
        let last = self.plan.end() + LONGEST_TAIL_MS;
        while self.open > 0 && self.now < last {
            let arrives = self.trace.get(coming).map(|arrival| arrival.at);
            let happens = self.events.peek().map(|Reverse((at, ..))| *at);
            match (arrives, happens) {
                (Some(at), next) if next.is_none_or(|next| at < next) => {
                    self.pass_time(at);
                    self.arrive(coming);
                    coming += 1;
                }
                (_, Some(at)) => {
                    self.pass_time(at);
                    if let Some(Reverse((_, _, event))) = self.events.pop() {
                        self.happen(event);
                    }
                }
                _ => break,
            }
            self.pass();
            self.is_kept = self.somebody_is_kept();
        }
        for contact in std::mem::take(&mut self.waiting) {
            self.end(contact, false);
        }
        self.outcome.occupancy = self.busy as f64 / self.staffed.max(1) as f64;
        let span = (self.now.min(self.plan.end()) - ms(self.plan.scenario.warm_up_s)).max(1);
        self.outcome.kept_free = self.kept as f64 / span as f64;
        self.outcome.finish();
    }

    /// Begins with those who wait already and those who are busy already.
    fn take_over(&mut self) {
        for &(person, medium, left) in &self.plan.in_hand {
            self.tasks += 1;
            let (number, ends) = (self.tasks, self.now + left);
            let one = &mut self.people[person];
            one.take(medium, self.now);
            one.tasks.push(Task { number, medium, ends, parkable_from: i64::MAX, interrupts: false });
            self.foresee(ends, Event::Ends { person, number });
        }
        for &(person, until) in &self.plan.away {
            self.people[person].away = true;
            self.foresee(until, Event::Back { person });
        }
        for contact in 0..self.plan.standing {
            self.arrive(contact);
        }
        self.pass();
    }

    /// Moves the clock, and counts who was busy meanwhile.
    fn pass_time(&mut self, at: i64) {
        let from = self.now.max(ms(self.plan.scenario.warm_up_s));
        let span = at.min(self.plan.end()) - from;
        if span > 0 {
            for person in self.people.iter().filter(|person| person.on_shift) {
                self.staffed += span;
                self.busy += if person.held.is_empty() { 0 } else { span };
            }
            self.kept += if self.is_kept { span } else { 0 };
        }
        self.now = at;
    }

    fn foresee(&mut self, at: i64, event: Event) {
        self.foreseen += 1;
        self.events.push(Reverse((at.max(self.now), self.foreseen, event)));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Ends { person, number } => self.finish_task(person, number),
            Event::Answers { offer } => self.answer(offer),
            Event::RingsOut { offer } => self.ring_out(offer),
            Event::Leaves { contact } => self.leave(contact),
            Event::Back { person } => {
                let person = &mut self.people[person];
                (person.away, person.misses, person.idle_since) = (false, 0, self.now);
            }
            Event::Shift => self.shift_changes(),
            Event::Look => {}
        }
    }

    fn arrive(&mut self, contact: usize) {
        let arrival = &self.trace[contact];
        if let Some(patience) = arrival.patience {
            self.foresee(arrival.at + patience, Event::Leaves { contact });
        }
        if self.policy == Policy::Ours && arrival.class != Class::Critical && self.rules.reserve > 0 {
            self.foresee(arrival.at + self.rules.cap_ms, Event::Look);
            if arrival.class == Class::High && self.rules.high_cap_ms > 0 {
                self.foresee(arrival.at + self.rules.high_cap_ms, Event::Look);
            }
        }
        self.wait(contact);
    }

    /// Takes its place in line, the one it had if it had one.
    fn wait(&mut self, contact: usize) {
        self.contacts[contact].state = State::Waiting;
        self.waiting.push(contact);
        if self.policy == Policy::Ours {
            self.heads.push(self.head(contact));
        }
    }

    fn leave_line(&mut self, contact: usize) {
        if let Some(place) = self.waiting.iter().position(|one| *one == contact) {
            self.waiting.swap_remove(place);
            if self.policy == Policy::Ours {
                self.heads.swap_remove(place);
            }
        }
    }

    /// A contact's patience ends; it has left unless it was answered.
    fn leave(&mut self, contact: usize) {
        match self.contacts[contact].state {
            State::Waiting => self.leave_line(contact),
            State::Offered(offer) => self.withdraw(offer, None),
            State::Coming | State::Done => return,
        }
        self.end(contact, false);
    }

    /// Its wait is over.
    fn end(&mut self, contact: usize, answered: bool) {
        self.contacts[contact].state = State::Done;
        let arrival = &self.trace[contact];
        if self.plan.measures(arrival) {
            self.open -= 1;
            let wait = self.now - arrival.at;
            let end =
                if answered { End::Answered { wait, target: arrival.target } } else { End::Left { wait } };
            self.outcome.add(arrival.class, arrival.found, end);
        }
    }

    /// A counsellor begins with a contact.
    fn begin(&mut self, person: usize, contact: usize) {
        let arrival = &self.trace[contact];
        self.tasks += 1;
        let wrap_up = self.plan.scenario.counsellors.parkable_wrap_up;
        let parkable_from = if arrival.parkable {
            self.now
        } else if wrap_up > 0.0 {
            self.now + (arrival.handle as f64 * (1.0 - wrap_up)) as i64
        } else {
            i64::MAX
        };
        let medium = self.plan.requirements[arrival.requirement].medium;
        let ends = self.now + arrival.handle;
        let one = &mut self.people[person];
        let interrupts = !one.aside.is_empty();
        one.misses = 0;
        one.tasks.push(Task { number: self.tasks, medium, ends, parkable_from, interrupts });
        let number = self.tasks;
        self.foresee(ends, Event::Ends { person, number });
        if parkable_from < ends && parkable_from > self.now && self.policy == Policy::Ours {
            self.foresee(parkable_from, Event::Look);
        }
        self.end(contact, true);
    }

    fn finish_task(&mut self, person: usize, number: u32) {
        let one = &mut self.people[person];
        // A task that was put aside ends under another number.
        let Some(place) = one.tasks.iter().position(|task| task.number == number) else { return };
        let task = one.tasks.swap_remove(place);
        one.give_back(task.medium);
        one.idle_since = self.now;
        if task.interrupts {
            self.take_up_again(person);
        }
    }

    /// Goes on with what was put aside.
    fn take_up_again(&mut self, person: usize) {
        for (mut task, left) in std::mem::take(&mut self.people[person].aside) {
            self.tasks += 1;
            task.number = self.tasks;
            task.ends = self.now + left;
            task.parkable_from = self.now;
            let number = task.number;
            self.foresee(task.ends, Event::Ends { person, number });
            let one = &mut self.people[person];
            one.held = one.held.plus(task.medium);
            one.tasks.push(task);
        }
    }

    fn shift_changes(&mut self) {
        for person in &mut self.people {
            person.look_at_clock(self.now);
        }
        let on_shift = self.people.iter().filter(|person| person.on_shift);
        let abilities = on_shift.map(|person| &*person.staff.abilities);
        self.rules.on_shift = abilities.clone().count() as u32;
        self.rules.groups = Group::of(self.plan.requirements.iter().map(|asks| &**asks), abilities);
        if let Some(at) = next_change(&self.people, self.now) {
            self.foresee(at, Event::Shift);
        }
    }

    /// Whether somebody waits while a counsellor who could take them is free.
    fn somebody_is_kept(&self) -> bool {
        let free = |person: &Person| person.is_ready() && person.held.is_empty();
        !self.waiting.is_empty()
            && self.people.iter().enumerate().any(|(index, person)| {
                free(person)
                    && self.waiting.iter().any(|one| self.plan.eligible[self.trace[*one].requirement][index])
            })
    }
}

impl Plan {
    /// Whether a contact is counted: it came after the line had filled, and before the end.
    fn measures(&self, arrival: &Arrival) -> bool {
        (ms(self.scenario.warm_up_s)..self.end()).contains(&arrival.at)
    }
}

#[cfg(test)]
mod properties;
