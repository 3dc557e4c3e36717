//! The measuring itself.

use std::hint::black_box;
use std::time::{Duration, Instant};

use helpline_domain::policy::decide;

use crate::scene::Scene;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) waiting: usize,
    pub(crate) counsellors: usize,
    pub(crate) each_different: bool,
}

/// What a kind of event cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) median_ns: u64,
    pub(crate) p99_ns: u64,
    /// Of a hundred events, how many led to a pair. Only they are timed.
    pub(crate) pairs_percent: u64,
}

/// What was found at a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) point: Point,
    /// A counsellor becomes free while contacts wait.
    pub(crate) finishes: Cost,
    /// A contact comes while somebody is free for it.
    pub(crate) comes: Cost,
    /// The same decision by looking at everybody.
    pub(crate) anew_ns: u64,
}

/// Measures one point.
pub(crate) fn measure(point: Point, events: u32) -> Found {
    let mut scene = Scene::new(point);
    let (mut finishes, mut comes) = (Kind::default(), Kind::default());
    let warm = events / 10;
    for event in 0..events + warm {
        let free = scene.finishes();
        let told = free.clone();
        let start = Instant::now();
        scene.board.free(told);
        let pairs = scene.board.run(black_box(scene.now_ms));
        let took = start.elapsed();
        finishes.note(event >= warm, took, pairs.len());
        scene.after_finishing(free, &pairs);

        let head = scene.comes();
        let told = head.clone();
        let start = Instant::now();
        scene.board.arrive(told);
        let pairs = scene.board.run(black_box(scene.now_ms));
        let took = start.elapsed();
        comes.note(event >= warm, took, pairs.len());
        scene.after_coming(&head, &pairs);
    }
    let (heads, free) = scene.everybody();
    let rules = scene.board.rules().clone();
    let mut anew: Vec<u64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            black_box(decide(&heads, &free, &rules, scene.now_ms));
            nanoseconds(start.elapsed())
        })
        .collect();
    anew.sort_unstable();
    Found { point, finishes: finishes.cost(), comes: comes.cost(), anew_ns: anew[2] }
}

/// The events of one kind.
#[derive(Default)]
struct Kind {
    took: Vec<u64>,
    events: u64,
}

impl Kind {
    /// What led to nothing, because the reserve is kept or nobody fits, is cheaper and no decision; it is only counted.
    fn note(&mut self, counts: bool, took: Duration, pairs: usize) {
        if counts {
            self.events += 1;
            if pairs > 0 {
                self.took.push(nanoseconds(took));
            }
        }
    }

    fn cost(mut self) -> Cost {
        self.took.sort_unstable();
        let at = |percent: usize| self.took.get(self.took.len() * percent / 100).copied().unwrap_or(0);
        let pairs_percent = self.took.len() as u64 * 100 / self.events.max(1);
        Cost { median_ns: at(50), p99_ns: at(99), pairs_percent }
    }
}

fn nanoseconds(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}
