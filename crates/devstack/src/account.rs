//! Which user the servers run as. `initdb` and `postgres` refuse root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{User, geteuid};

use crate::environment;
use crate::error::Error;

/// The user of the servers: ourselves, or for root somebody else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
    other: bool,
}

impl Account {
    /// Ourselves; for root the user `postgres`, else `nobody`.
    ///
    /// A numeric id without an entry in the password file would not do: `initdb` looks its name up.
    pub(crate) fn for_servers() -> Result<Self, Error> {
        let me = geteuid();
        if !me.is_root() {
            return Ok(Self { uid: me.as_raw(), gid: nix::unistd::getegid().as_raw(), other: false });
        }
        for name in ["postgres", "nobody"] {
            if let Ok(Some(user)) = User::from_name(name) {
                return Ok(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw(), other: true });
            }
        }
        Err(Error::Missing {
            what: "a user to run PostgreSQL as (it refuses root)".to_owned(),
            hint: "Create one with `useradd --system postgres`, or run this as a normal user.".to_owned(),
        })
    }

    /// The numeric user id.
    pub(crate) fn uid(self) -> u32 {
        self.uid
    }

    /// Whether the servers run as another user than ourselves.
    pub(crate) fn is_other(self) -> bool {
        self.other
    }

    /// Hands a file or directory to the user of the servers.
    pub(crate) fn own(self, path: &Path) -> Result<(), Error> {
        if !self.other {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).map_err(Error::io("hand over", path))
    }

    /// A command that runs as this user, with nothing of our environment that could lead it astray.
    ///
    /// A changed user id keeps `HOME` and the working directory, and any `PG*` variable would be obeyed: so the
    /// environment starts empty, and the working directory is the stack's own. The process group is its own too, or
    /// Ctrl-C in the terminal would stop the servers before the program that still needs them.
    pub(crate) fn command(self, program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", home).env("LC_ALL", "C").env("TZ", "UTC").current_dir(home);
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = environment::variable(name) {
                command.env(name, value);
            }
        }
        if self.other {
            command.uid(self.uid).gid(self.gid);
        }
        command.stdin(Stdio::null()).process_group(0);
        command
    }
}
