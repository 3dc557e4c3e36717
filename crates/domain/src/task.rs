//! Tasks: something due, done by somebody, that alarms upward when it is late.

use crate::disclosure::keyed;
use crate::settings::cases::Cases;

keyed!(
    /// Where a task stands.
    TaskState {
        /// Given, and whoever is to do it has not said anything.
        Open = "open",
        /// They will do it.
        Accepted = "accepted",
        /// It is done.
        Completed = "completed",
        /// It is not to be done any more.
        Cancelled = "cancelled",
    }
);

impl TaskState {
    /// Whether it is still to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Accepted)
    }
}

keyed!(
    /// In whose hands tasks are, as far as agencies go.
    TaskHands {
        /// An agency is to do it.
        Agency = "agency",
        /// It is still to be done, an agency has declined it, and none is to do it.
        Declined = "declined",
    }
);

/// Whom a task has told how late it is; each is told once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rung {
    /// The owner: it is due soon.
    DueSoon,
    /// The owner: it is overdue.
    Overdue,
    /// Supervisors.
    Supervisor,
    /// The coordinator: it is grave.
    Coordinator,
}

impl Rung {
    /// Every rung, from the first up.
    pub const ALL: [Self; 4] = [Self::DueSoon, Self::Overdue, Self::Supervisor, Self::Coordinator];

    /// The rung that follows this many.
    pub fn after(climbed: i32) -> Option<Self> {
        usize::try_from(climbed).ok().and_then(|climbed| Self::ALL.get(climbed).copied())
    }

    /// What the journal says, behind `task_`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::DueSoon => "due_soon",
            Self::Overdue => "overdue",
            Self::Supervisor => "overdue_told_supervisor",
            Self::Coordinator => "overdue_told_coordinator",
        }
    }

    /// Seconds from the time when a task is due to this rung.
    pub fn offset_s(self, rules: &Cases) -> i64 {
        match self {
            Self::DueSoon => -i64::from(rules.due_soon_s),
            Self::Overdue => 0,
            Self::Supervisor => i64::from(rules.supervisor_after_s),
            Self::Coordinator => i64::from(rules.coordinator_after_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_is_later_than_the_one_before_it_and_the_last_is_the_end() {
        let rules = Cases::default();
        let offsets: Vec<i64> = Rung::ALL.iter().map(|rung| rung.offset_s(&rules)).collect();
        assert!(offsets.is_sorted() && offsets.first().is_some_and(|first| *first < 0));
        assert_eq!(
            [-1, 0, 3, 4].map(Rung::after),
            [None, Some(Rung::DueSoon), Some(Rung::Coordinator), None]
        );
    }
}
