//! Commands that are a release build and the run of one of its programs.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::{environment, steps};

/// Builds the server and the simulator, then becomes the program: Ctrl-C and the exit code are its own.
pub(crate) fn run(program: &str, arguments: &[String]) -> Result<ExitCode> {
    steps::ensure_tools()?;
    steps::step("Release build (a few minutes the first time)", || {
        steps::run(&mut steps::cargo([
            "build",
            "--release",
            "--package",
            "helpline",
            "--package",
            "helpline-simulator",
        ]))
    })?;
    let directory = environment::target().join("release");
    let path = directory.join(program);
    let error = Command::new(&path)
        .args(arguments)
        .env("HELPLINE_BIN_DIR", &directory)
        .env("HELPLINE_SHARED", environment::shared())
        .exec();
    Err(error).with_context(|| format!("cannot run {}", path.display()))
}
