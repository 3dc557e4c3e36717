//! Server processes: ports, signals, waiting, and finding those a dead owner left.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::Error;
use crate::files;

/// The names under which the kernel knows our servers and their helpers.
const SERVER_NAMES: [&str; 4] = ["postgres", "initdb", "redis-server", "valkey-server"];

/// A free TCP port on loopback, below the range from which the kernel takes the ports of outgoing connections.
///
/// A port inside that range can be lost while its server is down: a client that keeps trying to reconnect will at some
/// time get the very port as its own end, connect to itself, and the server cannot come back.
pub(crate) fn free_port() -> Result<u16, Error> {
    let range = Path::new("/proc/sys/net/ipv4/ip_local_port_range");
    let lowest: u16 = fs::read_to_string(range)
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or(32_768);
    if lowest >= 12_000 {
        let first = lowest.saturating_sub(12_000).max(10_000);
        for _ in 0..50 {
            let random = u32::from_str_radix(&files::random_hex(3)?, 16).unwrap_or_default();
            let offset = u16::try_from(random % u32::from(lowest - first)).unwrap_or_default();
            let port = first + offset;
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return Ok(port);
            }
        }
    }
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::io("find a free port on", Path::new("127.0.0.1")))
}

/// Sends a signal to a child of ours; a child that has ended already is no error.
pub(crate) fn signal(child: &Child, signal: Signal) {
    send(child.id(), signal);
}

fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // The only failures are "gone" and "not ours"; neither leaves anything to do.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Waits for a child to end, and kills it when it takes longer than `patience`. Always reaps.
pub(crate) fn wait_or_kill(child: &mut Child, patience: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Polls until `ready` answers, the child ends, or `patience` runs out.
pub(crate) fn wait_ready(
    server: &'static str,
    child: &mut Child,
    log: &Path,
    patience: Duration,
    mut ready: impl FnMut() -> Result<(), Error>,
) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let last = match ready() {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let reason = match child.try_wait() {
            Ok(Some(status)) => format!("it ended with {status}"),
            Err(error) => format!("it cannot be watched: {error}"),
            Ok(None) if begun.elapsed() > patience => {
                let _ = child.kill();
                let _ = child.wait();
                format!("no answer for {} s ({last})", patience.as_secs())
            }
            Ok(None) => {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
        };
        return Err(Error::NotReady { server, reason, log: files::log_tail(log) });
    }
}

/// Whether a server failed because somebody else took its port.
pub(crate) fn port_was_taken(error: &Error) -> bool {
    matches!(error, Error::NotReady { log, .. } if log.contains("in use"))
}

/// Process id and name of the servers that run from a stack's directory, found by their command line.
///
/// Asking the kernel beats files with process ids: there is no moment at which a running server has not written its
/// file yet, and no file can name a process that has since become somebody else.
pub(crate) fn servers_of(base: &Path) -> Vec<(u32, String)> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let needle = base.as_os_str().as_encoded_bytes();
    processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| {
            let directory = PathBuf::from(format!("/proc/{pid}"));
            let name = fs::read_to_string(directory.join("comm")).unwrap_or_default();
            let line = fs::read(directory.join("cmdline")).unwrap_or_default();
            let name = name.trim_end();
            let ours = SERVER_NAMES.contains(&name) && line.windows(needle.len()).any(|part| part == needle);
            ours.then(|| (pid, name.to_owned()))
        })
        .collect()
}

/// Stops the servers that run from a directory whose owner is dead.
pub(crate) fn stop_servers_of(base: &Path) {
    for attempt in 0..50 {
        let left = servers_of(base);
        if left.is_empty() {
            return;
        }
        for (pid, name) in left {
            // SIGQUIT is Postgres' immediate stop: it takes its children and shared memory along. Redis may have
            // inherited that it is ignored.
            let gentle = name == "postgres" && attempt < 30;
            send(pid, if gentle { Signal::SIGQUIT } else { Signal::SIGKILL });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_can_be_bound() {
        let port = free_port().unwrap();
        assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
    }
}
