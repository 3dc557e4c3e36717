//! Why the vault refused.

/// Everything the vault can refuse. No variant carries key material, tokens or plaintext, so all of them may be
/// logged. Positions count from 1, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The list of encryption keys is empty.
    #[error("no encryption key is configured")]
    NoKeys,
    /// A key is not of the form `<key id 1 to 65535>:<base64 of 32 bytes>`.
    #[error("encryption key {position} is not of the form <id 1..65535>:<base64 of 32 bytes>")]
    KeyFormat {
        /// Which key of the list, from 1.
        position: usize,
    },
    /// All bytes of a key are equal: a placeholder, not a key.
    #[error("encryption key {key_id} is weak: all its bytes are equal")]
    WeakKey {
        /// The id of the key.
        key_id: u16,
    },
    /// Two keys have the same id.
    #[error("encryption key id {key_id} is given twice")]
    DuplicateKeyId {
        /// The id given twice.
        key_id: u16,
    },
    /// A key has the same bytes as an earlier one, so that rotating to it would change nothing.
    #[error("encryption key {key_id} repeats the bytes of another key")]
    RepeatedKey {
        /// The id of the later key.
        key_id: u16,
    },
    /// The index key is not the base64 of 32 bytes.
    #[error("the index key is not the base64 of 32 bytes")]
    IndexKeyFormat,
    /// All bytes of the index key are equal: a placeholder, not a key.
    #[error("the index key is weak: all its bytes are equal")]
    WeakIndexKey,
    /// The index key has the same bytes as an encryption key.
    #[error("the index key repeats the bytes of an encryption key")]
    RepeatedIndexKey,
    /// The crypto library refused to derive a key; does not happen with keys of the right length.
    #[error("a key could not be derived")]
    Derivation,
    /// The bytes are not a sealed value: too short, or of a version this build does not read.
    #[error("not a sealed value")]
    NotSealed,
    /// The value was sealed with a key that is no longer in the ring.
    #[error("sealed with key {key_id}, which is not in the key ring")]
    UnknownKey {
        /// The id of the missing key.
        key_id: u16,
    },
    /// The value was changed, or was sealed for another table, column, row or centre.
    #[error("the sealed value does not belong here or was changed")]
    Refused,
    /// The token is malformed, changed, too old for the key ring, or made for another purpose or caller. One
    /// answer for all of these, so that trying tokens teaches nothing.
    #[error("the token is not valid here")]
    TokenRefused,
    /// The text is not a bearer token: wrong prefix, length, alphabet or checksum.
    #[error("not a bearer token")]
    NotABearerToken,
    /// The text is not a key for signing webhooks.
    #[error("not a key for signing webhooks")]
    NotASigningKey,
    /// The text is not `whpk_` and the base64 of an Ed25519 public key.
    #[error("not a public key of the form whpk_<base64 of 32 bytes>")]
    NotAPublicKey,
}
