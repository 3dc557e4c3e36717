//! Databases that [`private_stack`](super::private_stack) has prepared, without holding up whoever signs in.

use std::ops::Deref;

use helpline_devstack::{Database, PostgresHandle};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// The database that every other is copied from.
pub(super) const PREPARED: &str = "helpline";

/// A copy of the prepared database. Dropping it drops the database.
#[derive(Debug)]
pub struct PreparedDatabase(Option<Database>);

impl PreparedDatabase {
    /// Makes a copy.
    pub fn create(postgres: &PostgresHandle) -> Self {
        Self(Some(beside(|| postgres.create_database(PREPARED).expect("a database"))))
    }
}

impl Deref for PreparedDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.0.as_ref().expect("it is taken when dropped")
    }
}

impl Drop for PreparedDatabase {
    fn drop(&mut self) {
        let database = self.0.take();
        beside(|| drop(database));
    }
}

/// Does what blocks while other tasks go on. Postgres drops a database only once nobody is in the middle of signing in,
/// to whichever database: were that a task which waits for this thread, both would wait until the other was thrown out.
fn beside<T>(work: impl FnOnce() -> T) -> T {
    let many = Handle::try_current().is_ok_and(|this| this.runtime_flavor() == RuntimeFlavor::MultiThread);
    if many { block_in_place(work) } else { work() }
}
