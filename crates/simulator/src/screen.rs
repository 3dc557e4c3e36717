//! The live picture of the floor: plain text that fits a terminal of 80 columns, or one line.

use std::collections::VecDeque;
use std::fmt::Write as _;

use helpline_proto::queueing::v1::{ClassLine, QueueStatus};
use helpline_proto::terms::v1::PriorityClass;

use crate::figures::{Figures, percent};
use crate::scene::News;
use crate::speed::Speed;

const WIDTH: usize = 78;
const NEWS: usize = 8;
const CLASSES: [PriorityClass; 4] =
    [PriorityClass::Critical, PriorityClass::High, PriorityClass::Medium, PriorityClass::Low];

/// What is known for the picture.
#[derive(Clone, Debug)]
pub struct Picture {
    speed: Speed,
    status: QueueStatus,
    news: VecDeque<String>,
    /// Lines of the picture drawn last, to be drawn over.
    drawn: usize,
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
        Self { speed, status: QueueStatus::default(), news: VecDeque::new(), drawn: 0 }
    }

    /// The floor changed.
    pub fn set_status(&mut self, status: QueueStatus) {
        self.status = status;
    }

    /// Something happened to a contact.
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

    /// The picture as lines without control characters. `now` is in seconds of the helpline's time.
    pub fn lines(&self, now: f64) -> Vec<String> {
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
            remarks.push_str("working without Redis, slower");
        }
        lines.push(remarks);
        lines.push("─".repeat(WIDTH));
        lines.extend(self.news.iter().cloned());
        lines.resize(lines.len() + NEWS - self.news.len(), String::new());
        lines.iter().map(|line| line.chars().take(WIDTH).collect::<String>().trim_end().to_owned()).collect()
    }

    /// The picture with the control characters that draw it over the one before.
    pub fn redraw(&mut self, now: f64) -> String {
        let lines = self.lines(now);
        let mut text = String::new();
        if self.drawn > 0 {
            let _ = write!(text, "\x1b[{}A", self.drawn);
        }
        for line in &lines {
            let _ = writeln!(text, "\r\x1b[2K{line}");
        }
        self.drawn = lines.len();
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
mod tests {
    use helpline_proto::queueing::v1::{CounsellorCounts, QueueLine};
    use helpline_proto::terms::v1::Channel;

    use super::*;

    fn picture() -> Picture {
        let class = |class: PriorityClass, waiting, seconds| ClassLine {
            priority_class: class.into(),
            waiting,
            offered: 1,
            overdue: 1,
            longest_wait: Some(prost_types::Duration { seconds, nanos: 0 }),
        };
        let line = |queue: &str, classes| QueueLine { queue: queue.to_owned(), classes };
        let mut picture = Picture::new(Speed::new(20.0).unwrap());
        picture.set_status(QueueStatus {
            lines: vec![
                line("general", vec![class(PriorityClass::High, 3, 4), class(PriorityClass::Low, 2, 9)]),
                line("crisis", vec![class(PriorityClass::High, 1, 2)]),
            ],
            counsellors: Some(CounsellorCounts {
                free: 1,
                partly_free: 2,
                busy: 3,
                not_ready: 4,
                on_call: 0,
            }),
            received: 100,
            answered: 80,
            abandoned: 20,
            answered_in_target: 60,
            ..QueueStatus::default()
        });
        picture
    }

    #[test]
    fn the_picture_fits_eighty_columns_and_always_has_the_same_height() {
        let mut picture = picture();
        let height = picture.lines(60.0).len();
        for place in 0..20 {
            let news = News {
                at: f64::from(place),
                contact: "0a1b2c".to_owned(),
                channel: Channel::WebChat,
                what: "something very long that happens to a contact and to everybody around it".to_owned(),
            };
            picture.add_news(&news);
            let lines = picture.lines(60.0);
            assert_eq!(lines.len(), height);
            assert!(lines.iter().all(|line| line.chars().count() < 80));
        }
    }

    #[test]
    fn queues_are_added_up_by_class_and_waits_are_in_the_time_of_the_line() {
        let lines = picture().lines(0.0);
        let cells = |name: &str| -> Vec<String> {
            let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
            line[name.len()..]
                .split("  ")
                .map(|cell| cell.trim().to_owned())
                .filter(|cell| !cell.is_empty())
                .collect()
        };
        assert_eq!(cells("waiting in line"), ["0", "4", "0", "2", "6"]);
        assert_eq!(cells("longest wait"), ["–", "1:20", "–", "3:00", "3:00"]);
        assert!(lines.iter().any(|line| line.contains("60 %")));
    }

    #[test]
    fn one_line_says_it_all() {
        assert_eq!(
            picture().one_line(61.0),
            "1:01  waiting 0/6/0/3, longest 3:00; counsellors 1 free, 2 partly, 3 busy, 4 not ready; received 100, \
             answered 80, abandoned 20, in target 60 %"
        );
    }

    #[test]
    fn a_clock_is_short() {
        assert_eq!([0.4, 59.6, 61.0, 3661.0].map(clock), ["0 s", "1:00", "1:01", "1:01:01"]);
    }
}
