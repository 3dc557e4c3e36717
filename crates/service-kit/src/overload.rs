//! How far the overload valve is open, as this process last saw the line.
//!
//! A worker looks each second and notes what it saw; whoever takes a contact in asks nobody. Each process has its own
//! look and its own memory of the level before: they may differ for as long as a level takes to begin or end.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use helpline_domain::id::CentreId;
use helpline_domain::policy::valve::{self, Level, Load, Valve, ValveRules};
use helpline_domain::risk::Class;
use helpline_store::load::LATELY_S;

use crate::clock::Clock;

/// What was seen longer ago is not believed any more.
const OLDEST: Duration = Duration::from_secs(30);

/// The valve of a centre, and what may be told of the wait.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overload {
    /// How far the valve is open.
    pub valve: Valve,
    waiting: [u32; 4],
    answered: u32,
}

impl Overload {
    /// The wait to expect for somebody of this class who comes now, in seconds: behind all of their class and of those
    /// above it, as fast as the line has moved lately. `None` when nobody was answered lately.
    pub fn expected_wait_s(&self, class: Class) -> Option<u32> {
        let ahead = self.waiting[..=class as usize].iter().sum();
        valve::expected_wait_s(ahead, self.answered, LATELY_S)
    }
}

type Seen = (Instant, Overload);

/// What this process last saw of each centre. A clone is the same board.
#[derive(Clone)]
pub struct OverloadBoard {
    clock: Arc<dyn Clock>,
    seen: Arc<Mutex<HashMap<CentreId, Seen>>>,
}

impl OverloadBoard {
    /// A board on which nothing was noted.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, seen: Arc::default() }
    }

    /// The valve now; closed where nothing was seen for a while.
    pub fn of(&self, centre: CentreId) -> Overload {
        let seen = self.seen().get(&centre).copied();
        let fresh = seen.filter(|(at, _)| self.clock.instant().duration_since(*at) < OLDEST);
        fresh.map_or_else(Overload::default, |(_, overload)| overload)
    }

    /// Notes what the line carries, and how many were answered lately. Returns the level if it is another than before.
    pub fn note(&self, centre: CentreId, load: &Load, answered: u32, rules: &ValveRules) -> Option<Level> {
        let before = self.of(centre).valve.level;
        let valve = valve::valve(load, rules, before);
        let overload = Overload { valve, waiting: load.waiting, answered };
        self.seen().insert(centre, (self.clock.instant(), overload));
        (valve.level != before).then_some(valve.level)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<CentreId, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OverloadBoard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverloadBoard").finish_non_exhaustive()
    }
}
