//! Commands that build the server and the simulator and run one of its programs.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::{environment, steps};

/// How a program is built.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// Soon: what a newcomer waits for. Fast enough for a helpline at twenty times its speed.
    Debug,
    /// As it would run in earnest: what is measured.
    Release,
}

/// Builds a program that needs no server, for release, then becomes it.
pub(crate) fn run_alone(program: &str, arguments: &[String]) -> Result<ExitCode> {
    let command = ["build", "--release", "--package", program];
    steps::step("Release build (a minute the first time)", || steps::run(&mut steps::cargo(command)))?;
    let path = environment::target().join("release").join(program);
    let error = Command::new(&path).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {}", path.display()))
}

/// Builds the server and the simulator, then becomes the program: Ctrl-C and the exit code are its own.
pub(crate) fn run(program: &str, build: Build, arguments: &[String]) -> Result<ExitCode> {
    steps::ensure_tools()?;
    let (name, folder, flag): (_, _, &[&str]) = match build {
        Build::Debug => ("Build (a few minutes the first time)", "debug", &[]),
        Build::Release => ("Release build (several minutes the first time)", "release", &["--release"]),
    };
    let packages = ["--package", "helpline", "--package", "helpline-simulator"];
    let command = [&["build"], flag, &packages[..], &["--bin", "helpline", "--bin", program]].concat();
    steps::step(name, || steps::run(&mut steps::cargo(command)))?;
    let directory = environment::target().join(folder);
    let path = directory.join(program);
    let error = Command::new(&path)
        .args(arguments)
        .env("HELPLINE_BIN_DIR", &directory)
        .env("HELPLINE_SHARED", environment::shared())
        .exec();
    Err(error).with_context(|| format!("cannot run {}", path.display()))
}
