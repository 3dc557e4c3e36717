//! Who is on shift, as far as the question goes whether anybody could ever take a contact.
//!
//! The roster has a version that grows when somebody comes on shift, leaves it or changes abilities. A contact is taken
//! in together with the version of that moment, so whoever asks knows how old an answer may be, and nothing is read
//! again for the thousands of contacts that come between two changes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use helpline_domain::id::CentreId;
use helpline_domain::policy;
use helpline_domain::presence::PresenceState;
use helpline_domain::requirement::Requirement;
use helpline_store::Store;
use helpline_store::line::OnShift;

use crate::error::Refusal;

/// Answers remembered per roster. There are as many requirements as lines, which is few; a flood of others is computed.
const REMEMBERED: usize = 4096;

/// The roster of each centre. A clone is the same cache.
#[derive(Clone)]
pub struct RosterCache(Arc<Inner>);

struct Inner {
    store: Store,
    known: Mutex<HashMap<CentreId, Slot>>,
}

/// The lock is held while reading, so that a hundred calls that need a newer roster read it once.
type Slot = Arc<tokio::sync::Mutex<Option<Arc<Roster>>>>;

impl RosterCache {
    /// A cache that has asked nothing yet.
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Inner { store, known: Mutex::default() }))
    }

    /// The roster of this version or a later one. Errors: STORE_UNAVAILABLE, INTERNAL.
    pub async fn at(&self, centre: CentreId, version: i64) -> Result<Arc<Roster>, Refusal> {
        let slot = Arc::clone(lock(&self.0.known).entry(centre).or_default());
        let mut known = slot.lock().await;
        if let Some(roster) = &*known
            && roster.version >= version
        {
            return Ok(Arc::clone(roster));
        }
        let (version, on_shift) = self.0.store.on_shift(centre).await?;
        let roster = Arc::new(Roster { version, on_shift, answers: Mutex::default() });
        *known = Some(Arc::clone(&roster));
        Ok(roster)
    }

    /// The roster as it is now, for whoever has no version to compare. Errors: STORE_UNAVAILABLE, INTERNAL.
    pub async fn now(&self, centre: CentreId) -> Result<Arc<Roster>, Refusal> {
        self.at(centre, i64::MAX).await
    }
}

impl fmt::Debug for RosterCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RosterCache").finish_non_exhaustive()
    }
}

/// Everybody on shift at one version. Abilities are those of the version or later ones; what somebody held when it was
/// read is long outdated and not offered here.
#[derive(Debug)]
pub struct Roster {
    version: i64,
    on_shift: Vec<OnShift>,
    answers: Mutex<HashMap<Requirement, bool>>,
}

impl Roster {
    /// The version it was read at or after.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Whether anybody on shift could take such a contact if they were free.
    pub fn could_serve(&self, requirement: &Requirement) -> bool {
        if let Some(answer) = lock(&self.answers).get(requirement) {
            return *answer;
        }
        let answer = self.could(requirement, false);
        let mut answers = lock(&self.answers);
        if answers.len() < REMEMBERED {
            answers.insert(requirement.clone(), answer);
        }
        answer
    }

    /// Whether anybody on call could take such a contact.
    pub fn on_call_could_serve(&self, requirement: &Requirement) -> bool {
        self.could(requirement, true)
    }

    /// How many are on shift, whatever they do.
    pub fn on_shift(&self) -> u32 {
        let there = self.on_shift.iter().filter(|person| person.state != PresenceState::OnCall);
        u32::try_from(there.count()).unwrap_or(u32::MAX)
    }

    fn could(&self, requirement: &Requirement, on_call: bool) -> bool {
        let people = self.on_shift.iter().filter(|person| (person.state == PresenceState::OnCall) == on_call);
        policy::outlook(requirement, people.map(|person| &*person.abilities))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
