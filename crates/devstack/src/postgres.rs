//! One Postgres server process on a data directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::error::Error;
use crate::handle::PostgresHandle;
use crate::options::StackOptions;
use crate::tools::Tools;
use crate::{files, process};

const NAME: &str = "PostgreSQL";

/// A loaded two-core machine can be twenty times slower than a quiet one; crash recovery comes on top.
const START_PATIENCE: Duration = Duration::from_mins(1);
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// The arguments of `initdb` that shape the content of the data directory.
///
/// Collation `C` sorts the same on every machine; the character type is Unicode, so that `lower` knows Cyrillic. Only
/// the private socket trusts; TCP asks for a password (md5 of a random one, because scram costs an unoptimised
/// driver a tenth of a second for each connection).
pub(crate) const INITDB_ARGUMENTS: [&str; 8] = [
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C",
    "--lc-ctype=C.UTF-8",
    "--auth-local=trust",
    "--auth-host=md5",
    "--no-sync",
    "--no-instructions",
];

/// What it takes to start a server again on the same directory and port.
#[derive(Clone, Debug)]
pub(crate) struct PostgresLaunch {
    pub(crate) program: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) account: Account,
    pub(crate) settings: Vec<(String, String)>,
}

impl PostgresLaunch {
    pub(crate) fn new(
        tools: &Tools,
        account: Account,
        base: &Path,
        log: PathBuf,
        options: &StackOptions,
    ) -> Self {
        Self {
            program: tools.postgres_program("postgres"),
            home: base.to_owned(),
            log,
            account,
            settings: settings(options),
        }
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn start(&self, handle: &PostgresHandle) -> Result<Child, Error> {
        let mut command = self.account.command(&self.program, &self.home);
        command.arg("-D").arg(handle.data_dir());
        let socket_dir = handle.socket_dir().to_string_lossy().into_owned();
        let port = handle.port().to_string();
        let own = [("unix_socket_directories", socket_dir.as_str()), ("port", port.as_str())];
        let given = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in given.chain(own) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let mut child = spawn(command, &self.log)?;
        process::wait_ready(NAME, &mut child, &self.log, START_PATIENCE, || {
            handle.connect("postgres", Duration::from_secs(5)).map(drop)
        })?;
        Ok(child)
    }

    /// Starts on a new port, and on another one if somebody took it in between. Sets the password.
    pub(crate) fn start_anywhere(&self, handle: &mut PostgresHandle) -> Result<Child, Error> {
        let mut attempts = 0;
        let mut child = loop {
            attempts += 1;
            match self.start(handle) {
                Ok(child) => break child,
                Err(error) if attempts < 5 && process::port_was_taken(&error) => {
                    handle.set_port(process::free_port()?);
                    // The next attempt must not find the old complaint at the end of the log.
                    let _ = fs::remove_file(&self.log);
                }
                Err(error) => return Err(error),
            }
        };
        match handle.set_password() {
            Ok(()) => Ok(child),
            Err(error) => {
                stop(&mut child, Signal::SIGQUIT);
                Err(error)
            }
        }
    }
}

/// Starts a server with its output in a log file.
pub(crate) fn spawn(mut command: std::process::Command, log: &Path) -> Result<Child, Error> {
    let file = File::options().create(true).append(true).open(log).map_err(Error::io("open", log))?;
    let copy = file.try_clone().map_err(Error::io("open", log))?;
    let program = PathBuf::from(command.get_program());
    command.stdout(Stdio::from(file)).stderr(Stdio::from(copy)).spawn().map_err(Error::io("run", &program))
}

/// Stops a server: SIGINT is the fast stop with a clean checkpoint, SIGQUIT the immediate one that needs recovery.
pub(crate) fn stop(child: &mut Child, signal: Signal) {
    process::signal(child, signal);
    process::wait_or_kill(child, STOP_PATIENCE);
}

/// Creates an empty data directory. Its parent must exist and belong to the account.
pub(crate) fn initdb(tools: &Tools, account: Account, home: &Path, data: &Path) -> Result<(), Error> {
    let mut command = account.command(&tools.postgres_program("initdb"), home);
    command.args(INITDB_ARGUMENTS).arg("-D").arg(data);
    files::run(&mut command, "initdb").map(drop)
}

fn settings(options: &StackOptions) -> Vec<(String, String)> {
    let durable = if options.durable { "on" } else { "off" };
    let built_in = [
        ("listen_addresses", "127.0.0.1"),
        ("max_connections", "200"),
        ("shared_buffers", if options.durable { "1GB" } else { "256MB" }),
        ("jit", "off"),
        // Off loses data only with the machine's power, which a throw-away server may.
        ("fsync", durable),
        ("full_page_writes", durable),
        // When something was committed is what benchmarks ask.
        ("track_commit_timestamp", durable),
        // Never off: a commit that was acknowledged must survive a killed server.
        ("synchronous_commit", "on"),
        // Without durability the directory is in memory, if there is enough.
        ("max_wal_size", if options.durable { "4GB" } else { "512MB" }),
        ("checkpoint_timeout", "15min"),
        // Inside the data directory, so that not even kill -9 leaves anything in /dev/shm.
        ("dynamic_shared_memory_type", "mmap"),
        ("password_encryption", "md5"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("log_checkpoints", "off"),
        ("cluster_name", "helpline-private"),
    ];
    let built_in = built_in.map(|(name, value)| (name.to_owned(), value.to_owned()));
    built_in.into_iter().chain(options.postgres_settings.iter().cloned()).collect()
}
