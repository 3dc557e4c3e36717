//! What a client sees of a refusal, and what of the errors below it.

use std::error::Error;
use std::fmt;

use helpline_proto::DOMAIN;
use helpline_store::StoreError;
use helpline_vault::VaultError;
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt as _};

use super::Refusal;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason_name(), self.message)
    }
}

impl Error for Refusal {}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let metadata = refusal.metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        let mut details = ErrorDetails::new();
        details.set_error_info(
            refusal.reason_name(),
            DOMAIN,
            metadata.collect::<std::collections::HashMap<_, _>>(),
        );
        for violation in &refusal.violations {
            details.add_bad_request_violation(&violation.field, &violation.expected);
        }
        if refusal.retry.is_some() {
            details.set_retry_info(refusal.retry);
        }
        Self::with_error_details(refusal.code(), refusal.message.as_ref(), details)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_) | StoreError::Retry => {
                tracing::warn!(%error, "the store did not answer");
                Self::unavailable()
            }
            other => Self::internal(&other),
        }
    }
}

impl From<VaultError> for Refusal {
    fn from(error: VaultError) -> Self {
        Self::internal(&error)
    }
}
