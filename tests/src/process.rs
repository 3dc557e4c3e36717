//! A helpline of real processes: private servers, a database of its own, `helpline serve` as often as wanted, each of
//! which can be killed and started again.
//!
//! ```text
//! let mut fleet = Fleet::start(FleetOptions::default()).await;
//! let adapter = fleet.bearer(Role::ChannelAdapter, None).await;
//! fleet.server(0).kill();
//! fleet.restart(0, "");
//! ```
//!
//! The program comes from the directory in `HELPLINE_BIN_DIR`, else `target/debug`. It must have been built together with
//! the tests (`cargo build --workspace --bins`), which compiles the fail points in; without them it says so and ends.
//! Servers and their files go with the [`Fleet`], and a guard ends them when the test itself is killed.
#![expect(clippy::print_stdout, reason = "what servers said, when a test fails")]

mod fleet;
mod prepared;
mod server;
mod wait;

pub use fleet::{Fleet, FleetOptions, Redis, private_stack};
pub use prepared::PreparedDatabase;
pub use server::ServerProcess;
pub use wait::{is_transient, retry, until};
