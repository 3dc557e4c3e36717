//! The public API as Rust: what the protos in `/proto` generate.
//!
//! Messages, clients and servers come from prost and tonic. From the custom options in
//! `helpline/options/v1/options.proto` come two more things:
//! - [`METHODS`]: who may call a method, whether it changes something, how long it may take;
//! - `Debug` of every message with personal data, which prints the class of such a field instead of its value.
//!
//! Invariants, each of which fails the build when broken:
//! - every method has an access option that names at least one role;
//! - a method either changes something and takes a `request_id`, or is marked as free of side effects;
//! - a unary method has a longest deadline, a stream has none; clients never stream;
//! - a message with a classed field has neither a oneof nor a parent message, so nothing escapes the redaction.
//!
//! Inputs: `/proto`. No events.

use std::time::Duration;

mod generated;

pub use generated::{
    casework, channels, crossborder, directory, errors, escalation, intake, options, queueing, referral,
    reintegration, reporting, school, shelter, terms,
};
pub use options::v1::Role;

/// The `domain` of every `google.rpc.ErrorInfo` of this API.
pub const DOMAIN: &str = "helpline";

/// The encoded `google.protobuf.FileDescriptorSet` of the whole API, with comments, imports and custom options.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// What the protos say about one method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Method {
    /// The path of its HTTP requests: `/helpline.intake.v1.ContactService/ReceiveContact`.
    pub path: &'static str,
    /// Full name of its service: `helpline.intake.v1.ContactService`.
    pub service: &'static str,
    /// Its own name: `ReceiveContact`.
    pub name: &'static str,
    /// Who may call it; never empty.
    pub roles: &'static [Role],
    /// Whether it changes something; if so its request has a `request_id`.
    pub changes: bool,
    /// Whether it answers with a stream.
    pub streaming: bool,
    /// Longest time the server works on one call; zero for streams.
    pub max_deadline: Duration,
}

include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// The method with this request path.
pub fn method(path: &str) -> Option<&'static Method> {
    let index = METHODS.binary_search_by(|method| method.path.cmp(path)).ok()?;
    METHODS.get(index)
}
