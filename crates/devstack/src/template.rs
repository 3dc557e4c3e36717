//! Data directories that were made once: copying one takes 0.1 s, making one with its migrations a second or more.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use nix::sys::signal::Signal;
use sha2::{Digest as _, Sha256};

use crate::account::Account;
use crate::database::on_own_thread;
use crate::error::Error;
use crate::files;
use crate::handle::PostgresHandle;
use crate::options::StackOptions;
use crate::postgres::{self, INITDB_ARGUMENTS, PostgresLaunch};
use crate::tools::Tools;

/// To be raised when this module changes what it puts into a template.
const FORMAT: &str = "1";

/// Each is about 40 MB; more than a few only pile up from old migrations.
const KEPT: usize = 6;

/// Puts a filled data directory into its place: a copy of the cached template, else a fresh one, which is then cached.
pub(crate) fn provide(
    tools: &Tools,
    account: Account,
    launch: &PostgresLaunch,
    handle: &mut PostgresHandle,
    options: &StackOptions,
) -> Result<(), Error> {
    let data = handle.data_dir();
    let Ok(cache) = cache_dir() else {
        // A machine without a place to cache still gets its server, a second later.
        return make(tools, account, launch, handle, options);
    };
    let template = cache.join(key(tools, account, options));
    let lock_path = cache.join("lock");
    let lock = File::create(&lock_path).map_err(Error::io("create", &lock_path))?;
    lock.lock_shared().map_err(Error::io("lock", &lock_path))?;
    if !template.is_dir() {
        lock.unlock().map_err(Error::io("unlock", &lock_path))?;
        lock.lock().map_err(Error::io("lock", &lock_path))?;
    }
    // Asked again: while the lock was nobody's, another process may have made it.
    if template.is_dir() {
        copy(&template, &data)?;
        let _ = File::open(&template).and_then(|file| file.set_modified(now()));
    } else {
        make(tools, account, launch, handle, options)?;
        tidy(&cache);
        let partial = template.with_extension("partial");
        copy(&data, &partial)?;
        fs::rename(&partial, &template).map_err(Error::io("rename", &partial))?;
    }
    if options.durable {
        // Or the kernel writes the copy back in the middle of a measurement.
        files::run(Command::new("sync").arg("-f").arg(&data), "sync")?;
    }
    Ok(())
}

fn make(
    tools: &Tools,
    account: Account,
    launch: &PostgresLaunch,
    handle: &mut PostgresHandle,
    options: &StackOptions,
) -> Result<(), Error> {
    postgres::initdb(tools, account, &launch.home, &handle.data_dir())?;
    let Some(template) = &options.template else { return Ok(()) };
    let mut server = launch.start_anywhere(handle)?;
    let prepared = on_own_thread(|| (template.prepare)(handle));
    postgres::stop(&mut server, Signal::SIGINT);
    prepared
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    files::copy_tree(from, to).inspect_err(|_| {
        let _ = fs::remove_dir_all(to);
    })
}

/// The directory of the templates; 0700, because templates are copied by ourselves even when another user owns them.
fn cache_dir() -> Result<PathBuf, Error> {
    let path = files::cache_root()?.join("templates");
    match files::create_dir(&path, 0o700) {
        Err(error) if !path.is_dir() => Err(error),
        _ => Ok(path),
    }
}

fn key(tools: &Tools, account: Account, options: &StackOptions) -> String {
    let mut hash = Sha256::new();
    let uid = account.uid().to_string();
    let own = options.template.as_ref().map_or("", |template| template.key.as_str());
    let program = tools.postgres_program("postgres");
    let parts = [FORMAT, tools.postgres_version(), &program.to_string_lossy(), &uid, own];
    for part in parts.into_iter().chain(INITDB_ARGUMENTS) {
        // With the length, so that no two lists of parts look the same.
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    files::hex(&hash.finalize()[..16])
}

/// Removes what an interrupted copy left, and all but the templates that were used last.
fn tidy(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else { return };
    let mut templates: Vec<(SystemTime, PathBuf)> = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        if path.extension().is_some() {
            let _ = fs::remove_dir_all(&path);
        } else if let Ok(time) = path.metadata().and_then(|meta| meta.modified()) {
            templates.push((time, path));
        }
    }
    templates.sort();
    let surplus = (templates.len() + 1).saturating_sub(KEPT);
    for (_, path) in templates.into_iter().take(surplus) {
        let _ = fs::remove_dir_all(path);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the age of a cached file is measured by the file system's clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
