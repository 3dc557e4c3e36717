//! The live picture of the floor: plain text without colours that fits a terminal of 80 columns and 24 rows, or one line.

mod emergency;

use std::collections::VecDeque;
use std::fmt::Write as _;

use helpline_proto::queueing::v1::{ClassLine, QueueStatus};
use helpline_proto::terms::v1::PriorityClass;

use crate::emergency::account::Account;
use crate::figures::{Figures, percent};
use crate::scene::News;
use crate::speed::Speed;

const WIDTH: usize = 78;
/// Columns and rows that a terminal must have for a picture.
pub const LEAST: (u16, u16) = (80, 24);
/// Lines above emergencies and news.
const FLOOR: usize = 13;
/// Lines of news that are kept.
const NEWS: usize = 16;
const CLASSES: [PriorityClass; 4] =
    [PriorityClass::Critical, PriorityClass::High, PriorityClass::Medium, PriorityClass::Low];

/// What is known for the picture.
#[derive(Clone, Debug)]
pub struct Picture {
    speed: Speed,
    status: QueueStatus,
    news: VecDeque<String>,
    /// In the order in which they were heard of, each with the helpline's time at which it began: numbers tell no order.
    emergencies: Vec<(f64, Account)>,
    /// What there is to say beside the figures.
    remark: &'static str,
    /// Lines of the picture drawn last, to be drawn over, and the rows of the terminal it was drawn for.
    drawn: (usize, u16),
}

/// One class over all queues.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Line {
    waiting: i32,
    offered: i32,
    overdue: i32,
    longest: f64,
}

impl Line {
    fn add(&mut self, class: &ClassLine) {
        self.waiting += class.waiting;
        self.offered += class.offered;
        self.overdue += class.overdue;
        let longest = class.longest_wait.as_ref().map_or(0.0, seconds);
        self.longest = self.longest.max(longest);
    }
}

fn seconds(duration: &prost_types::Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a wait is far below 2^52 s")]
    let whole = duration.seconds as f64;
    whole + f64::from(duration.nanos) / 1e9
}

impl Picture {
    /// An empty picture.
    pub fn new(speed: Speed) -> Self {
        Self {
            speed,
            status: QueueStatus::default(),
            news: VecDeque::new(),
            emergencies: Vec::new(),
            remark: "",
            drawn: (0, 0),
        }
    }

    /// The floor changed.
    pub fn set_status(&mut self, status: QueueStatus) {
        self.status = status;
    }

    /// An emergency changed, `now` in seconds of the helpline's time. Of those that are over the newest is kept.
    pub fn set_emergency(&mut self, account: Account, now: f64) {
        let began = now - account.age * self.speed.factor();
        match self.emergencies.iter_mut().find(|(_, known)| known.number == account.number) {
            Some(known) => *known = (began, account),
            None => self.emergencies.push((began, account)),
        }
        let newest = self.emergencies.last().map(|(_, account)| account.number);
        self.emergencies.retain(|(_, account)| !account.is_over() || Some(account.number) == newest);
    }

    /// Whether one of the emergencies is not over.
    pub fn has_emergency(&self) -> bool {
        self.emergencies.iter().any(|(_, account)| !account.is_over())
    }

    /// Something is to be said to who watches.
    pub fn set_remark(&mut self, remark: &'static str) {
        self.remark = remark;
    }

    /// Something happened to a contact or in an emergency.
    pub fn add_news(&mut self, news: &News) {
        if self.news.len() == NEWS {
            self.news.pop_front();
        }
        self.news.push_back(news.to_string());
    }

    /// The classes, and all of them together.
    fn classes(&self) -> ([Line; 4], Line) {
        let mut lines = [Line::default(); 4];
        let mut all = Line::default();
        for class in self.status.lines.iter().flat_map(|line| &line.classes) {
            let place = CLASSES.iter().position(|known| *known == class.priority_class());
            if let Some(line) = place.and_then(|place| lines.get_mut(place)) {
                line.add(class);
            }
            all.add(class);
        }
        (lines, all)
    }

    /// The picture as lines without control characters, for a terminal of so many rows. `now` is in seconds of the
    /// helpline's time.
    pub fn lines(&self, now: f64, rows: u16) -> Vec<String> {
        let (classes, all) = self.classes();
        let figures = Figures::from(&self.status);
        let mut lines = vec![
            format!("{:<40}{:>38}", "A helpline at work", format!("time of the line  {}", clock(now))),
            "─".repeat(WIDTH),
            row("", &["critical", "high", "medium", "low", "all"].map(str::to_owned)),
        ];
        let count = |name, pick: fn(&Line) -> i32| {
            let cell = |line: &Line| pick(line).to_string();
            row(
                name,
                &[cell(&classes[0]), cell(&classes[1]), cell(&classes[2]), cell(&classes[3]), cell(&all)],
            )
        };
        lines.push(count("waiting in line", |line| line.waiting));
        lines.push(count("being offered", |line| line.offered));
        lines.push(count("past their deadline", |line| line.overdue));
        let wait = |line: &Line| {
            if line.waiting + line.offered == 0 {
                "–".to_owned()
            } else {
                clock(line.longest * self.speed.factor())
            }
        };
        let waits = [wait(&classes[0]), wait(&classes[1]), wait(&classes[2]), wait(&classes[3]), wait(&all)];
        lines.push(row("longest wait", &waits));
        lines.push(String::new());
        let people = self.status.counsellors.unwrap_or_default();
        lines.push(format!(
            "counsellors   {} free   {} partly free   {} busy   {} not ready",
            people.free, people.partly_free, people.busy, people.not_ready
        ));
        lines.push(format!(
            "contacts      {} received   {} answered   {} abandoned (+{} at once)",
            figures.received, figures.answered, figures.abandoned, figures.short_abandoned
        ));
        let share = figures.share_in_target();
        lines.push(format!("in target     {:<6} {}", percent(share), bar(share.unwrap_or_default())));
        let mut remarks = String::new();
        if self.status.unserved > 0 {
            let _ = write!(remarks, "{} wait for somebody who is not on shift   ", self.status.unserved);
        }
        if self.status.degraded {
            remarks.push_str("working without Redis, slower   ");
        }
        remarks.push_str(self.remark);
        lines.push(remarks);
        lines.push("─".repeat(WIDTH));
        let panel = emergency::panel(&self.emergencies, self.speed, now);
        // The last row of the terminal is the cursor's.
        let height = usize::from(rows.saturating_sub(1)).min(FLOOR + NEWS);
        let left = height.saturating_sub(FLOOR + panel.len());
        lines.extend(panel);
        lines.extend(self.news.iter().skip(self.news.len().saturating_sub(left)).cloned());
        lines.resize(height.max(FLOOR), String::new());
        lines.iter().map(|line| line.chars().take(WIDTH).collect::<String>().trim_end().to_owned()).collect()
    }

    /// The picture with the control characters that draw it over the one before. After the terminal has changed its size
    /// nothing is where it was: everything is cleared.
    pub fn redraw(&mut self, now: f64, rows: u16) -> String {
        let lines = self.lines(now, rows);
        let mut text = match self.drawn {
            (0, _) => String::new(),
            (drawn, before) if before == rows => format!("\x1b[{drawn}A"),
            _ => "\x1b[2J\x1b[H".to_owned(),
        };
        for line in &lines {
            let _ = writeln!(text, "\r\x1b[2K{line}");
        }
        self.drawn = (lines.len(), rows);
        text
    }

    /// The floor in one line.
    pub fn one_line(&self, now: f64) -> String {
        let (classes, all) = self.classes();
        let figures = Figures::from(&self.status);
        let people = self.status.counsellors.unwrap_or_default();
        let waiting = classes.map(|line| (line.waiting + line.offered).to_string()).join("/");
        format!(
            "{}  waiting {waiting}, longest {}; counsellors {} free, {} partly, {} busy, {} not ready; received {}, \
             answered {}, abandoned {}, in target {}",
            clock(now),
            clock(all.longest * self.speed.factor()),
            people.free,
            people.partly_free,
            people.busy,
            people.not_ready,
            figures.received,
            figures.answered,
            figures.abandoned + figures.short_abandoned,
            percent(figures.share_in_target()),
        )
    }
}

fn row(name: &str, cells: &[String; 5]) -> String {
    let mut text = format!("{name:<20}");
    for cell in cells {
        let _ = write!(text, "{cell:>11}");
    }
    text
}

fn bar(share: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 40")]
    let full = (share.clamp(0.0, 1.0) * 40.0).round() as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(40 - full))
}

/// Seconds as `1:02:03`, `2:03` or `3 s`.
pub fn clock(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative, far below 2^63"
    )]
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes}:{rest:02}"),
        _ => format!("{hours}:{minutes:02}:{rest:02}"),
    }
}

#[cfg(test)]
mod tests;
