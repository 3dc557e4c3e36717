//! One pass over what has changed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Board;
use super::choose::{Choice, Like, Try};
use super::lines::{Order, lines_of, signature_of};
use super::people::Place;
use crate::channel::Medium;
use crate::id::{ContactId, CounsellorId};
use crate::policy::{Head, Pair, Reach};
use crate::risk::Class;

/// What a pass has done so far.
#[derive(Default)]
struct Pass {
    pairs: Vec<Pair>,
    /// Who was given what: no longer free, but still counted in the reserve for what they can take beside it.
    given: Vec<(Place, Medium)>,
    /// The critical contacts among the pairs, whose offer groups are not complete.
    critical: Vec<(Head, usize, Like)>,
}

/// Counsellors newly free of whom each one's lines are looked up. With more, all lines are looked at.
const FEW: usize = 4;

/// Lines to look at, the most urgent first contact first.
type Work = BinaryHeap<Reverse<(Order, usize)>>;

impl Board {
    /// Decides who is offered what, most urgent contact first, and takes them off the board: contacts that were paired wait no
    /// more, counsellors who were paired are no longer free. What comes to nothing is told again with
    /// [`Board::arrive`] and [`Board::free`], and so is a counsellor who has room for more.
    ///
    /// Each contact and each counsellor is paired at most once, because each pair is committed by itself.
    pub fn run(&mut self, now_ms: i64) -> Vec<Pair> {
        self.lines.pass_time(now_ms, &self.rules);
        let mut pass = Pass::default();
        let mut work = self.work();
        let mut grouped = false;
        let mut narrowed = false;
        while let Some(Reverse((order, line))) = work.pop() {
            if self.people.len() == 0 {
                break;
            }
            let (lesser, .., contact_id) = order;
            if lesser && !grouped {
                self.complete_groups(&mut pass, now_ms);
                grouped = true;
            }
            if !narrowed && !self.unsettled && self.freed.is_empty() && !self.reserve.has_opened() {
                // Nobody is left who was not there before: only who came since can be given anybody.
                work.retain(|Reverse((_, line))| self.lines.fresh.contains(line));
                narrowed = true;
            }
            if narrowed && !self.lines.fresh.contains(&line) {
                continue;
            }
            let signature = signature_of(line);
            let Some(head) = self.lines.head(contact_id) else { continue };
            let reach = head.reach(&self.rules, now_ms);
            let next = if let Some(choice) = self.choose(head, signature, reach, now_ms) {
                self.pair(&mut pass, contact_id, signature, choice);
                self.lines.next(line, order)
            } else if head.cooling.is_empty() && head.barred.is_empty() {
                // What it cannot have, nobody behind it can have.
                None
            } else {
                self.lines.next(line, order)
            };
            work.extend(next.map(|next| Reverse((next, line))));
        }
        if !grouped {
            self.complete_groups(&mut pass, now_ms);
        }
        self.settle(&pass);
        pass.pairs
    }

    /// The lines in which something may be possible that was not after the last run.
    fn work(&self) -> Work {
        let entry = |line| Some(Reverse((self.lines.first(line)?, line)));
        if self.unsettled || self.freed.len() > FEW || self.reserve.has_opened() {
            return self.lines.all().filter_map(entry).collect();
        }
        // A line that comes twice is looked at twice, to no effect.
        let seats = self.freed.iter().filter_map(|id| self.people.seat_of(*id));
        let served = seats.flat_map(|(_, (profile, _))| &self.people.profiles[profile].signatures);
        let lines = served.copied().flat_map(lines_of).chain(self.lines.fresh.iter().copied());
        lines.filter_map(entry).collect()
    }

    /// Takes a contact and a counsellor off the board.
    fn pair(&mut self, pass: &mut Pass, contact_id: ContactId, signature: usize, choice: Choice) {
        let Some(head) = self.lines.remove(contact_id) else { return };
        self.give(pass, choice.counsellor_id, choice.place, signature);
        pass.pairs.push(Pair {
            contact_id,
            counsellor_id: choice.counsellor_id,
            also: Vec::new(),
            contact_rule: head.rule(),
            counsellor_rule: choice.rule,
            notes: choice.notes,
        });
        if head.class == Class::Critical {
            pass.critical.push((head, signature, choice.like));
        }
    }

    fn give(&mut self, pass: &mut Pass, counsellor_id: CounsellorId, place: Place, signature: usize) {
        let medium = self.signatures[signature].requirement.medium;
        self.people.unseat(counsellor_id);
        self.freed.remove(&counsellor_id);
        self.reserve.give(self.people.stake(place), medium);
        pass.given.push((place, medium));
    }

    /// Offers the critical contacts of this pass to further counsellors, after each has its first: a second for each, then a
    /// third. A critical contact that got nobody could not be offered to any of them. Members
    /// are equals: who is on call, is interrupted, at the care limit or needs an interpreter does not join somebody who is better.
    fn complete_groups(&mut self, pass: &mut Pass, now_ms: i64) {
        let critical = std::mem::take(&mut pass.critical);
        for _ in 1..self.rules.critical_offers {
            let mut joined = false;
            for (at, (head, signature, like)) in critical.iter().enumerate() {
                let this = Try { reach: Reach::All, lifted: false, among: like.among, like: Some(*like) };
                if let Some(choice) = self.best(head, *signature, this, now_ms) {
                    self.give(pass, choice.counsellor_id, choice.place, *signature);
                    pass.pairs[at].also.push(choice.counsellor_id);
                    joined = true;
                }
            }
            if !joined {
                break;
            }
        }
    }

    /// Nothing more can be given with things as they are.
    fn settle(&mut self, pass: &Pass) {
        for &(place, medium) in &pass.given {
            self.reserve.remove_given(self.people.stake(place), medium);
        }
        self.reserve.settle();
        // A set that was large once would be slow to look through ever after.
        self.freed.clear();
        self.freed.shrink_to(FEW);
        self.lines.fresh.clear();
        self.lines.fresh.shrink_to(FEW);
        self.unsettled = false;
    }
}
