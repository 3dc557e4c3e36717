//! Who is offered what: by our policy, or by one of the others.

use std::sync::Arc;

use helpline_domain::channel::Medium;
use helpline_domain::policy::{Aside, Free, Head, OnShift, Pair, cool_down_is_void, decide};
use uuid::Uuid;

use super::{Run, counsellor_id, person_of};
use crate::policy::Policy;

impl Run<'_> {
    /// Offers what can be offered now.
    pub(super) fn pass(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        if self.policy == Policy::Ours {
            while self.pass_of_ours() && self.mixed {}
        } else {
            self.pass_of_others();
        }
    }

    /// The same call as in the server. Whether anything was offered.
    fn pass_of_ours(&mut self) -> bool {
        let free = self.free();
        if free.is_empty() || self.heads.is_empty() {
            return false;
        }
        self.look_at_cool_downs();
        let pairs = decide(&self.heads, &free, &self.rules, self.now);
        for Pair { contact_id, counsellor_id, also, .. } in &pairs {
            let contact = contact_id.as_uuid().as_u128() as usize;
            let people: Vec<usize> =
                std::iter::once(counsellor_id).chain(also).map(|one| person_of(*one)).collect();
            self.offer(contact, &people);
        }
        !pairs.is_empty()
    }

    /// A waiting contact as our policy sees it.
    pub(super) fn head(&self, contact: usize) -> Head {
        let arrival = &self.trace[contact];
        Head {
            contact_id: Uuid::from_u128(contact as u128).into(),
            class: arrival.class,
            resumed: false,
            deadline_ms: arrival.at + arrival.target,
            received_ms: arrival.at,
            sequence: i64::try_from(contact).unwrap_or(i64::MAX),
            requirement: Arc::clone(&self.plan.requirements[arrival.requirement]),
            cooling: Vec::new(),
            cooling_void: false,
            barred: Vec::new(),
            preferred: None,
            only_on_call: false,
        }
    }

    /// Counsellors with room, or who could make it, as our policy sees them.
    fn free(&self) -> Vec<Free> {
        let mut free = Vec::new();
        for (index, person) in self.people.iter().enumerate().filter(|(_, person)| person.is_ready()) {
            let (held, capacity) = (person.held, person.staff.abilities.capacity);
            let aside = person.aside_for_critical(self.now);
            if aside.can_be || Medium::ALL.iter().any(|medium| capacity.allows(&held, *medium)) {
                free.push(Free {
                    counsellor_id: counsellor_id(index),
                    abilities: Arc::clone(&person.staff.abilities),
                    held,
                    idle_since_ms: person.idle_since,
                    on_call: false,
                    severe_in_a_row: 0,
                    aside,
                });
            }
        }
        free
    }

    /// Who missed a contact is not offered it for a while, unless nobody else could take it.
    fn look_at_cool_downs(&mut self) {
        for (place, &contact) in self.waiting.iter().enumerate() {
            if self.contacts[contact].cooling.is_empty() {
                continue;
            }
            let now = self.now;
            self.contacts[contact].cooling.retain(|(_, until)| *until > now);
            let cooling: Vec<_> =
                self.contacts[contact].cooling.iter().map(|(person, _)| counsellor_id(*person)).collect();
            let on_shift: Vec<OnShift<'_>> = self
                .people
                .iter()
                .enumerate()
                .map(|(index, person)| OnShift {
                    counsellor_id: counsellor_id(index),
                    abilities: &person.staff.abilities,
                    held: person.held,
                    ready: person.on_shift && !person.away,
                    on_call: false,
                    aside: Aside::default(),
                })
                .collect();
            let head = &mut self.heads[place];
            head.cooling_void = cool_down_is_void(&head.requirement, &cooling, &head.barred, &on_shift);
            head.cooling = cooling;
        }
    }

    /// The others: in their order, each to the eligible counsellor who has been idle longest.
    fn pass_of_others(&mut self) {
        let has_room = |run: &Self, person: usize| {
            let one = &run.people[person];
            let capacity = one.staff.abilities.capacity;
            one.is_ready() && Medium::ALL.iter().any(|medium| capacity.allows(&one.held, *medium))
        };
        let mut free: Vec<usize> = (0..self.people.len()).filter(|person| has_room(self, *person)).collect();
        if free.is_empty() {
            return;
        }
        let mut line: Vec<((i64, i64), usize)> = self
            .waiting
            .iter()
            .map(|&contact| {
                let arrival = &self.trace[contact];
                (self.order.place(arrival.class, arrival.at, arrival.target, self.now), contact)
            })
            .collect();
        line.sort_unstable();
        for (_, contact) in line {
            let asks = self.trace[contact].requirement;
            let medium = self.plan.requirements[asks].medium;
            let can = |person: &usize| {
                let one = &self.people[*person];
                self.plan.eligible[asks][*person] && one.staff.abilities.capacity.allows(&one.held, medium)
            };
            let chosen = free
                .iter()
                .copied()
                .filter(can)
                .min_by_key(|person| (self.people[*person].idle_since, *person));
            if let Some(person) = chosen {
                self.offer(contact, &[person]);
                free.retain(|one| has_room(self, *one));
                if free.is_empty() {
                    break;
                }
            }
        }
    }
}
