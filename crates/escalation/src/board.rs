//! What has changed, read once for all desks of a process that watch a centre: each then reads what concerns it and nothing
//! else, so that a change costs as much as it is seen by, not as much as is open times who watches.
//!
//! What it says are hints. The truth is a desk's look at everything, for which the board gives out turns.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::id::{CentreId, EscalationId};
use helpline_service_kit::Ctx;
use helpline_store::StoreError;
use helpline_store::escalation::desk::{Changed, News};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How much is read again: a change is seen when it commits, which may be as much later than it began as a call may take.
const AGAIN: TimeDelta = TimeDelta::seconds(6);
/// News kept for desks that are behind; who is further behind looks at everything.
const KEPT: usize = 10_000;
/// From one look at everything to the next, when there is time for all.
const SHORTEST: Duration = Duration::from_secs(1);
/// The same however many desks look.
const LONGEST: Duration = Duration::from_mins(5);
/// What a look counts for at most: it may have waited.
const DEAREST: Duration = Duration::from_millis(100);
/// Connections that desks take at once, so that whoever raises an emergency finds one, also when all desks open together.
const CONNECTIONS: usize = 8;
/// Rest after somebody's look at everything before somebody else's, in times of what it took.
const REST: u32 = 3;

/// The boards of the centres that are being watched. A clone is the same boards.
#[derive(Clone, Debug)]
pub(crate) struct Boards {
    boards: Arc<Mutex<HashMap<CentreId, Weak<Board>>>>,
    places: Arc<Semaphore>,
}

impl Default for Boards {
    fn default() -> Self {
        Self { boards: Arc::default(), places: Arc::new(Semaphore::new(CONNECTIONS)) }
    }
}

impl Boards {
    /// The board of a centre, which lasts as long as somebody has it.
    pub(crate) fn board(&self, centre: CentreId) -> Arc<Board> {
        let mut boards = self.boards.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(board) = boards.get(&centre).and_then(Weak::upgrade) {
            return board;
        }
        let places = Arc::clone(&self.places);
        let board =
            Arc::new(Board { centre, places, news: tokio::sync::Mutex::default(), turn: Mutex::default() });
        boards.insert(centre, Arc::downgrade(&board));
        board
    }
}

/// What has changed in a centre.
#[derive(Debug)]
pub(crate) struct Board {
    centre: CentreId,
    places: Arc<Semaphore>,
    news: tokio::sync::Mutex<Read>,
    /// When the next look at everything may begin.
    turn: Mutex<Option<Instant>>,
}

/// How far a desk has read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Place(u64);

#[derive(Debug, Default)]
struct Read {
    /// When the last reading began, by the clock of the process.
    began: Option<Instant>,
    /// The last change that was read.
    until: Option<DateTime<Utc>>,
    /// What is read again, as it was read.
    last: HashMap<EscalationId, i64>,
    kept: VecDeque<News>,
    /// How many were kept before those.
    forgotten: u64,
}

impl Board {
    /// The end of what was read so far: whoever looks at everything afterwards goes on from here.
    pub(crate) async fn end(&self, ctx: &Ctx) -> Result<Place, StoreError> {
        let mut read = self.news.lock().await;
        if read.until.is_none() {
            read.until = Some(ctx.store.now().await?);
        }
        Ok(read.end())
    }

    /// What has changed between a place and an instant and concerns the caller, and how far that is; nothing when the place
    /// is too far behind. Whoever was woken in the same moment shares one reading.
    pub(crate) async fn news(
        &self,
        ctx: &Ctx,
        from: Place,
        until: Instant,
        concerns: impl Fn(&News) -> bool + Send,
    ) -> Result<Option<(Vec<EscalationId>, Place)>, StoreError> {
        let mut read = self.news.lock().await;
        if read.began.is_none_or(|began| began < until) {
            let began = ctx.clock.instant();
            let since = read.until.unwrap_or_default();
            let found = ctx.store.changed_escalations(self.centre, since - AGAIN, &read.last).await?;
            read.take(found);
            read.began = Some(began);
        }
        Ok(read.since(from).map(|news| {
            let ids = news.filter(|one| concerns(one)).map(|one| one.escalation_id).collect();
            (ids, read.end())
        }))
    }

    /// A place among those who read at once; it is given back when dropped.
    pub(crate) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.places.acquire().await.ok()
    }

    /// When whoever has just looked at everything, which took so long, does so again.
    pub(crate) fn turn(&self, now: Instant, took: Duration) -> Instant {
        let mut next = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let free = next.unwrap_or(now).clamp(now, now + LONGEST);
        *next = Some(free + took.min(DEAREST) * REST);
        free.max(now + SHORTEST)
    }
}

impl Read {
    fn end(&self) -> Place {
        Place(self.forgotten + self.kept.len() as u64)
    }

    fn take(&mut self, found: Changed) {
        self.until = self.until.max(found.until);
        self.last = found.all;
        self.kept.extend(found.news);
        let over = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..over);
        self.forgotten += over as u64;
    }

    fn since(&self, from: Place) -> Option<impl Iterator<Item = &News>> {
        let skip = from.0.checked_sub(self.forgotten)?;
        Some(self.kept.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn changed(ids: impl IntoIterator<Item = u128>, second: i64) -> Changed {
        let until = Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(second));
        let id = |id| Uuid::from_u128(id).into();
        let news = ids.into_iter().map(|one| News {
            escalation_id: id(one),
            revision: second,
            whom: Vec::new(),
            calls: false,
        });
        Changed { until, all: HashMap::new(), news: news.collect() }
    }

    fn seen(read: &Read, from: Place) -> Option<Vec<u128>> {
        Some(read.since(from)?.map(|one| one.escalation_id.as_uuid().as_u128()).collect())
    }

    #[test]
    fn a_desk_reads_on_from_where_it_was_and_a_late_commit_does_not_turn_back_the_time() {
        let mut read = Read::default();
        read.take(changed([1, 2], 12));
        let place = read.end();
        assert_eq!(seen(&read, Place::default()), Some(vec![1, 2]));
        read.take(changed([3], 11));
        assert_eq!(seen(&read, place), Some(vec![3]));
        assert_eq!(read.until, Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(12)));
        read.take(Changed::default());
        assert_eq!(seen(&read, read.end()), Some(Vec::new()));
    }

    #[test]
    fn who_is_too_far_behind_is_told_so() {
        let mut read = Read::default();
        read.take(changed([1], 1));
        let place = read.end();
        read.take(changed((0..KEPT).map(|n| 2 + n as u128), 2));
        assert_eq!(seen(&read, Place::default()), None);
        assert_eq!(seen(&read, place).map(|all| all.len()), Some(KEPT));
    }

    #[test]
    fn who_looks_at_everything_does_so_each_second_and_in_a_crowd_one_after_another() {
        let now = Instant::now();
        let board = Boards::default().board(Uuid::from_u128(1).into());
        assert_eq!(board.turn(now, Duration::from_millis(1)), now + SHORTEST);
        let turns: Vec<Instant> = (0..500).map(|_| board.turn(now, Duration::from_millis(20))).collect();
        let last = turns.windows(2).last().unwrap();
        assert_eq!(last[1] - last[0], Duration::from_millis(20) * REST);
        assert!(turns[499] - now < LONGEST);
        let late = (0..500).map(|_| board.turn(now, Duration::from_mins(1))).next_back().unwrap();
        assert!(late - now <= LONGEST, "an outage is forgotten");
    }
}
