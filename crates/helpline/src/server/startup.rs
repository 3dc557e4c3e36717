//! Before anything is served: a database that answers, with the right schema, as the right role.

use std::time::Duration;

use helpline_service_kit::clock::Clock;
use helpline_store::migrate::{Facts, known_version};
use helpline_store::{Store, StoreError};

use super::StartError;

/// How long a database that is away is waited for: machines that start together need not start in order.
const PATIENCE: Duration = Duration::from_mins(1);
/// From one try to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// Waits for the database, then refuses one that must not be used.
pub(super) async fn wait_for_database(store: &Store, clock: &dyn Clock) -> Result<(), StartError> {
    let began = clock.instant();
    loop {
        match store.facts().await {
            Ok(facts) => return judge(&facts),
            Err(error @ (StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_)))
                if clock.instant().duration_since(began) < PATIENCE =>
            {
                tracing::warn!(%error, "waiting for the database");
                clock.sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Finds out which services have a protected address where a newer schema could not. Where their rules cannot be read, more of them is hidden
/// than need be.
pub(super) async fn know_protected(store: &Store) -> Result<(), StoreError> {
    for centre in store.centre_ids().await? {
        match store.know_protected(centre).await {
            Ok(0) => {}
            Ok(services) => {
                tracing::info!(%centre, services, "services without a protected address are known");
            }
            Err(error) => {
                tracing::warn!(%centre, %error, "which services have a protected address is not known");
            }
        }
    }
    Ok(())
}

fn judge(facts: &Facts) -> Result<(), StartError> {
    if facts.schema_version != Some(known_version()) {
        return Err(StartError::Schema { found: facts.schema_version, known: known_version() });
    }
    if facts.passes_isolation {
        return Err(StartError::PassesIsolation);
    }
    if facts.clock_moved_s != 0.0 {
        tracing::warn!(seconds = facts.clock_moved_s, "the database's clock was moved, as only tests do");
    }
    Ok(())
}
