//! Translates: requests into what use cases take, collecting every field that cannot be used; domain into messages.

pub(crate) mod agency;
pub(crate) mod centre;
pub(crate) mod counsellor;
pub(crate) mod service;
pub(crate) mod settings;
pub(crate) mod token;
