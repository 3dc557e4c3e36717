//! One `helpline serve` as a process, and the guard that ends it when the test dies.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

/// A loaded two-core machine can be twenty times slower than a quiet one.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// Ports below the range from which the kernel takes the ports of outgoing connections: one from within could be lost to
/// a client that keeps trying to reconnect while the server is down. And below those of private databases, of which one could come
/// up at the port of a server that is being started again.
const PORTS: std::ops::Range<u16> = 10_000..20_000;

/// Learns the process id of the server, then waits for the end of its input, which the test holds. An orderly end says
/// `done`; an end without it means that the test died.
const GUARD: &str = "trap '' HUP INT TERM; read -r server || exit 0; read -r word; \
                     [ \"$word\" = done ] || kill -s KILL \"$server\"";

/// A server, running or not. Its addresses and its log stay the same over restarts.
#[derive(Debug)]
pub struct ServerProcess {
    grpc: SocketAddr,
    metrics: SocketAddr,
    config: PathBuf,
    log: PathBuf,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    process: Child,
    guard: Child,
}

impl ServerProcess {
    /// A server that does not run yet, with files of this name in `directory`.
    pub(super) fn new(directory: &Path, name: &str) -> Self {
        Self {
            grpc: free_address(),
            metrics: free_address(),
            config: directory.join(format!("{name}.toml")),
            log: directory.join(format!("{name}.log")),
            running: None,
        }
    }

    /// Starts it and waits until it is ready. `settings` is its whole configuration but for the addresses.
    pub(super) fn start(&mut self, settings: &str) {
        assert!(self.running.is_none(), "it runs already");
        let addresses =
            format!("[listen]\ngrpc = \"{}\"\nmetrics = \"{}\"\n{settings}", self.grpc, self.metrics);
        fs::write(&self.config, addresses).expect("writing the configuration");
        let output = File::options().create(true).append(true).open(&self.log).expect("opening the log");
        let copy = output.try_clone().expect("a second handle of the log");
        let program = program();
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "helpline-guard"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a guard for the server");
        let process = Command::new(&program)
            .args(["serve", "--config"])
            .arg(&self.config)
            .stdin(Stdio::null())
            .stdout(Stdio::from(output))
            .stderr(Stdio::from(copy))
            .spawn();
        let process = process.unwrap_or_else(|error| {
            panic!("cannot run {} ({error}): run `cargo build --workspace --bins`", program.display())
        });
        if let Some(pipe) = guard.stdin.as_mut() {
            writeln!(pipe, "{}", process.id()).expect("the guard listens");
        }
        self.running = Some(Running { process, guard });
        self.wait_ready();
    }

    fn wait_ready(&mut self) {
        let begun = Instant::now();
        while !self.get("/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            if let Some(status) = self.status() {
                let log = self.log();
                assert!(
                    !log.contains("this build"),
                    "{} was built without what tests need: run `cargo build --workspace --bins`\n{log}",
                    program().display()
                );
                // Killed at a fail point while it started: whoever armed it sees that.
                if status.signal().is_some() {
                    return;
                }
                panic!("the server ended with {status} while starting:\n{log}");
            }
            assert!(begun.elapsed() < START_PATIENCE, "the server is not ready:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills it as a power cut would. Returns at once when it does not run.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.process.kill();
            let _ = running.process.wait();
            if let Some(mut pipe) = running.guard.stdin.take() {
                let _ = pipe.write_all(b"done\n");
            }
            let _ = running.guard.wait();
        }
    }

    /// Asks it to finish as a signal of the system would, and waits until it has.
    pub fn stop(&mut self) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        let begun = Instant::now();
        while self.status().is_none() {
            assert!(begun.elapsed() < START_PATIENCE, "the server does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill();
    }

    /// How it ended; `None` while it runs.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.running.as_mut()?.process.try_wait().expect("a child can be asked")
    }

    /// Process id; 0 when it was not started.
    pub fn id(&self) -> u32 {
        self.running.as_ref().map_or(0, |running| running.process.id())
    }

    /// Where it serves.
    pub const fn grpc(&self) -> SocketAddr {
        self.grpc
    }

    /// A connection that is made when it is needed, and again when it broke.
    pub fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.grpc)).expect("its address");
        endpoint.tcp_nodelay(true).connect_timeout(Duration::from_secs(2)).connect_lazy()
    }

    /// Everything it has said.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Its metrics; empty when it does not answer.
    pub fn metrics(&self) -> String {
        self.get("/metrics").unwrap_or_default()
    }

    /// The sum of a metric over all its labels; `name` without the prefix `helpline_`.
    pub fn metric(&self, name: &str) -> f64 {
        let name = format!("helpline_{name}");
        self.metrics()
            .lines()
            .filter(|line| line.strip_prefix(&name).is_some_and(|rest| rest.starts_with([' ', '{'])))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
            .sum()
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect_timeout(&self.metrics, Duration::from_millis(500)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(60)..].join("\n");
            println!("--- end of {}\n{tail}\n---", self.log.display());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the runner says where the programs are")]
fn program() -> PathBuf {
    let directory = std::env::var_os("HELPLINE_BIN_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug"), PathBuf::from);
    directory.join("helpline")
}

#[expect(clippy::disallowed_methods, reason = "a port that nobody else tries first")]
fn free_address() -> SocketAddr {
    for _ in 0..200 {
        let random = u16::try_from(Uuid::new_v4().as_u128() % u128::from(PORTS.end - PORTS.start));
        let port = PORTS.start + random.expect("within the range");
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().expect("its own address");
        }
    }
    panic!("no port is free");
}
