//! The directory of a stack, its watchdog, and the sweeping of what dead owners left.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use nix::unistd::{AccessFlags, access, geteuid};

use crate::account::Account;
use crate::error::Error;
use crate::{environment, files, process};

const PREFIX: &str = "helpline-stack-";
const SHARED_MEMORY: &str = "/dev/shm";
const LOCK: &str = "owner.lock";

/// A socket's path may have 107 bytes; this leaves room for our own part.
const MAX_PARENT: usize = 60;

/// Waits for the end of the owner, then stops the servers and removes the directory.
///
/// The owner holds the only other end of standard input. An orderly stop says `done`; an end of input without it means
/// that the owner died. The directory comes in the environment, not as an argument, so that the search by command line
/// does not find the watchdog itself.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
read -r word
[ "$word" = done ] && exit 0
signal=QUIT
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    found=
    for file in $(printf '%s' "$STACK" | grep -laF -f - /proc/[0-9]*/cmdline 2>/dev/null); do
        process=${file%/cmdline}
        read -r name < "$process/comm" || continue
        case $name in
            postgres | initdb) kill -s "$signal" "${process#/proc/}" && found=yes ;;
            redis-server | valkey-server) kill -s KILL "${process#/proc/}" && found=yes ;;
        esac
    done 2>/dev/null
    # Two clean rounds: a server may have been between fork and exec during the first.
    if [ -z "$found" ]; then
        [ -n "$clean" ] && break
        clean=yes
    fi
    [ "$attempt" = 20 ] && signal=KILL
    sleep 0.1
done
rm -rf -- "$STACK" || { sleep 0.5; rm -rf -- "$STACK"; }
"#;

/// A directory that goes when its owner goes.
#[derive(Debug)]
pub(crate) struct Base {
    path: PathBuf,
    watchdog: Child,
    /// Held as long as the owner lives; the kernel lets go of it whatever the end. Sweepers try it.
    _lock: File,
}

impl Base {
    /// Sweeps, then creates a directory and puts a watchdog on it.
    pub(crate) fn create(account: Account, durable: bool) -> Result<Self, Error> {
        let parent = parent_dir(account, durable)?;
        for place in [parent.as_path(), Path::new(SHARED_MEMORY), Path::new("/tmp")] {
            sweep(place);
        }
        let path = parent.join(format!("{PREFIX}{}", files::random_hex(6)?));
        // 0711: the user of the servers must reach its own directories inside; nobody can list it.
        files::create_dir(&path, 0o711)?;
        let guarded = || {
            let lock_path = path.join(LOCK);
            let lock = File::create(&lock_path).map_err(Error::io("create", &lock_path))?;
            lock.lock().map_err(Error::io("lock", &lock_path))?;
            let watchdog = Command::new("sh")
                .args(["-c", WATCHDOG, "helpline-watchdog"])
                .env("STACK", &path)
                .current_dir("/")
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()
                .map_err(Error::io("start a watchdog for", &path))?;
            Ok((lock, watchdog))
        };
        match guarded() {
            Ok((lock, watchdog)) => Ok(Self { path, watchdog, _lock: lock }),
            Err(error) => {
                let _ = fs::remove_dir_all(&path);
                Err(error)
            }
        }
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Base {
    /// The servers have been stopped and reaped by now: removes the directory and sends the watchdog home.
    fn drop(&mut self) {
        process::stop_servers_of(&self.path);
        let removed = remove_tree(&self.path);
        if let Some(mut pipe) = self.watchdog.stdin.take()
            && removed
        {
            let _ = pipe.write_all(b"done\n");
        }
        let _ = self.watchdog.wait();
    }
}

/// A server that was just killed may still have a child writing: tries again for a moment.
fn remove_tree(path: &Path) -> bool {
    for _ in 0..20 {
        match fs::remove_dir_all(path) {
            Ok(()) => return true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return true,
            Err(_) => std::thread::sleep(Duration::from_millis(25)),
        }
    }
    false
}

/// Where the directory may go, best first: `TMPDIR`; memory, unless power cuts matter; the usual places.
///
/// Copying a data directory and creating databases means creating a thousand small files, which takes a disk's file
/// system four to seven times as long as memory.
fn parents(durable: bool) -> Vec<PathBuf> {
    let mut parents = Vec::new();
    if environment::variable("TMPDIR").is_some() {
        parents.push(std::env::temp_dir());
    }
    if !durable && is_roomy_memory(Path::new(SHARED_MEMORY)) {
        parents.push(PathBuf::from(SHARED_MEMORY));
    }
    parents.extend([PathBuf::from("/tmp"), PathBuf::from("/var/tmp")]);
    parents
}

fn is_roomy_memory(path: &Path) -> bool {
    let Ok(system) = statfs(path) else { return false };
    let free =
        u128::from(system.blocks_available()) * u128::try_from(system.block_size()).unwrap_or_default();
    // Containers often have 64 MB here. The rest of the machine needs memory too.
    system.filesystem_type() == TMPFS_MAGIC && free >= 2 << 30 && available_memory_kib() >= 4 << 20
}

fn available_memory_kib() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn parent_dir(account: Account, durable: bool) -> Result<PathBuf, Error> {
    let fits = |path: &PathBuf| {
        path.is_absolute()
            && path.as_os_str().len() <= MAX_PARENT
            && access(path, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
            && (!account.is_other() || files::others_may_traverse(path))
    };
    parents(durable).into_iter().find(fits).ok_or_else(|| Error::Missing {
        what: "a directory for temporary files".to_owned(),
        hint: "Set TMPDIR to a directory with a short path that all users may enter.".to_owned(),
    })
}

/// Stops and removes the stacks whose owner is dead. Never fails: it cleans what it can.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) && is_abandoned(&path) {
            process::stop_servers_of(&path);
            remove_tree(&path);
        }
    }
}

fn is_abandoned(path: &Path) -> bool {
    let Ok(meta) = fs::symlink_metadata(path) else { return false };
    if !meta.is_dir() || meta.uid() != geteuid().as_raw() {
        return false;
    }
    if let Ok(lock) = File::open(path.join(LOCK)) {
        // A lock that is just being taken for the first time looks free too: hence the age below.
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return false,
        }
    }
    meta.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > Duration::from_secs(10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_goes_with_its_owner_in_an_orderly_stop() {
        let base = Base::create(Account::for_servers().unwrap(), false).unwrap();
        let path = base.path().to_owned();
        assert!(path.is_dir());
        drop(base);
        assert!(!path.exists());
    }

    #[test]
    fn a_directory_with_a_living_owner_is_not_abandoned() {
        let base = Base::create(Account::for_servers().unwrap(), false).unwrap();
        assert!(!is_abandoned(base.path()));
    }
}
