//! The cross-check of the floor: pgbench writes single rows, as fast as it can.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use helpline_devstack::StackHandle;
use helpline_simulator::house::DATABASE;

/// What pgbench found; the script is one durable insert of one row, at 16 clients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pgbench {
    /// Transactions per second.
    pub(crate) per_second: f64,
    /// Mean latency in milliseconds.
    pub(crate) mean_ms: f64,
}

/// Runs it for `seconds`; `None` when this installation has no pgbench.
pub(crate) fn run(stack: &StackHandle, directory: &std::path::Path, seconds: u64) -> Result<Option<Pgbench>> {
    let program = stack.postgres.program_dir().join("pgbench");
    if !program.is_file() {
        return Ok(None);
    }
    let script = directory.join("insert.sql");
    fs::write(&script, "INSERT INTO bench.commits (at, note) VALUES (now(), 'one row, one commit');\n")?;
    let url = stack.postgres_url(DATABASE);
    let output = Command::new(&program)
        .args(["--no-vacuum", "--protocol=prepared", "--client=16", "--jobs=2", "--time"])
        .arg(seconds.to_string())
        .arg("--file")
        .arg(&script)
        // The URL has a password; it is worth nothing beyond this run.
        .arg(url)
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        bail!("pgbench ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    parse(&String::from_utf8_lossy(&output.stdout))
        .context("pgbench printed something else than expected")
        .map(Some)
}

fn parse(output: &str) -> Option<Pgbench> {
    let after = |start: &str| {
        let line = output.lines().find_map(|line| line.strip_prefix(start))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some(Pgbench { per_second: after("tps = ")?, mean_ms: after("latency average = ")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_pgbench_is_read() {
        let output = "number of clients: 16\nlatency average = 1.049 ms\ninitial connection time = 6.1 ms\n\
                      tps = 15245.170210 (without initial connection time)\n";
        assert_eq!(parse(output), Some(Pgbench { per_second: 15_245.170_21, mean_ms: 1.049 }));
        assert_eq!(parse("nothing"), None);
    }
}
