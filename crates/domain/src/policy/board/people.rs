//! Who is free, by what they can do and what they hold.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::bits::Bits;
use crate::channel::Medium;
use crate::counsellor::{Abilities, Capacity};
use crate::id::CounsellorId;
use crate::policy::reserve::{Reserve, Stake};
use crate::policy::{Aside, Free};
use crate::requirement::Requirement;

/// What some contacts ask for, and who can serve it.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) requirement: Arc<Requirement>,
    /// The profiles that can serve it, best rank first.
    pub(super) ranks: Vec<(Rank, Bits)>,
}

/// How well a profile fits what is asked for; smaller is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Rank {
    /// Whether it needs an interpreter.
    pub(super) interpreted: bool,
    /// Skills and languages beyond what is asked for.
    pub(super) surplus: usize,
}

impl Signature {
    pub(super) fn new(requirement: Arc<Requirement>) -> Self {
        Self { requirement, ranks: Vec::new() }
    }

    /// How well a profile fits, if it does.
    pub(super) fn rank_of(&self, profile: usize) -> Option<Rank> {
        self.ranks.iter().find(|(_, profiles)| profiles.has(profile)).map(|(rank, _)| *rank)
    }

    fn add(&mut self, profile: usize, rank: Rank) {
        let at = match self.ranks.binary_search_by_key(&rank, |(rank, _)| *rank) {
            Ok(at) => at,
            Err(at) => {
                self.ranks.insert(at, (rank, Bits::default()));
                at
            }
        };
        self.ranks[at].1.set(profile, true);
    }
}

/// Counsellors with equal abilities.
#[derive(Debug)]
pub(super) struct Profile {
    abilities: Arc<Abilities>,
    /// The signatures it can serve.
    pub(super) signatures: Vec<usize>,
    pub(super) cells: Vec<Cell>,
}

/// Counsellors of one profile between whom only the time they have been idle decides.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) held: Capacity,
    pub(super) on_call: bool,
    pub(super) at_limit: bool,
    pub(super) aside: Aside,
    pub(super) stake: Stake,
    /// The media for which they have room.
    room: [bool; 3],
    /// The media for which they would have it if they put aside what they hold.
    yields: [bool; 3],
    /// Longest idle first.
    pub(super) people: BTreeSet<(i64, CounsellorId)>,
}

impl Cell {
    /// Whether they have room for one more of the medium: as they are, or only `by_interruption`.
    pub(super) fn takes(&self, medium: Medium, by_interruption: bool) -> bool {
        if by_interruption { self.yields[medium as usize] } else { self.room[medium as usize] }
    }
}

/// Where somebody sits: a profile and a cell in it.
pub(super) type Place = (usize, usize);

/// Who is free.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) profiles: Vec<Profile>,
    seats: HashMap<CounsellorId, (Free, Place)>,
    /// For each medium the profiles of which somebody has room.
    ready: [Bits; 3],
    /// The same of who would have it by interruption.
    yielding: [Bits; 3],
}

impl People {
    pub(super) fn len(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn add_profile(&mut self, abilities: Arc<Abilities>) -> usize {
        self.profiles.push(Profile { abilities, signatures: Vec::new(), cells: Vec::new() });
        self.profiles.len() - 1
    }

    /// Makes a profile and a signature known to each other.
    pub(super) fn introduce(&mut self, profile: usize, number: usize, signature: &mut Signature) {
        let (asked, known) = (&signature.requirement, &mut self.profiles[profile]);
        if asked.lack(&known.abilities).is_some() {
            return;
        }
        let rank = Rank {
            interpreted: asked.needs_interpreter(&known.abilities),
            surplus: (known.abilities.skills.len() + known.abilities.languages.len())
                .saturating_sub(asked.skills.len() + usize::from(asked.language.is_some())),
        };
        known.signatures.push(number);
        signature.add(profile, rank);
    }

    pub(super) fn seat(&mut self, free: Free, profile: usize, at_limit: bool, reserve: &mut Reserve) {
        let cells = &mut self.profiles[profile].cells;
        let same = |cell: &Cell| {
            (cell.held, cell.on_call, cell.at_limit, cell.aside)
                == (free.held, free.on_call, at_limit, free.aside)
        };
        let cell = cells.iter().position(same).unwrap_or_else(|| {
            cells.push(Cell {
                held: free.held,
                on_call: free.on_call,
                at_limit,
                aside: free.aside,
                stake: reserve.stake(&free.abilities, free.held, free.on_call, free.aside),
                room: Medium::ALL.map(|medium| free.abilities.capacity.allows(&free.held, medium)),
                yields: Medium::ALL
                    .map(|medium| free.aside.must_be(free.abilities.capacity, free.held, medium)),
                people: BTreeSet::new(),
            });
            cells.len() - 1
        });
        let seated = &mut cells[cell];
        seated.people.insert((free.idle_since_ms, free.counsellor_id));
        reserve.add(&seated.stake);
        if seated.people.len() == 1 {
            self.look_for_room(profile);
        }
        self.seats.insert(free.counsellor_id, (free, (profile, cell)));
    }

    /// Takes somebody off their seat. The reserve is told by whoever asks.
    pub(super) fn unseat(&mut self, counsellor_id: CounsellorId) -> Option<(Free, Place)> {
        let (free, (profile, cell)) = self.seats.remove(&counsellor_id)?;
        let left = &mut self.profiles[profile].cells[cell].people;
        left.remove(&(free.idle_since_ms, counsellor_id));
        if left.is_empty() {
            self.look_for_room(profile);
        }
        Some((free, (profile, cell)))
    }

    /// Takes everybody off their seats, and the cells with them.
    pub(super) fn drain(&mut self) -> Vec<Free> {
        for (number, profile) in self.profiles.iter_mut().enumerate() {
            profile.cells.clear();
            for ready in self.ready.iter_mut().chain(&mut self.yielding) {
                ready.set(number, false);
            }
        }
        self.seats.drain().map(|(_, (free, _))| free).collect()
    }

    pub(super) fn seat_of(&self, counsellor_id: CounsellorId) -> Option<(&Free, Place)> {
        self.seats.get(&counsellor_id).map(|(free, place)| (free, *place))
    }

    pub(super) fn cell(&self, (profile, cell): Place) -> &Cell {
        &self.profiles[profile].cells[cell]
    }

    pub(super) fn stake(&self, place: Place) -> &Stake {
        &self.cell(place).stake
    }

    /// The profiles of which somebody has room for one more of the medium: as they are, or only `by_interruption`.
    pub(super) fn ready(&self, medium: Medium, by_interruption: bool) -> &Bits {
        if by_interruption { &self.yielding[medium as usize] } else { &self.ready[medium as usize] }
    }

    fn look_for_room(&mut self, profile: usize) {
        for medium in Medium::ALL {
            let cells = &self.profiles[profile].cells;
            let any = |by_interruption| {
                cells.iter().any(|cell| cell.takes(medium, by_interruption) && !cell.people.is_empty())
            };
            self.ready[medium as usize].set(profile, any(false));
            self.yielding[medium as usize].set(profile, any(true));
        }
    }
}
