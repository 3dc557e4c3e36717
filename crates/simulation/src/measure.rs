//! What is measured of a play: waits and ends by class, and how the counsellors fared.

use helpline_domain::risk::Class;

use crate::statistics::percentile;

/// Seconds of the curves.
pub const CURVE_S: usize = 900;

/// Contacts of one class under one seed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tally {
    /// Waits of all, in seconds, until answered or left; sorted at the end.
    pub waits: Vec<f64>,
    /// Answered within the target.
    pub in_target: u32,
    /// Left unanswered.
    pub abandoned: u32,
    /// Of those, who left within seconds.
    pub short_abandoned: u32,
    /// Answered, by whole seconds of wait.
    pub answered_by_second: Vec<u32>,
    /// Answered in all.
    pub answered: u32,
}

/// How long, and how it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Answered { wait: i64, target: i64 },
    Left { wait: i64 },
}

/// Waits shorter than this that end by leaving are counted apart, in milliseconds.
const SHORT_MS: i64 = 10_000;

impl Tally {
    pub(crate) fn add(&mut self, end: End) {
        let (End::Answered { wait, .. } | End::Left { wait }) = end;
        self.waits.push(wait as f64 / 1000.0);
        match end {
            End::Answered { wait, target } => {
                self.answered += 1;
                self.in_target += u32::from(wait <= target);
                let second = (wait / 1000) as usize;
                if second < CURVE_S {
                    self.answered_by_second.resize(CURVE_S, 0);
                    self.answered_by_second[second] += 1;
                }
            }
            End::Left { wait } => {
                self.abandoned += 1;
                self.short_abandoned += u32::from(wait < SHORT_MS);
            }
        }
    }

    /// Contacts.
    pub fn count(&self) -> usize {
        self.waits.len()
    }

    fn share(&self, part: u32) -> Option<f64> {
        (self.count() > 0).then(|| f64::from(part) / self.count() as f64)
    }

    /// Share answered within the target; who left counts as missed.
    pub fn share_in_target(&self) -> Option<f64> {
        self.share(self.in_target)
    }

    /// Share that left unanswered.
    pub fn share_abandoned(&self) -> Option<f64> {
        self.share(self.abandoned)
    }

    /// Share that left unanswered within seconds.
    pub fn share_short_abandoned(&self) -> Option<f64> {
        self.share(self.short_abandoned)
    }

    /// The wait below which a share of all contacts lies, in seconds.
    pub fn wait(&self, share: f64) -> Option<f64> {
        percentile(&self.waits, share)
    }

    /// Mean wait of all, in seconds.
    pub fn mean_wait(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.waits.iter().sum::<f64>() / self.count() as f64)
    }

    /// Share that waited at all.
    pub fn share_waited(&self) -> Option<f64> {
        self.share(self.waits.iter().filter(|wait| **wait > 0.0).count() as u32)
    }
}

/// What came of one play.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outcome {
    /// By the class in which contacts waited.
    pub classes: [Tally; 4],
    /// By the class that was found at close.
    pub found: [Tally; 4],
    /// Offers made, to each counsellor.
    pub offers: u32,
    /// Of those, not noticed.
    pub missed: u32,
    /// Counsellors' time on shift with something in hand or ringing, as a share.
    pub occupancy: f64,
    /// Share of the time in which somebody waited while a counsellor who could take them was free.
    pub kept_free: f64,
}

impl Outcome {
    /// The contacts that waited in a class.
    pub fn class(&self, class: Class) -> &Tally {
        &self.classes[class as usize]
    }

    pub(crate) fn add(&mut self, class: Class, found: Class, end: End) {
        self.classes[class as usize].add(end);
        self.found[found as usize].add(end);
    }

    pub(crate) fn finish(&mut self) {
        for tally in self.classes.iter_mut().chain(&mut self.found) {
            tally.waits.sort_unstable_by(f64::total_cmp);
        }
    }
}
