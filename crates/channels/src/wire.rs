//! Translates: requests into what use cases take, collecting every field that cannot be used; domain into messages.

pub(crate) mod delivery;
pub(crate) mod endpoint;
pub(crate) mod link;
