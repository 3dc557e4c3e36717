//! `cargo xtask test`: style, build, and every test on private servers.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use helpline_devstack::{STACK_VARIABLE, Stack, StackOptions, ToolSettings, ensure_browser};

use crate::summary::{Counts, Runner};
use crate::{environment, python, steps};

#[derive(Args)]
pub(crate) struct Options {
    /// Leaves out style, the examples in documentation, and tests whose name begins with `slow_`
    #[arg(long)]
    fast: bool,
    /// Passed on to the test runner, e.g. `-- -E 'test(offer)'` for nextest
    #[arg(last = true)]
    runner: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    steps::ensure_tools()?;
    if !options.fast {
        style()?;
    }
    let python = steps::step("Python client environment", python::ensure)?;
    steps::step("Browser", || {
        // Without one its tests count as skipped.
        let found = ensure_browser(&ToolSettings::from_environment(), &mut |line| eprintln!("    {line}"));
        match found {
            Ok(driver) => eprintln!("    {}", driver.display()),
            Err(error) => eprintln!("    left out: {error}"),
        }
        Ok(())
    })?;
    let nextest = steps::succeeds(&mut steps::cargo(["nextest", "--version"]));
    steps::step("Build of programs and tests", || build(nextest))?;

    let work = environment::target().join("xtask");
    fs::create_dir_all(&work).with_context(|| format!("cannot create {}", work.display()))?;
    let skip_file = work.join("skipped.txt");
    fs::write(&skip_file, "").with_context(|| format!("cannot write {}", skip_file.display()))?;
    let stack = steps::step("Private servers for the tests", || {
        let log_dir = Some(work.join("log"));
        Ok(Stack::start(&StackOptions { log_dir, ..StackOptions::default() })?)
    })?;
    let prepare = |command: &mut Command| -> Result<()> {
        command
            .env(STACK_VARIABLE, stack.handle().to_json()?)
            .env("HELPLINE_PYTHON", &python)
            .env("HELPLINE_SHARED", environment::shared())
            .env("HELPLINE_SKIP_FILE", &skip_file)
            .env("HELPLINE_BIN_DIR", environment::target().join("debug"));
        Ok(())
    };

    let runner = if nextest { Runner::Nextest } else { Runner::Libtest };
    let mut counts = Counts::default();
    let mut succeeded = true;
    let mut tests = tests_command(options, nextest);
    prepare(&mut tests)?;
    let (seen, ok) = steps::step("Tests", || counted(runner, &mut tests))?;
    counts += seen;
    succeeded &= ok;
    // cargo test runs the examples in documentation too; nextest does not.
    if nextest && !options.fast && options.runner.is_empty() {
        let mut examples = steps::cargo(["test", "--workspace", "--doc", "--no-fail-fast"]);
        prepare(&mut examples)?;
        let (seen, ok) =
            steps::step("Examples in documentation", || counted(Runner::Libtest, &mut examples))?;
        counts += seen;
        succeeded &= ok;
    }
    stack.stop();

    let notes =
        fs::read_to_string(&skip_file).with_context(|| format!("cannot read {}", skip_file.display()))?;
    for note in notes.lines() {
        eprintln!("SKIPPED: {}", note.replace('\t', ": "));
    }
    let counts = counts.with_skip_notes(&notes);
    println!("{counts}");
    Ok(if succeeded && counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn style() -> Result<()> {
    if steps::succeeds(&mut steps::cargo(["fmt", "--version"])) {
        steps::step("Format", || {
            steps::run(&mut steps::cargo(["fmt", "--all", "--check"])).context("run `cargo fmt --all`")
        })?;
    } else {
        eprintln!("==> Format: left out, rustfmt is not installed");
    }
    if steps::succeeds(&mut steps::cargo(["clippy", "--version"])) {
        steps::step("Lints", || {
            let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
            steps::run(&mut steps::cargo(arguments))
        })?;
    } else {
        eprintln!("==> Lints: left out, clippy is not installed");
    }
    Ok(())
}

/// The programs too: the tests start real processes.
fn build(nextest: bool) -> Result<()> {
    steps::run(&mut steps::cargo(["build", "--workspace", "--bins"]))?;
    let no_run: &[&str] = if nextest { &["nextest", "run", "--no-run"] } else { &["test", "--no-run"] };
    steps::run(&mut steps::cargo([no_run, &["--workspace"]].concat()))
}

fn tests_command(options: &Options, nextest: bool) -> Command {
    let mut arguments: Vec<&str> = Vec::new();
    if nextest {
        arguments.extend(["nextest", "run", "--workspace", "--no-fail-fast"]);
        if options.fast {
            arguments.extend(["--profile", "fast"]);
        }
        if environment::is_watched() {
            arguments.extend(["--color", "always"]);
        }
        arguments.extend(options.runner.iter().map(String::as_str));
    } else {
        arguments.extend(["test", "--workspace", "--no-fail-fast", "--"]);
        if options.fast {
            arguments.extend(["--skip", "slow_"]);
        }
        arguments.extend(options.runner.iter().map(String::as_str));
    }
    steps::cargo(arguments)
}

/// Runs a test runner, shows what it says as it says it, and adds up its summaries. The flag is its exit code.
fn counted(runner: Runner, command: &mut Command) -> Result<(Counts, bool)> {
    let shown = steps::shown(command);
    eprintln!("    {shown}");
    // One pipe for both streams, or lines would overtake each other.
    let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let copy = writer.try_clone().context("cannot make a pipe")?;
    command.stdout(Stdio::from(writer)).stderr(Stdio::from(copy));
    let mut child = command.spawn().with_context(|| format!("cannot run `{shown}`"))?;
    // Our own ends of the pipe must go, or the end of output never comes.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut counts = Counts::default();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).context("cannot read the runner's output")? > 0 {
        let text = String::from_utf8_lossy(&line);
        eprint!("{text}");
        counts.read_line(runner, &text);
        line.clear();
    }
    let status = child.wait().with_context(|| format!("cannot wait for `{shown}`"))?;
    if counts == Counts::default() && !status.success() {
        bail!("`{shown}` ended with {status} before any test ran");
    }
    Ok((counts, status.success()))
}
