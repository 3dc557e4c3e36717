//! Sealing of personal data: what must be unreadable to whoever only has the database.
//!
//! | Want | Use |
//! |---|---|
//! | store a name, identifier, narrative, message text | [`Vault::seal`], [`Vault::open`] |
//! | find a row by a sealed identifier | [`normalise_identifier`], then [`Vault::blind_index`] |
//! | recognise a repeated command by its `request_id` | [`Vault::command_digest`] |
//! | give a client a page token or watch cursor | [`Vault::seal_token`], [`Vault::open_token`] |
//! | let a person or machine in | [`BearerToken`] |
//! | sign what is sent to an agency | [`SigningKey`] |
//! | verify what an agency has signed | [`PublicKey`] |
//! | carry personal data through code that may log | [`Sensitive`] |
//!
//! # Invariants
//!
//! - A sealed value opens only at the table, column, row and centre it was sealed for. Copying it to another
//!   place, or changing one bit, makes it refuse to open.
//! - A token opens only for the purpose and the caller it was sealed for.
//! - Every kind of use has its own key, derived by HKDF-SHA-256; no master key is used directly, and none stays
//!   in memory after [`KeyRing::parse`].
//! - Encryption keys can rotate: the first of the ring seals, all of them open. The index key must stay: blind
//!   indexes and command digests depend on it alone.
//! - No error, `Debug` or `Display` output of this crate contains key material, tokens or plaintext.
//!
//! What sealing does not hide: the length of a value, which rows exist, and (through a blind index) that two
//! rows of one centre carry the same identifier.
//!
//! Inputs: key strings from the configuration and a source of randomness ([`Random`]). The crate emits no
//! events, reads no clock and no environment.

mod bearer;
mod digits;
mod envelope;
mod error;
mod identifier;
mod public_key;
mod random;
mod ring;
mod sensitive;
mod vault;
mod webhook;

pub use bearer::BearerToken;
pub use error::VaultError;
pub use identifier::normalise_identifier;
pub use public_key::PublicKey;
pub use random::{Random, SystemRandom};
pub use ring::KeyRing;
pub use sensitive::Sensitive;
pub use vault::{Place, Sealed, Vault};
pub use webhook::SigningKey;
