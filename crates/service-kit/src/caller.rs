//! Who is calling, for the methods of services.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use tonic::{Request, Status};

use crate::error::Refusal;

/// The caller that the access layer found. Error: TOKEN_REFUSED when the request did not pass that layer.
pub fn caller_of<T>(request: &Request<T>) -> Result<Caller, Status> {
    request.extensions().get::<Caller>().copied().ok_or_else(|| Refusal::token_refused().into())
}

/// The counsellor who calls. Error: ROLE_REFUSED for every other role.
pub fn counsellor_of(caller: &Caller) -> Result<CounsellorId, Refusal> {
    caller.counsellor_id.ok_or_else(|| Refusal::role_refused(caller.role))
}
