//! What can go wrong, each with what to do next.

use std::io;
use std::path::{Path, PathBuf};

/// An error of a callback, whatever its type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a private server could not be found, installed, started or asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not on this machine, or too old.
    #[error("{what} was not found. {hint}")]
    Missing {
        /// The program and the version that is needed.
        what: String,
        /// What to do next.
        hint: String,
    },
    /// An installation did not succeed.
    #[error("could not install {what}: {reason}\n{hint}")]
    Install {
        /// The packages.
        what: String,
        /// The end of the installer's output.
        reason: String,
        /// What to do next.
        hint: String,
    },
    /// A file operation failed.
    #[error("could not {doing} {path}: {source}", path = path.display())]
    Io {
        /// The verb.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A program that was run answered with a failure.
    #[error("{program} failed: {output}")]
    Program {
        /// The program.
        program: String,
        /// The end of its output.
        output: String,
    },
    /// A server did not answer in time, or ended while starting.
    #[error("{server} did not start: {reason}. The end of its log:\n{log}")]
    NotReady {
        /// `PostgreSQL` or `Redis`.
        server: &'static str,
        /// What was seen.
        reason: String,
        /// The last lines of its log.
        log: String,
    },
    /// Postgres refused a statement.
    #[error("PostgreSQL answered {code}: {message}")]
    Sql {
        /// The SQLSTATE.
        code: String,
        /// The server's message.
        message: String,
    },
    /// The connection to a server broke, or it spoke something else than its protocol.
    #[error("lost the connection to {server}: {reason}")]
    Connection {
        /// `PostgreSQL` or `Redis`.
        server: &'static str,
        /// What was seen.
        reason: String,
    },
    /// The caller's preparation of a template failed.
    #[error("the preparation of the template failed: {0}")]
    Prepare(BoxError),
    /// The description of a running stack cannot be read, or the stack is gone.
    #[error("the description of the running servers is of no use: {0}")]
    Handle(String),
}

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// The SQLSTATE, when Postgres refused a statement.
    pub fn sql_state(&self) -> Option<&str> {
        match self {
            Self::Sql { code, .. } => Some(code),
            _ => None,
        }
    }
}
