//! The demo as whoever types it sees it: a real process with servers of its own.
#![expect(clippy::panic, reason = "helpers of tests: this is how they fail")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long the demo may take from its start to its end on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(3);

/// A running demo and what it says, line by line. Its end is the end of its servers, whatever becomes of the test.
pub(crate) struct Demo {
    process: Child,
    lines: Receiver<String>,
    pub(crate) said: Vec<String>,
    begun: Instant,
}

impl Demo {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(program())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot run {} ({error}): `cargo build --workspace --bins`", program().display())
            });
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { process, lines, said: Vec::new(), begun: Instant::now() }
    }

    /// The next line; none when it has said everything.
    fn next(&mut self) -> Option<&str> {
        let left = PATIENCE.saturating_sub(self.begun.elapsed());
        match self.lines.recv_timeout(left) {
            Ok(line) => {
                self.said.push(line);
                self.said.last().map(String::as_str)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("not in time:\n{}", self.said.join("\n")),
        }
    }

    /// Waits until it says this.
    fn until(&mut self, what: &str) {
        while let Some(line) = self.next() {
            if line.contains(what) {
                return;
            }
        }
        panic!("never said {what:?}:\n{}", self.said.join("\n"));
    }

    /// How the lines about the first emergency or referral are known: numbers are drawn.
    fn about(&self, kind: &str) -> String {
        let (before, number) =
            (format!("  {kind}  "), |line: &str| line.rsplit(' ').next().map(str::to_owned));
        let first =
            self.said.iter().find_map(|line| line.split_once(&before).and_then(|(head, _)| number(head)));
        let number = first.unwrap_or_else(|| panic!("no {kind}:\n{}", self.said.join("\n")));
        format!("  {number}  {kind}  ")
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        while self.next().is_some() {}
        self.process.wait().unwrap()
    }

    fn interrupt(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "the runner says where the programs are")]
fn program() -> PathBuf {
    let directory = std::env::var_os("HELPLINE_BIN_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug"), PathBuf::from);
    directory.join("helpline-demo")
}

/// Every process that descends from this one.
fn descendants(of: u32) -> BTreeSet<u32> {
    let parent = |id: u32| {
        let status = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // Behind the name, which may hold anything, and the state.
        status.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    let all: Vec<u32> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    let mut found = BTreeSet::from([of]);
    loop {
        let before = found.len();
        found.extend(
            all.iter()
                .filter(|id| parent(**id).is_some_and(|parent| found.contains(&parent)))
                .copied()
                .collect::<Vec<_>>(),
        );
        if found.len() == before {
            found.remove(&of);
            return found;
        }
    }
}

#[test]
fn slow_the_demo_shows_how_an_emergency_goes_from_the_first_desk_to_the_child() {
    let mut demo = Demo::start(&["--plain", "--for", "4s"]);
    let status = demo.end();
    let said = demo.said.join("\n");
    assert!(status.success(), "{said}");
    // Of the first emergency, whatever others come.
    let first = demo.about("emergency");
    let mut lines = demo.said.iter().filter(|line| line.contains(&first));
    for what in [
        "is raised",
        "step 1: Police is told",
        "Police: it arrived, screen",
        "Police does not answer; step 2: Ambulance is told",
        "Ambulance: it arrived, webhook",
        "Ambulance acknowledges",
        "nobody accepted it in time: it goes on",
        "step 3: Child protection is told",
        "Child protection: it arrived, screen",
        "Child protection accepts",
        "Child protection is on the way",
        "Child protection is at the place",
        "Child protection has reached the child",
        "is over: the child is safe",
    ] {
        assert!(
            lines.any(|line| line.ends_with(&format!("emergency  {what}"))),
            "not in this order: {what}\n{said}"
        );
    }
    assert!(said.contains("The time is over; the emergency goes on."), "{said}");
    assert!(said.contains("The figures agree with the database"), "{said}");
    assert!(said.contains("Everything is stopped and removed"), "{said}");
}

#[test]
fn slow_the_demo_shows_how_a_child_is_referred_until_somebody_says_what_came_of_it() {
    let mut demo = Demo::start(&["--plain", "--for", "12s"]);
    let status = demo.end();
    let said = demo.said.join("\n");
    assert!(status.success(), "{said}");
    let first = demo.about("referral");
    let mut lines = demo.said.iter().filter(|line| line.contains(&first));
    for what in [
        "a bed is looked for: 2 shelters fit",
        "it is sent: Harbour House is asked",
        "Harbour House says no; Cedar House is asked",
        "Cedar House accepts",
        "Cedar House says when she is to come",
        "Cedar House: she has come",
        "Cedar House looks after her",
        "Cedar House: she was served as asked; it is over",
    ] {
        assert!(lines.any(|line| line.ends_with(what)), "not in this order: {what}\n{said}");
    }
    assert!(said.contains("Referrals sent: 1; in 1 of them the child was served."), "{said}");
}

#[test]
fn slow_a_demo_that_is_interrupted_in_an_emergency_ends_well_and_leaves_no_server() {
    let mut demo = Demo::start(&["--plain"]);
    demo.until("Ambulance acknowledges");
    let servers = descendants(demo.process.id());
    assert!(servers.len() > 3, "a server, its guard, PostgreSQL, Redis: {servers:?}");
    let interrupted = Instant::now();
    demo.interrupt();
    let status = demo.end();
    let said = demo.said.join("\n");
    assert!(status.success(), "{said}");
    assert!(interrupted.elapsed() < Duration::from_mins(1), "it does not wait for the emergency");
    let taken_on = said.lines().any(|line| line.contains("  emergency  ") && line.contains("accepts"));
    assert!(!taken_on, "{said}");
    assert!(
        said.contains("Emergencies raised: ") && said.contains("Everything is stopped and removed"),
        "{said}"
    );
    let left: Vec<u32> =
        servers.into_iter().filter(|id| Path::new(&format!("/proc/{id}")).exists()).collect();
    assert!(left.is_empty(), "still there: {left:?}");
}
