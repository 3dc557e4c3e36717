//! Directories with exact modes, random names, copies, the end of a log.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::geteuid;

use crate::environment;
use crate::error::Error;

/// `length` random bytes as lower-case hexadecimal text.
pub(crate) fn random_hex(length: usize) -> Result<String, Error> {
    let source = Path::new("/dev/urandom");
    let mut bytes = vec![0_u8; length];
    File::open(source).and_then(|mut file| file.read_exact(&mut bytes)).map_err(Error::io("read", source))?;
    Ok(hex(&bytes))
}

/// Lower-case hexadecimal text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |number: u8| char::from(DIGITS[usize::from(number)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Creates a directory that must not exist yet, with exactly this mode whatever the umask.
pub(crate) fn create_dir(path: &Path, mode: u32) -> Result<(), Error> {
    DirBuilder::new().mode(mode).create(path).map_err(Error::io("create", path))?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::io("set the mode of", path))
}

/// Whether users other than the owner may pass through every directory of `path`.
pub(crate) fn others_may_traverse(path: &Path) -> bool {
    path.ancestors()
        .filter(|part| !part.as_os_str().is_empty())
        .all(|part| part.metadata().is_ok_and(|meta| !meta.is_dir() || meta.mode() & 0o001 != 0))
}

/// Where templates and private installations are kept: `HELPLINE_CACHE`, else the user's cache directory.
///
/// Root's home is closed to the user of the servers, who must reach the programs: root's cache is in `/var/tmp`, under
/// a name anybody could have taken first. So it has to be a real directory that belongs to root.
pub(crate) fn cache_root() -> Result<PathBuf, Error> {
    let me = geteuid();
    let path = if let Some(given) = environment::variable("HELPLINE_CACHE") {
        PathBuf::from(given)
    } else if me.is_root() {
        PathBuf::from(format!("/var/tmp/helpline-cache-{me}"))
    } else if let Some(cache) = environment::variable("XDG_CACHE_HOME") {
        PathBuf::from(cache).join("helpline")
    } else if let Some(home) = environment::variable("HOME") {
        PathBuf::from(home).join(".cache/helpline")
    } else {
        PathBuf::from(format!("/var/tmp/helpline-cache-{me}"))
    };
    if !path.exists() {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        }
        if let Err(error) = create_dir(&path, 0o711) {
            // Two processes may start at once; the loser finds the winner's directory.
            if !path.exists() {
                return Err(error);
            }
        }
    }
    let meta = fs::symlink_metadata(&path).map_err(Error::io("look at", &path))?;
    if !meta.is_dir() || meta.uid() != me.as_raw() {
        return Err(Error::Missing {
            what: format!("a cache directory of our own at {}", path.display()),
            hint: "It belongs to somebody else; name another one in HELPLINE_CACHE.".to_owned(),
        });
    }
    Ok(path)
}

/// Copies a directory tree with owners, modes and times. `to` must not exist.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<(), Error> {
    let mut command = Command::new("cp");
    command.args(["-a", "--reflink=auto", "--"]).arg(from).arg(to);
    run(&mut command, "cp").map(drop)
}

/// Runs a program to its end; its standard output, or the end of all its output as an error.
pub(crate) fn run(command: &mut Command, name: &str) -> Result<String, Error> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::Program { program: name.to_owned(), output: error.to_string() })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(Error::Program {
        program: name.to_owned(),
        output: format!("{}: {}", output.status, last_lines(&text, 15)),
    })
}

/// The last lines of a text.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The last lines of a log file, or a word on why there are none.
pub(crate) fn log_tail(path: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(8 * 1024)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => last_lines(&String::from_utf8_lossy(&bytes), 20),
        Err(error) => format!("({}: {error})", path.display()),
    }
}
