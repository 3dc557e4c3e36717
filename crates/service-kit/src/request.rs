//! The id of the call being served, for logs and for the `trace` of internal errors.

use std::future::Future;

use uuid::Uuid;

tokio::task_local! {
    static REQUEST: Uuid;
}

/// The id of the call that this task serves, if it serves one.
pub fn current_id() -> Option<Uuid> {
    REQUEST.try_with(|id| *id).ok()
}

/// Runs `work` as part of the call `id`.
pub(crate) fn scope<F: Future>(id: Uuid, work: F) -> impl Future<Output = F::Output> {
    REQUEST.scope(id, work)
}

/// Runs `work` as part of the call `id`, without waiting.
pub(crate) fn sync_scope<T>(id: Uuid, work: impl FnOnce() -> T) -> T {
    REQUEST.sync_scope(id, work)
}
