//! The private Python environment of the independent client, and of others who check what the server says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{environment, steps};

/// Pinned, so that the same commit tests the same client.
const REQUIREMENTS: &str = "grpcio==1.85.1\ngrpcio-tools==1.85.1\nstandardwebhooks==1.1.0\ncryptography==50.0.2\n\
    aiosmtpd==1.4.6\nxmlschema==4.3.2\njsonschema==4.26.0\n";

/// The same without what they depend on: of this one the tests use a script that runs in the browser, and nothing in Python.
const ALONE: &str = "axe-playwright-python==0.1.8";

/// The interpreter of an environment with grpcio in it; made once, made again when the requirements change.
pub(crate) fn ensure() -> Result<PathBuf> {
    let directory = environment::target().join("python");
    let interpreter = directory.join("bin/python");
    let made_for = directory.join("helpline-requirements.txt");
    let wanted = format!("{REQUIREMENTS}{ALONE}\n");
    if interpreter.exists() && fs::read_to_string(&made_for).is_ok_and(|text| text == wanted) {
        return Ok(interpreter);
    }
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    eprintln!("    python3 -m venv {}", directory.display());
    steps::run(Command::new("python3").args(["-m", "venv"]).arg(&directory))
        .context("a Python 3.9 or newer with venv is needed; on Debian: apt-get install -y python3-venv")?;
    let packages: Vec<&str> = REQUIREMENTS.lines().collect();
    install(&interpreter, &packages)?;
    install(&interpreter, &["--no-deps", ALONE])?;
    fs::write(&made_for, wanted).with_context(|| format!("cannot write {}", made_for.display()))?;
    Ok(interpreter)
}

fn install(interpreter: &Path, packages: &[&str]) -> Result<()> {
    eprintln!("    pip install {}", packages.join(" "));
    let installed = Command::new(interpreter)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"])
        .args(packages)
        .output()
        .context("cannot run pip")?;
    if !installed.status.success() {
        bail!(
            "pip ended with {}:\n{}",
            installed.status,
            String::from_utf8_lossy(&installed.stderr).trim_end()
        );
    }
    Ok(())
}
