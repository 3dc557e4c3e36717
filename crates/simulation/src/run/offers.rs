//! Offers of a play: made, accepted, rung out, withdrawn.

use helpline_domain::risk::Class;

use super::{Event, Offer, Run, State};
use crate::policy::Policy;
use crate::trace::ms;

impl Run<'_> {
    /// Offers a contact to these counsellors at once; who accepts first has it.
    pub(super) fn offer(&mut self, contact: usize, people: &[usize]) {
        self.leave_line(contact);
        let arrival = &self.trace[contact];
        let medium = self.plan.requirements[arrival.requirement].medium;
        let attempt = self.contacts[contact].attempts;
        self.contacts[contact].attempts += 1;
        let ring = if self.policy == Policy::Ours && arrival.class == Class::Critical {
            ms(self.plan.scenario.ours.critical_ring_s)
        } else {
            ms(self.plan.scenario.offers.ring_s)
        };
        let mut members = Vec::with_capacity(people.len());
        for (place, &person) in people.iter().enumerate() {
            let answer =
                self.plan.answer(self.seed, contact as u32, attempt, place).filter(|after| *after < ring);
            members.push((person, answer.map(|after| self.now + after)));
            let one = &mut self.people[person];
            if !one.staff.abilities.capacity.allows(&one.held, medium) {
                one.put_aside(self.now);
            }
            debug_assert!(one.staff.abilities.capacity.allows(&one.held, medium), "no room");
            debug_assert!(self.plan.eligible[arrival.requirement][person], "not eligible");
            one.take(medium, self.now);
            self.outcome.offers += 1;
        }
        let number = self.offers.len();
        let first = members.iter().filter_map(|(_, answer)| *answer).min();
        self.offers.push(Offer { contact, members, open: true });
        self.contacts[contact].state = State::Offered(number);
        match first {
            Some(at) => self.foresee(at, Event::Answers { offer: number }),
            None => self.foresee(self.now + ring, Event::RingsOut { offer: number }),
        }
    }

    /// The first of an offer accepts; the others are let go.
    pub(super) fn answer(&mut self, number: usize) {
        let offer = &self.offers[number];
        if !offer.open {
            return;
        }
        let contact = offer.contact;
        let first = offer.members.iter().filter_map(|(person, answer)| answer.map(|at| (at, *person))).min();
        let Some((_, person)) = first else { return };
        self.withdraw(number, Some(person));
        self.begin(person, contact);
    }

    /// Nobody noticed it: the contact waits where it was, the counsellors are asked for something else.
    pub(super) fn ring_out(&mut self, number: usize) {
        if !self.offers[number].open {
            return;
        }
        let contact = self.offers[number].contact;
        let people: Vec<usize> = self.offers[number].members.iter().map(|(person, _)| *person).collect();
        self.withdraw(number, None);
        let until = self.now + ms(self.plan.scenario.ours.cool_down_s);
        for person in people {
            self.outcome.missed += 1;
            let one = &mut self.people[person];
            one.misses += 1;
            if one.misses >= self.plan.scenario.offers.miss_limit && !one.away {
                one.away = true;
                self.foresee(self.now + ms(self.plan.scenario.offers.away_s), Event::Back { person });
            }
            if self.policy == Policy::Ours {
                self.contacts[contact].cooling.push((person, until));
            }
        }
        if self.policy == Policy::Ours {
            self.foresee(until, Event::Look);
        }
        self.wait(contact);
    }

    /// Ends an offer. Everybody but `kept` is free again, and goes on with what they had put aside.
    pub(super) fn withdraw(&mut self, number: usize, kept: Option<usize>) {
        let offer = &mut self.offers[number];
        offer.open = false;
        let medium = self.plan.requirements[self.trace[offer.contact].requirement].medium;
        for (person, _) in std::mem::take(&mut offer.members) {
            if Some(person) != kept {
                self.people[person].give_back(medium);
                if !self.people[person].aside.is_empty() {
                    self.take_up_again(person);
                }
            }
        }
    }
}
