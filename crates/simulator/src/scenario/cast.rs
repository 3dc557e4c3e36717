//! Who takes part: people with tokens, and what they do or are refused.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use helpline_proto::options::v1::Role;
use prost::Message;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::client::Client;

/// Somebody with a token. A clone is the same person.
#[derive(Clone)]
pub(crate) struct Who(Arc<Part>);

struct Part {
    name: &'static str,
    role: Role,
    counsellor_id: String,
    agency_id: String,
    client: RwLock<Client>,
}

impl fmt::Debug for Who {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Who").field(&self.0.name).finish()
    }
}

impl Who {
    /// Somebody with a client; of a counsellor the record, of a responder the agency.
    pub(crate) fn new(
        name: &'static str,
        role: Role,
        [counsellor_id, agency_id]: [String; 2],
        client: Client,
    ) -> Self {
        Self(Arc::new(Part { name, role, counsellor_id, agency_id, client: RwLock::new(client) }))
    }

    /// What they are called.
    pub(crate) fn name(&self) -> &'static str {
        self.0.name
    }

    /// As what they call.
    pub(crate) fn role(&self) -> Role {
        self.0.role
    }

    /// UUID of a counsellor's record.
    pub(crate) fn counsellor_id(&self) -> String {
        self.0.counsellor_id.clone()
    }

    /// UUID of a responder's agency.
    pub(crate) fn agency_id(&self) -> String {
        self.0.agency_id.clone()
    }

    /// Their client.
    pub(crate) fn client(&self) -> Client {
        self.0.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// They have a new token.
    pub(crate) fn renew(&self, client: Client) {
        *self.0.client.write().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

/// Why a call was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    /// The machine-readable reason.
    pub(crate) reason: String,
    /// The state in which it could not be.
    pub(crate) state: String,
    /// The fields that were wrong.
    pub(crate) fields: Vec<String>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let info = status.get_details_error_info();
        let state = info.as_ref().and_then(|info| info.metadata.get("state").cloned());
        let fields = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        Self {
            reason: info.map_or_else(|| status.code().to_string(), |info| info.reason),
            state: state.unwrap_or_default(),
            fields: fields.into_iter().map(|violation| violation.field).collect(),
        }
    }
}

/// Everything that an answer says, as it goes over the wire: what is printed of it leaves out what is about a child.
pub(crate) fn said(answer: &impl Message) -> String {
    answer.encode_to_vec().into_iter().map(char::from).collect()
}

/// Somebody does something: the answer. Whatever is refused ends the play.
macro_rules! does {
    ($who:expr, $service:ident.$method:ident, $request:expr $(,)?) => {{
        let (who, request) = (&$who, $request);
        let client = who.client();
        let answer = Box::pin(async { $crate::call!(client.$service(), $method, request) }).await;
        anyhow::Context::with_context(answer, || format!("{}: {}", who.name(), stringify!($method)))?
    }};
}
pub(crate) use does;

/// Somebody tries what must be refused: why it was.
macro_rules! is_refused {
    ($who:expr, $service:ident.$method:ident, $request:expr $(,)?) => {{
        let (who, request) = (&$who, $request);
        let client = who.client();
        match Box::pin(async { $crate::call!(client.$service(), $method, request) }).await {
            Ok(_) => anyhow::bail!("{}: {} should have been refused", who.name(), stringify!($method)),
            Err(status) => $crate::scenario::cast::Refusal::from(status),
        }
    }};
}
pub(crate) use is_refused;

/// What an answer must hold.
macro_rules! given {
    ($answer:expr, $field:ident) => {
        anyhow::Context::context($answer.$field, concat!("an answer with the ", stringify!($field)))?
    };
}
pub(crate) use given;

/// What must be so.
macro_rules! so {
    ($left:expr, $right:expr, $what:expr $(,)?) => {{
        let (left, right) = (&$left, &$right);
        anyhow::ensure!(left == right, "{}: {left:?} instead of {right:?}", $what);
    }};
}
pub(crate) use so;
