//! A server as a real process, and the guard that ends it when its owner dies.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A loaded two-core machine can be twenty times slower than a quiet one.
const START_PATIENCE: Duration = Duration::from_mins(1);
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// Learns the process id of the server, then waits for the end of the owner, who holds the only other end of standard
/// input. An orderly stop says `done`; an end of input without it means that the owner died.
const GUARD: &str = r#"
trap '' HUP INT TERM
read -r server || exit 0
read -r word
[ "$word" = done ] || kill -s KILL "$server"
"#;

/// A running `helpline serve`. When this value goes, or the process that owns it dies, the server goes.
#[derive(Debug)]
pub struct Server {
    process: Child,
    guard: Child,
    grpc: SocketAddr,
    metrics: SocketAddr,
    log: PathBuf,
}

/// What it takes to start a server.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The `helpline` program.
    pub program: &'a Path,
    /// Its configuration file; the addresses come in the environment.
    pub config: &'a Path,
    /// Where its output goes.
    pub log: &'a Path,
}

impl Server {
    /// Starts a server on free ports and waits until it says that it is ready. Blocks.
    ///
    /// # Errors
    /// When the program cannot be run, ends, or is not ready in a minute; with the end of its log.
    pub fn start(launch: Launch<'_>) -> Result<Self> {
        let grpc = free_address()?;
        let metrics = free_address()?;
        let log = launch.log.to_owned();
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let copy = output.try_clone()?;
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "helpline-guard"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C in the terminal is for us alone.
            .process_group(0)
            .spawn()
            .context("cannot start a guard for the server")?;
        let process = Command::new(launch.program)
            .args(["serve", "--config"])
            .arg(launch.config)
            .env("HELPLINE_LISTEN__GRPC", grpc.to_string())
            .env("HELPLINE_LISTEN__METRICS", metrics.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::from(output))
            .stderr(Stdio::from(copy))
            .process_group(0)
            .spawn();
        let process = match process {
            Ok(process) => process,
            Err(error) => {
                drop(guard.stdin.take());
                let _ = guard.wait();
                return Err(error).with_context(|| format!("cannot run {}", launch.program.display()));
            }
        };
        let mut server = Self { process, guard, grpc, metrics, log };
        let id = server.process.id();
        if let Some(pipe) = server.guard.stdin.as_mut() {
            writeln!(pipe, "{id}").context("the guard of the server is gone")?;
        }
        server.wait_ready()?;
        Ok(server)
    }

    /// Address of the gRPC API.
    pub fn grpc(&self) -> SocketAddr {
        self.grpc
    }

    /// Address of the metrics and probes.
    pub fn metrics(&self) -> SocketAddr {
        self.metrics
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Memory that it occupies, in MB of 1024 × 1024 bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_mb(&self) -> Result<f64> {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.id())).context("the server has ended")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .context("the kernel does not say how much memory the server has")?;
        Ok(kib / 1024.0)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Asks it to finish and waits; kills it when that takes too long.
    ///
    /// # Errors
    /// When it did not end by itself, or with a failure.
    pub fn stop(mut self) -> Result<()> {
        self.signal(Signal::SIGTERM);
        let begun = Instant::now();
        while begun.elapsed() < STOP_PATIENCE {
            if let Some(status) = self.process.try_wait()? {
                if !status.success() {
                    bail!("the server ended with {status}:\n{}", self.log_tail());
                }
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("the server did not end within {} s:\n{}", STOP_PATIENCE.as_secs(), self.log_tail())
    }

    fn wait_ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        while !is_ready(self.metrics) {
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended with {status} while starting:\n{}", self.log_tail());
            }
            if begun.elapsed() > START_PATIENCE {
                bail!("the server was not ready within {} s:\n{}", START_PATIENCE.as_secs(), self.log_tail());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) {
        if let Ok(id) = i32::try_from(self.process.id()) {
            // The only failure is that it has ended.
            let _ = kill(Pid::from_raw(id), signal);
        }
    }

    fn log_tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(mut pipe) = self.guard.stdin.take() {
            let _ = pipe.write_all(b"done\n");
        }
        let _ = self.guard.wait();
    }
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot find a free port")?;
    Ok(listener.local_addr()?)
}

/// Whether the server's probe says 200.
fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    if stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_err() {
        return false;
    }
    let mut answer = [0; 32];
    let length = stream.read(&mut answer).unwrap_or_default();
    answer[..length].starts_with(b"HTTP/1.1 200")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that behaves as a server would: ignores its arguments and runs.
    fn program(directory: &Path, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = directory.join("helpline");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_server_that_ends_while_starting_is_reported_with_its_log() {
        let directory = std::env::temp_dir().join(format!("helpline-simulator-test-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let program = program(&directory, "echo no such database >&2; exit 3");
        let log = directory.join("log");
        let launch = Launch { program: &program, config: Path::new("/nowhere"), log: &log };
        let error = format!("{:#}", Server::start(launch).unwrap_err());
        fs::remove_dir_all(&directory).unwrap();
        assert!(error.contains("exit status: 3") && error.contains("no such database"), "{error}");
    }
}
