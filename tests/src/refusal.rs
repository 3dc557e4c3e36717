//! What a refused call says.

use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// A refused call, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The gRPC code.
    pub code: Code,
    /// `ErrorInfo.reason`, for example `OFFER_OVER`.
    pub reason: String,
    /// The fields of `BadRequest`.
    pub fields: Vec<String>,
    /// `ErrorInfo.metadata`, sorted by key.
    pub metadata: Vec<(String, String)>,
}

impl Refused {
    /// One value of the metadata; empty when it is not there.
    pub fn metadata(&self, key: &str) -> &str {
        self.metadata.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }
}

impl From<&Status> for Refused {
    fn from(status: &Status) -> Self {
        let info = status.get_details_error_info();
        let mut metadata: Vec<_> = info.iter().flat_map(|info| info.metadata.clone()).collect();
        metadata.sort();
        Self {
            code: status.code(),
            reason: info.map(|info| info.reason).unwrap_or_default(),
            fields: status
                .get_details_bad_request()
                .map(|bad| bad.field_violations.into_iter().map(|violation| violation.field).collect())
                .unwrap_or_default(),
            metadata,
        }
    }
}

/// The refusal of a call that must be refused.
///
/// # Panics
/// When it was not.
#[track_caller]
pub fn refused<T>(answer: Result<Response<T>, Status>) -> Refused {
    Refused::from(&answer.map(drop).expect_err("the call should have been refused"))
}
