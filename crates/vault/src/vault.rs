//! Sealing, opening and indexing with a key ring.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::envelope;
use crate::{KeyRing, Random, VaultError};

#[cfg(test)]
mod tests;

/// Where a sealed value is stored. The value opens only with all four equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table, as in SQL.
    pub table: &'a str,
    /// The column, as in SQL.
    pub column: &'a str,
    /// The primary key of the row.
    pub row: Uuid,
    /// The centre that owns the row.
    pub centre: Uuid,
}

/// A sealed value, ready to be stored: version, key id, nonce, ciphertext and tag; 31 bytes longer than the
/// plaintext. `Debug` shows only the length.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl AsRef<[u8]> for Sealed {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Sealed> for Vec<u8> {
    fn from(sealed: Sealed) -> Self {
        sealed.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sealed({} bytes)", self.0.len())
    }
}

/// Seals personal data, makes blind indexes, opaque tokens and command digests.
///
/// A clone is a pointer; all clones share the keys. All operations are synchronous and take microseconds.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    ring: KeyRing,
    random: Arc<dyn Random>,
    /// Writes and reads fields unsealed, to prove that a leak scan can fail.
    #[cfg(any(test, feature = "testing"))]
    plain: bool,
}

impl Vault {
    /// A vault over these keys; `random` gives the nonces.
    pub fn new(ring: KeyRing, random: Arc<dyn Random>) -> Self {
        Self(Arc::new(Inner {
            ring,
            random,
            #[cfg(any(test, feature = "testing"))]
            plain: false,
        }))
    }

    /// A vault that stores fields readably, so that a test can show that its leak scan finds them. Everything
    /// else (tokens, indexes, digests) works as always. Only this instance opens what it wrote.
    #[cfg(any(test, feature = "testing"))]
    pub fn plain_for_tests(ring: KeyRing) -> Self {
        Self(Arc::new(Inner { ring, random: Arc::new(crate::SystemRandom), plain: true }))
    }

    /// The key ids of the ring; the first one seals.
    pub fn key_ids(&self) -> Vec<u16> {
        self.0.ring.key_ids()
    }

    /// Seals `plaintext` for `place` with the first key of the ring. Sealing the same value twice gives
    /// different bytes.
    pub fn seal(&self, place: Place<'_>, plaintext: &[u8]) -> Sealed {
        let key = self.0.ring.sealing_key();
        #[cfg(any(test, feature = "testing"))]
        if self.0.plain {
            return Sealed(envelope::clear::wrap(key.id, plaintext));
        }
        Sealed(envelope::seal(key.id, &key.fields, self.0.random.as_ref(), &place.parts(), plaintext))
    }

    /// Opens a value sealed for `place` with any key of the ring.
    ///
    /// Errors: [`VaultError::NotSealed`], [`VaultError::UnknownKey`], [`VaultError::Refused`].
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        #[cfg(any(test, feature = "testing"))]
        if self.0.plain
            && let Some(plaintext) = envelope::clear::unwrap(sealed)
        {
            return Ok(plaintext);
        }
        let envelope = envelope::read(sealed)?;
        let key_id = envelope.key_id;
        let key = self.0.ring.key(key_id).ok_or(VaultError::UnknownKey { key_id })?;
        envelope::open(&envelope, &key.fields, &place.parts())
    }

    /// A keyed hash by which rows with an equal `normalised` value can be found without storing it
    /// (HMAC-SHA-256). Differs per centre and per `domain` (what is indexed, such as `contact.identifier`), so
    /// centres cannot be joined. Stable while encryption keys rotate.
    ///
    /// `normalised` must come from a normaliser such as [`normalise_identifier`](crate::normalise_identifier);
    /// two spellings give two indexes.
    pub fn blind_index(&self, centre: Uuid, domain: &'static str, normalised: &str) -> [u8; 32] {
        keyed_hash(self.0.ring.index_key(), &[domain.as_bytes(), centre.as_bytes(), normalised.as_bytes()])
    }

    /// A keyed hash of a command, to tell a repeated `request_id` with the same content from one with other
    /// content. The split into `parts` counts: `["ab", "c"]` and `["a", "bc"]` differ. Stable while encryption
    /// keys rotate.
    pub fn command_digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        keyed_hash(self.0.ring.digest_key(), parts)
    }

    /// Seals `body` into an opaque text for a client (base64url without padding), such as a page token or watch
    /// cursor. It opens only for the same `purpose` (the method and version of the body) and `caller` (any bytes
    /// that identify who asked, and with which filter).
    pub fn seal_token(&self, purpose: &'static str, caller: &[u8], body: &[u8]) -> String {
        let key = self.0.ring.sealing_key();
        let parts = [purpose.as_bytes(), caller];
        URL_SAFE_NO_PAD.encode(envelope::seal(key.id, &key.tokens, self.0.random.as_ref(), &parts, body))
    }

    /// Opens a token that [`Vault::seal_token`] made for the same purpose and caller; anything else is
    /// [`VaultError::TokenRefused`].
    pub fn open_token(
        &self,
        purpose: &'static str,
        caller: &[u8],
        token: &str,
    ) -> Result<Vec<u8>, VaultError> {
        let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| VaultError::TokenRefused)?;
        let envelope = envelope::read(&sealed).map_err(|_| VaultError::TokenRefused)?;
        let key = self.0.ring.key(envelope.key_id).ok_or(VaultError::TokenRefused)?;
        envelope::open(&envelope, &key.tokens, &[purpose.as_bytes(), caller])
            .map_err(|_| VaultError::TokenRefused)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vault").field("key_ids", &self.key_ids()).finish_non_exhaustive()
    }
}

impl Place<'_> {
    /// The parts a sealed value is bound to.
    fn parts(&self) -> [&[u8]; 4] {
        [self.table.as_bytes(), self.column.as_bytes(), self.row.as_bytes(), self.centre.as_bytes()]
    }
}

/// HMAC-SHA-256 over the parts, each with its length before it.
fn keyed_hash(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let tag = context.sign();
    let mut hash = [0; 32];
    hash.copy_from_slice(tag.as_ref());
    hash
}
