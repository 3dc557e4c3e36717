//! One Redis (or Valkey) server process.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::error::Error;
use crate::handle::RedisHandle;
use crate::options::RedisStart;
use crate::{postgres, process};

const START_PATIENCE: Duration = Duration::from_mins(1);

/// What it takes to start a server again on the same directory and port.
#[derive(Clone, Debug)]
pub(crate) struct RedisLaunch {
    pub(crate) program: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) account: Account,
    pub(crate) append_only: bool,
}

impl RedisLaunch {
    /// Starts the server and waits until it answers.
    pub(crate) fn start(&self, handle: &RedisHandle, with: RedisStart) -> Result<Child, Error> {
        if with == RedisStart::Empty {
            remove_data(handle);
        }
        let configuration = self.write_configuration(handle)?;
        let mut command = self.account.command(&self.program, &self.home);
        command.arg(configuration);
        let mut child = postgres::spawn(command, &self.log)?;
        process::wait_ready("Redis", &mut child, &self.log, START_PATIENCE, || {
            handle.command(&["PING"]).map(drop)
        })?;
        Ok(child)
    }

    /// Starts on a new port, and on another one if somebody took it in between.
    pub(crate) fn start_anywhere(&self, handle: &mut RedisHandle) -> Result<Child, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.start(handle, RedisStart::Empty) {
                Ok(child) => return Ok(child),
                Err(error) if attempts < 5 && process::port_was_taken(&error) => {
                    handle.set_port(process::free_port()?);
                    let _ = fs::remove_file(&self.log);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A file, because a password on the command line could be read by every user of the machine.
    fn write_configuration(&self, handle: &RedisHandle) -> Result<PathBuf, Error> {
        let directory = handle.data_dir();
        let path = directory.join("redis.conf");
        let text = format!(
            "bind 127.0.0.1\nport {port}\nunixsocket {directory}/redis.sock\nunixsocketperm 700\n\
             requirepass {password}\ndaemonize no\npidfile {directory}/redis.pid\ndir {directory}\nsave \"\"\n\
             appendonly {append_only}\nappendfsync everysec\nset-proc-title no\nenable-debug-command local\n\
             maxmemory-policy noeviction\n",
            port = handle.port(),
            directory = directory.display(),
            password = handle.password(),
            append_only = if self.append_only { "yes" } else { "no" },
        );
        let _ = fs::remove_file(&path);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(Error::io("write", &path))?;
        self.account.own(&path)?;
        Ok(path)
    }
}

/// Kills the server: it has nothing to say at the end, and SIGTERM would take it 0.1 s to notice.
pub(crate) fn stop(child: &mut Child) {
    process::signal(child, Signal::SIGKILL);
    let _ = child.wait();
}

fn remove_data(handle: &RedisHandle) {
    let _ = fs::remove_file(handle.dump_file());
    let _ = fs::remove_dir_all(handle.append_only_dir());
}
