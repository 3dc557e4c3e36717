//! The closing figures: as the server counts them, and as the database does.

use std::fmt;

use anyhow::{Context as _, Result};
use helpline_devstack::PostgresHandle;
use helpline_proto::queueing::v1::QueueStatus;

use crate::house::DATABASE;

/// What became of all contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Taken in.
    pub received: i64,
    /// Answered by a counsellor.
    pub answered: i64,
    /// Left before anybody answered.
    pub abandoned: i64,
    /// Left within seconds.
    pub short_abandoned: i64,
    /// Waiting or being offered now.
    pub waiting: i64,
    /// Answered within the target wait.
    pub in_target: i64,
}

impl From<&QueueStatus> for Figures {
    fn from(status: &QueueStatus) -> Self {
        let classes = status.lines.iter().flat_map(|line| &line.classes);
        Self {
            received: status.received,
            answered: status.answered,
            abandoned: status.abandoned,
            short_abandoned: status.short_abandoned,
            waiting: classes.map(|class| i64::from(class.waiting) + i64::from(class.offered)).sum(),
            in_target: status.answered_in_target,
        }
    }
}

impl Figures {
    /// Counts in the database itself.
    ///
    /// # Errors
    /// When the database does not answer as expected.
    pub fn counted(postgres: &PostgresHandle) -> Result<Self> {
        let rows = postgres.query(
            DATABASE,
            "SELECT count(*), count(answered_at), count(*) FILTER (WHERE state = 'abandoned' AND answered_at IS NULL),
                 count(*) FILTER (WHERE state = 'short_abandoned' AND answered_at IS NULL),
                 count(*) FILTER (WHERE state IN ('waiting', 'offered')),
                 count(*) FILTER (WHERE answered_at <= deadline_at)
             FROM helpline.contacts",
        )?;
        let row = rows.first().context("an answer of one row")?;
        let number = |place: usize| -> Result<i64> {
            let text = row.get(place).and_then(Option::as_deref).context("an answer of six numbers")?;
            text.parse().context("an answer of six numbers")
        };
        Ok(Self {
            received: number(0)?,
            answered: number(1)?,
            abandoned: number(2)?,
            short_abandoned: number(3)?,
            waiting: number(4)?,
            in_target: number(5)?,
        })
    }

    /// Share answered within target, of those who were answered or left; `None` when nobody was or did. Who left
    /// counts as missed, those within seconds apart.
    pub fn share_in_target(&self) -> Option<f64> {
        let decided = self.answered + self.abandoned;
        #[expect(clippy::cast_precision_loss, reason = "counts of one play")]
        let share = || self.in_target as f64 / decided as f64;
        (decided > 0).then(share)
    }
}

/// The summary: one line each.
impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "received         {:>6}", self.received)?;
        writeln!(formatter, "answered         {:>6}", self.answered)?;
        writeln!(
            formatter,
            "abandoned        {:>6}   and {} who left within seconds",
            self.abandoned, self.short_abandoned
        )?;
        writeln!(formatter, "still waiting    {:>6}", self.waiting)?;
        write!(formatter, "share in target  {:>6}", percent(self.share_in_target()))
    }
}

/// A share as a whole percentage; a dash for none.
pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

#[cfg(test)]
mod tests {
    use helpline_proto::queueing::v1::{ClassLine, QueueLine};

    use super::*;

    #[test]
    fn the_summary_has_one_line_for_each_figure() {
        let figures = Figures {
            received: 120,
            answered: 90,
            abandoned: 10,
            short_abandoned: 3,
            waiting: 17,
            in_target: 75,
        };
        let lines: Vec<String> = figures.to_string().lines().map(str::to_owned).collect();
        assert_eq!(
            lines,
            [
                "received            120",
                "answered             90",
                "abandoned            10   and 3 who left within seconds",
                "still waiting        17",
                "share in target    75 %",
            ]
        );
    }

    #[test]
    fn who_left_counts_as_missed_and_nobody_gives_no_share() {
        let figures =
            Figures { answered: 5, abandoned: 5, short_abandoned: 90, in_target: 5, ..Figures::default() };
        assert_eq!(percent(figures.share_in_target()), "50 %");
        assert_eq!(percent(Figures::default().share_in_target()), "–");
    }

    #[test]
    fn waiting_is_everybody_in_line_or_being_offered() {
        let class = |waiting, offered| ClassLine { waiting, offered, ..ClassLine::default() };
        let line = |classes| QueueLine { queue: "general".to_owned(), classes };
        let status = QueueStatus {
            lines: vec![line(vec![class(2, 1), class(3, 0)]), line(vec![class(0, 4)])],
            received: 12,
            ..QueueStatus::default()
        };
        assert_eq!(Figures::from(&status), Figures { received: 12, waiting: 10, ..Figures::default() });
    }
}
