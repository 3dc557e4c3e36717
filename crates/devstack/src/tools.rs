//! Finding the programs: explicit settings, `PATH`, the usual places, our own private installation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::geteuid;

use crate::environment;
use crate::error::Error;
use crate::{files, install};

/// The oldest major versions that the project runs on.
pub(crate) const POSTGRES_MINIMUM: u32 = 15;
pub(crate) const REDIS_MINIMUM: u32 = 7;

/// What [`Tools::ensure`] may do when a program is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InstallPolicy {
    /// Debian packages when root may install them, else wheels into a private folder.
    #[default]
    Auto,
    /// Debian packages only.
    Apt,
    /// Wheels into a private folder only; touches nothing of the system.
    Wheels,
    /// Nothing: say what is missing.
    Never,
}

/// Which programs to use and what may be installed.
#[derive(Clone, Debug, Default)]
pub struct ToolSettings {
    /// The directory of `postgres` and `initdb`. None: search.
    pub postgres_bin: Option<PathBuf>,
    /// `redis-server` or `valkey-server`. None: search.
    pub redis_server: Option<PathBuf>,
    /// What may be installed when a program is missing.
    pub install: InstallPolicy,
}

impl ToolSettings {
    /// From `HELPLINE_POSTGRES_BIN`, `HELPLINE_REDIS_SERVER` and `HELPLINE_INSTALL`.
    pub fn from_environment() -> Self {
        let install = match environment::text("HELPLINE_INSTALL").as_deref() {
            Some("apt") => InstallPolicy::Apt,
            Some("wheels") => InstallPolicy::Wheels,
            Some("never") => InstallPolicy::Never,
            _ => InstallPolicy::Auto,
        };
        Self {
            postgres_bin: environment::variable("HELPLINE_POSTGRES_BIN").map(PathBuf::from),
            redis_server: environment::variable("HELPLINE_REDIS_SERVER").map(PathBuf::from),
            install,
        }
    }
}

/// The programs of a private stack, found and recent enough.
#[derive(Clone, Debug)]
pub struct Tools {
    postgres_dir: PathBuf,
    postgres_version: String,
    redis: PathBuf,
    redis_version: String,
}

impl Tools {
    /// Finds the programs, and installs nothing.
    ///
    /// # Errors
    /// [`Error::Missing`], with the command that would help.
    pub fn find(settings: &ToolSettings) -> Result<Self, Error> {
        let postgres = find_postgres(settings);
        let redis = find_redis(settings);
        match (postgres, redis) {
            (Some((postgres_dir, postgres_version)), Some((redis, redis_version))) => {
                Ok(Self { postgres_dir, postgres_version, redis, redis_version })
            }
            (postgres, redis) => {
                let mut what = Vec::new();
                if postgres.is_none() {
                    what.push(format!("PostgreSQL {POSTGRES_MINIMUM} or newer"));
                }
                if redis.is_none() {
                    what.push(format!("Redis (or Valkey) {REDIS_MINIMUM} or newer"));
                }
                Err(Error::Missing { what: what.join(" and "), hint: install::HINT.to_owned() })
            }
        }
    }

    /// Finds the programs, and installs what is missing as far as the settings allow. `progress` gets one line for each
    /// thing that is done.
    ///
    /// # Errors
    /// [`Error::Missing`] when nothing may be installed, [`Error::Install`] when that did not succeed.
    pub fn ensure(settings: &ToolSettings, progress: &mut dyn FnMut(&str)) -> Result<Self, Error> {
        let missing = match Self::find(settings) {
            Ok(tools) => return Ok(tools),
            Err(error) => error,
        };
        if settings.install == InstallPolicy::Never {
            return Err(missing);
        }
        let need = install::Need {
            postgres: find_postgres(settings).is_none(),
            redis: find_redis(settings).is_none(),
        };
        let mut reason = None;
        if settings.install != InstallPolicy::Wheels {
            match install::from_packages(need, progress) {
                Ok(()) => match Self::find(settings) {
                    Ok(tools) => return Ok(tools),
                    Err(error) => reason = Some(error.to_string()),
                },
                Err(Error::Install { reason: why, .. }) => reason = Some(why),
                Err(error) => reason = Some(error.to_string()),
            }
            if settings.install == InstallPolicy::Auto
                && let Some(reason) = &reason
            {
                progress(&format!("{reason}; fetching private copies instead"));
            }
        }
        if settings.install != InstallPolicy::Apt {
            // What apt did bring is not brought twice.
            let need = install::Need {
                postgres: find_postgres(settings).is_none(),
                redis: find_redis(settings).is_none(),
            };
            install::from_wheels(need, progress)?;
        }
        Self::find(settings).map_err(|error| match reason {
            Some(reason) => {
                Error::Install { what: "the servers".to_owned(), reason, hint: error.to_string() }
            }
            None => error,
        })
    }

    /// A program of the Postgres installation.
    pub fn postgres_program(&self, name: &str) -> PathBuf {
        self.postgres_dir.join(name)
    }

    /// The directory of the Postgres programs.
    pub fn postgres_program_dir(&self) -> &Path {
        &self.postgres_dir
    }

    /// What `postgres --version` says.
    pub fn postgres_version(&self) -> &str {
        &self.postgres_version
    }

    /// The Redis or Valkey server.
    pub fn redis_program(&self) -> &Path {
        &self.redis
    }

    /// The version of Redis or Valkey, as `7.0.15`.
    pub fn redis_version(&self) -> &str {
        &self.redis_version
    }
}

fn find_postgres(settings: &ToolSettings) -> Option<(PathBuf, String)> {
    if let Some(given) = &settings.postgres_bin {
        return postgres_in(given);
    }
    // Through a link in PATH to the directory where the other programs are.
    let on_path = path_entries().into_iter().filter_map(|entry| {
        let program = entry.join("postgres").canonicalize().ok()?;
        Some(program.parent()?.to_owned())
    });
    let private = install::wheel_directories().into_iter().filter_map(|root| {
        install::find_program(&root, "initdb").and_then(|program| Some(program.parent()?.to_owned()))
    });
    on_path.chain(packaged_postgres()).chain(private).find_map(|directory| postgres_in(&directory))
}

/// Where Debian and its descendants put the server programs, newest version first.
fn packaged_postgres() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

fn postgres_in(directory: &Path) -> Option<(PathBuf, String)> {
    let program = directory.join("postgres");
    if !directory.join("initdb").is_file() || !usable(&program) {
        return None;
    }
    let version = ask_version(&program)?;
    // `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`, `… 18.6`, `… 19beta1`
    let number = version.split_once("(PostgreSQL) ")?.1;
    (leading_number(number)? >= POSTGRES_MINIMUM).then(|| (directory.to_owned(), version.clone()))
}

fn find_redis(settings: &ToolSettings) -> Option<(PathBuf, String)> {
    if let Some(given) = &settings.redis_server {
        return redis_at(given);
    }
    let names = ["redis-server", "valkey-server"];
    let on_path =
        names.into_iter().flat_map(|name| path_entries().into_iter().map(move |entry| entry.join(name)));
    let private = install::wheel_directories()
        .into_iter()
        .flat_map(move |root| names.into_iter().filter_map(move |name| install::find_program(&root, name)));
    on_path.chain(private).find_map(|program| redis_at(&program))
}

fn redis_at(program: &Path) -> Option<(PathBuf, String)> {
    if !usable(program) {
        return None;
    }
    // `Redis server v=7.0.15 sha=…`, `Valkey server v=9.1.2 …`
    let said = ask_version(program)?;
    let version = said.split_once("v=")?.1.split_whitespace().next()?;
    (leading_number(version)? >= REDIS_MINIMUM).then(|| (program.to_owned(), version.to_owned()))
}

/// Whether the program exists, and the user of the servers could reach it too.
fn usable(program: &Path) -> bool {
    program
        .canonicalize()
        .is_ok_and(|real| real.is_file() && (!geteuid().is_root() || files::others_may_traverse(&real)))
}

fn ask_version(program: &Path) -> Option<String> {
    let said = files::run(Command::new(program).arg("--version"), "--version").ok()?;
    Some(said.lines().next()?.trim().to_owned())
}

fn leading_number(text: &str) -> Option<u32> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}

/// `PATH`, and where system programs are when a normal user's `PATH` leaves them out.
pub(crate) fn path_entries() -> Vec<PathBuf> {
    let path = environment::variable("PATH").unwrap_or_default();
    let mut entries: Vec<PathBuf> =
        std::env::split_paths(&path).filter(|entry| entry.is_absolute()).collect();
    for usual in ["/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin"] {
        let usual = PathBuf::from(usual);
        if !entries.contains(&usual) {
            entries.push(usual);
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_programs_say() {
        assert_eq!(leading_number("15.20 (Debian)"), Some(15));
        assert_eq!(leading_number("19beta1"), Some(19));
        assert_eq!(leading_number("devel"), None);
    }

    #[test]
    fn a_missing_program_is_named_with_what_to_do() {
        let nowhere = PathBuf::from("/nonexistent");
        let settings = ToolSettings {
            postgres_bin: Some(nowhere.clone()),
            redis_server: Some(nowhere.join("redis-server")),
            install: InstallPolicy::Never,
        };
        let said = Tools::ensure(&settings, &mut |_| ()).unwrap_err().to_string();
        assert!(
            said.contains("PostgreSQL 15") && said.contains("Redis") && said.contains("apt-get install"),
            "{said}"
        );
    }
}
