//! Counting: what the test runners say, and which tests skipped themselves.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::AddAssign;

/// How many tests did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Whose output is read. Each kind only knows its own summary: nextest shows the output of a failed test, in which the
/// other kind of summary stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    /// One summary: `Summary [ 0.3s] 9/25 tests run: 5 passed (1 slow), 3 failed, 1 timed out, 2 skipped`
    Nextest,
    /// One summary for each program: `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; …`
    Libtest,
}

impl Counts {
    /// Adds what a line of the runner's output says, when it is a summary.
    pub(crate) fn read_line(&mut self, runner: Runner, line: &str) {
        let Some(found) = Self::from_line(runner, line) else { return };
        match runner {
            // The last one counts: a test may have printed something that looks like it.
            Runner::Nextest => *self = found,
            Runner::Libtest => *self += found,
        }
    }

    fn from_line(runner: Runner, line: &str) -> Option<Self> {
        let line = without_colours(line);
        let list = match runner {
            Runner::Nextest => line.trim().strip_prefix("Summary [")?.split_once("run: ")?.1,
            Runner::Libtest => line.strip_prefix("test result: ")?.split_once(". ")?.1,
        };
        let list = without_parentheses(list.trim_end());
        let mut counts = Self::default();
        for part in list.split([',', ';']) {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u32>() else { continue };
            match what {
                "passed" => counts.passed += number,
                "failed" | "timed out" | "exec failed" => counts.failed += number,
                "skipped" | "ignored" | "filtered out" => counts.skipped += number,
                _ => {}
            }
        }
        Some(counts)
    }

    /// Tests that skipped themselves passed for the runner; a test is counted once however often it said so.
    pub(crate) fn with_skip_notes(self, notes: &str) -> Self {
        let tests: BTreeSet<&str> = notes.lines().filter_map(|line| line.split('\t').next()).collect();
        let skipped = u32::try_from(tests.len()).unwrap_or(u32::MAX).min(self.passed);
        Self { passed: self.passed - skipped, skipped: self.skipped + skipped, ..self }
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // `ESC [ … m`
            for skipped in letters.by_ref() {
                if skipped.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(letter);
        }
    }
    plain
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_of_nextest_is_read() {
        let line = "     Summary [   0.351s] 25 tests run: 20 passed (1 slow, 1 leaky), 3 failed, 2 timed out, 2 skipped";
        assert_eq!(
            Counts::from_line(Runner::Nextest, line),
            Some(Counts { passed: 20, failed: 5, skipped: 2 })
        );
    }

    #[test]
    fn a_summary_with_colours_is_read() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.001s] \u{1b}[1m1\u{1b}[0m test run: \u{1b}[1m1\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m0\u{1b}[0m \u{1b}[33;1mskipped\u{1b}[0m";
        assert_eq!(
            Counts::from_line(Runner::Nextest, line),
            Some(Counts { passed: 1, failed: 0, skipped: 0 })
        );
    }

    #[test]
    fn a_summary_of_libtest_is_read() {
        let line = "test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s";
        assert_eq!(
            Counts::from_line(Runner::Libtest, line),
            Some(Counts { passed: 3, failed: 1, skipped: 3 })
        );
    }

    #[test]
    fn other_lines_are_no_summary() {
        assert_eq!(Counts::from_line(Runner::Nextest, "        PASS [   0.004s] xtask tests::summary"), None);
        assert_eq!(Counts::from_line(Runner::Libtest, "running 3 tests"), None);
    }

    #[test]
    fn the_shown_output_of_a_failed_test_is_not_counted() {
        let mut counts = Counts::default();
        for line in [
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 5 filtered out; finished in 0.12s\n",
            "     Summary [   0.127s] 1 test run: 0 passed, 1 failed, 32 skipped\n",
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 5 filtered out; finished in 0.12s\n",
        ] {
            counts.read_line(Runner::Nextest, line);
        }
        assert_eq!(counts, Counts { passed: 0, failed: 1, skipped: 32 });
    }

    #[test]
    fn a_test_that_skipped_itself_twice_is_skipped_once() {
        let counts = Counts { passed: 5, failed: 1, skipped: 0 };
        let notes = "a one\tdata is absent\na one\tother data is absent\nb two\tdata is absent\n";
        assert_eq!(counts.with_skip_notes(notes).to_string(), "3 passed, 1 failed, 2 skipped");
    }
}
